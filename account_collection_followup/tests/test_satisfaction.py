from datetime import date

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged

from .common import CollectionCommon

GROUP = 'account_collection_followup.group_collection_'


@tagged('post_install', '-at_install')
@freeze_time('2026-03-02 09:00:00')
class TestSatisfaction(CollectionCommon):
    """Calls before the due date: to whom, when, about what (R2, R7, R8). Today is Monday 2 March 2026."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rep = new_test_user(
            cls.env, 'satisfaction_rep', groups=GROUP + 'resolver', company_id=cls.company.id, email='rep@example.com'
        )
        cls.partner_a.user_id = cls.rep
        cls.partner_a.phone = '+1 555 0101'

    def plan_calls(self, day='2026-03-02'):
        with freeze_time(f'{day} 09:00:00'):
            self.env['collection.case']._refresh(self.company)
            return self.env['collection.call']._plan_satisfaction(self.company)

    def make_old(self, partner=None):
        """A customer who has paid three invoices: new no more."""
        with freeze_time('2025-12-01'):
            for _number in range(3):
                self.pay(self.invoice(partner, due='2025-12-20', amount=10), day='2025-12-20')

    # -- when ----------------------------------------------------------------
    def test_fourteen_days_before(self):
        """Not before the 14th day before the due date; a missed day is caught up while it lies ahead (R2, R67)."""
        move = self.invoice(due='2026-03-17')
        self.assertFalse(self.plan_calls('2026-03-02'))
        call = self.plan_calls('2026-03-03')
        self.assertEqual(
            (call.partner_id, call.purpose, call.planned_on, call.user_id, call.move_ids),
            (self.partner_a, 'satisfaction', date(2026, 3, 3), self.rep, move),
        )
        self.assertEqual(call.contact_id, self.partner_a)
        self.assertEqual(call.target_reason, "New customer")
        late = self.invoice(self.partner_b, due='2026-03-17')
        self.assertFalse(self.plan_calls('2026-03-17'))
        self.assertEqual(self.plan_calls('2026-03-16').move_ids, late)

    def test_short_terms(self):
        """Terms under 20 days: three days after the invoice."""
        self.invoice(due='2026-03-18', invoice_date='2026-03-02')
        self.assertFalse(self.plan_calls('2026-03-04'))
        self.assertTrue(self.plan_calls('2026-03-05'))

    def test_never_on_a_day_off_and_once_a_day(self):
        self.invoice(due='2026-03-14')
        self.assertFalse(self.plan_calls('2026-03-01'))
        self.env['collection.holiday'].create({'name': "Holiday", 'date': '2026-03-02'})
        self.assertFalse(self.plan_calls())
        self.assertTrue(self.plan_calls('2026-03-03'))
        self.assertFalse(self.plan_calls('2026-03-03'))

    def test_the_run_of_the_day_plans_them(self):
        self.invoice(due='2026-03-14')
        self.run_day()
        call = self.env['collection.call'].search([('purpose', '=', 'satisfaction')])
        self.assertEqual(call.partner_id, self.partner_a)
        self.assertEqual(call.activity_ids.user_id, self.rep)

    def test_one_call_for_all(self):
        """All that falls due 14 to 28 days ahead, and only that; what a call was about needs no other."""
        first, second = self.invoice(due='2026-03-16'), self.invoice(due='2026-03-30')
        outside = self.invoice(due='2026-03-31')
        call = self.plan_calls()
        self.assertEqual(call.move_ids, first | second)
        call.action_made('all_well')
        self.assertFalse(self.plan_calls('2026-03-16'))
        self.assertEqual(self.plan_calls('2026-03-17').move_ids, second | outside)

    # -- who -----------------------------------------------------------------
    def test_whom(self):
        """New, contesting, large, or of a policy that calls everybody (R7)."""
        self.make_old()
        self.invoice(due='2026-03-16', amount=9999)
        self.assertFalse(self.plan_calls())
        large = self.invoice(due='2026-03-20', amount=1)
        call = self.plan_calls()
        self.assertEqual((call.target_reason, large in call.move_ids), ("Large amount soon due", True))

    def test_whom_contesting(self):
        self.make_old()
        move = self.invoice(due='2026-03-16')
        for opened_on in ('2025-03-01', '2026-01-05'):
            self.make_dispute(move, opened_on).action_close('rejected')
        self.assertFalse(self.plan_calls())
        self.make_dispute(move, '2026-01-06').action_close('rejected')
        self.assertEqual(self.plan_calls().target_reason, "2 disputes lately")

    def test_whom_policy(self):
        self.make_old()
        self.invoice(due='2026-03-16')
        self.partner_a.collection_policy_id = self.env.ref('account_collection_followup.policy_public')
        self.assertEqual(self.plan_calls().target_reason, "Every customer of “Public bodies” is called")

    def test_settings(self):
        """Every number is a setting; a policy without the level calls nobody."""
        self.make_old()
        self.invoice(due='2026-03-16', amount=500)
        self.policy.satisfaction_amount = 500
        level = self.levels[10]
        level.delay_days = 13
        self.assertFalse(self.plan_calls())
        level.delay_days = 14
        level.active = False
        self.assertFalse(self.plan_calls())
        level.active = True
        self.assertTrue(self.plan_calls())

    def make_dispute(self, move, opened_on='2026-03-02'):
        return self.env['collection.dispute'].create(
            {
                'type_id': self.env.ref('account_collection_followup.dispute_type_technical').id,
                'opened_on': opened_on,
                'line_ids': [fields.Command.create({'move_id': move.id, 'amount': 10})],
            }
        )

    # -- not -----------------------------------------------------------------
    def test_sixty_days(self):
        """At most one in 60 days, unless he is new or the amount is large (R8)."""
        self.make_old()
        self.policy.satisfaction_always = True
        self.invoice(due='2026-03-16')
        self.plan_calls().action_made('all_well')
        self.invoice(due='2026-04-20')
        self.assertFalse(self.plan_calls('2026-04-06'))
        with freeze_time('2026-04-06 09:00:00'):
            self.invoice(due='2026-05-15')
        self.assertFalse(self.plan_calls('2026-04-30'))
        self.assertTrue(self.plan_calls('2026-05-04'))

    def test_sixty_days_do_not_count_for_large_amounts(self):
        self.make_old()
        self.policy.satisfaction_always = True
        self.invoice(due='2026-03-16')
        self.plan_calls().action_made('all_well')
        self.invoice(due='2026-04-20', amount=20000)
        self.assertTrue(self.plan_calls('2026-04-06'))

    def test_never_again_within_the_days_of_one_call(self):
        """Not even a new customer with large invoices every day: one call is about those of two weeks."""
        made = []
        for number in range(40):
            day = fields.Date.add(date(2026, 3, 2), days=number)
            with freeze_time(f'{day} 09:00:00'):
                self.invoice(due=fields.Date.add(day, days=15), amount=12000, invoice_date=day)
            if calls := self.plan_calls(day):
                with freeze_time(f'{day} 15:00:00'):
                    calls.action_made('all_well')
                made.append(day)
        self.assertEqual(made, [date(2026, 3, 5), date(2026, 3, 19), date(2026, 4, 2)])

    def test_not_while_something_else_goes_on(self):
        """No call with a dispute open, on hold, above the first reminder, or with another call planned."""
        move = self.invoice(due='2026-03-16')
        dispute = self.make_dispute(move)
        self.assertFalse(self.plan_calls())
        dispute.action_close('withdrawn')
        hold = self.env['collection.hold'].create(
            {'partner_id': self.partner_a.id, 'reason': "Asked for", 'date_until': '2026-03-04'}
        )
        self.assertFalse(self.plan_calls())
        hold.action_end()
        other = self.env['collection.call'].create({'partner_id': self.partner_a.id, 'planned_on': '2026-03-09'})
        self.assertFalse(self.plan_calls())
        other.action_cancel()
        self.assertTrue(self.plan_calls())

    def test_not_above_the_first_reminder(self):
        self.invoice(due='2026-02-10')
        self.run_day('2026-02-16')
        step = self.steps()
        self.env['collection.call'].search([('step_id', '=', step.id)]).action_made('refusal', "No")
        self.invoice(due='2026-03-20')
        self.run_day('2026-02-27')  # 23 February + 2 working days
        self.assertEqual(self.steps()[-1].level_id, self.levels[30])
        self.env['collection.call'].search([('state', '=', 'planned')]).action_made('refusal', "No")
        self.assertFalse(self.plan_calls('2026-03-06'))

    def test_a_step_takes_the_call_over(self):
        """A reminder that wants a call: the one that is planned becomes a collection call (R8)."""
        self.invoice(due='2026-03-16')
        call = self.plan_calls()
        self.invoice(due='2026-02-25')
        self.run_day()
        self.assertEqual(self.steps().call_state, 'todo')
        self.assertEqual((call.purpose, call.user_id, call.step_id), ('collection', self.collector, self.steps()))
        self.assertEqual(self.env['collection.call'].search_count([('state', '=', 'planned')]), 1)
        self.assertEqual(call.activity_ids.user_id, self.collector)

    def test_daily_cap(self):
        """What exceeds the cap waits for the next day, the first to fall due first."""
        self.policy.satisfaction_daily_cap = 1
        self.invoice(due='2026-03-16')
        self.invoice(self.partner_b, due='2026-03-12')
        call = self.plan_calls()
        self.assertEqual(call.partner_id, self.partner_b)
        self.assertFalse(self.plan_calls())
        call.action_made('all_well')
        self.assertFalse(self.plan_calls())
        self.assertEqual(self.plan_calls('2026-03-03').partner_id, self.partner_a)

    def test_no_flood_at_go_live(self):
        """The calls still to be made count, of all policies together: they do not pile up (R8, R72)."""
        other = self.policy.copy({'satisfaction_daily_cap': 4})
        self.policy.satisfaction_daily_cap = 3
        partners = self.env['res.partner'].create([{'name': f"Customer {number}"} for number in range(8)])
        partners[4:].collection_policy_id = other
        for number, partner in enumerate(partners):
            self.invoice(partner, due=f'2026-03-{9 + number:02}')
        self.company.collection_start_date = '2026-03-02'
        planned = [('purpose', '=', 'satisfaction'), ('state', '=', 'planned')]
        for day in ('2026-03-02', '2026-03-03', '2026-03-04'):
            self.run_day(day)
            calls = self.env['collection.call'].search(planned)
            self.assertEqual(calls.partner_id, partners[:3] | partners[4], day)
        with freeze_time('2026-03-04 15:00:00'):
            calls.filtered(lambda call: call.partner_id in partners[:2]).action_made('all_well')
        self.run_day('2026-03-05')
        self.assertEqual(self.env['collection.call'].search(planned).partner_id, partners[2:6])

    def test_dropped_when_all_is_paid(self):
        first, second = self.invoice(due='2026-03-16'), self.invoice(due='2026-03-20')
        call = self.plan_calls()
        self.pay(first)
        self.env['collection.case']._refresh(self.company, self.partner_a)
        self.assertEqual(call.state, 'planned')
        self.pay(second)
        self.env['collection.case']._refresh(self.company, self.partner_a)
        self.assertEqual(call.state, 'cancelled')
        self.assertFalse(call.activity_ids)
        self.assertEqual(call.case_id.state, 'closed')

    def test_who_calls(self):
        """The rep, while he is here and may log the call; else whoever collects."""
        self.partner_b.user_id = new_test_user(
            self.env, 'satisfaction_stranger', groups='base.group_user', company_id=self.company.id
        )
        self.invoice(self.partner_b, due='2026-03-16')
        self.assertEqual(self.plan_calls().user_id, self.collector)
        self.rep.active = False
        self.invoice(due='2026-03-16')
        self.assertEqual(self.plan_calls().user_id, self.collector)

    def test_companies_apart(self):
        other = self.setup_other_company()['company']
        self.invoice(due='2026-03-16')
        self.assertFalse(self.env['collection.call']._plan_satisfaction(other))

    # -- what comes out of it --------------------------------------------------
    def log(self, call, user, **values):
        form = Form(self.env['collection.call.log'].with_user(user).with_context(default_call_id=call.id))
        for name, value in values.items():
            form[name] = value
        return form

    def test_the_rep_opens_a_dispute(self):
        """From the call, on the invoices it is about, without accounting rights (R5, R13)."""
        move, second = self.invoice(due='2026-03-16'), self.invoice(due='2026-03-20', amount=700)
        call = self.plan_calls()
        self.assertIn(move.name, call.with_user(self.rep).about)
        self.assertIn("700.00", call.with_user(self.rep).about)
        dispute_type = self.env.ref('account_collection_followup.dispute_type_technical')
        form = self.log(
            call, self.rep, result='dispute', dispute_type_id=dispute_type, dispute_reason="Two arrived broken"
        )
        self.assertEqual(len(form.choice_ids), 2)
        with form.choice_ids.edit(1) as line:
            line.chosen = True
            line.amount = 200
        form.save().action_save()
        dispute = call.dispute_id
        self.assertEqual((call.state, call.result), ('made', 'dispute'))
        self.assertEqual((dispute.line_ids.move_id, dispute.amount), (second, 200))
        self.assertEqual((dispute.partner_id, dispute.reason), (self.partner_a, "Two arrived broken"))
        self.assertEqual(dispute.create_uid, self.rep)

    def test_the_rep_contests_nothing_else(self):
        self.invoice(due='2026-03-16')
        outside = self.invoice(due='2026-06-16')
        foreign = self.invoice(self.partner_b, due='2026-03-16')
        calls = self.plan_calls()
        call = calls.filtered(lambda call: call.partner_id == self.partner_a)
        dispute_type = self.env.ref('account_collection_followup.dispute_type_technical')
        for move in (outside, foreign):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                call.with_user(self.rep)._open_dispute(dispute_type, "No", [(self.term(move), 10)])
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            (calls - call).with_user(self.rep)._open_dispute(dispute_type, "No", [(self.term(foreign), 10)])
        with self.assertRaises(AccessError):
            (calls - call).with_user(self.rep).read(['about'])

    def test_confirmed_payment_is_a_promise(self):
        """Confirmed at the due dates: a promise each, that grant nothing and need no right to grant (R4, R24). They are
        no instalment plan: none is taken with another, and no plan asked for is answered."""
        caller = new_test_user(self.env, 'satisfaction_caller', groups=GROUP + 'caller', company_id=self.company.id)
        first, second = self.invoice(due='2026-03-16', amount=8000), self.invoice(due='2026-03-27')
        call = self.plan_calls()
        request = call.case_id._request_plan("Four months for what is older")
        self.log(call, caller, result='promise').save().action_save()
        self.assertEqual((call.result, call.promise_id.line_ids.move_id), ('promise', first))
        promises = call.case_id.promise_ids
        self.assertEqual(
            {(promise.line_ids.move_id, promise.line_ids.date, promise.is_plan) for promise in promises},
            {(first, date(2026, 3, 16), False), (second, date(2026, 3, 27), False)},
        )
        self.assertTrue(request.exists() and request.active)
        with freeze_time('2026-03-19'):
            promises._settle()
            states = {promise.line_ids.move_id: promise.state for promise in promises}
            self.assertEqual(states, {first: 'broken', second: 'running'})

    def test_the_rep_confirms_several_due_dates(self):
        moves = self.invoice(due='2026-03-16'), self.invoice(due='2026-03-27'), self.invoice(due='2026-03-27')
        call = self.plan_calls()
        promises = call.with_user(self.rep)._confirm_payment().sudo()
        self.assertEqual(promises.line_ids.move_id, self.env['account.move'].union(*moves))
        self.assertEqual(promises.mapped('is_plan'), [False, False])
        self.assertEqual(promises.mapped('next_date'), [date(2026, 3, 16), date(2026, 3, 27)])

    def test_the_rep_says_all_is_well(self):
        self.invoice(due='2026-03-16')
        call = self.plan_calls()
        self.log(call, self.rep, result='all_well').save().action_save()
        self.assertEqual((call.state, call.result, call.user_id), ('made', 'all_well', self.rep))
