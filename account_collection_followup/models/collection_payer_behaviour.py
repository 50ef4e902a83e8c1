from collections import namedtuple

from dateutil.relativedelta import relativedelta

from odoo import models
from odoo.tools import SQL

#: ``invoices`` settled in the last twelve months; days late on average and weighted by amount, negative: before the due date
PayerBehaviour = namedtuple('PayerBehaviour', ['invoices', 'average', 'weighted'])
MONTHS = 12


class ResPartner(models.Model):
    """How a customer usually pays, worked out from real reconciliations (R61, R63)."""

    _inherit = 'res.partner'  # pylint: disable=consider-merging-classes-inherited

    def _get_payer_behaviour(self, company):
        """How these customers paid what they settled in the last twelve months.

        Each instalment counts with the day its last receipt settled it; one settled by credit notes alone was not paid.
        Weighted: sum of amount × days late, divided by the sum of amounts, in company currency.

        :param company: ``res.company``; its root is taken, branches included
        :return: dict {partner: :class:`PayerBehaviour`}; a contact counts for its commercial partner, customers
            who settled nothing are missing
        """
        root = company.sudo()._collection_root()
        self.env.flush_all()
        rows = self.env.execute_query(self._get_payer_behaviour_query(root, root._collection_today()))
        found = {partner_id: PayerBehaviour(*figures) for partner_id, *figures in rows}
        return {
            partner: found[partner.commercial_partner_id.id]
            for partner in self
            if partner.commercial_partner_id.id in found
        }

    def _get_payer_behaviour_query(self, root, today):
        """:return: SQL of (customer, invoices, average days late, weighted days late)"""
        companies = self.env['res.company'].sudo().with_context(active_test=False).search([('id', 'child_of', root.id)])
        return SQL(
            """WITH settled AS (
                 SELECT l.partner_id, l.move_id, l.balance,
                        max(r.max_date) - COALESCE(l.date_maturity, l.date) AS late
                   FROM account_move_line l
                   JOIN account_move m ON m.id = l.move_id AND m.move_type IN ('out_invoice', 'out_receipt')
                   JOIN res_company y ON y.id = l.company_id
                   JOIN account_partial_reconcile r ON r.debit_move_id = l.id
                   JOIN account_move_line c ON c.id = r.credit_move_id
                        AND c.journal_id IS DISTINCT FROM y.currency_exchange_journal_id
                   JOIN account_move p ON p.id = c.move_id AND p.move_type <> 'out_refund'
                  WHERE l.partner_id = ANY(%(partners)s) AND l.company_id = ANY(%(companies)s)
                    AND l.account_id = ANY(%(receivable)s) AND l.parent_state = 'posted' AND l.reconciled AND l.balance > 0
                  GROUP BY l.id
                 HAVING max(r.max_date) > %(since)s AND max(r.max_date) <= %(today)s)
               SELECT partner_id, count(DISTINCT move_id), avg(late)::float, (sum(balance * late) / sum(balance))::float
                 FROM settled GROUP BY partner_id""",
            partners=self.commercial_partner_id.ids,
            companies=companies.ids,
            receivable=self.env['collection.item']._get_receivable_account_ids(),
            since=today - relativedelta(months=MONTHS),
            today=today,
        )
