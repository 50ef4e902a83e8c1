from odoo import api, fields, models

from ..models.collection_dispute import OUTCOMES


class CollectionDisputeClose(models.TransientModel):
    """The outcome of a dispute, and until when the customer may act on it (R16)."""

    _name = 'collection.dispute.close'
    _description = "Close a Dispute"
    _inherit = ['collection.dialog']

    dispute_id = fields.Many2one('collection.dispute', required=True, readonly=True)
    outcome = fields.Selection(OUTCOMES, required=True)
    response_until = fields.Date(
        "Answer until",
        compute='_compute_response_until',
        store=True,
        readonly=False,
        help="Until then the customer may act on the outcome: not chased.",
    )
    finding = fields.Text(related='dispute_id.finding')
    answer = fields.Text("Remark", help="Facts only. Kept with the dispute, not sent to the customer.")

    @api.depends('dispute_id')
    def _compute_response_until(self):
        for wizard in self:
            company = wizard.dispute_id.company_id
            wizard.response_until = company and self.env['collection.holiday']._working_days(company).add(
                company._collection_today(), wizard.dispute_id.type_id.response_days
            )

    def action_close(self):
        """Close the dispute with its outcome."""
        self.ensure_one()
        self.dispute_id.action_close(self.outcome, self.response_until)
        if self.answer:
            self.dispute_id.message_post(body=self.answer)
