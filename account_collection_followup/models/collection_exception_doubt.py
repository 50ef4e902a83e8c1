from odoo import api, models
from odoo.tools import SQL, format_date

#: what puts the announcement of a litigation in doubt
DOUBTS = ('unsent', 'returned')


class CollectionException(models.Model):
    """Announcements that did not reach the customer (R49, R66): litigation must not rest on them unnoticed."""

    _inherit = 'collection.exception'  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _get_sources(self):
        returned = SQL("s.registered_outcome = 'returned'")
        return super()._get_sources() + [
            self._get_doubt_query('unsent', SQL("s.date"), self._get_unsent()),
            self._get_doubt_query('returned', SQL("s.registered_received_on"), returned),
        ]

    def _get_doubt_query(self, kind, since, condition):
        """Steps that did not reach the customer, until what they asked for is settled, written about again or handed
        over (R49, R66). A letter that was refused counts as received."""
        return SQL(
            """SELECT s.id, %(kind)s, %(since)s, s.partner_id, s.company_id, s.level_id, NULL::int, %(amount)s
                 FROM collection_step s
                WHERE s.cancelled IS NOT TRUE AND s.takeover IS NOT TRUE AND %(condition)s
                  AND EXISTS (SELECT FROM collection_step_line a LEFT JOIN account_move_line o ON o.id = a.line_id
                               WHERE a.step_id = s.id AND a.role = 'asked' AND o.reconciled IS NOT TRUE
                                 AND NOT EXISTS (SELECT FROM collection_step_line b
                                                   JOIN collection_step n ON n.id = b.step_id AND n.cancelled IS NOT TRUE
                                                  WHERE b.line_id = a.line_id AND b.role = 'asked' AND n.id > s.id))""",
            kind=kind,
            since=since,
            amount=self._get_asked(),
            condition=condition,
        )

    def _get_unsent(self):
        """:return: SQL telling whether step ``s`` is a formal notice that left by no written means"""
        return SQL(
            """s.track = 'formal' AND 'waived' IN (s.email_state, s.letter_state, s.registered_state)
               AND NOT ARRAY[s.email_state, s.letter_state, s.registered_state] && ARRAY['todo', 'sent', 'failed']::varchar[]"""
        )

    @api.model
    def _get_doubts(self, partners, companies):
        """:return: dict (company, customer) → what did not reach him, in words"""
        found = self.search(
            [('kind', 'in', DOUBTS), ('partner_id', 'in', partners.ids), ('company_id', 'in', companies.ids)]
        )
        return {
            key: ' '.join(f"{doubt.detail.rstrip('.')}." for doubt in doubts)
            for key, doubts in found.grouped(lambda doubt: (doubt.company_id, doubt.partner_id)).items()
        }

    # ------------------------------------------------------------------
    # In words
    # ------------------------------------------------------------------
    @api.model
    def _say_unsent(self, step):
        return self.env._(
            "%(level)s of %(day)s never left: %(failure)s",
            **self._get_step_words(step),
            failure=step.failure or self.env._("no reason given"),
        )

    @api.model
    def _say_returned(self, step):
        return self.env._(
            "The letter of %(level)s of %(day)s came back on %(back)s: it reached nobody.",
            **self._get_step_words(step),
            back=format_date(self.env, step.registered_received_on),
        )
