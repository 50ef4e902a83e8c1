from odoo import api, fields, models
from odoo.tools import SQL


class CollectionMark(models.Model):
    """A customer whose case has to be refreshed. Rows are only added and taken away, so marking never waits."""

    _name = 'collection.mark'
    _description = "Customer to Refresh"
    _log_access = False

    partner_id = fields.Many2one('res.partner', required=True, ondelete='cascade', index=True)
    company_id = fields.Many2one('res.company', required=True, ondelete='cascade')

    @api.model
    def _add(self, pairs):
        """:param pairs: (customer id, company id) tuples"""
        # a customer may be gone again: who created him was rolled back to a savepoint, or he was deleted
        self.env.cr.execute(
            SQL(
                """INSERT INTO collection_mark (partner_id, company_id)
                   SELECT p.id, c.id FROM (VALUES %s) v (partner_id, company_id)
                     JOIN res_partner p ON p.id = v.partner_id JOIN res_company c ON c.id = v.company_id""",
                SQL(", ").join(SQL("(%s, %s)", *pair) for pair in sorted(pairs)),
            )
        )
        self.env.ref('account_collection_followup.ir_cron_collection_refresh').sudo()._trigger()

    @api.model
    def _get_companies(self):
        """:return: ids of the companies and branches that have marks"""
        return [
            row[0] for row in self.env.execute_query(SQL("SELECT DISTINCT company_id FROM collection_mark ORDER BY 1"))
        ]

    @api.model
    def _count(self, company_ids):
        return self.env.execute_query(
            SQL("SELECT count(*) FROM collection_mark WHERE company_id = ANY(%s)", list(company_ids))
        )[0][0]

    @api.model
    def _take(self, limit, company_id):
        """Remove up to ``limit`` marks of a company that no other worker holds.

        :return: set of (customer id, company id)
        """
        return set(
            self.env.execute_query(
                SQL(
                    """DELETE FROM collection_mark WHERE id IN (
                   SELECT id FROM collection_mark WHERE company_id = %s ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED)
               RETURNING partner_id, company_id""",
                    company_id,
                    limit,
                )
            )
        )
