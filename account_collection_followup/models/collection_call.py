from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import format_date

from .collection_fact import internal, is_internal

REACHED = [
    ('promise', "Promise"),
    ('plan', "Instalment plan"),
    ('plan_request', "Plan asked for"),
    ('dispute', "Dispute"),
    ('documents', "Documents to send"),
    ('callback', "Call back"),
    ('paid_already', "Paid already"),
    ('wrong_person', "Another person to call"),
    ('difficulty', "Difficulty"),
    ('refusal', "Refusal"),
    ('all_well', "All is well"),
]
CHANNELS = [('call', "Call"), ('meeting', "Meeting"), ('visit', "Visit")]
PURPOSES = [('satisfaction', "Satisfaction"), ('collection', "Collection"), ('other', "Other")]
NOT_REACHED = [('absent', "Absent"), ('voicemail', "Voicemail"), ('wrong_number', "Wrong number")]

CALLER = 'account_collection_followup.group_collection_caller'
#: an answer of this kind says something only with its details (R28)
NEEDS_NOTE = ('plan_request', 'paid_already', 'wrong_person', 'difficulty', 'refusal')
TRY_FIELDS = frozenset({'state', 'made_on', 'result', 'tries', 'try_days', 'last_try_on', 'tried'})


class CollectionCall(models.Model):
    """A call, meeting or visit, planned or made (R25–R32).

    :meth:`action_made` ends it with a result. Not reaching anybody is a try: the
    call stays planned, and counts as tried after tries on several days (a setting
    of the company), which completes its step.
    """

    _name = 'collection.call'
    _description = "Call"
    _inherit = ['collection.fact', 'collection.activity.mixin']
    _order = 'planned_on desc, id desc'

    _activity_fields = frozenset({'state', 'user_id', 'planned_on', 'purpose'})
    _guarded_fields = TRY_FIELDS | {
        'step_id', 'target_reason', 'why', 'silent_since', 'right_contact_id', 'documents_mail_id',
    }  # fmt: skip
    _frozen_fields = frozenset({'case_id', 'partner_id', 'company_id', 'step_id'})

    channel = fields.Selection(CHANNELS, required=True, default='call')
    purpose = fields.Selection(PURPOSES, required=True, default='collection')
    contact_id = fields.Many2one('res.partner')
    contact_phone = fields.Char("Phone", related='contact_id.phone')
    user_id = fields.Many2one(
        'res.users',
        string="Caller",
        index='btree_not_null',
        default=lambda self: self.env.user,
        domain=[('share', '=', False)],
    )
    planned_on = fields.Date(
        "Planned for",
        required=True,
        index=True,
        default=lambda self: self.env.company._collection_root()._collection_today(),
    )
    state = fields.Selection(
        [('planned', "Planned"), ('made', "Made"), ('cancelled', "Cancelled")],
        default='planned',
        required=True,
        readonly=True,
        copy=False,
        index=True,
    )
    made_on = fields.Date(readonly=True, copy=False)
    result = fields.Selection(REACHED + NOT_REACHED, readonly=True, copy=False, help="Of the call, or of the last try.")
    tries = fields.Integer(readonly=True, copy=False)
    try_days = fields.Integer("Days tried", readonly=True, copy=False)
    last_try_on = fields.Date("Last try", readonly=True, copy=False)
    tried = fields.Boolean(readonly=True, copy=False, help="Tried often enough to count as made.")
    agreed = fields.Boolean(
        "Agreed with the customer",
        help="He asked to be called on this day: a message that wants a call leaves it there.",
    )
    note = fields.Text(help="Facts only: the customer may ask to read it.")
    target_reason = fields.Char(
        "Why this customer", readonly=True, copy=False, help="Why the desk planned a satisfaction call with him."
    )
    step_id = fields.Many2one('collection.step', index='btree_not_null', ondelete='set null', copy=False)
    # who makes calls without accounting rights reads them in words: see ``about``
    move_ids = fields.Many2many(
        'account.move',
        'collection_call_account_move_rel',
        'call_id',
        'move_id',
        string="Invoices",
        groups='account.group_account_invoice,account.group_account_readonly',
    )
    promise_id = fields.Many2one('collection.promise', index='btree_not_null', copy=False)
    dispute_id = fields.Many2one('collection.dispute', index='btree_not_null', copy=False)
    answer_ids = fields.One2many('collection.call.answer', 'call_id', string="Answers", readonly=True)

    _made_whole = models.Constraint(
        "CHECK((state = 'made') = (made_on IS NOT NULL) AND (state <> 'made' OR result IS NOT NULL))",
        "A call that was made has a date and a result.",
    )
    _one_planned = models.UniqueIndex(
        "(case_id) WHERE state = 'planned'", "A call with this customer is planned already: move that one."
    )

    @api.depends('partner_id', 'planned_on', 'made_on')
    def _compute_display_name(self):
        for call in self:
            call.display_name = self.env._(
                "%(customer)s on %(date)s",
                customer=call.sudo().partner_id.display_name or '',
                date=format_date(self.env, call.made_on or call.planned_on),
            )

    @api.constrains('promise_id', 'dispute_id', 'partner_id')
    def _check_outcome(self):
        for call in self.sudo():
            for outcome in (call.promise_id, call.dispute_id):
                if outcome and (outcome.partner_id, outcome.company_id) != (call.partner_id, call.company_id):
                    raise ValidationError(self.env._("%s is not this customer's.", outcome.display_name))

    @api.constrains('step_id', 'case_id')
    def _check_step(self):
        for call in self.sudo():
            if call.step_id and call.step_id.case_id != call.case_id:
                raise ValidationError(
                    self.env._("%s is not a step of this customer's case.", call.step_id.display_name)
                )

    def _check_frozen(self, names):
        result = super()._check_frozen(names)
        if not is_internal(self) and set(names) - {'note'} and any(call.state != 'planned' for call in self):
            raise UserError(self.env._("Only the note of a call that was made or cancelled can be changed."))
        return result

    def _check_purpose(self, vals):
        """:raise AccessError: for who only makes calls: what a call is for is the desk's business"""
        if 'purpose' not in vals or self.env.su or self.env.user.has_group(CALLER):
            return
        if any(call.purpose != vals['purpose'] for call in self):
            raise AccessError(self.env._("Only a caller or collector can change the purpose of a call."))

    @api.model
    def _check_caller_role(self, user_ids):
        """:raise UserError: if a call would go to somebody who may not log it"""
        if self.env.su:
            return
        for user in self.env['res.users'].sudo().browse(user_ids) - self.env.user:
            if not user.has_group('account_collection_followup.group_collection_resolver'):
                raise UserError(self.env._("%s has no role in Collections and could not log the call.", user.name))

    # ------------------------------------------------------------------
    # On whose list
    # ------------------------------------------------------------------
    @api.model_create_multi
    def create(self, vals_list):
        self._check_caller_role([vals['user_id'] for vals in vals_list if vals.get('user_id')])
        # a run plans hundreds at once: nothing is tracked, and the activity tells who calls
        quiet = self.with_context(tracking_disable=True)
        return super(CollectionCall, quiet).create(vals_list).with_env(self.env)

    def write(self, vals):
        self._check_purpose(vals)
        self._check_caller_role([vals['user_id']] if vals.get('user_id') else [])
        quiet = self.with_context(mail_auto_subscribe_no_notify=True)
        return super(CollectionCall, quiet).write(vals)

    def _get_wanted_activities(self):
        # EXTENDS collection.activity.mixin: one while the call is planned, for who makes it
        types = {
            purpose: self.env.ref(f'account_collection_followup.activity_type_{name}').id
            for purpose, name in (('collection', 'call'), ('other', 'call'), ('satisfaction', 'satisfaction'))
        }
        users = {call: call.user_id.filtered('active') or call._get_fallback_user() for call in self}
        return {
            call: [
                {'user_id': users[call].id, 'date_deadline': call.planned_on, 'activity_type_id': types[call.purpose]}
            ]
            for call in self
            if call.state == 'planned' and users[call]
        }

    def _get_fallback_user(self):
        """:return: who calls when nobody does: the responsible of the case, else the company's default collector"""
        self.ensure_one()
        call = self.sudo()
        return self.env['res.partner']._get_collection_responsible(call.case_id, call.company_id)

    # ------------------------------------------------------------------
    # Transitions
    # ------------------------------------------------------------------
    def action_made(self, result, note=None, callback_on=None):
        """Record how a planned call went, today.

        A reached call ends in something that can be acted on (R28): a promise, plan or
        dispute linked to the call or entered today; a callback with its date; other
        results with a note. Documents to send are followed up by another call (R29).

        :param str result: see ``REACHED`` and ``NOT_REACHED``
        :param str note: facts, added to the note of the call
        :param date callback_on: the agreed day of the next call; of the next try, if nobody was reached
        :raise UserError: if the call is not planned, the result says nothing by itself, or the agreed day is no working
            day; the next try goes on to a working day by itself
        """
        self.check_access('write')
        callback_on = fields.Date.to_date(callback_on)
        for call in self:
            if call.state != 'planned':
                raise UserError(self.env._("This call was made or cancelled already."))
            call._link_step()
            if note:
                call.note = '\n'.join(filter(None, [call.note, note]))
            if result in dict(NOT_REACHED):
                call._record_try(result, callback_on)
            elif result in dict(REACHED):
                call._record_made(result, callback_on)
            else:
                raise UserError(self.env._("Choose the result of the call."))
        self._mark_dirty()

    def _record_made(self, result, callback_on):
        """Close a call that reached somebody."""
        today = self.company_id._collection_today()
        self._check_result(result, callback_on, today)
        if callback_on:
            self.env['collection.holiday']._check_working_day(self.company_id, callback_on)
        self._activity_done(self.note)
        internal(self).write({'state': 'made', 'made_on': today, 'result': result})
        self._log_made()
        if next_on := self._get_next_call_date(result, callback_on, today):
            self._plan_next(next_on, agreed=bool(callback_on))
        self._get_steps()._on_call_done()

    def _check_result(self, result, callback_on, today):
        """:raise UserError: naming what is missing for the result to be one (R28)"""
        if result in ('promise', 'plan'):
            self._link_outcome('promise_id', [('made_on', '=', today), ('is_plan', '=', result == 'plan')])
            if not self.promise_id:
                raise UserError(self.env._("Enter the promise first: amounts and dates."))
        elif result == 'dispute':
            self._link_outcome('dispute_id', [('opened_on', '=', today), ('state', '=', 'open')])
            if not self.dispute_id:
                raise UserError(self.env._("Enter the dispute first: invoices and stated reason."))
        elif (result == 'callback' or callback_on) and (not callback_on or callback_on < today):
            raise UserError(self.env._("Agree on a day for the next call, today or later."))
        elif result == 'all_well' and self.purpose != 'satisfaction':
            raise UserError(
                self.env._(
                    "A call about overdue invoices ends in a promise, a dispute or another answer that can be acted on."
                )
            )
        elif result == 'all_well' and (complaints := self._get_negative_answers()):
            raise UserError(
                self.env._(
                    "All is not well: the customer said no to “%s”. Note what follows from it.", complaints[0].question
                )
            )
        elif result in NEEDS_NOTE and not (self.note or '').strip():
            raise UserError(self.env._("Note the details: they are what can be acted on."))

    def _get_negative_answers(self):
        """:return: the answers to questions of quality that were a no; whether he pays is another matter (R4)"""
        return self.sudo().answer_ids.filtered(lambda answer: answer.choice == 'no' and not answer.script_line_id.gated)

    def _link_outcome(self, field, domain):
        """Link what was entered during the call, unless the caller has done so."""
        if not self[field]:
            outcome = (
                self.env[self._fields[field].comodel_name]
                .sudo()
                .search([('case_id', '=', self.case_id.id), *domain], order='id desc', limit=1)
            )
            if outcome:
                internal(self).write({field: outcome.id})

    def _record_try(self, result, next_on=None):
        """Count a call that reached nobody; the next try is on the day chosen, else on the one proposed (R27)."""
        today = self.company_id._collection_today()
        if next_on and next_on < today:
            raise UserError(self.env._("Choose a day for the next try, today or later."))
        next_on = next_on and self.env['collection.holiday']._working_days(self.company_id).roll_forward(next_on)
        days = self.try_days + (self.last_try_on != today)
        newly_tried = not self.tried and days >= self.company_id.sudo().collection_call_tries
        internal(self).write(
            {
                'result': result,
                'tries': self.tries + 1,
                'try_days': days,
                'last_try_on': today,
                'tried': self.tried or newly_tried,
                'planned_on': next_on or self._get_next_try(today),
            }
        )
        self._log_try()
        if newly_tried:
            self._get_steps()._on_call_done()

    def action_cancel(self):
        """Give a planned call up. The steps it was for go on without it; one taken back hands its call to
        another that waits for one.

        :raise UserError: if it was made or cancelled already
        """
        self.check_access('write')
        if any(call.state != 'planned' for call in self):
            raise UserError(self.env._("This call was made or cancelled already."))
        for call in self:
            steps = call._get_steps()
            if steps and call.sudo().step_id.cancelled:
                internal(call).write({'step_id': steps[0].id})
                continue
            internal(call).write({'state': 'cancelled'})
            call._waive_steps(steps, self.env._("Call cancelled by %s.", self.env.user.name))
        self._mark_dirty()

    # ------------------------------------------------------------------
    # Steps
    # ------------------------------------------------------------------
    def _get_steps(self):
        """The steps that wait for this call: its own, and as a customer is called once for all (R8),
        every other one of the case that waits for a call."""
        self.ensure_one()
        call = self.sudo()
        steps = call.step_id
        if steps or call.purpose == 'collection':
            steps |= steps.search([('case_id', '=', call.case_id.id), ('call_state', '=', 'todo')], order='date, id')
        return steps.filtered(lambda step: not step.cancelled and step.call_state in ('todo', 'failed'))

    def _link_step(self):
        """Note which step a call is for that was not planned for one."""
        if not self.step_id and (steps := self._get_steps()):
            internal(self).write({'step_id': steps[0].id})

    def _waive_steps(self, steps, failure):
        """Record that the call of these steps will not be made: they are complete without it.

        :param str failure: why
        """
        for step in steps:
            step.write({'call_state': 'waived', 'failure': ' '.join(filter(None, [step.failure, failure]))})
        # a step without any written means: its date counts from today
        steps.filtered('complete')._fix_date(self.company_id._collection_today())
