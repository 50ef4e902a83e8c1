from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import TransactionCase, tagged
from odoo.tools import float_compare

from ..tools import dates, spread


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
