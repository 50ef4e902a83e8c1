from odoo import api, fields, models

from ..models.collection_step_letter import OUTCOMES


class CollectionDelivery(models.TransientModel):
    """What became of a registered letter: its number, and when it was received, refused or came back."""

    _name = 'collection.delivery'
    _description = "Delivery of a Registered Letter"
    _inherit = ['collection.dialog']

    step_id = fields.Many2one('collection.step', required=True, readonly=True, ondelete='cascade')
    posted_on = fields.Date(related='step_id.posted_on')
    number = fields.Char(compute='_compute_number', store=True, readonly=False)
    outcome = fields.Selection(OUTCOMES, help="Leave empty to record the number alone.")
    date = fields.Date("On", help="The day on the proof of delivery.")

    @api.depends('step_id')
    def _compute_number(self):
        for delivery in self:
            delivery.number = delivery.step_id.registered_number

    def action_confirm(self):
        """Record what is known."""
        self.ensure_one()
        self.step_id.action_record_delivery(self.outcome, self.date, self.number)
