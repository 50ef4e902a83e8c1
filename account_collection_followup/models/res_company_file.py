from odoo import fields, models


class ResCompany(models.Model):
    """Settings of the customer file: how long it holds, when insurers are told, how long notes are kept."""

    _inherit = 'res.company'  # pylint: disable=consider-merging-classes-inherited

    collection_contact_months = fields.Integer(
        "Months a customer file holds",
        default=12,
        help="After so many months contacts and circuit of a customer have to be confirmed again. 0: never.",
    )
    collection_declare_days = fields.Integer(
        "Days before the insurer's limit",
        default=10,
        help="Who is responsible for the customer is told so many days before an unpaid invoice has to be declared.",
    )
    collection_retention_years = fields.Integer(
        "Years notes are kept",
        help="Notes of calls, answers, names of contacts and assessed motives in cases closed for longer than this are "
        "deleted; figures, messages sent and litigation stay, the remark of the circuit and the notes on contacts, too: "
        "those are the customer's file, see to them there. 0: kept. Five years is what limitation between businesses asks for.",
    )
