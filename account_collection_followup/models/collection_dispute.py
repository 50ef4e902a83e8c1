from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_date

from .collection_fact import internal

OUTCOMES = [
    ('accepted', "Accepted"),
    ('partly', "Partly accepted"),
    ('rejected', "Rejected"),
    ('withdrawn', "Withdrawn"),
]


class CollectionDispute(models.Model):
    """What a customer contests: invoices, instalments and amounts (R10–R19).

    While it is open, what its lines cover is not chased. After :meth:`action_close`
    the customer has until ``response_until`` to act on the outcome. A dispute is
    never rewritten: opened again on a later day, it goes on as a new one.
    """

    _name = 'collection.dispute'
    _description = "Dispute"
    _inherit = ['collection.fact', 'collection.activity.mixin']
    _order = 'opened_on desc, id desc'
    _rec_names_search = ['name', 'partner_id', 'type_id']

    _activity_fields = frozenset(
        {'state', 'type_id', 'user_id', 'rep_id', 'deadline', 'qualified_on', 'proposed_outcome', 'escalated'}
    )
    _guarded_fields = frozenset(
        {
            'state', 'outcome', 'closed_on', 'response_until', 'previous_id', 'amount', 'amount_withheld', 'currency_id',
            'source', 'stage', 'qualified_on', 'repeats_id', 'let_hold',
            'proposed_outcome', 'proposed_amount', 'proposed_text', 'proposed_by_id', 'proposed_on',
            'helper_team_ids', 'escalated', 'escalated_on',
        }
    )  # fmt: skip
    _frozen_fields = frozenset({'case_id', 'partner_id', 'company_id', 'opened_on'})

    name = fields.Char("Subject", help="Leave empty: the type and the customer name the dispute.")
    type_id = fields.Many2one(
        'collection.dispute.type',
        index=True,
        ondelete='restrict',
        tracking=True,
        help="Left empty, the dispute waits to be qualified.",
    )
    team_id = fields.Many2one(
        'collection.team',
        compute='_compute_from_type',
        store=True,
        readonly=False,
        precompute=True,
        index='btree_not_null',
        tracking=True,
    )
    user_id = fields.Many2one(
        'res.users',
        string="Owner",
        compute='_compute_from_type',
        store=True,
        readonly=False,
        precompute=True,
        index='btree_not_null',
        tracking=True,
        domain=[('share', '=', False)],
    )
    cause_id = fields.Many2one(
        'collection.dispute.cause', string="Root cause", index='btree_not_null', ondelete='restrict', tracking=True
    )
    our_fault = fields.Boolean(
        "Our fault",
        compute='_compute_our_fault',
        store=True,
        readonly=False,
        tracking=True,
        help="Check this first, and correct it.",
    )
    state = fields.Selection(
        [('open', "Open"), ('closed', "Closed")],
        default='open',
        required=True,
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
    )
    stage = fields.Selection(
        [
            ('to_qualify', "To qualify"),
            ('solving', "Being solved"),
            ('proposed', "Outcome proposed"),
            ('credit', "Credit note to post"),
            ('closed', "Closed"),
        ],
        compute='_compute_stage',
        store=True,
        precompute=True,
        index=True,
        group_expand='_expand_stages',
        help="What is open holds back reminders, whatever its stage.",
    )
    source = fields.Selection(
        [('desk', "Us"), ('customer', "The customer")],
        string="Entered by",
        default='desk',
        required=True,
        readonly=True,
        help="What the customer entered himself waits to be qualified.",
    )
    qualified_on = fields.Date(
        readonly=True, copy=False, default=lambda self: self.env.company._collection_root()._collection_today()
    )
    outcome = fields.Selection(OUTCOMES, readonly=True, copy=False, tracking=True)
    opened_on = fields.Date(
        "Opened on",
        required=True,
        copy=False,
        default=lambda self: self.env.company._collection_root()._collection_today(),
    )
    closed_on = fields.Date(readonly=True, copy=False)
    response_until = fields.Date(
        "Answer until", readonly=True, copy=False, help="Until then the customer may act on the outcome: not chased."
    )
    previous_id = fields.Many2one(
        'collection.dispute',
        string="Continues",
        readonly=True,
        copy=False,
        index='btree_not_null',
        help="The closed dispute this one takes up again.",
    )
    reason = fields.Text("Stated reason", help="What the customer says, in his own words.")
    motive = fields.Selection(
        [
            ('cash', "Cash shortage"),
            ('negligence', "Negligence"),
            ('process', "Internal process"),
            ('bad_faith', "Bad faith"),
            ('real', "Real dispute"),
        ],
        string="Assessed motive",
        copy=False,
        groups='account_collection_followup.group_collection_collector',
        help="Our opinion. Never shown to the customer nor put in the litigation file.",
    )
    attachment_ids = fields.Many2many(
        'ir.attachment', 'collection_dispute_attachment_rel', string="Attach proof", copy=False, help="Proof, letters."
    )
    # what is contested; what is withheld because of it is told apart
    line_ids = fields.One2many(
        'collection.dispute.line', 'dispute_id', string="Invoices", copy=True, domain=[('kind', '=', 'contested')]
    )
    withheld_line_ids = fields.One2many(
        'collection.dispute.line',
        'dispute_id',
        string="Withheld invoices",
        copy=True,
        domain=[('kind', '=', 'withheld')],
        context={'default_kind': 'withheld'},
        help="Other invoices the customer does not pay because of this dispute.",
    )
    currency_id = fields.Many2one('res.currency', compute='_compute_amount', store=True)
    amount = fields.Monetary(
        compute='_compute_amount', store=True, help="Empty when the lines are in several currencies."
    )
    amount_withheld = fields.Monetary(
        "Withheld", compute='_compute_amount', store=True, help="What else is not paid because of this dispute."
    )
    age = fields.Integer("Age in days", compute='_compute_age', help="Days since it was opened, until it was closed.")

    _closed_whole = models.Constraint(
        "CHECK((state = 'closed') = (outcome IS NOT NULL) AND (state = 'closed') = (closed_on IS NOT NULL))",
        "A dispute is closed with an outcome and a date, or open with neither.",
    )
    _dates_in_order = models.Constraint(
        'CHECK(closed_on IS NULL OR closed_on >= opened_on)', "A dispute cannot end before it began."
    )
    _open_idx = models.Index("(partner_id, company_id) WHERE state = 'open'")

    # ------------------------------------------------------------------
    # Computed fields
    # ------------------------------------------------------------------
    @api.depends('name', 'type_id', 'partner_id')
    def _compute_display_name(self):
        for dispute in self:
            dispute.display_name = dispute.name or self.env._(
                "%(type)s: %(customer)s",
                type=dispute.type_id.name or self.env._("Dispute"),
                customer=dispute.sudo().partner_id.display_name or '',
            )

    @api.depends('cause_id')
    def _compute_our_fault(self):
        for dispute in self:
            dispute.our_fault = dispute.cause_id.our_fault if dispute.cause_id else dispute.our_fault

    @api.depends('opened_on', 'closed_on')
    def _compute_age(self):
        for dispute in self:
            end = dispute.closed_on or (dispute.company_id and dispute.company_id._collection_today())
            dispute.age = (end - dispute.opened_on).days if end and dispute.opened_on else 0

    @api.depends('state', 'qualified_on', 'proposed_outcome', 'credit_outcome')
    def _compute_stage(self):
        for dispute in self:
            if dispute.state == 'closed':
                dispute.stage = 'closed'
            elif dispute.credit_outcome:
                dispute.stage = 'credit'
            elif not dispute.qualified_on:
                dispute.stage = 'to_qualify'
            else:
                dispute.stage = 'proposed' if dispute.proposed_outcome else 'solving'

    @api.model
    def _expand_stages(self, stages, domain):
        """:return: the stages of the board in their order: where disputes are solved always, the others if any is there"""
        always = ('solving', 'proposed')
        return [name for name, _label in self._fields['stage'].selection if name in always or name in stages]

    @api.depends('line_ids.amount', 'line_ids.currency_id', 'withheld_line_ids.amount', 'withheld_line_ids.currency_id')
    def _compute_amount(self):
        for dispute in self:
            currency = dispute.line_ids.currency_id
            single = len(currency) == 1
            withheld = dispute.withheld_line_ids
            dispute.currency_id = currency if single else False
            dispute.amount = sum(dispute.line_ids.mapped('amount')) if single else 0.0
            dispute.amount_withheld = (
                sum(withheld.mapped('amount')) if withheld.currency_id == currency and single else 0.0
            )

    # ------------------------------------------------------------------
    # Checks
    # ------------------------------------------------------------------
    @api.constrains('opened_on', 'deadline')
    def _check_dates(self):
        for dispute in self:
            if dispute.opened_on > dispute.company_id._collection_today():
                raise ValidationError(self.env._("A dispute cannot be opened in the future."))
            if dispute.deadline and dispute.deadline < dispute.opened_on:
                raise ValidationError(self.env._("The time limit of a dispute comes after its opening."))

    @api.constrains('type_id', 'qualified_on')
    def _check_type(self):
        if any(dispute.qualified_on and not dispute.type_id for dispute in self):
            raise ValidationError(self.env._("Choose the type of the dispute."))

    @api.constrains('type_id', 'team_id', 'cause_id', 'company_id')
    def _check_companies(self):
        for dispute in self.sudo():
            for record in (dispute.type_id, dispute.team_id, dispute.cause_id):
                if record.company_id and record.company_id != dispute.company_id:
                    raise ValidationError(
                        self.env._("%(name)s belongs to another company than the dispute.", name=record.display_name)
                    )

    @api.model
    def _prepare_fact(self, vals):
        # EXTENDS collection.fact: what the customer enters himself waits to be qualified (R19)
        vals = super()._prepare_fact(vals)
        if vals.get('source') == 'customer':
            vals['qualified_on'] = False
        elif not vals.get('qualified_on'):
            vals['qualified_on'] = vals.get('opened_on') or (
                self.env['res.company'].browse(vals['company_id']).sudo()._collection_today()
            )
        return vals

    @api.model_create_multi
    def create(self, vals_list):
        disputes = super().create(vals_list)
        if any(not dispute.line_ids for dispute in disputes):
            # it would hold nothing, and the reminder would leave
            raise UserError(self.env._("Add the invoices the customer contests: posted, and not paid yet."))
        disputes._log_opened()
        return disputes

    # ------------------------------------------------------------------
    # Transitions
    # ------------------------------------------------------------------
    def action_close(self, outcome, response_until=None):
        """Close open disputes with an outcome (R16).

        What they cover is chased again after ``response_until``.

        :param str outcome: accepted, partly, rejected or withdrawn
        :param date response_until: a date stated to the customer; by default the type's
            working days after today
        :raise UserError: if a dispute is closed already, the outcome unknown, or the date past or no working day
        """
        self.check_access('write')
        if outcome not in dict(OUTCOMES):
            raise UserError(self.env._("Choose an outcome: accepted, partly accepted, rejected or withdrawn."))
        for dispute in self:
            dispute._check_open()
            values = dispute._prepare_closing(outcome, fields.Date.to_date(response_until))
            dispute._activity_done(dict(self._fields['outcome']._description_selection(self.env))[outcome])
            internal(dispute).write(values)
        self._log_closed()
        self._mark_dirty()

    def _check_open(self):
        if self.state != 'open':
            raise UserError(
                self.env._(
                    "%(dispute)s is closed since %(date)s.",
                    dispute=self.display_name,
                    date=format_date(self.env, self.closed_on),
                )
            )

    def _prepare_closing(self, outcome, response_until):
        """:return: values that close the dispute today"""
        today = self.company_id._collection_today()
        self._check_response_until(response_until)
        calendar = self.env['collection.holiday']._working_days(self.company_id)
        return {
            'state': 'closed',
            'outcome': outcome,
            'closed_on': today,
            'response_until': response_until or calendar.add(today, self.type_id.response_days),
        }

    def _check_response_until(self, day):
        """:raise UserError: if the date stated to the customer is past, or no working day (R54)"""
        if not day:
            return
        if day < self.company_id._collection_today():
            raise UserError(self.env._("The date until which the customer may answer (%s) is past.", day))
        self.env['collection.holiday']._check_working_day(self.company_id, day)

    def _prepare_successor(self):
        """:return: values of the dispute that takes this one up again today, besides the copied ones"""
        return {
            'previous_id': self.id,
            'opened_on': self.company_id._collection_today(),
            'motive': self.sudo().motive,
        }

    def _is_reopened_in_place(self):
        """:return: whether no day was lived with the dispute closed"""
        return self.closed_on == self.company_id._collection_today()

    def action_reopen(self):
        """Take closed disputes up again.

        Closed today, a dispute is simply open again: no day was lived with it
        closed. Closed earlier, it keeps its dates and goes on as a new dispute.

        :return: the open disputes
        :raise UserError: if one of them is open
        """
        self.check_access('write')
        if self.filtered(lambda dispute: dispute.state == 'open'):
            raise UserError(self.env._("This dispute is open already."))
        same_day = self.filtered(lambda dispute: dispute._is_reopened_in_place())
        # what was done before does not answer it any more
        same_day._get_activities(active=False).automated = False
        internal(same_day).write({'state': 'open', 'outcome': False, 'closed_on': False, 'response_until': False})
        reopened = self.browse()
        for dispute in self - same_day:
            successor = internal(dispute).sudo().copy(dispute._prepare_successor())
            reopened |= self.browse(successor.id)
            dispute._message_log(body=self.env._("Taken up again as %s.", successor.display_name))
        self._mark_dirty()
        return same_day | reopened
