from odoo import api, fields, models

from ..models.collection_circuit_stage import STAGES


class CollectionCircuitRecordLine(models.TransientModel):
    """An invoice, in the words of who may not read invoices, and where it stands now."""

    _name = 'collection.circuit.record.line'
    _description = "Invoice to Note"

    record_id = fields.Many2one('collection.circuit.record', required=True, ondelete='cascade')
    # checked when it is noted: see collection.circuit.stage._record
    move_ref = fields.Integer()
    invoice = fields.Char(readonly=True)
    due_date = fields.Date("Due date", readonly=True)
    stands = fields.Char("Stood", readonly=True)
    stage = fields.Selection(STAGES, string="Stands now")
    scheduled_for = fields.Date("Payment on")

    @api.onchange('scheduled_for')
    def _onchange_scheduled_for(self):
        if self.scheduled_for:
            self.stage = 'scheduled'
