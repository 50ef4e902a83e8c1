from odoo import api, fields, models
from odoo.exceptions import UserError


class CollectionPromiseMove(models.TransientModel):
    """Asks for the new dates of a promise that still runs."""

    _name = 'collection.promise.move'
    _description = "Move a Promise"
    _inherit = ['collection.dialog']

    promise_id = fields.Many2one('collection.promise', required=True, readonly=True)
    partner_id = fields.Many2one(related='promise_id.partner_id')
    move_text = fields.Char(related='promise_id.move_text')
    date = fields.Date("New date", help="For all that is still to come.")
    channel = fields.Selection(
        selection=lambda self: self.env['collection.promise']._fields['channel']._description_selection(self.env),
        default='phone',
    )
    line_ids = fields.One2many('collection.promise.move.line', 'move_id', string="Amounts")

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        promise = self.env['collection.promise'].browse(values.get('promise_id') or [])
        promise.check_access('read')
        running = promise.line_ids.filtered(lambda line: line.state == 'running')
        values['line_ids'] = [(0, 0, self._prepare_line(line)) for line in running]
        return values

    @api.model
    def _prepare_line(self, line):
        return {'line_id': line.id, 'amount': line._get_left_now(), 'old_date': line.date, 'date': line.date}

    @api.onchange('date')
    def _onchange_date(self):
        if self.date:
            self.line_ids.date = self.date

    def action_move(self):
        """Move the promise, and open the one it goes on as."""
        self.ensure_one()
        if not self.line_ids:
            raise UserError(self.env._("Nothing of this promise is still to come."))
        dates = {line.line_id.id: line.date for line in self.line_ids}
        if self.date and all(line.date == line.line_id.date for line in self.line_ids):
            dates = self.date
        promise = self.promise_id.action_move(dates, channel=self.channel)
        return {
            'type': 'ir.actions.act_window',
            'res_model': 'collection.promise',
            'res_id': promise.id,
            'views': [(False, 'form')],
            'name': promise.display_name,
        }
