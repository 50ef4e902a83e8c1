from collections import namedtuple

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.tools import SQL

from .collection_fact import internal

#: a customer to call before his invoices fall due: the invoices, and what speaks for calling him
Candidate = namedtuple(
    'Candidate', ['partner_id', 'policy_id', 'move_ids', 'amount', 'first_due', 'paid', 'disputes', 'new', 'contests', 'large']
)  # fmt: skip


class CollectionCall(models.Model):
    """Satisfaction calls, planned by the desk before the due date (R2, R7, R8).

    Which customers, when, how often: settings of their policy. One call is about all that falls due soon.
    """

    _inherit = 'collection.call'  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _plan_satisfaction(self, company):
        """Plan the satisfaction calls of today for the customers of a company. Does nothing the second time.

        :return: the calls
        """
        root = company.sudo()._collection_root()
        calls = self.sudo()
        calls._hand_on(root)
        today = root._collection_today()
        levels = calls._get_satisfaction_levels(root)
        if not levels or not self.env['collection.holiday']._working_days(root).is_working(today):
            return calls
        candidates = calls._cap_candidates(calls._get_candidates(root, today, levels), root, today, levels)
        vals_list = calls._prepare_satisfaction_calls(candidates, root, today, levels)
        return internal(calls).create(vals_list).with_env(self.env)

    @api.model
    def _hand_on(self, root):
        """Each planned call and open dispute is on the list of somebody who is here: those of users who have left
        go to who stands in for them."""
        planned = [('company_id', '=', root.id), ('state', '=', 'planned')]
        orphans = self.search([*planned, ('user_id.active', '=', False)])
        for user, calls in orphans.grouped(lambda call: call._get_fallback_user()).items():
            calls.user_id = user
        self.search([*planned, ('activity_ids', '=', False)])._activity_update()
        self.env['collection.dispute'].search(
            [('company_id', '=', root.id), ('state', '=', 'open'), ('activity_ids', '=', False)]
        )._activity_update()

    @api.model
    def _get_satisfaction_levels(self, root):
        """:return: dict {id of a policy in use: its level of satisfaction calls}"""
        levels = self.env['collection.level'].search(
            [
                ('kind', '=', 'satisfaction'),
                ('by_call', '=', True),
                ('policy_id', 'in', self.env['collection.plan']._get_policies(root).ids),
            ],
            order='rank desc',
        )
        return {level.policy_id.id: level for level in levels}

    # ------------------------------------------------------------------
    # Who
    # ------------------------------------------------------------------
    @api.model
    def _get_candidates(self, root, today, levels):
        """:return: customers to call, the first to fall due first"""
        self.env.flush_all()
        self.env.cr.execute("SET LOCAL jit = off")
        return [Candidate(*row) for row in self.env.execute_query(self._get_candidates_query(root, today, levels))]

    @api.model
    def _get_rule_rows(self, today, levels):
        """:return: SQL rows of what the policies say"""
        return SQL(", ").join(
            SQL(
                "(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s::date, %s::numeric, %s)",
                policy.id,
                level.delay_days,
                policy.satisfaction_window,
                policy.satisfaction_short_terms,
                policy.satisfaction_short_days,
                policy.satisfaction_spacing_days,
                policy.satisfaction_always,
                policy.satisfaction_new_invoices,
                policy.satisfaction_disputes,
                today - relativedelta(months=policy.satisfaction_dispute_months),
                policy.satisfaction_amount,
                policy._get_climbing_levels()[:1].rank,
            )
            for level in levels.values()
            for policy in level.policy_id
        )

    @api.model
    def _get_candidates_query(self, root, today, levels):
        """One row per customer: an invoice has come to its day that no call was about yet, nothing else is going on
        with him, and there is a reason to call."""
        companies = self.env['res.company'].with_context(active_test=False).search([('id', 'child_of', root.id)])
        item = self.env['collection.item']
        horizon = max(level.delay_days + level.policy_id.satisfaction_window for level in levels.values())
        return SQL(
            """WITH rule (policy_id, delay, days, short_terms, short_days, spacing, always, new_under, dispute_count,
                          disputes_from, large_from, entry_rank) AS (VALUES %(rules)s),
               soon AS MATERIALIZED (
                 SELECT o.partner_id, o.move_id, o.due_date, o.residual, r.*,
                        CASE WHEN o.due_date - COALESCE(m.invoice_date, o.date) < r.short_terms
                             THEN COALESCE(m.invoice_date, o.date) + r.short_days
                             ELSE o.due_date - r.delay END <= %(today)s
                        AND NOT EXISTS (SELECT FROM collection_call_account_move_rel x
                                          JOIN collection_call c ON c.id = x.call_id AND c.purpose = 'satisfaction'
                                         WHERE x.move_id = o.move_id) AS ripe
                   FROM (%(lines)s) o
                   JOIN account_move m ON m.id = o.move_id AND m.move_type IN ('out_invoice', 'out_receipt')
                   JOIN res_partner p ON p.id = o.partner_id AND p.active
                   JOIN rule r ON r.policy_id = CASE WHEN (p.property_collection_policy_id->>%(key)s)::int = ANY(%(policies)s)
                                                     THEN (p.property_collection_policy_id->>%(key)s)::int
                                                     ELSE %(default_policy)s END
                  WHERE o.residual_currency > 0 AND NOT o.no_followup
                    AND o.due_date > %(today)s AND o.due_date <= %(today)s + %(horizon)s
                    AND o.due_date <= %(today)s + r.delay + r.days),
               customer AS MATERIALIZED (
                 SELECT s.partner_id, r.*, array_agg(DISTINCT s.move_id) AS move_ids, sum(s.residual) AS amount,
                        min(s.due_date) FILTER (WHERE s.ripe) AS first_due
                   FROM soon s JOIN rule r ON r.policy_id = s.policy_id
                  GROUP BY s.partner_id, %(rule_columns)s HAVING bool_or(s.ripe)),
               free AS MATERIALIZED (
                 SELECT u.* FROM customer u WHERE %(nothing_else)s),
               paid AS (
                 SELECT l.partner_id, count(DISTINCT l.move_id) AS number
                   FROM account_move_line l
                   JOIN account_move m ON m.id = l.move_id AND m.move_type IN ('out_invoice', 'out_receipt')
                  WHERE l.partner_id IN (SELECT partner_id FROM free) AND l.company_id = ANY(%(companies)s)
                    AND l.account_id = ANY(%(receivable)s) AND l.parent_state = 'posted' AND l.reconciled
                    AND NOT EXISTS (SELECT FROM account_move_line n WHERE n.move_id = l.move_id
                                       AND n.account_id = ANY(%(receivable)s) AND n.reconciled IS NOT TRUE)
                  GROUP BY 1),
               contested AS (
                 SELECT f.partner_id, count(*) AS number
                   FROM free f JOIN collection_dispute d ON d.partner_id = f.partner_id
                  WHERE d.company_id = %(root)s AND d.opened_on >= f.disputes_from GROUP BY 1),
               called AS (
                 SELECT partner_id, max(made_on) AS last_on FROM collection_call
                  WHERE company_id = %(root)s AND purpose = 'satisfaction' AND state = 'made' GROUP BY 1),
               judged AS (
                 SELECT f.*, COALESCE(p.number, 0) AS paid, COALESCE(t.number, 0) AS disputes, c.last_on,
                        COALESCE(p.number, 0) < f.new_under AS new,
                        f.dispute_count > 0 AND COALESCE(t.number, 0) >= f.dispute_count AS contests,
                        f.large_from > 0 AND f.amount >= f.large_from AS large
                   FROM free f
                   LEFT JOIN paid p ON p.partner_id = f.partner_id
                   LEFT JOIN contested t ON t.partner_id = f.partner_id
                   LEFT JOIN called c ON c.partner_id = f.partner_id)
               SELECT partner_id, policy_id, move_ids, amount, first_due, paid, disputes, new, contests, large FROM judged
                WHERE (always OR new OR contests OR large)
                  AND (last_on IS NULL
                       OR last_on <= %(today)s - GREATEST(days, CASE WHEN new OR large THEN 0 ELSE spacing END))
                ORDER BY first_due, amount DESC, partner_id""",
            rules=self._get_rule_rows(today, levels),
            rule_columns=SQL(
                "r.policy_id, r.delay, r.days, r.short_terms, r.short_days, r.spacing, r.always, r.new_under, "
                "r.dispute_count, r.disputes_from, r.large_from, r.entry_rank"
            ),
            lines=item._open_lines(today, False, companies.ids),
            nothing_else=self._get_nothing_else_condition(root, today),
            today=SQL("%s::date", today),
            key=str(root.id),
            policies=self.env['collection.plan']._get_policies(root).ids,
            default_policy=root.collection_policy_id.filtered('active').id or None,
            horizon=horizon,
            companies=companies.ids,
            receivable=item._get_receivable_account_ids(),
            root=root.id,
        )

    @api.model
    def _get_nothing_else_condition(self, root, today):
        """:return: SQL on ``customer u``: no call is planned, no dispute open, he is not on hold, and nothing of his
        stands above the first reminder, which includes litigation (R8)"""
        return SQL(
            """NOT EXISTS (SELECT FROM collection_call c
                            WHERE c.partner_id = u.partner_id AND c.company_id = %(root)s AND c.state = 'planned')
               AND NOT EXISTS (SELECT FROM (%(holding)s) held
                                WHERE held.partner_id = u.partner_id AND held.company_id = %(root)s
                                  AND (held.ended_on IS NULL OR held.ended_on > %(today)s))
               AND NOT EXISTS (SELECT FROM collection_hold h
                                WHERE h.partner_id = u.partner_id AND h.company_id = %(root)s AND h.move_id IS NULL
                                  AND h.date_from <= %(today)s AND h.date_until >= %(today)s
                                  AND (h.ended_on IS NULL OR h.ended_on > %(today)s))
               AND NOT EXISTS (SELECT FROM collection_case k JOIN collection_level v ON v.id = k.level_id
                                WHERE k.partner_id = u.partner_id AND k.company_id = %(root)s AND k.state = 'open'
                                  AND v.rank > u.entry_rank)""",
            holding=self.env['collection.dispute.line']._get_holding_query(today),
            root=root.id,
            today=SQL("%s::date", today),
        )

    @api.model
    def _cap_candidates(self, candidates, root, today, levels):
        """Leave out what exceeds the calls of a day. Calls of the company still to be made count, whatever their
        policy: they do not pile up, not even on the first day of a large company (R8, R72)."""
        mine = [('company_id', '=', root.id), ('purpose', '=', 'satisfaction')]
        count = self.search_count([*mine, '|', ('state', '=', 'planned'), ('made_on', '=', today)])
        caps = {policy_id: level.policy_id.satisfaction_daily_cap for policy_id, level in levels.items()}
        return self._take_up_to(candidates, count, caps)

    @api.model
    def _take_up_to(self, rows, count, caps):
        """:param rows: who could be called, the first first, each with a ``policy_id``
        :param int count: calls of the day that count already
        :param dict caps: {policy id: calls a day, 0 for no limit}
        :return: list of those who are called"""
        chosen = []
        for row in rows:
            cap = caps[row.policy_id]
            if not cap or count < cap:
                count += 1
                chosen.append(row)
        return chosen

    # ------------------------------------------------------------------
    # The calls
    # ------------------------------------------------------------------
    @api.model
    def _prepare_satisfaction_calls(self, candidates, root, today, levels):
        """:return: list of values, one per candidate who may be called"""
        partners = self.env['res.partner'].browse(candidate.partner_id for candidate in candidates)
        reps = partners._get_collection_salespersons(root)
        contacts = {}
        for level in levels.values():
            group = partners.browse(row.partner_id for row in candidates if row.policy_id == level.policy_id.id)
            contacts.update(group._get_collection_recipients(level.recipient_role_ids, need='phone'))
        vals_list = []
        for candidate, partner in zip(candidates, partners, strict=True):
            if not contacts[partner].contacts:
                # nobody there may be called
                continue
            user = self._get_satisfaction_caller(levels[candidate.policy_id], partner, root, reps)
            vals_list.append(
                {
                    'partner_id': partner.id,
                    'company_id': root.id,
                    'contact_id': contacts[partner].contacts[:1].id,
                    'user_id': user.id,
                    'purpose': 'satisfaction',
                    'planned_on': today,
                    'move_ids': [fields.Command.set(candidate.move_ids)],
                    'target_reason': self.with_context(lang=user.lang or self.env.lang)._get_target_reason(
                        candidate, levels[candidate.policy_id].policy_id, root
                    ),
                }
            )
        return vals_list

    @api.model
    def _get_satisfaction_caller(self, level, partner, root, reps):
        """:return: the user of the level's role who calls a customer; one who is here and may log the call"""
        user = {
            'rep': reps[partner],
            'manager': root.collection_manager_id,
            'director': root.collection_director_id,
        }.get(level.sender_role, self.env['res.users'])
        collector = partner.with_company(root).property_collection_user_id
        may_log = user.sudo().filtered(
            lambda user: user.has_group('account_collection_followup.group_collection_resolver')
        )
        return self.env['res.partner']._get_usable_user(
            may_log, collector, root.collection_user_id, root.collection_manager_id
        )

    @api.model
    def _get_target_reason(self, candidate, policy, root):
        """:return: why this customer is called, for the one who calls"""
        reasons = []
        if policy.satisfaction_always:
            reasons.append(self.env._("every customer of “%s” is called", policy.with_env(self.env).name))
        if candidate.new:
            reasons.append(self.env._("new customer"))
        if candidate.contests:
            many = candidate.disputes != 1
            reasons.append(
                self.env._("%s disputes lately", candidate.disputes) if many else self.env._("1 dispute lately")
            )
        if candidate.large:
            reasons.append(self.env._("large amount soon due"))
        text = ', '.join(reasons)
        return text[:1].upper() + text[1:]
