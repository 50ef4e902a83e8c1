from odoo import fields, models


class CollectionObjection(models.TransientModel):
    """Asks the sales rep why a formal act should wait, and until when (R53)."""

    _name = 'collection.objection'
    _description = "Object"
    _inherit = ['collection.dialog']

    consultation_id = fields.Many2one('collection.consultation', required=True, readonly=True)
    level_name = fields.Char(related='consultation_id.level_name')
    reason = fields.Text("Why should we wait?", required=True)
    until = fields.Date(required=True, help="The last day nothing formal leaves.")
    latest = fields.Date("At most until", compute='_compute_latest')

    def _compute_latest(self):
        for objection in self:
            objection.latest = objection.consultation_id and objection.consultation_id._get_latest_objection()

    def action_confirm(self):
        """Record the objection."""
        self.ensure_one()
        self.consultation_id.action_object(self.reason, self.until)
