"""Ten weeks of a collections desk, lived through day by day, so that every figure has its history."""

from contextlib import contextmanager
from unittest.mock import patch

from odoo import Command, api, fields, models

from . import collection_demo_customers as data
from .collection_demo_customers import CUSTOMERS

#: working days before today: a desk that keeps up with its ladder
WEEKS = 10

#: left for whoever logs in: messages to approve, letters to post, calls to make
TO_APPROVE = {('ironbridge', 'reminder_3'), ('redwood', 'formal')}
TO_POST = {('tidewater', 'formal')}
TO_DECIDE = ('harbour',)
TO_CALL = ('eastgate',)
#: results of the calls nothing else is told about
RESULTS = [
    ('difficulty', "Waits for a large payment of its own customer."),
    ('refusal', "No payment before the end of the month."),
    ('paid_already', "Says a transfer left last week; no reference given."),
    ('wrong_person', "Invoices are approved by purchasing: ask there."),
]
ALL_IS_WELL = ('all_well', "Delivery complete, invoice received and validated.")


class CollectionDemo(models.AbstractModel):
    """Makes the demonstration data by the desk's own methods, under a clock that is set back."""

    _name = 'collection.demo'
    _description = "Demonstration of Collections"

    @api.model
    def _load(self):
        company = self.env.ref('base.main_company')
        self = self.with_company(company).with_context(
            tracking_disable=True, mail_create_nosubscribe=True, allowed_company_ids=company.ids
        )
        company = company.with_env(self.env)
        if not company.chart_template:
            self.env['account.chart.template'].try_loading('generic_coa', company, install_demo=False)
        # Odoo loads them after demonstration data: customers are written to in their own language
        self.env.ref('base.module_account_collection_followup')._update_translations()
        today = company._collection_today()
        self._set_up(company, today)
        customers = self._make_customers()
        invoices = self._make_invoices(company, customers, today)
        script = self._get_script(customers, invoices, today)
        for ago in range(7 * WEEKS, -1, -1):
            self._live(company, today, ago, script.get(-ago, []))

    # ------------------------------------------------------------------
    # Who and what
    # ------------------------------------------------------------------
    def _user(self, role):
        return self.env.ref(f'account_collection_followup.demo_user_{role}')

    def _set_up(self, company, today):
        company.write(
            {
                'collection_policy_id': self.env.ref('account_collection_followup.policy_standard').id,
                'collection_start_date': fields.Date.subtract(today, weeks=WEEKS),
                'collection_first_run_done': True,
                'collection_user_id': self._user('collector').id,
                'collection_manager_id': self._user('manager').id,
                'collection_director_id': self._user('director').id,
            }
        )
        euro = self.env.ref('base.EUR')
        euro.active = True
        if company.currency_id != euro and not euro.rate_ids:
            euro.rate_ids = [Command.create({'name': fields.Date.subtract(today, years=1), 'rate': 0.92})]

    def _make_customers(self):
        """:return: dict key → customer, each with contacts named by what they do"""
        records = []
        for number, (key, (name, country, policy, roles, _due)) in enumerate(CUSTOMERS.items()):
            values = self._prepare_customer(key, name, country, roles, number)
            if policy != 'standard':
                values['collection_policy_id'] = self.env.ref(f'account_collection_followup.policy_{policy}').id
            records.append({'xml_id': f'account_collection_followup.demo_{key}', 'values': values, 'noupdate': True})
        return dict(zip(CUSTOMERS, self.env['res.partner']._load_records(records)))

    def _prepare_customer(self, key, name, country, roles, number):
        city, postcode, state, street = data.PLACES[country]
        domain = f'{key}.example.com'
        return {
            'name': name,
            'is_company': True,
            'street': False if key in data.WITHOUT_ADDRESS else f'{number + 3} {street}',
            'city': False if key in data.WITHOUT_ADDRESS else city,
            'zip': False if key in data.WITHOUT_ADDRESS else postcode,
            'state_id': self.env.ref(state).id if state else False,
            'country_id': self.env.ref(f'base.{country}').id,
            'lang': self._get_lang(key),
            'phone': f'+1 555 {200 + number:04}',
            'email': False if key in data.WITHOUT_EMAIL else f'office@{domain}',
            'user_id': self._user('rep').id if key in data.OF_REP else False,
            'invoice_sending_method': 'manual',
            'child_ids': [Command.create(self._prepare_contact(key, role, domain, number)) for role in roles],
        }

    def _get_lang(self, key):
        french = self.env['res.lang']._get_code('fr_FR') if key in data.IN_FRENCH else None
        return french or self.env.lang or 'en_US'

    def _prepare_contact(self, key, role, domain, number):
        names = data.CONTACTS_FR if key in data.IN_FRENCH else data.CONTACTS
        return {
            'name': names[role],
            'type': 'contact',
            'lang': self._get_lang(key),
            'email': f'{role.replace("_", "-")}@{domain}',
            'phone': f'+1 555 {300 + number:04}',
            'collection_do_not_call': key in data.NOT_TO_CALL,
            'collection_role_ids': [Command.set(self.env.ref(f'account_collection_followup.contact_role_{role}').ids)],
        }

    def _make_invoices(self, company, customers, today):
        """:return: dict (customer's key, due in so many days) → posted invoice"""
        rows = sorted((due, key, amount) for key, row in CUSTOMERS.items() for due, amount in row[4])
        debit = self._make_debit_method(company)
        vals_list = []
        for due, key, amount in rows:
            values = self._prepare_document(customers[key], today, due, amount, key in data.IN_EURO)
            if key in data.BY_DIRECT_DEBIT:
                values['preferred_payment_method_line_id'] = debit.id
            vals_list.append(values)
        moves = self.env['account.move'].create(vals_list)
        moves.action_post()
        for (_due, key, _amount), move in zip(rows, moves):
            move.is_move_sent = key not in data.NEVER_SENT
        return {(key, due): move for (due, key, _amount), move in zip(rows, moves)}

    def _make_debit_method(self, company):
        """:return: a payment method by which the customer's bank is debited by us"""
        journal = self.env['account.journal'].search([('type', '=', 'bank'), ('company_id', '=', company.id)], limit=1)
        method = journal.inbound_payment_method_line_ids[:1]
        return method.copy(
            {'name': self.env._("Direct debit"), 'journal_id': journal.id, 'collection_direct_debit': True}
        )

    def _prepare_document(self, customer, today, due, amount, euro=False, move_type='out_invoice'):
        day = fields.Date.add(today, days=min(due - 30, 0))
        return {
            'move_type': move_type,
            'partner_id': customer.id,
            'invoice_date': day,
            'date': day,
            'invoice_date_due': fields.Date.add(today, days=due),
            'invoice_payment_term_id': False,
            'invoice_user_id': customer.user_id.id,
            'currency_id': self.env.ref('base.EUR').id if euro else self.env.company.currency_id.id,
            'invoice_line_ids': [
                Command.create({'product_id': product.id, 'quantity': 1, 'price_unit': part, 'tax_ids': []})
                for product, part in self._share_out(customer, amount)
            ],
        }

    def _share_out(self, customer, amount):
        """:return: what is sold to a customer, as (product, amount): goods, and the work that goes with them"""
        products = [self.env.ref(f'account_collection_followup.demo_product_{name}') for name in data.PRODUCTS]
        work = round(amount * 0.2)
        return [(products[customer.id % 2], amount - work), (products[2], work)]

    # ------------------------------------------------------------------
    # A day of the desk
    # ------------------------------------------------------------------
    @contextmanager
    def _clock(self, day):
        """Let the desk believe that it is ``day``; what it writes in chatters gets that date."""
        Message = self.env['mail.message'].with_context(active_test=False)
        last = Message.search([], order='id desc', limit=1).id or 0
        with patch.object(self.env.registry['res.company'], '_collection_today', lambda company: day):
            yield
        self.env.flush_all()
        Message.search([('id', '>', last)]).date = fields.Datetime.to_datetime(day).replace(hour=8)

    def _live(self, company, today, ago, events):
        """One day: what happened, the run of the morning, then the work of the day."""
        day = fields.Date.subtract(today, days=ago)
        with self._clock(day):
            for method, *arguments in events:
                method(*arguments, day)
            if self.env['collection.holiday']._working_days(company).is_working(day):
                Run = self.env['collection.run']
                Run._prepare_day(company)
                run = Run._get_today(company)
                while run._execute_batch():
                    continue
                self._deliver(run)
                self._work(day, ago, run)
                run._finish_if_done()
            if not ago:
                self.env['collection.case']._refresh(company)

    def _deliver(self, run):
        """Nothing is sent: the mail server is said to have taken each message but one."""
        for step in run.step_ids.filtered(lambda step: step.email_state == 'todo'):
            step.mail_id.state = 'sent'
            if step.partner_id in self._customers(data.RETURNED_MAIL):
                step._on_mail_failed("550 5.1.1 The mailbox does not exist.")
            else:
                step._on_mail_sent()

    def _work(self, day, ago, run):
        """What the collector does with the morning's run; the last days are left for whoever logs in."""
        for customer in self._customers(data.OBJECTED):
            self._object(customer, day)
        if ago > 1:
            proposed = run.message_ids.filtered(lambda line: line.state == 'proposed')
            acts = proposed.filtered(lambda line: line.mode == 'decide')
            (proposed - acts - self._select(proposed, TO_APPROVE)).action_approve()
            decided = acts.filtered(lambda line: line.partner_id not in self._customers(TO_DECIDE))
            decided.with_user(self._user('manager')).action_approve()
            self._deliver(run)
        if ago > 2:
            letters = self.env['collection.step'].search(
                [('cancelled', '=', False), '|', ('letter_state', '=', 'todo'), ('registered_state', '=', 'todo')]
            )
            (letters - self._select(letters, TO_POST)).action_posted(day)
            left = self._customers(TO_CALL) if ago < 8 else []
            calls = self.env['collection.call'].search([('state', '=', 'planned'), ('planned_on', '<', day)])
            for call in calls.filtered(lambda call: call.partner_id not in left):
                result = ALL_IS_WELL if call.purpose == 'satisfaction' else RESULTS[call.id % len(RESULTS)]
                self._call(call.with_user(call.user_id or self._user('collector')), result)

    def _call(self, call, result):
        call.action_made(*result)

    def _object(self, customer, day):
        """The sales rep objects as soon as he is told."""
        told = self.env['collection.consultation'].search([('partner_id', '=', customer.id), ('ended_on', '=', False)])
        waiting = told.filtered('is_waiting')
        if waiting and not told.search_count([('partner_id', '=', customer.id), ('objected_on', '!=', False)]):
            waiting.with_user(waiting.user_id).action_object(
                "The second lot is being delivered again.", fields.Date.add(day, days=14)
            )

    def _customer(self, key):
        return self.env.ref(f'account_collection_followup.demo_{key}')

    def _customers(self, keys):
        return self.env['res.partner'].union(*map(self._customer, keys))

    def _select(self, records, pairs):
        """:return: those of the given customers and levels"""
        chosen = {
            (self._customer(key), self.env.ref(f'account_collection_followup.level_standard_{level}'))
            for key, level in pairs
        }
        return records.filtered(lambda record: (record.partner_id, record.level_id) in chosen)

    # ------------------------------------------------------------------
    # What happened
    # ------------------------------------------------------------------
    def _get_script(self, customers, invoices, today):
        """:return: dict day (0: today) → what happens before the run of that day, as (method, arguments)"""
        of, invoice = customers.get, lambda key, due: invoices[key, due]
        on = lambda days: fields.Date.add(today, days=days)  # noqa: E731
        return {
            -64: [(self._pay, invoice('anchor', -62), 2140)],
            -59: [(self._pay, invoice('alder', -58), 1850)],
            -46: [(self._pay, invoice('bellweather', -66), 1540)],
            -38: [(self._credit, of('hazel'), 500)],
            -35: [(self._pay, invoice('anchor', -33), 1980)],
            -34: [(self._pay, invoice('brightwater', -45), 3100)],
            -31: [(self._pay, invoice('alder', -30), 2240)],
            -25: [(self._pay, invoice('bellweather', -45), 1620)],
            -24: [(self._contest, invoice('pinewood', -34), 'technical', 0, "Two of the twelve cabinets arrived damaged.")],
            -20: [
                (self._promise, invoice('eastgate', -27), [(on(-8), 0)]),
                (self._promise, invoice('fernbank', -40), [(on(-7), 1500), (on(23), 1500), (on(53), 1500)]),
            ],
            -14: [(self._promise, invoice('vale', -26), [(on(-7), 0)])],
            -12: [
                (self._promise, invoice('silverline', -36), [(on(-4), 2000), (on(26), 2000), (on(56), 2000)]),
                (self._hold, of('silverline'), invoice('silverline', -22), 10, "Second invoice waits until the plan is signed."),
                (self._contest, invoice('marlow', -17), 'missing_document', 0, "The signed delivery note never reached us."),
            ],
            -11: [(self._promise, invoice('delta', -19), [(on(4), 0)])],
            -10: [(self._credit, of('granite'), 800)],
            -9: [(self._pay, invoice('lindenhof', -21), 1600)],
            -8: [(self._contest, invoice('cedar', -28), 'pricing', 640, "The spring discount is missing on line 3.")],
            -7: [(self._pay, invoice('vale', -26), 1700)],
            -6: [(self._pay, invoice('anchor', -4), 2260)],
            -5: [
                (self._hold, of('orchard'), self.env['account.move'], 12, "Waits for a corrected order number."),
                (self._pay, invoice('silverline', -36), 2000),
            ],
            -2: [(self._receive, of('falcon'), 1500)],
        }  # fmt: skip

    def _pay(self, invoice, amount, today):
        self.env['account.payment.register'].with_context(active_model='account.move', active_ids=invoice.ids).create(
            {'payment_date': today, 'amount': amount}
        )._create_payments()

    def _receive(self, customer, amount, today):
        self.env['account.payment'].create(
            {
                'partner_id': customer.id,
                'amount': amount,
                'payment_type': 'inbound',
                'partner_type': 'customer',
                'date': today,
            }
        ).action_post()

    def _credit(self, customer, amount, today):
        values = self._prepare_document(customer, today, 0, amount, move_type='out_refund')
        self.env['account.move'].create(dict(values, invoice_date=today, date=today)).action_post()

    def _contest(self, invoice, kind, amount, reason, *more):
        """:param more: invoices that are withheld because of it, if any, and today"""
        withheld, today = more if len(more) > 1 else ((), *more)
        self.env['collection.dispute'].with_user(self._user('collector')).create(
            {
                'partner_id': invoice.partner_id.id,
                'type_id': self.env.ref(f'account_collection_followup.dispute_type_{kind}').id,
                'opened_on': today,
                'user_id': self._user('rep').id,
                'reason': reason,
                'line_ids': [Command.create({'move_id': invoice.id, 'amount': amount})]
                + [Command.create({'move_id': other.id, 'kind': 'withheld'}) for other in withheld],
            }
        )

    def _promise(self, invoice, amounts, today):
        """:param amounts: list of (day, amount; 0: all that is open)"""
        self.env['collection.promise'].with_user(self._user('collector')).create(
            {
                'partner_id': invoice.partner_id.id,
                'contact_id': invoice.partner_id.child_ids[:1].id,
                'made_on': today,
                'payment_means': self.env._("Transfer"),
                'line_ids': [
                    Command.create({'move_id': invoice.id, 'amount': amount, 'date': day}) for day, amount in amounts
                ],
            }
        )

    def _hold(self, customer, invoice, days, reason, today):
        self.env['collection.hold'].with_user(self._user('collector')).create(
            {
                'partner_id': customer.id,
                'move_id': invoice.id,
                'reason': reason,
                'date_from': today,
                'date_until': fields.Date.add(today, days=days),
            }
        )
