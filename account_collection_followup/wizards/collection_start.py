from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

#: engines that would write to the same customers (R72)
OTHER_ENGINES = [
    'account_followup',
    'account_credit_control',
    'account_invoice_overdue_reminder',
    'om_account_followup',
]
#: default take-over: (overdue at least so many days, rank of the level the items stand at)
DEFAULT_AGES = [(1, 0), (16, 20), (46, 30)]


class CollectionStart(models.TransientModel):
    """Start the follow-up of a company on an old ledger without a flood (R72).

    Items already overdue are taken over at a level by age, as if that message had been
    sent; opening and miscellaneous entries stay in the balance but are not chased until
    released; the first run has to be approved; a number of messages a day can be set.
    """

    _name = 'collection.start'
    _description = "Start Collections"
    _inherit = ['collection.dialog']

    company_id = fields.Many2one(
        'res.company',
        required=True,
        domain=[('parent_id', '=', False)],
        default=lambda self: self.env.company._collection_root(),
    )
    currency_id = fields.Many2one(related='company_id.currency_id')
    started_on = fields.Date(related='company_id.collection_start_date')
    date = fields.Date("Start on", required=True, default=lambda self: self.env.company._collection_today())
    policy_id = fields.Many2one(
        'collection.policy',
        "Default policy",
        required=True,
        compute='_compute_from_company',
        store=True,
        precompute=True,
        readonly=False,
    )
    manager_id = fields.Many2one(
        'res.users',
        "Collections manager",
        required=True,
        compute='_compute_from_company',
        store=True,
        precompute=True,
        readonly=False,
        domain=[('share', '=', False)],
    )
    director_id = fields.Many2one(
        'res.users',
        compute='_compute_from_company',
        store=True,
        precompute=True,
        readonly=False,
        domain=[('share', '=', False)],
    )
    user_id = fields.Many2one(
        'res.users',
        "Default collector",
        compute='_compute_from_company',
        store=True,
        precompute=True,
        readonly=False,
        domain=[('share', '=', False)],
    )
    daily_cap = fields.Integer("Messages per day at most", default=50, help="0: no limit.")
    line_ids = fields.One2many(
        'collection.start.line', 'start_id', compute='_compute_line_ids', store=True, readonly=False
    )
    entry_count = fields.Integer(compute='_compute_entries')
    entry_amount = fields.Monetary(compute='_compute_entries')
    aside_count = fields.Integer(compute='_compute_aside')
    aside_amount = fields.Monetary(compute='_compute_aside')

    @api.depends('company_id')
    def _compute_from_company(self):
        for start in self:
            company = start.company_id
            start.policy_id = company.collection_policy_id
            start.manager_id = company.collection_manager_id or self.env.user
            start.director_id = company.collection_director_id
            start.user_id = company.collection_user_id or self.env.user

    @api.depends('company_id', 'policy_id')
    def _compute_line_ids(self):
        for start in self:
            levels = start.policy_id._get_climbing_levels()
            start.line_ids = [(5,)] + [
                (
                    0,
                    0,
                    {
                        'days': days,
                        'level_id': levels.filtered(lambda level, rank=rank: level.rank == rank).id,
                    },
                )
                for days, rank in DEFAULT_AGES
            ]

    @api.depends('company_id')
    def _compute_entries(self):
        for start in self:
            groups = self.env['collection.item']._read_group(
                start._get_domain([('kind', '=', 'entry')]), [], ['__count', 'residual:sum']
            )
            start.entry_count, start.entry_amount = groups[0]

    @api.depends('company_id')
    def _compute_aside(self):
        for start in self:
            groups = self.env['collection.item']._read_group(start._get_aside_domain(), [], ['__count', 'residual:sum'])
            start.aside_count, start.aside_amount = groups[0] if start.started_on else (0, 0)

    def _get_aside_domain(self):
        """:return: domain of what customers owe and are not asked for"""
        return self._get_domain([('no_followup', '=', True), ('residual_currency', '>', 0)])

    def action_aside(self):
        """Open the open items that are not chased, to release those that should be."""
        self.ensure_one()
        self.company_id._check_collection_administrator()
        action = self.env['ir.actions.act_window']._for_xml_id('account_collection_followup.collection_item_action')
        return dict(action, domain=self._get_aside_domain())

    def action_settings(self):
        """Open the settings of the company, where what the start set is changed."""
        self.ensure_one()
        return self.env['collection.settings'].with_company(self.company_id).action_open()

    def _get_domain(self, domain):
        return [('company_id', 'child_of', self.company_id.id), ('partner_id', '!=', False), *domain]

    def action_start(self):
        """Start the follow-up: nothing leaves yet; the first run waits for approval."""
        self.ensure_one()
        self._check_start()
        self.company_id.sudo().write(self._prepare_company())
        if not self.company_id.partner_id.tz:
            # days begin and end where the company is, not where the server or the user is
            self.company_id.partner_id.sudo().tz = self.env.user.tz
        self._set_entries_aside()
        self._take_over()
        self.env['collection.case'].sudo()._refresh(self.company_id)
        return self.env['ir.actions.act_window']._for_xml_id('account_collection_followup.collection_case_action')

    def _check_start(self):
        """:raise UserError: what stands in the way, in words"""
        company = self.company_id
        company._check_collection_administrator()
        if company.collection_start_date:
            raise UserError(
                self.env._(
                    "Collections already started in %(company)s on %(date)s.",
                    company=company.name,
                    date=format_date(self.env, company.collection_start_date),
                )
            )
        if company.parent_id:
            raise UserError(self.env._("%s is a branch: start its main company.", company.name))
        if (
            not self.env['account.account']
            .sudo()
            .search_count([('account_type', '=', 'asset_receivable'), ('company_ids', 'child_of', company.id)], limit=1)
        ):
            raise UserError(self.env._("%s has no chart of accounts yet.", company.name))
        if not self.policy_id._get_climbing_levels():
            raise UserError(
                self.env._(
                    "%s has no level after the due date: add levels or choose another policy.", self.policy_id.name
                )
            )
        if self.date < company._collection_today():
            raise UserError(self.env._("The start cannot lie in the past."))
        if (
            engine := self.env['ir.module.module']
            .sudo()
            .search([('name', 'in', OTHER_ENGINES), ('state', 'in', ['installed', 'to upgrade'])], limit=1)
        ):
            raise UserError(
                self.env._(
                    "%s already follows up these customers: uninstall it first, or they get two reminders.",
                    engine.shortdesc,
                )
            )

    def _prepare_company(self):
        return {
            'collection_start_date': self.date,
            'collection_policy_id': self.policy_id.id,
            'collection_manager_id': self.manager_id.id,
            'collection_director_id': self.director_id.id,
            'collection_user_id': self.user_id.id,
            'collection_daily_cap': self.daily_cap,
            'collection_first_run_done': False,
        }

    def _set_entries_aside(self):
        """Opening and miscellaneous entries are released one by one, when somebody has looked at them."""
        items = self.env['collection.item'].search(
            self._get_domain([('kind', '=', 'entry'), ('no_followup', '=', False)])
        )
        items.line_id.sudo().no_followup = True

    def _take_over(self):
        """Give the items already overdue a level by age, so that the ladder goes on instead of starting anew."""
        brackets = sorted(self.line_ids, key=lambda line: line.days, reverse=True)
        items = self.env['collection.item'].search(
            self._get_domain(
                [
                    ('kind', '=', 'invoice'),
                    ('residual_currency', '>', 0),
                    ('due_date', '<', self.date),
                    ('no_followup', '=', False),
                ]
            )
        )
        levels = {}
        for item in items:
            bracket = next((line for line in brackets if (self.date - item.due_date).days >= line.days), None)
            if bracket and bracket.level_id:
                levels.setdefault((item.partner_id, bracket.level_id), self.env['collection.item'])
                levels[item.partner_id, bracket.level_id] |= item
        if not levels:
            return
        customers = self.env['res.partner'].union(*(partner for partner, _level in levels))
        policies = customers._get_collection_policies(self.company_id)
        cases = self.env['collection.case']._open_for(customers, self.company_id)
        self.env['collection.step'].sudo().create(
            [
                self._prepare_takeover(cases[partner], policies[partner], level, group)
                for (partner, level), group in levels.items()
            ]
        )

    def _prepare_takeover(self, case, policy, level, items):
        # a customer of another policy stands at the level of the same rank there
        own = policy._get_climbing_levels().filtered(lambda other: other.rank == level.rank)[:1] or level
        return {
            'case_id': case.id,
            'partner_id': case.partner_id.id,
            'company_id': self.company_id.id,
            'takeover': True,
            'track': own._get_track(),
            'level_id': own.id,
            'next_level_id': own._get_next().id,
            'date': self.date,
            'date_given': self.date,
            'act_on': self.date,
            'sender_role': own.sender_role,
            'line_ids': [
                (
                    0,
                    0,
                    {
                        'role': 'asked',
                        'line_id': item.line_id.id,
                        'move_id': item.move_id.id,
                        'name': item.name or '/',
                        'partner_id': item.partner_id.id,
                        'company_id': item.company_id.id,
                        'currency_id': item.currency_id.id,
                        'date': item.invoice_date or item.date,
                        'due_date': item.due_date,
                        'residual': item.residual_currency,
                        'asked': item.residual_currency,
                        'asked_company': item.residual,
                        'level_id': own.id,
                        # apart from the levels really sent: the key stays free for them
                        'occurrence': 0,
                    },
                )
                for item in items
            ],
        }


