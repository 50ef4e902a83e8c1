from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..tools import DAYS, get_range_problem

#: what changes the next messages of a level but not where items go on
CONTENT_FIELDS = (
    'days_given', 'by_email', 'by_call', 'by_letter', 'by_registered', 'sender_role', 'recipient_role_ids', 'mode',
    'minimum_amount', 'mail_template_id', 'letter_template_id', 'heading', 'consequence',
)  # fmt: skip
#: what changes where items go on
LADDER_FIELDS = ('rank', 'active')
#: the numbers of a level that make sense
RANGES = {'rank': (0, 9999), 'delay_days': DAYS, 'days_given': DAYS}


class CollectionLevel(models.Model):
    """A level that changes while items stand at it: said before it is saved, and kept within what was sent (R47)."""

    _inherit = 'collection.level'  # pylint: disable=consider-merging-classes-inherited

    problem = fields.Char(compute='_compute_problem', help="Why this level cannot work as it is.")
    impact = fields.Text(compute='_compute_impact', help="What the change means for items already on the ladder.")

    @api.depends('policy_id', 'rank', 'active', 'name', 'kind', 'mode', 'delay_days', 'days_given', 'by_email',
                 'by_call', 'by_letter', 'by_registered', 'mail_template_id', 'letter_template_id')  # fmt: skip
    def _compute_problem(self):
        for level in self:
            problem = level._get_number_problem() or level._get_problem() or level._get_rank_problem()
            level.problem = problem and problem[:1].upper() + problem[1:]

    @api.constrains(*RANGES)
    def _check_numbers(self):
        for level in self:
            if problem := level._get_number_problem():
                raise ValidationError(self.env._("%(level)s: %(problem)s", level=level.name, problem=problem))

    def _get_number_problem(self):
        """:return: which number of this level makes no sense, in words, or None"""
        self.ensure_one()
        return get_range_problem(self, RANGES)

    def _get_rank_problem(self):
        """:return: which level of the policy has the same rank, in words, or None"""
        self.ensure_one()
        twin = self.policy_id.level_ids.filtered(
            lambda level: level.active and level.rank == self.rank and level._origin != self._origin
        )
        if self.active and twin:
            return self.env._(
                "%(level)s has the rank %(rank)s already: choose a number in between.",
                level=twin[0].name,
                rank=self.rank,
            )
        return None

    @api.depends('policy_id', 'delay_days', 'kind', *CONTENT_FIELDS, *LADDER_FIELDS)
    def _compute_impact(self):
        """What saving would mean for items on the ladder; nothing while nothing is being changed."""
        for level in self:
            policy = level.policy_id._origin
            editing = policy and level != level._origin
            level.impact = (editing and '\n'.join(level._get_impact(policy))) or False

    def _get_impact(self, policy):
        """:return: sentences on what changes for the items of this policy's customers (R47)"""
        self.ensure_one()
        changes = self._get_changes()
        if not changes:
            return []
        Impact = self.env['collection.impact']
        stored = policy.sudo().with_context(active_test=False).level_ids
        before = Impact._get_rungs(stored)
        after = Impact._get_rungs([*(stored - self._origin), self])
        standings = Impact._get_standings(policy)
        return [
            *self._get_entry_text(changes),
            *Impact._get_ladder_text(standings, before, after, {self._origin.id: self.rank}),
            *(Impact._get_content_text(self, standings, after) if changes & set(CONTENT_FIELDS) else ()),
            *self._get_texts_hint(changes, after),
        ]

    def _get_changes(self):
        """:return: set of the fields that differ from what is stored and matter to the ladder"""
        self.ensure_one()

        def value(level, name):
            found = level[name]
            return found._origin if isinstance(found, models.BaseModel) else found or False

        names = ('delay_days', *CONTENT_FIELDS, *LADDER_FIELDS)
        if not self._origin:
            return set(LADDER_FIELDS) if self.active and self.kind != 'satisfaction' else set()
        return {name for name in names if value(self, name) != value(self._origin, name)}

    def _get_entry_text(self, changes):
        if 'delay_days' not in changes or not self.is_entry:
            return []
        return [
            self.env._(
                "From the next run on items get %(level)s %(new)s days after their due date, not %(old)s. "
                "Who had it already keeps his dates.",
                level=self.name,
                new=self.delay_days,
                old=self._origin.delay_days,
            )
        ]

    def _get_texts_hint(self, changes, rungs):
        """Texts such as "in spite of two reminders" count the messages before: nobody else looks at them.

        :param set changes: names of the fields that change
        :param rungs: the rungs as they will be
        :return: list of sentences, empty if no message comes after this level
        """
        if self.kind == 'satisfaction' or not changes & set(LADDER_FIELDS) or not (self.active or self._origin.active):
            return []
        rank = min(self.rank, self._origin.rank) if self._origin else self.rank
        own = self._origin.id or self.id
        if not any(rung.rank > rank and rung.id != own and rung.kind != 'litigation' for rung in rungs):
            return []
        return [
            self.env._("Check the texts of the levels after %s: they may count the reminders before.", self.name or '')
        ]

    def write(self, vals):
        if 'kind' in vals and self.filtered(lambda level: level.kind != vals['kind'])._is_used():
            raise UserError(
                self.env._(
                    "This level was used: what was sent stays what it was. Take it out of use and create another one."
                )
            )
        if 'policy_id' in vals and self.filtered(lambda level: level.policy_id.id != vals['policy_id'])._is_used():
            raise UserError(self.env._("A level that was used stays in its policy. Duplicate it instead."))
        return super().write(vals)

    def _is_used(self):
        return bool(self.env['collection.step.line'].sudo().search_count([('level_id', 'in', self.ids)], limit=1))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        # R47: a level that was used stays part of the trace
        if self._is_used():
            raise UserError(self.env._("A level that was used cannot be deleted. Take it out of use instead."))
