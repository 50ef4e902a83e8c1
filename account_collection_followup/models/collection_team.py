from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..tools import DAYS, get_range_problem

#: working days to solve a dispute, where neither its type nor its team says otherwise (R12)
DEFAULT_DAYS = 10


class CollectionTeam(models.Model):
    """People who solve a type of dispute: sales, logistics, administration… (R12)

    Members need no accounting rights.
    """

    _name = 'collection.team'
    _description = "Dispute Team"
    _order = 'name, id'

    name = fields.Char(required=True, translate=True, help="As your colleagues call it: sales, logistics, quality.")
    active = fields.Boolean("In use", default=True, help="Out of use, it is not offered any more.")
    company_id = fields.Many2one(
        'res.company',
        index=True,
        domain=[('parent_id', '=', False)],
        help="Leave empty to share the team between all companies.",
    )
    lead_id = fields.Many2one(
        'res.users',
        domain=[('share', '=', False)],
        help="Owns the team's new disputes and is told about overdue ones.",
    )
    user_ids = fields.Many2many(
        'res.users',
        'collection_team_res_users_rel',
        'team_id',
        'user_id',
        string="Members",
        domain=[('share', '=', False)],
        help="See the team's disputes and answer them. They need the role Dispute resolver, no accounting rights.",
    )

    days = fields.Integer(
        "Working days to solve",
        default=DEFAULT_DAYS,
        required=True,
        help="From the opening to the time limit of a dispute, where its type says nothing else.",
    )
    type_ids = fields.One2many(
        'collection.dispute.type', 'team_id', string="Dispute types", help="Disputes of these types come to the team."
    )
    warning = fields.Char(compute='_compute_warning', help="Why the team's disputes lie about.")

    @api.depends('active', 'lead_id.active', 'user_ids', 'type_ids.active')
    def _compute_warning(self):
        for team in self:
            team.warning = bool(team.type_ids.filtered('active')) and team._get_warning()

    def _get_warning(self):
        """:return: why disputes given to this team reach nobody, in words, or False"""
        self.ensure_one()
        if not self.active:
            return self.env._("Out of use, but dispute types name it: choose another team for them.")
        if self.lead_id.active:
            return False
        if self.user_ids.filtered('active'):
            return self.env._("Its disputes stay with whoever enters them: choose a lead.")
        return self.env._("Nobody gets its disputes: choose a lead.")

    @api.constrains('days')
    def _check_days(self):
        for team in self:
            if problem := get_range_problem(team, {'days': DAYS}):
                raise ValidationError(self.env._("%(team)s: %(problem)s", team=team.name, problem=problem))

    @api.constrains('company_id')
    def _check_company_is_root(self):
        for team in self:
            if team.company_id != team.company_id._collection_root():
                raise ValidationError(
                    self.env._(
                        "%s is a branch: teams belong to its main company, which shares them.", team.company_id.name
                    )
                )

    def _get_members(self):
        """:return: everyone of the team, its lead included"""
        return self.lead_id | self.user_ids
