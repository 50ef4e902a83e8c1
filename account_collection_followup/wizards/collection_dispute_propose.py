from odoo import api, fields, models

from ..models.collection_dispute import OUTCOMES


class CollectionDisputePropose(models.TransientModel):
    """The outcome that who solves a dispute proposes, with what was found and its proof (R14, R16)."""

    _name = 'collection.dispute.propose'
    _description = "Propose the Outcome of a Dispute"
    _inherit = ['collection.dialog']

    dispute_id = fields.Many2one('collection.dispute', required=True, readonly=True)
    reason = fields.Text(related='dispute_id.reason')
    currency_id = fields.Many2one(related='dispute_id.currency_id')
    contested = fields.Monetary(related='dispute_id.amount')
    outcome = fields.Selection(OUTCOMES, required=True)
    amount = fields.Monetary("To credit", help="Taxes included.")
    text = fields.Text("What was found", required=True)
    cause_id = fields.Many2one('collection.dispute.cause', string="Root cause")
    attachment_ids = fields.Many2many('ir.attachment', string="Proof")

    @api.onchange('outcome')
    def _onchange_outcome(self):
        if self.outcome != 'partly':
            self.amount = 0.0

    def action_propose(self):
        """Propose the outcome to who closes the dispute."""
        self.ensure_one()
        self.dispute_id.action_propose(self.outcome, self.text, self.amount, self.attachment_ids.ids, self.cause_id.id)
