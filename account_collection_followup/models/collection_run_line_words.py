from odoo import api, fields, models

from .collection_plan import PlanItem
from .collection_step import MEANS

#: what an outcome asks for: the colours of the screens
TONES = [
    ('todo', "Waits for somebody"),
    ('moving', "Leaves by itself"),
    ('done', "Done"),
    ('failed', "Failed"),
    ('closed', "Closed"),
]


class CollectionRunLine(models.Model):
    """What became of a line of a run, and what happens next to a customer, in words."""

    _inherit = 'collection.run.line'  # pylint: disable=consider-merging-classes-inherited

    outcome = fields.Char(compute='_compute_outcome', help="What became of it, as it stands now.")
    outcome_tone = fields.Selection(TONES, compute='_compute_outcome')
    outcome_note = fields.Char("Remark", compute='_compute_outcome', help="What went wrong, or why it was left out.")
    item_ids = fields.Many2many('collection.item', string="Items concerned", compute='_compute_item_ids')

    # ------------------------------------------------------------------
    # Outcome
    # ------------------------------------------------------------------
    @api.depends(
        'state',
        'kind',
        'mode',
        'reason',
        'error',
        'note',
        'decided_by_id',
        'proposed_by_id',
        'proposal_note',
        'jump',
        'repeats_id',
        'step_id.cancelled',
        'step_id.deviation',
        'step_id.failure',
        *(f'step_id.{means}_state' for means in MEANS),
    )
    def _compute_outcome(self):
        labels = dict(self._fields['state']._description_selection(self.env))
        doubts, deviations = self._get_doubts(), self._get_deviations()
        for line in self:
            step = line.sudo().step_id
            if line.state == 'done' and step:
                line.outcome, line.outcome_tone = line._get_closed() if step.cancelled else line._get_step_outcome(step)
            else:
                line.outcome, line.outcome_tone = line._get_line_outcome(labels)
            notes = [doubts.get((line.company_id, line.partner_id)) if line._is_undecided() else None]
            notes += [deviations[line], line._get_outcome_note(step)]
            line.outcome_note = ' '.join(filter(None, notes)) or False

    def _is_undecided(self):
        return self.kind == 'message' and self.mode == 'decide' and self.state == 'proposed'

    def _get_doubts(self):
        """:return: dict (company, customer) → what put the announcement of a proposed litigation in doubt, in words: a
        notice that never left or came back"""
        if not (undecided := self.filtered(lambda line: line._is_undecided())):
            return {}
        return self.env['collection.exception'].sudo()._get_doubts(undecided.partner_id, undecided.company_id)

    def _get_deviations(self):
        """:return: dict line → why its message is not the one that was announced, in words; empty for the others"""
        made = {line: line.sudo().step_id.deviation or '' for line in self}
        waiting = self.filtered(lambda line: (line.jump or line.repeats_id) and not line.sudo().step_id)
        for (company, day), lines in waiting.grouped(lambda line: (line.company_id, line.date)).items():
            groups = {line: [line._get_deviating(company)] for line in lines}
            made.update(lines.env['collection.plan']._explain(groups, day))
        return made

    def _get_deviating(self, company):
        """:return: what :meth:`collection.plan._explain` needs to know of a line that was laid out"""
        empty = dict.fromkeys(PlanItem._fields)
        values = {'company_id': company.id, 'partner_id': self.partner_id.id, 'jump': self.jump}
        return PlanItem(**{**empty, **values, 'repeats_id': self.sudo().repeats_id.id})

    def _get_closed(self):
        return self.env._("Taken back"), 'closed'

    def _get_line_outcome(self, labels):
        """:return: words and tone of a line without step"""
        if self.kind == 'message' and self.state == 'held':
            return self._get_closed()
        if self.kind == 'message' and self.state == 'solved':
            return self._get_reason_labels().get(self.reason) or self.env._("No longer due"), 'closed'
        if self.state == 'proposed' and self.mode == 'decide':
            return self.env._("Proposed to the manager") if self.proposed_by_id else self.env._(
                "Manager decides"
            ), 'todo'
        tones = {'proposed': 'todo', 'approved': 'moving', 'held': 'todo', 'done': 'done', 'error': 'failed'}
        return labels[self.state], tones.get(self.state, 'closed')

    def _get_step_outcome(self, step):
        """:return: words and tone of a line whose step was made: what failed or is still to do, else that it is done"""
        failed, todo = self._get_failed_words(), self._get_todo_words()
        open_words = [failed[means] for means in MEANS if step[f'{means}_state'] == 'failed']
        tone = 'failed' if open_words else 'todo'
        waiting = [means for means in MEANS if step[f'{means}_state'] == 'todo']
        if waiting == ['email'] and not open_words:
            tone = 'moving'
        if open_words or waiting:
            text = ', '.join(open_words + [todo[means] for means in waiting])
            return text[:1].upper() + text[1:], tone
        if step.track == 'litigation':
            return self.env._("Handed over"), 'done'
        sent = [means for means in MEANS if step[f'{means}_state'] == 'sent']
        if sent == ['call']:
            return self.env._("Called"), 'done'
        return (self.env._("Sent"), 'done') if sent else (self.env._("Not possible, recorded"), 'closed')

    def _get_todo_words(self):
        return {
            'email': self.env._("e-mail in the queue"),
            'call': self.env._("call to make"),
            'letter': self.env._("letter to post"),
            'registered': self.env._("registered letter to post"),
        }

    def _get_failed_words(self):
        return {
            'email': self.env._("e-mail failed"),
            'call': self.env._("call failed"),
            'letter': self.env._("letter failed"),
            'registered': self.env._("registered letter failed"),
        }

    def _get_outcome_note(self, step):
        if self.state == 'error':
            return self.error
        if self.state == 'done' and step:
            return step.cancel_reason if step.cancelled else step.failure or step.fallback or self.note
        if self.state == 'skipped' and self.decided_by_id:
            return self.env._("%(user)s: %(reason)s", user=self.sudo().decided_by_id.name, reason=self.note or '')
        if self.state == 'proposed' and self.proposed_by_id:
            return self.env._(
                "%(user)s: %(reason)s", user=self.sudo().proposed_by_id.name, reason=self.proposal_note or ''
            )
        return self.note

    @api.depends('partner_id', 'reason', 'track', 'step_id')
    def _compute_item_ids(self):
        """The items of a message that was made; else those the plan gives this answer for, on the date of the run."""
        for line in self:
            if line.step_id:
                found = line.sudo().step_id.line_ids.filtered(lambda item: item.role == 'asked').line_id.ids
            else:
                plan = self.env['collection.plan'].sudo()
                found = [
                    item.line_id
                    for item in plan._plan(line.company_id, line.date, partners=line.partner_id)
                    if (item.reason == line.reason if line.kind == 'hold' else item.track == line.track)
                ]
            line.item_ids = self.env['collection.item'].search([('id', 'in', found)])

    # ------------------------------------------------------------------
    # What happens next
    # ------------------------------------------------------------------
    @api.model
    def _get_plan_sentence(self, items, steps, today):
        """What happens next to a customer and why, in a sentence or two.

        :param items: his :class:`PlanItem` of today
        :param steps: his ``collection.step``
        """
        steps = steps.filtered(lambda step: not step.cancelled)
        failed = self._say_failed(steps)
        if not items:
            return '\n'.join([*failed, self.env._("Nothing is overdue.")])
        lines = self._get_today_lines(items, today)
        rising = {item.track: item for item in items if not item.reason}
        return '\n'.join(
            [
                *(self._say_rising(item, lines.get(track, self.browse())) for track, item in rising.items()),
                *self._say_deviations(items, today),
                *self._say_running(items, steps, today),
                *failed,
                *self._say_held(items),
            ]
        )

    @api.model
    def _get_today_lines(self, items, today):
        """:return: dict track → the customer's message in today's run"""
        company = self.env['res.company'].browse(items[0].company_id).sudo()._collection_root()
        lines = self.sudo().search(
            [
                ('partner_id', 'in', list({item.partner_id for item in items})),
                ('company_id', '=', company.id),
                ('kind', '=', 'message'),
                ('run_id.date', '=', today),
                ('run_id.state', '!=', 'preview'),
            ],
            order='id',
        )
        return {line.track: line for line in lines}

    @api.model
    def _say_rising(self, item, line):
        """:param line: the message in today's run, empty when there is none"""
        level = self.env['collection.level'].browse(item.message_level_id).name
        if line.state == 'skipped':
            return self._say_left_out(level, line)
        if line.state == 'error':
            return self.env._("%(error)s. Mend the cause, then try again in today's run.", error=line.error)
        if line.state == 'proposed' and line.mode != 'decide':
            return self.env._("%(level)s waits for approval in today's run.", level=level)
        if line.state == 'approved':
            return self.env._("%(level)s leaves with today's run.", level=level)
        if item.mode == 'decide' and line.proposed_by_id:
            return self.env._(
                "%(level)s waits for the collections manager's decision, proposed by %(user)s: %(reason)s.",
                level=level,
                user=line.proposed_by_id.name,
                reason=(line.proposal_note or '').rstrip('.'),
            )
        if item.mode == 'decide':
            return self.env._("%(level)s is proposed to the collections manager.", level=level)
        if item.mode == 'validate':
            return self.env._("Next run: %(level)s, to be approved.", level=level)
        return self.env._("Next run: %(level)s leaves by itself.", level=level)

    @api.model
    def _say_deviations(self, items, today):
        """Why what comes next is not what was announced, once the rep is being told of it."""
        coming = [item for item in items if item.reason in (None, 'consultation', 'objection')]
        text = self.env['collection.plan']._explain({None: coming}, today)[None]
        return [text] if text else []

    @api.model
    def _say_left_out(self, level, line):
        if not line.decided_by_id:
            return self.env._(
                "%(level)s was taken back today: %(reason)s. The next run proposes it again.",
                level=level,
                reason=(line.note or '').rstrip('.'),
            )
        return self.env._(
            "%(level)s was left out today by %(user)s: %(reason)s. The next run proposes it again.",
            level=level,
            user=line.decided_by_id.name,
            reason=(line.note or '').rstrip('.'),
        )

    @api.model
    def _say_running(self, items, steps, today):
        running = steps.filtered(lambda step: step.act_on and step.act_on > today)[:1]
        if not running or not any(item.reason == 'conversation' for item in items):
            return []
        return [
            self.env._(
                "%(level)s was sent on %(sent)s and gives until %(given)s. On %(act)s: %(next)s.",
                level=running.level_id.name,
                sent=self._format_day(running.date),
                given=self._format_day(running.date_given),
                act=self._format_day(running.act_on),
                next=running.next_level_id.name or self.env._("the next step"),
            ),
            *self._say_objection(running, today),
        ]

    @api.model
    def _say_objection(self, step, today):
        """What the sales rep asked for while the message that announces the act is still running."""
        objections = step.sudo().case_id.consultation_ids.filtered(
            lambda told: (
                told.step_id == step and not told.ended_on and told.objected_on and told.objected_until >= today
            )
        )
        return [
            self.env._(
                "%(rep)s objects, so nothing formal leaves before %(until)s is over: %(reason)s",
                rep=objection.user_id.name,
                until=self._format_day(objection.objected_until),
                reason=objection.reason,
            )
            for objection in objections
        ]

    @api.model
    def _say_failed(self, steps):
        """A message that could not leave is told until somebody mends it."""
        sentences = []
        for step in steps:
            values = {
                'level': step.level_id.name,
                'day': self._format_day(step.date),
                'failure': (step.failure or self.env._("no reason given")).rstrip('.'),
            }
            if step.email_state == 'failed':
                sentences.append(self.env._("The e-mail of %(level)s of %(day)s failed: %(failure)s.", **values))
            if 'failed' in (step.letter_state, step.registered_state):
                sentences.append(self.env._("The letter of %(level)s of %(day)s failed: %(failure)s.", **values))
        return sentences

    @api.model
    def _say_held(self, items):
        """One sentence per reason: how many items, until when, what to do."""
        reasons, sentences = self._get_reasons(), []
        for code in dict.fromkeys(item.reason for item in items if item.reason and item.reason != 'conversation'):
            reason, advice = reasons.get(code, (code, ''))
            # what passes by itself needs no advice
            advice = advice if self._is_solvable(code) else ''
            values = {
                'number': sum(item.reason == code for item in items),
                'reason': reason,
                'advice': advice,
                'until': self._format_day(
                    max((item.until for item in items if item.reason == code and item.until), default=None)
                ),
            }
            if values['number'] == 1:
                text = (
                    self.env._("1 item held: %(reason)s until %(until)s. %(advice)s", **values)
                    if values['until']
                    else self.env._("1 item held: %(reason)s. %(advice)s", **values)
                )
            else:
                text = (
                    self.env._("%(number)s items held: %(reason)s until %(until)s. %(advice)s", **values)
                    if values['until']
                    else self.env._("%(number)s items held: %(reason)s. %(advice)s", **values)
                )
            sentences.append(text.strip())
        return sentences

    @api.model
    def _format_day(self, day):
        """:return: a day as it is said; with its year when that is not the present one"""
        if not day:
            return ''
        this_year = day.year == fields.Date.context_today(self).year
        return self.env['ir.qweb.field.date'].value_to_html(day, {'format': 'd MMMM' if this_year else 'd MMMM y'})
