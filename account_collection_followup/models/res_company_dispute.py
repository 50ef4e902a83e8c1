from odoo import fields, models


class ResCompany(models.Model):
    """What a company wants to know about what its customers contest, or do not say (R17, R18)."""

    _inherit = 'res.company'  # pylint: disable=consider-merging-classes-inherited

    collection_silent_debt_days = fields.Integer(
        "Days until a debt is asked about",
        default=90,
        help="An invoice that is overdue for longer and was never disputed is pointed out: it often hides a dispute.",
    )
    collection_financing_rate = fields.Float(
        "Financing rate",
        default=5.0,
        digits=(16, 2),
        help="What a year of credit costs the company, in percent: the cost of what disputes hold back.",
    )
