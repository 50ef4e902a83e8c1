from odoo import api, fields, models
from odoo.tools import format_date

from .collection_promise import MISSED
from .collection_promise_move import COLLECTOR

#: working days between tries to reach who broke a promise (R35)
TRY_DAYS = 2


class CollectionPromise(models.Model):
    """What follows when a promise was not kept (R35): the customer is called, or the matching is looked at."""

    _inherit = 'collection.promise'  # pylint: disable=consider-merging-classes-inherited

    broken_text = fields.Char("What follows", compute='_compute_broken_text')

    @api.depends('state', 'paid_elsewhere', 'broken_count')
    @api.depends_context('lang', 'uid')
    def _compute_broken_text(self):
        """What a promise that was not kept means, and what follows from it (R34, R36)."""
        missed = self.filtered(lambda promise: promise.state in MISSED)
        (self - missed).broken_text = False
        policies = missed._get_policies()
        for promise in missed:
            promise.broken_text = ' '.join(promise._get_broken_sentences(policies[promise]))

    def _get_broken_sentences(self, policy):
        """:return: list of sentences, the most important first"""
        if self.paid_elsewhere:
            return [self.env._("The money came in time, but was matched with other invoices: look at the matching.")]
        if not self._get_missed():
            return [self.env._("Not kept on its date, and settled since.")]
        if not self._get_unanswered():
            return [self._say_broken(self.env) + '.', self.env._("It was promised again since.")]
        if not self._get_missed_to_call():
            return [self._say_broken(self.env) + '.', self.env._("It is disputed meanwhile.")]
        sentences = [self._say_broken(self.env) + '.', self.env._("Call the customer."), self._say_count(policy)]
        return [sentence for sentence in sentences if sentence]

    def _say_count(self, policy):
        """:return: how many promises were broken and what that leads to, or None (R36)"""
        limit, count = policy.broken_promise_limit, self.broken_count
        # the assessed motive is for collectors
        if limit and count and self.env.user.has_group(COLLECTOR) and self.sudo().case_id.motive == 'cash':
            return self.env._("Shortage of cash is recorded: an instalment plan is proposed, not formal notice.")
        if not limit or not count:
            return None
        if not self._can_jump(policy):
            return self.env._("Broken promises: %s.", count)
        if count < limit:
            return self.env._(
                "Broken promises: %(count)s. Formal notice is proposed after %(limit)s.", count=count, limit=limit
            )
        over_on = max(self._get_missed().mapped('response_until'))
        if over_on >= self.company_id._collection_today():
            return self.env._(
                "Broken promises: %(count)s. Formal notice is proposed if nothing is heard until %(date)s.",
                count=count,
                date=format_date(self.env, over_on),
            )
        return self.env._("Broken promises: %s. Formal notice is proposed.", count)

    def _can_jump(self, policy):
        """:return: whether formal notice is still ahead of something missed that was asked for already (R36)"""
        formal = policy.sudo().level_ids.filtered(lambda level: level.active and level.kind == 'formal')
        if not formal or not self.counts_as_broken:
            return False
        items = self.env['collection.item'].sudo().browse(self._get_missed().sudo().line_id.ids)
        return any(item.level_id and item.level_id.rank < min(formal.mapped('rank')) for item in items)

    def action_call(self):
        """Log the call about a promise."""
        self.ensure_one()
        self.check_access('read')
        case = self.env['collection.case']._open_for(self.partner_id, self.company_id)[self.partner_id]
        return case.action_log_call()

    def _on_settled(self, before):
        """Have the customers called whose promises were broken by what was just settled.

        :param dict before: {promise: its state until now}
        """
        broken = self.filtered(
            lambda promise: promise.state in MISSED and before[promise] not in MISSED and not promise.paid_elsewhere
        )
        broken._want_calls()
        broken.case_id._propose_plans()
        (
            self.filtered('paid_elsewhere') | self.filtered(lambda promise: promise.state != before[promise])
        )._activity_update()

    def _get_missed(self):
        """:return: the amounts missed on items that are still open"""
        # callers have no accounting rights
        return self.line_ids.filtered(
            lambda line: line.state in MISSED and line.sudo().line_id and not line.sudo().line_id.reconciled
        )

    def _get_unanswered(self):
        """:return: the amounts missed on items that no other promise covers since"""
        missed = self._get_missed()
        again = (
            self.env['collection.promise.line']
            .sudo()
            .search([('line_id', 'in', missed.sudo().line_id.ids), ('state', '=', 'running')])
        )
        return missed.filtered(lambda line: line.sudo().line_id not in again.line_id)

    def _get_missed_to_call(self):
        """:return: the amounts missed on items that are not contested as a whole meanwhile"""
        missed = self._get_missed()
        items = self.env['collection.item'].sudo().browse(missed.sudo().line_id.ids)
        contested = items.filtered(
            lambda item: item.currency_id.compare_amounts(item.disputed, item.residual_currency) >= 0
        )
        return missed.filtered(lambda line: line.sudo().line_id.id not in contested.ids)

    def _want_calls(self):
        """Plan one call today per customer, about all the promises he broke (R35). What is disputed meanwhile is solved
        first."""
        missed = self.sudo()._get_missed_to_call()
        for company, batch in missed.promise_id.grouped('company_id').items():
            cases = self.env['collection.case'].sudo()._open_for(batch.partner_id, company)
            working = self.env['collection.holiday']._working_days(company)
            today = working.roll_forward(company._collection_today())
            by_case = batch.grouped(lambda promise, cases=cases: cases[promise.partner_id])
            self.env['collection.call']._want(
                {
                    case: broken._prepare_wanted_call(today, (missed & broken.line_ids).move_id)
                    for case, broken in by_case.items()
                }
            )

    def _prepare_wanted_call(self, today, moves):
        """
        :param moves: the invoices to talk about
        :return: values for ``collection.call._want`` of the call about these promises of one customer"""
        return {
            'planned_on': today,
            'contact_id': self.contact_id[:1].id,
            'move_ids': moves.ids,
            'why': lambda env: ' · '.join(promise._say_broken(env) for promise in self),
        }

    def _say_broken(self, env):
        """:param env: of who calls
        :return: what was missed, in his language"""
        self.ensure_one()
        missed = self.line_ids.filtered(lambda line: line.state in MISSED)
        values = {
            'date': format_date(env, min(missed.mapped('date'))),
            'amount': self._format_amounts(env, missed, 'amount'),
        }
        if self.is_plan:
            return env._("Instalment of %(date)s for %(amount)s missed", **values)
        if self.state == 'partly':
            came = self._format_amounts(env, missed, 'amount_kept')
            return env._("Promise of %(date)s for %(amount)s: only %(came)s came in", came=came, **values)
        return env._("Promise of %(date)s for %(amount)s broken", **values)

    @api.model
    def _format_amounts(self, env, lines, name):
        """:return: the sum of a field of these lines per currency, in words"""
        return ' + '.join(
            currency.with_env(env).format(sum(group.mapped(name)))
            for currency, group in lines.grouped('currency_id').items()
        )

    # ------------------------------------------------------------------
    # On whose list
    # ------------------------------------------------------------------
    def _get_wanted_activities(self):
        # EXTENDS collection.activity.mixin: the money came, but to other invoices: somebody looks at the matching
        kind = self.env.ref('account_collection_followup.activity_type_promise_matching', raise_if_not_found=False)
        if not kind:
            return {}
        done = self._get_done_activities()
        return {
            promise: [{'user_id': user.id, 'activity_type_id': kind.id, 'date_deadline': promise.ended_on}]
            for promise in self
            if promise.paid_elsewhere
            and (promise.id, kind) not in done
            and promise._get_missed()
            and (user := promise._get_responsible())
        }

    def _get_done_activities(self):
        """:return: set of (id of a promise, type) of what somebody has done already: it does not come back"""
        return {(activity.res_id, activity.activity_type_id) for activity in self._get_activities(active=False)}

    def _get_responsible(self):
        """:return: who looks after the customer: the responsible of the case, else the company's"""
        self.ensure_one()
        return self.env['res.partner']._get_collection_responsible(self.case_id, self.company_id)


class CollectionCall(models.Model):
    _inherit = 'collection.call'  # pylint: disable=consider-merging-classes-inherited

    def _get_try_spacing(self):
        # EXTENDS: who broke a promise is tried again every second working day at most (R35)
        broken = self.sudo().case_id._filter_broken_promise()
        return {
            call: TRY_DAYS if call.sudo().case_id in broken else days
            for call, days in super()._get_try_spacing().items()
        }


class CollectionCase(models.Model):
    _inherit = 'collection.case'

    def _filter_broken_promise(self):
        """:return: those of customers who broke a promise on an item that is still open"""
        broken = self.env['collection.promise.line'].sudo()
        found = broken._read_group(
            [
                ('partner_id', 'in', self.partner_id.ids),
                ('company_id', 'in', self.company_id.ids),
                ('state', 'in', MISSED),
                ('paid_elsewhere', '=', False),
                ('line_id.reconciled', '=', False),
            ],
            ['partner_id', 'company_id'],
        )
        return self.filtered(lambda case: (case.partner_id, case.company_id) in found)
