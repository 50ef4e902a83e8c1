from odoo import Command, fields, models
from odoo.exceptions import AccessError, UserError

#: what who may not change contacts fills in, and does not replace
FILLED_IN = ('name', 'phone', 'email')


class CollectionContactCheckLine(models.TransientModel):
    """A contact of the customer, or one to be added."""

    _name = 'collection.contact.check.line'
    _description = "Contact to Check"

    check_id = fields.Many2one('collection.contact.check', required=True, ondelete='cascade')
    contact_id = fields.Many2one('res.partner', readonly=True)
    name = fields.Char()
    role_ids = fields.Many2many(
        'collection.contact.role', 'collection_contact_check_line_role_rel', string="Role in payment"
    )
    phone = fields.Char()
    email = fields.Char("E-mail")
    do_not_call = fields.Boolean("Do not call")
    do_not_mail = fields.Boolean("Do not e-mail")

    def _save(self):
        """Write the contact, or add it once something is known of him."""
        self.ensure_one()
        customer = self.check_id.partner_id
        contact = self.contact_id.sudo()
        if contact and contact.commercial_partner_id != customer:
            raise UserError(self.env._("%s is not a contact of this customer.", contact.display_name))
        values = self._prepare_contact()
        if contact:
            changed = {name: value for name, value in values.items() if self._differs(contact, name, value)}
            contact._check_collection_contact_data(changed)
            self._fill_in({name: changed.pop(name) for name in FILLED_IN if name in changed})
            if changed:
                contact.write(changed)
        elif self.name or self.phone or self.email:
            contact._check_collection_contact_data(values)
            values['name'] = self.name or ', '.join(self.role_ids.mapped('name')) or self.email or self.phone
            customer.sudo().create(dict(values, parent_id=customer.id, type='contact'))

    def _fill_in(self, values):
        """:raise AccessError: if something else stands there, and the user may not change contacts"""
        left = self.contact_id._complete_collection_contact(values)
        if left:
            raise AccessError(
                self.env._(
                    "%(contact)s: %(fields)s can only be changed by who may change contacts. Add a contact instead.",
                    contact=self.contact_id.display_name,
                    fields=', '.join(self._fields[name]._description_string(self.env) for name in left),
                )
            )

    def _prepare_contact(self):
        own = self.contact_id == self.check_id.partner_id
        return {
            # the customer's own name stands on his invoices
            'name': self.contact_id.name if own else self.name or self.contact_id.name,
            'collection_role_ids': [Command.set(self.role_ids.ids)],
            'phone': self.phone,
            'email': self.email,
            'collection_do_not_call': self.do_not_call,
            'collection_do_not_mail': self.do_not_mail,
        }

    def _differs(self, contact, name, value):
        if name == 'collection_role_ids':
            return contact[name] != self.role_ids
        return (contact[name] or False) != (value or False)
