from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date

from .collection_fact import internal
from .collection_level import TRACKS


class CollectionConsultation(models.Model):
    """The sales rep is told before a formal notice or a hand-over, and may object once (R53).

    The plan holds the items until ``act_from``, and until ``objected_until`` if he objects.
    Told in time, the act is put in hand on the day that was announced to the customer.
    A consultation ends on ``ended_on``, when the act was taken or its reason has gone; what
    comes back is told again. :meth:`_prepare_day` of this model makes and ends them.
    """

    _name = 'collection.consultation'
    _description = "Consultation"
    _inherit = ['collection.fact', 'collection.activity.mixin']
    _order = 'told_on desc, id desc'

    _guarded_fields = frozenset(
        {
            'step_id',
            'track',
            'level_id',
            'told_on',
            'planned_on',
            'act_from',
            'user_id',
            'not_asked',
            'why',
            'line_ids',
            'agreed_on',
            'objected_on',
            'objected_by_id',
            'objected_until',
            'reason',
            'ended_on',
        }
    )
    _activity_fields = frozenset({'user_id', 'agreed_on', 'objected_on', 'ended_on'})

    partner_id = fields.Many2one(readonly=True)
    company_id = fields.Many2one(readonly=True)
    step_id = fields.Many2one(
        'collection.step',
        string="Announced by",
        ondelete='restrict',
        readonly=True,
        groups='account_collection_followup.group_collection_caller,account.group_account_readonly',
        help="The message that announced the act; empty if nothing was asked for before.",
    )
    track = fields.Selection(TRACKS, required=True, readonly=True)
    level_id = fields.Many2one('collection.level', "About to come", required=True, ondelete='restrict', readonly=True)
    level_name = fields.Char("Act", related='level_id.name', help="What is about to come.")
    user_id = fields.Many2one('res.users', "Sales rep", index='btree_not_null', readonly=True)
    not_asked = fields.Char("Why nobody was asked", readonly=True)
    why = fields.Char("Why now", readonly=True, help="Why the act was not announced, or levels were left out.")
    told_on = fields.Date("Told on", required=True, readonly=True)
    planned_on = fields.Date("Planned for", readonly=True, help="When the act was about to come.")
    act_from = fields.Date(
        "Not before", required=True, readonly=True, help="The first day on which the act can be put in hand."
    )
    agreed_on = fields.Date("Nothing against it", readonly=True)
    objected_on = fields.Date("Objected on", readonly=True)
    objected_by_id = fields.Many2one('res.users', "Objected by", readonly=True)
    objected_until = fields.Date("Wait until", readonly=True)
    reason = fields.Text("Why wait", readonly=True)
    ended_on = fields.Date("Over since", readonly=True, help="The act was put in hand, or its reason has gone.")
    line_ids = fields.One2many('collection.consultation.line', 'consultation_id', string="Invoices", readonly=True)
    state = fields.Selection(
        [
            ('waiting', "To answer"),
            ('agreed', "Nothing against it"),
            ('objected', "Objection"),
            ('passed', "Time is over"),
            ('none', "Nobody asked"),
        ],
        string="Rep's answer",
        compute='_compute_state',
    )
    is_waiting = fields.Boolean(compute='_compute_state', search='_search_is_waiting')
    can_answer = fields.Boolean(compute='_compute_can_answer', help="Whether the user may answer, and still can.")

    _one_telling = models.UniqueIndex(
        "(step_id, track) WHERE ended_on IS NULL", "The sales rep was already told of what this step announced."
    )
    _live_idx = models.Index("(company_id) WHERE ended_on IS NULL")

    # ------------------------------------------------------------------
    # State, from the dates
    # ------------------------------------------------------------------
    @api.depends('not_asked', 'agreed_on', 'objected_on', 'ended_on', 'act_from', 'company_id')
    def _compute_state(self):
        for consultation in self:
            consultation.state = consultation._get_state()
            consultation.is_waiting = consultation.state == 'waiting'

    def _get_state(self):
        self.ensure_one()
        if self.objected_on:
            return 'objected'
        if self.agreed_on:
            return 'agreed'
        if self.not_asked:
            return 'none'
        today = (self.company_id or self.env.company)._collection_today()
        return 'passed' if self.ended_on or not self.act_from or self.act_from <= today else 'waiting'

    @api.depends('is_waiting', 'user_id')
    @api.depends_context('uid')
    def _compute_can_answer(self):
        is_collector = self.env.user.has_group('account_collection_followup.group_collection_collector')
        for consultation in self:
            consultation.can_answer = consultation.is_waiting and (
                is_collector or consultation.user_id == self.env.user
            )

    @api.model
    def _search_is_waiting(self, operator, value):
        if operator != 'in':
            return NotImplemented
        return [
            ('objected_on', '=', False),
            ('agreed_on', '=', False),
            ('ended_on', '=', False),
            ('not_asked', '=', False),
            ('act_from', '>', self.env.company._collection_root()._collection_today()),
        ]

    @api.depends('partner_id', 'level_id')
    def _compute_display_name(self):
        for consultation in self:
            consultation.display_name = self.env._(
                "%(level)s to %(customer)s",
                level=consultation.sudo().level_id.name or '',
                customer=consultation.sudo().partner_id.name or '',
            )

    # ------------------------------------------------------------------
    # The sales rep's answer
    # ------------------------------------------------------------------
    def action_object(self, reason=None, until=None):
        """The sales rep asks to wait, once; a collector may record it on his behalf.

        :param str reason: why; asked for if it is missing
        :param date until: the last day nothing leaves; after today, within the policy's days for an objection
        :raise UserError: if it is too late, was answered already, or reason or date do not do
        """
        self.ensure_one()
        self._check_answer()
        if not reason or not until:
            return {
                'type': 'ir.actions.act_window',
                'res_model': 'collection.objection',
                'name': self.env._("Object to: %s", self.display_name),
                'views': [(False, 'form')],
                'target': 'new',
                'context': {'default_consultation_id': self.id},
            }
        until = fields.Date.to_date(until)
        self._check_objection(reason, until)
        self._answer(
            {
                'objected_on': self.company_id._collection_today(),
                'objected_by_id': self.env.user.id,
                'objected_until': until,
                'reason': reason.strip(),
            },
            self.env._(
                "%(rep)s objects to %(level)s until %(until)s (recorded by %(user)s). %(reason)s",
                rep=self.sudo().user_id.name,
                level=self.sudo().level_id.name,
                until=format_date(self.env, until),
                user=self.env.user.name,
                reason=reason.strip(),
            ),
        )
        return True

    def action_agree(self):
        """The sales rep has nothing against it: the act keeps its day.

        :raise UserError: if it is too late or was answered already
        """
        for consultation in self:
            consultation._check_answer()
            consultation._answer(
                {'agreed_on': consultation.company_id._collection_today()},
                self.env._(
                    "%(rep)s has nothing against %(level)s (recorded by %(user)s).",
                    rep=consultation.sudo().user_id.name,
                    level=consultation.sudo().level_id.name,
                    user=self.env.user.name,
                ),
            )

    def _check_answer(self):
        """:raise: unless the sales rep, or a collector for him, can still answer"""
        self.check_access('read')
        is_collector = self.env.user.has_group('account_collection_followup.group_collection_collector')
        if not self.env.su and self.user_id != self.env.user and not is_collector:
            raise AccessError(self.env._("Only %s, or a collector, can answer.", self.sudo().user_id.name))
        # asked anew: a state seen yesterday may be over today
        if (state := self._get_state()) in ('agreed', 'objected'):
            raise UserError(self.env._("This was answered already."))
        if state != 'waiting':
            raise UserError(self.env._("It is too late to answer: the time to object is over."))
        if not self.sudo()._get_standing_items():
            raise UserError(
                self.env._("There is nothing to answer any more: the invoices were paid, promised, disputed or held.")
            )

    def _check_objection(self, reason, until):
        if not reason.strip():
            raise UserError(self.env._("Say why we should wait."))
        if self._has_objected():
            raise UserError(self.env._("There was an objection to this already, and one is all there can be."))
        if until <= self.company_id._collection_today():
            raise UserError(self.env._("Choose a day after today."))
        if until > (latest := self._get_latest_objection()):
            raise UserError(self.env._("An objection can last until %s at most.", format_date(self.env, latest)))

    def _has_objected(self):
        """:return: whether what the same message announced was objected to in an earlier consultation; where nothing
        was announced, one of the invoices"""
        telling = self.sudo()
        earlier = telling.search(
            [
                ('partner_id', '=', telling.partner_id.id),
                ('company_id', '=', telling.company_id.id),
                ('track', '=', telling.track),
                ('step_id', '=', telling.step_id.id),
                ('objected_on', '!=', False),
            ]
        )
        return bool(earlier) and bool(telling.step_id or earlier._get_invoices() & telling._get_invoices())

    def _get_invoices(self):
        return {(line.name, line.due_date) for line in self.line_ids}

    def _get_latest_objection(self):
        """:return: the last day an objection of today can name"""
        self.ensure_one()
        rules = self._get_rules(self.sudo().partner_id, self.company_id)
        return fields.Date.add(self.company_id._collection_today(), days=rules[self.sudo().partner_id].objection_days)

    def _answer(self, vals, note):
        self.sudo()._activity_done(note)
        internal(self.sudo()).write(vals)
        self._log_on_case({self: note})
        self._mark_dirty()

    def action_open_case(self):
        """Open the customer's case."""
        self.ensure_one()
        return self.case_id.get_formview_action()

    # ------------------------------------------------------------------
    # Activity
    # ------------------------------------------------------------------
    def _get_wanted_activities(self):
        # EXTENDS collection.activity.mixin: nobody is asked about what does not come any more
        waiting = self.filtered(lambda consultation: consultation._get_state() == 'waiting')
        standing = waiting._get_standing_items()
        return {
            consultation: consultation._prepare_activities()
            for consultation in waiting
            if consultation._get_key() in standing
        }

    def _prepare_activities(self):
        # EXTENDS collection.activity.mixin: on the rep's list while he can answer
        if self._get_state() != 'waiting':
            return super()._prepare_activities()
        self = self.with_context(lang=self.user_id.lang or self.env.lang)
        working = self.env['collection.holiday']._working_days(self.company_id)
        return [
            {
                'user_id': self.user_id.id,
                'activity_type_id': self.env.ref('account_collection_followup.activity_type_consultation').id,
                'date_deadline': max(working.add(self.act_from, -1), self.told_on),
                'summary': self.env._(
                    "%(level)s planned for %(date)s",
                    level=self.level_id.name,
                    date=format_date(self.env, self.planned_on),
                ),
            }
        ]
