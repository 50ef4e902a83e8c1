from odoo import api, fields, models

from .collection_fact import internal


class CollectionDispute(models.Model):
    """Time limits are watched: who has to know that one passed is told, once (R19).

    First the lead of the team, some working days later the collections manager. It is told on the day's first
    run and recorded; a new time limit begins anew.
    """

    _inherit = 'collection.dispute'  # pylint: disable=consider-merging-classes-inherited

    escalated = fields.Selection(
        [('lead', "Team lead"), ('manager', "Collections manager")],
        string="Escalated to",
        readonly=True,
        copy=False,
        tracking=True,
    )
    escalated_on = fields.Date(readonly=True, copy=False)

    @api.model
    def _escalate_overdue(self, company):
        """Tell who has to know of disputes that are past their time limit. For the daily run; again, it does nothing.

        :param company: a root company
        """
        today = company._collection_today()
        watched = ['|', ('deadline', '<', today), ('escalated', '!=', False)]
        disputes = self.sudo().search([('company_id', '=', company.id), ('state', '=', 'open'), *watched])
        in_time = disputes.filtered(lambda dispute: dispute.escalated and dispute.deadline >= today)
        internal(in_time).write({'escalated': False, 'escalated_on': False})
        calendar = self.env['collection.holiday']._working_days(company)
        due = {'lead': self.browse(), 'manager': self.browse()}
        for dispute in disputes.filtered(lambda dispute: dispute.deadline and dispute.deadline < today):
            if step := dispute._get_escalation(today, calendar):
                due[step] |= dispute
        for step, escalated in due.items():
            internal(escalated.sudo()).write({'escalated': step, 'escalated_on': today})

    def _get_escalation(self, today, calendar):
        """:return: who is told today that this overdue dispute waits: lead, manager or None"""
        if self.escalated == 'manager':
            return None
        if self.escalated == 'lead':
            days = self.company_id.collection_escalate_days
            return 'manager' if today > calendar.add(self.escalated_on, days) else None
        # what no lead looks after goes to the manager at once
        return 'lead' if self._get_lead() else 'manager'

    def _get_lead(self):
        """:return: the lead of the team that solves the dispute; nobody while it is to be qualified"""
        team = self.team_id if self.qualified_on else self.team_id.browse()
        return self.env['res.partner']._get_usable_user(team.lead_id)

    def _get_told(self):
        """:return: users who are told that the time limit passed: the lead, then the collections manager as well"""
        self.ensure_one()
        if not (self.escalated and self.is_overdue):
            return self.env['res.users'].sudo()
        manager = self.company_id.collection_manager_id
        return self._get_lead() | (
            self.env['res.partner']._get_usable_user(manager) if self.escalated == 'manager' else manager.browse()
        )
