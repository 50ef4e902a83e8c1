from odoo import fields, models
from odoo.exceptions import UserError

#: reasons for which a message that is already written must not leave any more
STANDS_BEFORE = frozenset({
    'future', 'no_followup', 'litigation', 'archived', 'no_policy', 'no_levels', 'hold', 'hold_response', 'response',
    'disputed', 'promised', 'direct_debit', 'not_sent', 'receipt', 'netted', 'small'})  # fmt: skip


class CollectionStep(models.Model):
    """The e-mail of a step: queued on the case, watched until the mail server took it."""

    _inherit = 'collection.step'  # pylint: disable=consider-merging-classes-inherited

    written_on = fields.Date("Text written on", help="The day the message was written, with the dates it names.")

    def _get_message(self):
        """:return: dict with the rendered ``subject`` and ``body_html``"""
        self.ensure_one()
        return self.level_id.mail_template_id.sudo()._generate_template(self.ids, ('subject', 'body_html'))[self.id]

    def _prepare_mail(self, message):
        """Values of the e-mail: it lives in the chatter of the case, so that the text as sent is kept (R56)
        and a reply comes back there. Recipients become followers of nothing (R70).

        :param dict message: rendered ``subject`` and ``body_html``
        """
        self.ensure_one()
        sender = self.sender_id.partner_id
        email_from = (
            sender.email_formatted
            or self.letterhead_id.partner_id.email_formatted
            or self.company_id.partner_id.email_formatted
        )
        return {
            'subject': message['subject'],
            'body_html': message['body_html'],
            'body': message['body_html'],
            'model': 'collection.case',
            'res_id': self.case_id.id,
            'message_type': 'email_outgoing',
            'email_from': email_from,
            'author_id': sender.id or self.company_id.partner_id.id,
            'recipient_ids': [(6, 0, (self.recipient_id | self.copy_ids).ids)],
            'auto_delete': False,
            'is_notification': False,
        }

    # ------------------------------------------------------------------
    # Before it leaves
    # ------------------------------------------------------------------
    def _get_outdated(self):
        """The steps whose e-mail must not leave any more, asked of the plan now.

        :return: dict step → why, in words
        """
        messages = self._without_handovers()
        late = messages.filtered(lambda step: step.written_on != step.company_id._collection_today())
        outdated = {step: self.env._("It did not leave on the day it was written") for step in late}
        return outdated | (messages - late)._get_changed()

    def _without_handovers(self):
        # what is handed over stands by the manager's decision: no message takes it back
        return self.filtered(lambda step: step.track != 'litigation')

    def _get_changed(self):
        """The steps that ask for something that is settled, disputed, promised or held meanwhile.

        :return: dict step → why, in words
        """
        changed = {}
        reasons = self.env['collection.run.line']._get_reason_labels()
        for company, steps in self._without_handovers().grouped('company_id').items():
            today = company._collection_today()
            plan = self.env['collection.plan'].sudo()
            answers = {item.line_id: item for item in plan._plan(company, today, partners=steps.partner_id)}
            for step in steps:
                if blocked := step._get_first_blocked(answers):
                    changed[step] = reasons.get(blocked, blocked)
        return changed

    def _get_first_blocked(self, answers):
        """:return: the reason why something asked for is not due as it was, or None"""
        self.ensure_one()
        for line in self.line_ids.filtered(lambda line: line.role == 'asked'):
            answer = answers.get(line.line_id.id)
            if not answer:
                return 'settled'
            if answer.reason in STANDS_BEFORE:
                return answer.reason
            if line.currency_id.compare_amounts(answer.to_chase, line.asked) < 0:
                return 'settled'
        return None

    def _withdraw_outdated(self):
        """Take back the messages whose reason to be has gone since they were written; the next run says what is due then.

        :return: the steps taken back
        """
        outdated = self._get_outdated()
        for step, reason in outdated.items():
            step.mail_id.sudo().write({'state': 'cancel', 'failure_reason': reason})
            if step.call_state == 'sent' or 'sent' in (step.letter_state, step.registered_state):
                # part of it is done already: a person decides about the rest
                step._on_mail_failed(reason)
            else:
                step._take_back(reason)
        return self.browse().union(*outdated)

    # ------------------------------------------------------------------
    # Afterwards
    # ------------------------------------------------------------------
    def _on_mail_sent(self, failure=None):
        """The mail server took the message.

        :param str failure: a copy that could not be delivered
        """
        failure = failure and self.env._("A copy was not delivered: %s", failure)[:400]
        for step in self:
            # what is said of a letter that failed, or of a call that cannot be made, stays
            stays = 'failed' in (step.letter_state, step.registered_state) or step.call_state in ('failed', 'waived')
            said = [stays and step.failure, failure]
            step.write({'email_state': 'sent', 'failure': ' '.join(filter(None, said)) or False})
        self._mark_dirty(later=True)

    def _on_mail_failed(self, reason):
        """The message could not be handed over: the ladder waits until someone sends it again or records the failure (R49)."""
        self.write({'email_state': 'failed', 'failure': (reason or self.env._("The e-mail could not be sent."))[:400]})
        self._mark_dirty()

    def action_resend(self):
        """Send a failed e-mail again, to the address the customer has now.

        :raise UserError: when there is nothing to send again, or what it asks for has changed meanwhile
        """
        self = self._check_collector()
        for step in self:
            if step.cancelled or step.email_state != 'failed' or not step.mail_id:
                raise UserError(self.env._("%s has no failed e-mail.", step.display_name))
        self.written_on = self.company_id[:1]._collection_today()
        for step, reason in self._get_outdated().items():
            raise UserError(
                self.env._(
                    "%(step)s cannot be sent again: %(reason)s. Cancel it or record the failure; "
                    "the next run proposes what is due then.",
                    step=step.display_name,
                    reason=reason,
                )
            )
        recipients = self.partner_id._get_collection_recipients(self.level_id.recipient_role_ids, need='email')
        for step in self:
            step._send_again(recipients[step.partner_id].contacts)
        self._mark_dirty()

    def _send_again(self, contacts):
        self.ensure_one()
        self.write(
            {
                'recipient_id': contacts[:1].id,
                'copy_ids': [(6, 0, contacts[1:].ids)],
                'email_state': 'todo',
                'failure': False,
            }
        )
        self._renew_date()
        message = self._get_message()
        self.mail_id.sudo().write(
            {
                'state': 'outgoing',
                'failure_reason': False,
                'recipient_ids': [(6, 0, contacts.ids)],
                'subject': message['subject'],
                'body_html': message['body_html'],
                'body': message['body_html'],
            }
        )

    def _renew_date(self):
        """The date counts from the first written means that leaves (R49): as long as none has, a new try gives a new one."""
        self.ensure_one()
        if 'sent' not in (self.letter_state, self.registered_state):
            # a letter that is printed already names another date: it has to be printed again
            self.write({'act_on': False, 'printed_on': False, 'letter_html': False})
            self._fix_date(self.company_id._collection_today())
