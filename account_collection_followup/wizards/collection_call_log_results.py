from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date

from ..models.collection_call import NOT_REACHED
from .collection_call_log import COLLECTOR, PROMISES

#: results that are about some of the invoices, chosen from a list
CHOSEN = ('documents', 'paid_already')
#: results of which only words are left
NEEDS_WORDS = ('plan_request', 'difficulty', 'refusal')


class CollectionCallLog(models.TransientModel):
    """What each result asks for, and what it puts in hand (R27–R31)."""

    _inherit = 'collection.call.log'  # pylint: disable=consider-merging-classes-inherited

    note_needed = fields.Boolean(compute='_compute_note_needed')
    line_ids = fields.One2many('collection.call.log.line', 'log_id', string="Invoices")
    choice_ids = fields.One2many('collection.call.log.line', 'choice_log_id', string="Which invoices?")
    # next call or try
    callback_on = fields.Date("Call again on")
    callback_at = fields.Char("At", help="The hour that was agreed, if any.")
    next_call_text = fields.Char("Next call", compute='_compute_next_call_text')
    # promise, plan
    promise_date = fields.Date("Promised for")
    payment_means = fields.Char("Paid by", help="Transfer, cheque, card…")
    plan_count = fields.Integer("Instalments", default=3)
    plan_first = fields.Date("First on")
    plan_unit = fields.Selection([('month', "Every month"), ('week', "Every week")], string="Then", default='month')
    # dispute
    dispute_type_id = fields.Many2one('collection.dispute.type', string="Type of dispute")
    dispute_reason = fields.Text("Stated reason", help="What the customer says, in his own words.")
    # wrong number
    right_number = fields.Char(help="If you found it: it takes the place of the wrong one.")
    # documents
    send_now = fields.Boolean("E-mail them now", help="Otherwise send them yourself: the call that follows stays.")
    # paid already
    paid_on = fields.Date("Paid on")
    paid_amount = fields.Char("Amount paid", help="As the customer says.")
    paid_reference = fields.Char("Reference", help="Of the transfer or the cheque.")
    # another person
    person_id = fields.Many2one('res.partner', string="Who is right")
    person_name = fields.Char("Or somebody new")
    person_phone = fields.Char("His phone")
    person_email = fields.Char("His e-mail")
    person_role_id = fields.Many2one('collection.contact.role', string="His role")
    # opinion
    motive = fields.Selection(
        selection=lambda self: self.env['collection.dispute']._fields['motive']._description_selection(self.env),
        string="Assessed motive",
        groups=COLLECTOR,
        help="Our opinion. Never shown to the customer nor put in the litigation file.",
    )
    motive_action = fields.Char("Proposed", compute='_compute_motive_action', groups=COLLECTOR)

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        case = self.env['collection.case'].sudo().browse(values['case_id'])
        if self.env.user.has_group(COLLECTOR):
            values['motive'] = case.motive
        # the company may be the parent of the only one the user works in
        values['plan_first'] = (
            self.env['collection.promise.plan'].sudo().with_company(case.company_id)._get_first_date()
        )
        return values

    # ------------------------------------------------------------------
    # What is asked for
    # ------------------------------------------------------------------
    @api.depends('result')
    def _compute_note_needed(self):
        for log in self:
            log.note_needed = log.result in NEEDS_WORDS

    @api.depends('result', 'callback_on')
    def _compute_next_call_text(self):
        """The call that follows by itself from the result."""
        for log in self:
            day = log._get_next_call_date()
            log.next_call_text = day and format_date(self.env, day)

    def _get_next_call_date(self):
        if not self.result or not self.company_id:
            return None
        if self.result in dict(NOT_REACHED):
            return self.callback_on or self._get_next_try()
        call = self.env['collection.call'].new({'company_id': self.company_id.id})
        return call._get_next_call_date(self.result, self.callback_on, self.company_id._collection_today())

    def _get_next_try(self):
        # after a broken promise it is another one
        call = self.env['collection.call'].new({'company_id': self.company_id.id, 'case_id': self.case_id.id})
        return call._get_next_try(self.company_id._collection_today())

    @api.depends('motive', 'case_id')
    def _compute_motive_action(self):
        """What usually helps with the motive one is about to record (R15)."""
        for log in self:
            # of a copy: nothing is recorded yet
            case = log.case_id.new({'motive': log.motive}, origin=log.case_id)
            log.motive_action = case.motive_action

    @api.onchange('result')
    def _onchange_result(self):
        """A promise covers what is overdue unless the caller takes invoices away; other results what he chooses.
        Who was not reached is tried again on the day proposed, unless another one is typed."""
        if self._is_restored():
            return
        self.line_ids = [fields.Command.clear(), *map(fields.Command.create, self._prepare_lines())]
        self.choice_ids = [fields.Command.clear(), *map(fields.Command.create, self._prepare_choices())]
        self.callback_on = self._get_next_try() if self.result in dict(NOT_REACHED) else False
        if self.result == 'documents':
            self.send_now = self._can_mail()
        elif self.result == 'paid_already':
            self.paid_on = self.paid_on or self.company_id._collection_today()
        elif self.result == 'difficulty' and self.env.user.has_group(COLLECTOR):
            self.motive = 'cash'

    @api.onchange('callback_on')
    def _onchange_callback_on(self):
        """Nobody is tried on a day off. What was agreed with the customer is not changed behind his back: refused."""
        if self.callback_on and self.result in dict(NOT_REACHED):
            working = self.env['collection.holiday']._working_days(self.company_id)
            self.callback_on = working.roll_forward(self.callback_on)

    @api.onchange('contact_id')
    def _onchange_contact_id(self):
        if self.result == 'documents' and not self._is_restored():
            self.send_now = self._can_mail()

    def _can_mail(self):
        return bool(self.contact_id) and self.contact_id.sudo()._is_reachable_by('email')

    def _prepare_lines(self):
        """:return: values of what the result is about: invoices with amounts"""
        if not self._is_caller():
            return []
        if self.result == 'plan':
            return self._prepare_instalments()
        if self.result in PROMISES:
            return self._prepare_promisable()
        return self._prepare_disputable() if self.result == 'dispute' else []

    def _prepare_promisable(self):
        """:return: values of the lines of a promise. In a satisfaction call the customer confirms that the invoices
        it is about will be paid when they fall due (R4)"""
        if self.purpose != 'satisfaction':
            return [
                dict(item._prepare_choice(), date=self.promise_date) for item in self.case_id._get_promisable_items()
            ]
        about = self.call_id._get_contestable_lines()
        items = self.env['collection.item'].search([('line_id', 'in', about.ids)])
        return [
            dict(item._prepare_choice(), date=max(item.due_date, self.company_id._collection_today()))
            for item in items
            if not item.promised
        ]

    def _prepare_instalments(self):
        """:return: values of the lines of a plan: what is overdue, spread evenly (R37)"""
        Plan = self.env['collection.promise.plan']
        items = Plan._get_proposed_items(self.case_id, self.env['collection.promise'])
        if not items or not self.plan_first or self.plan_count < 2:
            return []
        plan = Plan.new(
            {
                'case_id': self.case_id.id,
                'promise_id': False,
                'contact_id': False,
                'channel': False,
                'payment_means': False,
                'item_ids': [fields.Command.set(items.ids)],
                'count': self.plan_count,
                'first_date': self.plan_first,
                'every': 1,
                'unit': self.plan_unit or 'month',
            }
        )
        if plan._get_terms_problem():
            return []
        by_line = {item.line_id.id: item for item in items}
        return [
            {**by_line[vals['line_id']]._prepare_choice(), 'amount': vals['amount'], 'date': vals['date']}
            for _command, _id, vals in plan._prepare_promise()['line_ids']
        ]

    def _prepare_disputable(self):
        """:return: values of the lines of a dispute: the invoice, if only one can be meant"""
        items = self.case_id._get_disputable_items()
        if self.purpose == 'satisfaction' and self.call_id:
            # a complaint is about what the call is about
            items = items.filtered(lambda item: item.id in self.call_id._get_contestable_lines().ids)
        return [item._prepare_dispute_choice() for item in items if len(items) == 1]

    def _prepare_choices(self):
        """:return: values of the invoices to choose from, if the result asks for it; the only one is chosen"""
        if self.result not in CHOSEN and (self.result != 'dispute' or self._is_caller()):
            return []
        if self.call_id:
            lines = self.call_id._get_choosable_lines()
        else:
            items = self.case_id.item_ids.filtered(lambda item: item.kind == 'invoice')
            lines = self.env['account.move.line'].sudo().browse(items.ids)
        return [
            {
                'chosen': len(lines) == 1,
                'name': line.move_id.name,
                'line_id': line.id,
                'currency_id': line.currency_id.id,
                'date_maturity': line.date_maturity or line.date,
                'amount': line.amount_residual_currency,
            }
            for line in lines.sorted(lambda line: (line.date_maturity or line.date, line.id))
        ]

    @api.onchange('promise_date')
    def _onchange_promise_date(self):
        if not self._is_restored():
            for line in self.line_ids:
                line.date = self.promise_date

    @api.onchange('plan_count', 'plan_first', 'plan_unit')
    def _onchange_plan(self):
        if self.result == 'plan' and not self._is_restored():
            self.line_ids = [fields.Command.clear(), *map(fields.Command.create, self._prepare_lines())]

    # ------------------------------------------------------------------
    # What is put in hand
    # ------------------------------------------------------------------
    def _put_in_hand(self, call):
        """Carry out what the result says.

        :param call: the planned call
        :return: what to note about it, in words, or None
        :raise AccessError: if the user may not record this result
        """
        if self.result in self._get_refused_results():
            raise AccessError(self.env._("Who may not grant it notes what the customer asks for, and hands it over."))
        case = self.sudo().case_id
        if self.env.user.has_group(COLLECTOR) and self.motive != case.motive:
            case._record_motive(self.motive)
        handler = getattr(self, f'_put_{self.result}_in_hand', None)
        return handler(call) if handler else None

    def _put_promise_in_hand(self, call):
        Promise, vals = self.env['collection.promise'], self._prepare_promise()
        # invoices confirmed for their due dates are kept or missed one by one
        confirmed = self.purpose == 'satisfaction' and self.result == 'promise'
        several = Promise._split_by_due_date(vals) if confirmed else [vals]
        call.promise_id = Promise.create(several)[0]

    def _put_plan_in_hand(self, call):
        if self.plan_problem and not self.line_ids:
            raise UserError(self.plan_problem)
        self._put_promise_in_hand(call)

    def _get_final_result(self, call):
        """:return: the result: several dates make a plan, whatever was ticked; confirmed due dates do not"""
        if self.result in PROMISES and self.purpose != 'satisfaction':
            return 'plan' if call.promise_id.is_plan else 'promise'
        return self.result

    def _prepare_promise(self):
        if not self.line_ids:
            raise UserError(self.env._("Choose the invoices the customer promises to pay."))
        return {
            'partner_id': self.partner_id.id,
            'company_id': self.company_id.id,
            'contact_id': self.contact_id.id,
            'channel': 'phone' if self.channel == 'call' else 'meeting',
            'payment_means': self.payment_means,
            'line_ids': [
                fields.Command.create({**line._prepare_covered(), 'date': line.date or self.promise_date})
                for line in self.line_ids
            ],
        }

    def _put_dispute_in_hand(self, call):
        """Enter the dispute; who has no accounting rights does it through the call (R5)."""
        if not self.dispute_type_id or not (self.dispute_reason or '').strip():
            raise UserError(self.env._("Say what kind of dispute it is, and what the customer says."))
        if self._is_caller():
            call.dispute_id = self.env['collection.dispute'].create(self._prepare_dispute())
        else:
            choices = [(line.line_id, line.amount) for line in self._get_chosen()]
            call._open_dispute(self.dispute_type_id, self.dispute_reason, choices)

    def _prepare_dispute(self):
        if not self.line_ids:
            raise UserError(self.env._("Choose the invoices the customer contests."))
        return {
            'partner_id': self.partner_id.id,
            'company_id': self.company_id.id,
            'type_id': self.dispute_type_id.id,
            'reason': self.dispute_reason,
            'line_ids': [fields.Command.create(line._prepare_covered()) for line in self.line_ids],
        }

    def _get_chosen(self):
        return self.sudo().choice_ids.filtered('chosen')

    def _put_plan_request_in_hand(self, call):
        """A collector grants plans: he finds what the customer asks for on his list (R24)."""
        self.sudo().case_id._request_plan(self._say_request(self.env._("Asks for an instalment plan: %s", self.note)))

    def _put_difficulty_in_hand(self, call):
        """Financial difficulty leads to a plan (R36): who may not record it himself passes it on to a collector."""
        if not self.env.user.has_group(COLLECTOR):
            self.sudo().case_id._request_plan(self._say_request(self.env._("In difficulty: %s", self.note)))

    def _say_request(self, text):
        if not (self.note or '').strip():
            raise UserError(self.env._("Note what the customer says: it is what can be acted on."))
        return text

    def _put_documents_in_hand(self, call):
        # whoever chose them: their numbers are noted
        lines = call._check_choosable(self._get_chosen().line_id)
        if not self.send_now:
            return ', '.join(lines.move_id.mapped('name')) or None
        if not lines:
            raise UserError(self.env._("Choose the invoices to send."))
        names = call._prepare_documents(lines, self.contact_id)
        return self.env._("%(documents)s sent to %(contact)s.", documents=names, contact=self.contact_id.name)

    def _put_paid_already_in_hand(self, call):
        lines = self._get_chosen().line_id
        if not self.paid_on or not (self.paid_amount or '').strip():
            raise UserError(self.env._("Ask for the day and the amount of the payment, and its reference."))
        if self.paid_on > self.company_id._collection_today():
            raise UserError(self.env._("A payment of a day to come is a promise."))
        if self.choice_ids and not lines:
            raise UserError(self.env._("Choose the invoices the customer has paid."))
        words = self._say_paid()
        if lines:
            call._hold_paid(lines, words)
        return words

    def _say_paid(self):
        values = {'date': format_date(self.env, self.paid_on), 'amount': self.paid_amount.strip()}
        reference = (self.paid_reference or '').strip()
        if reference:
            return self.env._("Paid on %(date)s: %(amount)s, reference %(reference)s.", reference=reference, **values)
        return self.env._("Paid on %(date)s: %(amount)s, no reference given.", **values)

    def _put_wrong_person_in_hand(self, call):
        name = (self.person_name or '').strip()
        if not self.person_id and not name:
            if not (self.note or '').strip():
                raise UserError(self.env._("Ask who is the right person: a name and a number."))
            return None
        if not self.person_id and not (self.person_phone or '').strip():
            raise UserError(self.env._("Ask for the number of %s.", name))
        values = {
            'name': name,
            'phone': self.person_phone,
            'email': self.person_email,
            'role_id': self.person_role_id.id,
        }
        person = call._name_person(self.person_id, values)
        return self.env._("To call: %s", ', '.join(filter(None, [person.sudo().name, person.sudo().phone])))

    def _put_callback_in_hand(self, call):
        hour = (self.callback_at or '').strip()
        return self.env._("Call again at %s.", hour) if hour else None

    def _put_wrong_number_in_hand(self, call):
        call._flag_number(self.right_number)

    def _put_all_well_in_hand(self, call):
        """Who may enter no promise confirms payment on the due dates through the call (R4)."""
        if refused := self._get_questions().filtered(lambda answer: answer.choice == 'no'):
            raise UserError(
                self.env._("“%s” was answered with no: choose the result that follows from it.", refused[0].title)
            )
        if self._is_payment_confirmed() and not self._is_caller():
            call._confirm_payment()

    # ------------------------------------------------------------------
    # Afterwards
    # ------------------------------------------------------------------
    def _get_next_action(self, call):
        """:return: the next thing to do: what was agreed is confirmed in writing (R31)"""
        promise = call.promise_id
        if self.result not in PROMISES or self.purpose == 'satisfaction' or promise.confirmed_on:
            return None
        return {
            'type': 'ir.actions.act_window',
            'res_model': 'collection.promise.confirmation',
            'name': self.env._("Confirm in writing"),
            'target': 'new',
            'views': [(False, 'form')],
            'context': {'default_promise_id': promise.id, 'dialog_size': 'large'},
        }
