from odoo import fields, models


class ResUsers(models.Model):
    """The digest of disputes is a user's own choice."""

    _inherit = 'res.users'

    collection_digest = fields.Boolean(
        "Digest of disputes",
        default=True,
        help="An e-mail in the morning, on days when disputes are new or past their time limit on your list.",
    )
    collection_digest_on = fields.Datetime("Last digest of disputes", readonly=True, copy=False)
    collection_digest_html = fields.Html(compute='_compute_collection_digest_html', sanitize=False)

    @property
    def SELF_READABLE_FIELDS(self):
        return super().SELF_READABLE_FIELDS + ['collection_digest']

    @property
    def SELF_WRITEABLE_FIELDS(self):
        return super().SELF_WRITEABLE_FIELDS + ['collection_digest']

    def _compute_collection_digest_html(self):
        for user in self:
            digest = self.env['collection.dispute']._get_digest(user)
            user.collection_digest_html = self.env['ir.qweb']._render(
                'account_collection_followup.dispute_digest',
                {'digest': digest, 'base_url': user.get_base_url()},
                lang=user.lang,
            )
