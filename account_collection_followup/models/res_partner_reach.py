from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import email_normalize, format_date

from ..tools import is_phone


class ResPartner(models.Model):
    """Whether a contact can be reached by what stands there: a number that can be dialled and is not known to be wrong,
    an e-mail address that is one (R22, R70).
    """

    _inherit = 'res.partner'  # pylint: disable=consider-merging-classes-inherited

    collection_wrong_number = fields.Char(
        "Wrong number",
        readonly=True,
        copy=False,
        groups='base.group_user',
        help="The number that turned out to be wrong in a call. With another number, the contact is called again.",
    )
    collection_wrong_number_on = fields.Date("Number tried on", readonly=True, copy=False, groups='base.group_user')

    def _flag_collection_number(self, day):
        """Note that the number of a contact is wrong; it holds until his number changes.

        :param date day: when it was tried
        """
        for contact in self.filtered('phone'):
            contact.write({'collection_wrong_number': contact.phone, 'collection_wrong_number_on': day})

    def _has_wrong_number(self):
        """:return: whether the number that stands there was tried and is wrong"""
        self.ensure_one()
        return bool(self.phone) and self.phone == self.collection_wrong_number

    def _is_collection_value_kept(self, name):
        # EXTENDS: a number that is known to be wrong is replaced by who hears the right one
        return super()._is_collection_value_kept(name) and not (name == 'phone' and self._has_wrong_number())

    def _say_wrong_number(self):
        """:return: the warning that the number of a contact is wrong, or False"""
        if not self or not self._has_wrong_number():
            return False
        return self.env._(
            "%(contact)s: wrong number %(number)s, tried on %(date)s.",
            contact=self.name or self.display_name,
            number=self.phone,
            date=format_date(self.env, self.collection_wrong_number_on),
        )

    def _is_reachable_by(self, need):
        # EXTENDS: who has a wrong number is called only where nobody else can be
        return super()._is_reachable_by(need) and not (need == 'phone' and self._has_wrong_number())

    def _say_unreachable(self, need, there):
        # EXTENDS: why nobody can be called
        wrong = there.filtered(lambda contact: need == 'phone' and contact._has_wrong_number())
        if wrong and not there.filtered(lambda contact: contact._refuses_collection(need)):
            return wrong[:1].with_env(self.env).sudo()._say_wrong_number()
        return super()._say_unreachable(need, there)

    def _is_collection_value_kept(self, name):
        # EXTENDS: a number nobody can be reached by may be replaced by whoever hears the right one
        unusable = name == 'phone' and (self._has_wrong_number() or not is_phone(self.phone))
        return not unusable and super()._is_collection_value_kept(name)

    def _get_callee_warning(self, contact, roles, callee):
        """Why a call with this customer goes to a contact, where that needs saying (R20).

        :param contact: whom it goes to; empty: whom ``callee`` names
        :param roles: those it asks for
        :param callee: :class:`Recipients` of these roles by telephone
        :return: a sentence, or False
        """
        contact = (contact or callee.contacts[:1]).sudo().with_context(lang=self.env.lang)
        wrong = contact._say_wrong_number()
        if wrong or contact.collection_role_ids & roles:
            return wrong
        if contact and callee.fallback:
            return self._say_fallback(roles.mapped('name'), contact, 'phone')
        return callee.problem

    @api.model
    def _check_collection_contact_data(self, values):
        """Refuse what cannot be a number or an address before it is kept of a contact.

        :param dict values: fields of a contact; empty ones may be
        :raise UserError: saying what is expected
        """
        phone, email = (values.get('phone') or '').strip(), (values.get('email') or '').strip()
        if phone and not is_phone(phone):
            raise UserError(
                self.env._("“%s” is no telephone number: five digits or more, for example +33 4 72 00 00 00.", phone)
            )
        if email and not email_normalize(email):
            raise UserError(self.env._("“%s” is no e-mail address: one like name@company.com is needed.", email))
