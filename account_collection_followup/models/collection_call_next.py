from datetime import timedelta

from psycopg2.errors import SerializationFailure, UniqueViolation

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date


class CollectionCall(models.Model):
    """The next call of a customer: one is planned at a time, for all purposes together (R8, R27–R29)."""

    _inherit = 'collection.call'  # pylint: disable=consider-merging-classes-inherited

    # ------------------------------------------------------------------
    # One at a time
    # ------------------------------------------------------------------
    @api.model_create_multi
    def create(self, vals_list):
        try:
            return super().create(vals_list)
        except UniqueViolation as error:
            # nobody was planned to be called when we looked: somebody else plans at this very moment.
            # Odoo repeats the request, and a run its batch; both then find his call
            raise SerializationFailure(*error.args) from error

    @api.model
    def _prepare_cases(self, vals_list):
        # EXTENDS collection.fact
        result = super()._prepare_cases(vals_list)
        self._check_one_planned([vals['case_id'] for vals in vals_list if vals.get('case_id')])
        return result

    @api.model
    def _check_one_planned(self, case_ids):
        """:raise UserError: if a call with one of these customers is planned already"""
        planned = self.sudo().search([('case_id', 'in', case_ids), ('state', '=', 'planned')], limit=1)
        if planned:
            raise UserError(
                self.env._(
                    "A call with %(customer)s is planned already for %(date)s: move that one, or log how it went.",
                    customer=planned.partner_id.name,
                    date=format_date(self.env, planned.planned_on),
                )
            )
        if len(set(case_ids)) < len(case_ids):
            raise UserError(self.env._("Plan one call per customer."))

    # ------------------------------------------------------------------
    # What follows from a result
    # ------------------------------------------------------------------
    def _get_next_try(self, today):
        """:return: the day proposed for the next try of a call nobody answered today (R27)"""
        spacing = self._get_try_spacing()[self]
        return self.env['collection.holiday']._working_days(self.company_id).add(today, spacing)

    def _get_try_spacing(self):
        """:return: dict {call: working days from one try to the next}"""
        return dict.fromkeys(self, 1)

    def _get_next_call_date(self, result, callback_on, today):
        """:return: when the result of a call asks for another one, or None"""
        calendar = self.env['collection.holiday']._working_days(self.company_id)
        if callback_on:
            return callback_on
        if result == 'documents':
            # a limit: on the last working day within it, but not today
            limit = calendar.roll_backward(today + timedelta(days=self.company_id.sudo().collection_documents_days))
            return max(limit, calendar.add(today, 1))
        if result == 'wrong_person':
            return calendar.add(today, 1)
        return None

    def _plan_next(self, day, agreed=False):
        """Plan the call that follows from this one, which is made.

        :param date day: when
        :param bool agreed: the customer asked for this day
        """
        return self.sudo().create(dict(self._prepare_next(day), agreed=agreed))

    def _prepare_next(self, day):
        """:return: values of the next call: about the same invoices, so that it goes when these are paid"""
        return {
            'partner_id': self.partner_id.id,
            'company_id': self.company_id.id,
            'contact_id': self._get_next_contact().id,
            'user_id': self.user_id.id,
            'purpose': self.purpose,
            'channel': 'call',
            'planned_on': day,
            'move_ids': [fields.Command.set(self._get_invoices().ids)],
        }

    def _get_next_contact(self):
        """:return: whom the next call goes to. Who sends us to another person is not asked to run after him:
        we call the one who approves ourselves (R23)"""
        approver = self.env.ref('account_collection_followup.contact_role_approver', raise_if_not_found=False)
        if self.result != 'wrong_person' or not approver:
            return self.contact_id
        customer = self.sudo().partner_id
        found = customer._get_collection_recipients(approver, need='phone')[customer]
        return self.contact_id if found.fallback else found.contacts[:1] or self.contact_id
