import json

from odoo import fields, models
from odoo.tools import SQL


class CollectionPlan(models.AbstractModel):
    """What the plan reads: history, covers, items with their parts, the conversations of a customer.

    Each method gives one or more common table expressions over ``open`` (the open
    lines), ``customer`` and the small tables of settings.
    """

    _inherit = 'collection.plan'  # pylint: disable=consider-merging-classes-inherited

    # ------------------------------------------------------------------
    # History: which step asked for which item
    # ------------------------------------------------------------------
    def _get_history_ctes(self, scope, history, partner_ids):
        """The raised lines of all steps up to the day, and which open item each belongs to now."""
        if history is None:
            source = SQL(
                """SELECT sl.id AS hid, sl.step_id, sl.line_id, sl.move_id, sl.partner_id, sl.due_date, sl.level_id,
                          s.track, s.date, s.date_given, s.act_on, s.complete
                     FROM collection_step s JOIN collection_step_line sl ON sl.step_id = s.id
                    WHERE s.company_id = %s AND s.date <= %s AND s.cancelled IS NOT TRUE AND sl.role = 'asked'
                      AND s.partner_id IN (SELECT partner_id FROM open)%s""",
                scope['root'],
                scope['day'],
                SQL(" AND s.partner_id = ANY(%s)", list(partner_ids)) if partner_ids is not None else SQL(),
            )
        else:
            source = SQL(
                """SELECT row_number() OVER () AS hid, h.* FROM jsonb_to_recordset(%s::jsonb) AS h (
                        step_id int, line_id int, move_id int, partner_id int, due_date date, level_id int,
                        track varchar, date date, date_given date, act_on date, complete bool)
                    WHERE h.date <= %s""",
                json.dumps(history, default=fields.Date.to_string),
                scope['day'],
            )
        return SQL(
            """history AS MATERIALIZED (%s),
               match AS MATERIALIZED (
                   SELECT o.id AS item_id, 0 AS guess, h.* FROM history h
                     JOIN open o ON o.id = h.line_id AND o.partner_id = h.partner_id
                    UNION ALL
                   SELECT o.id, CASE WHEN h.due_date = o.due_date THEN 1 ELSE 2 END, h.* FROM history h
                     JOIN open o ON h.line_id IS NULL AND o.move_id = h.move_id AND o.partner_id = h.partner_id),
               last AS (
                   SELECT DISTINCT ON (m.item_id) m.item_id, m.step_id, m.level_id, m.date, m.date_given, m.act_on, v.kind
                     FROM match m JOIN level v ON v.id = m.level_id
                    ORDER BY m.item_id, m.guess, CASE WHEN m.guess = 2 THEN v.rank END, m.date DESC, m.hid DESC)""",
            source,
        )

    # ------------------------------------------------------------------
    # Covers: disputes, promises, holds, credits
    # ------------------------------------------------------------------
    def _get_covers_ctes(self, scope):
        """What stands between an item and a message, each by item or customer (R10, R38, R50, R55, R64).

        ``since`` is when the cover began (for the early end of a conversation), ``until``
        the last day of a response time.
        """
        item = self.env['collection.item']
        return SQL(
            """contested AS (
                   SELECT o.id AS item_id, h.* FROM (%(holding)s) h JOIN open o ON o.id = h.line_id AND o.move_id = h.move_id
                    WHERE h.company_id = %(root)s
                    UNION ALL
                   SELECT o.id, h.* FROM (%(holding)s) h JOIN open o ON h.line_id IS NULL AND o.move_id = h.move_id
                    WHERE h.company_id = %(root)s),
               dispute AS (
                   SELECT item_id,
                          sum(amount) FILTER (WHERE ended_on IS NULL OR ended_on > %(day)s) AS disputed,
                          max(held_from) FILTER (WHERE ended_on IS NULL OR ended_on > %(day)s) AS since,
                          -- what was credited left the item already
                          sum(amount - accepted) FILTER (WHERE ended_on <= %(day)s AND response_until >= %(day)s) AS responding,
                          max(response_until) FILTER (WHERE ended_on <= %(day)s) AS until,
                          max(response_until) FILTER (WHERE response_until < %(day)s AND amount > accepted) AS back_since,
                          (array_agg(dispute_id ORDER BY response_until DESC, dispute_id DESC)
                              FILTER (WHERE response_until < %(day)s AND amount > accepted))[1] AS back_id
                     FROM contested GROUP BY item_id),
               pledged AS (
                   SELECT pl.line_id AS item_id, o.partner_id, pr.id AS promise_id, pl.amount, %(left)s AS amount_left, pr.made_on, pl.date, pl.expires_on,
                          pl.ended_on, pl.response_until,
                          pl.expires_on >= %(day)s AND (pl.ended_on IS NULL OR pl.ended_on > %(day)s) AS running,
                          pr.counts_as_broken AND pr.ended_on <= %(day)s AND pl.response_until < %(day)s AS missed
                     FROM collection_promise pr JOIN collection_promise_line pl ON pl.promise_id = pr.id
                     JOIN open o ON o.id = pl.line_id
                    WHERE pr.company_id = %(root)s AND pr.made_on <= %(day)s),
               promise AS (
                   SELECT item_id, sum(amount_left) FILTER (WHERE running) AS promised,
                          max(made_on) FILTER (WHERE running) AS since,
                          sum(amount_left) FILTER (WHERE NOT running AND response_until >= %(day)s) AS responding,
                          max(response_until) FILTER (WHERE NOT running) AS until, max(date) FILTER (WHERE running) AS date
                     FROM pledged GROUP BY item_id),
               %(broken)s,
               suspension AS (
                   SELECT h.partner_id, h.move_id, h.date_from, h.ended_on, h.date_until, h.response_until,
                          h.date_until >= %(day)s AND (h.ended_on IS NULL OR h.ended_on > %(day)s) AS running
                     FROM collection_hold h WHERE h.company_id = %(root)s AND h.date_from <= %(day)s),
               hold AS (
                   SELECT partner_id, COALESCE(move_id, 0) AS move_id, bool_or(running) AS running,
                          max(CASE WHEN running THEN date_until ELSE response_until END) AS until
                     FROM suspension WHERE running OR response_until >= %(day)s GROUP BY 1, 2),
               receipt AS (
                   SELECT o.partner_id, o.currency_id, o.date, -o.residual_currency AS amount,
                          (j.type IN ('bank', 'cash', 'credit') AND o.date >= c.receipt_from) IS TRUE AS fresh
                     FROM open o JOIN customer c ON c.id = o.partner_id JOIN account_journal j ON j.id = o.journal_id
                    WHERE o.residual_currency < 0),
               fresh AS (SELECT partner_id FROM receipt WHERE fresh GROUP BY partner_id),
               credit AS (
                   SELECT partner_id, currency_id, sum(amount) AS amount FROM receipt
                    WHERE NOT fresh GROUP BY partner_id, currency_id)""",
            root=scope['root'],
            day=scope['day'],
            holding=self.env['collection.dispute.line']._get_holding_query(scope['day']),
            left=item._get_promise_left(SQL("pl"), SQL("o.residual_currency")),
            broken=self._get_broken_cte(scope),
        )

    def _get_broken_cte(self, scope):
        """Items of broken promises, where the customer broke so many that formal notice comes next (R36): their
        response time is over, what they cover is still open, and no financial difficulty is recorded. Payment confirmed
        for the due date does not count (``counts_as_broken``); what was never asked for does not jump."""
        return SQL(
            """broken AS (
                   SELECT p.item_id FROM pledged p
                     JOIN (SELECT partner_id, count(DISTINCT promise_id) AS number FROM pledged WHERE missed GROUP BY 1) n
                       ON n.partner_id = p.partner_id
                     JOIN customer c ON c.id = p.partner_id AND c.broken_limit > 0 AND n.number >= c.broken_limit
                    WHERE p.missed AND NOT EXISTS (
                        SELECT FROM collection_case k
                         WHERE k.partner_id = p.partner_id AND k.company_id = %(root)s AND k.motive = 'cash' AND k.motive_on <= %(day)s
                           AND k.opened_on <= %(day)s AND (k.closed_on IS NULL OR k.closed_on > %(day)s))
                    GROUP BY p.item_id)""",
            root=scope['root'],
            day=scope['day'],
        )

    def _get_item_query(self, scope):
        """Overdue debit items with their parts: a payment lowers the promised part first,
        then the free one, the disputed one last (R55); credits are netted oldest first."""
        return SQL(
            """SELECT *, LEAST(free, GREATEST(0, credit - COALESCE(free_before, 0))) AS netted FROM (
                 SELECT *, CASE WHEN absorbs THEN sum(free) FILTER (WHERE absorbs) OVER (
                             PARTITION BY partner_id, currency_id ORDER BY due_date, id
                             ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) END AS free_before
                   FROM (
                 SELECT *, residual_currency - disputed - promised - responding AS free,
                        CASE WHEN absorbs THEN credit_amount ELSE 0 END AS credit FROM (
                 SELECT *, LEAST(promised_all, residual_currency - disputed) AS promised,
                        LEAST(responding_all, residual_currency - disputed
                              - LEAST(promised_all, residual_currency - disputed)) AS responding FROM (
                 SELECT o.*, c.policy_id, c.has_levels, c.active AS customer_active, c.debit_from, c.restart_days,
                        c.stale_days, c.unsent AS unsent_rule, c.item_minimum, c.told_by, c.formal_id, m.move_type, m.is_move_sent, m.preferred_payment_method_line_id,
                        CASE WHEN l.date > o.due_date THEN l.step_id END AS step_id,
                        CASE WHEN l.date > o.due_date THEN l.level_id END AS last_id,
                        CASE WHEN l.date > o.due_date THEN l.kind END AS last_kind,
                        CASE WHEN l.date > o.due_date THEN l.date END AS last_date,
                        CASE WHEN l.date > o.due_date THEN l.date_given END AS last_given,
                        CASE WHEN l.date > o.due_date THEN l.act_on END AS last_act_on,
                        LEAST(COALESCE(d.disputed, 0), o.residual_currency) AS disputed, d.since AS disputed_since,
                        CASE WHEN l.date > o.due_date AND l.date <= d.back_since THEN d.back_id END AS back_id,
                        COALESCE(p.promised, 0) AS promised_all, p.since AS promised_since, p.date AS promised_for,
                        COALESCE(d.responding, 0) + COALESCE(p.responding, 0) AS responding_all,
                        GREATEST(d.until, p.until) AS response_until,
                        COALESCE(h.running, false) OR COALESCE(hi.running, false) AS on_hold,
                        h.until IS NOT NULL OR hi.until IS NOT NULL AS hold_response, GREATEST(h.until, hi.until) AS hold_until,
                        fr.partner_id IS NOT NULL AS receipts, COALESCE(cr.amount, 0) AS credit_amount,
                        NOT o.no_followup AND o.date <= %(day)s AND (l.kind IS DISTINCT FROM 'litigation' OR l.date <= o.due_date) AS absorbs
                   FROM open o JOIN customer c ON c.id = o.partner_id
                   JOIN account_move m ON m.id = o.move_id
                   LEFT JOIN last l ON l.item_id = o.id
                   LEFT JOIN dispute d ON d.item_id = o.id
                   LEFT JOIN promise p ON p.item_id = o.id
                   LEFT JOIN hold h ON h.partner_id = o.partner_id AND h.move_id = 0
                   LEFT JOIN hold hi ON hi.partner_id = o.partner_id AND hi.move_id = o.move_id
                   LEFT JOIN fresh fr ON fr.partner_id = o.partner_id
                   LEFT JOIN credit cr ON cr.partner_id = o.partner_id AND cr.currency_id = o.currency_id
                  WHERE o.residual_currency > 0 AND o.due_date < %(day)s) s1) s2) s3) s4""",
            day=scope['day'],
        )

    # ------------------------------------------------------------------
    # The conversation of a customer
    # ------------------------------------------------------------------
    def _get_conversation_ctes(self, scope):
        """Steps that are still running, unfinished, or ended early a short time ago (R40, R44, R49), and
        announcements gone stale (R50)."""
        return SQL(
            """asked AS (
                   SELECT h.step_id, h.partner_id, h.track, h.date, h.date_given, h.act_on, h.complete,
                          bool_or(i.residual_currency - i.disputed - i.promised > 0 AND i.last_kind IS DISTINCT FROM 'litigation') IS TRUE AS still,
                          max(COALESCE(
                              CASE WHEN i.id IS NOT NULL AND i.residual_currency <= i.disputed + i.promised
                                   THEN GREATEST(i.disputed_since, i.promised_since) END,
                              CASE WHEN i.id IS NULL THEN (
                                  SELECT max(r.max_date) FROM account_partial_reconcile r
                                   WHERE (r.debit_move_id = h.line_id OR r.credit_move_id = h.line_id)
                                     AND r.max_date <= %(day)s) END,
                              h.date)) AS ended_on
                     FROM history h JOIN customer c ON c.id = h.partner_id
                     LEFT JOIN match m ON m.hid = h.hid LEFT JOIN item i ON i.id = m.item_id
                    WHERE h.act_on IS NULL OR h.act_on + c.restart_days > %(day)s OR h.complete IS NOT TRUE
                    GROUP BY h.step_id, h.partner_id, h.track, h.date, h.date_given, h.act_on, h.complete),
               talk AS (
                   SELECT a.partner_id, a.track,
                          max(a.act_on) FILTER (WHERE a.still AND a.act_on > %(day)s) AS running_until,
                          bool_or(a.still AND (a.act_on IS NULL OR (a.act_on <= %(day)s AND a.complete IS NOT TRUE))) AS unfinished,
                          max(a.ended_on + c.restart_days) FILTER (
                              WHERE NOT a.still AND a.ended_on < a.date_given AND a.track <> 'litigation'
                                AND a.ended_on + c.restart_days > %(day)s) AS peace_until
                     FROM asked a JOIN customer c ON c.id = a.partner_id GROUP BY a.partner_id, a.track),
               lawsuit AS (SELECT DISTINCT partner_id FROM item WHERE last_kind = 'litigation'),
               %(chased)s,
               %(stale)s""",
            day=scope['day'],
            chased=self._get_chased_cte(scope),
            stale=self._get_stale_cte(scope),
        )

    # ------------------------------------------------------------------
    # The serious acts
    # ------------------------------------------------------------------
    def _get_chased_cte(self, scope):
        """New items of a customer in litigation that the manager decided to chase (R52)."""
        return SQL(
            """chased AS (
                   SELECT o.id AS item_id FROM collection_litigation_item x
                     JOIN open o ON o.id = x.line_id AND o.partner_id = x.partner_id
                    WHERE x.company_id = %(root)s AND x.decision = 'chase' AND x.decided_on <= %(day)s
                    UNION
                   SELECT o.id FROM collection_litigation_item x
                     JOIN open o ON x.line_id IS NULL AND o.move_id = x.move_id AND o.due_date = x.due_date
                      AND o.partner_id = x.partner_id
                    WHERE x.company_id = %(root)s AND x.decision = 'chase' AND x.decided_on <= %(day)s)""",
            root=scope['root'],
            day=scope['day'],
        )

    def _get_consultation_query(self, scope):
        """How the sales rep was told of the formal act an item is about to rise to (R53): by the step that announced
        it, or, for an item nothing was ever asked for, by the first telling for the day it enters or a later one."""
        return SQL(
            """SELECT y.act_from, CASE WHEN y.objected_on <= %(day)s THEN y.objected_until END AS objected_until
                 FROM collection_consultation y
                WHERE v.track <> 'ordinary' AND y.track = v.track AND y.partner_id = i.partner_id
                  AND y.company_id = %(root)s AND y.told_on <= %(day)s AND (y.ended_on IS NULL OR y.ended_on > %(day)s)
                  AND (y.step_id = i.step_id
                       OR y.step_id IS NULL AND i.step_id IS NULL AND y.act_from >= i.due_date + v.delay_days)
                ORDER BY y.act_from, y.id LIMIT 1""",
            day=scope['day'],
            root=scope['root'],
        )

    def _get_stale_cte(self, scope):
        """Items whose announcement is too old, days on which nothing could be done left out (R50).

        A dispute or a promise counts as a whole: an instalment plan covers what its amounts cover together.
        The telling of what the announcement leads to covers its days; that of its own renewal does not, or telling
        of it would undo it. The covered days are a union of intervals, merged by a running maximum."""
        return SQL(
            """old AS (
                   SELECT id, move_id, partner_id, residual_currency, step_id, last_given, last_date, stale_days, last_kind FROM item
                    WHERE last_given IS NOT NULL AND last_kind <> 'litigation' AND %(day)s - last_given > stale_days),
               excused (item_id, first_day, last_day) AS (
                   SELECT o.id, min(t.held_from),
                          max(COALESCE(CASE WHEN t.ended_on <= %(day)s THEN GREATEST(t.ended_on, t.response_until) END, %(day)s))
                     FROM old o JOIN contested t ON t.item_id = o.id
                    GROUP BY o.id, t.dispute_id, o.residual_currency HAVING sum(t.amount) >= o.residual_currency
                    UNION ALL
                   SELECT o.id, min(t.made_on), max(COALESCE(t.response_until, t.expires_on))
                     FROM old o JOIN pledged t ON t.item_id = o.id
                    GROUP BY o.id, t.promise_id, o.residual_currency HAVING sum(t.amount) >= o.residual_currency
                    UNION ALL
                   SELECT o.id, t.date_from, COALESCE(t.response_until, t.date_until)
                     FROM old o JOIN suspension t ON t.partner_id = o.partner_id AND (t.move_id IS NULL OR t.move_id = o.move_id)
                    UNION ALL
                   SELECT o.id, t.date, COALESCE(t.act_on - 1, %(day)s)
                     FROM old o JOIN (SELECT DISTINCT step_id, partner_id, track, date, act_on FROM history) t
                       ON t.partner_id = o.partner_id AND t.step_id <> o.step_id AND t.date > o.last_date
                      AND t.track = CASE o.last_kind WHEN 'formal' THEN 'formal' ELSE 'ordinary' END
                    UNION ALL
                   SELECT o.id, y.told_on,
                          LEAST(GREATEST(y.act_from - 1, CASE WHEN y.objected_on <= %(day)s THEN y.objected_until END), y.ended_on - 1)
                     FROM old o JOIN collection_consultation y ON y.step_id = o.step_id AND y.partner_id = o.partner_id
                      AND y.track <> CASE o.last_kind WHEN 'formal' THEN 'formal' ELSE 'ordinary' END
                    WHERE y.company_id = %(root)s AND y.told_on <= %(day)s),
               merged AS (
                   SELECT item_id, GREATEST(e.first_day, o.last_given + 1) AS first_day, LEAST(e.last_day, %(day)s) AS last_day,
                          max(LEAST(e.last_day, %(day)s)) OVER (
                              PARTITION BY item_id ORDER BY GREATEST(e.first_day, o.last_given + 1), e.last_day
                              ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reached
                     FROM excused e JOIN old o ON o.id = e.item_id),
               stale AS (
                   SELECT o.id FROM old o
                     LEFT JOIN (SELECT item_id, sum(GREATEST(0, last_day - GREATEST(first_day - 1, COALESCE(reached, first_day - 1)))) AS days
                                  FROM merged GROUP BY item_id) x ON x.item_id = o.id
                    WHERE %(day)s - o.last_given - COALESCE(x.days, 0) > o.stale_days)""",
            day=scope['day'],
            root=scope['root'],
        )
