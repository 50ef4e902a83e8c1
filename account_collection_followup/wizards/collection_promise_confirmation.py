from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError


class CollectionPromiseConfirmation(models.TransientModel):
    """Shows what would be sent to confirm a promise, and sends it."""

    _name = 'collection.promise.confirmation'
    _description = "Confirm a Promise"
    _inherit = ['collection.dialog']

    promise_id = fields.Many2one('collection.promise', required=True, readonly=True)
    partner_id = fields.Many2one(related='promise_id.partner_id')
    is_plan = fields.Boolean(related='promise_id.is_plan')
    means = fields.Selection([('email', "E-mail"), ('letter', "Letter")], string="By", required=True, default='email')
    contact_id = fields.Many2one('res.partner', string="To", compute='_compute_contact_id', store=True, readonly=False)
    problem = fields.Char(compute='_compute_problem')
    preview = fields.Html(compute='_compute_preview', sanitize=False)

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        promise = self.env['collection.promise'].browse(values.get('promise_id') or [])
        # by letter where nobody can be written to by e-mail
        if promise and 'means' not in self._get_given_defaults():
            values['means'] = 'email' if promise._get_confirmation_contacts('email')[promise] else 'letter'
        return values

    @api.model
    def _get_given_defaults(self):
        return {key.removeprefix('default_') for key in self.env.context if key.startswith('default_')}

    @api.depends('promise_id', 'means')
    def _compute_contact_id(self):
        for wizard in self:
            promise = wizard.promise_id
            wizard.contact_id = promise and promise._get_confirmation_contacts(wizard.means)[promise]

    @api.depends('promise_id', 'means', 'contact_id')
    def _compute_problem(self):
        for wizard in self:
            promise = wizard.promise_id
            wizard.problem = promise and promise._get_confirmation_problem(wizard.means, wizard.contact_id)

    @api.depends('promise_id', 'means', 'contact_id')
    def _compute_preview(self):
        for wizard in self:
            try:
                wizard.preview = wizard._get_preview()
            except UserError as error:
                # the dialog still opens
                wizard.preview = Markup("<div class='alert alert-danger'>%s</div>") % error

    def _get_preview(self):
        promise = self.promise_id.with_context(collection_addressee=self.contact_id.id)
        return promise._get_confirmation_preview(self.means) if promise and self.contact_id else False

    def action_confirm(self):
        """Send the e-mail, or make the letter and download it."""
        self.ensure_one()
        action = self.promise_id.action_confirm(self.means, self.contact_id.id)
        return action or {'type': 'ir.actions.act_window_close'}
