from odoo import api, fields, models
from odoo.exceptions import UserError

from .collection_fact import internal


class CollectionCall(models.Model):
    """Nobody who asked not to be called is called: another contact is, or the step says that nobody may be (R66)."""

    _inherit = 'collection.call'  # pylint: disable=consider-merging-classes-inherited

    contact_warning = fields.Char(compute='_compute_contact_warning', compute_sudo=True, help="Why he is called.")

    @api.depends('contact_id', 'partner_id', 'step_id', 'state')
    @api.depends_context('lang')
    def _compute_contact_warning(self):
        """A planned call that does not go to the role its level names says so (R20)."""
        self.contact_warning = False
        planned = self.filtered(lambda call: call.state == 'planned' and call.partner_id)
        for roles, calls in planned.grouped(lambda call: call._get_wanted_roles()).items():
            found = calls.partner_id._get_collection_recipients(roles, need='phone')
            for call in calls:
                if not call.contact_id.collection_role_ids & roles:
                    call.contact_warning = found[call.partner_id].fallback or found[call.partner_id].problem

    @api.model_create_multi
    def create(self, vals_list):
        self._check_callable([vals['contact_id'] for vals in vals_list if vals.get('contact_id')])
        return super().create(vals_list)

    def write(self, vals):
        if vals.get('contact_id') and not vals.get('state'):
            self._check_callable([vals['contact_id']])
        return super().write(vals)

    @api.model
    def _check_callable(self, contact_ids):
        """:raise UserError: if a person plans a call with a contact who asked not to be called"""
        if self.env.su:
            return
        for contact in self.env['res.partner'].sudo().browse(contact_ids):
            if contact.collection_do_not_call:
                raise UserError(self.env._("%s asked not to be called: choose another contact.", contact.display_name))

    @api.model
    def _leave_refusing(self, contacts):
        """Planned calls with contacts who do not want to be called any more go to somebody else there. Where nobody
        may be called they are given up, and their steps say why.

        :param contacts: ``res.partner``
        """
        calls = self.sudo().search([('state', '=', 'planned'), ('contact_id', 'in', contacts.ids)])
        for roles, group in calls.grouped(lambda call: call._get_wanted_roles()).items():
            found = group.partner_id._get_collection_recipients(roles, need='phone')
            for call in group:
                recipients = found[call.partner_id]
                if recipients.contacts:
                    internal(call).contact_id = recipients.contacts[:1]
                else:
                    call._give_up(recipients.problem)

    def _get_wanted_roles(self):
        """:return: the roles a call asks for: those of its step's level, else those who pay"""
        return self.step_id.level_id.recipient_role_ids or self.env['res.partner']._get_collection_payable_role()

    def _give_up(self, reason):
        """Cancel a planned call; the steps it was for wait for somebody unless another means reaches the customer."""
        steps = self._get_steps()
        internal(self).write({'state': 'cancelled'})
        steps._call_impossible(reason)
        self._mark_dirty()

    def _get_next_contact(self):
        # EXTENDS: somebody else, if he does not want to be called again
        contact = super()._get_next_contact()
        if not contact.sudo().collection_do_not_call:
            return contact
        customer = self.sudo().partner_id
        return customer._get_collection_recipients(self.sudo()._get_wanted_roles(), need='phone')[customer].contacts[:1]
