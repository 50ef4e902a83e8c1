from odoo import api, fields, models
from odoo.exceptions import AccessError

from .collection_credit import COLLECTOR
from .collection_fact import internal, is_internal


class CollectionCreditDeclaration(models.Model):
    """Unpaid invoices the insurer was told of, on a day. Part of the trace: taken back, never deleted."""

    _name = 'collection.credit.declaration'
    _description = "Declaration to the Insurer"
    _order = 'declared_on desc, id desc'
    _rec_name = 'declared_on'

    credit_id = fields.Many2one('collection.credit', required=True, index=True, ondelete='restrict')
    partner_id = fields.Many2one(related='credit_id.partner_id')
    company_id = fields.Many2one(related='credit_id.company_id')
    currency_id = fields.Many2one(related='company_id.currency_id')
    declared_on = fields.Date(required=True)
    user_id = fields.Many2one('res.users', "Declared by", required=True)
    move_ids = fields.Many2many(
        'account.move',
        'collection_credit_declaration_move_rel',
        'declaration_id',
        'move_id',
        string="Documents",
        groups='account.group_account_invoice,account.group_account_readonly',
    )
    invoices = fields.Char(compute='_compute_invoices', compute_sudo=True)
    amount = fields.Monetary(help="Open when it was declared, in company currency.")
    cancelled = fields.Boolean("Taken back")

    @api.depends('move_ids')
    def _compute_invoices(self):
        for declaration in self:
            declaration.invoices = ', '.join(declaration.move_ids.mapped('name'))

    @api.model_create_multi
    def create(self, vals_list):
        if not is_internal(self):
            raise AccessError(self.env._("A declaration is noted by the button of the credit data."))
        return super().create(vals_list)

    def write(self, vals):
        if not is_internal(self):
            raise AccessError(self.env._("A declaration stays as it was noted: take it back."))
        return super().write(vals)

    def action_cancel(self):
        """Take a declaration back that was noted by mistake: its invoices have to be declared again."""
        if not self.env.su and not self.env.user.has_group(COLLECTOR):
            raise AccessError(self.env._("Only a collector can do this."))
        self.check_access('read')
        internal(self.sudo()).write({'cancelled': True})
        self.sudo().credit_id._activity_update()
