from odoo import api, models
from odoo.exceptions import ValidationError

from ..tools import DAYS, get_range_problem

DAY_FIELDS = (
    'act_days', 'restart_days', 'stale_days', 'receipt_hold_days', 'direct_debit_days', 'promise_grace_days',
    'promise_response_days', 'silence_days', 'letter_days', 'hold_response_days', 'caller_promise_days',
)  # fmt: skip
#: numbers whose change is put into words before it is saved
EXPLAINED_FIELDS = ('act_days', 'restart_days', 'stale_days', 'hold_response_days', 'promise_grace_days',
                    'receipt_hold_days', 'direct_debit_days', 'consult_days', 'silence_days', 'broken_promise_limit')  # fmt: skip


class CollectionPolicy(models.Model):
    """Delays of a policy that change while it is in use: in words before they are saved, and within reason (R47)."""

    _inherit = 'collection.policy'  # pylint: disable=consider-merging-classes-inherited

    # ------------------------------------------------------------------
    # Within reason
    # ------------------------------------------------------------------
    @api.model
    def _get_number_ranges(self):
        """:return: dict field → (lowest, highest) of the numbers that make sense"""
        return {**dict.fromkeys(DAY_FIELDS, DAYS), 'broken_promise_limit': (0, 99), 'silence_daily_cap': (0, 9999)}

    @api.constrains(lambda self: tuple(self._get_number_ranges()))
    def _check_numbers(self):
        for policy in self:
            if problem := get_range_problem(policy, policy._get_number_ranges()):
                raise ValidationError(self.env._("%(policy)s: %(problem)s", policy=policy.name, problem=problem))

    @api.depends(lambda self: tuple(self._get_number_ranges()))
    def _compute_warning(self):
        return super()._compute_warning()

    def _get_warnings(self):
        problems = [get_range_problem(self, self._get_number_ranges())]
        problems += [
            problem and self.env._("%(level)s: %(problem)s", level=level.name, problem=problem)
            for level in self.with_context(active_test=False).level_ids
            for problem in [level._get_number_problem()]
        ]
        return [*filter(None, problems), *super()._get_warnings()]

    # ------------------------------------------------------------------
    # In words
    # ------------------------------------------------------------------
    @api.depends(*EXPLAINED_FIELDS)
    def _compute_impact(self):
        return super()._compute_impact()

    def _get_impact(self):
        sentences = super()._get_impact()
        if not self.active or get_range_problem(self, self._get_number_ranges()):
            return sentences
        return [*sentences, *self._get_delay_text()]

    def _get_delay_text(self):
        """:return: list of sentences: from when on each changed delay counts, and what stays as it was"""
        self.ensure_one()
        changed = [name for name in EXPLAINED_FIELDS if self[name] != self._origin[name]]
        return [self._get_delay_sentence(name, self[name]) for name in changed]

    def _get_delay_sentence(self, name, days):
        """
        :param str name: one of :data:`EXPLAINED_FIELDS`
        :param int days: its new value, days or a number
        :return: a sentence
        """
        sentences = {
            'act_days': self.env._(
                "From the next messages on, what was announced is put in hand %s working days after its date. "
                "Dates already announced stay.",
                days,
            ),
            'restart_days': self.env._(
                "From the next run on, a customer who settled all he was asked for is left alone for %s days, "
                "who settled lately too.",
                days,
            ),
            'stale_days': self.env._(
                "From the next run on, what was not carried out %s days after its date is announced again, "
                "announcements already made too.",
                days,
            ),
            'hold_response_days': self.env._(
                "Holds entered from now on leave %s working days after their end. The others stay.", days
            ),
            'promise_grace_days': self.env._(
                "Promises made from now on are broken %s working days after their date. The others keep theirs.", days
            ),
            'receipt_hold_days': self.env._(
                "From the next run on, money not yet matched holds messages for %s working days, money received "
                "already too.",
                days,
            ),
            'direct_debit_days': self.env._(
                "From the next run on, direct debits are left alone until %s working days after the due date.", days
            ),
            'consult_days': self.env._(
                "From the next run on, the sales rep is told %s working days before a formal notice or litigation. "
                "What he was told already keeps its day.",
                days,
            )
            if days
            else self.env._(
                "From the next run on, the sales rep is told nothing before a formal notice or litigation."
            ),
            'silence_days': self.env._(
                "From the next run on, a customer is called who was not contacted for %s days, his last contact before "
                "now counting too. Calls already planned stay.",
                days,
            )
            if days
            else self.env._("From the next run on, no call is planned because nobody was in contact."),
            'broken_promise_limit': self.env._(
                "From the next run on, formal notice is proposed after broken promises: %s. Those broken already count "
                "too.",
                days,
            )
            if days
            else self.env._("From the next run on, broken promises do not lead to formal notice."),
        }
        return sentences[name]
