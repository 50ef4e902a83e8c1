from odoo import api, fields, models


class ResUsers(models.Model):
    """The digest of disputes is a user's own choice."""

    _inherit = 'res.users'

    collection_digest = fields.Boolean(
        "Digest of disputes",
        default=True,
        help="An e-mail in the morning, on days when disputes are new or past their time limit on your list.",
    )
    # told to nobody but the user himself, by the e-mail that superuser renders
    collection_digest_on = fields.Datetime(
        "Last digest of disputes", readonly=True, copy=False, groups=fields.NO_ACCESS
    )
    collection_digest_html = fields.Html(
        compute='_compute_collection_digest_html', sanitize=False, groups=fields.NO_ACCESS
    )

    @property
    def SELF_READABLE_FIELDS(self):
        return super().SELF_READABLE_FIELDS + ['collection_digest']

    @property
    def SELF_WRITEABLE_FIELDS(self):
        return super().SELF_WRITEABLE_FIELDS + ['collection_digest']

    @api.depends_context('uid')
    def _compute_collection_digest_html(self):
        """What the user would read himself: shown to nobody else, whoever made the field readable."""
        for user in self:
            if not (self.env.su or user == self.env.user):
                user.collection_digest_html = False
                continue
            digest = self.env['collection.dispute']._get_digest(user)
            user.collection_digest_html = self.env['ir.qweb']._render(
                'account_collection_followup.dispute_digest',
                {'digest': digest, 'base_url': user.get_base_url()},
                lang=user.lang,
            )
