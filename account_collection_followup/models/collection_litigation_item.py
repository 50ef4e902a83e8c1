from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from .collection_fact import internal


class CollectionLitigationItem(models.Model):
    """A newly overdue item of a customer in litigation: does it join, or is it chased (R52)?

    The plan holds it until the collections manager decides. Chased, it goes up the ladder, every
    message to be approved; joined, it is handed over at once. :meth:`_prepare_day` asks the question
    and lets it lapse when the item is paid, disputed or no longer beside a litigation.
    """

    _name = 'collection.litigation.item'
    _description = "New Item beside Litigation"
    _inherit = ['collection.fact']
    _order = 'asked_on, id'

    _guarded_fields = frozenset(
        {
            'line_id',
            'move_id',
            'name',
            'due_date',
            'currency_id',
            'amount',
            'asked_on',
            'decision',
            'decided_on',
            'user_id',
            'step_id',
        }
    )

    partner_id = fields.Many2one(readonly=True)
    company_id = fields.Many2one(readonly=True)
    # the journal item may be deleted by a reset to draft: it is found again by document and due date
    line_id = fields.Many2one(
        'account.move.line', "Journal item", ondelete='set null', index='btree_not_null', readonly=True
    )
    move_id = fields.Many2one('account.move', "Document", ondelete='set null', index='btree_not_null', readonly=True)
    name = fields.Char("Number", required=True, readonly=True)
    due_date = fields.Date("Due date", required=True, readonly=True)
    currency_id = fields.Many2one('res.currency', required=True, readonly=True)
    amount = fields.Monetary("To chase", readonly=True, help="When the question was asked.")
    asked_on = fields.Date("Asked on", required=True, readonly=True)
    decision = fields.Selection(
        [('join', "Join the litigation"), ('chase', "Chase it"), ('lapsed', "No longer asked")], readonly=True
    )
    decided_on = fields.Date("Decided on", readonly=True)
    user_id = fields.Many2one('res.users', "Decided by", readonly=True)
    step_id = fields.Many2one('collection.step', "Handed over by", ondelete='set null', readonly=True)
    can_decide = fields.Boolean(compute='_compute_can_decide', help="Whether the user decides, and still can.")

    _one_question = models.UniqueIndex(
        "(line_id) WHERE decision IS NULL", "The collections manager was already asked about this item."
    )
    _decided_whole = models.Constraint("CHECK((decision IS NULL) = (decided_on IS NULL))", "A decision has a date.")

    @api.depends('name', 'partner_id')
    def _compute_display_name(self):
        for question in self:
            question.display_name = self.env._(
                "%(invoice)s of %(customer)s", invoice=question.name, customer=question.partner_id.name or ''
            )

    @api.depends('decision', 'company_id')
    @api.depends_context('uid')
    def _compute_can_decide(self):
        for question in self:
            question.can_decide = not question.decision and question.company_id.collection_manager_id == self.env.user

    # ------------------------------------------------------------------
    # The manager's decision
    # ------------------------------------------------------------------
    def action_chase(self):
        """Let these items go up the ladder of their own; every message is approved by a person."""
        self._check_decision()
        self._decide('chase', self.env._("Chase beside the litigation: %s."))

    def action_join(self):
        """Hand these items over at once, with what the customer has in litigation already."""
        rising = self._check_decision()
        for company, questions in self.sudo().grouped('company_id').items():
            lines = set(questions.line_id.ids)
            steps = (
                self.env['collection.step.builder']
                .sudo()
                ._hand_over(
                    company,
                    [item for item in rising if item.line_id in lines],
                    min(questions.mapped('asked_on')),
                )
            )
            for question in questions:
                internal(question).write({'step_id': steps[question.partner_id].id})
        self._decide('join', self.env._("Joins the litigation: %s."))
        for company, questions in self.sudo().grouped('company_id').items():
            questions._tell_sales_reps(company)

    def _tell_sales_reps(self, company):
        """The customer is in litigation already and the manager has decided: the sales rep is not asked, he is told,
        by an activity on the customer that names the invoices and nothing of what is owed (R53)."""
        partners, by_partner = self.partner_id, self.grouped('partner_id')
        reps = partners._get_collection_salespersons(company)
        nobody = self.env['collection.consultation']._get_refusals(company, partners, reps)
        told = {partner: reps[partner] for partner in partners if partner not in nobody}
        self.env['mail.activity'].with_context(mail_activity_quick_update=True).create(
            [self._prepare_news(partner, rep, by_partner[partner]) for partner, rep in told.items()]
        )
        self._log_on_case(
            {
                questions[:1]: self.env._("%s is told that it joined the litigation.", told[partner].name)
                if partner in told
                else self.env._("Nobody else is told: %s", nobody[partner])
                for partner, questions in by_partner.items()
            }
        )

    @api.model
    def _prepare_news(self, partner, rep, questions):
        words = self.with_context(lang=rep.lang or self.env.lang).env
        return {
            'res_model_id': words['ir.model']._get_id('res.partner'),
            'res_id': partner.id,
            'user_id': rep.id,
            'activity_type_id': words.ref('mail.mail_activity_data_todo').id,
            'date_deadline': questions[:1].decided_on,
            'summary': words._("Joined the litigation: %s", ', '.join(questions.mapped('name'))),
            'note': words._("You are told for your information. For any question see the collections manager."),
        }

    def _decide(self, decision, note):
        for company, questions in self.sudo().grouped('company_id').items():
            internal(questions).write(
                {'decision': decision, 'decided_on': company._collection_today(), 'user_id': self.env.user.id}
            )
            questions.case_id._update_decision_activities()
        self._log_on_case({question: note % question.name for question in self})
        self._mark_dirty()

    def _check_decision(self):
        """:return: the items these questions are about, as the plan sees them now
        :raise: unless the collections manager decides, and every item still waits for him"""
        self.check_access('read')
        for company in self.company_id:
            if not self.env.su and company.collection_manager_id != self.env.user:
                raise AccessError(
                    self.env._(
                        "Litigation is decided by the collections manager of %(company)s (%(manager)s).",
                        company=company.name,
                        manager=company.collection_manager_id.name or self.env._("nobody yet, see the settings"),
                    )
                )
        items = self._get_waiting_items()
        waiting = {item.line_id for item in items}
        if late := self.filtered(lambda question: question.decision or question.sudo().line_id.id not in waiting)[:1]:
            raise UserError(self.env._("%s does not wait for a decision any more.", late.display_name))
        return items

    def _get_waiting_items(self):
        plan, items = self.env['collection.plan'].sudo(), []
        for company, questions in self.sudo().grouped('company_id').items():
            today = company._collection_today()
            items += [
                item for item in plan._plan(company, today, partners=questions.partner_id) if item.reason == 'join'
            ]
        return items

    # ------------------------------------------------------------------
    # Asking, once a day
    # ------------------------------------------------------------------
    @api.model
    def _prepare_day(self, company):
        """Ask about the new items of customers in litigation, let go of what needs no decision any more.

        :param company: ``res.company``, a root
        """
        today = company._collection_today()
        waiting = self.search([('company_id', '=', company.id), ('decision', '=', False)])
        items = {(item.line_id, item.partner_id): item for item in self._get_new_items(company, today)}
        asked = waiting.grouped(lambda question: (question.line_id.id, question.partner_id.id))
        lapsed = waiting.filtered(lambda question: (question.line_id.id, question.partner_id.id) not in items)
        internal(lapsed).write({'decision': 'lapsed', 'decided_on': today})
        # one question about an item at a time: it may have gone over to another customer
        lapsed.flush_recordset(['decision', 'decided_on'])
        new = [item for key, item in items.items() if key not in asked]
        names = {move.id: move.name for move in self.env['account.move'].browse(item.move_id for item in new)}
        internal(self).create([self._prepare_question(item, names, today) for item in new])

    @api.model
    def _get_new_items(self, company, today):
        """:return: the plan's items that wait for a decision; only customers who were ever handed over are looked at"""
        handed = self.env['collection.step']._read_group(
            [('company_id', '=', company.id), ('track', '=', 'litigation'), ('cancelled', '=', False)], ['partner_id']
        )
        if not handed:
            return []
        partners = self.env['res.partner'].union(*(partner for (partner,) in handed))
        plan = self.env['collection.plan']._plan(company, today, partners=partners)
        return [item for item in plan if item.reason == 'join']

    @api.model
    def _prepare_question(self, item, names, today):
        return {
            'partner_id': item.partner_id,
            'company_id': item.company_id,
            'line_id': item.line_id,
            'move_id': item.move_id,
            'name': names.get(item.move_id) or '/',
            'due_date': item.due_date,
            'currency_id': item.currency_id,
            'amount': item.to_chase,
            'asked_on': today,
        }
