from odoo import fields, models


class CollectionReason(models.TransientModel):
    """Asks why, before something that was announced or agreed is given up (R40), or what was found (R12)."""

    _name = 'collection.reason'
    _description = "Say Why"
    _inherit = ['collection.dialog']

    purpose = fields.Selection(
        [
            ('promise', "Cancel the promise"),
            ('step', "Cancel the step"),
            ('failure', "Record the failure"),
            ('skip', "Leave the messages out"),
            ('propose', "Propose litigation"),
            ('answer', "Answer the dispute"),
            ('let_hold', "Let the dispute hold reminders back"),
        ],
        required=True,
        readonly=True,
    )
    promise_id = fields.Many2one('collection.promise', readonly=True)
    step_id = fields.Many2one('collection.step', readonly=True)
    dispute_id = fields.Many2one('collection.dispute', readonly=True)
    dispute_reason = fields.Text(related='dispute_id.reason')
    run_line_ids = fields.Many2many('collection.run.line', readonly=True)
    reason = fields.Text("Why?", required=True)
    attachment_ids = fields.Many2many('ir.attachment', string="Proof")

    def action_confirm(self):
        """Carry out what was asked for, with its reason."""
        self.ensure_one()
        if self.purpose == 'promise':
            self.promise_id.action_cancel(self.reason)
        elif self.purpose == 'step':
            self.step_id.action_cancel(self.reason)
        elif self.purpose == 'answer':
            self.dispute_id.action_answer(self.reason, self.attachment_ids.ids)
        elif self.purpose == 'let_hold':
            self.dispute_id.action_let_hold(self.reason)
        elif self.purpose == 'skip':
            self.run_line_ids.action_skip(self.reason)
        elif self.purpose == 'propose':
            self.run_line_ids.action_propose(self.reason)
        else:
            self.step_id.action_record_failure(self.reason)
