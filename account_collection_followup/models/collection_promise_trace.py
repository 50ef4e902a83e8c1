from odoo import models

from .collection_fact import internal


class CollectionPromise(models.Model):
    """What became of a promise is told in its own chatter as well: who cancelled it and why, moves, the signature, the
    confirmation. Given up, it is not confirmed any more."""

    _inherit = 'collection.promise'  # pylint: disable=consider-merging-classes-inherited

    def _log_on_case(self, bodies):
        # EXTENDS collection.fact
        result = super()._log_on_case(bodies)
        self._log_on_promise(bodies)
        return result

    def _log_on_promise(self, bodies):
        """:param dict bodies: {promise: sentence}"""
        promises = self.sudo().browse(promise.id for promise in bodies)
        promises._message_log_batch(
            bodies={promise.id: body for promise, body in bodies.items()}, author_id=self.env.user.partner_id.id
        )

    def _withdraw_confirmation(self):
        """The confirmation of what was given up does not leave, if it waits in the queue still."""
        waiting = self.sudo().filtered(lambda promise: promise.confirmation_mail_id.state == 'outgoing')
        mails = waiting.confirmation_mail_id
        internal(waiting).write(
            {
                'confirmed_on': False,
                'confirmed_by': False,
                'confirmed_to_id': False,
                'confirmation_mail_id': False,
                'confirmation_file_id': False,
            }
        )
        mails.unlink()
        self._log_on_promise(
            {promise: self.env._("The confirmation had not left: it is not sent.") for promise in waiting}
        )
