from collections import Counter, defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_date

from .collection_fact import internal

STATES = [
    ('running', "Running"),
    ('kept', "Kept"),
    ('partly', "Partly kept"),
    ('broken', "Broken"),
    ('moved', "Moved"),
    ('cancelled', "Cancelled"),
]
#: how it was confirmed in writing, see ``collection_promise_confirmation``
CONFIRMATION_FIELDS = (
    'confirmed_on', 'confirmed_by', 'confirmed_to_id', 'confirmation_mail_id', 'confirmation_file_id',
    'confirmation_problem',
)  # fmt: skip
#: what was promised did not come in, or not all of it
MISSED = ('partly', 'broken')


class CollectionPromise(models.Model):
    """What a customer said he would pay, when (R33–R38); with several dates, an instalment plan.

    A promise is entered once, with its lines, and never changed afterwards. Its
    state comes from what was really paid: see ``collection_promise_settlement``.
    A changed agreement is a new promise: see ``collection_promise_move``, or cancel the one that runs first.
    """

    _name = 'collection.promise'
    _description = "Promise"
    _inherit = ['collection.fact', 'collection.activity.mixin']
    _order = 'made_on desc, id desc'

    _guarded_fields = frozenset(
        {
            'state',
            'ended_on',
            'cancelled_on',
            'cancel_reason',
            'amount',
            'currency_id',
            'is_plan',
            'next_date',
            'paid_elsewhere',
            'counts_as_broken',
            'moved_from_id',
            'signed_on',
            'signed_by',
            'signed_copy_id',
            *CONFIRMATION_FIELDS,
        }
    )
    _frozen_fields = frozenset({'case_id', 'partner_id', 'company_id', 'made_on', 'user_id', 'line_ids'})

    made_on = fields.Date(
        required=True, copy=False, default=lambda self: self.env.company._collection_root()._collection_today()
    )
    user_id = fields.Many2one(
        'res.users', string="Obtained by", default=lambda self: self.env.user, index='btree_not_null'
    )
    contact_id = fields.Many2one('res.partner', string="Promised by")
    channel = fields.Selection(
        [
            ('phone', "Phone"),
            ('email', "E-mail"),
            ('letter', "Letter"),
            ('meeting', "Meeting"),
            ('link', "Link"),
            ('other', "Other"),
        ],
        default='phone',
    )
    payment_means = fields.Char("Paid by", help="Transfer, cheque, card…")
    note = fields.Text()
    line_ids = fields.One2many('collection.promise.line', 'promise_id', string="Amounts")
    date_for_all = fields.Date("All of it for", store=False, help="Fills the date of every amount.")
    currency_id = fields.Many2one('res.currency', compute='_compute_amount', store=True)
    amount = fields.Monetary(
        compute='_compute_amount', store=True, help="Empty when the lines are in several currencies."
    )
    is_plan = fields.Boolean(
        "Instalment plan", compute='_compute_amount', store=True, help="Several dates: one missed breaks them all."
    )
    state = fields.Selection(
        STATES,
        compute='_compute_state',
        store=True,
        index=True,
        readonly=True,
        help="Worked out from what was paid; nobody ticks it.",
    )
    ended_on = fields.Date(compute='_compute_state', store=True, readonly=True)
    next_date = fields.Date(
        "Promised for", compute='_compute_state', store=True, help="The next date, or the last one."
    )
    cancelled_on = fields.Date(readonly=True, copy=False)
    cancel_reason = fields.Char(readonly=True, copy=False)
    paid_elsewhere = fields.Boolean(
        compute='_compute_state',
        store=True,
        help="The money came in time, but was matched with other invoices. Not counted as broken.",
    )
    counts_as_broken = fields.Boolean(
        compute='_compute_state',
        store=True,
        help="Broken, or less than half of it came in: counts towards formal notice. Payment confirmed for the due date "
        "does not.",
    )
    broken_count = fields.Integer(
        "Broken promises",
        compute='_compute_broken_count',
        help="Promises of this customer that count as broken and cover items still open.",
    )

    _cancelled_whole = models.Constraint(
        'CHECK(cancelled_on IS NULL OR cancelled_on >= made_on)', "A promise cannot be cancelled before it was made."
    )

    # ------------------------------------------------------------------
    # Computed fields
    # ------------------------------------------------------------------
    @api.depends('line_ids.amount', 'line_ids.currency_id', 'line_ids.date')
    def _compute_amount(self):
        for promise in self:
            currency = promise.line_ids.currency_id
            single = len(currency) == 1
            promise.currency_id = currency if single else False
            promise.amount = sum(promise.line_ids.mapped('amount')) if single else 0.0
            promise.is_plan = len(set(promise.line_ids.mapped('date'))) > 1

    @api.depends('line_ids.state', 'line_ids.ended_on', 'line_ids.amount_kept', 'line_ids.paid_elsewhere')
    def _compute_state(self):
        for promise in self:
            lines = promise.line_ids
            promise.state = promise._get_state()
            running = lines.filtered(lambda line: line.state == 'running')
            promise.ended_on = False if running else max(filter(None, lines.mapped('ended_on')), default=False)
            promise.next_date = promise._get_next_date(running)
            missed = lines.filtered(lambda line: line.state in MISSED)
            promise.paid_elsewhere = bool(missed) and all(missed.mapped('paid_elsewhere'))
            promise.counts_as_broken = promise._is_counted_as_broken()

    def _get_next_date(self, running):
        """:return: the date of what is still to come; of what was given up, that which was next; else the last one"""
        given_up = self.line_ids.filtered(
            lambda line: self.state in ('moved', 'cancelled') and line.state == self.state
        )
        dates = (running or given_up).filtered('date').mapped('date')
        return min(dates, default=max(self.line_ids.filtered('date').mapped('date'), default=False))

    def _get_state(self):
        """:return: the state that follows from those of the lines"""
        states = set(self.line_ids.mapped('state'))
        if not states or 'running' in states:
            return 'running'
        missed = states.intersection(MISSED)
        if not missed:
            return next((state for state in ('moved', 'cancelled') if state in states), 'kept')
        # a missed instalment breaks the plan, whatever came in before (R37)
        if not self.is_plan and states & {'partly', 'kept'}:
            return 'partly'
        return 'broken'

    def _is_counted_as_broken(self):
        """:return: whether the promise counts towards formal notice: half of it did not come in (R36). Who only confirmed
        the due dates asked for no time, and counts with those who were never called"""
        if self.paid_elsewhere or self.state not in MISSED or self._confirms_due_dates():
            return False
        return self.state == 'broken' or 2 * sum(self.line_ids.mapped('amount_kept')) < sum(
            self.line_ids.mapped('amount')
        )

    @api.depends('state', 'partner_id', 'company_id')
    def _compute_broken_count(self):
        for company in self.company_id:
            promises = self.filtered(lambda promise: promise.company_id == company)
            counts = self._get_broken_counts(promises.partner_id, company)
            for promise in promises:
                promise.broken_count = counts.get(promise.partner_id, 0)
        (self.filtered(lambda promise: not promise.company_id)).broken_count = 0

    @api.model
    def _get_broken_counts(self, partners, company):
        """How many promises of each customer count as broken and cover items still open (R36).

        :param partners: commercial partners
        :param company: root company
        :return: dict {partner: number}
        """
        counts = dict(
            self.env['collection.promise.line']
            .sudo()
            ._read_group(
                [
                    ('promise_id.counts_as_broken', '=', True),
                    ('promise_id.company_id', '=', company.id),
                    ('promise_id.partner_id', 'in', partners.ids),
                    ('line_id.reconciled', '=', False),
                ],
                ['partner_id'],
                ['promise_id:count_distinct'],
            )
        )
        return {partner: counts.get(partner, 0) for partner in partners}

    @api.onchange('date_for_all')
    def _onchange_date_for_all(self):
        for line in self.line_ids:
            line.date = self.date_for_all

    # ------------------------------------------------------------------
    # Creation
    # ------------------------------------------------------------------
    @api.model_create_multi
    def create(self, vals_list):
        self._check_guarded_creation(vals_list)
        for vals in vals_list:
            # a link or an update would reach the lines of other promises
            if any(command[0] != fields.Command.CREATE for command in vals.get('line_ids') or ()):
                raise UserError(self.env._("The amounts of a promise are entered with it."))
        promises = super(CollectionPromise, internal(self)).create(vals_list).with_env(self.env)
        promises._check_lines()
        promises._check_caller()
        promises.filtered(lambda promise: promise.is_plan and promise._grants_time()).case_id._answer_plan_request()
        promises._confirm_automatically()
        return promises

    def _check_lines(self):
        if any(not promise.line_ids for promise in self):
            raise UserError(self.env._("A promise needs at least one invoice, with an amount and a date."))

    @api.constrains('made_on')
    def _check_made_on(self):
        for promise in self:
            if promise.made_on > promise.company_id._collection_today():
                raise ValidationError(self.env._("A promise cannot be made in the future."))

    @api.constrains('contact_id', 'partner_id')
    def _check_contact(self):
        for promise in self.sudo():
            if promise.contact_id and promise.contact_id.commercial_partner_id != promise.partner_id:
                raise ValidationError(
                    self.env._(
                        "%(contact)s is not a contact of %(customer)s.",
                        contact=promise.contact_id.display_name,
                        customer=promise.partner_id.display_name,
                    )
                )

    # ------------------------------------------------------------------
    # Payment confirmed for the due dates
    # ------------------------------------------------------------------
    def _confirms_due_dates(self):
        """:return: whether nothing is promised for later than it falls due (R4); what is overdue is not"""
        self.ensure_one()
        return all(line.date <= (line.date_maturity or line.sudo().move_id.date) for line in self.line_ids)

    @api.model
    def _split_by_due_date(self, vals):
        """Payment confirmed for several due dates is no instalment plan: each date is a promise of its own, so that one
        that is missed leaves the others alone. An invoice with several dates is agreed on as a whole.

        :param dict vals: of a promise whose lines name their instalment and date
        :return: list of values: what is promised for later together, then what is confirmed, a promise per date
        """
        items = self.env['account.move.line'].sudo()
        today = self.env['res.company'].browse(vals['company_id'])._collection_today()
        times = Counter(command[2]['line_id'] for command in vals['line_ids'])
        later, confirmed = [], defaultdict(list)
        for command in vals['line_ids']:
            line = command[2]
            item, day = items.browse(line['line_id']), fields.Date.to_date(line['date'])
            in_time = day and times[item.id] == 1 and day <= max(item.date_maturity or item.date, today)
            (confirmed[day] if in_time else later).append(command)
        groups = ([later] if later else []) + [confirmed[day] for day in sorted(confirmed)]
        return [dict(vals, line_ids=group) for group in groups]

    @api.depends('partner_id', 'next_date')
    def _compute_display_name(self):
        for promise in self:
            promise.display_name = self.env._(
                "%(customer)s, promised for %(date)s",
                customer=promise.sudo().partner_id.display_name or '',
                date=format_date(self.env, promise.next_date),
            )

    # ------------------------------------------------------------------
    # Transitions
    # ------------------------------------------------------------------
    def action_cancel(self, reason):
        """Cancel what still runs of these promises, today. What was kept stays kept.

        :param str reason: why, in words
        :raise UserError: without a reason, or if a promise has ended already
        :raise AccessError: if it is a plan, for who is no collector
        """
        self.check_access('write')
        self._check_plan_change()
        if not (reason or '').strip():
            raise UserError(self.env._("Say why the promise is cancelled."))
        # what was missed by now is not made undone before the morning
        self._settle()
        for promise in self:
            if promise.state != 'running':
                raise UserError(self.env._("%s has ended already.", promise.display_name))
            internal(promise).write({'cancelled_on': promise.company_id._collection_today(), 'cancel_reason': reason})
        self._settle()
        self._withdraw_confirmation()
        self._log_on_case(
            {
                promise: self.env._("%(promise)s: cancelled. %(reason)s", promise=promise.display_name, reason=reason)
                for promise in self
            }
        )
