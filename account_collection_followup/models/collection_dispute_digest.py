import logging
from datetime import timedelta

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import UserError

_logger = logging.getLogger(__name__)

#: a digest is not sent twice in a day, though the mornings of companies differ
HOURS_BETWEEN = 20


class CollectionDispute(models.Model):
    """One e-mail a day about the disputes on a user's list, instead of one for each (R13).

    It leaves in the morning of a working day, and only when something is new or past its time limit.
    """

    _inherit = 'collection.dispute'  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _send_digests(self, company):
        """Queue the digest of everyone who has disputes of a company on his list. For the daily run.

        :param company: a root company
        :return: ``res.users`` who get one
        :raise UserError: if none could be made for anybody
        """
        now = fields.Datetime.now()
        mine = self.sudo()._search([('company_id', '=', company.id), ('state', '=', 'open')])
        users = self.env['mail.activity'].sudo().search(self._get_digest_domain() + [('res_id', 'in', mine)]).user_id
        users = users.filtered(
            lambda user: user.active
            and user.collection_digest
            and user.email
            and (user.collection_digest_on or now - timedelta(days=1)) <= now - timedelta(hours=HOURS_BETWEEN)
        )  # fmt: skip
        sent = {user: self._try_to_send_digest(user, now) for user in users}
        if None in sent.values() and True not in sent.values():
            raise UserError(self.env._("Not one of them could be made: check the text of the digest."))
        return users.filtered(sent.get)

    @api.model
    def _try_to_send_digest(self, user, now):
        """Queue the digest of one user; what goes wrong with it does not take the others'.

        :return: whether he gets one, None if it could not be made
        """
        try:
            with self.env.cr.savepoint():
                if not any(self._get_digest(user).values()):
                    return False
                template = self.env.ref('account_collection_followup.mail_template_dispute_digest').sudo()
                template.send_mail_batch(user.ids, force_send=False)
                user.sudo().collection_digest_on = now
                self.env.flush_all()
        except OperationalError:
            # another worker got in the way: the whole preparation is tried again
            raise
        except Exception:
            _logger.exception("The digest of user %s could not be made", user.id)
            return None
        return True

    @api.model
    def _get_digest_domain(self):
        return [
            ('res_model', '=', self._name),
            ('automated', '=', True),
            ('activity_type_id', 'in', self._get_activity_types().ids),
        ]

    @api.model
    def _get_digest(self, user):
        """What a user's digest tells now, with his rights and in his language.

        :return: dict with ``late`` and ``new``: lists of (dispute, what he has to do)
        """
        activities = self.env['mail.activity'].sudo().search(self._get_digest_domain() + [('user_id', '=', user.id)])
        disputes = (
            self.with_user(user)
            .with_context(lang=user.lang, allowed_company_ids=user.company_ids.ids)
            .browse(activities.mapped('res_id'))
        )
        readable = {dispute.id: dispute for dispute in disputes.exists()._filtered_access('read')}
        told_on = user.sudo().collection_digest_on
        digest = {'late': [], 'new': []}
        for activity in activities.sorted('date_deadline'):
            dispute = readable.get(activity.res_id)
            if not dispute or dispute.state != 'open':
                continue
            if dispute.is_overdue:
                digest['late'].append((dispute, activity.summary))
            elif not told_on or activity.create_date > told_on:
                digest['new'].append((dispute, activity.summary))
        return digest
