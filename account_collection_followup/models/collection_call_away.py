from datetime import datetime, time

from odoo import api, models
from odoo.fields import Domain

from .collection_fact import internal


class CollectionCall(models.Model):
    """Calls of somebody who is away go to who stands in (R66): Odoo's own out-of-office says when he is."""

    _inherit = 'collection.call'  # pylint: disable=consider-merging-classes-inherited

    @api.model_create_multi
    def create(self, vals_list):
        # what the desk plans; a person who chooses a colleague knows why
        calls = super().create(vals_list)
        if self.env.su:
            calls._hand_to_stand_in()
        return calls

    @api.model
    def _hand_on(self, root):
        # EXTENDS: what is due today or late does not wait until he is back
        result = super()._hand_on(root)
        today = root._collection_today()
        due = Domain([('company_id', '=', root.id), ('state', '=', 'planned'), ('planned_on', '<=', today)])
        self.search(due & Domain('user_id.out_of_office_from', '!=', False))._hand_to_stand_in(today)
        return result

    def _hand_to_stand_in(self, day=None):
        """Give planned calls whose caller is away to who stands in for him; they stay where there is nobody.

        :param date day: the day that counts, by default the day each call is planned for
        """
        for call in self.sudo().filtered(lambda call: call.state == 'planned'):
            when = day or call.planned_on
            if self._is_away(call.user_id, when) and (user := call._get_stand_in(when)):
                internal(call).user_id = user

    def _get_stand_in(self, day):
        """:return: who calls instead: the first of the chain of :meth:`_get_fallback_user` who is here on a day"""
        self.ensure_one()
        company = self.company_id
        assigned = self.partner_id.with_company(company).property_collection_user_id
        chain = (self.case_id.user_id, assigned, company.collection_user_id, company.collection_manager_id)
        here = [user for user in chain if user and user != self.user_id and not self._is_away(user, day)]
        return self.env['res.partner']._get_usable_user(*here)

    @api.model
    def _is_away(self, user, day):
        """:return: whether a user is out of office at noon of a day"""
        noon, user = datetime.combine(day, time(12)), user.sudo()
        begins, ends = user.out_of_office_from, user.out_of_office_to
        return bool(begins and begins <= noon and (not ends or ends >= noon))
