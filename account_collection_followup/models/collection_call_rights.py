from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date

from .collection_fact import is_internal


class CollectionCall(models.Model):
    """Who logs a planned call, and for which day it can be planned by hand (R25).

    Who only makes calls sees all those with his customers, and logs those he is to make.
    """

    _inherit = 'collection.call'  # pylint: disable=consider-merging-classes-inherited

    can_edit = fields.Boolean(compute='_compute_can_edit')
    can_log = fields.Boolean(compute='_compute_can_edit')

    @api.depends('state', 'user_id')
    @api.depends_context('uid')
    def _compute_can_edit(self):
        own = self._origin._filtered_access('write')
        for call in self:
            call.can_edit = not call._origin or call._origin in own
            call.can_log = call.state == 'planned' and call._origin in own

    def _check_can_log(self):
        """:raise AccessError: if somebody else is to make this call"""
        self.check_access('read')
        if not self.has_access('write'):
            raise AccessError(
                self.env._("%s is to make this call, and logs how it went.", self.sudo().user_id.name or '')
            )

    def action_log(self):
        """Ask how this planned call went.

        :return: the dialog
        :raise AccessError: if somebody else is to make it
        """
        self.ensure_one()
        self._check_can_log()
        action = self.env['ir.actions.act_window']._for_xml_id('account_collection_followup.collection_call_log_action')
        return dict(
            action,
            name=self._get_log_title(self.partner_id, self.purpose),
            context={'default_call_id': self.id, 'dialog_size': 'extra-large'},
        )

    @api.model
    def _get_log_title(self, customer, purpose):
        """:return: title of the dialog: what one talks about and with whom, be it by telephone or on a visit"""
        labels = dict(self._fields['purpose']._description_selection(self.env))
        return self.env._("%(purpose)s: %(customer)s", purpose=labels[purpose], customer=customer.sudo().name)

    @api.model_create_multi
    def create(self, vals_list):
        calls = super().create(vals_list)
        calls._check_not_past()
        return calls

    def write(self, vals):
        moved = self.browse()
        if day := fields.Date.to_date(vals.get('planned_on')):
            moved = self.filtered(lambda call: call.planned_on != day)
        result = super().write(vals)
        moved._check_not_past()
        return result

    def _check_not_past(self):
        """:raise UserError: if somebody plans a call for a day that is over; what the desk plans itself may be late"""
        if self.env.su or is_internal(self):
            return
        for call in self:
            if call.planned_on < call.company_id._collection_today():
                raise UserError(
                    self.env._(
                        "%s is past: plan the call for today or a later day.", format_date(self.env, call.planned_on)
                    )
                )
