from collections import defaultdict
from datetime import date, timedelta

from freezegun import freeze_time
from hypothesis import given, settings
from hypothesis import strategies as st

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL

from .common import TODAY, CollectionCommon

MONTH_ENDS = [date(2025, 10, 31), date(2025, 11, 30), date(2025, 12, 31), date(2026, 1, 31), date(2026, 2, 28)]
#: in cents: what was promised on one item by one promise, what was open then, what is open now
PROMISED = st.lists(st.integers(1, 50000), min_size=1, max_size=5)
CENTS = st.integers(0, 300000)


@tagged('post_install', '-at_install')
@freeze_time(TODAY)
class TestItem(CollectionCommon):
    """Open items, as of today and of any day before, against what the ledger says line by line."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.euro = cls.setup_other_currency('EUR', rates=[('2025-01-01', 2.0), ('2026-01-01', 4.0)])
        cls.other_company = cls.setup_other_company()['company']
        cls.branch = cls.env['res.company'].create({'name': "Branch", 'parent_id': cls.company.id})
        cls.env.cr.flush()
        cls.env.user.company_ids |= cls.branch | cls.other_company
        cls.Item = cls.env['collection.item']
        cls._live_through_winter()

    @classmethod
    def _live_through_winter(cls):
        """Five months of everything that happens to receivables."""
        cls.whole = cls._old('2025-10-05', 1000)
        cls.partly = cls._old('2025-10-10', 900)
        cls.terms = cls._old('2025-10-20', 500, invoice_payment_term_id=cls.pay_terms_b.id)
        cls.foreign = cls._old('2025-11-03', 800, currency_id=cls.euro.id)
        cls.half_foreign = cls._old('2025-11-04', 600, currency_id=cls.euro.id)
        cls.ours = cls._old('2025-11-05', 300, cls.partner_b)
        cls.theirs = cls._old('2025-11-06', 777, company_id=cls.other_company.id)
        cls.of_branch = cls._old('2025-11-07', 444, company_id=cls.branch.id)
        cls.unmatched = cls._old('2025-11-10', 200)
        cls.credited = cls._old('2025-11-12', 400)
        cls.pay(cls.whole, day='2025-12-05')
        cls.pay(cls.partly, 300, '2025-11-15')
        cls.pay(cls.partly, 100, '2026-01-15')
        cls.pay(cls.terms, 350, '2025-12-20')
        cls.pay(cls.foreign, day='2026-01-20')
        cls.pay(cls.half_foreign, 300, '2026-01-25')
        payment = cls.pay(cls.unmatched, day='2025-12-01')
        cls.term(cls.unmatched).remove_move_reconcile()
        cls.returned = payment
        refund = cls._old('2026-02-03', 150, move_type='out_refund')
        (cls.term(cls.credited) | cls.term(refund)).reconcile()
        cls.open_refund = cls._old('2026-02-04', 60, move_type='out_refund')
        cls.receipt = cls.receive(cls.partner_b, 90, '2026-02-10')
        cls.entry = cls._entry(cls.partner_b, 55, '2025-12-31')
        cls.ahead = cls.receive(cls.partner_b, 33, '2026-03-20')
        cls.env.cr.flush()

    @classmethod
    def _old(cls, day, amount, partner=None, **values):
        day = fields.Date.to_date(day)
        return cls.invoice(partner, due=day + timedelta(30), invoice_date=day, amount=amount, **values)

    @classmethod
    def _entry(cls, partner, amount, day):
        accounts = [
            (cls.company_data[f'default_account_{name}'], sign) for name, sign in (('receivable', 1), ('revenue', -1))
        ]
        move = cls.env['account.move'].create(
            {
                'move_type': 'entry',
                'date': day,
                'line_ids': [
                    Command.create({'account_id': account.id, 'partner_id': partner.id, 'balance': sign * amount})
                    for account, sign in accounts
                ],
            }
        )
        move.action_post()
        return move

    # -- the ledger, line by line -------------------------------------------
    def as_of(self, day, domain=(), companies=None):
        companies = companies or (self.company | self.branch)
        return self.Item._with_date(fields.Date.to_date(day)).search([('company_id', 'in', companies.ids), *domain])

    def expected(self, day, companies=None):
        """:return: dict journal item → (open in company currency, open in its own)"""
        companies = companies or (self.company | self.branch)
        lines = self.env['account.move.line'].search(
            [
                ('account_id.account_type', '=', 'asset_receivable'),
                ('parent_state', '=', 'posted'),
                ('company_id', 'in', companies.ids),
            ]
        )
        today = fields.Date.today()
        result = {}
        for line in lines:
            if day < today and line.date > day:
                continue
            matched = [(line.matched_credit_ids, 'debit', -1), (line.matched_debit_ids, 'credit', 1)]
            residual, residual_currency = line.balance, line.amount_currency
            for partials, side, sign in matched:
                for partial in partials:
                    if day >= today or partial.max_date <= day:
                        residual += sign * partial.amount
                        residual_currency += sign * partial[f'{side}_amount_currency']
            amounts = line.company_currency_id.round(residual), line.currency_id.round(residual_currency)
            if any(amounts):
                result[line] = amounts
        return result

    def test_as_of_any_day(self):
        """Today, and past days rebuilt from the reconciliations: the same lines with the same amounts."""
        days = {date(2025, 10, 1) + timedelta(number) for number in range(0, 170, 9)} | set(MONTH_ENDS)
        for day in sorted(days | {date(2025, 12, 5), date(2025, 12, 4), date(2026, 1, 20), date(2026, 3, 2)}):
            for companies in (None, self.other_company):
                with self.subTest(day=day, companies=companies):
                    found = {
                        item.line_id: (item.residual, item.residual_currency)
                        for item in self.as_of(day, companies=companies)
                    }
                    self.assertEqual(found, self.expected(day, companies))

    def test_milestones(self):
        """The same in figures a person can check."""

        def residuals(move, *days):
            return [sum(self.as_of(day, [('move_id', '=', move.id)]).mapped('residual_currency')) for day in days]

        self.assertEqual(
            residuals(self.whole, '2025-10-04', '2025-10-05', '2025-12-04', '2025-12-05'), [0, 1000, 1000, 0]
        )
        self.assertEqual(residuals(self.partly, '2025-11-14', '2025-11-15', '2026-01-15', TODAY), [900, 600, 500, 500])
        self.assertEqual(residuals(self.foreign, '2026-01-19', '2026-01-20'), [800, 0])
        self.assertEqual(residuals(self.half_foreign, '2026-01-24', '2026-01-25', TODAY), [600, 300, 300])
        self.assertEqual(residuals(self.credited, '2026-02-02', '2026-02-03'), [400, 250])
        self.assertEqual(residuals(self.unmatched, '2025-11-30', '2025-12-01', TODAY), [200, 200, 200])
        self.assertEqual(residuals(self.returned.move_id, '2025-11-30', '2025-12-01', TODAY), [0, -200, -200])
        self.assertEqual(
            len(self.as_of('2025-10-31', [('move_id', '=', self.terms.id)])), 2, "each instalment is an item"
        )

    def test_unmatched_later(self):
        """A payment taken back is open again, on past days too."""
        self.term(self.whole).remove_move_reconcile()
        for day in (date(2025, 12, 4), date(2025, 12, 10), date(2026, 3, 2)):
            self.assertEqual(
                {item.line_id: (item.residual, item.residual_currency) for item in self.as_of(day)}, self.expected(day)
            )
        self.assertEqual(self.as_of('2025-12-10', [('move_id', '=', self.whole.id)]).residual, 1000)

    def test_exchange_difference(self):
        """Paid in full at another rate: nothing is left, but in the ledger the difference until its own entry's date."""
        exchange = self.term(self.foreign).matched_credit_ids.exchange_move_id
        self.assertEqual(str(exchange.date), '2026-01-31')
        between = self.as_of('2026-01-20', [('move_id', '=', self.foreign.id)])
        self.assertEqual((between.residual, between.residual_currency), (200, 0))
        self.assertNotIn(
            between.id, [item.line_id for item in self.env['collection.plan']._plan(self.company, '2026-01-20')]
        )
        self.assertFalse(self.as_of('2026-01-31', [('move_id', '=', self.foreign.id)]))
        before = self.as_of('2026-01-19', [('move_id', '=', self.foreign.id)])
        self.assertEqual((before.residual, before.residual_currency, before.currency_id), (400, 800, self.euro))

    def test_entries_dated_ahead(self):
        """No date, today and later days show the ledger as it stands now; past days do not know them."""
        domain = [('move_id', '=', self.ahead.move_id.id)]
        for day in (TODAY, '2026-04-01'):
            self.assertEqual(len(self.as_of(day, domain)), 1)
        self.assertEqual(len(self.Item.search(domain)), 1)
        self.assertFalse(self.as_of('2026-03-01', domain))

    def test_month_ends_match_the_general_ledger(self):
        for day in MONTH_ENDS:
            for companies in (self.company | self.branch, self.other_company):
                [[ledger]] = self.env['account.move.line']._read_group(
                    [
                        ('account_id.account_type', '=', 'asset_receivable'),
                        ('parent_state', '=', 'posted'),
                        ('date', '<=', day),
                        ('company_id', 'in', companies.ids),
                    ],
                    [],
                    ['balance:sum'],
                )
                open_items = sum(self.as_of(day, companies=companies).mapped('residual'))
                self.assertAlmostEqual(open_items, ledger, 2, f"{day} {companies.mapped('name')}")

    # -- columns ----------------------------------------------------------------
    def test_columns(self):
        """What the other columns say of the documents."""
        items = {item.move_id: item for item in self.as_of(TODAY)}
        kinds = {
            self.partly: 'invoice',
            self.open_refund: 'refund',
            self.receipt.move_id: 'payment',
            self.entry: 'entry',
        }
        self.assertEqual({move: items[move].kind for move in kinds}, kinds)
        item = items[self.partly]
        self.assertEqual(
            (item.name, item.partner_id, item.account_id),
            (self.partly.name, self.partner_a, self.term(self.partly).account_id),
        )
        self.assertEqual((str(item.due_date), item.days_overdue), ('2025-11-09', 113))
        self.assertEqual((item.amount, item.residual, item.company_currency_id), (900, 500, self.company.currency_id))
        self.assertEqual(items[self.half_foreign].amount_currency, 600)
        self.assertTrue(items[self.entry].no_followup)
        self.assertFalse(item.no_followup)
        self.assertEqual(item.id, item.line_id.id)

    def test_case_and_responsible(self):
        self.assertFalse(self.as_of(TODAY, [('move_id', '=', self.of_branch.id)]).case_id)
        case = self.env['collection.case']._open_for(self.partner_a, self.company)[self.partner_a]
        case.user_id = self.collector
        self.Item.invalidate_model()
        for move in (self.partly, self.of_branch):
            item = self.as_of(TODAY, [('move_id', '=', move.id)])
            self.assertEqual(
                (item.case_id, item.user_id), (case, self.collector), "the branch's items are of its company's case"
            )
        self.assertFalse(self.as_of(TODAY, [('move_id', '=', self.theirs.id)], self.other_company).case_id)

    def test_customer_is_the_commercial_partner(self):
        contact = self.env['res.partner'].create({'name': "Contact", 'parent_id': self.partner_a.id})
        move = self.invoice(contact)
        self.assertEqual(self.as_of(TODAY, [('move_id', '=', move.id)]).partner_id, self.partner_a)

    def test_buckets(self):
        """Not due, 1–30, 31–60, 61–90, over 90 days: both limits of each."""
        day = date(2026, 3, 2)
        move = self.invoice(due=day)
        expected = {
            -5: 'not_due',
            0: 'not_due',
            1: 'b1_30',
            30: 'b1_30',
            31: 'b31_60',
            60: 'b31_60',
            61: 'b61_90',
            90: 'b61_90',
            91: 'b90',
            400: 'b90',
        }
        for late, bucket in expected.items():
            item = self.as_of(day + timedelta(late), [('move_id', '=', move.id)])
            self.assertEqual((item.bucket, item.days_overdue), (bucket, late))

    def test_agrees_with_the_plan(self):
        """Disputed, promised, level and date given are the plan's, today and on a past day."""
        kind = self.env['collection.dispute.type'].create({'name': "Quality"})
        with freeze_time('2026-02-16'):
            self.run_day('2026-02-16')
            self.complete(self.steps(), '2026-02-16')
        with freeze_time('2026-02-20'):
            for move, amount in ((self.partly, 450), (self.half_foreign, 100), (self.of_branch, None)):
                self.env['collection.dispute'].create(
                    {'type_id': kind.id, 'line_ids': [Command.create({'move_id': move.id, 'amount': amount})]}
                )
        with freeze_time('2026-02-23'):
            for promised in (
                [(self.half_foreign, 50, '2026-03-02'), (self.half_foreign, 150, '2026-03-20')],
                [(self.ours, 300, '2026-03-20')],
            ):
                self.env['collection.promise'].create(
                    {
                        'line_ids': [
                            Command.create({'move_id': move.id, 'amount': amount, 'date': day})
                            for move, amount, day in promised
                        ]
                    }
                )
        self.pay(self.half_foreign, 20, '2026-02-24')
        for day in ('2026-02-17', '2026-02-21', '2026-02-23', TODAY, '2026-03-12'):
            rows = self.env['collection.plan']._plan(self.company, day)
            items = {item.id: item for item in self.as_of(day)}
            self.assertTrue(rows)
            for row in rows:
                item = items[row.line_id]
                self.assertAlmostEqual(item.residual_currency, float(row.residual), 2)
                self.assertAlmostEqual(item.disputed, float(row.disputed), 2)
                # the plan caps what is promised at what is not disputed
                self.assertAlmostEqual(
                    min(item.promised, item.residual_currency - item.disputed), float(row.promised), 2
                )
                self.assertEqual(
                    (item.level_id.id or None, item.date_given or None), (row.last_level_id, row.last_date_given)
                )
        item = self.as_of(TODAY, [('move_id', '=', self.half_foreign.id)])
        self.assertEqual((item.residual_currency, item.disputed, item.promised), (280, 100, 180))

    @settings(max_examples=40, deadline=None, derandomize=True)
    @given(PROMISED, CENTS, CENTS)
    def test_what_is_left_of_a_promise(self, cents, spare, residual):
        """The SQL of the view and the method of the promise give the same."""
        opened, total = (sum(cents) + spare) / 100, 0
        for amount in cents:
            total += amount
            line = self.env['collection.promise.line'].new(
                {
                    'amount': amount / 100,
                    'cumulated': total / 100,
                    'residual_at': opened,
                    'currency_id': self.company.currency_id.id,
                }
            )
            values = SQL(
                "(SELECT %s::numeric AS amount, %s::numeric AS cumulated, %s::numeric AS residual_at) pl",
                amount / 100,
                total / 100,
                opened,
            )
            left = self.Item._get_promise_left(SQL("pl"), SQL("%s::numeric", residual / 100))
            [[answer]] = self.env.execute_query(SQL("SELECT %s FROM %s", left, values))
            self.assertAlmostEqual(float(answer), line._left(residual / 100), 2)

    # -- two dates in one transaction ----------------------------------------------
    def test_every_field_depends_on_the_date(self):
        """Read on two dates in one transaction, every field answers for its own date."""
        for name, field in self.Item._fields.items():
            if name not in ('id', 'display_name') and (field.compute is None or field.store):
                self.assertIn('collection_as_of', self.env.registry.field_depends_context[field], name)
        now, then = date(2026, 3, 2), date(2026, 1, 10)
        ids = (self.as_of(now) & self.as_of(then)).ids
        names = [name for name in self.Item._fields if name != 'display_name']
        alone = {}
        for day in (now, then):
            self.env.invalidate_all()
            alone[day] = self.Item._with_date(day).browse(ids).read(names)
        self.env.invalidate_all()
        for day in (now, then, now, then):
            self.assertEqual(self.Item._with_date(day).browse(ids).read(names), alone[day])
        differing = {name for one, two in zip(alone[now], alone[then]) for name in names if one[name] != two[name]}
        self.assertLessEqual({'residual', 'residual_currency', 'days_overdue', 'bucket'}, differing)

    def test_date_of_the_context(self):
        self.assertEqual(
            self.Item.with_context(collection_as_of='2026-01-10').search([]),
            self.Item._with_date(date(2026, 1, 10)).search([]),
        )
        self.assertEqual(self.Item.with_context(collection_as_of=False).search([]), self.Item.search([]))
        with self.assertRaises(UserError):
            self.Item.with_context(collection_as_of="never").search([])
        with self.assertRaises(UserError):
            self.Item.with_context(collection_as_of="2026-02-30'; --").search([])

    def test_follows_changes_of_the_transaction(self):
        """What is not yet in the database counts for a search, and for what is read anew."""
        domain = [('move_id', '=', self.partly.id)]
        item = self.as_of(TODAY, domain)
        self.assertEqual((item.residual, item.bucket), (500, 'b90'))
        self.pay(self.partly, 200)
        self.term(self.partly).date_maturity = '2026-05-01'
        self.assertEqual(self.as_of(TODAY, [*domain, ('bucket', '=', 'not_due'), ('residual', '=', 300)]), item)
        self.Item.invalidate_model()
        self.assertEqual((item.residual, item.bucket), (300, 'not_due'))

    # -- searching and grouping ------------------------------------------------------
    def test_search(self):
        late = self.as_of(TODAY, [('days_overdue', '>', 90), ('kind', '=', 'invoice')])
        self.assertIn(self.partly, late.move_id)
        self.assertTrue(all(item.days_overdue > 90 for item in late))
        self.assertEqual(late, late.search([('id', 'in', late.ids)], order='due_date, id'))
        self.assertEqual(
            self.as_of(TODAY, [('partner_id', 'ilike', self.partner_b.name), ('kind', '=', 'entry')]).move_id,
            self.entry,
        )
        self.assertEqual(self.as_of(TODAY, [('move_id.invoice_date', '=', '2025-11-07')]).move_id, self.of_branch)
        self.assertEqual(self.Item.search_count([('residual', '<', 0), ('company_id', '=', self.company.id)]), 4)

    def test_grouping(self):
        """Sums of groups are the sums of their items, on each date."""
        for day in (date(2026, 3, 2), date(2025, 12, 31)):
            items = self.as_of(day)
            expected = defaultdict(lambda: [0, 0])
            for item in items:
                expected[item.partner_id, item.bucket][0] += item.residual
                expected[item.partner_id, item.bucket][1] += 1
            groups = self.Item._with_date(day)._read_group(
                [('id', 'in', items.ids)], ['partner_id', 'bucket'], ['residual:sum', '__count', 'days_overdue:max']
            )
            self.assertEqual(len(groups), len(expected))
            for partner, bucket, residual, count, days in groups:
                self.assertAlmostEqual(residual, expected[partner, bucket][0], 2)
                self.assertEqual(count, expected[partner, bucket][1])
                self.assertEqual(
                    days,
                    max(
                        items.filtered(lambda item: item.bucket == bucket and item.partner_id == partner).mapped(
                            'days_overdue'
                        )
                    ),
                )
        months = self.Item._read_group([('company_id', '=', self.company.id)], ['due_date:month'], ['__count'])
        self.assertEqual(sum(count for _month, count in months), len(self.as_of(TODAY, companies=self.company)))

    # -- rights ------------------------------------------------------------------------
    def test_company_rules(self):
        """One sees the items of the companies and branches one is in, and no others."""
        user = new_test_user(
            self.env,
            'item_reader',
            groups='account_collection_followup.group_collection_caller',
            company_id=self.company.id,
        )
        items = self.Item.with_user(user)
        self.assertEqual(items.search([]).company_id, self.company)
        user.company_ids |= self.branch
        both = items.with_context(allowed_company_ids=(self.company | self.branch).ids)
        self.assertEqual(both.search([]).company_id, self.company | self.branch)
        self.assertEqual(
            both.with_context(collection_as_of='2025-12-31').search([]).company_id, self.company | self.branch
        )
        theirs = self.as_of(TODAY, companies=self.other_company)
        with self.assertRaises(AccessError):
            theirs.with_user(user).read(['residual'])
        stranger = new_test_user(self.env, 'item_stranger', groups='base.group_user', company_id=self.company.id)
        with self.assertRaises(AccessError):
            self.Item.with_user(stranger).search([])

    def test_never_written(self):
        item = self.as_of(TODAY)[0]
        for records in (item, item.sudo()):
            with self.assertRaises(UserError):
                records.write({'residual': 0})
            with self.assertRaises(UserError):
                records.unlink()
            with self.assertRaises(UserError):
                records.create({'name': "made up"})

    def test_opens_its_document(self):
        item = self.as_of(TODAY, [('move_id', '=', self.partly.id)])
        action = item.action_open_document()
        self.assertEqual((action['res_model'], action['res_id']), ('account.move', self.partly.id))
