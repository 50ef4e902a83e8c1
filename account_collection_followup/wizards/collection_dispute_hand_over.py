from odoo import fields, models
from odoo.exceptions import UserError


class CollectionDisputeHandOver(models.TransientModel):
    """Gives disputes to another team or colleague, with the reason (R13)."""

    _name = 'collection.dispute.hand.over'
    _description = "Hand Over a Dispute"
    _inherit = ['collection.dialog']

    dispute_ids = fields.Many2many('collection.dispute', string="Disputes", required=True, readonly=True)
    team_id = fields.Many2one('collection.team')
    user_id = fields.Many2one(
        'res.users', string="Owner", domain=[('share', '=', False)], help="Empty: the lead of the team."
    )
    reason = fields.Text("Why?", required=True)

    def action_hand_over(self):
        """Hand the disputes over."""
        self.ensure_one()
        if not (self.team_id or self.user_id):
            raise UserError(self.env._("Choose a team or a colleague."))
        self.dispute_ids.action_hand_over(self.reason, self.team_id.id, self.user_id.id)
