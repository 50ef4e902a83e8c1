from odoo import fields, models


class ResUsers(models.Model):
    """One e-mail a day about the disputes on a user's list, instead of one for each (R13)."""

    _inherit = 'res.users'

    collection_digest = fields.Boolean(
        "Digest of disputes",
        default=True,
        help="An e-mail in the morning, on days when disputes are new or past their time limit on your list.",
    )
    collection_digest_on = fields.Datetime(readonly=True, copy=False, help="When the last digest was sent.")

    @property
    def SELF_READABLE_FIELDS(self):
        return super().SELF_READABLE_FIELDS + ['collection_digest']

    @property
    def SELF_WRITEABLE_FIELDS(self):
        return super().SELF_WRITEABLE_FIELDS + ['collection_digest']
