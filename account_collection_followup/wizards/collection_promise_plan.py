from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ..tools import dates, get_range_problem, share_out, spread

#: a customer who needs more instalments than this needs something else
INSTALMENTS = (2, 60)


class CollectionPromisePlan(models.TransientModel):
    """An instalment plan is worked out: what it covers, spread evenly over dates, then changed by hand (R37).

    It is granted only when its instalments add up, to the cent, to what was chosen. In one currency: a customer who
    owes in several gets one plan for each.
    """

    _name = 'collection.promise.plan'
    _description = "Instalment Plan"
    _inherit = ['collection.dialog']

    case_id = fields.Many2one('collection.case', required=True, readonly=True)
    promise_id = fields.Many2one('collection.promise', readonly=True, help="What runs of it is taken over by the plan.")
    partner_id = fields.Many2one(related='case_id.partner_id')
    company_id = fields.Many2one(related='case_id.company_id')
    contact_id = fields.Many2one('res.partner', string="Agreed with")
    channel = fields.Selection(
        selection=lambda self: self.env['collection.promise']._fields['channel']._description_selection(self.env),
        default='phone',
    )
    payment_means = fields.Char("Paid by", help="Transfer, cheque, card…")
    item_ids = fields.Many2many(
        'collection.item', 'collection_promise_plan_item_rel', 'plan_id', 'item_id', string="Invoices"
    )
    currency_id = fields.Many2one('res.currency', compute='_compute_total')
    total = fields.Monetary(compute='_compute_total')
    count = fields.Integer("Instalments", default=3, required=True)
    first_date = fields.Date("First on", required=True, default=lambda self: self._get_first_date())
    every = fields.Integer(default=1, required=True)
    unit = fields.Selection([('month', "months"), ('week', "weeks"), ('day', "days")], required=True, default='month')
    line_ids = fields.One2many(
        'collection.promise.plan.line', 'plan_id', compute='_compute_line_ids', store=True, readonly=False
    )
    difference = fields.Monetary(compute='_compute_difference')
    problem = fields.Char(compute='_compute_difference', help="What stands against the plan as it is.")

    # ------------------------------------------------------------------
    # Proposal
    # ------------------------------------------------------------------
    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        promise = self.env['collection.promise'].browse(values.get('promise_id') or [])
        case = promise.case_id or self.env['collection.case'].browse(values.get('case_id') or [])
        if not case:
            raise UserError(
                self.env._("Work out an instalment plan from a customer of the worklist or from a promise.")
            )
        values.update(
            case_id=case.id,
            contact_id=values.get('contact_id') or (promise.contact_id or case.contact_id).id,
            item_ids=[(6, 0, self._get_proposed_items(case, promise).ids)],
        )
        return values

    @api.model
    def _get_first_date(self):
        company = self.env.company._collection_root()
        working = self.env['collection.holiday']._working_days(company)
        return working.roll_forward(fields.Date.add(company._collection_today(), days=7))

    @api.model
    def _get_proposed_items(self, case, promise):
        """:return: what the promise covers, else what is overdue; in one currency, the one in which most is owed"""
        items = case.item_ids.filtered(lambda item: item.line_id in promise.sudo().line_ids.line_id)
        items = items or case._get_promisable_items()
        by_currency = items.grouped('currency_id').values()
        return max(by_currency, key=lambda group: sum(group.mapped('residual')), default=items)

    @api.depends('item_ids')
    def _compute_total(self):
        for plan in self:
            currencies = plan.item_ids.currency_id
            single = len(currencies) == 1
            plan.currency_id = currencies if single else plan.company_id.currency_id
            plan.total = sum(map(plan._get_debt, plan.item_ids)) if single else 0

    def _get_debt(self, item):
        """:return: what of an item the plan can cover: neither disputed, nor promised otherwise"""
        debt = item._prepare_choice()['amount']
        for line in self.promise_id.line_ids.filtered(lambda line: line.state == 'running'):
            if line.line_id == item.line_id:
                debt += line._get_left_now()
        return item.currency_id.round(debt)

    @api.depends('total', 'count', 'first_date', 'every', 'unit')
    def _compute_line_ids(self):
        for plan in self:
            commands = [fields.Command.clear()]
            if plan.total and plan.first_date and not plan._get_terms_problem():
                commands += [fields.Command.create(vals) for vals in plan._prepare_instalments()]
            plan.line_ids = commands

    def _prepare_instalments(self):
        """:return: values of equal instalments on working days (R54), each later than the one before"""
        working = self.env['collection.holiday']._working_days(self.company_id)
        amounts = spread(self.total, self.count, self.currency_id.rounding)
        values, last = [], None
        for date, amount in zip(dates(self.first_date, self.count, self.unit, self.every), amounts, strict=True):
            asked, date = date, working.roll_forward(date)
            if last and date <= last:
                date = working.add(last, 1)
            values.append({'date': date, 'amount': amount, 'remark': self._say_moved(asked, working)})
            last = date
        return values

    def _say_moved(self, asked, working):
        """:return: why an instalment is not on the day it was asked for, in words, or False"""
        if working.is_working(asked):
            return False
        return self.env._("%s is no working day", format_date(self.env, asked, date_format='EEEE d MMMM'))

    def _get_terms_problem(self):
        return get_range_problem(self, {'count': INSTALMENTS, 'every': (1, 366)})

    # ------------------------------------------------------------------
    # Does it add up?
    # ------------------------------------------------------------------
    @api.depends('line_ids.amount', 'line_ids.date', 'total', 'count', 'every')
    def _compute_difference(self):
        for plan in self:
            plan.difference = plan.currency_id.round(plan.total - sum(plan.line_ids.mapped('amount')))
            plan.problem = plan._get_problem()

    def _get_problem(self):
        """:return: why the plan cannot be granted as it is, or None"""
        self.ensure_one()
        if not self.item_ids:
            return self.env._("Choose the invoices the plan covers.")
        if len(self.item_ids.currency_id) > 1:
            return self.env._(
                "These invoices are in %s: make one plan per currency.",
                ', '.join(self.item_ids.currency_id.mapped('name')),
            )
        if problem := self._get_terms_problem():
            return problem
        return self._get_sum_problem() or self._get_date_problem()

    def _get_sum_problem(self):
        if not self.currency_id.is_zero(self.difference):
            amount = self.currency_id.format(abs(self.difference))
            if self.difference > 0:
                return self.env._("%s is still to be placed.", amount)
            return self.env._("The instalments exceed the invoices by %s.", amount)
        if any(self.currency_id.compare_amounts(line.amount, 0) <= 0 for line in self.line_ids):
            return self.env._("Every instalment needs an amount.")
        return None

    def _get_date_problem(self):
        days = [line.date for line in self.line_ids]
        if not all(days):
            return self.env._("Every instalment needs a date.")
        if len(set(days)) < max(len(days), 2):
            return self.env._("An instalment plan has two dates or more, each once.")
        working = self.env['collection.holiday']._working_days(self.company_id)
        closed = next((day for day in sorted(days) if not working.is_working(day)), None)
        if closed:
            return self.env._(
                "%(day)s is no working day: the next one is %(next)s.",
                day=format_date(self.env, closed),
                next=format_date(self.env, working.roll_forward(closed)),
            )
        policy = self.env['collection.promise']._get_rules(self.partner_id, self.company_id)[self.partner_id]
        return policy._get_too_far_text(self.company_id._collection_today(), max(days), is_plan=True)

    # ------------------------------------------------------------------
    # Granted
    # ------------------------------------------------------------------
    def action_grant(self):
        """Grant the plan: it is entered as a promise with these dates, and opened.

        :raise UserError: when it does not add up, or the user is no collector (R24)
        """
        self.ensure_one()
        self.case_id._check_plan_rights()
        if problem := self._get_problem():
            raise UserError(problem)
        promise, model = self.promise_id, self.env['collection.promise']
        if promise:
            promise._check_runs()
        running = promise.line_ids.filtered(
            lambda line: line.state == 'running' and line.line_id in self.sudo().item_ids.line_id
        )
        made = promise._replace(running, self._prepare_promise()) if running else model.create(self._prepare_promise())
        return {
            'type': 'ir.actions.act_window',
            'res_model': 'collection.promise',
            'res_id': made.id,
            'views': [(False, 'form')],
            'name': made.display_name,
        }

    def _prepare_promise(self):
        """:return: values of the promise: each instalment pays the oldest invoices first"""
        lines = self.line_ids.sorted('date')
        items = self.item_ids.sorted(lambda item: (item.due_date or item.date, item.id))
        shares = share_out(lines.mapped('amount'), [self._get_debt(item) for item in items], self.currency_id.rounding)
        return {
            'partner_id': self.partner_id.id,
            'company_id': self.company_id.id,
            'contact_id': self.contact_id.id,
            'channel': self.channel,
            'payment_means': self.payment_means,
            'line_ids': [
                fields.Command.create(
                    {
                        'move_id': items[debt].move_id.id,
                        'line_id': items[debt].line_id.id,
                        'amount': amount,
                        'date': lines[number].date,
                    }
                )
                for number, debt, amount in shares
            ],
        }
