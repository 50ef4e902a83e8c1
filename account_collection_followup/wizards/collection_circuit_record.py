from odoo import Command, api, fields, models
from odoo.exceptions import UserError


class CollectionCircuitRecord(models.TransientModel):
    """Where a customer's invoices stand at his, noted by who may not read invoices as well (R21)."""

    _name = 'collection.circuit.record'
    _description = "Where Invoices Stand"

    partner_id = fields.Many2one('res.partner', string="Customer", required=True, readonly=True)
    company_id = fields.Many2one('res.company', required=True, readonly=True)
    contact_id = fields.Many2one('res.partner', string="Said by")
    date = fields.Date("Said on", required=True)
    note = fields.Char(help="Facts only: the customer may ask to read it.")
    line_ids = fields.One2many('collection.circuit.record.line', 'record_id', string="Invoices")

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        partner = self.env['res.partner'].browse(values.get('partner_id'))
        if not partner:
            return values
        partner.check_access('read')
        customer = partner.commercial_partner_id
        root = self.env['res.company'].browse(values.get('company_id') or self.env.company.id).sudo()._collection_root()
        values.update(
            partner_id=customer.id,
            company_id=root.id,
            date=root._collection_today(),
            line_ids=[Command.create(vals) for vals in self._prepare_lines(customer, root)],
        )
        return values

    @api.model
    def _prepare_lines(self, customer, root):
        """:return: values of a line per open invoice the user may speak of"""
        stages = self.env['collection.circuit.stage']
        moves = stages._get_recordable_moves(customer, root)
        latest = stages._get_latest(moves)
        return [
            {
                'move_ref': move.id,
                'invoice': move.name,
                'due_date': move.invoice_date_due,
                'stands': latest[move.id].with_env(self.env).sudo().text if move.id in latest else False,
            }
            for move in moves
        ]

    def action_record(self):
        """Note the stages chosen."""
        self.ensure_one()
        self.partner_id.check_access('read')
        chosen = self.line_ids.filtered('stage')
        if not chosen:
            raise UserError(self.env._("Choose where at least one invoice stands."))
        stages = self.env['collection.circuit.stage']
        for (stage, scheduled_for), lines in chosen.grouped(lambda line: (line.stage, line.scheduled_for)).items():
            moves = self.env['account.move'].sudo().browse(lines.mapped('move_ref')).exists()
            if moves.commercial_partner_id - self.partner_id:
                raise UserError(self.env._("Choose among the open invoices of your customers."))
            stages._record(moves, stage, self.date, self.contact_id, self.note, scheduled_for)
        return {'type': 'ir.actions.act_window_close'}
