from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date

from .collection_promise import MISSED
from .collection_promise_move import COLLECTOR


class CollectionPromise(models.Model):
    """What a first-level caller may grant (R24): single promises within the limits of the policy, once per invoice.

    The amount counts per customer: all that callers granted him and that still runs. What was promised before and
    missed, moved or cancelled is promised again by a collector.
    """

    _inherit = 'collection.promise'  # pylint: disable=consider-merging-classes-inherited

    can_change = fields.Boolean(compute='_compute_can_change', help="An instalment plan is a collector's.")

    @api.depends('is_plan', 'line_ids.date')
    @api.depends_context('uid')
    def _compute_can_change(self):
        collector = self.env.user.has_group(COLLECTOR)
        for promise in self:
            promise.can_change = collector or not (promise.is_plan and promise._grants_time())

    def _check_plan_change(self):
        """:raise AccessError: when who is no collector would cancel, move or confirm a plan (R24)"""
        if not self.env.su and not all(promise.can_change for promise in self):
            raise AccessError(
                self.env._("An instalment plan is cancelled, moved and confirmed by a collector: hand it over.")
            )

    def _check_caller(self):
        """:raise UserError: naming the limit, for who is no collector"""
        if self.env.su or self.env.user.has_group(COLLECTOR):
            return
        promises = self.filtered(lambda promise: promise._grants_time())
        policies = promises._get_policies()
        for promise in promises:
            if promise.is_plan:
                raise UserError(self.env._("An instalment plan is granted by a collector: hand the call over."))
            promise._check_caller_days(policies[promise])
        promises._check_caller_again()
        granted = promises._get_granted_by_callers()
        for promise in promises:
            promise._check_caller_amount(policies[promise], granted[promise])

    def _check_caller_days(self, policy):
        limit = self.made_on + relativedelta(days=policy.caller_promise_days)
        if max(self.line_ids.mapped('date')) > limit:
            raise UserError(
                self.env._(
                    "You may accept a date until %(limit)s (%(days)s days): hand a later one over to a collector.",
                    limit=format_date(self.env, limit),
                    days=policy.caller_promise_days,
                )
            )

    def _check_caller_amount(self, policy, granted):
        """:param float granted: what callers granted the customer besides, in company currency"""
        currency, limit = self.company_id.currency_id, policy.caller_promise_amount
        if currency.compare_amounts(self._get_company_amount() + granted, limit) <= 0:
            return
        if currency.is_zero(granted):
            raise UserError(
                self.env._(
                    "You may accept up to %(limit)s: hand a larger promise over to a collector.",
                    limit=currency.format(limit),
                )
            )
        raise UserError(
            self.env._(
                "You may accept up to %(limit)s from a customer, and %(granted)s of his are promised already: hand this "
                "one over to a collector.",
                limit=currency.format(limit),
                granted=currency.format(granted),
            )
        )

    def _check_caller_again(self):
        """:raise UserError: for an invoice whose last promise was missed, moved or cancelled; one corrected on the day
        it was made, or moved by this one, is none"""
        former = self._get_former_lines()
        for promise in self:
            again = [
                line.sudo().move_id.name
                for line in promise.line_ids
                if (last := former.get(line.sudo().line_id))
                and last.promise_id != promise.moved_from_id
                and (last.state in ('moved', 'cancelled') or (last.state in MISSED and not last.paid_elsewhere))
            ]
            if again:
                raise UserError(
                    self.env._(
                        "%s was promised before, and it was not kept, moved or cancelled: hand a new promise over to a "
                        "collector.",
                        ', '.join(dict.fromkeys(again)),
                    )
                )

    def _get_former_lines(self):
        """:return: dict {journal item of these promises: the amount promised of it last, before these}"""
        lines = (
            self.env['collection.promise.line']
            .sudo()
            .search([('line_id', 'in', self.sudo().line_ids.line_id.ids), ('promise_id', 'not in', self.ids)])
        )
        lines = lines.filtered(lambda line: line.promise_id.cancelled_on != line.promise_id.made_on)
        lines = lines.sorted(lambda line: (line.promise_id.made_on, line.promise_id.id, line.date, line.id))
        return {line.line_id: line for line in lines}

    def _get_granted_by_callers(self):
        """:return: dict {promise: what still runs of the other promises callers took from its customer, in company
        currency}"""
        running = (
            self.env['collection.promise.line']
            .sudo()
            .search(
                [
                    ('partner_id', 'in', self.partner_id.ids),
                    ('company_id', 'in', self.company_id.ids),
                    ('state', '=', 'running'),
                ]
            )
        )
        running = running.filtered(lambda line: line.promise_id._is_granted_by_caller())
        groups = running.grouped(lambda line: (line.partner_id, line.company_id))
        return {
            promise: sum(
                line.currency_id._convert(
                    line._get_left_now(), promise.company_id.currency_id, promise.company_id, promise.made_on
                )
                for line in groups.get((promise.partner_id, promise.company_id), ())
                if line.promise_id != promise
            )
            for promise in self
        }

    def _is_granted_by_caller(self):
        """:return: whether it gives time and was taken by somebody who is no collector"""
        self.ensure_one()
        return bool(self.user_id) and not self.user_id.has_group(COLLECTOR) and self._grants_time()

    def _grants_time(self):
        """:return: whether it grants anything: who confirms to pay when the invoice falls due is given no time (R4)"""
        self.ensure_one()
        return any(
            not line.line_id or line.date > max(line.line_id.date_maturity or line.line_id.date, self.made_on)
            for line in self.sudo().line_ids
        )

    def _get_company_amount(self):
        """:return: total of the promise in the currency of the company, at the rate of the day it was made"""
        self.ensure_one()
        return sum(
            line.currency_id._convert(line.amount, self.company_id.currency_id, self.company_id, self.made_on)
            for line in self.line_ids
        )
