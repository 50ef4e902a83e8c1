from datetime import date

from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .facts_common import GROUP, FactsCommon


@tagged('post_install', '-at_install')
@freeze_time('2026-03-02 09:00:00')
class TestPromiseTrace(FactsCommon):
    """Who may change a plan, what its chatter tells, and how far ahead a promise may be (R24, R33, R37)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        users = {
            name: new_test_user(cls.env, f'trace_{name}', groups=GROUP + name, company_id=cls.company.id)
            for name in ('caller', 'collector')
        }
        cls.caller, cls.collector = users['caller'], users['collector']
        cls.customer.email = 'a@example.com'
        with freeze_time('2026-03-02 09:00:00'):
            cls.item = cls._receivable(cls._invoice(1000))
            cls.plan = cls._promise((cls.item, 400, '2026-03-12'), (cls.item, 600, '2026-04-13'))

    def _get_notes(self, promise):
        return str(promise.message_ids.mapped('body'))

    def test_plan_is_a_collectors(self):
        """A caller neither cancels nor moves nor confirms it; single promises he does."""
        plan = self.plan.with_user(self.caller)
        self.assertFalse(plan.can_change)
        with self._refused("by a collector", AccessError):
            plan.action_cancel("He will not pay")
        with self._refused("by a collector", AccessError):
            plan.action_move('2026-05-12')
        with self._refused("by a collector", AccessError):
            plan.action_confirm('email')
        self.assertEqual((self.plan.state, self.plan.confirmed_on), ('running', False))
        self.plan.with_user(self.collector).action_cancel("He will not pay")
        single = self._promise((self.item, 100, '2026-03-12'))
        self.assertTrue(single.with_user(self.caller).can_change)
        single.with_user(self.caller).action_cancel("He will not pay")
        self.assertEqual(single.state, 'cancelled')

    def test_cancelled(self):
        """Its chatter tells who and why, its name the date that was next, and what waits in the queue does not leave."""
        single = self._promise((self._receivable(self._invoice(300)), 300, '2026-03-12'))
        single.with_user(self.caller).action_confirm('email')
        mail = single.confirmation_mail_id
        self.assertIn("Confirmed by e-mail to", self._get_notes(single))
        single.with_user(self.caller).action_cancel("He pays nothing more")
        self.assertFalse(mail.exists())
        self.assertEqual((single.confirmation_state, single.confirmed_on), ('none', False))
        note = single.message_ids.filtered(lambda message: "He pays nothing more" in message.body)
        self.assertEqual(note.author_id, self.caller.partner_id)
        self.assertIn("not sent", self._get_notes(single))
        self.plan.action_cancel("He pays nothing more")
        self.assertEqual(self.plan.next_date, date(2026, 3, 12))
        self.assertIn("03/12/2026", self.plan.display_name)

    def test_confirmation_that_left_stays(self):
        single = self._promise((self._receivable(self._invoice(300)), 300, '2026-03-12'))
        single.action_confirm('email')
        single.confirmation_mail_id.state = 'sent'
        single.action_cancel("He pays nothing more")
        self.assertEqual(single.confirmation_state, 'sent')

    def test_moved(self):
        """The move is told in the chatter; a confirmation of the old date does not leave."""
        single = self._promise((self._receivable(self._invoice(300)), 300, '2026-03-12'))
        single.action_confirm('email')
        mail = single.confirmation_mail_id
        single.action_move('2026-03-20')
        self.assertFalse(mail.exists())
        self.assertIn("from 03/12/2026 to 03/20/2026", self._get_notes(single))

    def test_too_far_ahead(self):
        """A single promise is for 60 days at most, whoever takes it; a plan for 24 months; both are numbers of the policy."""
        item = self._receivable(self._invoice(900))
        with self._refused("01/01/2099 is too far ahead.*05/01/2026 at the latest"):
            self._promise((item, 900, '2099-01-01'))
        with self._refused("too far ahead"):
            self._promise((item, 900, '2026-05-02'))
        with self._refused("last instalment is due by 03/02/2028"):
            self._promise((item, 450, '2026-04-01'), (item, 450, '2028-03-03'))
        promise = self._promise((item, 900, '2026-05-01'))
        with self._refused("too far ahead"):
            promise.action_move('2026-07-01')
        self.policy.promise_max_days = 120
        promise.action_move('2026-06-30')

    def test_due_dates_are_never_too_far(self):
        """Who confirms to pay when an invoice falls due asks for no time."""
        item = self._receivable(self._invoice(500, invoice_date_due='2026-07-15'))
        self.assertEqual(self._promise((item, 500, '2026-07-15')).state, 'running')

    def test_plan_dialog(self):
        """The dialog says so before the plan is granted, and why a date is another than asked for."""
        self.plan.action_cancel("Another plan")
        model = self.env['collection.promise.plan'].with_context(default_case_id=self.plan.case_id.id)
        plan = model.create({'first_date': '2026-03-31'})
        self.assertFalse(plan.problem)
        # 31 May is a Sunday
        self.assertEqual([bool(line.remark) for line in plan.line_ids.sorted('date')], [False, False, True])
        self.assertIn("Sunday 31 May is no working day", plan.line_ids.sorted('date')[-1].remark)
        plan.write({'count': 30})
        self.assertIn("too far ahead", plan.problem)

    def test_case_names_the_next_instalment(self):
        self.assertIn("Next instalment on 12 March: $", self.plan.case_id.sentence)

    def test_call_tells_what_was_promised(self):
        """The case reads amount and date; the customer, whose notes everybody reads, neither."""
        item = self._receivable(self._invoice(300))
        call = self.env['collection.call'].create({'partner_id': self.customer.id})
        self._promise((item, 300, '2026-03-12'))
        call.action_made('promise')
        self.assertIn("300.00 for 03/12/2026", str(call.case_id.message_ids.mapped('body')))
        self.assertNotIn("300.00", str(self.customer.message_ids.mapped('body')))
