from odoo import Command, fields, models

from .collection_fact import internal
from .collection_step import MEANS


class CollectionStep(models.Model):
    """What a hand-over to litigation brings with it: what was still to do about its items is not done any more."""

    _inherit = 'collection.step'  # pylint: disable=consider-merging-classes-inherited

    proposed_on = fields.Date(
        "Put before the manager on",
        help="From then to the day of the hand-over is the time the collections manager took to decide.",
    )

    def _drop_handed(self):
        """Letters, e-mails and calls that only concern what was handed over are not possible any more. What also
        asks for other items goes on (R52)."""
        handed = self._get_handed_lines()
        reason = self.env._("Handed over to litigation.")
        waiting = self.search(
            [
                ('case_id', 'in', self.case_id.ids),
                ('track', '!=', 'litigation'),
                ('cancelled', '=', False),
                ('complete', '=', False),
            ]
        )
        dropped = waiting.filtered(lambda step: not step._get_alive_lines(handed))
        dropped._stop_mail()
        dropped._log_recalled(reason)
        for step in dropped:
            means = {f'{name}_state': 'waived' for name in MEANS if step[f'{name}_state'] in ('todo', 'failed')}
            step.write({**means, 'failure': ' '.join(filter(None, [step.failure, reason]))})
        self._drop_calls(handed)

    def _get_handed_lines(self):
        """:return: the lines of every hand-over of these cases"""
        return self.env['collection.step.line'].search(
            [
                ('step_id.case_id', 'in', self.case_id.ids),
                ('step_id.track', '=', 'litigation'),
                ('step_id.cancelled', '=', False),
                ('role', '=', 'asked'),
            ]
        )

    def _get_alive_lines(self, handed):
        """:return: what this step asks for that is neither paid nor handed over"""
        return self.line_ids.filtered(
            lambda line: line.role == 'asked' and line.line_id not in handed.line_id and not line.line_id.reconciled
        )

    def _drop_calls(self, handed):
        """A planned call goes when neither its steps nor its invoices leave anything to talk about."""
        calls = self.env['collection.call'].search(
            [('case_id', 'in', self.case_id.ids), ('state', '=', 'planned'), ('purpose', '=', 'collection')]
        )
        chased = self._get_chased_partners()
        needless = calls.filtered(
            lambda call: (
                not call._get_steps()
                and (call.move_ids <= handed.move_id if call.move_ids else call.partner_id not in chased)
            )
        )
        internal(needless).write({'state': 'cancelled'})

    def _get_chased_partners(self):
        """:return: customers of these cases who owe something overdue besides what is in litigation"""
        items = self.env['collection.item'].search(
            [
                ('partner_id', 'in', self.partner_id.ids),
                ('company_id', 'child_of', self.company_id.ids),
                ('days_overdue', '>', 0),
                ('residual_currency', '>', 0),
                ('no_followup', '=', False),
            ]
        )
        return items.filtered(lambda item: item.level_id.kind != 'litigation').partner_id


class CollectionStepBuilder(models.AbstractModel):
    """Hand-overs: those a run brings, and those the collections manager joins to a litigation."""

    _inherit = 'collection.step.builder'  # pylint: disable=consider-merging-classes-inherited

    def _build(self, run_lines, rising, held):
        steps = super()._build(run_lines, rising, held)
        if handed := steps.filtered(lambda step: step.track == 'litigation'):
            handed._drop_handed()
        return steps

    def _prepare_step(self, line, case, level, items, recipient, sender):
        vals = super()._prepare_step(line, case, level, items, recipient, sender)
        if vals['track'] == 'litigation':
            vals['proposed_on'] = line.proposed_since or line.date
        return vals

    def _hand_over(self, company, items, proposed_on):
        """Hand items over without a run: the collections manager decided on them one by one (R52).

        :param items: list of :class:`PlanItem` of customers who have something in litigation
        :param date proposed_on: when he was first asked
        :return: dict customer → the step of today
        """
        today, levels = company._collection_today(), self._get_litigation_levels(company, items)
        rising = {}
        for item in items:
            level = levels[item.partner_id]
            rising.setdefault((item.partner_id, 'litigation'), []).append(
                item._replace(level_id=level.id, message_level_id=level.id, track='litigation', mode='decide')
            )
        lines = self.env['collection.run.line'].union(
            *(
                self._new_run_line(company, partner_id, levels[partner_id], today, proposed_on)
                for partner_id, _track in rising
            )
        )
        existing = self.env['collection.step'].search(
            [
                ('company_id', '=', company.id),
                ('partner_id', 'in', lines.partner_id.ids),
                ('track', '=', 'litigation'),
                ('date', '=', today),
                ('cancelled', '=', False),
            ]
        )
        joined = lines.filtered(lambda line: line.partner_id in existing.partner_id)
        self._extend(existing, joined, rising)
        steps = existing | self._build(lines - joined, rising, {}) if lines - joined else existing
        return {step.partner_id: step for step in steps}

    def _new_run_line(self, company, partner_id, level, today, proposed_on):
        # never written: what the builder needs to know of a message
        run = self.env['collection.run']._get_today(company)
        return self.env['collection.run.line'].new(
            {
                'run_id': run.id,
                'date': today,
                'company_id': company.id,
                'partner_id': partner_id,
                'kind': 'message',
                'track': 'litigation',
                'level_id': level.id,
                'mode': 'decide',
                'proposed_since': proposed_on,
            }
        )

    def _extend(self, steps, run_lines, rising):
        """Add items to the hand-overs of today: a customer has one a day."""
        by_partner = steps.grouped('partner_id')
        for line in run_lines:
            items = rising[line.partner_id.id, line.track]
            shared = self._prepare_shared(line.company_id, line, items)
            by_partner[line.partner_id].line_ids = [
                Command.create(vals) for vals in self._prepare_lines(line, items, [], shared)
            ]
        if steps:
            steps._drop_handed()

    def _get_litigation_levels(self, company, items):
        """:return: dict customer id → the litigation level of his policy, else the one at which he was handed over"""
        partners = self.env['res.partner'].browse({item.partner_id for item in items})
        policies = partners._get_collection_policies(company)
        earlier = self.env['collection.step'].search(
            [
                ('company_id', '=', company.id),
                ('partner_id', 'in', partners.ids),
                ('track', '=', 'litigation'),
                ('cancelled', '=', False),
            ],
            order='date, id',
        )
        levels = {step.partner_id.id: step.level_id for step in earlier}
        for partner, policy in policies.items():
            if level := policy.sudo()._get_climbing_levels().filtered(lambda level: level.kind == 'litigation')[:1]:
                levels[partner.id] = level
        return levels
