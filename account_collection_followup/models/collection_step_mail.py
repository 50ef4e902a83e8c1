from odoo import models
from odoo.exceptions import UserError


class CollectionStep(models.Model):
    """The e-mail of a step: queued on the case, watched until the mail server took it."""

    _inherit = 'collection.step'

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

    def _on_mail_sent(self):
        """The mail server took the message."""
        steps = self.filtered(lambda step: step.email_state in ('todo', 'failed'))
        steps.write({'email_state': 'sent', 'failure': False})
        steps._mark_dirty()

    def _on_mail_failed(self, reason):
        """The message could not be handed over: the ladder waits until someone sends it again or records the failure (R49)."""
        self.write({'email_state': 'failed', 'failure': (reason or self.env._("The e-mail could not be sent."))[:400]})
        self._mark_dirty()

    def action_resend(self):
        """Send a failed e-mail again, to the address the customer has now."""
        self = self._check_collector()
        for step in self:
            if step.email_state != 'failed' or not step.mail_id:
                raise UserError(self.env._("%s has no failed e-mail.", step.display_name))
        recipients = self.partner_id._get_collection_recipients(self.level_id.recipient_role_ids, need='email')
        for step in self:
            found = recipients[step.partner_id]
            step.write(
                {
                    'recipient_id': found.contacts[:1].id,
                    'copy_ids': [(6, 0, found.contacts[1:].ids)],
                    'email_state': 'todo',
                    'failure': False,
                }
            )
            step._renew_date()
            message = step._get_message()
            step.mail_id.sudo().write(
                {
                    'state': 'outgoing',
                    'failure_reason': False,
                    'recipient_ids': [(6, 0, found.contacts.ids)],
                    'subject': message['subject'],
                    'body_html': message['body_html'],
                    'body': message['body_html'],
                }
            )
        self._mark_dirty()

    def _renew_date(self):
        """The date counts from the first written means that leaves (R49): as long as none has, a new try gives a new one."""
        self.ensure_one()
        if 'sent' not in (self.letter_state, self.registered_state):
            self.act_on = False
            self._fix_date(self.company_id._collection_today())
