from odoo import api, fields, models

from ..tools import DAYS


class CollectionPolicy(models.Model):
    """Whom the satisfaction calls go to, and how often (R2, R7, R8). The level of this kind says when and who calls."""

    _inherit = 'collection.policy'  # pylint: disable=consider-merging-classes-inherited

    satisfaction_window = fields.Integer(
        "Invoices of how many days together",
        default=14,
        required=True,
        tracking=True,
        help="One call is about all invoices that fall due within so many days after the first of them.",
    )
    satisfaction_short_terms = fields.Integer(
        "Short terms: under",
        default=20,
        required=True,
        tracking=True,
        help="Invoices payable in fewer days than this are called about soon after the invoice instead.",
    )
    satisfaction_short_days = fields.Integer(
        "Short terms: days after the invoice",
        default=3,
        required=True,
        tracking=True,
        help="With short terms the customer is called so many days after the invoice.",
    )
    satisfaction_spacing_days = fields.Integer(
        "Days between two calls",
        default=60,
        required=True,
        tracking=True,
        help="A customer is called once in so many days at most. Who is new or owes a large amount may be called more "
        "often, but not twice within the days of one call. 0: as often.",
    )
    satisfaction_daily_cap = fields.Integer(
        "Calls per day at most",
        default=20,
        required=True,
        tracking=True,
        help="Satisfaction calls of the company, over all callers and policies; those still to be made count, so that "
        "they do not pile up. The others wait for the next day. 0: no limit for customers of this policy.",
    )
    satisfaction_always = fields.Boolean(
        "Call every customer",
        tracking=True,
        help="Every customer of this policy is called, for example key accounts and public bodies.",
    )
    satisfaction_new_invoices = fields.Integer(
        "New: paid invoices fewer than",
        default=3,
        required=True,
        tracking=True,
        help="A customer who has paid fewer invoices than this is new, and called. 0: new customers are not called.",
    )
    satisfaction_disputes = fields.Integer(
        "Disputes, at least",
        default=2,
        required=True,
        tracking=True,
        help="A customer who opened so many disputes lately is called. 0: disputes do not matter.",
    )
    satisfaction_dispute_months = fields.Integer(
        "Disputes of the last months", default=12, required=True, tracking=True, help="How far back disputes count."
    )
    satisfaction_amount = fields.Monetary(
        "Large amount from",
        default=10000,
        tracking=True,
        help="A customer whose invoices soon due come to this amount is called (company currency). 0: amounts do not matter.",
    )

    _satisfaction_amount_positive = models.Constraint(
        'CHECK(satisfaction_amount >= 0)', "The large amount of satisfaction calls cannot be negative."
    )

    @api.model
    def _get_number_ranges(self):
        days = (
            'satisfaction_window',
            'satisfaction_short_terms',
            'satisfaction_short_days',
            'satisfaction_spacing_days',
        )
        counts = ('satisfaction_daily_cap', 'satisfaction_new_invoices', 'satisfaction_disputes')
        return {
            **super()._get_number_ranges(),
            **dict.fromkeys(days, DAYS),
            **dict.fromkeys(counts, (0, 9999)),
            'satisfaction_dispute_months': (0, 120),
        }
