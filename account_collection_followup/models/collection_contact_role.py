from odoo import api, fields, models
from odoo.exceptions import UserError


class CollectionContactRole(models.Model):
    """What a contact does in the payment of our invoices: pays them, approves them, decides (R20).

    Levels name the roles they write to; contacts carry them.
    """

    _name = 'collection.contact.role'
    _description = "Contact Role"
    _order = 'sequence, id'

    name = fields.Char(
        required=True, translate=True, help="What a contact with this role does: approves, pays, decides."
    )
    code = fields.Char(
        required=True, help="Stable name of the role for data files and integrations. Made from the name if left empty."
    )
    sequence = fields.Integer(default=10)

    _code_unique = models.Constraint('UNIQUE(code)', "Two roles cannot have the same code.")

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            vals['code'] = vals.get('code') or self.env['ir.http']._slugify(vals.get('name') or '').replace('-', '_')
        return super().create(vals_list)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        if (
            self.env['res.partner']
            .sudo()
            .with_context(active_test=False)
            .search_count([('collection_role_ids', 'in', self.ids)], limit=1)
        ):
            raise UserError(self.env._("This role is given to contacts. Take it from them before deleting it."))

    @api.model
    def _get_payer_codes(self):
        """:return: set of the codes of those who pay: accounts payable, the public accountant of a public body"""
        return {'payable', 'public_accountant'}
