from odoo import api, fields, models
from odoo.exceptions import UserError


class CollectionPost(models.TransientModel):
    """Marks the letters of the day as posted, all at once; registered ones with their number."""

    _name = 'collection.post'
    _description = "Mark Letters as Posted"
    _inherit = ['collection.dialog']

    posted_on = fields.Date(
        "Posted on",
        required=True,
        default=lambda self: self.env.company._collection_today(),
        help="The day the letters were handed to the post. The date given to the customer is the one the letter names.",
    )
    line_ids = fields.One2many('collection.post.line', 'post_id', string="Letters")
    has_registered = fields.Boolean(compute='_compute_has_registered')

    @api.depends('line_ids.registered')
    def _compute_has_registered(self):
        for post in self:
            post.has_registered = any(post.line_ids.mapped('registered'))

    @api.model
    def _open_for(self, steps):
        """:return: the action that asks about the letters of some steps, ticked unless something speaks against it"""
        if not steps:
            raise UserError(self.env._("No letter waits to be posted."))
        changed = steps.sudo()._get_changed()
        post = self.create({'line_ids': [(0, 0, self._prepare_line(step, changed.get(step.sudo()))) for step in steps]})
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Mark as posted"),
            'res_model': self._name,
            'res_id': post.id,
            'views': [(False, 'form')],
            'target': 'new',
        }

    @api.model
    def _prepare_line(self, step, reason):
        if not step.printed_on:
            reason = self.env._("Not printed yet")
        return {
            'step_id': step.id,
            'reason': reason,
            'selected': not reason,
            'registered_number': step.registered_number,
        }

    def action_confirm(self):
        """Mark the letters that are ticked as posted."""
        self.ensure_one()
        lines = self.line_ids.filtered('selected')
        if not lines:
            raise UserError(self.env._("Tick the letters that were posted."))
        lines.step_id.action_posted(
            self.posted_on, {line.step_id.id: line.registered_number for line in lines if line.registered_number}
        )
