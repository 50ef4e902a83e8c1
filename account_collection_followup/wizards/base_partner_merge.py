from odoo import api, models


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = 'base.partner.merge.automatic.wizard'

    @api.model
    def _update_foreign_keys(self, src_partners, dst_partner):
        # EXTENDS base: a customer has one open case per company. Left alone, the merge would make two of them
        Case, customer = self.env['collection.case'], dst_partner.commercial_partner_id
        Case._merge_open(src_partners | dst_partner, customer)
        result = super()._update_foreign_keys(src_partners, dst_partner)
        if customer != dst_partner:
            Case._move_history(src_partners | dst_partner, customer)
        Case._mark_moved(customer)
        return result
