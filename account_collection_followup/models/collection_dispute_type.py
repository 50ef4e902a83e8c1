from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..tools import DAYS, get_range_problem
from .collection_team import DEFAULT_DAYS


class CollectionDisputeType(models.Model):
    """A kind of dispute: who solves it, in what time, and how long the customer then has to answer (R12, R16)."""

    _name = 'collection.dispute.type'
    _description = "Dispute Type"
    _order = 'sequence, name, id'

    name = fields.Char(required=True, translate=True, help="What the customer contests, in a word or two.")
    code = fields.Char(help="Stable name of the type for data files and integrations.")
    sequence = fields.Integer(default=10)
    active = fields.Boolean("In use", default=True, help="Out of use, it is not offered any more.")
    company_id = fields.Many2one(
        'res.company',
        index=True,
        domain=[('parent_id', '=', False)],
        help="Leave empty to share the type between all companies.",
    )
    team_id = fields.Many2one(
        'collection.team',
        index='btree_not_null',
        help="Solves disputes of this type: its lead owns them at first. Without a team, whoever enters the dispute.",
    )
    owner_is_rep = fields.Boolean(
        "Owned by the sales rep",
        help="Disputes of this type go to the customer's sales rep first, else to the team's lead.",
    )
    team_warning = fields.Char(compute='_compute_team_warning')
    days = fields.Integer(
        "Working days to solve",
        help="Working days from the opening to the time limit of the dispute. 0: as many as its team has.",
    )
    days_applied = fields.Integer(
        "Solved within", compute='_compute_days_applied', help="Working days: of the type, else of its team."
    )
    response_days = fields.Integer(
        "Working days to respond",
        default=5,
        required=True,
        help="Working days the customer has after the outcome before reminders go on.",
    )

    _code_unique = models.UniqueIndex(
        "(code, COALESCE(company_id, 0)) WHERE code IS NOT NULL", "Two dispute types cannot have the same code."
    )

    @api.depends('active', 'team_id.active', 'team_id.lead_id.active', 'team_id.user_ids')
    def _compute_team_warning(self):
        for kind in self:
            kind.team_warning = bool(kind.active and kind.team_id) and kind.team_id._get_warning()

    @api.depends('days', 'team_id.days')
    def _compute_days_applied(self):
        for kind in self:
            kind.days_applied = kind._get_days(kind.team_id)

    def _get_days(self, team):
        """Working days to solve a dispute of this type: its own, else those of the team (R12).

        :param team: ``collection.team`` that solves it, may be empty
        :rtype: int
        """
        return self.days or team.days or self.team_id.days or DEFAULT_DAYS

    @api.constrains('days', 'response_days')
    def _check_numbers(self):
        for kind in self:
            if problem := get_range_problem(kind, {'days': DAYS, 'response_days': DAYS}):
                raise ValidationError(self.env._("%(type)s: %(problem)s", type=kind.name, problem=problem))

    @api.constrains('company_id', 'team_id')
    def _check_companies(self):
        for kind in self:
            if kind.company_id != kind.company_id._collection_root():
                raise ValidationError(
                    self.env._(
                        "%s is a branch: dispute types belong to its main company, which shares them.",
                        kind.company_id.name,
                    )
                )
            if kind.team_id.company_id and kind.team_id.company_id != kind.company_id:
                raise ValidationError(
                    self.env._(
                        "The team %(team)s works for %(company)s only.",
                        team=kind.team_id.name,
                        company=kind.team_id.company_id.name,
                    )
                )
