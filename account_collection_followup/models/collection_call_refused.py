from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools.mail import html_to_inner_content

from .collection_fact import internal


class CollectionCall(models.Model):
    """Nobody who asked not to be called is called: another contact is, or the step says that nobody may be (R66)."""

    _inherit = 'collection.call'  # pylint: disable=consider-merging-classes-inherited

    contact_warning = fields.Char(compute='_compute_contact_warning', compute_sudo=True, help="Why he is called.")

    @api.depends('contact_id', 'partner_id', 'step_id', 'state')
    @api.depends_context('lang')
    def _compute_contact_warning(self):
        """A planned call that does not go to the role its level names says so, and one with a wrong number (R20)."""
        self.contact_warning = False
        planned = self.filtered(lambda call: call.state == 'planned' and call.partner_id)
        for roles, calls in planned.grouped(lambda call: call._get_wanted_roles()).items():
            found = calls.partner_id._get_collection_recipients(roles, need='phone')
            for call in calls:
                call.contact_warning = call.partner_id._get_callee_warning(
                    call.contact_id, roles, found[call.partner_id]
                )

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

    @api.model
    def _choose_callees(self, cases, wanted):
        """Settle whom the calls that the desk wants go to: who is named, unless he asked not to be called, else who has
        the role that the level of the customer names. As many queries for many cases as for one.

        :param cases: ``collection.case``
        :param dict wanted: {id of a case: values}, whose ``contact_id`` is set: see :meth:`_want`
        :return: dict {case where nobody may be called: why}
        """
        callees = cases._get_callees()
        named = (
            self.env['res.partner']
            .sudo()
            .browse(filter(None, (values.get('contact_id') for values in wanted.values())))
        )
        refusing = named.filtered('collection_do_not_call')
        mute = {}
        for case in cases:
            values, callee = wanted[case.id], callees[case]
            contact = named.browse(values.get('contact_id') or []) - refusing or callee.contacts[:1]
            wanted[case.id] = dict(values, contact_id=contact.id)
            if not contact:
                mute[case] = callee.problem
        return mute

    @api.model
    def _note_mute(self, mute, wanted):
        """Say on the cases that no call is planned, though one is wanted, and why; the same thing once, though it is
        wanted again every day.

        :param dict mute: {case: why nobody may be called}
        :param dict wanted: {id of a case: values}
        """
        if not mute:
            return
        cases = self.env['collection.case'].sudo().concat(*mute)
        notes = {}
        for case, reason in mute.items():
            user = self._get_wanted_caller(case, wanted[case.id])
            calls = self.with_context(lang=user.lang or self.env.lang)
            why = self._say_why(wanted[case.id]['why'], user)
            notes[case.id] = calls.env._("No call is planned. %(reason)s %(why)s", reason=reason, why=why)
        domain = [('model', '=', cases._name), ('res_id', 'in', cases.ids), ('message_type', '=', 'notification')]
        told = self.env['mail.message'].sudo().search_fetch(domain, ['res_id', 'body'])
        known = {(message.res_id, html_to_inner_content(message.body)) for message in told}
        new = cases.filtered(lambda case: (case.id, ' '.join(notes[case.id].split())) not in known)
        new._message_log_batch(bodies={case.id: notes[case.id] for case in new})

    def _get_wanted_roles(self):
        """:return: the roles a call asks for: those of its step's level, else those the level of the customer names;
        of a satisfaction call those who pay"""
        roles = self.step_id.level_id.recipient_role_ids
        if not roles and self.purpose != 'satisfaction' and self.case_id:
            roles = self.case_id._get_callee_roles()
        return roles or self.env['res.partner']._get_collection_payable_role()

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
