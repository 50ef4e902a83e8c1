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
        average, weighted = round(behaviour.average), round(behaviour.weighted)
        values = {'days': abs(average), 'weighted': weighted, 'number': behaviour.invoices}
        if average > 0:
            return self.env._(
                "Pays %(days)s days late on average (%(weighted)s weighted by amount), invoices settled in 12 months: %(number)s",
                **values,
            )
        if average < 0:
            return self.env._(
                "Pays %(days)s days early on average (%(weighted)s days late weighted by amount), invoices settled in 12 months: %(number)s",
                **values,
            )
        return self.env._(
            "Pays on the day on average (%(weighted)s days late weighted by amount), invoices settled in 12 months: %(number)s",
            **values,
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
