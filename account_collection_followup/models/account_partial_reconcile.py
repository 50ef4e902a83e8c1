from odoo import api, models
from odoo.tools import SQL

TOUCHED = 'account_collection_followup.matched_lines'


class AccountPartialReconcile(models.Model):
    """Money matched or unmatched settles promises and changes what a customer owes.

    A matching only remembers the ids of its lines; everything else happens once per
    transaction, before commit.
    """

    _inherit = 'account.partial.reconcile'

    @api.model_create_multi
    def create(self, vals_list):
        partials = super().create(vals_list)
        self._remember_matched_lines([*partials.debit_move_id.ids, *partials.credit_move_id.ids])
        return partials

    def unlink(self):
        # EXTENDS account: read before the records are gone
        line_ids = [*self.debit_move_id.ids, *self.credit_move_id.ids]
        result = super().unlink()
        self._remember_matched_lines(line_ids)
        return result

    @api.model
    def _remember_matched_lines(self, line_ids):
        data = self.env.cr.precommit.data
        if TOUCHED not in data:
            data[TOUCHED] = set()
            # as superuser and free of this call's context: the callback serves the whole transaction
            follower = self.with_env(self.env(su=True, context={}))
            self.env.cr.precommit.add(follower._follow_up_matched_lines)
        data[TOUCHED].update(line_ids)

    @api.model
    def _follow_up_matched_lines(self):
        """Settle the promises on the lines matched in this transaction and mark their customers.

        One query, by index, over the lines that still exist and are receivables.
        """
        line_ids = self.env.cr.precommit.data.pop(TOUCHED, None)
        if not line_ids:
            return
        rows = self.env.execute_query(
            SQL(
                """SELECT DISTINCT l.company_id, p.commercial_partner_id, pl.promise_id
                 FROM account_move_line l
                 JOIN account_account a ON a.id = l.account_id AND a.account_type = 'asset_receivable'
                 JOIN res_partner p ON p.id = l.partner_id
                 LEFT JOIN collection_promise_line pl ON pl.line_id = l.id
                WHERE l.id = ANY(%s)""",
                sorted(line_ids),
            )
        )
        companies = {}
        for company_id, partner_id, _promise_id in rows:
            companies.setdefault(company_id, set()).add(partner_id)
        for company_id, partner_ids in companies.items():
            self.env['collection.case']._mark_dirty(sorted(partner_ids), [company_id], later=True)
        promise_ids = {promise_id for *_pair, promise_id in rows if promise_id}
        self.env['collection.promise'].browse(sorted(promise_ids))._settle(later=True)
