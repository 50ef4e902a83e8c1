from odoo import fields, models

from .collection_letter import WINDOW_RIGHT


class ResCompany(models.Model):
    """How the letters of a company fit into its envelopes."""

    _inherit = 'res.company'  # pylint: disable=consider-merging-classes-inherited

    collection_window = fields.Selection(
        [('left', "On the left"), ('right', "On the right")],
        string="Window of the envelopes",
        help="Where the address is printed on letters. Empty: as is usual in the company's country.",
    )

    def _get_collection_window(self):
        """:return: 'left' or 'right', the country's usage if nothing is chosen"""
        self.ensure_one()
        return self.collection_window or ('right' if self.country_id.code in WINDOW_RIGHT else 'left')
