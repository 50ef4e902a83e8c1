from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg2 import IntegrityError

from odoo.exceptions import ValidationError
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from ..tools import WorkingDays

DAYS = st.dates(date(2025, 12, 1), date(2026, 6, 30))
HOLIDAYS = st.sets(DAYS, max_size=40)
COUNTS = st.integers(-12, 12)


@tagged('post_install', '-at_install')
class TestWorkingDays(TransactionCase):
    def test_examples(self):
        days = WorkingDays({date(2026, 4, 6)})  # Easter Monday
        self.assertFalse(days.is_working(date(2026, 4, 6)))
        self.assertFalse(days.is_working(date(2026, 4, 4)))
        self.assertTrue(days.is_working(date(2026, 4, 7)))
        # the example of R40: date Thursday 12 March, the second working day after is Monday 16
        self.assertEqual(days.add(date(2026, 3, 12), 2), date(2026, 3, 16))
        self.assertEqual(days.add(date(2026, 4, 3), 1), date(2026, 4, 7))
        self.assertEqual(days.add(date(2026, 4, 7), -1), date(2026, 4, 3))
        self.assertEqual(days.add(date(2026, 4, 6), 0), date(2026, 4, 6))
        self.assertEqual(days.roll_forward(date(2026, 4, 4)), date(2026, 4, 7))
        self.assertEqual(days.roll_backward(date(2026, 4, 6)), date(2026, 4, 3))
        self.assertEqual(days.roll_backward(date(2026, 4, 7)), date(2026, 4, 7))

    @settings(deadline=None, derandomize=True)
    @given(HOLIDAYS, DAYS, COUNTS)
    def test_add(self, holidays, day, n):
        """Exactly n working days lie between a day and the n-th after it."""
        days = WorkingDays(holidays)
        found = days.add(day, n)
        between = (
            [day + timedelta(k) for k in range(1, (found - day).days + 1)]
            if n > 0
            else [day - timedelta(k) for k in range(1, (day - found).days + 1)]
        )
        self.assertEqual(sum(map(days.is_working, between)), abs(n))
        if n:
            self.assertTrue(days.is_working(found))
        else:
            self.assertEqual(found, day)

    @settings(deadline=None, derandomize=True)
    @given(HOLIDAYS, DAYS, COUNTS)
    def test_cutoff(self, holidays, day, n):
        """A fact holds on a day if and only if its date is not before the cutoff."""
        days = WorkingDays(holidays)
        cutoff = days.cutoff(day, n)
        for offset in range(-12, 13):
            fact = cutoff + timedelta(offset)
            self.assertEqual(days.add(fact, n) >= day, fact >= cutoff)

    @settings(deadline=None, derandomize=True)
    @given(HOLIDAYS, DAYS)
    def test_roll(self, holidays, day):
        days = WorkingDays(holidays)
        later, earlier = days.roll_forward(day), days.roll_backward(day)
        self.assertTrue(days.is_working(later) and days.is_working(earlier))
        self.assertLessEqual(earlier, day)
        self.assertGreaterEqual(later, day)
        # nothing worked on was passed over
        for k in range(1, (later - earlier).days):
            self.assertFalse(days.is_working(earlier + timedelta(k)))

    def test_company_holidays(self):
        """Holidays of all companies and of one's own count; a branch shares its company's (R54)."""
        company = self.env['res.company'].create({'name': "Root of the tests"})
        branch = self.env['res.company'].create({'name': "Branch of the tests", 'parent_id': company.id})
        other = self.env['res.company'].create({'name': "Other of the tests"})
        holiday = self.env['collection.holiday']
        holiday.create(
            [
                {'name': "Everyone's", 'date': '2031-05-01'},
                {'name': "Ours", 'date': '2031-05-02', 'company_id': company.id},
            ]
        )
        friday = date(2031, 5, 2)
        self.assertFalse(holiday._working_days(company).is_working(friday))
        self.assertFalse(holiday._working_days(branch).is_working(friday))
        self.assertTrue(holiday._working_days(other).is_working(friday))
        self.assertFalse(holiday._working_days(other).is_working(date(2031, 5, 1)))
        with self.assertRaises(ValidationError):
            holiday.create({'name': "A branch's", 'date': '2031-05-05', 'company_id': branch.id})

    def test_holidays_are_current(self):
        """Entering, moving or deleting a holiday counts at once, though the dates are cached."""
        holiday = self.env['collection.holiday']
        company = self.env.company
        day, moved = date(2031, 7, 14), date(2031, 7, 15)
        self.assertTrue(holiday._working_days(company).is_working(day))
        record = holiday.create({'name': "14 July", 'date': day})
        self.assertFalse(holiday._working_days(company).is_working(day))
        record.date = moved
        self.assertTrue(holiday._working_days(company).is_working(day))
        self.assertFalse(holiday._working_days(company).is_working(moved))
        record.unlink()
        self.assertTrue(holiday._working_days(company).is_working(moved))
        with self.assertQueryCount(0):
            holiday._working_days(company)

    @mute_logger('odoo.sql_db')
    def test_unique(self):
        holiday = self.env['collection.holiday']
        holiday.create({'name': "Once", 'date': '2031-08-15'})
        with self.assertRaises(IntegrityError), self.cr.savepoint():
            holiday.create({'name': "Twice", 'date': '2031-08-15'})
