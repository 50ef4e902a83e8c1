from odoo import api, models
from odoo.tools import SQL


class CollectionPromise(models.Model):
    """A confirmation that did not leave is on somebody's list: the customer waits for it (R31)."""

    _inherit = 'collection.promise'  # pylint: disable=consider-merging-classes-inherited

    def _get_wanted_activities(self):
        # EXTENDS: an e-mail that failed is sent again, or made a letter
        result = super()._get_wanted_activities()
        kind = self.env.ref('account_collection_followup.activity_type_promise_mail', raise_if_not_found=False)
        for promise in self if kind else ():
            failed = promise.state == 'running' and promise.confirmation_state == 'failed'
            if failed and (user := promise._get_responsible()):
                today = promise.company_id._collection_today()
                result[promise] = [{'user_id': user.id, 'activity_type_id': kind.id, 'date_deadline': today}]
        return result


class MailMail(models.Model):
    _inherit = 'mail.mail'  # pylint: disable=consider-merging-classes-inherited

    def _get_collection_promises(self):
        return self.env['collection.promise'].sudo().search([('confirmation_mail_id', 'in', self.ids)])

    def _postprocess_sent_message(self, success_pids, success_emails, failure_reason=False, failure_type=None):
        # EXTENDS mail: before the e-mail may be deleted
        self._get_collection_promises()._activity_update()
        return super()._postprocess_sent_message(
            success_pids, success_emails, failure_reason=failure_reason, failure_type=failure_type
        )

    def cancel(self):
        # EXTENDS mail: a message cancelled in the queue by hand
        result = super().cancel()
        self._get_collection_promises()._activity_update()
        return result


class CollectionException(models.Model):
    _inherit = 'collection.exception'

    _depends = {
        'collection.promise': ['amount', 'company_id', 'confirmation_mail_id', 'confirmed_on', 'partner_id', 'state'],
        'mail.mail': ['state'],
    }

    @api.model
    def _get_sources(self):
        return super()._get_sources() + [self._get_confirmation_query()]

    def _get_confirmation_query(self):
        """Confirmations of running promises whose e-mail failed; amounts at the rate of their invoices."""
        return SQL(
            """SELECT p.id, 'confirmation', p.confirmed_on, p.partner_id, p.company_id, NULL::int, NULL::int,
                      (SELECT sum(l.amount * COALESCE(abs(m.amount_total_signed) / NULLIF(abs(m.amount_total), 0), 1))
                         FROM collection_promise_line l JOIN account_move m ON m.id = l.move_id WHERE l.promise_id = p.id)
                 FROM collection_promise p JOIN mail_mail e ON e.id = p.confirmation_mail_id
                WHERE p.state = 'running' AND p.confirmed_on IS NOT NULL AND e.state IN ('exception', 'cancel')"""
        )

    @api.model
    def _say_confirmation(self, promise):
        return self.env._("%(promise)s: %(text)s", promise=promise.display_name, text=promise.confirmation_text or '')
