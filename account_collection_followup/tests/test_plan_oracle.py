import contextlib
from datetime import date, timedelta
from decimal import Decimal

from freezegun import freeze_time
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from psycopg2.errors import UniqueViolation

from odoo import Command
from odoo.addons.account_collection_followup.models.collection_fact import internal
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import SQL

from .common import CollectionCommon
from .oracle import Oracle, after_working_days

#: the clock of every example begins here, a Monday; documents are older
START = date(2026, 1, 19)
HOLIDAYS = {date(2026, 2, 18), date(2026, 3, 9)}

#: numbers of days that mostly lead from a Monday to a working day
NUMBERS_OF_DAYS = st.builds(lambda weeks, day: 7 * weeks + day, st.integers(3, 8), st.sampled_from([0, 1, 2, 3, 4, 6]))
NUMBER_OF_ITEMS = 12
ITEMS = st.integers(0, NUMBER_OF_ITEMS - 1)
CUSTOMERS = st.integers(0, 1)
DAYS = st.integers(0, 50)
SHARES = st.sampled_from([1, 1, 1, 0.5, 0.3])
MAYBE = st.none() | st.integers(0, 15)
HOLDS = st.sampled_from(['always', 'always', 'always', 'never', 'stops', 'unsent'])
OUTCOMES = st.sampled_from(['rejected', 'rejected', 'withdrawn', 'partly', 'accepted'])
#: messages of the past
STEPS = st.tuples(
    st.just('step'),
    DAYS,
    CUSTOMERS,
    st.sampled_from(['ordinary'] * 4 + ['formal', 'litigation']),
    st.integers(0, 2),  # level within the track
    st.lists(ITEMS, min_size=1, max_size=8, unique=True),
    st.integers(1, 12),  # days given
    st.sampled_from(['complete'] * 6 + ['todo', 'undated', 'orphan', 'cancelled']),
)


def fates(items):
    """:return: what may happen to one of some items, on which day"""
    return st.one_of(
        st.tuples(st.just('dispute'), DAYS, items, SHARES, MAYBE, MAYBE, HOLDS, OUTCOMES),
        st.tuples(st.just('promise'), DAYS, items, SHARES, st.integers(0, 20), st.integers(1, 2)),
        st.tuples(st.just('payment'), DAYS, items, SHARES, st.none() | st.integers(1, 30)),
        st.tuples(st.just('hold'), DAYS, items, st.booleans(), st.integers(0, 20), MAYBE),
        st.tuples(st.just('due'), DAYS, items, st.integers(-20, 20)),
        st.tuples(st.just('repost'), DAYS, items),
        st.tuples(st.just('decide'), DAYS, items, st.sampled_from(['chase', 'chase', 'join', 'lapsed']), st.booleans()),
    )


#: what may happen to a customer
EVENTS = st.one_of(
    st.tuples(st.just('answer'), DAYS, CUSTOMERS, st.lists(st.integers(0, 2), min_size=3, max_size=3)),
    st.tuples(st.just('receipt'), DAYS, CUSTOMERS, st.sampled_from([60, 400, 3000]), st.integers(-20, 3)),
    st.tuples(st.just('refund'), DAYS, CUSTOMERS, st.sampled_from([60, 400, 3000])),
    st.tuples(st.just('cancel_promises'), DAYS),
    st.tuples(st.just('settle'), DAYS),
    st.tuples(st.just('motive'), DAYS, CUSTOMERS, st.sampled_from(['cash', 'negligence', False])),
    # broken promises, one after the other
    st.tuples(st.just('breaks'), DAYS, st.lists(ITEMS, min_size=2, max_size=3), st.integers(0, 2)),
    # customer, working days to answer, day of the objection, its length, day of the end, whether a formal notice is renewed
    st.tuples(st.just('tell'), DAYS, CUSTOMERS, st.integers(0, 5), MAYBE, st.integers(1, 15), MAYBE, st.booleans()),
)
SETTINGS = st.fixed_dictionaries(
    {
        'dues': st.lists(st.integers(-40, 15), min_size=NUMBER_OF_ITEMS, max_size=NUMBER_OF_ITEMS),
        'policies': st.tuples(*2 * [st.sampled_from(['standard'] * 8 + ['other'] * 5 + ['archived', 'empty'])]),
        'default': st.sampled_from(['standard'] * 6 + [None]),
        'archived_level': st.sampled_from([None, None, None, 20, 30, 60]),
        'unsent': st.sampled_from(['warn', 'warn', 'warn', 'hold', 'ignore']),
        'never_sent': st.sets(ITEMS, max_size=3),
        'item_minimum': st.sampled_from([0, 0, 0, 100]),
        'stale_days': st.sampled_from([15, 15, 4]),
        'consult_days': st.sampled_from([3, 3, 1, 0]),
        'broken_promise_limit': st.sampled_from([2, 2, 1, 0]),
        'restart_days': st.sampled_from([5, 12]),
        'receipt_hold_days': st.sampled_from([5, 0]),
        'direct_debit': st.sets(ITEMS, max_size=2),
        'no_followup': st.sets(ITEMS, max_size=1),
        'address': st.sampled_from(
            ['own', 'own', 'own', 'none', 'bounced', 'blacklisted', 'role', 'other_role', 'invoice']
        ),
        'archived_customer': st.sampled_from([False] * 9 + [True]),
    }
)
PHASES = [Phase.explicit, Phase.generate]
SCENARIOS = st.tuples(
    SETTINGS,
    st.builds(
        lambda steps, events, fates: steps + events + [fate for fate in fates if fate],
        st.lists(STEPS, min_size=2, max_size=5),
        st.lists(EVENTS, min_size=1, max_size=4),
        # a third of the items are left in peace
        st.tuples(*(st.none() | fates(st.just(number)) | fates(st.just(number)) for number in range(NUMBER_OF_ITEMS))),
    ),
    NUMBERS_OF_DAYS,
)

