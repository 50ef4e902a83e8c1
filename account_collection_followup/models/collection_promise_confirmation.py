import logging

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from .collection_fact import internal

_logger = logging.getLogger(__name__)

#: the text of a promise: (by what, whether it is a plan) → template
TEXTS = {
    ('email', False): 'mail_template_promise',
    ('email', True): 'mail_template_promise_plan',
    ('letter', False): 'mail_template_letter_promise',
    ('letter', True): 'mail_template_letter_plan',
}


class CollectionPromise(models.Model):
    """What was agreed is confirmed in writing (R31), by e-mail or letter, in the language of who reads it.

    The text is made from the promise: amounts, dates and invoices, never our notes or opinions. A plan is worded as
    an agreement to sign. What left is kept: an e-mail in the chatter of the case, where a reply comes back, a letter
    or agreement as a file of the promise.
    """

    _inherit = 'collection.promise'  # pylint: disable=consider-merging-classes-inherited

    confirmed_on = fields.Date("Confirmed on", readonly=True, copy=False)
    confirmed_by = fields.Selection([('email', "E-mail"), ('letter', "Letter")], readonly=True, copy=False)
    confirmed_to_id = fields.Many2one('res.partner', "Confirmed to", readonly=True, copy=False)
    confirmation_mail_id = fields.Many2one('mail.mail', readonly=True, copy=False, index='btree_not_null')
    confirmation_file_id = fields.Many2one('ir.attachment', "Text as it left", readonly=True, copy=False)
    confirmation_problem = fields.Char(
        readonly=True, copy=False, help="Why it could not be confirmed by itself, until somebody confirms it."
    )
    confirmation_state = fields.Selection(
        [
            ('none', "Not confirmed"),
            ('queued', "E-mail about to leave"),
            ('sent', "Confirmed"),
            ('failed', "E-mail failed"),
        ],
        string="In writing",
        compute='_compute_confirmation',
    )
    confirmation_text = fields.Char("Confirmation", compute='_compute_confirmation')

    @api.depends('confirmed_on', 'confirmed_by', 'confirmation_mail_id.state', 'confirmation_problem')
    @api.depends_context('lang')
    def _compute_confirmation(self):
        """Asked of the e-mail itself, as long as it exists."""
        states = {'outgoing': 'queued', 'exception': 'failed', 'cancel': 'failed'}
        for promise in self:
            mail = promise.sudo().confirmation_mail_id
            unconfirmed = 'failed' if promise.confirmation_problem else 'none'
            promise.confirmation_state = states.get(mail.state, 'sent') if promise.confirmed_on else unconfirmed
            promise.confirmation_text = promise._get_confirmation_text(mail)

    def _get_confirmation_text(self, mail):
        if not self.confirmed_on and self.confirmation_problem:
            return self.env._("Could not be confirmed: %s", self.confirmation_problem)
        if not self.confirmed_on:
            return self.env._("Not confirmed in writing yet")
        values = {
            'contact': self.sudo().confirmed_to_id.display_name or '',
            'date': format_date(self.env, self.confirmed_on),
            'reason': mail.failure_reason or self.env._("it was taken out of the queue"),
        }
        if self.confirmed_by == 'letter':
            return self.env._("By letter to %(contact)s on %(date)s", **values)
        if self.confirmation_state == 'failed':
            return self.env._("The e-mail to %(contact)s was not sent: %(reason)s", **values)
        if self.confirmation_state == 'queued':
            return self.env._("The e-mail to %(contact)s is about to leave", **values)
        return self.env._("By e-mail to %(contact)s on %(date)s", **values)

    # ------------------------------------------------------------------
    # To whom
    # ------------------------------------------------------------------
    def _get_confirmation_contacts(self, means):
        """:return: dict {promise: whom it is confirmed to}: who promised, else accounts payable; empty if nobody can be
        written to by this means (R66)"""
        need = 'email' if means == 'email' else None
        payable = self.env['res.partner']._get_collection_payable_role()
        recipients = self.sudo().partner_id._get_collection_recipients(payable, need=need)
        contacts = {}
        for promise in self:
            said, others = promise.sudo().contact_id, recipients[promise.sudo().partner_id]
            found = said if said and said._is_reachable_by(need) else others.contacts[:1]
            reachable = found == said or others.reachable
            contacts[promise] = (found if reachable else found.browse()).with_env(self.env)
        return contacts

    def _get_confirmation_problem(self, means, contact):
        """:return: why the promise cannot be confirmed to a contact by this means, or None"""
        self.ensure_one()
        if self.state != 'running':
            return self.env._("%s has ended already.", self.display_name)
        if not contact:
            return self.env._("Nobody there can be written to by e-mail: confirm by letter, or complete the contacts.")
        contact = contact.sudo()
        if contact.commercial_partner_id != self.sudo().partner_id:
            return self.env._("%s is not a contact of this customer.", contact.display_name)
        if means == 'email' and not contact._is_reachable_by('email'):
            return self.env._("%s cannot be written to by e-mail: confirm by letter.", contact.display_name)
        if means == 'letter' and not self.env['collection.letter']._get_postal_partner(contact, self.sudo().partner_id):
            return self.env._("No usable postal address: street and town are needed.")
        return None

    # ------------------------------------------------------------------
    # Confirming
    # ------------------------------------------------------------------
    def action_confirm(self, means='email', contact_id=None):
        """Confirm a promise in writing, today. An e-mail is queued; a letter is made as a file and downloaded.

        :param str means: 'email' or 'letter'
        :param int contact_id: whom it goes to; by default who promised, else accounts payable
        :return: the action that downloads the letter, or None
        :raise UserError: when it cannot be confirmed like that
        :raise AccessError: if it is a plan, for who is no collector
        """
        self.ensure_one()
        self.check_access('write')
        self._check_plan_change()
        contact = self.env['res.partner'].browse(contact_id or []) or self._get_confirmation_contacts(means)[self]
        if problem := self._get_confirmation_problem(means, contact):
            raise UserError(problem)
        promise = self.sudo().with_context(collection_addressee=contact.id)
        file = promise._make_confirmation_file() if means == 'letter' or self.is_plan else False
        mail = promise._send_confirmation(file) if means == 'email' else False
        internal(self.sudo()).write(
            {
                'confirmed_on': self.company_id._collection_today(),
                'confirmed_by': means,
                'confirmed_to_id': contact.id,
                'confirmation_mail_id': mail and mail.id,
                'confirmation_file_id': file and file.id,
                'confirmation_problem': False,
            }
        )
        self.sudo()._activity_update()
        if means == 'email':
            self._log_on_promise({self: self.env._("Confirmed by e-mail to %s.", contact.sudo().name)})
            return None
        self._log_on_case({self: self.env._("%s: confirmed by letter.", self.display_name)})
        report = self.env.ref('account_collection_followup.action_report_promise_confirmation')
        # the file that was just made: it is not rendered again
        return dict(report.report_action(self, config=False), close_on_report_download=True)

    def _confirm_automatically(self):
        """Confirm by e-mail what was just promised, where the policy says so and somebody there has an address.
        A plan is confirmed by a person: it is an agreement to sign."""
        policies = self._get_policies()
        promises = self.filtered(
            lambda promise: (
                policies[promise].confirm_promises == 'email' and not promise.is_plan and promise._grants_time()
            )
        )
        for promise, contact in promises._get_confirmation_contacts('email').items():
            if contact and promise.state == 'running':
                promise.sudo()._confirm_apart(contact)

    def _confirm_apart(self, contact):
        """Confirm a promise by e-mail. If that fails the promise stands all the same, and the confirmation is on
        somebody's list."""
        try:
            with self.env.cr.savepoint():
                self.action_confirm('email', contact.id)
                self.env.flush_all()
        except OperationalError:
            raise
        except Exception as error:
            _logger.warning("Promise %s could not be confirmed", self.id, exc_info=True)
            internal(self).write({'confirmation_problem': ' '.join(str(error).split())[:200]})
            self._activity_update()

    def _make_confirmation_file(self):
        """:return: ``ir.attachment`` (sudo) of the promise: the letter or agreement as a PDF"""
        self.env['collection.step']._check_printer()
        report = self.env['ir.actions.report'].sudo().with_context(report_pdf_no_attachment=True)
        content, _kind = report._render_qweb_pdf(
            'account_collection_followup.report_promise_confirmation', res_ids=self.ids
        )
        return self.env['ir.attachment'].create(
            {
                'name': self._get_confirmation_file_name() + '.pdf',
                'raw': content,
                'mimetype': 'application/pdf',
                'res_model': self._name,
                'res_id': self.id,
            }
        )

    def _get_confirmation_file_name(self):
        self.ensure_one()
        promise = self.with_context(lang=self.lang)
        values = {'customer': self.partner_id.name, 'reference': self.confirmation_reference}
        if self.is_plan:
            return promise.env._("Instalment agreement %(reference)s %(customer)s", **values)
        return promise.env._("Payment agreed %(reference)s %(customer)s", **values)

    def _send_confirmation(self, file):
        """Queue the e-mail, in the chatter of the case. Its reader becomes a follower of nothing (R70).

        :param file: ``ir.attachment`` that goes with it, or False
        :return: ``mail.mail``
        """
        self.ensure_one()
        message = self._get_confirmation_message('email')
        sender, company = self.env.user.partner_id, self.letterhead_id
        return self.env['mail.mail'].create(
            {
                'subject': message['subject'],
                'body_html': message['body_html'],
                'body': message['body_html'],
                'model': 'collection.case',
                'res_id': self.case_id.id,
                'message_type': 'email_outgoing',
                'email_from': sender.email_formatted or company.partner_id.email_formatted,
                'author_id': sender.id,
                'recipient_ids': [(6, 0, self.addressee_id.ids)],
                'attachment_ids': [(6, 0, file.ids)] if file else [],
                'auto_delete': False,
                'is_notification': False,
            }
        )

    def _get_confirmation_message(self, means):
        """:return: dict with the rendered ``subject`` and ``body_html``, in the language of its reader"""
        self.ensure_one()
        name = TEXTS[means, self.is_plan]
        template = self.env.ref(f'account_collection_followup.{name}', raise_if_not_found=False)
        if not template:
            raise UserError(self.env._("The text of the confirmation is missing: an administrator deleted it."))
        template = template.sudo().with_context(
            collection_addressee=self.addressee_id.id, collection_letter=means == 'letter'
        )
        return template._generate_template(self.ids, ('subject', 'body_html'))[self.id]
