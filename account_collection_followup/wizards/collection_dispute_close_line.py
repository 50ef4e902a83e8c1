from odoo import fields, models


class CollectionDisputeCloseLine(models.TransientModel):
    """What of a contested amount is accepted."""

    _name = 'collection.dispute.close.line'
    _description = "Part of a Dispute to Accept"
    _inherit = ['collection.dialog']

    wizard_id = fields.Many2one('collection.dispute.close', required=True, ondelete='cascade')
    dispute_line_id = fields.Many2one('collection.dispute.line', required=True, readonly=True, ondelete='cascade')
    move_name = fields.Char("Invoice", related='dispute_line_id.move_name')
    date_maturity = fields.Date(related='dispute_line_id.date_maturity')
    currency_id = fields.Many2one(related='dispute_line_id.currency_id')
    amount = fields.Monetary("Contested", related='dispute_line_id.amount')
    accepted = fields.Monetary(help="What is credited to the customer, with taxes.")
