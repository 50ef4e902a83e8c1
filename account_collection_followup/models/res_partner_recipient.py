from collections import namedtuple

from odoo import api, fields, models

#: ``contacts``: addressee first; ``fallback``: why it is not the role asked for; ``reachable``: by the means needed;
#: ``problem``: why nobody can be reached by it
Recipients = namedtuple('Recipients', ['contacts', 'fallback', 'reachable', 'problem'])

#: the means a contact may refuse, and the field that says so
REFUSALS = {'phone': 'collection_do_not_call', 'email': 'collection_do_not_mail'}


class ResPartner(models.Model):
    """Whom a message or a call goes to."""

    _inherit = 'res.partner'  # pylint: disable=consider-merging-classes-inherited

    collection_do_not_call = fields.Boolean(
        "Do not call",
        tracking=True,
        groups='base.group_user',
        help="Calls go to somebody else there. If nobody may be called, the step says so.",
    )
    collection_do_not_mail = fields.Boolean(
        "Do not e-mail",
        tracking=True,
        groups='base.group_user',
        help="Reminders by e-mail go to somebody else there. Letters are posted all the same.",
    )

    collection_refusal = fields.Char("Refuses", compute='_compute_collection_refusal', groups='base.group_user')

    @api.depends(*REFUSALS.values())
    @api.depends_context('lang')
    def _compute_collection_refusal(self):
        """What a contact asked us not to do, in words."""
        labels = {name: self._fields[name]._description_string(self.env) for name in REFUSALS.values()}
        for partner in self:
            partner.collection_refusal = ', '.join(label for name, label in labels.items() if partner[name])

    def _get_collection_recipients(self, roles, need=None):
        """The contacts of some customers for the roles of a level (R20, R70).

        Fallback when nobody has the role: accounts payable, the invoice address, the customer himself.

        :param roles: ``collection.contact.role``, the addressee's first
        :param need: 'email' or 'phone': contacts that cannot be reached by it are passed over
        :return: dict customer → :class:`Recipients`. By telephone, ``contacts`` is empty where nobody may be called;
            who may be called but has no number yet is named, so that somebody looks for it.
        """
        payable = self._get_collection_payable_role()
        contacts = self.sudo().search([('commercial_partner_id', 'in', self.ids)], order='id')
        # read once for the whole batch, also what only those need whom nobody can reach
        contacts.fetch(['collection_role_ids'])
        usable = contacts.filtered(lambda contact: contact._is_reachable_by(need)).grouped('commercial_partner_id')
        everybody, nobody = contacts.grouped('commercial_partner_id'), self.browse()
        return {
            customer: customer._choose_recipients(
                usable.get(customer, nobody), roles, payable, need, everybody.get(customer, nobody)
            )
            for customer in self
        }

    @api.model
    def _get_collection_payable_role(self):
        """:return: the role of those who pay, empty if it was deleted"""
        role = self.env.ref('account_collection_followup.contact_role_payable', raise_if_not_found=False)
        return role or self.env['collection.contact.role']

    def _is_reachable_by(self, need):
        """:param need: 'email', 'phone', or None for a letter
        :return: whether the contact has it and does not refuse it (R66)"""
        self.ensure_one()
        if self._refuses_collection(need):
            return False
        if need == 'email':
            return bool(self.email_normalized) and not self.is_blacklisted and not self.message_bounce
        return bool(self.phone) if need == 'phone' else True

    def _refuses_collection(self, need):
        """:return: whether the contact asked not to be called, or not to be written to by e-mail"""
        return bool(need in REFUSALS and self[REFUSALS[need]])

    def _choose_recipients(self, usable, roles, payable, need, there):
        """:param usable: contacts of this customer, himself included, that can be reached
        :param there: all his contacts"""
        self.ensure_one()
        chosen, missing = self._pick_recipients(usable, roles, payable)
        named = chosen or self._get_unreachable_contact(need, there, roles, payable)
        return Recipients(
            contacts=named,
            fallback=bool(missing and named) and self._say_fallback(missing, named[:1], need),
            reachable=bool(chosen),
            problem=not chosen and self._say_unreachable(need, there),
        )

    def _pick_recipients(self, candidates, roles, payable):
        """:return: holders of the roles, else the first of the fallback chain; names of the roles nobody holds"""
        chosen, missing = self.browse(), []
        for role in roles:
            holders = candidates.filtered(lambda contact, role=role: role in contact.collection_role_ids)
            chosen |= holders
            if not holders:
                missing.append(role.name)
        if not chosen:
            chosen = (
                candidates.filtered(lambda contact: payable and payable in contact.collection_role_ids)[:1]
                or candidates.filtered(lambda contact: contact.type == 'invoice')[:1]
                or candidates & self
            )
        return chosen, missing

    def _get_unreachable_contact(self, need, there, roles, payable):
        """:return: who is named where nobody can be reached: the customer; by telephone one who may be called"""
        if need != 'phone':
            return self
        allowed = (self | there).filtered(lambda contact: not contact._refuses_collection(need))
        return self._pick_recipients(allowed, roles, payable)[0][:1] or allowed[:1]

    def _say_fallback(self, missing, contact, need):
        """:return: the warning that a message or a call goes to somebody else than the level asks for"""
        if need == 'phone':
            return self.env._(
                "No contact is %(roles)s and can be called: %(contact)s is called.",
                roles=', '.join(missing),
                contact=contact.display_name,
            )
        return self.env._(
            "No contact is %(roles)s: sent to %(contact)s.",
            roles=', '.join(missing),
            contact=contact.display_name,
        )

    def _say_unreachable(self, need, there):
        """:return: why nobody of this customer can be reached by a means, in words (R66)"""
        refusing = there.filtered(lambda contact: contact._refuses_collection(need))
        if need == 'phone':
            return (
                self.env._("Nobody there may be called: %s.", ', '.join(refusing.mapped('display_name')))
                if refusing
                else self.env._("No telephone number.")
            )
        if need == 'email' and refusing.filtered('email_normalized'):
            return self.env._("No usable e-mail address: %s must not be mailed.", refusing[:1].display_name)
        return self.env._("No usable e-mail address.") if need == 'email' else False

    # ------------------------------------------------------------------
    # Calls already planned
    # ------------------------------------------------------------------
    def write(self, vals):
        result = super().write(vals)
        if vals.get('collection_do_not_call'):
            self.env['collection.call']._leave_refusing(self)
        return result
