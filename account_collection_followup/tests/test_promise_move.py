from datetime import date

from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .facts_common import GROUP, FactsCommon


@tagged('post_install', '-at_install')
@freeze_time('2026-03-02 09:00:00')
class TestPromiseMove(FactsCommon):
    """A promise moved before it is broken (R36)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with freeze_time('2026-03-02 09:00:00'):
            cls.invoice = cls._invoice(1000)
            cls.item = cls._receivable(cls.invoice)
            cls.promise = cls._promise((cls.item, 600, '2026-03-12'))

    def _get_parts(self, day):
        """:return: promised and free amounts of the item in the plan of a day"""
        plan = self.env['collection.plan']._plan(self.company, date.fromisoformat(day))
        found = next(item for item in plan if item.line_id == self.item.id)
        return found.promised, found.responding

    def test_moved(self):
        """The old promise ends as moved, not broken; the new one takes over what was left and tells the story."""
        with freeze_time('2026-03-10'):
            self._pay(self.item, 200, '2026-03-10')
        with freeze_time('2026-03-16'):
            moved = self.promise.action_move('2026-03-20', channel='email')
        self.assertEqual((self.promise.state, self.promise.ended_on), ('moved', date(2026, 3, 16)))
        self.assertEqual((self.promise.amount, self.promise.line_ids.amount_kept), (600, 200))
        self.assertEqual(self.promise.next_date, date(2026, 3, 12), "the old date stays in sight")
        self.assertFalse(self.promise.counts_as_broken)
        self.assertEqual((moved.amount, moved.next_date, moved.channel), (400, date(2026, 3, 20), 'email'))
        self.assertEqual((moved.moved_from_id, self.promise.moved_to_id), (self.promise, moved))
        self.assertEqual((moved.move_count, self.promise.move_count), (1, 0))
        self.assertIn("Moved once, first promised for 03/12/2026", moved.move_text)
        with freeze_time('2026-03-18'):
            again = moved.action_move('2026-03-25')
        self.assertEqual((again.move_count, moved.state), (2, 'moved'))
        self.assertIn("Moved twice, first promised for 03/12/2026", again.move_text)
        self.assertIn("from 03/20/2026 to 03/25/2026", str(again.case_id.message_ids.mapped('body')))

    def test_missed_is_missed(self):
        """On the day after its last one, before the morning, it is neither moved nor cancelled any more."""
        with freeze_time('2026-03-17'):
            self.assertEqual(self.promise.state, 'running')
            with self._refused("has ended already"):
                self.promise.action_move('2026-03-25')
            with self._refused("has ended already"):
                self.promise.action_cancel("He wants more time")
            self._pay(self.item, 600, '2026-03-12')
            self.assertEqual(self.promise.state, 'kept')

    def test_no_gap(self):
        """On every day exactly one of the two covers the item, and no response time runs beside it."""
        with freeze_time('2026-03-10'):
            self.promise.action_move('2026-03-25')
        for day in ('2026-03-09', '2026-03-10', '2026-03-11', '2026-03-25', '2026-03-27'):
            with self.subTest(day=day):
                self.assertEqual(self._get_parts(day), (600, 0))

    def test_kept_and_broken_after(self):
        """The money counts for the promise that runs; a moved one that is not kept is broken once."""
        with freeze_time('2026-03-10'):
            moved = self.promise.action_move('2026-03-25')
            self._pay(self.item, 600, '2026-03-10')
            self.assertEqual((self.promise.state, self.promise.line_ids.amount_kept), ('moved', 600))
            self.assertEqual((moved.state, moved.line_ids.amount_kept), ('kept', 600))
            self.item.remove_move_reconcile()
            self.env.cr.flush()
        self.assertEqual((self.promise.state, moved.state), ('moved', 'running'))
        with freeze_time('2026-04-20'):
            self.env['collection.promise']._settle_due(self.company)
            self.assertEqual((self.promise.state, moved.state, moved.broken_count), ('moved', 'broken', 1))

    def test_plan_moved(self):
        """Of a plan what is still to come is moved, each amount to its date; what was kept stays kept."""
        item = self._receivable(self._invoice(900))
        plan = self._promise((item, 300, '2026-03-03'), (item, 300, '2026-03-31'), (item, 300, '2026-04-30'))
        with freeze_time('2026-03-03'):
            self._pay(item, 300, '2026-03-03')
            second = plan.line_ids[1]
            moved = plan.action_move({str(second.id): '2026-04-15'})
        self.assertEqual(plan.line_ids.mapped('state'), ['kept', 'moved', 'moved'])
        self.assertEqual(plan.state, 'moved')
        self.assertEqual(
            [(line.date, line.amount) for line in moved.line_ids],
            [(date(2026, 4, 15), 300), (date(2026, 4, 30), 300)],
        )
        self.assertTrue(moved.is_plan)
        self.assertIn("first promised for 03/31/2026", moved.move_text)

    def test_refused(self):
        with self._refused("new date"):
            self.promise.action_move('2026-03-12')
        with self._refused("past"), freeze_time('2026-03-10'):
            self.promise.action_move('2026-03-05')
        with freeze_time('2026-03-20'):
            self.promise._settle_due(self.company)
            with self._refused("ended"):
                self.promise.action_move('2026-03-25')
        for values in ({'moved_from_id': self.promise.id}, {'signed_on': '2026-03-02'}, {'confirmed_on': '2026-03-02'}):
            with self.assertRaises(AccessError):
                self.promise.write(values)
            with self.assertRaises(AccessError):
                self._promise((self._receivable(self._invoice(50)), 50, '2026-03-12'), **values)

    def test_caller(self):
        """A caller moves a promise once, within his limits; a collector again."""
        caller = new_test_user(self.env, 'move_caller', groups=GROUP + 'caller', company_id=self.company.id)
        mine = self.promise.with_user(caller)
        with self._refused("until"):
            mine.action_move('2026-03-18')
        moved = mine.action_move('2026-03-17')
        self.assertEqual(moved.user_id, caller)
        with self._refused("collector"):
            moved.action_move('2026-03-16')
        self.assertEqual(moved.with_user(self.env.user).action_move('2026-03-16').move_count, 2)

    def test_dialog(self):
        """The dialog shows what is still to come, and its date goes to every amount."""
        plan = self._promise(
            (self._receivable(self._invoice(900)), 300, '2026-03-05'),
            (self._receivable(self._invoice(50)), 50, '2026-03-31'),
        )
        dialog = self.env['collection.promise.move'].with_context(default_promise_id=plan.id)
        dialog = dialog.create({'date': '2026-04-02'})
        self.assertEqual(dialog.line_ids.mapped('amount'), [300, 50])
        action = dialog.action_move()
        moved = self.env['collection.promise'].browse(action['res_id'])
        self.assertEqual(set(moved.line_ids.mapped('date')), {date(2026, 4, 2)})
