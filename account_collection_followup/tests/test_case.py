from freezegun import freeze_time

from odoo.tests import tagged

from .common import TODAY, CollectionCommon

DERIVED = [
    'balance', 'overdue', 'disputed', 'promised', 'to_chase', 'oldest_due_date', 'level_id', 'next_level_id',
    'next_action', 'next_date', 'reason', 'attention', 'weight', 'last_contact_on',
]  # fmt: skip


@tagged('post_install', '-at_install')
@freeze_time(TODAY)
class TestCase(CollectionCommon):
    def case(self, partner=None):
        return self.env['collection.case'].search(
            [('partner_id', '=', (partner or self.partner_a).id), ('state', '=', 'open')]
        )

    def refresh(self):
        self.env['collection.case']._refresh(self.company)

    def dispute(self, move, amount):
        return self.env['collection.dispute'].create({
            'partner_id': move.partner_id.id, 'reason': "Not what was ordered",
            'type_id': self.env.ref('account_collection_followup.dispute_type_commercial').id,
            'line_ids': [(0, 0, {'move_id': move.id, 'amount': amount})]})  # fmt: skip

    def test_case_opens_when_something_is_overdue_and_closes_when_it_is_settled(self):
        move = self.invoice()
        self.invoice(self.partner_b, due='2026-03-20')
        self.refresh()
        case = self.case()
        self.assertEqual((case.overdue, case.to_chase, case.days_overdue), (1000, 1000, 10))
        self.assertEqual(case.user_id, self.collector)
        self.assertFalse(self.case(self.partner_b), "nothing of this customer is overdue")
        self.pay(move)
        self.refresh()
        self.assertEqual((case.state, str(case.closed_on)), ('closed', TODAY))

    def test_due_today_opens_no_case(self):
        self.invoice(due=TODAY)
        self.refresh()
        self.assertFalse(self.case())

    def test_a_case_with_a_dispute_stays_open(self):
        move = self.invoice(due='2026-03-20')
        self.dispute(move, 300)
        self.refresh()
        self.assertEqual((self.case().disputed, self.case().overdue), (300, 0))

    def test_rebuilt_from_the_facts(self):
        """What is kept on the case is nothing but the facts: wiped out, it comes back the same."""
        first, second = self.invoice(), self.invoice(due='2026-02-10', amount=500)
        self.invoice(self.partner_b, amount=700)
        self.run_day()
        self.dispute(second, 200)
        self.pay(first, amount=100)
        self.refresh()
        cases = self.case() | self.case(self.partner_b)
        before = cases.read(DERIVED)
        self.env.flush_all()
        self.env.cr.execute(
            """UPDATE collection_case SET balance = 0, overdue = 0, disputed = 1, promised = 2, to_chase = 3, level_id = NULL,
                      oldest_due_date = NULL, next_level_id = NULL, next_action = 'none', next_date = NULL, reason = NULL,
                      attention = 1, weight = 0, last_contact_on = NULL"""
        )
        cases.invalidate_recordset()
        self.refresh()
        self.assertEqual(cases.read(DERIVED), before)

    def test_a_payment_only_marks_and_the_scheduled_action_refreshes(self):
        move = self.invoice()
        self.refresh()
        case = self.case()
        self.pay(move, amount=400)
        self.env.cr.flush()
        self.env['collection.case'].invalidate_model()
        self.assertEqual(case.overdue, 1000, "paying does no work on the case")
        self.assertTrue(self.env['collection.mark'].sudo().search([('partner_id', '=', self.partner_a.id)]))
        with self.enter_registry_test_mode():
            self.env.ref('account_collection_followup.ir_cron_collection_refresh').method_direct_trigger()
        case.invalidate_recordset()
        self.assertEqual(case.overdue, 600)

    def test_figures_agree_with_the_items(self):
        first = self.invoice()
        self.invoice(due='2026-03-20', amount=250)
        self.receive(self.partner_a, 80, '2026-01-05')
        self.dispute(first, 300)
        self.refresh()
        items = self.env['collection.item'].search([('partner_id', '=', self.partner_a.id)])
        case = self.case()
        self.assertEqual(case.balance, sum(items.mapped('residual')))
        self.assertEqual(
            case.overdue, sum(item.residual for item in items if item.days_overdue > 0 and item.residual > 0)
        )
        self.assertEqual(case.disputed, 300)
        self.assertEqual(case.to_chase, 1000 - 300 - 80)

    def test_merging_customers_keeps_one_case_and_all_history(self):
        self.invoice()
        self.invoice(self.partner_b)
        self.run_day()
        kept, other = self.case(), self.case(self.partner_b)
        wizard = self.env['base.partner.merge.automatic.wizard'].sudo().create({})
        wizard._merge((self.partner_a | self.partner_b).ids, self.partner_a, extra_checks=False)
        self.env.invalidate_all()
        self.env.cr.flush()
        self.refresh()
        self.assertEqual(self.case(), kept)
        self.assertEqual((other.state, other.partner_id), ('closed', self.partner_a))
        self.assertEqual(kept.overdue, 2000)
        self.assertEqual(len(self.steps()), 2, "both reminders are still there")
        self.assertEqual({item.reason for item in self.plan().values()}, {'conversation'})

    def test_an_archived_customer_is_held_and_listed(self):
        move = self.invoice()
        self.partner_a.active = False
        run = self.run_day()
        self.assertEqual(run.hold_ids.reason, 'archived')
        self.assertEqual(self.reason(move), 'archived')
        self.assertFalse(self.steps())

    def test_nobody_is_called_about_what_is_answered(self):
        move, other = self.invoice(), self.invoice(self.partner_b)
        self.run_day()
        self.assertEqual(self.steps().call_ids.state, 'planned')
        self.pay(move)
        self.dispute(other, 1000)
        self.refresh()
        for partner in self.partner_a | self.partner_b:
            step = self.steps(partner)
            self.assertEqual((step.call_ids.state, step.call_state, step.complete), ('cancelled', 'waived', True))
        self.assertFalse(self.case(), "nothing is left to do for this customer")

    def test_one_planned_call_per_customer(self):
        self.invoice()
        self.run_day()
        first = self.steps()
        first.action_record_failure("Not reached")
        self.run_day('2026-03-11')
        second = self.steps()[-1]
        self.assertEqual(first.call_ids.state, 'cancelled')
        self.assertEqual(second.call_ids.state, 'planned')
        self.assertEqual(len(second.case_id.call_ids.filtered(lambda call: call.state == 'planned')), 1)

    def test_a_step_whose_call_is_dropped_still_has_its_date(self):
        """Without e-mail the call would fix the date; a promise comes first, is broken, and the ladder goes on."""
        self.partner_a.email = False
        move = self.invoice()
        self.run_day()
        self.env['collection.promise'].create({
            'partner_id': self.partner_a.id,
            'line_ids': [(0, 0, {'move_id': move.id, 'amount': 1000, 'date': '2026-03-04'})]})  # fmt: skip
        self.refresh()
        step = self.steps()
        self.assertEqual((step.call_state, step.complete, str(step.date_given)), ('waived', True, '2026-03-09'))
        self.assertEqual(self.run_day('2026-03-12').message_ids.level_id, self.levels[30])
