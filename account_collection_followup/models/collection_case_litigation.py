from odoo import api, fields, models


class CollectionCase(models.Model):
    """What the collections manager has to decide about a case, on his to-do list (R48, R52)."""

    _inherit = 'collection.case'  # pylint: disable=consider-merging-classes-inherited

    consultation_ids = fields.One2many('collection.consultation', 'case_id', string="Consultations")
    litigation_item_ids = fields.One2many('collection.litigation.item', 'case_id', string="New items beside litigation")

    @api.model
    def _prepare_decisions(self, company):
        """Bring the to-do list of the collections manager in line with what waits for him today."""
        activities = self._get_decision_activities([('res_model', '=', self._name)])
        cases = self.browse(activities.mapped('res_id')).exists().filtered(lambda case: case.company_id == company)
        waiting = self.env['collection.litigation.item'].search(
            [('company_id', '=', company.id), ('decision', '=', False)]
        )
        proposed = self._get_proposed_lines(company, [])
        partners = proposed.partner_id
        cases |= waiting.case_id
        if partners:
            cases |= cases.union(*self._open_for(partners, company).values())
        cases._update_decision_activities()

    def _update_decision_activities(self):
        """One activity of the manager for each case with a question or a proposal, none for the others."""
        if not self:
            return
        asked = (
            self.env['collection.litigation.item']
            .search([('case_id', 'in', self.ids), ('decision', '=', False)])
            .case_id
        )
        existing = self._get_decision_activities([('res_model', '=', self._name), ('res_id', 'in', self.ids)])
        missing, needed = [], existing.browse()
        by_case = existing.grouped('res_id')
        for company, cases in self.grouped('company_id').items():
            proposed = self._get_proposed_lines(company, cases.partner_id.ids).partner_id
            for case in cases:
                if company.collection_manager_id and (case in asked or case.partner_id in proposed):
                    found = by_case.get(case.id, existing.browse())[:1]
                    needed |= found
                    if not found:
                        missing.append(case._prepare_decision_activity())
                    elif found.user_id != company.collection_manager_id:
                        found.user_id = company.collection_manager_id
        (existing - needed).unlink()
        existing.create(missing)

    @api.model
    def _get_decision_activities(self, domain):
        kind = self.env.ref('account_collection_followup.activity_type_litigation')
        Activity = self.env['mail.activity'].sudo().with_context(mail_activity_quick_update=True)
        return Activity.search([('activity_type_id', '=', kind.id), *domain])

    @api.model
    def _get_proposed_lines(self, company, partner_ids):
        """:return: hand-overs a collector proposed that wait for the manager in today's run"""
        run = self.env['collection.run'].sudo()._get_today(company)
        domain = [('run_id', '=', run.id), ('mode', '=', 'decide'), ('state', '=', 'proposed')]
        if partner_ids:
            domain.append(('partner_id', 'in', partner_ids))
        return self.env['collection.run.line'].sudo().search([*domain, ('proposed_by_id', '!=', False)])

    def _prepare_decision_activity(self):
        self.ensure_one()
        manager = self.company_id.collection_manager_id
        return {
            'res_model_id': self.env['ir.model'].sudo()._get_id(self._name),
            'res_id': self.id,
            'user_id': manager.id,
            'activity_type_id': self.env.ref('account_collection_followup.activity_type_litigation').id,
            'date_deadline': self.company_id._collection_today(),
            'summary': self.with_context(lang=manager.lang or self.env.lang).env._("Decide on litigation"),
            'automated': True,
        }

    def action_open_litigation_items(self):
        """Open the new items of the customer that wait for the manager to join them or to chase them."""
        self.ensure_one()
        self.check_access('read')
        action = self.env['ir.actions.act_window']._for_xml_id(
            'account_collection_followup.collection_litigation_item_action'
        )
        return dict(action, domain=[('case_id', '=', self.id)])
