from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

NEXT_ACTIONS = [
    ('promise', "Call: promise broken"),
    ('mend', "Mend the failed message"),
    ('call', "Call"),
    ('post', "Post the letter"),
    ('match', "Match what was received"),
    ('decide', "Decide on litigation"),
    ('approve', "Approve"),
    ('leave', "Message leaves by itself"),
    ('dispute', "Close the dispute"),
    ('wait', "Wait"),
    ('blocked', "See why nothing leaves"),
    ('none', "Nothing to do"),
]


class CollectionCase(models.Model):
    """The follow-up of one customer in one company, from the first contact until nothing is
    overdue, disputed, promised or in litigation and no call or activity is open.

    Its figures are derived from the facts and can be rebuilt from them at any time
    (:meth:`collection.case._refresh`); they are kept only so that the worklist opens at once.
    """

    _name = 'collection.case'
    _description = "Collection Case"
    _inherit = ['mail.thread', 'mail.activity.mixin']
    # the worklist: broken promises first, then money times days (company currency × days)
    _order = 'attention desc, weight desc, id'
    _mail_post_access = 'read'

    partner_id = fields.Many2one(
        'res.partner', "Customer", required=True, index=True, ondelete='restrict', readonly=True
    )
    company_id = fields.Many2one('res.company', required=True, index=True, readonly=True)
    currency_id = fields.Many2one(related='company_id.currency_id')
    user_id = fields.Many2one('res.users', "Responsible", index='btree_not_null', tracking=True)
    state = fields.Selection(
        [('open', "Open"), ('closed', "Closed")], required=True, default='open', readonly=True, tracking=True
    )
    opened_on = fields.Date(required=True, default=fields.Date.context_today, readonly=True)
    closed_on = fields.Date(readonly=True)

    # derived figures, company currency
    balance = fields.Monetary(readonly=True)
    overdue = fields.Monetary(readonly=True)
    disputed = fields.Monetary(readonly=True)
    promised = fields.Monetary(readonly=True)
    to_chase = fields.Monetary(readonly=True, help="Overdue less what is disputed, promised or received.")
    oldest_due_date = fields.Date(readonly=True)
    level_id = fields.Many2one('collection.level', "Highest Level", readonly=True, index='btree_not_null')
    next_level_id = fields.Many2one('collection.level', readonly=True)
    next_action = fields.Selection(NEXT_ACTIONS, readonly=True, default='none')
    next_date = fields.Date(readonly=True, index=True)
    reason = fields.Selection(
        selection=lambda self: self.env['collection.run.line']._selection_reasons(),
        string="Why nothing leaves",
        readonly=True,
        help="The main reason.",
    )
    attention = fields.Integer(readonly=True, help="2: broken promise, 1: something could not be done.")
    weight = fields.Float(readonly=True, aggregator=None, help="Overdue amount times days overdue.")
    last_contact_on = fields.Date("Last Contact", readonly=True)

    days_overdue = fields.Integer("Oldest, days", compute='_compute_days_overdue')
    next_text = fields.Char("Next", compute='_compute_next_text')
    reason_text = fields.Char("Why", compute='_compute_next_text')
    sentence = fields.Text(compute='_compute_sentence')
    contact_id = fields.Many2one('res.partner', "Whom to call", compute='_compute_contact_id')
    contact_phone = fields.Char(compute='_compute_contact_id')
    contact_role = fields.Char(compute='_compute_contact_id')
    contact_ids = fields.Many2many('res.partner', string="Contacts", compute='_compute_contact_ids')
    policy_id = fields.Many2one('collection.policy', compute='_compute_policy_id')
    item_ids = fields.Many2many('collection.item', string="Open items", compute='_compute_item_ids')
    step_ids = fields.One2many('collection.step', 'case_id', string="Steps")
    dispute_ids = fields.One2many('collection.dispute', 'case_id', string="Disputes")
    promise_ids = fields.One2many('collection.promise', 'case_id', string="Promises")
    call_ids = fields.One2many('collection.call', 'case_id', string="Calls")
    hold_ids = fields.One2many('collection.hold', 'case_id', string="Holds")
    history_ids = fields.Many2many('collection.history', compute='_compute_history_ids')
    dispute_count = fields.Integer(compute='_compute_counts')
    promise_count = fields.Integer(compute='_compute_counts')
    call_count = fields.Integer(compute='_compute_counts')
    held_until = fields.Date("On hold until", compute='_compute_held_until')

    _one_open = models.UniqueIndex(
        "(partner_id, company_id) WHERE state = 'open'", "This customer already has an open case."
    )
    _worklist_idx = models.Index("(company_id, attention DESC, weight DESC) WHERE state = 'open'")

    @api.depends('partner_id', 'opened_on')
    def _compute_display_name(self):
        for case in self:
            case.display_name = case.partner_id.display_name

    @api.depends('oldest_due_date')
    def _compute_days_overdue(self):
        for case in self:
            today = case.company_id._collection_today() if case.company_id else fields.Date.context_today(case)
            case.days_overdue = max((today - case.oldest_due_date).days, 0) if case.oldest_due_date else 0

    @api.depends('next_action', 'next_level_id', 'next_date', 'reason')
    def _compute_next_text(self):
        """The next thing to do, in words."""
        labels = dict(self._fields['next_action']._description_selection(self.env))
        reasons = self.env['collection.run.line']._get_reason_labels()
        for case in self:
            text = labels.get(case.next_action, '')
            if case.next_action == 'wait' and case.next_date:
                text = self.env._("Wait until %s", self.env['collection.run.line']._format_day(case.next_date))
            if case.next_level_id and case.next_action in ('call', 'post', 'approve', 'leave', 'wait'):
                text = self.env._("%(action)s: %(level)s", action=text, level=case.next_level_id.name)
            elif case.next_action == 'blocked' and case.reason in reasons:
                text = reasons[case.reason]
            case.next_text = text
            case.reason_text = reasons.get(case.reason) or False

    @api.depends('partner_id', 'company_id')
    def _compute_history_ids(self):
        """What happened with the customer, in former cases too."""
        events = self.env['collection.history'].search(
            [('partner_id', 'in', self.partner_id.ids), ('company_id', 'in', self.company_id.ids)]
        )
        by_key = events.grouped(lambda event: (event.partner_id, event.company_id))
        for case in self:
            case.history_ids = by_key.get((case.partner_id, case.company_id), events.browse())

    @api.depends('dispute_ids', 'promise_ids', 'call_ids')
    def _compute_counts(self):
        for kind in ('dispute', 'promise', 'call'):
            counts = dict(
                self.env[f'collection.{kind}']._read_group([('case_id', 'in', self.ids)], ['case_id'], ['__count'])
            )
            for case in self:
                case[f'{kind}_count'] = counts.get(case, 0)

    @api.depends('hold_ids.date_until', 'hold_ids.ended_on')
    def _compute_held_until(self):
        """Until when everything of the customer is on hold; holds of single invoices are shown at these."""
        holds = self.env['collection.hold']._get_running(self.partner_id)
        for case in self:
            running = holds.filtered(lambda hold, case=case: hold.case_id == case and not hold.move_id)
            case.held_until = max(running.mapped('date_until'), default=False)

    @api.depends('partner_id', 'company_id')
    def _compute_policy_id(self):
        for company, cases in self.grouped('company_id').items():
            policies = cases.partner_id._get_collection_policies(company)
            for case in cases:
                case.policy_id = policies.get(case.partner_id)

    @api.depends('partner_id', 'level_id', 'call_ids.state', 'call_ids.contact_id')
    def _compute_contact_id(self):
        """Whom to call: whom the planned call goes to, else who has the role that the customer's level names, see
        :meth:`_get_callees`."""
        callees, planned = self._get_callees(), self._get_planned_contacts()
        for case in self:
            case.contact_id = planned.get(case) or (callees[case].contacts[:1] if case in callees else False)
            case.contact_phone = case.contact_id.phone
            case.contact_role = ', '.join(case.contact_id.collection_role_ids.mapped('name'))

    @api.depends('partner_id')
    def _compute_contact_ids(self):
        """Everybody there, those with a role in payment first."""
        contacts = self.env['res.partner'].search([('commercial_partner_id', 'in', self.partner_id.ids)], order='id')
        by_customer = contacts.grouped('commercial_partner_id')
        for case in self:
            found = by_customer.get(case.partner_id, contacts.browse())
            case.contact_ids = found.sorted(lambda contact: (not contact.collection_role_ids, contact.id))

    @api.depends('partner_id', 'company_id')
    @api.depends_context('collection_as_of')
    def _compute_item_ids(self):
        items = self.env['collection.item'].search(
            [('partner_id', 'in', self.partner_id.ids), ('company_id', 'child_of', self.company_id.ids)]
        )
        by_key = items.grouped(lambda item: (item.partner_id, item.company_id._collection_root()))
        for case in self:
            case.item_ids = by_key.get((case.partner_id, case.company_id), items.browse())

    def _compute_sentence(self):
        """What happens next and why, asked of the plan now (forms read live)."""
        for case in self:
            case.sentence = (
                case._get_sentence()
                if case.state == 'open'
                else self.env._("This case is closed: nothing is overdue, disputed or promised.")
            )

    def _get_sentence(self):
        self.ensure_one()
        today = self.company_id._collection_today()
        items = self.env['collection.plan'].sudo()._plan(self.company_id, today, partners=self.partner_id)
        sentence = self.env['collection.run.line']._get_plan_sentence(items, self.step_ids.sudo(), today)
        return '\n'.join([sentence, *self._say_planned_calls()])

    def _say_planned_calls(self):
        """:return: a sentence for each planned call, and whether its day is over"""
        say, today = self.env['collection.run.line']._format_day, self.company_id._collection_today()
        sentences = []
        for call in self.sudo().call_ids.filtered(lambda call: call.state == 'planned').sorted('planned_on'):
            names = {'date': say(call.planned_on), 'user': call.user_id.name or self.env._("nobody")}
            sentences.append(
                self.env._("A call was planned for %(date)s and is still to be made (%(user)s).", **names)
                if call.planned_on < today
                else self.env._("A call is planned for %(date)s (%(user)s).", **names)
            )
        return sentences

    # ------------------------------------------------------------------
    # Opening
    # ------------------------------------------------------------------
    @api.model
    def _open_for(self, partners, company):
        """The open case of each customer, created where missing.

        :param partners: ``res.partner``; a contact counts for its commercial partner
        :param company: ``res.company``; a branch counts for its root
        :return: dict commercial partner → open case
        """
        root, customers = company.sudo()._collection_root(), partners.commercial_partner_id
        domain = [('partner_id', 'in', customers.ids), ('company_id', '=', root.id), ('state', '=', 'open')]
        cases = self.sudo().search(domain)
        if missing := customers - cases.partner_id:
            self._insert_missing(root, missing.ids)
            cases = self.sudo().search(domain)
        return {case.partner_id.with_env(self.env): case.with_env(self.env) for case in cases}

    @api.model
    def _insert_missing(self, root, partner_ids):
        """Open the cases that are missing in one statement: two workers may meet here."""
        self.flush_model()
        self.env['res.partner'].flush_model()
        self.env.cr.execute(
            SQL(
                """INSERT INTO collection_case (partner_id, company_id, state, opened_on, user_id, next_action, attention, weight,
                                            balance, overdue, disputed, promised, to_chase,
                                            create_uid, create_date, write_uid, write_date)
               SELECT p.id, c.id, 'open', %(today)s,
                      COALESCE((p.property_collection_user_id->>%(key)s)::int, c.collection_user_id), 'none', 0, 0,
                      0, 0, 0, 0, 0, %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC'
                 FROM res_partner p JOIN res_company c ON c.id = %(root)s
                WHERE p.id = ANY(%(partners)s)
                  AND NOT EXISTS (SELECT FROM collection_case k
                                   WHERE k.partner_id = p.id AND k.company_id = c.id AND k.state = 'open')
               ON CONFLICT DO NOTHING""",
                today=root._collection_today(),
                key=str(root.id),
                root=root.id,
                uid=self.env.uid,
                partners=list(partner_ids),
            )
        )
        self.invalidate_model()

    def write(self, vals):
        # figures and states follow from the facts: a person chooses who is responsible, and uses chatter and activities
        if not self.env.su and (refused := vals.keys() - self._get_writable_fields()):
            raise AccessError(
                self.env._(
                    "%s of a case cannot be written: it follows from invoices, steps, promises and disputes.",
                    ', '.join(sorted(refused)),
                )
            )
        return super().write(vals)

    @api.model
    def _get_writable_fields(self):
        communication = set(self.env['mail.thread']._fields) | set(self.env['mail.activity.mixin']._fields)
        return {'user_id'} | communication - set(self.env['base']._fields)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A case is the trace of what was done and cannot be deleted."))

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------
    def _get_related_action(self, model, name, **context):
        self.ensure_one()
        return {
            'type': 'ir.actions.act_window',
            'res_model': model,
            'name': name,
            'target': 'new',
            'views': [(False, 'form')],
            'context': {
                'default_case_id': self.id,
                'default_partner_id': self.partner_id.id,
                'default_company_id': self.company_id.id,
                **context,
            },
        }

    def action_add_promise(self):
        return self._get_related_action(
            'collection.promise',
            self.env._("Promise of %s", self.partner_id.name),
            default_contact_id=self.contact_id.id,
            default_line_ids=[(0, 0, item._prepare_choice()) for item in self._get_promisable_items()],
        )

    def _get_promisable_items(self):
        """:return: open invoices without a running promise: the overdue ones, or all if none is overdue"""
        self.ensure_one()
        items = self.item_ids.filtered(
            lambda item: item.kind == 'invoice' and item.residual_currency > item.disputed and not item.promised
        )
        return items.filtered(lambda item: item.days_overdue > 0) or items

    def action_add_dispute(self):
        items = self._get_disputable_items()
        return self._get_related_action(
            'collection.dispute',
            self.env._("Dispute of %s", self.partner_id.name),
            default_line_ids=[(0, 0, item._prepare_dispute_choice()) for item in items if len(items) == 1],
        )

    def _get_disputable_items(self):
        """:return: open invoices that are not contested as a whole"""
        self.ensure_one()
        return self.item_ids.filtered(
            lambda item: (
                item.kind == 'invoice' and item.currency_id.compare_amounts(item.residual_currency, item.disputed) > 0
            )
        )

    def action_add_hold(self):
        return self._get_related_action('collection.hold', self.env._("Hold %s", self.partner_id.name))

    def action_open_items(self):
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id('account_collection_followup.collection_item_action')
        return dict(
            action,
            domain=[('partner_id', '=', self.partner_id.id), ('company_id', 'child_of', self.company_id.id)],
            context={},
            name=self.env._("Open Items of %s", self.partner_id.name),
        )

    def action_open_run(self):
        """Open the run of the day, where this customer's message waits for approval."""
        self.ensure_one()
        run = self.env['collection.run']._get_today(self.company_id)
        if not run:
            raise UserError(
                self.env._(
                    "There is no run today. The next working day's run will propose the message to %s.",
                    self.partner_id.name,
                )
            )
        return run.get_formview_action()

    def action_open_step(self):
        """Open the step that waits for somebody: a failed message first, then a letter to post."""
        self.ensure_one()
        waiting = self.step_ids.filtered(lambda step: not step.cancelled and not step.complete)
        step = waiting.filtered(lambda step: step.email_state == 'failed')[:1] or waiting[:1]
        if not step:
            raise UserError(self.env._("Every step to %s is complete.", self.partner_id.name))
        return step.get_formview_action()

    def action_open_facts(self):
        """Open the disputes, promises, calls, steps or holds of the customer, as the context's ``collection_facts`` says."""
        self.ensure_one()
        model = self.env.context.get('collection_facts')
        if model not in ('dispute', 'promise', 'call', 'step', 'hold'):
            raise UserError(self.env._("Choose what to open: disputes, promises, calls, steps or holds."))
        action = self.env['ir.actions.act_window']._for_xml_id(f'account_collection_followup.collection_{model}_action')
        return dict(
            action,
            domain=[('case_id', '=', self.id)],
            context={'default_partner_id': self.partner_id.id, 'default_company_id': self.company_id.id},
        )

    def action_match(self):
        """Open the customer's oldest open invoice, where Odoo offers what was received for matching."""
        self.ensure_one()
        invoice = self.item_ids.filtered(lambda item: item.kind == 'invoice').sorted('due_date')[:1]
        if not invoice:
            raise UserError(self.env._("%s has no open invoice to match a receipt with.", self.partner_id.name))
        return invoice.action_open_document()
