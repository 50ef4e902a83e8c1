from odoo import api, fields, models


class CollectionPolicyAssign(models.TransientModel):
    """Put customers under another policy, or make it the default, after seeing what it means (R47)."""

    _name = 'collection.policy.assign'
    _description = "Assign a Follow-up Policy"
    _inherit = ['collection.dialog']

    company_id = fields.Many2one(
        'res.company', required=True, readonly=True, default=lambda self: self.env.company.sudo()._collection_root()
    )
    as_default = fields.Boolean(readonly=True)
    policy_id = fields.Many2one(
        'collection.policy',
        domain="['|', ('company_id', '=', False), ('company_id', '=', company_id)]",
        help="Leave empty for the company's default policy.",
    )
    partner_ids = fields.Many2many(
        'res.partner', string="Customers", default=lambda self: self._get_selected_partners()
    )
    impact = fields.Text(compute='_compute_impact')

    @api.model
    def _get_selected_partners(self):
        if self.env.context.get('active_model') != 'res.partner':
            return self.env['res.partner']
        return self.env['res.partner'].browse(self.env.context.get('active_ids', [])).commercial_partner_id

    @api.depends('policy_id', 'partner_ids', 'as_default')
    def _compute_impact(self):
        Impact = self.env['collection.impact']
        for wizard in self:
            company, policy = wizard.company_id._origin, wizard.policy_id._origin
            if wizard.as_default:
                wizard.impact = policy and Impact._get_default_text(
                    company, company.sudo().collection_policy_id, policy
                )
            else:
                wizard.impact = Impact._get_assignment_text(company, wizard.partner_ids._origin, policy)

    def action_assign(self):
        """Do it, with the rights of the user: a collector assigns, an administrator chooses the default."""
        self.ensure_one()
        if self.as_default:
            self.policy_id.action_set_default()
            return {'type': 'ir.actions.act_window_close'}
        self.partner_ids._check_policy_access()
        self.partner_ids.check_access('read')
        self.policy_id.check_access('read')
        # who assigns policies needs no right to change addresses
        self.partner_ids.sudo().collection_policy_id = self.policy_id
        return {'type': 'ir.actions.act_window_close'}
