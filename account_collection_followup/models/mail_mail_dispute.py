from odoo import models


class MailMail(models.Model):
    """A rejected dispute knows whether the answer to the customer left."""

    _inherit = 'mail.mail'  # pylint: disable=consider-merging-classes-inherited

    def _get_collection_answers(self):
        """:return: disputes whose answer is among these e-mails and has not left yet"""
        return (
            self.env['collection.dispute']
            .sudo()
            .search([('answer_mail_id', 'in', self.ids), ('answer_state', '=', 'queued')])
        )

    def _postprocess_sent_message(self, success_pids, success_emails, failure_reason=False, failure_type=None):
        # EXTENDS mail
        answers = self._get_collection_answers()
        if failure := failure_reason or failure_type:
            answers._on_answer_failed(failure)
        else:
            answers._on_answer_sent()
        return super()._postprocess_sent_message(
            success_pids, success_emails, failure_reason=failure_reason, failure_type=failure_type
        )

    def cancel(self):
        # EXTENDS mail: a message cancelled in the queue by hand
        self._get_collection_answers()._on_answer_failed(self.env._("The e-mail was cancelled in the queue."))
        return super().cancel()

    def unlink(self):
        # EXTENDS mail: a message deleted from the queue by hand
        self._get_collection_answers()._on_answer_failed(self.env._("The e-mail was deleted from the queue."))
        return super().unlink()
