import logging

from psycopg2 import OperationalError

from odoo import api, models
from odoo.tools import SQL

_logger = logging.getLogger(__name__)

#: so many customers at most are refreshed within the transaction that touched them
NOW_LIMIT = 50


class CollectionCase(models.Model):
    """How the figures of the cases follow the facts.

    A fact marks its customer. Facts recorded on the desk refresh their case before
    commit; a reconciliation only leaves a mark, so that paying costs nothing, and the
    scheduled action refreshes within a minute. All of it is set-based.
    """

    _inherit = 'collection.case'  # pylint: disable=consider-merging-classes-inherited

    # ------------------------------------------------------------------
    # Marks
    # ------------------------------------------------------------------
    @api.model
    def _mark_dirty(self, partner_ids, company_ids, later=False):
        """The figures of these customers are out of date.

        :param partner_ids: ids of commercial partners
        :param company_ids: ids of companies, branches allowed
        :param later: leave it to the scheduled action
        """
        data = self.env.cr.precommit.data.setdefault('collection_marks', {'now': set(), 'later': set()})
        if not data['now'] and not data['later']:
            self.env.cr.precommit.add(self._flush_marks)
        data['later' if later else 'now'].update(
            (partner_id, company_id) for partner_id in partner_ids for company_id in company_ids if partner_id
        )

    @api.model
    def _flush_marks(self):
        data = self.env.cr.precommit.data.pop('collection_marks', None)
        if not data:
            return
        sudo = self.sudo()
        if data['now'] and len(data['now']) <= NOW_LIMIT:
            for company, pairs in sudo._group_marks(data['now']).items():
                sudo._refresh(company, pairs)
        else:
            data['later'] |= data['now']
        if data['later']:
            self.env['collection.mark'].sudo()._add(data['later'])

    @api.model
    def _group_marks(self, pairs):
        """:return: dict root company → customers"""
        grouped = {}
        for partner_id, company_id in pairs:
            root = self.env['res.company'].browse(company_id)._collection_root()
            grouped[root] = grouped.get(root, self.env['res.partner']) | self.env['res.partner'].browse(partner_id)
        return {root: partners.exists() for root, partners in grouped.items()}

    # ------------------------------------------------------------------
    # Refresh
    # ------------------------------------------------------------------
    @api.model
    def _refresh(self, company, partners=None):
        """Open missing cases, work out every figure of the open ones from the facts, close those that are done.

        :param company: ``res.company``; its root is taken
        :param partners: only these customers; all of the company otherwise
        """
        root = company.sudo()._collection_root()
        self.env.flush_all()
        self.env.cr.execute("SET LOCAL jit = off")
        self.env['collection.call']._drop_needless(root, partners)
        if root.collection_start_date:
            self._open_overdue(root, partners)
        self.env.cr.execute(self._get_refresh_query(root, partners))
        self._close_done(root, partners)
        self.invalidate_model()
        if partners is not None:
            self.env['collection.consultation']._refresh_activities(root, partners)

    @api.model
    def _get_scope(self, root, partners):
        """:return: SQL of the open lines of the company and of the condition on cases"""
        companies = self.env['res.company'].sudo().with_context(active_test=False).search([('id', 'child_of', root.id)])
        partner_ids = partners.ids if partners is not None else None
        lines = self.env['collection.item']._open_lines(root._collection_today(), False, companies.ids, partner_ids)
        where = SQL(
            "k.state = 'open' AND k.company_id = %s%s",
            root.id,
            SQL(" AND k.partner_id = ANY(%s)", partner_ids) if partner_ids is not None else SQL(),
        )
        return lines, where

    @api.model
    def _open_overdue(self, root, partners):
        """A case opens as soon as something that may be chased is overdue."""
        lines, where = self._get_scope(root, partners)
        rows = self.env.execute_query(
            SQL(
                """SELECT DISTINCT o.partner_id FROM (%(lines)s) o
                WHERE o.residual_currency > 0 AND o.due_date < %(today)s AND NOT o.no_followup AND o.partner_id IS NOT NULL
                  AND NOT EXISTS (SELECT FROM collection_case k WHERE k.partner_id = o.partner_id AND %(where)s)""",
                lines=lines,
                today=root._collection_today(),
                where=where,
            )
        )
        if rows:
            self._insert_missing(root, [row[0] for row in rows])

    @api.model
    def _get_refresh_query(self, root, partners):
        lines, where = self._get_scope(root, partners)
        today = root._collection_today()
        item = self.env['collection.item']
        alias, residual = SQL.identifier('o'), SQL("o.residual_currency")
        columns = [
            'balance',
            'overdue',
            'disputed',
            'promised',
            'to_chase',
            'oldest_due_date',
            'level_id',
            'next_level_id',
            'next_action',
            'next_date',
            'reason',
            'attention',
            'weight',
            'last_contact_on',
        ]
        names = SQL(", ").join(SQL.identifier(name) for name in columns)
        return SQL(
            """WITH figure AS (
                 SELECT o.partner_id, sum(o.residual) AS balance,
                        sum(o.residual) FILTER (WHERE o.late) AS overdue,
                        sum(o.residual * %(disputed)s / NULLIF(o.residual_currency, 0)) AS disputed,
                        sum(o.residual * %(promised)s / NULLIF(o.residual_currency, 0)) AS promised,
                        min(o.due_date) FILTER (WHERE o.late) AS oldest_due_date,
                        sum(o.residual * (%(today)s - o.due_date)) FILTER (WHERE o.late) AS weight
                   FROM (SELECT *, residual_currency > 0 AND due_date < %(today)s AND NOT no_followup AS late FROM (%(lines)s) l) o
                  GROUP BY o.partner_id),
               plan AS (%(plan)s),
               verdict AS (
                 SELECT p.partner_id, sum(p.to_chase_company) FILTER (WHERE p.reason IS NULL OR p.reason NOT IN ('no_followup', 'litigation', 'future')) AS to_chase,
                        (array_agg(p.last_level_id ORDER BY v.rank DESC NULLS LAST, p.last_level_id))[1] AS level_id,
                        (array_agg(p.message_level_id ORDER BY n.rank DESC, n.id) FILTER (WHERE p.reason IS NULL))[1] AS rising_id,
                        (array_agg(p.mode ORDER BY n.rank DESC, n.id) FILTER (WHERE p.reason IS NULL))[1] AS mode,
                        (array_agg(p.level_id ORDER BY w.rank DESC, w.id) FILTER (WHERE p.reason IN ('conversation', 'delay', 'consultation', 'objection')))[1] AS waiting_id,
                        min(p.until) FILTER (WHERE p.reason IS NOT NULL) AS until,
                        bool_or(p.reason = 'receipt') AS receipt, bool_or(p.reason = 'join') AS joining,
                        bool_or(p.reason IN ('no_email', 'no_policy', 'no_levels', 'archived', 'top')) AS blocked,
                        bool_and(p.reason = 'disputed') AS disputed,
                        (array_agg(p.reason ORDER BY p.to_chase_company DESC, p.residual DESC, p.line_id) FILTER (WHERE p.reason IS NOT NULL))[1] AS reason
                   FROM plan p LEFT JOIN collection_level v ON v.id = p.last_level_id
                   LEFT JOIN collection_level n ON n.id = p.message_level_id
                   LEFT JOIN collection_level w ON w.id = p.level_id
                  GROUP BY p.partner_id),
               failing AS (%(failing)s),
               step AS (
                 SELECT s.case_id, max(s.date) FILTER (WHERE s.takeover IS NOT TRUE) AS last_on,
                        (array_agg(s.level_id ORDER BY s.date, s.id) FILTER (WHERE s.call_state = 'todo'))[1] AS call_level_id,
                        (array_agg(s.level_id ORDER BY s.date, s.id) FILTER (WHERE 'todo' IN (s.letter_state, s.registered_state)))[1] AS post_level_id,
                        bool_or(s.id IN (SELECT id FROM failing)) AS failed,
                        bool_or(s.email_state = 'waived' AND (s.act_on IS NULL OR s.act_on > %(today)s)) AS unreached
                   FROM collection_step s JOIN collection_case k ON k.id = s.case_id
                  WHERE s.cancelled IS NOT TRUE AND %(where)s GROUP BY s.case_id),
               call AS (
                 SELECT l.case_id, max(l.made_on) AS last_on, min(l.planned_on) FILTER (WHERE l.state = 'planned') AS planned_on
                   FROM collection_call l JOIN collection_case k ON k.id = l.case_id WHERE %(where)s GROUP BY l.case_id),
               broken AS (
                 SELECT pr.case_id, count(*) AS number
                   FROM collection_promise pr JOIN collection_case k ON k.id = pr.case_id
                   JOIN collection_promise_line pl ON pl.promise_id = pr.id AND pl.state IN ('broken', 'partly') AND pl.paid_elsewhere IS NOT TRUE
                   JOIN account_move_line o ON o.id = pl.line_id AND o.reconciled IS NOT TRUE AND %(unanswered)s
                  WHERE %(where)s AND NOT EXISTS (SELECT FROM collection_call c WHERE c.case_id = k.id AND c.made_on > pl.expires_on)
                  GROUP BY pr.case_id),
               fresh AS (
                 SELECT k.id, COALESCE(f.balance, 0) AS balance, COALESCE(f.overdue, 0) AS overdue,
                        round(COALESCE(f.disputed, 0), %(digits)s) AS disputed, round(COALESCE(f.promised, 0), %(digits)s) AS promised,
                        COALESCE(p.to_chase, 0) AS to_chase, f.oldest_due_date, p.level_id,
                        %(next_level)s AS next_level_id,
                        %(next_action)s AS next_action,
                        CASE WHEN b.number > 0 OR p.rising_id IS NOT NULL OR p.joining THEN %(today)s
                             ELSE LEAST(p.until, CASE WHEN s.call_level_id IS NOT NULL THEN c.planned_on END) END AS next_date,
                        p.reason, CASE WHEN b.number > 0 THEN 2 WHEN s.failed OR s.unreached OR p.blocked THEN 1 ELSE 0 END AS attention,
                        COALESCE(f.weight, 0) AS weight, GREATEST(s.last_on, c.last_on) AS last_contact_on
                   FROM collection_case k
                   LEFT JOIN figure f ON f.partner_id = k.partner_id
                   LEFT JOIN verdict p ON p.partner_id = k.partner_id
                   LEFT JOIN step s ON s.case_id = k.id
                   LEFT JOIN call c ON c.case_id = k.id
                   LEFT JOIN broken b ON b.case_id = k.id
                  WHERE %(where)s)
               UPDATE collection_case t SET (%(names)s) = (SELECT %(fresh_names)s)
                 FROM fresh f WHERE f.id = t.id AND (%(old_names)s) IS DISTINCT FROM (%(fresh_names)s)""",
            lines=lines,
            where=where,
            today=SQL("%s::date", today),
            digits=root.currency_id.decimal_places,
            disputed=SQL("LEAST(%s, GREATEST(%s, 0))", item._get_disputed_query(alias, today), residual),
            promised=SQL("LEAST(%s, GREATEST(%s, 0))", item._get_promised_query(alias, residual, today), residual),
            unanswered=self.env['collection.call']._get_unanswered_condition(root),
            plan=self.env['collection.plan']._get_plan_query(root, today, partners=partners),
            failing=self._get_failing_query(where),
            next_action=self._get_next_action_case(),
            next_level=self._get_next_level_case(),
            names=names,
            fresh_names=SQL(", ").join(SQL.identifier('f', name) for name in columns),
            old_names=SQL(", ").join(SQL.identifier('t', name) for name in columns),
        )

    @api.model
    def _get_failing_query(self, where):
        """:return: SQL of the steps that failed and of which something is still to be chased: neither paid, promised nor
        disputed since. What the plan does not know is not due yet: it is asked for still"""
        return SQL(
            """SELECT DISTINCT s.id FROM collection_step s JOIN collection_case k ON k.id = s.case_id
                 JOIN collection_step_line sl ON sl.step_id = s.id AND sl.role = 'asked' AND sl.cancelled IS NOT TRUE
                 JOIN account_move_line l ON l.id = sl.line_id AND l.reconciled IS NOT TRUE
                 LEFT JOIN plan p ON p.line_id = sl.line_id
                WHERE s.cancelled IS NOT TRUE AND s.complete IS NOT TRUE AND %(where)s
                  AND 'failed' IN (s.email_state, s.letter_state, s.registered_state)
                  AND COALESCE(p.to_chase_company, 1) > 0""",
            where=where,
        )

    @api.model
    def _get_next_action_case(self):
        """:return: SQL of the most urgent thing to do; the order is the order of a collector's day (R35, R42)"""
        return SQL(
            """CASE WHEN b.number > 0 THEN 'promise'
                    WHEN s.failed THEN 'mend'
                    WHEN p.mode = 'decide' OR p.joining THEN 'decide'
                    WHEN p.mode = 'validate' THEN 'approve'
                    WHEN s.call_level_id IS NOT NULL OR c.planned_on IS NOT NULL THEN 'call'
                    WHEN s.post_level_id IS NOT NULL THEN 'post'
                    WHEN p.receipt THEN 'match'
                    WHEN p.mode = 'auto' THEN 'leave'
                    WHEN p.blocked THEN 'blocked'
                    WHEN p.disputed THEN 'dispute'
                    WHEN p.reason IN ('conversation', 'delay', 'promised', 'peace', 'consultation', 'objection', 'closed_day') THEN 'wait'
                    WHEN p.reason IS NOT NULL THEN 'blocked'
                    ELSE 'none' END"""
        )

    @api.model
    def _get_next_level_case(self):
        """:return: SQL of the level the most urgent thing is about, in the order of :meth:`_get_next_action_case`"""
        return SQL(
            """CASE WHEN p.mode IN ('decide', 'validate') THEN p.rising_id
                    WHEN s.call_level_id IS NOT NULL OR c.planned_on IS NOT NULL THEN s.call_level_id
                    WHEN s.post_level_id IS NOT NULL THEN s.post_level_id
                    WHEN p.mode = 'auto' THEN p.rising_id
                    ELSE p.waiting_id END"""
        )

    @api.model
    def _close_done(self, root, partners):
        """Close the cases with nothing overdue, disputed or promised, and no call or activity open.

        A case without any open item to chase has nothing in litigation either: items in litigation stay overdue.
        The items tell, not their sum: what is late in another currency may round to nothing in the company's."""
        lines, where = self._get_scope(root, partners)
        self.env.cr.execute(
            SQL(
                """UPDATE collection_case k SET state = 'closed', closed_on = %(today)s, next_action = 'none', next_date = NULL
                WHERE %(where)s AND k.overdue <= 0 AND k.disputed = 0 AND k.promised = 0
                  AND NOT EXISTS (SELECT FROM (%(lines)s) o WHERE o.partner_id = k.partner_id
                                     AND o.residual_currency > 0 AND o.due_date < %(today)s AND NOT o.no_followup)
                  AND NOT EXISTS (SELECT FROM collection_dispute d WHERE d.case_id = k.id AND d.closed_on IS NULL)
                  AND NOT EXISTS (SELECT FROM collection_promise p WHERE p.case_id = k.id AND p.ended_on IS NULL)
                  AND NOT EXISTS (SELECT FROM collection_call c WHERE c.case_id = k.id AND c.state = 'planned')
                  AND NOT EXISTS (SELECT FROM mail_activity a WHERE a.res_model = 'collection.case' AND a.res_id = k.id AND a.active)""",
                lines=lines,
                where=where,
                today=root._collection_today(),
            )
        )

    # ------------------------------------------------------------------
    # Scheduled action
    # ------------------------------------------------------------------
    @api.model
    def _cron_refresh(self, batch_size=500):
        """Refresh the cases of marked customers, a batch of one company per transaction.

        A company that fails keeps its marks for the next time, and does not stop the others.
        """
        Mark, Cron = self.env['collection.mark'].sudo(), self.env['ir.cron']
        waiting = Mark._get_companies()
        Cron._commit_progress(remaining=Mark._count(waiting))
        while waiting:
            done = self.sudo()._refresh_marked_safely(waiting[0], batch_size)
            if not done:
                waiting = waiting[1:]
            if not Cron._commit_progress(done, remaining=Mark._count(waiting)):
                break

    @api.model
    def _refresh_marked_safely(self, company_id, limit, tries=5):
        """:meth:`_refresh_marked` beside other workers: what they got in the way of is taken back and tried again.

        :return: number of marks dealt with, 0 when there is nothing left to take or it cannot be done now
        """
        for attempt in range(1, tries + 1):
            try:
                return self._refresh_marked(company_id, limit)
            except Exception as error:
                self.env.cr.rollback()
                self.env.invalidate_all()
                if not isinstance(error, OperationalError) or attempt == tries:
                    _logger.exception("The cases of company %s could not be refreshed", company_id)
                    return 0
        return 0

    @api.model
    def _refresh_marked(self, company_id, limit):
        pairs = self.env['collection.mark']._take(limit, company_id)
        for company, partners in self._group_marks(pairs).items():
            self._refresh(company, partners)
        return len(pairs)
