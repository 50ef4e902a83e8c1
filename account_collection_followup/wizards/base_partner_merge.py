from odoo import api, models
from odoo.tools import SQL


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = 'base.partner.merge.automatic.wizard'

    @api.model
    def _update_foreign_keys(self, src_partners, dst_partner):
        # EXTENDS base: a customer has one open case per company. Left alone, the merge would delete the second one
        self._merge_collection_cases(src_partners, dst_partner)
        result = super()._update_foreign_keys(src_partners, dst_partner)
        companies = self.env['res.company'].sudo().search([('parent_id', '=', False)])
        self.env['collection.case']._mark_dirty(dst_partner.commercial_partner_id.ids, companies.ids, later=True)
        return result

    @api.model
    def _merge_collection_cases(self, src_partners, dst_partner):
        """Move what hangs on the other open cases to the one that stays, and close them."""
        cases = (
            self.env['collection.case']
            .sudo()
            .search([('partner_id', 'in', (src_partners | dst_partner).ids), ('state', '=', 'open')])
        )
        for company_cases in cases.grouped('company_id').values():
            ordered = company_cases.sorted(lambda case: (case.partner_id != dst_partner, case.id))
            kept, others = ordered[:1], ordered[1:]
            if not others:
                continue
            self.env.flush_all()
            for table, column in self._get_fk_on('collection_case'):
                self.env.cr.execute(self._get_case_move_query(table, column, kept, others))
            others.write({'state': 'closed', 'closed_on': kept.company_id._collection_today()})
            for other in others:
                other._message_log(body=self.env._("Merged with the case of %s.", dst_partner.display_name))
        self.env.invalidate_all()

    @api.model
    def _get_case_move_query(self, table, column, kept, others):
        """A step of a day on which the kept case has one of the same kind stays where it is: the key forbids two."""
        taken = SQL()
        if table == 'collection_step':
            taken = SQL(
                """ AND NOT EXISTS (SELECT FROM collection_step k
                      WHERE k.case_id = %s AND k.date = t.date AND k.track = t.track)""",
                kept.id,
            )
        return SQL(
            "UPDATE %(table)s t SET %(column)s = %(kept)s WHERE %(column)s = ANY(%(others)s)%(taken)s",
            table=SQL.identifier(table),
            column=SQL.identifier(column),
            kept=kept.id,
            others=others.ids,
            taken=taken,
        )
