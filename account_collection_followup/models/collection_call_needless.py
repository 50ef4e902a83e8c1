from odoo import api, models
from odoo.tools import SQL, format_date

from .collection_fact import internal


class CollectionCall(models.Model):
    """Planned calls nobody needs any more: what they are about is paid, disputed or promised meanwhile (R8, R10, R38)."""

    _inherit = 'collection.call'  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _drop_needless(self, root, partners=None):
        """Give the planned calls up that lost their object, so that nobody is called about what is settled and the
        cases can close. Steps that waited for them are complete without them.

        :param root: ``res.company``
        :param partners: only these customers; all of the company otherwise
        """
        rows = self.env.execute_query(self._get_needless_query(root, partners))
        if not rows:
            return
        calls = self.sudo().browse(row[0] for row in rows)
        internal(calls).write({'state': 'cancelled'})
        for call in calls:
            call._waive_steps(call._get_steps(), self.env._("Answered before the call."))
        calls._log_needless()
        self.env.flush_all()

    def _log_needless(self):
        """What somebody noted for a call is not lost with it."""
        for call in self.filtered('note'):
            day = format_date(self.env, call.planned_on)
            text = self.env._(
                "The call planned for %(date)s is not needed any more: %(note)s", date=day, note=call.note
            )
            call._log_on_case({call: text})

    @api.model
    def _get_needless_query(self, root, partners):
        """A call about another matter is a person's, and stays. One the customer asked for, or that names no invoice,
        stays while he owes anything; a satisfaction call while one of its invoices does; a collection call while
        something it or its steps ask for is neither paid nor disputed nor promised. An invoice in draft is being
        corrected: it may come back."""
        return SQL(
            """SELECT c.id FROM collection_call c
                WHERE c.state = 'planned' AND c.purpose <> 'other' AND c.company_id = %(root)s%(only)s
                  AND CASE WHEN c.agreed OR (c.step_id IS NULL AND NOT %(named)s)
                           THEN NOT %(owing)s AND %(paid_since)s
                           WHEN c.purpose = 'satisfaction' THEN NOT %(unpaid)s
                           ELSE NOT %(asked)s AND NOT %(unanswered)s END""",
            root=root.id,
            only=SQL(" AND c.partner_id = ANY(%s)", partners.ids) if partners is not None else SQL(),
            **self._get_needless_conditions(root),
        )

    @api.model
    def _get_needless_conditions(self, root):
        """:return: dict of SQL conditions on ``collection_call c``"""
        companies = self.env['res.company'].sudo().with_context(active_test=False).search([('id', 'child_of', root.id)])
        receivable = self.env['collection.item']._get_receivable_account_ids()
        open_line = SQL("o.account_id = ANY(%s) AND o.parent_state = 'posted' AND o.reconciled IS NOT TRUE", receivable)
        unanswered = self._get_unanswered_condition(root)
        return {
            'named': SQL("EXISTS (SELECT FROM collection_call_account_move_rel x WHERE x.call_id = c.id)"),
            'owing': SQL(
                """EXISTS (SELECT FROM account_move_line o WHERE o.partner_id = c.partner_id AND %(open_line)s
                            AND o.amount_residual_currency > 0 AND o.no_followup IS NOT TRUE AND o.company_id = ANY(%(companies)s))""",
                open_line=open_line,
                companies=companies.ids,
            ),
            # who plans a call with somebody who owes nothing has his reasons
            'paid_since': SQL(
                """EXISTS (SELECT FROM account_partial_reconcile r JOIN account_move_line o ON o.id = r.debit_move_id
                            WHERE o.partner_id = c.partner_id AND o.account_id = ANY(%(receivable)s)
                              AND o.company_id = ANY(%(companies)s) AND r.create_date >= c.create_date)""",
                receivable=receivable,
                companies=companies.ids,
            ),
            'unpaid': self._get_about_condition(SQL("%s", open_line)),
            'unanswered': self._get_about_condition(SQL("%s AND %s", open_line, unanswered)),
            'asked': SQL(
                """EXISTS (SELECT FROM collection_step s
                     JOIN collection_step_line sl ON sl.step_id = s.id AND sl.role = 'asked'
                     JOIN account_move m ON m.id = sl.move_id
                    WHERE (s.id = c.step_id OR (s.case_id = c.case_id AND s.call_state = 'todo')) AND s.cancelled IS NOT TRUE
                      AND (m.state = 'draft' OR EXISTS (
                        SELECT FROM account_move_line o
                         WHERE o.move_id = m.id AND (o.id = sl.line_id OR sl.line_id IS NULL)
                           AND %(open_line)s AND %(unanswered)s)))""",
                open_line=open_line,
                unanswered=unanswered,
            ),
        }

    @api.model
    def _get_unanswered_condition(self, root):
        """:return: SQL whether something of ``account_move_line o`` is neither disputed nor promised"""
        item, today = self.env['collection.item'], root._collection_today()
        alias, residual = SQL.identifier('o'), SQL("o.amount_residual_currency")
        disputed = item._get_disputed_query(alias, today)
        return SQL("%s > %s + %s", residual, disputed, item._get_promised_query(alias, residual, today))

    @api.model
    def _get_about_condition(self, condition):
        """:param condition: SQL on ``account_move_line o``
        :return: SQL whether an invoice the call names has such a line, or is in draft"""
        return SQL(
            """EXISTS (SELECT FROM collection_call_account_move_rel x JOIN account_move m ON m.id = x.move_id
                        WHERE x.call_id = c.id AND (m.state = 'draft' OR EXISTS (
                          SELECT FROM account_move_line o WHERE o.move_id = m.id AND %s)))""",
            condition,
        )
