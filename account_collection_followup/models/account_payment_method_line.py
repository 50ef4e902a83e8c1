from odoo import fields, models


class AccountPaymentMethodLine(models.Model):
    _inherit = 'account.payment.method.line'

    collection_direct_debit = fields.Boolean(
        "We collect it",
        help="Direct debits and bills we present ourselves: invoices to be paid this way are "
        "left alone for a few working days after their due date.",
    )