class CollectionStartLine(models.TransientModel):
    _name = 'collection.start.line'
    _description = "Take-over by Age"
    _inherit = ['collection.dialog']
    _order = 'days'

    start_id = fields.Many2one('collection.start', required=True, ondelete='cascade')
    currency_id = fields.Many2one(related='start_id.currency_id')
    days = fields.Integer("Overdue at least, days", required=True, default=1)
    level_id = fields.Many2one(
        'collection.level',
        "Stands at",
        domain="[('kind', '=', 'reminder'), ('policy_id', '=', parent.policy_id)]",
        help="The level these items count as having received. Empty: they enter at the first level.",
    )
    item_count = fields.Integer("Items", compute='_compute_figures')
    amount = fields.Monetary(compute='_compute_figures')

    @api.depends('days', 'start_id.date', 'start_id.company_id', 'start_id.line_ids.days')
    def _compute_figures(self):
        for line in self:
            start = line.start_id
            above = min((other.days for other in start.line_ids if other.days > line.days), default=None)
            domain = start._get_domain(
                [
                    ('kind', '=', 'invoice'),
                    ('residual_currency', '>', 0),
                    ('no_followup', '=', False),
                    ('due_date', '<=', fields.Date.subtract(start.date, days=line.days)),
                ]
            )
            if above:
                domain.append(('due_date', '>', fields.Date.subtract(start.date, days=above)))
            line.item_count, line.amount = self.env['collection.item']._read_group(
                domain, [], ['__count', 'residual:sum']
            )[0]
