from odoo import api, fields, models

from ..models.collection_call_answer import CHOICES
from ..models.collection_script_line import KINDS


class CollectionCallLogAnswer(models.TransientModel):
    """A step of the script in the dialog of a call, with what was answered."""

    _name = 'collection.call.log.answer'
    _description = "Step of a Call"
    _inherit = ['collection.dialog']

    log_id = fields.Many2one('collection.call.log', required=True, ondelete='cascade')
    script_line_id = fields.Many2one('collection.script.line', required=True, ondelete='cascade')
    joined = fields.Boolean(help="A question of quality that joins a call about something else (R8).")
    choice = fields.Selection(CHOICES)
    note = fields.Text()

    kind = fields.Selection(KINDS, compute='_compute_step')
    title = fields.Char(compute='_compute_step')
    text = fields.Text(compute='_compute_step')
    gated = fields.Boolean(compute='_compute_step')
    can_skip = fields.Boolean(compute='_compute_step')
    leads_to = fields.Char(compute='_compute_step', help="Result a yes, or this phrase, leads to.")
    wants_note = fields.Boolean(compute='_compute_step', help="What is noted here completes the contact.")

    @api.depends('script_line_id')
    @api.depends_context('lang')
    def _compute_step(self):
        for answer in self:
            line = answer.script_line_id
            answer.kind = line.kind
            answer.title = line.name
            answer.text = line.text
            answer.gated = line.gated
            answer.can_skip = line.can_skip
            answer.leads_to = line.yes_result
            answer.wants_note = bool(line.contact_field)
