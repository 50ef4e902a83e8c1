import logging

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from .collection_level import TRACKS

#: reasons of a hold that pass by themselves
NOTHING_TO_DO = (
    'litigation',
    'hold_response',
    'response',
    'promised',
    'direct_debit',
    'delay',
    'conversation',
    'peace',
    'objection',
    'consultation',
    'closed_day',
    'cap',
    'settled',
)

_logger = logging.getLogger(__name__)


class CollectionRunLine(models.Model):
    """A customer in a run: one message to send, or what is held and for which reason."""

    _name = 'collection.run.line'
    _description = "Line of a Follow-up Run"
    _order = 'amount desc, id'

    run_id = fields.Many2one('collection.run', required=True, ondelete='cascade', index=True)
    date = fields.Date(related='run_id.date')
    run_state = fields.Selection(related='run_id.state', string="State of the Run")
    company_id = fields.Many2one('res.company', required=True, index=True)
    currency_id = fields.Many2one(related='company_id.currency_id')
    partner_id = fields.Many2one('res.partner', "Customer", required=True, index=True, ondelete='cascade')
    kind = fields.Selection([('message', "Message"), ('hold', "Held")], required=True)
    track = fields.Selection(TRACKS)
    level_id = fields.Many2one('collection.level', ondelete='set null')
    mode = fields.Selection([('auto', "Automatic"), ('validate', "To approve"), ('decide', "Manager decides")])
    state = fields.Selection(
        [
            ('proposed', "To approve"),
            ('approved', "To send"),
            ('done', "Done"),
            ('held', "Held"),
            ('solved', "Solved"),
            ('skipped', "Left out"),
            ('replaced', "Replaced by the next run"),
            ('error', "Error"),
        ],
        required=True,
        default='proposed',
        index=True,
    )
    reason = fields.Selection(selection='_selection_reasons', help="Why the items are held.")
    reason_text = fields.Char("Why", compute='_compute_reason_text')
    advice = fields.Char("What to do", compute='_compute_reason_text')
    solvable = fields.Boolean(compute='_compute_reason_text')
    until = fields.Date()
    item_count = fields.Integer("Items")
    amount = fields.Monetary()
    unsent_count = fields.Integer("Never sent")
    jump = fields.Boolean(help="Formal notice that broken promises lead to: levels in between are left out.")
    repeats_id = fields.Many2one(
        'collection.dispute', ondelete='set null', help="The dispute that came back: the level is repeated."
    )
    step_id = fields.Many2one('collection.step', ondelete='set null', index='btree_not_null')
    error = fields.Char()
    note = fields.Char(help="What could not be done for this message, or why it was left out.")
    decided_by_id = fields.Many2one('res.users', "Decided by", help="Who approved the message or left it out.")
    decided_on = fields.Datetime()
    can_decide = fields.Boolean(compute='_compute_can_decide', help="Whether the user may approve or leave out.")
    can_propose = fields.Boolean(compute='_compute_can_decide', help="Whether a collector may propose the hand-over.")
    preview_html = fields.Html(compute='_compute_preview_html', sanitize=False)

    @api.depends('partner_id', 'level_id')
    def _compute_display_name(self):
        for line in self:
            line.display_name = ' · '.join(filter(None, [line.partner_id.name, line.level_id.name]))

    # ------------------------------------------------------------------
    # Reasons in words
    # ------------------------------------------------------------------
    @api.model
    def _get_reasons(self):
        """:return: dict code → (reason, what to do about it)"""
        return {
            'future': (self.env._("Dated in the future"), self.env._("Check the date of the document.")),
            'no_followup': (
                self.env._("Marked \"no follow-up\""),
                self.env._("Clear the mark on the journal item to chase it."),
            ),
            'litigation': (self.env._("In litigation"), self.env._("It has left the ladder.")),
            'archived': (
                self.env._("The customer is archived"),
                self.env._("Unarchive the customer, or write off what is open."),
            ),
            'no_policy': (
                self.env._("No policy"),
                self.env._("Choose a default policy in the settings, or one for the customer."),
            ),
            'no_levels': (self.env._("The policy has no level"), self.env._("Add levels to the policy.")),
            'hold': (self.env._("On hold"), self.env._("End the hold on the case.")),
            'hold_response': (
                self.env._("Time to answer after a hold"),
                self.env._("The ladder goes on after this time."),
            ),
            'response': (self.env._("Time to answer"), self.env._("A dispute or a promise has just ended.")),
            'disputed': (self.env._("Disputed"), self.env._("Solve the dispute first.")),
            'promised': (self.env._("Promised"), self.env._("Wait for the promised date.")),
            'direct_debit': (self.env._("Collected by direct debit"), self.env._("Wait for the bank.")),
            'not_sent': (self.env._("Invoice never sent"), self.env._("Send the invoice.")),
            'receipt': (
                self.env._("Money received, not yet matched"),
                self.env._("Match the receipt with its invoice."),
            ),
            'netted': (
                self.env._("Covered by credits not yet allocated"),
                self.env._("Match the credits with the invoices."),
            ),
            'small': (
                self.env._("Too small to chase"),
                self.env._("Write it off, or change the minimum of the policy."),
            ),
            'top': (self.env._("Last level reached"), self.env._("Decide what to do with the customer.")),
            'join': (
                self.env._("In litigation: join it or chase it?"),
                self.env._("The collections manager decides whether it joins the litigation or is chased."),
            ),
            'delay': (
                self.env._("Too early for the first level"),
                self.env._("It is asked for from that day on."),
            ),
            'unfinished': (
                self.env._("The last step is not complete"),
                self.env._("Post the letter, make the call, or mend the e-mail."),
            ),
            'conversation': (self.env._("A message is running"), self.env._("Wait for the day of the announced act.")),
            'peace': (
                self.env._("Left in peace after an answer"),
                self.env._("Everything asked for was settled, promised or disputed."),
            ),
            'objection': (
                self.env._("The sales rep objects"),
                self.env._("It goes on after the day he named."),
            ),
            'consultation': (
                self.env._("Waiting for the sales rep"),
                self.env._("He may object until then."),
            ),
            'closed_day': (self.env._("Not a working day"), self.env._("It leaves on the next working day.")),
            'minimum': (
                self.env._("Below the minimum of the level"),
                self.env._("Change the minimum of the level, or wait."),
            ),
            'no_email': (self.env._("No usable e-mail address"), self.env._("Add an e-mail address to the customer.")),
            'cap': (
                self.env._("Over the number of messages per day"),
                self.env._("It leaves in one of the next runs."),
            ),
            'settled': (self.env._("Settled meanwhile"), ''),
        }

    @api.model
    def _get_reason_labels(self):
        return {code: reason for code, (reason, _advice) in self._get_reasons().items()}

    @api.model
    def _selection_reasons(self):
        return list(self._get_reason_labels().items())

    @api.depends('reason', 'kind', 'state')
    def _compute_reason_text(self):
        reasons = self._get_reasons()
        for line in self:
            line.reason_text, line.advice = reasons.get(line.reason, (line.reason, False))
            line.solvable = line.kind == 'hold' and line.state == 'held' and self._is_solvable(line.reason)

    @api.model
    def _is_solvable(self, reason):
        """:return: whether somebody can do something about a reason; the others pass by themselves"""
        return reason not in NOTHING_TO_DO

    # ------------------------------------------------------------------
    # Decisions
    # ------------------------------------------------------------------
    @api.depends('state', 'mode', 'run_state', 'date', 'proposed_by_id', 'company_id.collection_manager_id')
    @api.depends_context('uid')
    def _compute_can_decide(self):
        """Only today's run can send, and litigation is the collections manager's (R48)."""
        for line in self:
            today = line.run_state in ('open', 'done') and line.run_id.is_today
            mine = line.mode != 'decide' or line.sudo().company_id.collection_manager_id == self.env.user
            line.can_decide = today and mine
            line.can_propose = today and not mine and line.state == 'proposed' and not line.proposed_by_id

    def action_approve(self):
        """Let the messages leave. Litigation is approved by the collections manager alone (R48)."""
        self._check_approver()
        self._check_today()
        lines = self.sudo().filtered(lambda line: line.state in ('proposed', 'skipped'))
        lines.write({'state': 'approved', **self._prepare_decision()})
        lines.run_id.state = 'open'
        lines.run_id._end_trial()
        self.run_id._execute_now()
        self._update_decision_activities()

    def _prepare_decision(self):
        return {'decided_by_id': self.env.uid, 'decided_on': fields.Datetime.now()}

    def _check_today(self):
        """Dates are set when a message leaves: what is left of another day is planned anew (R49)."""
        late = self.run_id.filtered(lambda run: run.state == 'preview' or not run._is_of_today())
        late |= self.filtered(lambda line: line.state == 'replaced').run_id
        if late:
            raise UserError(
                self.env._(
                    "%s is not open: only messages of today's run can leave. The next run proposes them again.",
                    late[0].display_name,
                )
            )

    def action_skip(self, reason=None):
        """Leave these messages out of today's run; the next run proposes them again.

        :param str reason: why what was announced is not done (R40); asked for if it is missing
        """
        self._check_approver()
        if not reason:
            return {
                'type': 'ir.actions.act_window',
                'res_model': 'collection.reason',
                'name': self.env._("Leave out"),
                'views': [(False, 'form')],
                'target': 'new',
                'context': {'default_purpose': 'skip', 'default_run_line_ids': self.ids},
            }
        self.sudo().filtered(lambda line: line.state in ('proposed', 'approved')).write(
            {'state': 'skipped', 'note': reason, **self._prepare_decision()}
        )
        self.run_id.sudo()._finish_if_done()
        self._update_decision_activities()
        return True

    def action_retry(self):
        """Try again after the cause of the error was mended."""
        self._check_approver()
        self._check_today()
        self.sudo().filtered(lambda line: line.state == 'error').write({'state': 'approved', 'error': False})
        self.run_id.sudo().filtered(lambda run: run.state == 'done').state = 'open'
        self.run_id._execute_now()

    def _check_approver(self):
        self.run_id._check_collector()
        if self.env.su:
            return
        for company in self.filtered(lambda line: line.mode == 'decide').company_id:
            if company.collection_manager_id != self.env.user:
                raise AccessError(
                    self.env._(
                        "Litigation is decided by the collections manager of %(company)s (%(manager)s).",
                        company=company.name,
                        manager=company.collection_manager_id.name or self.env._("nobody yet, see the settings"),
                    )
                )

    # ------------------------------------------------------------------
    # Execution
    # ------------------------------------------------------------------
    def _carry_out(self, items):
        """Write the steps of these lines as the plan says now.

        :param items: answer of the plan for the customers of the lines
        """
        rising, held = {}, {}
        for item in items:
            if item.reason:
                held.setdefault(item.partner_id, []).append(item)
            else:
                rising.setdefault((item.partner_id, item.track), []).append(item)
        todo = self.browse()
        for line in self:
            group = rising.get((line.partner_id.id, line.track))
            if not group:
                reasons = [item.reason for item in held.get(line.partner_id.id, [])]
                line.write({'state': 'held', 'kind': 'hold', 'reason': reasons[0] if reasons else 'settled'})
            elif line._needs_new_approval(group[0]):
                # approved was something milder, or nobody has looked at it: ask again
                line.write(
                    {
                        'state': 'proposed',
                        'level_id': group[0].message_level_id,
                        'mode': group[0].mode,
                        'note': self.env._("The situation changed since the approval: look at it again."),
                    }
                )
            else:
                line.write({'level_id': group[0].message_level_id, 'mode': group[0].mode})
                todo |= line
        todo._make_steps(rising, held)

    def _needs_new_approval(self, item):
        """:return: whether the message of an item is not what was approved, or what was automatic no longer is"""
        if item.mode == 'auto':
            return False
        return item.message_level_id != self.level_id.id or (self.mode == 'auto' and not self.decided_by_id)

    def _make_steps(self, rising, held):
        """One step per line; if one fails, the others still leave and it keeps its error."""
        if not self:
            return
        try:
            with self.env.cr.savepoint():
                self._create_steps(rising, held)
        except OperationalError:
            # another worker got in the way: the batch is taken back and planned again
            raise
        except Exception as error:
            if len(self) == 1:
                _logger.info("No message to customer %s: %s", self.partner_id.id, error, exc_info=True)
                self.env.invalidate_all()
                self.write({'state': 'error', 'error': self._get_error_text(error)})
            else:
                for line in self:
                    line._make_steps(rising, held)

    def _get_error_text(self, error):
        text = str(error.args[0]) if isinstance(error, UserError) else str(error)
        return self.env._(
            "%(level)s could not be made: %(error)s", level=self.level_id.name, error=' '.join(text.split())[:400]
        )

    def _create_steps(self, rising, held):
        builder = self.env['collection.step.builder']
        steps = builder._build(self, rising, held)
        for line, step in zip(self, steps, strict=True):
            line.write({'state': 'done', 'step_id': step.id, 'note': step.failure or step.fallback})

    # ------------------------------------------------------------------
    # Preview
    # ------------------------------------------------------------------
    def _compute_preview_html(self):
        """The message as the customer would see it; rendered and rolled back."""
        # rendering forgets the cache: nothing is assigned before all is rendered
        previews = [line.kind == 'message' and line._get_preview() for line in self]
        for line, preview in zip(self, previews, strict=True):
            line.preview_html = preview

    def _get_preview(self):
        self.ensure_one()
        if self.step_id:
            return self.step_id.message_html
        return self.env['collection.step.builder']._preview(self)

    def action_open_case(self):
        """Open the customer's case."""
        self.ensure_one()
        case = self.env['collection.case']._open_for(self.partner_id, self.company_id)[self.partner_id]
        return case.get_formview_action()

    def action_solve(self):
        """The button of a hold: open the place where its cause can be solved."""
        self.ensure_one()
        if len(cause := self._get_cause()) == 1:
            return cause.get_formview_action()
        case = self.env['collection.case']._open_for(self.partner_id, self.company_id)[self.partner_id]
        if self.reason in ('receipt', 'netted'):
            return case.action_match()
        if self.reason == 'join':
            return case.action_open_litigation_items()
        if self.reason in ('no_levels', 'minimum', 'small', 'top') and case.policy_id:
            return case.policy_id.get_formview_action()
        if self.reason in ('no_followup', 'not_sent', 'future'):
            return case.action_open_items()
        return case.get_formview_action()

    def _get_cause(self):
        """:return: the record a hold is about: the open disputes, the running holds, the oldest step not complete,
        the customer himself; empty when it is none of these"""
        mine = [('partner_id', '=', self.partner_id.id), ('company_id', '=', self.company_id.id)]
        if self.reason == 'disputed':
            return self.env['collection.dispute'].search([*mine, ('state', '=', 'open')])
        if self.reason == 'hold':
            holds = self.env['collection.hold'].search([*mine, ('ended_on', '=', False)])
            return holds.filtered('is_running')
        if self.reason == 'unfinished':
            waiting = [*mine, ('complete', '=', False), ('cancelled', '=', False)]
            return self.env['collection.step'].search(waiting, order='date, id', limit=1)
        if self.reason in ('no_email', 'archived', 'no_policy'):
            return self.partner_id
        return self.browse()
