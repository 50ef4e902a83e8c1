from odoo import fields, models


class CollectionPromiseMoveLine(models.TransientModel):
    """What is still to come of a promised amount, and its new date."""

    _name = 'collection.promise.move.line'
    _description = "Amount to Move"
    _inherit = ['collection.dialog']

    move_id = fields.Many2one('collection.promise.move', required=True, ondelete='cascade')
    line_id = fields.Many2one('collection.promise.line', required=True)
    name = fields.Char("Invoice", related='line_id.move_name')
    currency_id = fields.Many2one(related='line_id.currency_id')
    amount = fields.Monetary("Still to come", readonly=True)
    old_date = fields.Date("Promised for", readonly=True)
    date = fields.Date("New date", required=True)
