from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import UserError

from .collection_fact import internal

#: days a customer has to send the agreement back before somebody asks for it
SIGNATURE_DAYS = 8


class CollectionPromise(models.Model):
    """The signed agreement to an instalment plan: an acknowledgement of the debt, which a litigation file needs (R31)."""

    _inherit = 'collection.promise'  # pylint: disable=consider-merging-classes-inherited

    signed_on = fields.Date("Signed on", readonly=True, copy=False)
    signed_by = fields.Char("Signed by", readonly=True, copy=False)
    signed_copy_id = fields.Many2one('ir.attachment', "Signed copy", readonly=True, copy=False)

    def action_signed(self, day, name=None, copy=None, file_name=None):
        """Record that the customer signed what was agreed, with the copy he sent back.

        :param date day: of his signature
        :param str name: who signed
        :param copy: content of the signed copy, base64
        :param str file_name: its name
        :raise UserError: if it was recorded already, or the day cannot be
        """
        self.ensure_one()
        self.check_access('write')
        day = fields.Date.to_date(day)
        if self.signed_on:
            raise UserError(self.env._("The signature is recorded already."))
        if not day or not self.made_on <= day <= self.company_id._collection_today():
            raise UserError(self.env._("Enter the day it was signed: after it was agreed, and not in the future."))
        promise = self.sudo()
        attachment = copy and promise.env['ir.attachment'].create(
            {
                'name': file_name or self.env._("Signed agreement %s", self.confirmation_reference),
                'datas': copy,
                'res_model': self._name,
                'res_id': self.id,
            }
        )
        internal(promise).write({'signed_on': day, 'signed_by': name, 'signed_copy_id': attachment and attachment.id})
        self._log_on_case({self: self.env._("%s: agreement signed.", self.display_name)})
        promise._activity_update()

    def _get_wanted_activities(self):
        # EXTENDS: an agreement that does not come back is asked for
        result = super()._get_wanted_activities()
        kind = self.env.ref('account_collection_followup.activity_type_promise_signature', raise_if_not_found=False)
        done = self._get_done_activities()
        for promise in self.filtered(lambda promise: promise._waits_for_signature()) if kind else ():
            user = promise._get_responsible()
            if user and (promise.id, kind) not in done:
                working = self.env['collection.holiday']._working_days(promise.company_id)
                deadline = working.roll_forward(promise.confirmed_on + timedelta(days=SIGNATURE_DAYS))
                result[promise] = [{'user_id': user.id, 'activity_type_id': kind.id, 'date_deadline': deadline}]
        return result

    def _waits_for_signature(self):
        self.ensure_one()
        return self.is_plan and self.state == 'running' and self.confirmed_on and not self.signed_on
