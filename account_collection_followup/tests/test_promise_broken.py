from datetime import date

from freezegun import freeze_time

from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from .facts_common import GROUP, FactsCommon


@tagged('post_install', '-at_install')
@freeze_time('2026-03-02 09:00:00')
class TestPromiseBroken(FactsCommon):
    """What follows the day a promise is broken (R35)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.collector = new_test_user(
            cls.env, 'broken_collector', groups=GROUP + 'collector', company_id=cls.company.id
        )
        cls.company.collection_user_id = cls.collector
        with freeze_time('2026-03-02 09:00:00'):
            cls.item = cls._receivable(cls._invoice(1000))
            cls.case = cls.env['collection.case']._open_for(cls.customer, cls.company)[cls.customer]

    def _settle(self):
        self.env['collection.promise']._settle_due(self.company)
        self.env.cr.flush()

    def _get_calls(self):
        return self.env['collection.call'].search([('case_id', '=', self.case.id), ('state', '=', 'planned')])

    def test_called(self):
        """The same day the case heads the worklist and one call is planned, with the reason."""
        contact = self.env['res.partner'].create({'name': "Accounts payable", 'parent_id': self.customer.id})
        other = self._receivable(self._invoice(70))
        self._promise((self.item, 600, '2026-03-12'), contact_id=contact.id)
        self._promise((other, 70, '2026-03-12'))
        with freeze_time('2026-03-16'):
            self._settle()
            self.assertFalse(self._get_calls())
        with freeze_time('2026-03-17'):
            self._settle()
            self._settle()
            call = self._get_calls()
            self.assertEqual(len(call), 1)
            self.assertEqual((call.planned_on, call.user_id), (date(2026, 3, 17), self.collector))
            self.assertEqual(call.contact_id, contact)
            self.assertEqual(call.move_ids, self.item.move_id + other.move_id)
            self.assertIn(
                "Promise of 03/12/2026 for $\xa0600.00 broken".replace('\xa0', ' '), call.why.replace('\xa0', ' ')
            )
            self.assertIn("70.00", call.why)
            self.assertTrue(call.activity_ids.filtered(lambda activity: activity.user_id == self.collector))
            self.assertEqual((self.case.attention, self.case.next_action), (2, 'promise'))

    def _contact(self, name, **values):
        return self.env['res.partner'].create(
            {'name': name, 'parent_id': self.customer.id, 'phone': '+33 1 02 03 04 05', **values}
        )

    def test_who_refuses_is_not_called(self):
        """Who promised does not want to be called: who has the role is."""
        payable = self.env['res.partner']._get_collection_payable_role()
        refusing = self._contact("Who promised", collection_do_not_call=True)
        other = self._contact("Accounts payable", collection_role_ids=[(6, 0, payable.ids)])
        self._promise((self.item, 600, '2026-03-12'), contact_id=refusing.id)
        with freeze_time('2026-03-17'):
            self._settle()
        self.assertEqual(self._get_calls().contact_id, other)

    def test_nobody_may_be_called(self):
        """No call is planned, and the case says why."""
        contact = self._contact("Who & co", collection_do_not_call=True)
        self.env['res.partner'].search([('commercial_partner_id', '=', self.customer.id)]).collection_do_not_call = True
        self._promise((self.item, 600, '2026-03-12'), contact_id=contact.id)
        with freeze_time('2026-03-17'):
            self._settle()
        self.assertFalse(self._get_calls())
        notes = self.case.message_ids.filtered(lambda message: 'No call is planned' in (message.body or ''))
        self.assertEqual(len(notes), 1)
        self.assertIn("Nobody there may be called", notes.body)
        self.assertIn("600.00", notes.body)

    def test_partly_and_plan(self):
        """Partly kept gets the same call and the same response time; a plan is named by the instalment missed."""
        partly = self._promise((self.item, 600, '2026-03-12'))
        with freeze_time('2026-03-17'):
            self._pay(self.item, 400, '2026-03-12')
            self._settle()
            self.assertIn("only", self._get_calls().why)
            self.assertIn("400.00", self._get_calls().why)
        self.assertEqual(partly.line_ids.response_until, date(2026, 3, 18))
        other = self.customer.copy({'name': "Other customer"})
        item = self._receivable(self._invoice(300, partner_id=other.id))
        plan = self._promise((item, 100, '2026-03-12'), (item, 200, '2026-04-30'))
        with freeze_time('2026-03-17'):
            self._settle()
        call = self.env['collection.call'].search([('case_id', '=', plan.case_id.id)])
        self.assertIn("Instalment of 03/12/2026", call.why)
        self.assertIn("100.00", call.why)

    def test_planned_call_learns_why(self):
        """A call that is planned already comes forward and learns the reason; none is added."""
        call = self.env['collection.call'].create({'partner_id': self.customer.id, 'planned_on': '2026-03-30'})
        self._promise((self.item, 600, '2026-03-12'))
        with freeze_time('2026-03-17'):
            self._settle()
        self.assertEqual(self._get_calls(), call)
        self.assertEqual(call.planned_on, date(2026, 3, 17))
        self.assertIn("broken", call.why)

    def test_tries(self):
        """Who broke a promise is tried every second working day at most, others every working day."""
        self._promise((self.item, 600, '2026-03-12'))
        with freeze_time('2026-03-17'):
            self._settle()
            call = self._get_calls()
            call.action_made('absent')
            self.assertEqual(call.planned_on, date(2026, 3, 19))
        with freeze_time('2026-03-19'):
            self._pay(self.item, 1000, '2026-03-19')
            self.assertFalse(self._get_calls())
            other = self.env['collection.call'].create({'partner_id': self.customer.id, 'planned_on': '2026-03-19'})
            other.action_made('absent')
            self.assertEqual(other.planned_on, date(2026, 3, 20))

    def test_unmatched_later(self):
        """Money taken back after the last day breaks the promise then, and has the customer called."""
        promise = self._promise((self.item, 1000, '2026-03-12'))
        with freeze_time('2026-03-12'):
            receipt = self._pay(self.item, 1000, '2026-03-12')
        with freeze_time('2026-04-20'):
            receipt.remove_move_reconcile()
            receipt.move_id.button_draft()
            self.env.cr.flush()
            self.assertEqual(promise.state, 'broken')
            self.assertEqual(
                self.env['collection.call']
                .search([('state', '=', 'planned'), ('partner_id', '=', self.customer.id)])
                .planned_on,
                date(2026, 4, 20),
            )

    def test_settled_anyway(self):
        """Nobody is called about a promise missed on what was paid meanwhile."""
        promise = self._promise((self.item, 1000, '2026-03-12'))
        with freeze_time('2026-03-20'):
            self._pay(self.item, 1000, '2026-03-19')
        self.assertEqual(promise.state, 'broken')
        self.assertFalse(self._get_calls())

    def test_promised_again(self):
        """A new promise of the same invoices answers the broken one: the case does not stay on top."""
        broken = self._promise((self.item, 1000, '2026-03-12'))
        with freeze_time('2026-03-17'):
            self._settle()
            self.assertEqual(self.case.attention, 2)
            self.assertIn("Broken promises: 1.", broken.broken_text)
            self.assertNotIn("Formal", broken.broken_text, "no message asked for it yet")
            self._promise((self.item, 1000, '2026-03-24'))
            self.env.cr.flush()
            broken.invalidate_recordset()
            self.assertIn("promised again", broken.broken_text)
            self.assertNotEqual((self.case.attention, self.case.next_action), (2, 'promise'))
            self.assertFalse(self._get_calls())

    def test_disputed_meanwhile(self):
        """What is disputed as a whole is solved first; disputed in part, the customer is called."""
        other = self._receivable(self._invoice(300))
        promise = self._promise((self.item, 1000, '2026-03-12'))
        self._promise((other, 300, '2026-03-12'))
        self.env['collection.dispute'].create(
            {
                'type_id': self.type.id,
                'line_ids': [
                    (0, 0, {'move_id': self.item.move_id.id}),
                    (0, 0, {'move_id': other.move_id.id, 'amount': 9}),
                ],
            }
        )
        with freeze_time('2026-03-17'):
            self._settle()
            self.assertEqual(promise.state, 'broken')
            self.assertIn("disputed meanwhile", promise.broken_text)
            self.assertNotIn("Call", promise.broken_text)
            self.assertEqual(self._get_calls().move_ids, other.move_id)
            self.assertNotIn("000.00", self._get_calls().why)

    def test_one_failing_promise(self):
        """One that cannot be settled is told in the run of the day, and keeps no other from being settled."""
        failing = self._promise((self.item, 600, '2026-03-12'))
        other = self._promise((self._receivable(self._invoice(70)), 70, '2026-03-11'))
        self.company.collection_start_date = '2026-03-01'
        self.env.flush_all()
        # the database refuses what would be written
        self.env.cr.execute(
            "ALTER TABLE collection_promise_line ADD CHECK (promise_id <> %s OR state = 'running')", [failing.id]
        )
        with freeze_time('2026-03-17 09:00:00'):
            with self.assertLogs('odoo.addons.account_collection_followup', 'ERROR'), mute_logger('odoo.sql_db'):
                self.env['collection.run'].sudo()._prepare_day(self.company)
            self.assertEqual((failing.state, other.state), ('running', 'broken'))
            run = self.env['collection.run']._get_today(self.company)
            self.assertIn(failing.display_name, run.warnings)
            self.assertNotIn(other.display_name, run.warnings)

    def test_due_dates_confirmed_do_not_count(self):
        """Who confirmed to pay when due and did not is called, but asked for no time (R36)."""
        later = self._receivable(self._invoice(100, invoice_date_due='2026-03-10'))
        promise = self._promise((later, 100, '2026-03-10'))
        with freeze_time('2026-03-17'):
            self._settle()
            self.assertEqual((promise.state, promise.counts_as_broken, promise.broken_count), ('broken', False, 0))
            self.assertTrue(self._get_calls())
            self.assertNotIn("Formal", promise.broken_text)

    def test_paid_elsewhere(self):
        """Money that went to other invoices: nobody is called, the matching is looked at."""
        other = self._receivable(self._invoice(800))
        promise = self._promise((self.item, 600, '2026-03-12'))
        with freeze_time('2026-03-17'):
            receipt = self._pay(other, 600, '2026-03-11')
            self._settle()
            self.assertTrue(promise.paid_elsewhere)
            self.assertFalse(self._get_calls())
            activity = promise.activity_ids
            self.assertEqual((activity.user_id, activity.date_deadline), (self.collector, date(2026, 3, 17)))
            self.assertEqual(activity.activity_type_id.name, "Matching to look at")
            self.assertNotEqual((self.case.attention, self.case.next_action), (2, 'promise'))
            # matched with what was promised after all: nothing is left to look at
            receipt.remove_move_reconcile()
            (receipt + self.item).reconcile()
            self.env.cr.flush()
            self.assertEqual(promise.state, 'kept')
            self.assertFalse(promise.activity_ids)

    def test_matching_looked_at(self):
        """Looked at once, it does not come back with every payment."""
        other = self._receivable(self._invoice(800))
        promise = self._promise((self.item, 600, '2026-03-12'))
        with freeze_time('2026-03-17'):
            self._pay(other, 600, '2026-03-11')
            self._settle()
            promise.activity_ids.action_feedback("The customer wanted it so")
            self._pay(self.item, 10, '2026-03-17')
            self.assertFalse(promise.activity_ids)

    def test_difficulty(self):
        """Shortage of cash leads to a plan; the motive is for collectors' eyes."""
        caller = new_test_user(self.env, 'broken_caller', groups=GROUP + 'caller', company_id=self.company.id)
        promise = self._promise((self.item, 1000, '2026-03-12'))
        self.case._record_motive('cash')
        with freeze_time('2026-03-17'):
            self._settle()
            self.assertIn("instalment plan is proposed", promise.with_user(self.collector).broken_text)
            # what is in the cache is read without asking
            self.env.invalidate_all()
            text = promise.with_user(caller).broken_text
            self.assertIn("broken", text)
            self.assertNotIn("cash", text)

    def test_plan_instead_of_formal_notice(self):
        """Short of cash, with as many broken promises as lead others to formal notice: a collector has the plan on his
        list, once, without the motive named."""
        kind = self.env.ref('account_collection_followup.activity_type_plan_request')

        def get_requests():
            return self.case.activity_ids.filtered(lambda activity: activity.activity_type_id == kind)

        self.policy.broken_promise_limit = 2
        self._promise((self.item, 600, '2026-03-12'))
        self._promise((self._receivable(self._invoice(70)), 70, '2026-03-13'))
        with freeze_time('2026-03-17'):
            self._settle()
            self.case._record_motive('cash')
            self.assertFalse(get_requests())
        with freeze_time('2026-03-18'):
            self._settle()
            self.assertEqual((len(get_requests()), get_requests().user_id), (1, self.collector))
            self.assertIn("Broken promises: 2", get_requests().note)
            self.assertNotIn("cash", get_requests().note)
            self.case._propose_plans()
            self.assertEqual((len(get_requests()), get_requests().note.count("Broken")), (1, 1))
            get_requests().action_feedback("Not now")
            self._settle()
            self.assertFalse(get_requests())
            self.case._record_motive(False)
            self.case._record_motive('cash')
            self.assertTrue(get_requests(), "assessed after the promises were broken")

    def test_new(self):
        """A promise entered from the list starts empty."""
        form = Form(self.env['collection.promise'])
        self.assertFalse(form.broken_text)

    def test_kept_text(self):
        """How a customer keeps his promises, by amount, what went elsewhere and what is still to come left out."""
        self.assertEqual(self.case.kept_text, "No promise has fallen due yet.")
        self._promise((self.item, 600, '2026-03-12'))
        self._promise((self._receivable(self._invoice(50)), 50, '2026-03-05')).action_move('2026-04-29')
        with freeze_time('2026-03-17'):
            self._pay(self.item, 150, '2026-03-12')
            self._settle()
        self.case.invalidate_recordset()
        text = self.case.kept_text.replace('\xa0', ' ')
        self.assertIn("Kept 25 % of what was promised", text)
        self.assertIn("150.00 of", text)
        self.assertIn("Promises moved: 1.", text)
