from odoo import api, fields, models
from odoo.exceptions import ValidationError


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