#: items asked for at the last reminder or by a formal notice: what comes next is serious
SERIOUS = st.tuples(
    st.lists(
        st.one_of(
            *(
                st.tuples(
                    st.just('step'),
                    st.integers(first, first + 3),
                    CUSTOMERS,
                    st.just(track),
                    st.just(2),
                    st.lists(ITEMS, min_size=4, max_size=9, unique=True),
                    st.integers(1, 6),
                    st.just('complete'),
                )
                for track, first in (('ordinary', 1), ('ordinary', 1), ('formal', 5), ('litigation', 8))
            )
        ),
        min_size=2,
        max_size=4,
    ),
    st.lists(
        st.tuples(
            st.just('tell'),
            st.integers(4, 14),
            CUSTOMERS,
            st.integers(0, 5),
            st.none() | st.integers(0, 3),
            st.integers(3, 15),
            st.sampled_from([None, None, None, 5]),
            st.sampled_from([False, False, True]),
        ),
        min_size=2,
        max_size=5,
    ),
    st.lists(fates(ITEMS) | EVENTS, max_size=3),
)

#: reminders and notices of the first days, disputes that come back and promises that are broken around them
RETURNS = st.tuples(
    st.lists(
        st.tuples(
            st.just('step'),
            st.integers(2, 14),
            CUSTOMERS,
            st.sampled_from(['ordinary', 'ordinary', 'ordinary', 'formal']),
            st.sampled_from([0, 1, 2, 2]),
            st.lists(ITEMS, min_size=4, max_size=9, unique=True),
            st.integers(1, 6),
            st.just('complete'),
        ),
        min_size=2,
        max_size=4,
    ),
    st.lists(
        st.tuples(
            st.just('dispute'), st.integers(0, 16), ITEMS, SHARES, st.integers(0, 5), st.integers(0, 4), HOLDS, OUTCOMES
        ),
        min_size=2,
        max_size=6,
    ),
    st.lists(
        st.tuples(
            st.just('breaks'),
            st.integers(0, 12),
            st.lists(ITEMS, min_size=2, max_size=4, unique=True),
            st.integers(0, 2),
        ),
        min_size=1,
        max_size=2,
    ),
    st.lists(EVENTS, max_size=3),
)


