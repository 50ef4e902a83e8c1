from odoo import api, fields, models

from .res_partner import READERS


class ResPartner(models.Model):
    """What another follow-up policy means for a customer, before it is saved (R47)."""

    _inherit = 'res.partner'  # pylint: disable=consider-merging-classes-inherited

    collection_policy_impact = fields.Text(compute='_compute_collection_policy_impact', groups=READERS)

    @api.depends('collection_policy_id')
    @api.depends_context('company')
    def _compute_collection_policy_impact(self):
        company = self.env.company.sudo()._collection_root()
        for partner in self:
            customer = partner._origin
            # nothing to say while nothing is being changed
            partner.collection_policy_impact = (
                customer
                and partner != customer
                and partner.collection_policy_id._origin != customer.collection_policy_id
                and self.env['collection.impact']._get_assignment_text(
                    company, customer, partner.collection_policy_id._origin
                )
            )
