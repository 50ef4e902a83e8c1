from collections import namedtuple

from odoo import api, fields, models
from odoo.tools import SQL

from .collection_level import TRACK_OF_KIND

#: one overdue item in the answer of the plan.
#: ``reason`` is None for an item that rises to ``level_id``; amounts in the currency of
#: the document except ``*_company``; ``until`` is the last day of a hold if known, or, where something is waited
#: for (an announced act, the sales rep, days of peace), the day on which it goes on. ``level_id`` is the present level
#: again where ``renewed`` (an old announcement, R50) or ``repeats_id`` (the dispute that came back, R16); with ``jump`` it
#: is the formal notice that broken promises lead to (R36).
PlanItem = namedtuple(
    'PlanItem',
    [
        'line_id',
        'partner_id',
        'company_id',
        'move_id',
        'currency_id',
        'due_date',
        'policy_id',
        'residual',
        'residual_company',
        'disputed',
        'promised',
        'responding',
        'netted',
        'to_chase',
        'to_chase_company',
        'last_level_id',
        'last_step_id',
        'last_date_given',
        'reason',
        'until',
        'level_id',
        'track',
        'renewed',
        'repeats_id',
        'jump',
        'unsent',
        'message_level_id',
        'mode',
    ],
)


class CollectionPlan(models.AbstractModel):
    """What is due on a date, what is held, and why: a pure question.

    The plan reads the ledger, disputes, promises, holds and the history of steps
    as of its date. It writes nothing and gives the same answer however often it
    is asked, so preview, simulator, the reason on screen and the real run share it.
    """

    _name = 'collection.plan'
    _description = "Follow-up Plan"

    # ------------------------------------------------------------------
    # The question
    # ------------------------------------------------------------------
    @api.model
    def _plan(self, company, date, policies=None, partners=None, history=None):
        """Decide every overdue item of a company's customers.

        :param company: res.company; its root company and all branches are one ledger
        :param date: the day; a past day is answered from the facts of that day, today
            and later days from the facts of now
        :param policies: only customers under these policies
        :param partners: only these commercial partners
        :param history: steps to use instead of the recorded ones: a list of dicts with
            ``step_id, line_id, move_id, partner_id, due_date, level_id, track, date,
            date_given, act_on, complete`` (ids, dates as strings or dates); what they announce is
            taken to have been told to the sales reps in time
        :return: list of :class:`PlanItem`, one for each overdue item, in order of
            customer, due date
        """
        query = self._get_plan_query(company, date, policies, partners, history)
        self.env.flush_all()
        # just-in-time compilation costs more than these queries take
        self.env.cr.execute("SET LOCAL jit = off")
        return [
            PlanItem(*row) for row in self.env.execute_query(SQL("%s ORDER BY partner_id, due_date, line_id", query))
        ]

    @api.model
    def _get_plan_query(self, company, date, policies=None, partners=None, history=None):
        """:return: the plan as SQL with the columns of :class:`PlanItem`; parameters as for :meth:`_plan`"""
        root = company.sudo()._collection_root()
        day = fields.Date.to_date(date)
        today = root._collection_today()
        past = day < today
        companies = self.env['res.company'].sudo().with_context(active_test=False).search([('id', 'child_of', root.id)])
        partner_ids = partners.commercial_partner_id.ids if partners is not None else None
        working = self.env['collection.holiday']._working_days(root)
        rules = self._get_policies(root)
        scope = {
            'day': SQL("%s::date", day),
            'root': root.id,
            'default_policy': root.collection_policy_id.filtered('active').id or None,
            'working': working.is_working(day),
            'digits': root.currency_id.decimal_places,
            'only': SQL(" WHERE c.policy_id = ANY(%s)", policies.ids) if policies is not None else SQL(),
        }
        return SQL(
            """WITH open AS MATERIALIZED (%(open)s), %(settings)s, customer AS MATERIALIZED (%(customer)s),
                    %(history)s, %(covers)s, item AS MATERIALIZED (%(item)s), %(conversation)s,
                    judged AS (%(judged)s)
               %(answer)s""",
            open=self.env['collection.item']._open_lines(day, past, companies.ids, partner_ids),
            settings=self._get_settings_ctes(rules, working, day, None if history is not None else min(day, today)),
            customer=self._get_customer_query(scope),
            history=self._get_history_ctes(scope, history, partner_ids),
            covers=self._get_covers_ctes(scope),
            item=self._get_item_query(scope),
            conversation=self._get_conversation_ctes(scope),
            judged=self._get_judged_query(scope),
            answer=self._get_answer_query(scope),
        )

    @api.model
    def _get_policies(self, root):
        """:return: active policies that can apply to customers of the root company"""
        return self.env['collection.policy'].sudo().search([('company_id', 'in', [False, root.id])])

    # ------------------------------------------------------------------
    # Settings as small tables
    # ------------------------------------------------------------------
    def _get_settings_ctes(self, policies, working, day, asked_on):
        """Policies, levels and "what comes after which level", worked out in Python:
        few rows, so that the large join stays an equality.

        :param date asked_on: who was not told yet by this day may be told on it: acts from his working days later
            on are taken to be told in time (R53); None if nobody has to be told
        """
        levels = (
            self.env['collection.level'].sudo().with_context(active_test=False).search([('policy_id', '!=', False)])
        )
        payable = self.env['res.partner']._get_collection_payable_role()
        rule_rows = [
            SQL(
                "(%s, %s::date, %s::date, %s, %s, %s, %s::numeric, %s::date, %s, %s::int)",
                policy.id,
                working.cutoff(day, policy.receipt_hold_days),
                working.cutoff(day, policy.direct_debit_days),
                policy.restart_days,
                policy.stale_days,
                policy.unsent,
                policy.item_minimum or 0,
                working.add(asked_on, policy.consult_days) if asked_on and policy.consult_days else None,
                policy.broken_promise_limit,
                policy._get_climbing_levels().filtered(lambda level: level.kind == 'formal')[:1].id or None,
            )
            for policy in policies
        ]
        level_rows = [
            SQL(
                "(%s, %s, %s, %s, %s, %s, %s::numeric, %s, %s::int[])",
                level.id,
                level.rank,
                level.kind,
                TRACK_OF_KIND.get(level.kind),
                level.mode,
                level.delay_days,
                level.minimum_amount or 0,
                level.by_email and not (level.by_call or level.by_letter or level.by_registered),
                (level.recipient_role_ids | payable).ids,
            )
            for level in levels
        ]
        climb_rows = []
        for policy in policies:
            climbing = policy._get_climbing_levels()
            for last in [None, *levels] if climbing else []:
                above = climbing.filtered(lambda level: not last or level.rank > last.rank)[:1]
                again = climbing.filtered(lambda level: last and level.rank >= last.rank)[:1]
                climb_rows.append(
                    SQL(
                        "(%s, %s, %s::int, %s::int)",
                        policy.id,
                        last.id if last else 0,
                        above.id or None,
                        again.id or None,
                    )
                )
        empty = SQL("WHERE false")
        return SQL(
            """rule (policy_id, receipt_from, debit_from, restart_days, stale_days, unsent, item_minimum, told_by,
                     broken_limit, formal_id)
                  AS (SELECT * FROM (VALUES %(rules)s) v %(no_rule)s),
               level (id, rank, kind, track, mode, delay_days, minimum, email_only, role_ids)
                  AS (SELECT * FROM (VALUES %(levels)s) v %(no_level)s),
               climb (policy_id, last_id, next_id, again_id)
                  AS (SELECT * FROM (VALUES %(climbs)s) v %(no_climb)s)""",
            rules=SQL(", ").join(
                rule_rows or [SQL("(0, NULL::date, NULL::date, 0, 0, '', 0::numeric, NULL::date, 0, 0)")]
            ),
            levels=SQL(", ").join(level_rows or [SQL("(0, 0, '', '', '', 0, 0::numeric, false, '{}'::int[])")]),
            climbs=SQL(", ").join(climb_rows or [SQL("(0, 0, 0, 0)")]),
            no_rule=SQL() if rule_rows else empty,
            no_level=SQL() if level_rows else empty,
            no_climb=SQL() if climb_rows else empty,
        )

    def _get_customer_query(self, scope):
        """Customers with something overdue: policy in force, whether a message could reach them by e-mail."""
        return SQL(
            """SELECT c.*, r.receipt_from, r.debit_from, r.restart_days, r.stale_days, r.unsent, r.item_minimum,
                      r.told_by, r.broken_limit, r.formal_id, k.policy_id IS NOT NULL AS has_levels
                 FROM (SELECT p.id, p.active, COALESCE(a.policy_id, %(default_policy)s::int) AS policy_id
                         FROM (SELECT DISTINCT partner_id FROM open
                                WHERE residual_currency > 0 AND due_date < %(day)s) o
                         JOIN res_partner p ON p.id = o.partner_id
                         LEFT JOIN rule a ON a.policy_id = (p.property_collection_policy_id->>%(key)s)::int) c
                 LEFT JOIN rule r ON r.policy_id = c.policy_id
                 LEFT JOIN climb k ON k.policy_id = c.policy_id AND k.last_id = 0%(only)s""",
            default_policy=scope['default_policy'],
            day=scope['day'],
            key=str(scope['root']),
            only=scope['only'],
        )

    # ------------------------------------------------------------------
    # The answer
    # ------------------------------------------------------------------
    def _get_judged_query(self, scope):
        """One reason for each item that stays, the next level for each that rises. The order
        of the reasons is the order in which a person should deal with them."""
        return SQL(
            """SELECT i.*, v.id AS level_id, v.rank AS level_rank, v.track, s.id IS NOT NULL AND (g.again OR NOT g.jump) AS renewed,
                      CASE WHEN g.again THEN i.back_id END AS repeats_id, g.jump AND NOT g.again AS jump,
                      i.free - i.netted AS to_chase,
                      round((i.free - i.netted) * i.residual / i.residual_currency, %(digits)s) AS to_chase_company,
                      i.move_type = 'out_invoice' AND i.is_move_sent IS NOT TRUE AS never_sent,
                      %(reason)s AS reason, i.due_date + v.delay_days AS enters_on,
                      COALESCE(t.running_until, i.last_act_on) AS running_until, t.peace_until,
                      COALESCE(c.act_from, i.told_by) AS told_until, c.objected_until
                 FROM item i
                 LEFT JOIN climb k ON k.policy_id = i.policy_id AND k.last_id = COALESCE(i.last_id, 0)
                 LEFT JOIN stale s ON s.id = i.id
                 LEFT JOIN level n ON n.id = CASE WHEN s.id IS NOT NULL THEN k.again_id ELSE k.next_id END
                 LEFT JOIN broken b ON b.item_id = i.id
                 -- what was never asked for is not given formal notice of
                 LEFT JOIN level f ON b.item_id IS NOT NULL AND i.last_id IS NOT NULL AND f.id = i.formal_id AND f.rank > n.rank
                 LEFT JOIN LATERAL (
                    SELECT f.id IS NOT NULL AS jump,
                           i.back_id IS NOT NULL AND COALESCE(COALESCE(f.track, n.track) <> 'ordinary', false) AS again) g ON true
                 LEFT JOIN level v ON v.id = CASE WHEN g.again THEN k.again_id ELSE COALESCE(f.id, n.id) END
                 LEFT JOIN talk t ON t.partner_id = i.partner_id AND t.track = v.track
                 LEFT JOIN talk own ON own.partner_id = i.partner_id
                       AND own.track = CASE i.last_kind WHEN 'formal' THEN 'formal' ELSE 'ordinary' END
                 LEFT JOIN account_payment_method_line q ON q.id = i.preferred_payment_method_line_id
                 LEFT JOIN lawsuit w ON w.partner_id = i.partner_id
                 LEFT JOIN chased x ON x.item_id = i.id
                 LEFT JOIN LATERAL (%(consultation)s) c ON true""",
            consultation=self._get_consultation_query(scope),
            digits=scope['digits'],
            reason=self._get_reason_case(scope),
        )

    def _get_reason_case(self, scope):
        """:return: SQL giving the code of ``collection.run.line.REASONS`` for an item, NULL if it rises"""
        return SQL(
            """CASE WHEN i.date > %(day)s THEN 'future'
                    WHEN i.no_followup THEN 'no_followup'
                    WHEN i.last_kind = 'litigation' THEN 'litigation'
                    WHEN i.customer_active IS NOT TRUE THEN 'archived'
                    WHEN i.policy_id IS NULL THEN 'no_policy'
                    WHEN NOT i.has_levels THEN 'no_levels'
                    WHEN i.on_hold THEN 'hold'
                    WHEN i.hold_response THEN 'hold_response'
                    WHEN i.free <= 0 AND i.responding > 0 THEN 'response'
                    WHEN i.free <= 0 AND i.disputed >= i.promised THEN 'disputed'
                    WHEN i.free <= 0 THEN 'promised'
                    WHEN q.collection_direct_debit AND i.due_date >= i.debit_from THEN 'direct_debit'
                    WHEN i.unsent_rule = 'hold' AND i.move_type = 'out_invoice' AND i.is_move_sent IS NOT TRUE THEN 'not_sent'
                    WHEN i.receipts THEN 'receipt'
                    WHEN i.free - i.netted <= 0 THEN 'netted'
                    WHEN (i.free - i.netted) * i.residual / i.residual_currency < i.item_minimum THEN 'small'
                    WHEN v.id IS NULL THEN 'top'
                    WHEN w.partner_id IS NOT NULL AND i.last_id IS NULL AND x.item_id IS NULL THEN 'join'
                    WHEN i.last_id IS NULL AND i.due_date + v.delay_days > %(day)s THEN 'delay'
                    WHEN own.unfinished OR t.unfinished THEN 'unfinished'
                    WHEN i.last_act_on > %(day)s OR t.running_until IS NOT NULL THEN 'conversation'
                    WHEN t.peace_until IS NOT NULL THEN 'peace'
                    WHEN c.objected_until >= %(day)s THEN 'objection'
                    WHEN v.track <> 'ordinary' AND COALESCE(c.act_from, i.told_by) > %(day)s THEN 'consultation'
                    WHEN NOT %(working)s THEN 'closed_day' END""",
            day=scope['day'],
            working=scope['working'],
        )

    def _get_answer_query(self, scope):
        """Message-wide rules: a message takes mode and minimum of its highest level (R41, R51, R52, R66)."""
        return SQL(
            """SELECT a.id AS line_id, a.partner_id, a.company_id, a.move_id, a.currency_id, a.due_date, a.policy_id,
                      a.residual_currency AS residual, a.residual AS residual_company, a.disputed, a.promised, a.responding, a.netted, a.to_chase,
                      a.to_chase_company, a.last_id AS last_level_id, a.step_id AS last_step_id,
                      a.last_given AS last_date_given,
                      CASE WHEN a.reason IS NOT NULL THEN a.reason
                           WHEN a.total < top.minimum THEN 'minimum'
                           WHEN top.email_only AND NOT %(reachable)s THEN 'no_email' END AS reason,
                      CASE a.reason WHEN 'hold' THEN a.hold_until
                                    WHEN 'hold_response' THEN a.hold_until
                                    WHEN 'response' THEN a.response_until
                                    WHEN 'promised' THEN a.promised_for
                                    WHEN 'delay' THEN a.enters_on
                                    WHEN 'conversation' THEN a.running_until
                                    WHEN 'consultation' THEN a.told_until
                                    WHEN 'objection' THEN a.objected_until
                                    WHEN 'peace' THEN a.peace_until END AS until,
                      a.level_id, a.track, a.renewed, a.repeats_id, a.jump, a.never_sent AND a.unsent_rule <> 'ignore' AS unsent,
                      top.id AS message_level_id,
                      CASE WHEN top.mode = 'auto' AND (w.partner_id IS NOT NULL OR a.any_jump) THEN 'validate' ELSE top.mode END AS mode
                 FROM (SELECT j.*,
                              CASE WHEN reason IS NULL THEN
                                first_value(level_id) OVER (PARTITION BY partner_id, track, reason IS NULL ORDER BY level_rank DESC, id)
                              END AS top_id,
                              sum(to_chase_company) OVER (PARTITION BY partner_id, track, reason IS NULL) AS total,
                              bool_or(jump) OVER (PARTITION BY partner_id, track, reason IS NULL) AS any_jump
                         FROM judged j) a
                 LEFT JOIN level top ON top.id = a.top_id
                 LEFT JOIN lawsuit w ON w.partner_id = a.partner_id""",
            reachable=self._get_reachable_query(SQL("a.partner_id"), SQL("top.role_ids")),
        )

    def _get_reachable_query(self, partner, role_ids):
        """:return: SQL telling whether one of those a message would go to has an address it can go to (R66):
        the SQL twin of ``res.partner._get_collection_recipients``"""
        roles = self.env['res.partner']._fields['collection_role_ids']
        return SQL(
            """EXISTS (SELECT FROM res_partner e
                 WHERE e.commercial_partner_id = %(partner)s AND e.active AND e.email_normalized IS NOT NULL
                   AND COALESCE(e.message_bounce, 0) = 0 AND e.collection_do_not_mail IS NOT TRUE
                   AND NOT EXISTS (SELECT FROM mail_blacklist b WHERE b.email = e.email_normalized AND b.active)
                   AND (e.id = %(partner)s OR e.type = 'invoice' OR EXISTS (
                        SELECT FROM %(roles)s x WHERE x.%(holder)s = e.id AND x.%(role)s = ANY(%(role_ids)s))))""",
            partner=partner,
            roles=SQL.identifier(roles.relation),
            holder=SQL.identifier(roles.column1),
            role=SQL.identifier(roles.column2),
            role_ids=role_ids,
        )
