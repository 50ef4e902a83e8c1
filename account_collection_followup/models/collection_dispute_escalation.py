import logging

from psycopg2 import OperationalError

from odoo import api, fields, models

from .collection_fact import internal

_logger = logging.getLogger(__name__)


class CollectionDispute(models.Model):
    """The time limit of a dispute: who has to know that it passed is told, once (R12, R19).

    First the lead of the team, some working days later the collections manager. It is told on the day's first
    run and recorded; a new time limit begins anew.
    """

    _inherit = 'collection.dispute'  # pylint: disable=consider-merging-classes-inherited

    deadline = fields.Date(
        "Time limit",
        compute='_compute_deadline',
        store=True,
        readonly=False,
        precompute=True,
        copy=False,
        tracking=True,
    )
    is_overdue = fields.Boolean(compute='_compute_is_overdue', search='_search_is_overdue')
    escalated = fields.Selection(
        [('lead', "Team lead"), ('manager', "Collections manager")],
        string="Escalated to",
        readonly=True,
        copy=False,
        tracking=True,
    )
    escalated_on = fields.Date(readonly=True, copy=False)

    # ------------------------------------------------------------------
    # The time limit
    # ------------------------------------------------------------------
    @api.depends('type_id', 'opened_on', 'company_id', 'qualified_on')
    def _compute_deadline(self):
        """Until then it has to be solved, or first of all qualified (R12, R19)."""
        for dispute in self:
            start = dispute.opened_on
            if not (start and dispute.company_id and (dispute.type_id or dispute.source == 'customer')):
                dispute.deadline = False
                continue
            days = dispute.type_id._get_days(dispute.team_id)
            if dispute.source == 'customer' and dispute.qualified_on:
                # the team counts from the day it got the dispute
                start = dispute.qualified_on
            elif dispute.source == 'customer':
                days = dispute.company_id.sudo().collection_qualify_days
            calendar = self.env['collection.holiday']._working_days(dispute.company_id)
            dispute.deadline = calendar.add(start, days)

    @api.depends('state', 'deadline', 'credit_outcome')
    def _compute_is_overdue(self):
        """Its time limit passed while it was not decided; what is decided waits for its credit note only."""
        for dispute in self:
            dispute.is_overdue = bool(
                dispute.state == 'open'
                and not dispute.credit_outcome
                and dispute.deadline
                and dispute.deadline < dispute.company_id._collection_today()
            )

    def _search_is_overdue(self, operator, value):
        if operator != 'in':
            return NotImplemented
        companies = self.env['res.company'].sudo().search([('parent_id', '=', False)])
        late = fields.Domain.OR(
            [
                fields.Domain('company_id', 'in', some.ids) & fields.Domain('deadline', '<', day)
                for day, some in companies.grouped(lambda company: company._collection_today()).items()
            ]
        )
        overdue = fields.Domain([('state', '=', 'open'), ('credit_outcome', '=', False)]) & late
        return overdue if True in value else ~overdue

    # ------------------------------------------------------------------
    # Escalation
    # ------------------------------------------------------------------
    @api.model
    def _escalate_overdue(self, company):
        """Tell who has to know of disputes that are past their time limit. For the daily run; again, it does nothing.

        :param company: a root company
        """
        today = company._collection_today()
        watched = ['|', ('deadline', '<', today), ('escalated', '!=', False)]
        open_ones = [('company_id', '=', company.id), ('state', '=', 'open'), ('credit_outcome', '=', False)]
        disputes = self.sudo().search(open_ones + watched)
        late = disputes.filtered(lambda dispute: dispute.deadline and dispute.deadline < today)
        # a new time limit, or none
        in_time = (disputes - late).filtered('escalated')
        internal(in_time).write({'escalated': False, 'escalated_on': False})
        calendar = self.env['collection.holiday']._working_days(company)
        for dispute in late:
            dispute._try_to_escalate(today, calendar)

    def _try_to_escalate(self, today, calendar):
        """Tell who has to know of one overdue dispute; what goes wrong with it does not stop the others."""
        try:
            if step := self._get_escalation(today, calendar):
                with self.env.cr.savepoint():
                    internal(self).write({'escalated': step, 'escalated_on': today})
                    self.env.flush_all()
        except OperationalError:
            # another worker got in the way: the whole preparation is tried again
            raise
        except Exception:
            _logger.exception("Dispute %s could not be escalated", self.id)

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
