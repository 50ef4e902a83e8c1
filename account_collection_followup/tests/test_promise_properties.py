from datetime import date, timedelta
from itertools import pairwise

from freezegun import freeze_time
from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import tagged
from odoo.tools import SQL

from .facts_common import FactsCommon

START = date(2026, 3, 2)
#: a payment: (days after the promise was made, amount)
PAYMENTS = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 700)), max_size=5)
#: a promised instalment: (days after the promise was made, amount)
INSTALMENTS = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, 400)), min_size=1, max_size=3, unique_by=lambda part: part[0]
)


@tagged('post_install', '-at_install')
@freeze_time('2026-03-02 09:00:00')
class TestPromiseProperties(FactsCommon):
    """What must hold for whatever is promised and paid, in any order."""

    def _run(self, instalments, payments, today):
        """Promise, pay with the clock moving, and settle daily as the add-on does."""
        with freeze_time(START):
            item = self._receivable(self._invoice(1200))
            promise = self._promise(*((item, amount, START + timedelta(days)) for days, amount in instalments))
        room = 1200
        for days, amount in payments:
            day = START + timedelta(days)
            if amount <= room and day <= today:
                with freeze_time(max(day, START)):
                    self._pay(item, amount, day)
                room -= amount
        with freeze_time(today):
            promise._settle()
        return promise, item

    def _expected(self, promise, payments, today):
        """The rule in plain words: instalments are served in the order of their dates by the money that came."""
        room, received = 1200, []
        for days, amount in payments:
            if amount <= room and START + timedelta(days) <= today:
                received.append((START + timedelta(days), amount))
                room -= amount
        states, missed, served = [], None, 0
        for line in promise.line_ids.sorted('date'):
            came = sum(amount for day, amount in received if day <= min(line.kept_until, today))
            mine = max(0, min(line.amount, came - served))
            served += line.amount
            if missed:
                states.append('cancelled')
            elif mine >= line.amount:
                states.append('kept')
            elif today <= line.kept_until:
                states.append('running')
            else:
                missed = line
                states.append('partly' if mine else 'broken')
        return states

    @settings(max_examples=25, deadline=None, derandomize=True)
    @given(INSTALMENTS, PAYMENTS, st.integers(0, 60))
    def test_settlement(self, instalments, payments, days):
        """Kept, partly kept, broken: the money served in the order of dates, whatever the order it was booked in."""
        today = START + timedelta(days)
        with self.env.cr.savepoint() as savepoint:
            promise, item = self._run(instalments, payments, today)
            lines = promise.line_ids.sorted('date')
            expected = self._expected(promise, payments, today)
            # what was paid only after the plan broke ends with the plan
            stops = [line.ended_on for line in lines if line.state in ('partly', 'broken')]
            self.assertEqual(lines.mapped('state'), expected)
            self.assertLessEqual(len(stops), 1)
            for line in lines:
                self.assertEqual(bool(line.ended_on), line.state != 'running')
                self.assertTrue(0 <= line._left(item.amount_residual_currency) <= line.amount)
                if line.state == 'kept':
                    self.assertTrue(START <= line.ended_on <= line.kept_until)
                if line.state == 'cancelled':
                    self.assertEqual([line.ended_on], stops)
            # settled again, nothing changes
            before = lines.read(['state', 'ended_on', 'amount_kept', 'expires_on', 'response_until'])
            with freeze_time(today):
                promise._settle()
            self.assertEqual(lines.read(['state', 'ended_on', 'amount_kept', 'expires_on', 'response_until']), before)
            savepoint.rollback()

    @settings(max_examples=15, deadline=None, derandomize=True)
    @given(INSTALMENTS, PAYMENTS, st.randoms(use_true_random=False))
    def test_order_and_unmatching(self, instalments, payments, random):
        """The order of booking changes nothing, and unmatching everything leaves a promise as if nothing had been paid."""
        today = START + timedelta(60)
        outcomes = []
        shuffled = [payment for payment in payments if sum(amount for _day, amount in payments) <= 1200]
        for _ in range(2):
            with self.env.cr.savepoint() as savepoint:
                promise, item = self._run(instalments, shuffled, today)
                outcomes.append(promise.line_ids.sorted('date').mapped('state'))
                with freeze_time(today):
                    item.remove_move_reconcile()
                    self.env.cr.flush()
                    promise._settle(today)
                unpaid = promise.line_ids.sorted('date')
                self.assertFalse(any(unpaid.mapped('amount_kept')))
                self.assertFalse('kept' in unpaid.mapped('state') or 'partly' in unpaid.mapped('state'))
                savepoint.rollback()
            random.shuffle(shuffled)
        self.assertEqual(outcomes[0], outcomes[1])

    @settings(max_examples=20, deadline=None, derandomize=True)
    @given(
        st.integers(1, 10),
        st.lists(st.tuples(st.integers(0, 15), st.integers(1, 20)), max_size=3),
        PAYMENTS,
        st.booleans(),
    )
    def test_moves(self, first, moves, payments, unmatched):
        """However often it is moved, on every day at most one promise covers the item, without a gap between them; only
        the last can be broken, and what is promised never exceeds what is open."""
        with self.env.cr.savepoint() as savepoint:
            with freeze_time(START):
                item = self._receivable(self._invoice(1200))
                chain = [self._promise((item, 900, START + timedelta(first)))]
            events = sorted([(days, 0, amount) for days, amount in payments] + [(days, 1, to) for days, to in moves])
            room = 1200
            for days, kind, value in events:
                day = START + timedelta(days)
                with freeze_time(day):
                    chain[-1]._settle()
                    if kind == 0 and value <= room:
                        self._pay(item, value, day)
                        room -= value
                    elif kind == 1 and chain[-1].state == 'running' and chain[-1].next_date != day + timedelta(value):
                        chain.append(chain[-1].action_move(day + timedelta(value)))
            with freeze_time(START + timedelta(90)):
                if unmatched:
                    item.remove_move_reconcile()
                    self.env.cr.flush()
                chain[-1]._settle()
            self._check_chain(chain, item)
            savepoint.rollback()

    def _check_chain(self, chain, item):
        self.assertEqual([promise.state for promise in chain[:-1]], ['moved'] * (len(chain) - 1))
        self.assertNotIn(chain[-1].state, ('moved', 'cancelled'))
        self.assertEqual(chain[-1].move_count, len(chain) - 1)
        self.assertFalse(any(promise.counts_as_broken for promise in chain[:-1]))
        for old, new in pairwise(chain):
            self.assertEqual((old.ended_on, new.moved_from_id), (new.made_on, old))
            # no response time runs beside the promise that goes on
            self.assertLess(old.line_ids.response_until, new.made_on)
        self.env.flush_all()
        model, alias = self.env['collection.item'], SQL.identifier('l')
        for days in range(40):
            day = START + timedelta(days)
            running = sum(
                promise.made_on <= day <= promise.line_ids.expires_on
                and not (promise.ended_on and promise.ended_on <= day)
                for promise in chain
            )
            self.assertLessEqual(running, 1)
            query = model._get_promised_query(alias, SQL("l.amount_residual_currency"), SQL("%s::date", day))
            rows = self.env.execute_query(SQL("SELECT %s FROM account_move_line l WHERE l.id = %s", query, item.id))
            self.assertTrue(0 <= rows[0][0] <= item.amount_residual_currency)

    @settings(max_examples=25, deadline=None, derandomize=True)
    @given(INSTALMENTS, PAYMENTS)
    def test_sql_twin(self, instalments, payments):
        """What the plan and the view compute in SQL is what Python says is left."""
        with self.env.cr.savepoint() as savepoint:
            promise, item = self._run(instalments, payments, START + timedelta(60))
            residual = item.amount_residual_currency
            self.env.flush_all()
            left = self.env['collection.item']._get_promise_left(SQL("pl"), SQL("%s::numeric", residual))
            rows = dict(
                self.env.execute_query(
                    SQL("SELECT pl.id, %s FROM collection_promise_line pl WHERE pl.promise_id = %s", left, promise.id)
                )
            )
            for line in promise.line_ids:
                self.assertAlmostEqual(line._left(residual), float(rows[line.id]))
            savepoint.rollback()

    @settings(max_examples=200, deadline=None, derandomize=True)
    @given(
        st.lists(st.integers(1, 50000), min_size=1, max_size=5),
        st.integers(0, 300000),
        st.integers(-1000, 300000),
        st.integers(-1000, 300000),
    )
    def test_left(self, cents, spare, residual, lower):
        """Never negative, never more than promised, never rising with payments; together what was promised less what came."""
        amounts = [cent / 100 for cent in cents]
        opened = (sum(cents) + spare) / 100
        line = self.env['collection.promise.line']
        currency = self.company.currency_id
        lines = [
            line.new(
                {
                    'amount': amount,
                    'currency_id': currency.id,
                    'residual_at': opened,
                    'cumulated': sum(amounts[: position + 1]),
                }
            )
            for position, amount in enumerate(amounts)
        ]
        low, high = sorted((residual / 100, lower / 100))
        for record in lines:
            self.assertTrue(0 <= record._left(low) <= record._left(high) <= record.amount)
        paid = max(0, opened - high)
        self.assertAlmostEqual(sum(record._left(high) for record in lines), max(0, sum(amounts) - paid), places=1)
