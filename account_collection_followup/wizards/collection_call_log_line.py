from odoo import api, fields, models


class CollectionCallLogLine(models.TransientModel):
    """An invoice a call is about: promised, contested, paid already, or asked for once more."""

    _name = 'collection.call.log.line'
    _description = "Invoice of a Call"
    _inherit = ['collection.dialog']

    log_id = fields.Many2one('collection.call.log', ondelete='cascade')
    choice_log_id = fields.Many2one('collection.call.log', ondelete='cascade', help="Where it is one to choose from.")
    item_id = fields.Many2one('collection.item', string="Invoice")
    move_id = fields.Many2one('account.move')
    line_id = fields.Many2one('account.move.line')
    name = fields.Char("Number")
    chosen = fields.Boolean()
    currency_id = fields.Many2one('res.currency')
    date_maturity = fields.Date("Due Date")
    amount = fields.Monetary(required=True)
    date = fields.Date("Promised for")

    @api.onchange('item_id')
    def _onchange_item_id(self):
        if self.item_id:
            self.update(dict(self.item_id._prepare_choice(), date=self.log_id.promise_date))

    def _prepare_covered(self):
        item = self.item_id
        return {'move_id': item.move_id.id, 'line_id': item.line_id.id, 'amount': self.amount}
