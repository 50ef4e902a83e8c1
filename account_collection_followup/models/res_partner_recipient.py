from collections import namedtuple

from odoo import api, models

#: ``contacts``: addressee first; ``fallback``: why it is not the role asked for; ``reachable``: by the means needed
Recipients = namedtuple('Recipients', ['contacts', 'fallback', 'reachable'])


class ResPartner(models.Model):
    """Whom a message or a call goes to."""

    _inherit = 'res.partner'  # pylint: disable=consider-merging-classes-inherited

    def _get_collection_recipients(self, roles, need=None):
        """The contacts of some customers for the roles of a level (R20, R70).

        Fallback when nobody has the role: accounts payable, the invoice address, the customer himself.

        :param roles: ``collection.contact.role``, the addressee's first
        :param need: 'email' or 'phone': contacts that cannot be reached by it are passed over
        :return: dict customer → :class:`Recipients`
        """
        payable = self._get_collection_payable_role()
        contacts = self.sudo().search([('commercial_partner_id', 'in', self.ids)], order='id')
        # read once for the whole batch
        usable = contacts.filtered(lambda contact: contact._is_reachable_by(need))
        by_customer = usable.grouped('commercial_partner_id')
        return {
            customer: customer._choose_recipients(by_customer.get(customer, self.browse()), roles, payable)
            for customer in self
        }

    @api.model
    def _get_collection_payable_role(self):
        """:return: the role of those who pay, empty if it was deleted"""
        role = self.env.ref('account_collection_followup.contact_role_payable', raise_if_not_found=False)
        return role or self.env['collection.contact.role']

    def _is_reachable_by(self, need):
        self.ensure_one()
        if need == 'email':
            return bool(self.email_normalized) and not self.is_blacklisted and not self.message_bounce
        return bool(self.phone) if need == 'phone' else True

    def _choose_recipients(self, usable, roles, payable):
        """:param usable: contacts of this customer, himself included, that can be reached"""
        self.ensure_one()
        chosen, missing = self.browse(), []
        for role in roles:
            holders = usable.filtered(lambda contact, role=role: role in contact.collection_role_ids)
            chosen |= holders
            if not holders:
                missing.append(role.name)
        if not chosen:
            chosen = (
                usable.filtered(lambda contact: payable and payable in contact.collection_role_ids)[:1]
                or usable.filtered(lambda contact: contact.type == 'invoice')[:1]
                or usable & self
            )
        fallback = False
        if missing and roles:
            fallback = self.env._(
                "No contact is %(roles)s: sent to %(contact)s.",
                roles=', '.join(missing),
                contact=(chosen or self)[:1].display_name,
            )
        return Recipients(contacts=chosen or self, fallback=fallback, reachable=bool(chosen))
