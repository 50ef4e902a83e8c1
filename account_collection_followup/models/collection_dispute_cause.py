from odoo import api, fields, models
from odoo.exceptions import ValidationError


class CollectionDisputeCause(models.Model):
    """Why a dispute came about, found out while it is solved: what has to be mended so that it does not come back (R18)."""

    _name = 'collection.dispute.cause'
    _description = "Root Cause"
    _order = 'sequence, name, id'

    name = fields.Char(required=True, translate=True, help="What went wrong, in a word or two.")
    code = fields.Char(help="Stable name of the cause for data files and integrations.")
    sequence = fields.Integer(default=10)
    active = fields.Boolean("In use", default=True, help="Out of use, it is not offered any more.")
    our_fault = fields.Boolean("Our fault", help="Proposed on the dispute where this cause is chosen.")
    company_id = fields.Many2one(
        'res.company',
        index=True,
        domain=[('parent_id', '=', False)],
        help="Leave empty to share the cause between all companies.",
    )

    _code_unique = models.UniqueIndex(
        "(code, COALESCE(company_id, 0)) WHERE code IS NOT NULL", "Two root causes cannot have the same code."
    )

    @api.constrains('company_id')
    def _check_company_is_root(self):
        for cause in self:
            if cause.company_id != cause.company_id._collection_root():
                raise ValidationError(
                    self.env._(
                        "%s is a branch: root causes belong to its main company, which shares them.",
                        cause.company_id.name,
                    )
                )
