from odoo import api, models
from odoo.tools import SQL, format_date


class CollectionException(models.Model):
    """Disputes past their time limit (R19), and those decided whose credit note or answer did not follow (R16)."""

    _inherit = 'collection.exception'  # pylint: disable=consider-merging-classes-inherited

    _depends = {
        'collection.dispute': [
            'accepted_by_id',
            'accepted_on',
            'answer_state',
            'closed_on',
            'company_id',
            'credit_outcome',
            'deadline',
            'partner_id',
            'state',
            'user_id',
        ],
        'collection.dispute.line': ['accepted', 'amount', 'dispute_id', 'kind', 'move_id'],
    }

    @api.model
    def _get_sources(self):
        return super()._get_sources() + [
            self._get_dispute_query(),
            self._get_credit_query(),
            self._get_answer_query(),
        ]

    def _get_dispute_query(self):
        """Open disputes that are not decided and past their time limit; amounts contested, at the rate of their invoices."""
        return SQL(
            """SELECT p.id, 'dispute', p.deadline, p.partner_id, p.company_id, NULL::int, p.user_id, %s
                 FROM collection_dispute p JOIN day d ON d.company_id = p.company_id
                WHERE p.state = 'open' AND p.deadline < d.today AND p.credit_outcome IS NULL""",
            self._get_dispute_amount(SQL("l.amount")),
        )

    def _get_credit_query(self):
        """Credit notes not posted some working days after the decision; amounts at the rate of their invoices."""
        return SQL(
            """SELECT p.id, 'credit', p.accepted_on, p.partner_id, p.company_id, NULL::int, NULL::int, %s
                 FROM collection_dispute p JOIN day d ON d.company_id = p.company_id
                WHERE p.state = 'open' AND p.credit_outcome IS NOT NULL AND p.accepted_on < d.cutoff""",
            self._get_dispute_amount(SQL("l.accepted")),
        )

    def _get_answer_query(self):
        """Answers to rejected disputes that could not be sent: the customer's time runs while he knows nothing."""
        return SQL(
            """SELECT p.id, 'answer', p.closed_on, p.partner_id, p.company_id, NULL::int, NULL::int, %s
                 FROM collection_dispute p WHERE p.state = 'closed' AND p.answer_state = 'failed'""",
            self._get_dispute_amount(SQL("l.amount")),
        )

    def _get_dispute_amount(self, amount):
        return SQL(
            """(SELECT sum(%s * COALESCE(abs(m.amount_total_signed) / NULLIF(abs(m.amount_total), 0), 1))
                  FROM collection_dispute_line l JOIN account_move m ON m.id = l.move_id
                 WHERE l.dispute_id = p.id AND l.kind = 'contested')""",
            amount,
        )

    # ------------------------------------------------------------------
    # In words
    # ------------------------------------------------------------------
    @api.model
    def _say_dispute(self, dispute):
        if dispute.stage == 'to_qualify':
            return self.env._(
                "%(dispute)s should have been qualified by %(day)s.",
                dispute=dispute.display_name,
                day=format_date(self.env, dispute.deadline),
            )
        return self.env._(
            "%(dispute)s should have been solved by %(day)s.",
            dispute=dispute.display_name,
            day=format_date(self.env, dispute.deadline),
        )

    @api.model
    def _say_credit(self, dispute):
        words = {'dispute': dispute.display_name, 'day': format_date(self.env, dispute.accepted_on)}
        if dispute.credit_state == 'to_post':
            return self.env._("%(dispute)s, accepted on %(day)s: its credit note is still a draft.", **words)
        return self.env._("%(dispute)s, accepted on %(day)s: its credit note is not prepared.", **words)

    @api.model
    def _say_answer(self, dispute):
        return self.env._(
            "%(dispute)s: the customer does not know that it was rejected. %(failure)s",
            dispute=dispute.display_name,
            failure=dispute.answer_failure or '',
        )
