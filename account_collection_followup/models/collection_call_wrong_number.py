from odoo import models
from odoo.tools import format_date

from .collection_fact import internal


class CollectionCall(models.Model):
    """A wrong number: the right one is kept, or the contact is passed over until he has another (R27)."""

    _inherit = 'collection.call'  # pylint: disable=consider-merging-classes-inherited

    def _flag_number(self, right_number=None):
        """Note that the number of the contact is wrong: any colleague may know.

        :param str right_number: what was found out meanwhile: it takes the place of the wrong one
        :raise UserError: if it is no number
        """
        self._check_open()
        contact = self.contact_id.sudo()
        right_number = (right_number or '').strip()
        contact._check_collection_contact_data({'phone': right_number})
        if contact.phone:
            contact._message_log(
                body=self.env._(
                    "The number %(number)s is wrong, tried on %(date)s.",
                    number=contact.phone,
                    date=format_date(self.env, self.company_id._collection_today()),
                ),
                author_id=self.env.user.partner_id.id,
            )
            contact._flag_collection_number(self.company_id._collection_today())
        if contact and right_number and contact.commercial_partner_id == self.sudo().partner_id:
            self.contact_id._complete_collection_contact({'phone': right_number})

    def _record_try(self, result, next_on=None):
        # EXTENDS: with a number that is wrong the next try goes to somebody else, if there is anybody
        recorded = super()._record_try(result, next_on)
        if result == 'wrong_number':
            self._leave_wrong_number()
        return recorded

    def _leave_wrong_number(self):
        """Have a planned call go to who has the role it asks for and can be called."""
        call = self.sudo()
        if not call.contact_id._has_wrong_number():
            return
        found = call.partner_id._get_collection_recipients(call._get_wanted_roles(), need='phone')[call.partner_id]
        if found.reachable:
            internal(call).contact_id = found.contacts[:1]
