from odoo import api, models
from odoo.tools import SQL, format_date


class CollectionException(models.Model):
    """Insurers who were not told of an unpaid invoice within their limit (R79)."""

    _inherit = 'collection.exception'  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _get_sources(self):
        return super()._get_sources() + [self._get_declare_query()]

    def _get_declare_query(self):
        """The SQL twin of ``collection.credit._get_undeclared``: a limit that was moved back from a day off has passed
        on the next working day either way."""
        return SQL(
            """SELECT k.id, 'declare', min(x.last_day), k.partner_id, k.company_id, NULL::int, NULL::int, sum(x.amount)
                 FROM collection_credit k JOIN day d ON d.company_id = k.company_id
                 JOIN LATERAL (
                      SELECT l.amount_residual AS amount,
                             CASE k.declare_from WHEN 'due' THEN COALESCE(l.date_maturity, l.date)
                                                 ELSE COALESCE(m.invoice_date, l.date) END + k.declare_days AS last_day
                        FROM account_move_line l
                        JOIN account_move m ON m.id = l.move_id AND m.move_type IN ('out_invoice', 'out_receipt')
                        JOIN account_account a ON a.id = l.account_id AND a.account_type = 'asset_receivable'
                        JOIN res_company c ON c.id = l.company_id AND split_part(c.parent_path, '/', 1)::int = k.company_id
                       WHERE l.partner_id = k.partner_id AND l.parent_state = 'posted' AND l.reconciled IS NOT TRUE
                         AND l.amount_residual > 0 AND COALESCE(l.date_maturity, l.date) < d.today
                         AND (k.valid_until IS NULL OR COALESCE(m.invoice_date, l.date) <= k.valid_until)
                         AND NOT EXISTS (SELECT FROM collection_credit_declaration_move_rel r
                                           JOIN collection_credit_declaration n ON n.id = r.declaration_id
                                            AND n.credit_id = k.id AND n.cancelled IS NOT TRUE
                                            AND COALESCE(l.date_maturity, l.date) < n.declared_on
                                          WHERE r.move_id = l.move_id)) x ON x.last_day < d.today
                WHERE k.active AND k.declare_days > 0 AND k.insured_amount > 0
                GROUP BY k.id"""
        )

    @api.model
    def _say_declare(self, credit):
        waiting = credit._get_undeclared().get(credit)
        return self.env._(
            "The insurer %(insurer)s should have been told by %(date)s: %(invoices)s",
            insurer=credit.insurer or '',
            date=format_date(self.env, waiting[0].limit) if waiting else '',
            invoices=', '.join(dict.fromkeys(row.move.name for row in waiting or ())),
        )
