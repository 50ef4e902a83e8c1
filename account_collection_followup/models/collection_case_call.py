from odoo import api, fields, models

from .account_move import READERS


class CollectionCase(models.Model):
    """What a call with the customer is prepared from, and how one is planned (R25)."""

    _inherit = 'collection.case'  # pylint: disable=consider-merging-classes-inherited

    payer_text = fields.Char("Payer behaviour", compute='_compute_payer_text', groups=READERS)

    @api.depends('partner_id', 'company_id')
    def _compute_payer_text(self):
        """How the customer usually pays, in words."""
        for company, cases in self.grouped('company_id').items():
            found = cases.sudo().partner_id._get_payer_behaviour(company) if company else {}
            for case in cases:
                case.payer_text = self._get_payer_text(found.get(case.sudo().partner_id))

    @api.model
    def _get_payer_text(self, behaviour):
        if not behaviour:
            return self.env._("Nothing settled in the last 12 months.")
        values = {
            'usual': self._say_delay(behaviour.average),
            'weighted': self._say_delay(behaviour.weighted),
            'number': behaviour.invoices,
        }
        if values['usual'] == values['weighted']:
            return self.env._("Pays %(usual)s on average. Invoices settled in 12 months: %(number)s.", **values)
        return self.env._(
            "Pays %(usual)s on average, %(weighted)s when weighted by amount. Invoices settled in 12 months: %(number)s.",
            **values,
        )

    @api.model
    def _say_delay(self, days):
        """:param float days: after the due date, negative: before it"""
        days = round(days)
        if abs(days) == 1:
            return self.env._("1 day late") if days > 0 else self.env._("1 day early")
        if days:
            text = self.env._("%s days late") if days > 0 else self.env._("%s days early")
            return text % abs(days)
        return self.env._("on the due date")

    def _is_chaseable(self):
        """:return: whether something overdue is to be chased: neither promised nor contested as a whole"""
        self.ensure_one()
        return any(
            item.days_overdue > 0 and item.residual_currency > item.disputed and not item.promised
            for item in self.sudo().item_ids
            if item.kind == 'invoice' and not item.no_followup
        )

    def action_log_call(self):
        """Ask how the call went: the planned call of the customer if there is one, else a new one. Where something is to
        be chased it is a collection call, which the questions of quality join (R8)."""
        self.ensure_one()
        planned = self.env['collection.call'].search([('case_id', '=', self.id), ('state', '=', 'planned')], limit=1)
        purpose = planned.purpose or 'collection'
        if purpose == 'satisfaction' and self._is_chaseable():
            purpose = 'collection'
        return self._get_related_action(
            'collection.call.log',
            planned._get_log_title(self.partner_id, purpose),
            default_purpose=purpose,
            dialog_size='extra-large',
        )

    def action_plan_call(self):
        """Plan a call with the customer. He has one planned call for all purposes (R8): one that waits is opened instead."""
        self.ensure_one()
        action = self._get_related_action(
            'collection.call',
            self.env._("Plan a call with %s", self.partner_id.name),
            default_contact_id=self.contact_id.id,
        )
        view = self.env.ref('account_collection_followup.collection_call_view_form_plan')
        planned = self.env['collection.call'].search(
            [('case_id', '=', self.id), ('state', '=', 'planned')], order='planned_on, id', limit=1
        )
        return dict(action, views=[(view.id, 'form')], res_id=planned.id)
