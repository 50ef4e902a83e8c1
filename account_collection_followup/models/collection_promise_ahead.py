from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date


class CollectionPolicy(models.Model):
    """How far ahead a promise may be, whoever takes it (R33, R37)."""

    _inherit = 'collection.policy'  # pylint: disable=consider-merging-classes-inherited

    promise_max_days = fields.Integer(
        "Days ahead at most",
        default=60,
        required=True,
        tracking=True,
        help="A single promise is for a date at most so many days ahead. Who needs longer gets an instalment plan.",
    )
    plan_max_months = fields.Integer(
        "Months of a plan at most",
        default=24,
        required=True,
        tracking=True,
        help="The last instalment of a plan is due at most so many months ahead.",
    )

    @api.model
    def _get_number_ranges(self):
        return {**super()._get_number_ranges(), 'promise_max_days': (1, 366), 'plan_max_months': (1, 120)}

    def _get_last_promise_day(self, day, is_plan):
        """:return: the last date that may be promised on a day"""
        if is_plan:
            return day + relativedelta(months=self.plan_max_months)
        return day + relativedelta(days=self.promise_max_days)

    def _get_too_far_text(self, day, date, is_plan):
        """:return: why a date that is promised on a day is too far ahead, in words, or None"""
        limit = self._get_last_promise_day(day, is_plan)
        if not date or date <= limit:
            return None
        values = {
            'date': format_date(self.env, date),
            'limit': format_date(self.env, limit),
            'days': self.promise_max_days,
            'months': self.plan_max_months,
        }
        if is_plan:
            return self.env._(
                "%(date)s is too far ahead: the last instalment is due by %(limit)s (%(months)s months).", **values
            )
        return self.env._(
            "%(date)s is too far ahead: a single promise is for %(limit)s at the latest (%(days)s days). Agree on an "
            "instalment plan for more time.",
            **values,
        )


class CollectionPromise(models.Model):
    """A promise for a date far ahead is a slip of the finger, or no promise."""

    _inherit = 'collection.promise'  # pylint: disable=consider-merging-classes-inherited

    def _check_lines(self):
        # EXTENDS: the dates
        result = super()._check_lines()
        # who confirms to pay when it falls due asks for no time
        promises = self.filtered(lambda promise: promise._grants_time())
        policies = promises._get_policies()
        for promise in promises:
            last = max(promise.line_ids.mapped('date'))
            if problem := policies[promise]._get_too_far_text(promise.made_on, last, promise.is_plan):
                raise UserError(problem)
        return result