class PlanOracleCommon(CollectionCommon):
    """A dozen posted items of two customers, to which anything may happen."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context=dict(cls.env.context, tracking_disable=True, mail_create_nolog=True))
        cls.company = cls.company.with_env(cls.env)
        cls.policy = cls.policy.with_env(cls.env)
        cls.env['collection.holiday'].create([{'name': "Closed", 'date': day} for day in HOLIDAYS])
        cls.type = cls.env['collection.dispute.type'].create({'name': "Quality", 'response_days': 4})
        cls.customers = cls.partner_a | cls.partner_b
        cls.contact = cls.env['res.partner'].create({'name': "Contact", 'parent_id': cls.partner_a.id})
        cls._create_policies()
        cls._create_items()
        cls.env.cr.flush()

    @classmethod
    def _create_policies(cls):
        cls.other = cls.policy.copy({'name': "Other"})
        first, second, *_rest = cls.other._get_climbing_levels()
        # the entry by e-mail alone with a minimum, then a rung between those of the standard ladder
        first.write({'by_call': False, 'minimum_amount': 200, 'delay_days': 10})
        second.write({'rank': 25, 'mode': 'validate'})
        cls.archived = cls.policy.copy({'name': "Archived", 'active': False})
        cls.empty = cls.env['collection.policy'].create({'name': "Without levels"})

    @classmethod
    def _create_items(cls):
        """Twelve receivable lines: two terms, a foreign currency, a contact, a branch, entries, one dated ahead."""
        foreign = cls.setup_other_currency('EUR', rates=[('2025-01-01', 2.0), ('2026-02-01', 3.0)])
        branch = cls.env['res.company'].create({'name': "Branch", 'parent_id': cls.company.id})
        cls.env.cr.flush()
        cls.env.user.company_ids |= branch
        terms = cls.env['account.payment.term'].create(
            {
                'name': "Two terms",
                'line_ids': [
                    Command.create({'value': 'percent', 'value_amount': 30, 'nb_days': 0}),
                    Command.create({'value': 'percent', 'value_amount': 70, 'nb_days': 30}),
                ],
            }
        )
        a, b = cls.customers
        old = {'due': '2026-01-10', 'invoice_date': date(2025, 12, 10)}
        moves = [
            cls.invoice(a, amount=1000, **old),
            cls.invoice(a, amount=500, **old),
            cls.invoice(a, amount=900, invoice_payment_term_id=terms.id, **old),
            cls.invoice(a, amount=600, currency_id=foreign.id, **old),
            cls.invoice(cls.contact, amount=40, **old),
            cls.invoice(a, amount=800, company_id=branch.id, **old),
            cls.invoice(b, amount=2000, **old),
            cls.invoice(b, amount=120, **old),
            cls.invoice(b, amount=150, currency_id=foreign.id, **old),
            cls._entry(a, 250, date(2025, 12, 10)),
            cls._entry(b, 300, date(2026, 3, 6)),
        ]
        cls.items = cls.env['account.move.line'].union(*(cls.term(move) for move in moves))
        assert len(cls.items) == NUMBER_OF_ITEMS
        cls.debit_line = cls.company_data['default_journal_bank'].inbound_payment_method_line_ids[:1]
        cls.debit_line.collection_direct_debit = True

    @classmethod
    def _entry(cls, partner, amount, day, journal=None, currency=None):
        """A posted entry on the receivable account: what the customer owes, or has paid when negative."""
        journal = journal or cls.company_data['default_journal_misc']
        values = {'partner_id': partner.id}
        if currency:
            values['currency_id'] = currency.id
        move = cls.env['account.move'].create(
            {
                'move_type': 'entry',
                'date': day,
                'journal_id': journal.id,
                'line_ids': [
                    Command.create({**values, 'account_id': account.id, 'amount_currency': sign * amount, **balance})
                    for account, sign in (
                        (partner.property_account_receivable_id, 1),
                        (cls.company_data['default_account_revenue'], -1),
                    )
                    for balance in [{} if currency else {'balance': sign * amount}]
                ],
            }
        )
        move.action_post()
        cls.term(move).no_followup = False
        return move

    # -- what happens ------------------------------------------------------
    @contextlib.contextmanager
    def play(self, scenario):
        """Let a scenario happen with the clock moving; give the day it ends. Everything is undone afterwards.

        What Odoo or the desk refuses does not happen.
        """
        options, events, days = scenario
        today = START + timedelta(days)
        with self.env.cr.savepoint() as savepoint, freeze_time(START) as clock:
            self.clock = clock
            self._configure(options)
            for name, after, *arguments in sorted(events, key=lambda event: event[1]):
                day = START + timedelta(after)
                if day <= today:
                    clock.move_to(day)
                    self._happen(name, day, *arguments)
            clock.move_to(today)
            self.env.flush_all()
            yield today
            savepoint.rollback()

    def _happen(self, name, day, *arguments):
        with contextlib.suppress(UserError, UniqueViolation), self.env.cr.savepoint():
            try:
                getattr(self, f'_do_{name}')(day, *arguments)
            except AccessError as error:
                raise AssertionError("the test lacks a right") from error

    def _configure(self, options):
        policies = {'standard': self.policy, 'other': self.other, 'archived': self.archived, 'empty': self.empty}
        for partner, name in zip(self.customers, options['policies']):
            partner.property_collection_policy_id = policies[name]
        self.company.collection_policy_id = policies.get(options['default'])
        for name in ('consult_days', 'broken_promise_limit'):
            (self.policy | self.other)[name] = options[name]
        names = ('unsent', 'item_minimum', 'stale_days', 'restart_days', 'receipt_hold_days')
        self.policy.write({name: options[name] for name in names})
        self.levels.get(options['archived_level'], self.levels[20].browse()).active = False
        self._set_due_dates(START + timedelta(after) for after in options['dues'])
        for numbers, values in (
            ('never_sent', {'is_move_sent': False}),
            ('direct_debit', {'preferred_payment_method_line_id': self.debit_line.id}),
        ):
            self._pick(options[numbers]).move_id.write(values)
        self._pick(options['no_followup']).no_followup = True
        self._set_address(options['address'])
        if options['archived_customer']:
            self.partner_b.active = False

    def _set_due_dates(self, days):
        # in one statement: Odoo takes a hundred milliseconds for each example
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "UPDATE account_move_line l SET date_maturity = v.day FROM (VALUES %s) v (id, day) WHERE l.id = v.id",
                SQL(", ").join(SQL("(%s, %s::date)", item.id, day) for item, day in zip(self.items, days)),
            )
        )
        self.env.invalidate_all()

    def _set_address(self, kind):
        role = self.env.ref('account_collection_followup.contact_role_payable')
        other = self.env.ref('account_collection_followup.contact_role_executive')
        if kind == 'bounced':
            self.partner_a.message_bounce = 1
        elif kind == 'blacklisted':
            self.env['mail.blacklist'].create({'email': self.partner_a.email})
        elif kind != 'own':
            self.partner_a.email = False
            self.contact.write(
                {
                    'email': kind != 'none' and 'contact@example.com',
                    'type': 'invoice' if kind == 'invoice' else 'other',
                    'collection_role_ids': {'role': role, 'other_role': other}.get(kind, role.browse()).ids,
                }
            )

    def _pick(self, numbers):
        return self.items.browse(self.items[number].id for number in sorted(set(numbers)))

    def _do_step(self, day, customer, track, rung, numbers, given, state):
        customer = self.customers[customer]
        policy = customer._collection_policy(self.company) or self.policy
        kind = {'ordinary': 'reminder'}.get(track, track)
        levels = policy.level_ids.filtered(lambda level: level.kind == kind).sorted('rank')
        items = self._pick(numbers).filtered(
            lambda item: item.partner_id.commercial_partner_id == customer and item.amount_residual_currency > 0
        )
        if not items or not levels:
            raise UserError("nothing to ask")  # pylint: disable=translation-required
        date_given = day + timedelta(given)
        dated = state != 'undated' and track != 'litigation'
        occurrences = self.env['collection.step.line']._get_occurrences(items.ids)
        step = (
            self.env['collection.step']
            .sudo()
            .create(
                {
                    'case_id': self.env['collection.case']._open_for(customer, self.company)[customer].id,
                    'partner_id': customer.id,
                    'company_id': self.company.id,
                    'track': track,
                    'level_id': levels[: rung + 1][-1].id,
                    'date': day,
                    'date_given': dated and date_given,
                    'act_on': day if track == 'litigation' else dated and after_working_days(date_given, 2, HOLIDAYS),
                    'letter_state': 'todo' if state in ('todo', 'undated') else 'none',
                    'line_ids': [
                        # in a message of reminders some items stand one rung lower
                        self._prepare_step_line(
                            item, levels[max(0, rung - number % 2) :][:1] or levels[-1], occurrences
                        )
                        for number, item in enumerate(items)
                    ],
                }
            )
        )
        if state == 'orphan':
            step.line_ids.line_id = False
        if state == 'cancelled':
            step.with_user(self.manager).action_cancel()

    def _prepare_step_line(self, item, level, occurrences):
        return Command.create(
            {
                'role': 'asked',
                'line_id': item.id,
                'move_id': item.move_id.id,
                'name': item.move_id.name,
                'partner_id': item.partner_id.commercial_partner_id.id,
                'company_id': item.company_id.id,
                'currency_id': item.currency_id.id,
                'due_date': item.date_maturity,
                'residual': item.amount_residual_currency,
                'asked': item.amount_residual_currency,
                'level_id': level.id,
                'occurrence': occurrences.get((item.id, level.id), 0) + 1,
            }
        )

    def _do_answer(self, day, customer, hows):
        """Everything the last message asked for is paid, promised or disputed."""
        step = self.env['collection.step'].search([('partner_id', '=', self.customers[customer].id)], limit=1)
        for number, line in enumerate(step.line_ids.line_id):
            item = list(self.items).index(line)
            how = hows[number % 3]
            if how == 0:
                self._do_payment(day, item, 1, None)
            elif how == 1:
                self._do_promise(day, item, 1, 9, 1)
            else:
                self._do_dispute(day, item, 1, None, None, 'always', None)

    def _do_dispute(self, day, number, part, days, response, holds, outcome):
        item = self.items[number]
        amount = round(item.amount_currency * part, 2)
        line = {'move_id': item.move_id.id, 'line_id': item.id, 'amount': amount}
        dispute = internal(self.env['collection.dispute']).create(
            {'type_id': self.type.id, 'line_ids': [Command.create(line)], 'partner_id': item.partner_id.id}
        )
        if holds == 'never':
            internal(dispute.line_ids).held_from = False
        elif holds == 'stops':
            self.clock.move_to(day + timedelta(min(2, 2 if days is None else days)))
            dispute.line_ids._stop_holding()
        if days is not None:
            self.clock.move_to(day + timedelta(days))
            answer = response is not None and day + timedelta(days + response)
            dispute.action_close(outcome, response_until=answer or None)
            if holds == 'unsent':
                internal(dispute).answer_state = 'queued'

    def _do_promise(self, day, number, part, days, instalments):
        item = self.items[number]
        amount = round(item.amount_residual_currency * part / instalments, 2)
        if amount <= 0:
            raise UserError("nothing to promise")  # pylint: disable=translation-required
        self.env['collection.promise'].create(
            {
                'partner_id': item.partner_id.id,
                'line_ids': [
                    Command.create(
                        {
                            'move_id': item.move_id.id,
                            'line_id': item.id,
                            'amount': amount,
                            'date': day + timedelta(days + 7 * instalment),
                        }
                    )
                    for instalment in range(instalments)
                ],
            }
        )

    def _do_hold(self, day, number, whole, days, ended):
        item = self.items[number]
        values = {'partner_id': item.partner_id.id, 'move_id': not whole and item.move_id.id}
        hold = self.env['collection.hold'].create(
            {**values, 'reason': "wait", 'date_from': day, 'date_until': day + timedelta(days)}
        )
        if ended is not None:
            self.clock.move_to(day + timedelta(min(ended, days)))
            hold.action_end()

    def _do_payment(self, day, number, part, undone):
        item = self.items[number]
        amount = round(item.amount_residual_currency * part, 2)
        if amount <= 0:
            raise UserError("nothing to pay")  # pylint: disable=translation-required
        currency = item.currency_id if item.currency_id != self.company.currency_id else None
        receipt = self.term(self._entry(item.partner_id, -amount, day, self.bank, currency))
        (receipt | item).reconcile()
        if undone:
            self.clock.move_to(day + timedelta(undone))
            receipt.remove_move_reconcile()

    def _do_receipt(self, day, customer, amount, ahead):
        self._entry(self.customers[customer], -amount, day + timedelta(ahead), self.bank)

    def _do_refund(self, day, customer, amount):
        self.invoice(
            self.customers[customer], due=day + timedelta(30), amount=amount, move_type='out_refund', invoice_date=day
        )

    def _do_due(self, day, number, days):
        self.items[number].date_maturity = day + timedelta(days)

    def _do_repost(self, day, number):
        move = self.items[number].move_id
        move.button_draft()
        move.action_post()
        if self.items[number].exists() != self.items[number]:
            raise UserError("another line")  # pylint: disable=translation-required

    def _do_tell(self, day, customer, days, objected, length, ended, renewal):
        """The sales rep hears of what a customer's last message announced, or of a first act without one."""
        customer = self.customers[customer]
        step = self.env['collection.step'].search([('partner_id', '=', customer.id)], limit=1)
        track = 'litigation' if step.track == 'formal' and not renewal else 'formal'
        level = self.levels[60 if track == 'litigation' else 50]
        told = self.env['collection.consultation'].sudo()
        values = {'partner_id': customer.id, 'company_id': self.company.id, 'step_id': step.id, 'track': track}
        told = internal(told).create(
            {
                **values,
                'level_id': level.id,
                'told_on': day,
                'planned_on': after_working_days(day, days, HOLIDAYS),
                'act_from': after_working_days(day, days, HOLIDAYS),
                'ended_on': ended is not None and day + timedelta(ended),
            }
        )
        if objected is not None:
            until = day + timedelta(objected + length)
            told.write({'objected_on': day + timedelta(objected), 'objected_until': until, 'reason': "wait"})

    def _do_decide(self, day, number, decision, orphan):
        item = self.items[number]
        question = internal(self.env['collection.litigation.item'].sudo()).create(
            {
                'partner_id': item.partner_id.id,
                'company_id': self.company.id,
                'line_id': item.id,
                'move_id': item.move_id.id,
                'name': item.move_id.name,
                'due_date': item.date_maturity,
                'currency_id': item.currency_id.id,
                'asked_on': day,
            }
        )
        question.write({'decision': decision, 'decided_on': day, 'line_id': not orphan and item.id})

    def _do_cancel_promises(self, day):
        self.env['collection.promise'].search([('state', '=', 'running')])[:1].action_cancel("changed")

    def _do_motive(self, day, customer, motive):
        customer = self.customers[customer]
        self.env['collection.case']._open_for(customer, self.company)[customer]._record_motive(motive)

    def _do_breaks(self, day, numbers, days):
        for after, number in enumerate(numbers):
            self.clock.move_to(day + timedelta(after))
            self._happen('promise', day, number, 1, days, 1)
        self.clock.move_to(day + timedelta(days + 14))
        self._do_settle(day)

    def _do_settle(self, day):
        self.env['collection.promise']._settle_due(self.company)

    # -- what is compared --------------------------------------------------
    def assertAgree(self, day, history=None):
        """The plan and the oracle say the same of every item."""
        rows = self.env['collection.plan']._plan(self.company, day, history=history)
        expected = Oracle(self.company, day, history).decide()
        found = {row.line_id: self._describe_row(row) for row in rows}
        self.assertEqual(len(found), len(rows), "one row for each item")
        self.assertEqual(found.keys(), expected.keys())
        for line_id, row in found.items():
            answer = vars(expected[line_id])
            if row['reason'] != answer['reason'] or row != answer:
                item = self.items.browse(line_id)
                self.assertEqual(row, answer, f"{item.move_id.name}, due {item.date_maturity}, on {day}")
        return rows

    def _describe_row(self, row):
        rises = row.reason in (None, 'minimum', 'no_email')
        amounts = ('disputed', 'promised', 'responding', 'netted', 'to_chase', 'to_chase_company')
        return {
            **{name: Decimal(str(getattr(row, name))) for name in amounts},
            'reason': row.reason,
            'level': row.level_id,
            'track': row.track,
            'renewed': row.renewed,
            'repeats': row.repeats_id,
            'jump': bool(row.jump),
            'last_level': row.last_level_id,
            'policy': row.policy_id,
            'unsent': bool(row.unsent),
            'message_level': row.message_level_id if rises else None,
            'mode': row.mode if rises else None,
        }


