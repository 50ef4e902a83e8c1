from odoo import fields, models


class CollectionPolicy(models.Model):
    """What a policy says about the confirmation of promises."""

    _inherit = 'collection.policy'

    confirm_promises = fields.Selection(
        [('manual', "By who took them"), ('email', "By e-mail, at once")],
        string="Promises are confirmed",
        default='manual',
        required=True,
        tracking=True,
        help="In writing. Instalment plans are always confirmed by a person: they are agreements to sign.",
    )
