from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import TransactionCase, tagged
from odoo.tools import float_compare

from ..tools import dates, share_out, spread


@tagged('post_install', '-at_install')
class TestInstalments(TransactionCase):
    def test_spread(self):
        """Equal to the cent; what does not divide comes first."""
        self.assertEqual(spread(100, 3, 0.01), [33.34, 33.33, 33.33])
        self.assertEqual(spread(1000, 4, 0.01), [250, 250, 250, 250])
        self.assertEqual(spread(100, 3, 0.05), [33.35, 33.35, 33.3])
        self.assertEqual(spread(1000, 3, 1), [334, 333, 333])
        self.assertEqual(spread(0.02, 3, 0.01), [0.01, 0.01, 0])

    @settings(max_examples=300, deadline=None, derandomize=True)
    @given(st.integers(0, 10**11), st.integers(1, 60), st.sampled_from([0.01, 0.001, 0.05, 1.0]))
    def test_spread_sums(self, units, count, rounding):
        """Whatever the amount, nothing is lost, and no instalment is larger than another by more than one unit."""
        amount = units * rounding
        amounts = spread(amount, count, rounding)
        self.assertEqual(len(amounts), count)
        self.assertEqual(float_compare(sum(amounts), amount, precision_rounding=rounding), 0)
        self.assertLessEqual(float_compare(max(amounts) - min(amounts), rounding, precision_rounding=rounding), 0)

    def test_dates(self):
        """Ends of months stay ends of months where they must, and come back where they can."""
        self.assertEqual(dates(date(2026, 1, 31), 3), [date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31)])
        self.assertEqual(dates(date(2028, 1, 31), 2), [date(2028, 1, 31), date(2028, 2, 29)])
        self.assertEqual(dates(date(2026, 3, 2), 3, 'month', 2)[-1], date(2026, 7, 2))
        self.assertEqual(dates(date(2026, 3, 2), 3, 'week', 1)[-1], date(2026, 3, 16))
        self.assertEqual(dates(date(2026, 3, 2), 3, 'day', 10)[-1], date(2026, 3, 22))

    def test_share_out(self):
        """The oldest debt is paid first."""
        self.assertEqual(share_out([50, 50], [30, 70], 0.01), [(0, 0, 30), (0, 1, 20), (1, 1, 50)])
        self.assertEqual(share_out([33.34, 33.33, 33.33], [100], 0.01), [(0, 0, 33.34), (1, 0, 33.33), (2, 0, 33.33)])

    @settings(max_examples=300, deadline=None, derandomize=True)
    @given(st.lists(st.integers(1, 10**7), min_size=1, max_size=8), st.integers(1, 24))
    def test_share_out_whole(self, cents, count):
        """Every instalment and every debt is covered to the cent."""
        debts = [cent / 100 for cent in cents]
        amounts = spread(sum(debts), count, 0.01)
        shares = share_out(amounts, debts, 0.01)
        for numbers, expected in ((0, amounts), (1, debts)):
            for number, amount in enumerate(expected):
                covered = sum(share[2] for share in shares if share[numbers] == number)
                self.assertEqual(float_compare(covered, amount, precision_rounding=0.01), 0)
        self.assertTrue(all(share[2] > 0 for share in shares))
