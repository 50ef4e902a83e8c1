from odoo import models


class MailMail(models.Model):
    _inherit = 'mail.mail'

    def _postprocess_sent_message(self, success_pids, success_emails, failure_reason=False, failure_type=None):
        # EXTENDS mail: a step knows whether its message left
        steps = self.env['collection.step'].sudo().search([('mail_id', 'in', self.ids)])
        if steps:
            if failure_type or failure_reason:
                steps._on_mail_failed(failure_reason or failure_type)
            else:
                steps._on_mail_sent()
        return super()._postprocess_sent_message(
            success_pids, success_emails, failure_reason=failure_reason, failure_type=failure_type
        )
