from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date

from .collection_dispute_outcome import CollectionDispute as Dispute
from .collection_fact import internal


class CollectionDispute(models.Model):
    """What the customer is answered when a dispute is rejected: by e-mail with its proof, by letter or by telephone (R16).

    The e-mail lives in the chatter of the dispute, where a reply comes back. Its addressee becomes a follower of
    nothing. One that could not leave is on a list until it is sent again or answered by other means.
    """

    _inherit = 'collection.dispute'  # pylint: disable=consider-merging-classes-inherited

    _activity_fields = Dispute._activity_fields | {'answer_state'}
    _guarded_fields = Dispute._guarded_fields | {
        'answer_means', 'answer_contact_id', 'answer_mail_id', 'answer_state', 'answer_failure'}  # fmt: skip

    answer_means = fields.Selection(
        [('email', "E-mail"), ('letter', "Letter"), ('phone', "Telephone")],
        string="Answered by",
        readonly=True,
        copy=False,
    )
    answer_contact_id = fields.Many2one(
        'res.partner', string="Answered to", readonly=True, copy=False, index='btree_not_null', ondelete='restrict'
    )
    answer_mail_id = fields.Many2one(
        'mail.mail', readonly=True, copy=False, index='btree_not_null', ondelete='set null', groups='base.group_system'
    )
    answer_state = fields.Selection(
        [('queued', "Being sent"), ('sent', "Sent"), ('failed', "Not sent")],
        string="Answer",
        readonly=True,
        copy=False,
        index='btree_not_null',
    )
    answer_failure = fields.Char(readonly=True, copy=False, help="Why the answer could not be sent.")
    # for the text of the answer
    answer_lang = fields.Char(compute='_compute_answer_words')
    answer_sender = fields.Char(compute='_compute_answer_words')
    answer_name = fields.Char(compute='_compute_answer_words')
    answer_until_text = fields.Char(compute='_compute_answer_words')
    answer_encloses = fields.Boolean(compute='_compute_answer_words')
    contested_text = fields.Char(compute='_compute_answer_words')
    letterhead_id = fields.Many2one('res.company', compute='_compute_letterhead_id')

    # ------------------------------------------------------------------
    # The text
    # ------------------------------------------------------------------
    @api.model
    def mail_allowed_qweb_expressions(self):
        """Placeholders of the answer: an administrator who is no template editor may use these."""
        return super().mail_allowed_qweb_expressions() + (
            'object.answer_lang',
            'object.answer_name',
            'object.answer_sender',
            'object.answer_until_text',
            'object.answer_encloses',
            'object.contested_text',
            'object.letterhead_id.name',
            'object.company_id.name',
        )

    @api.depends_context(
        'lang', 'uid', 'collection_answer_contact', 'collection_answer_until', 'collection_answer_encloses'
    )
    def _compute_answer_words(self):
        """To whom, until when, about what, in the language of the context: the dialog knows them before the dispute."""
        addressee = self.env['res.partner'].browse(self.env.context.get('collection_answer_contact') or [])
        until = self.env.context.get('collection_answer_until')
        for dispute in self:
            contact = addressee or dispute.answer_contact_id
            dispute.answer_sender = self.env.user.name
            dispute.answer_lang = contact.lang or dispute.partner_id.lang or self.env.lang
            dispute.answer_name = contact.name or dispute.partner_id.name
            dispute.answer_encloses = bool(self.env.context.get('collection_answer_encloses'))
            dispute.answer_until_text = format_date(self.env, until or dispute.response_until)
            dispute.contested_text = ', '.join(
                self.env._("%(invoice)s (%(amount)s)", invoice=move.name, amount=move.currency_id.format(amount))
                for move, amount in dispute._get_contested_amounts()
            )

    @api.depends('line_ids.move_id')
    def _compute_letterhead_id(self):
        """The branch that sold, if it is one (R69)."""
        for dispute in self:
            companies = dispute.sudo().line_ids.move_id.company_id
            dispute.letterhead_id = companies if len(companies) == 1 else dispute.company_id

    def _get_contested_amounts(self):
        """:return: list of (invoice, amount contested of it), as superuser"""
        self.ensure_one()
        by_move = self.sudo().line_ids.grouped('move_id')
        return [(move, sum(lines.mapped('amount'))) for move, lines in by_move.items()]

    def _render_answer(self, contact, until, encloses=False):
        """The proposed text of the answer, in the language of who reads it. Our assessed motive is no part of it (R15).

        :param contact: ``res.partner`` it goes to
        :param date until: until when he may react
        :param bool encloses: whether documents go along: the text speaks of them only then
        :return: dict with ``subject`` and ``body_html``
        """
        self.ensure_one()
        template = self.env.ref('account_collection_followup.mail_template_dispute_rejected', raise_if_not_found=False)
        if not template:
            return {'subject': self.company_id.name, 'body_html': ''}
        template = template.sudo().with_context(
            collection_answer_contact=contact.id,
            collection_answer_until=fields.Date.to_string(until),
            collection_answer_encloses=encloses,
        )
        return template._generate_template(self.ids, ('subject', 'body_html'))[self.id]

    # ------------------------------------------------------------------
    # Sending
    # ------------------------------------------------------------------
    def _get_answer_contact(self):
        """:return: who pays there, and can be reached by e-mail if anybody can"""
        self.ensure_one()
        partner = self.partner_id
        recipients = partner._get_collection_recipients(partner._get_collection_payable_role(), need='email')
        return recipients[partner].contacts[:1] or partner

    def _send_answer(self, contact, subject, body, attachments):
        """Queue the answer to the customer by e-mail.

        :param contact: ``res.partner``
        :param str subject: of the e-mail
        :param body: its text, HTML
        :param attachments: ``ir.attachment``: files of the dispute, or the user's own that belong to nothing yet
        :raise UserError: if the contact is not the customer's or cannot be reached by e-mail
        :raise AccessError: if a file is somebody else's
        """
        self.ensure_one()
        self.check_access('write')
        self._check_contact(contact)
        if not contact.sudo()._is_reachable_by('email'):
            raise UserError(
                self.env._(
                    "%s cannot be reached by e-mail: choose another contact, or answer by letter or telephone.",
                    contact.display_name,
                )
            )
        self._take_attachments(attachments)
        mail = self.env['mail.mail'].sudo().create(self._prepare_answer(contact, subject, body, attachments))
        internal(self.sudo()).write(
            {
                'answer_means': 'email',
                'answer_contact_id': contact.id,
                'answer_mail_id': mail.id,
                'answer_state': 'queued',
                'answer_failure': False,
            }
        )

    def _check_contact(self, contact):
        if contact.sudo().commercial_partner_id != self.partner_id:
            raise UserError(self.env._("%s is no contact of this customer.", contact.display_name))

    def _take_attachments(self, attachments):
        """Keep files that were chosen with the dispute.

        :raise AccessError: if one belongs to something else
        """
        for attachment in attachments.sudo():
            own = (attachment.res_model, attachment.res_id) == (self._name, self.id)
            loose = attachment.create_uid == self.env.user and (
                not attachment.res_id or attachment.res_model == 'collection.dispute.close'
            )
            if not (own or loose):
                raise AccessError(self.env._("%s is no file of this dispute.", attachment.id))
            if not own:
                attachment.write({'res_model': self._name, 'res_id': self.id})

    def _prepare_answer(self, contact, subject, body, attachments):
        """:return: values of the e-mail, see :meth:`_prepare_mail` of a step"""
        author = self.env.user.partner_id
        return {
            'subject': subject,
            'body_html': body,
            'body': body,
            'model': self._name,
            'res_id': self.id,
            'message_type': 'email_outgoing',
            'email_from': author.email_formatted or self.letterhead_id.partner_id.email_formatted,
            'author_id': author.id,
            'recipient_ids': [(6, 0, contact.ids)],
            'attachment_ids': [(6, 0, attachments.ids)],
            'auto_delete': False,
            'is_notification': False,
        }

    def _record_answer(self, means, contact):
        """The customer was answered by letter or by telephone.

        :raise UserError: if the contact is not the customer's
        """
        self.ensure_one()
        self.check_access('write')
        self._check_contact(contact)
        internal(self.sudo()).write(
            {
                'answer_means': means,
                'answer_contact_id': contact.id,
                'answer_state': 'sent',
                'answer_failure': False,
            }
        )
        labels = dict(self._fields['answer_means']._description_selection(self.env))
        self._message_log(
            body=self.env._("Answered to %(contact)s: %(means)s.", contact=contact.name, means=labels[means])
        )

    # ------------------------------------------------------------------
    # Afterwards
    # ------------------------------------------------------------------
    def _on_answer_sent(self):
        internal(self.sudo()).write({'answer_state': 'sent', 'answer_failure': False})
        for dispute in self.sudo().filtered('response_until'):
            if dispute.response_until < dispute.company_id._collection_today():
                # it waited for so long that its date is over
                dispute._renew_response()
        self._mark_dirty()

    def _on_answer_failed(self, reason):
        """The answer could not be handed over: who closes the disputes of this customer has it on his list.

        :param str reason: why, as the mail server says it
        """
        reason = (reason or self.env._("The e-mail could not be sent."))[:400]
        disputes = self.sudo()
        internal(disputes).write({'answer_state': 'failed', 'answer_failure': reason})
        disputes._message_log_batch(
            bodies={dispute.id: self.env._("The answer was not sent: %s", reason) for dispute in disputes}
        )

    def _get_wanted_activities(self):
        # EXTENDS collection.activity.mixin: a closed dispute waits for an answer that did not leave
        result = super()._get_wanted_activities()
        kind = self.env.ref('account_collection_followup.activity_type_dispute_mail').id
        for dispute in self.filtered(lambda dispute: dispute.answer_state == 'failed' and dispute.state == 'closed'):
            if closer := dispute._get_closer():
                today = dispute.company_id._collection_today()
                result[dispute] = [{'user_id': closer.id, 'activity_type_id': kind, 'date_deadline': today}]
        return result

    def action_resend_answer(self):
        """Send an answer that failed again, to the address the contact has now. The response time counts from today.

        :raise UserError: if no answer failed, or the contact still cannot be reached
        """
        self.ensure_one()
        self._check_answer_failed()
        mail = self.sudo().answer_mail_id
        if not mail:
            raise UserError(self.env._("The e-mail was deleted: answer by letter or by telephone."))
        contact = self.answer_contact_id
        attachments = self.env['ir.attachment'].browse(mail.attachment_ids.ids)
        self._send_answer(contact, mail.subject, mail.body_html, attachments)
        self._renew_response()

    def action_answered_by_letter(self):
        """Record that the customer got a letter in place of an e-mail that failed."""
        self.ensure_one()
        self._check_answer_failed()
        self._record_answer('letter', self.answer_contact_id)
        self._renew_response()

    def _check_answer_failed(self):
        self.check_access('write')
        if self.answer_state != 'failed':
            raise UserError(self.env._("No answer to this customer failed."))

    def _renew_response(self):
        """The customer has his days from the day the answer really left."""
        today = self.company_id._collection_today()
        until = self.env['collection.holiday']._working_days(self.company_id).add(today, self.type_id.response_days)
        if self.state == 'closed' and (not self.response_until or self.response_until < until):
            internal(self.sudo()).response_until = until
            self._mark_dirty()

    def action_reopen(self):
        # what was answered before is in the chatter
        reopened = super().action_reopen()
        unsent = self.sudo().filtered(lambda dispute: dispute.answer_state in ('queued', 'failed'))
        internal(reopened.sudo() | unsent).write({'answer_state': False, 'answer_failure': False})
        return reopened
