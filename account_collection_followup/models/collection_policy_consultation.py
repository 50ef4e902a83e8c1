from odoo import api, fields, models

from ..tools import DAYS


class CollectionPolicy(models.Model):
    """How long the sales rep has before a formal notice or litigation (R53)."""

    _inherit = 'collection.policy'  # pylint: disable=consider-merging-classes-inherited

    consult_days = fields.Integer(
        "Working days to tell the sales rep",
        default=3,
        required=True,
        tracking=True,
        help="So many working days before a formal notice or litigation the customer's sales rep is told, "
        "and may object once. 0: nobody is told, and nothing waits.",
    )
    objection_days = fields.Integer(
        "Days an objection may last",
        default=15,
        required=True,
        tracking=True,
        help="The sales rep names the day until which nothing formal leaves: at most so many days ahead.",
    )

    @api.model
    def _get_number_ranges(self):
        # an objection lasts a day at least
        return {**super()._get_number_ranges(), 'consult_days': DAYS, 'objection_days': (1, DAYS[1])}
