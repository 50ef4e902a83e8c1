from odoo import models


class MailMail(models.Model):
    """The e-mail of a step leaves only while what it asks for is still due, and the step knows whether it left."""

    _inherit = 'mail.mail'  # pylint: disable=consider-merging-classes-inherited

    def _get_collection_steps(self):
        return self.env['collection.step'].sudo().search([('mail_id', 'in', self.ids), ('email_state', '=', 'todo')])

    def send(self, auto_commit=False, raise_exception=False, post_send_callback=None):
        # EXTENDS mail: hours may pass in the queue, in which customers pay, promise or contest
        withdrawn = self._get_collection_steps()._withdraw_outdated()
        return super(MailMail, self - withdrawn.mail_id).send(
            auto_commit=auto_commit, raise_exception=raise_exception, post_send_callback=post_send_callback
        )

    def _postprocess_sent_message(self, success_pids, success_emails, failure_reason=False, failure_type=None):
        # EXTENDS mail: one message, several recipients: it left if the addressee has it
        success_ids = {partner if isinstance(partner, int) else partner.id for partner in success_pids or ()}
        failure = failure_reason or failure_type
        for step in self._get_collection_steps():
            if not failure or step.recipient_id.id in success_ids:
                step._on_mail_sent(failure)
            else:
                step._on_mail_failed(failure)
        return super()._postprocess_sent_message(
            success_pids, success_emails, failure_reason=failure_reason, failure_type=failure_type
        )

    def cancel(self):
        # EXTENDS mail: a message cancelled in the queue by hand
        self._get_collection_steps()._on_mail_failed(self.env._("The e-mail was cancelled in the queue."))
        return super().cancel()

    def unlink(self):
        # EXTENDS mail: a message deleted from the queue by hand
        self._get_collection_steps()._on_mail_failed(self.env._("The e-mail was deleted from the queue."))
        return super().unlink()