@tagged('post_install', '-at_install')
@freeze_time(START)
class TestPlanOracle(PlanOracleCommon):
    """The plan and a readable re-implementation of the rules give the same answers, whatever happened."""

    @settings(max_examples=32, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), phases=PHASES)
    @given(SCENARIOS, NUMBERS_OF_DAYS, st.integers(1, 30))
    def test_every_item(self, scenario, ahead, back):
        """On the day, on a later one as a preview, and on a past one as it was then."""
        with self.play(scenario) as today:
            self.assertAgree(today)
            self.assertAgree(START + timedelta(scenario[2] + ahead))
            self.assertAgree(today - timedelta(back))

    @settings(max_examples=24, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), phases=PHASES)
    @given(SETTINGS, SERIOUS, st.integers(8, 30), st.integers(1, 7))
    def test_serious_acts(self, options, events, days, offset):
        """Formal notices and litigation ahead: told, objected to, too late, over; beside a litigation."""
        calm = dict(
            options,
            policies=('standard', 'standard'),
            default='standard',
            dues=[-3 * number for number in range(NUMBER_OF_ITEMS)],
            address='own',
            item_minimum=0,
            archived_customer=False,
        )
        steps, tellings, others = events
        with self.play((calm, steps + tellings + others, days)) as today:
            for day in (today, today + timedelta(offset), today - timedelta(offset)):
                self.assertAgree(day)

    @settings(max_examples=24, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), phases=PHASES)
    @given(SETTINGS, RETURNS, st.integers(22, 35), st.integers(1, 9))
    def test_returns(self, options, events, days, offset):
        """Disputes that come back before a formal act, broken promises that lead to one."""
        calm = dict(
            options,
            policies=('standard', 'standard'),
            default='standard',
            dues=[-3 * number for number in range(NUMBER_OF_ITEMS)],
            address='own',
            item_minimum=0,
            archived_customer=False,
        )
        with self.play((calm, [event for group in events for event in group], days)) as today:
            for day in (today, today + timedelta(offset), today - timedelta(offset)):
                self.assertAgree(day)

    @settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), phases=PHASES)
    @given(SCENARIOS, st.integers(-20, 20))
    def test_pure_question(self, scenario, offset):
        """Asked twice, for one customer, or with the history handed over, the plan says the same, and it writes nothing."""
        with self.play(scenario) as today:
            day = today + timedelta(offset)
            # from here on PostgreSQL refuses every change
            self.env.cr.execute("SET LOCAL transaction_read_only = on")
            plan = self.env['collection.plan']
            rows = plan._plan(self.company, day)
            self.assertEqual(plan._plan(self.company, day), rows)
            alone = [row for customer in self.customers for row in plan._plan(self.company, day, partners=customer)]
            self.assertCountEqual(alone, rows)
            policies = {row.policy_id for row in rows} - {None}
            of_policies = plan._plan(self.company, day, policies=self.policy.browse(policies))
            self.assertEqual(of_policies, [row for row in rows if row.policy_id])
            history = self._export_history()
            found = self.assertAgree(day, history)
            self.assertEqual(plan._plan(self.company, day, history=history), found)
            # of a history that is handed over the sales reps are taken to be told
            untold = {row.partner_id for row in rows if row.reason == 'consultation'}
            self.assertEqual(
                [row for row in found if row.partner_id not in untold],
                [row for row in rows if row.partner_id not in untold],
            )

    def _export_history(self):
        steps = self.env['collection.step'].search([('cancelled', '=', False)])
        return [
            {
                'step_id': line.step_id.id,
                'line_id': line.line_id.id or None,
                'move_id': line.move_id.id,
                'partner_id': line.partner_id.id,
                'due_date': line.due_date,
                'level_id': line.level_id.id,
                'track': line.step_id.track,
                'date': line.step_id.date,
                'date_given': line.step_id.date_given or None,
                'act_on': line.step_id.act_on or None,
                'complete': line.step_id.complete,
            }
            for line in steps.line_ids.sorted('id')
            if line.role == 'asked'
        ]

    @settings(max_examples=2, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), phases=PHASES)
    @given(SETTINGS, st.lists(EVENTS | fates(ITEMS) | fates(ITEMS), min_size=8, max_size=16))
    def test_real_ladder(self, options, events):
        """Day after day with real runs: the oracle agrees before each of them."""
        calm = dict(options, policies=('standard', 'other'), default='standard', address='own', archived_customer=False)
        with self.play((calm, [], 0)):
            for number in range(50):
                day = START + timedelta(number)
                self.clock.move_to(day)
                for name, _after, *arguments in (event for event in events if event[1] == number):
                    self._happen(name, day, *arguments)
                if number % 3 == 0 or day.weekday() == 4:
                    self.assertAgree(day)
                if day.weekday() < 5:
                    self.run_day(day)
                    self._work(day)

    def _work(self, day):
        """People do what the desk asks of them, letters on Tuesdays and Fridays only."""
        for run in self.env['collection.run'].search([('state', '=', 'open')]):
            self.approve(run)
        if day.weekday() in (1, 4):
            self.complete(
                self.env['collection.step'].search([('complete', '=', False), ('cancelled', '=', False)]), day
            )
