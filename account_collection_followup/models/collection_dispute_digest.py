from datetime import timedelta

from odoo import api, fields, models

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
        """
        now = fields.Datetime.now()
        mine = self.sudo()._search([('company_id', '=', company.id), ('state', '=', 'open')])
        users = self.env['mail.activity'].sudo().search(self._get_digest_domain() + [('res_id', 'in', mine)]).user_id
        users = users.filtered(
            lambda user: user.active
            and user.collection_digest
            and user.email
            and (user.collection_digest_on or now - timedelta(days=1)) <= now - timedelta(hours=HOURS_BETWEEN)
            and any(self._get_digest(user).values())
        )  # fmt: skip
        template = self.env.ref('account_collection_followup.mail_template_dispute_digest').sudo()
        if users:
            template.send_mail_batch(users.ids, force_send=False)
            users.sudo().write({'collection_digest_on': now})
        return users

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
        digest = {'late': [], 'new': []}
        for activity in activities.sorted('date_deadline'):
            dispute = readable.get(activity.res_id)
            if not dispute or dispute.state != 'open':
                continue
            if dispute.is_overdue:
                digest['late'].append((dispute, activity.summary))
            elif not user.collection_digest_on or activity.create_date > user.collection_digest_on:
                digest['new'].append((dispute, activity.summary))
        return digest
