from odoo import api, fields, models


class CollectionPostLine(models.TransientModel):
    """A letter that may have been posted."""

    _name = 'collection.post.line'
    _description = "Letter to Mark as Posted"
    _inherit = ['collection.dialog']

    post_id = fields.Many2one('collection.post', required=True, ondelete='cascade')
    step_id = fields.Many2one('collection.step', required=True, ondelete='cascade', readonly=True)
    selected = fields.Boolean("Posted", default=True)
    partner_id = fields.Many2one(related='step_id.partner_id')
    recipient_id = fields.Many2one(related='step_id.recipient_id')
    means = fields.Char(related='step_id.letter_means', string="By")
    registered = fields.Boolean(compute='_compute_registered')
    registered_number = fields.Char("Number", help="Of the registered letter. It may be added later.")
    printed_on = fields.Date(related='step_id.printed_on')
    reason = fields.Char("Remark", readonly=True, help="Why it should not have left, as things stand now.")

    @api.depends('step_id')
    def _compute_registered(self):
        for line in self:
            line.registered = line.step_id.registered_state != 'none'
