from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import is_html_empty

from .collection_call import CALLER
from .collection_fact import internal


class CollectionCall(models.Model):
    """What is put in hand while one talks: what was paid already is held, documents leave, the right person is noted,
    a payment on the due date is confirmed (R4, R28, R29).

    Who logs the call needs no right but that: he chooses among the invoices he may talk about.
    """

    _inherit = 'collection.call'  # pylint: disable=consider-merging-classes-inherited

    right_contact_id = fields.Many2one(
        'res.partner', string="Person to call", readonly=True, copy=False, help="Who is right, as we were told."
    )

    documents_mail_id = fields.Many2one(
        'mail.mail',
        string="E-mail with documents",
        readonly=True,
        copy=False,
        ondelete='set null',
        groups='base.group_system',
    )
    documents_text = fields.Char("Documents", compute='_compute_documents_text', help="Those an e-mail brings.")

    letterhead_id = fields.Many2one('res.company', compute='_compute_documents_text')

    @api.depends('company_id')
    @api.depends_context('collection_documents', 'collection_letterhead')
    def _compute_documents_text(self):
        """What an e-mail brings, and in whose name: the branch's when all documents are one branch's (R69)."""
        letterhead = self.env['res.company'].browse(self.env.context.get('collection_letterhead') or [])
        for call in self:
            call.documents_text = self.env.context.get('collection_documents', '')
            call.letterhead_id = letterhead or call.company_id

    @api.constrains('right_contact_id', 'partner_id')
    def _check_right_contact(self):
        for call in self.sudo().filtered('right_contact_id'):
            if call.right_contact_id.commercial_partner_id != call.partner_id:
                raise ValidationError(
                    self.env._("%s does not belong to this customer.", call.right_contact_id.display_name)
                )

    def _check_open(self):
        """:raise UserError, AccessError: unless the user may log this call, and it is still planned"""
        self.ensure_one()
        self.check_access('write')
        if self.state != 'planned':
            raise UserError(self.env._("This call was made or cancelled already."))

    # ------------------------------------------------------------------
    # What may be talked about
    # ------------------------------------------------------------------
    def _get_choosable_lines(self):
        """:return: open instalments (``account.move.line``, sudo) the user may choose from: all of the customer for a
        caller, those the call is about for others"""
        self.ensure_one()
        if not (self.env.su or self.env.user.has_group(CALLER)):
            return self._get_contestable_lines()
        items = self.case_id.item_ids.filtered(lambda item: item.kind == 'invoice')
        return self.env['account.move.line'].sudo().browse(items.ids)

    def _check_choosable(self, lines):
        """:param lines: ``account.move.line``
        :return: the same, sudo
        :raise UserError: if one of them is not the user's to choose"""
        allowed = self._get_choosable_lines()
        if any(line.id not in allowed._ids for line in lines):
            raise UserError(self.env._("Choose among the invoices this call is about."))
        return lines.sudo()

    # ------------------------------------------------------------------
    # Answers
    # ------------------------------------------------------------------
    def _record_answers(self, answers):
        """Keep what was answered to the questions of the script, as they were asked (R6).

        :param answers: list of (``collection.script.line``, choice or None, note)
        """
        self._check_open()
        today = self.company_id._collection_today()
        internal(self.env['collection.call.answer'].sudo()).create(
            [
                {
                    'call_id': self.id,
                    'case_id': self.case_id.id,
                    'partner_id': self.sudo().partner_id.id,
                    'company_id': self.company_id.id,
                    'script_line_id': line.id,
                    'purpose': line.script_id.purpose,
                    'kind': line.kind,
                    'rated': line._is_rating(),
                    'question': line.name,
                    'choice': choice or False,
                    'note': note,
                    'team_id': line.team_id.id,
                    'user_id': self.env.uid,
                    'made_on': today,
                }
                for line, choice, note in answers
            ]
        )

    # ------------------------------------------------------------------
    # Paid already
    # ------------------------------------------------------------------
    def _hold_paid(self, lines, words):
        """Hold invoices the customer says he has paid, for some working days (a setting of the company), so that the
        money can be found (R28). They are talked about again the working day after.

        :param lines: instalments
        :param str words: date, amount and reference, as he says
        :return: the holds
        """
        self._check_open()
        moves = self._check_choosable(lines).move_id
        today = self.company_id._collection_today()
        calendar = self.env['collection.holiday']._working_days(self.company_id)
        days = self.company_id.sudo().collection_paid_already_days
        internal(self).sudo().move_ids |= moves
        return (
            self.env['collection.hold']
            .sudo()
            .create(
                [
                    {
                        'partner_id': self.sudo().partner_id.id,
                        'company_id': self.company_id.id,
                        'move_id': move.id,
                        'reason': words,
                        'date_from': today,
                        'date_until': calendar.add(today, days),
                        'user_id': self.env.uid,
                    }
                    for move in moves
                ]
            )
        )

    def _get_next_call_date(self, result, callback_on, today):
        # EXTENDS: what was paid already, or not, is talked about the working day after its hold
        if result == 'paid_already' and not callback_on:
            calendar = self.env['collection.holiday']._working_days(self.company_id)
            return calendar.add(today, self.company_id.sudo().collection_paid_already_days + 1)
        return super()._get_next_call_date(result, callback_on, today)

    # ------------------------------------------------------------------
    # The right person
    # ------------------------------------------------------------------
    def _name_person(self, contact=None, values=None):
        """Note who is the right person to call: the next call goes to him (R28).

        :param contact: somebody of the customer who is known already
        :param dict values: of a new contact otherwise: ``name``, ``phone``, ``email``, ``function``, ``role_id``
        :return: the contact
        """
        self._check_open()
        self.partner_id._check_collection_file(self.company_id)
        if not contact:
            values = {name: value for name, value in (values or {}).items() if value}
            role_id = values.pop('role_id', False)
            allowed = {'name', 'phone', 'email', 'function'}
            self.env['res.partner']._check_collection_contact_data(values)
            contact = (
                self.env['res.partner']
                .sudo()
                .create(
                    {
                        **{name: value for name, value in values.items() if name in allowed},
                        'parent_id': self.sudo().partner_id.id,
                        'type': 'contact',
                        'collection_role_ids': [fields.Command.set([role_id] if role_id else [])],
                    }
                )
            )
        internal(self).write({'right_contact_id': contact.id})
        return contact

    def _get_next_contact(self):
        # EXTENDS: who was named as the right person
        if self.result == 'wrong_person' and self.right_contact_id:
            return self.right_contact_id
        return super()._get_next_contact()

    def _keep_on_contact(self, values):
        """Complete the contact who is called with what he said (R22). What would replace something else is noted on
        him by who may not change contacts.

        :param dict values: of his position, e-mail or phone
        """
        self._check_open()
        contact = self.contact_id
        if not contact or contact.sudo().commercial_partner_id != self.sudo().partner_id:
            return
        contact.commercial_partner_id._check_collection_file(self.company_id)
        said = {
            name: value
            for name, value in values.items()
            if name in ('function', 'email', 'phone') and value != contact.sudo()[name]
        }
        contact._check_collection_contact_data(said)
        if left := contact._complete_collection_contact(said):
            contact.sudo()._message_log(
                body=self.env._("Said in a call: %s", ', '.join(left.values())),
                author_id=self.env.user.partner_id.id,
            )

    # ------------------------------------------------------------------
    # Payment confirmed on the due date
    # ------------------------------------------------------------------
    def _confirm_payment(self):
        """The customer confirms that the invoices of a satisfaction call will be paid when they fall due: a promise that
        grants no time, so that who makes the call may enter it (R4).

        :return: the promises, one per due date; empty if nothing is left to promise
        """
        self._check_open()
        promises = self.env['collection.promise'].sudo()
        items = self.env['collection.item'].sudo().browse(self._get_contestable_lines().ids)
        today = self.company_id._collection_today()
        lines = [
            {
                'move_id': item.move_id.id,
                'line_id': item.line_id.id,
                'amount': item.residual_currency - item.disputed,
                'date': max(item.due_date, today),
            }
            for item in items
            if self.purpose == 'satisfaction' and not item.promised and item.residual_currency > item.disputed
        ]
        if lines:
            promises = promises.create(
                promises._split_by_due_date(
                    {
                        'partner_id': self.sudo().partner_id.id,
                        'company_id': self.company_id.id,
                        'contact_id': self.contact_id.id,
                        'user_id': self.env.uid,
                        'channel': 'phone' if self.channel == 'call' else 'meeting',
                        'line_ids': [fields.Command.create(line) for line in lines],
                    }
                )
            )
            internal(self).write({'promise_id': promises[0].id})
        return promises.with_env(self.env)

    # ------------------------------------------------------------------
    # Documents
    # ------------------------------------------------------------------
    def _prepare_documents(self, lines, contact):
        """Get duplicates of invoices ready to be e-mailed to a contact (R29). Nobody becomes a follower of anything.

        :param lines: instalments of the invoices
        :param contact: ``res.partner`` with an e-mail address
        :return: names of the documents, which leave with :meth:`_deliver_documents`
        :raise UserError: if the contact cannot be written to
        """
        self._check_open()
        moves = self._check_choosable(lines).move_id
        person = contact.sudo()
        if person.commercial_partner_id != self.sudo().partner_id or not person._is_reachable_by('email'):
            raise UserError(
                self.env._("%s cannot be written to by e-mail: send the documents another way.", contact.name or '')
            )
        attachments = (
            self.env['account.move.send'].sudo()._generate_and_send_invoices(moves, sending_methods=['manual'])
        )
        mail = self.env['mail.mail'].sudo().create(self._prepare_documents_mail(moves, contact, attachments))
        internal(self).sudo().documents_mail_id = mail
        for move in moves:
            move._message_log(
                body=self.env._("Duplicate sent to %(contact)s during a call.", contact=contact.name),
                author_id=self.env.user.partner_id.id,
            )
        return ', '.join(moves.mapped('name'))

    def _deliver_documents(self):
        """E-mail the documents at once: the customer is still on the line. The last thing that is done.

        :raise UserError: if they did not leave; then nothing is recorded, and the user sees why
        """
        mail = self.sudo().documents_mail_id.filtered(lambda mail: mail.state == 'outgoing')
        if mail:
            mail.send(raise_exception=False)
        if mail.state == 'exception':
            raise UserError(
                self.env._(
                    "The e-mail to %(contact)s did not leave: %(reason)s Send the documents another way, or try again.",
                    contact=', '.join(mail.recipient_ids.mapped('name')),
                    reason=mail.failure_reason or '',
                )
            )

    def _prepare_documents_mail(self, moves, contact, attachments):
        """:return: values of the e-mail, which is kept with the case"""
        companies = moves.company_id
        company = companies if len(companies) == 1 else self.sudo().company_id
        call = self.sudo().with_context(
            collection_documents=', '.join(moves.mapped('name')), collection_letterhead=company.id
        )
        template = call.env.ref('account_collection_followup.mail_template_documents')
        text = template._generate_template(call.ids, ('subject', 'body_html'))[call.id]
        if is_html_empty(text['body_html']):
            raise UserError(self.env._("The text that goes with documents is empty: see the e-mail templates."))
        sender = self.env.user.partner_id
        return {
            'subject': text['subject'],
            'body_html': text['body_html'],
            'body': text['body_html'],
            'model': 'collection.case',
            'res_id': call.case_id.id,
            'message_type': 'email_outgoing',
            'email_from': sender.email_formatted or company.partner_id.email_formatted,
            'author_id': sender.id,
            'recipient_ids': [fields.Command.set(contact.ids)],
            'attachment_ids': [fields.Command.set(attachments.ids)],
            'auto_delete': False,
            'is_notification': False,
        }
