from unittest.mock import patch

from freezegun import freeze_time
from psycopg2 import OperationalError

from odoo.tests import tagged
from odoo.tools import mute_logger

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

    def test_a_customer_put_under_a_parent_takes_his_conversation_along(self):
        move = self.invoice()
        self.run_day()
        self.env['collection.hold'].create(
            {'partner_id': self.partner_a.id, 'reason': "Talks with the board", 'date_until': '2026-06-30'}
        )
        case, step = self.case(), self.steps()
        parent = self.env['res.partner'].create({'name': "Parent", 'is_company': True})
        self.partner_a.write({'parent_id': parent.id, 'is_company': False})
        self.assertEqual((case.partner_id, step.partner_id, step.line_ids.partner_id), (parent, parent, parent))
        self.assertEqual(case.hold_ids.partner_id, parent)
        self.assertEqual(step.call_ids.partner_id, parent)
        self.env.flush_all()
        self.refresh()
        self.assertEqual((self.case(parent), case.overdue), (case, 1000))
        item = self.plan('2026-04-01')[move]
        self.assertEqual((item.reason, item.last_level_id), ('hold', step.level_id.id))
        self.assertFalse(self.run_day('2026-04-01').message_ids)

    def test_under_a_parent_with_a_case_both_become_one(self):
        self.invoice()
        self.invoice(self.partner_b)
        self.run_day()
        own, parents = self.case(), self.case(self.partner_b)
        self.partner_a.write({'parent_id': self.partner_b.id, 'is_company': False})
        self.refresh()
        self.assertEqual((own.state, own.partner_id), ('closed', self.partner_b))
        self.assertEqual((self.case(self.partner_b), parents.overdue), (parents, 2000))
        self.assertEqual({item.reason for item in self.plan().values()}, {'conversation'})

    def test_a_contact_that_leaves_its_parent_leaves_the_history_there(self):
        self.partner_a.write({'parent_id': self.partner_b.id, 'is_company': False})
        self.invoice()
        self.run_day()
        step = self.steps(self.partner_b)
        self.partner_a.write({'parent_id': False, 'is_company': True})
        self.assertEqual((step.partner_id, step.case_id.partner_id), (self.partner_b, self.partner_b))

    def merge(self, partners, kept):
        wizard = self.env['base.partner.merge.automatic.wizard'].sudo().create({})
        wizard._merge(partners.ids, kept, extra_checks=False)
        self.env.invalidate_all()
        self.env.cr.flush()

    def test_merging_three_customers_with_messages_of_one_day(self):
        partner_c = self.partner_b.copy({'name': "partner_c"})
        for partner in self.partner_b | partner_c:
            self.invoice(partner)
        self.run_day()
        with freeze_time('2026-03-03'):
            self.invoice()
            self.refresh()
            kept = self.case()
            self.assertFalse(kept.step_ids)
            self.merge(self.partner_a | self.partner_b | partner_c, self.partner_a)
            self.refresh()
        self.assertEqual(len(self.steps()), 2, "both reminders are still there")
        self.assertEqual(len(kept.step_ids), 1, "one message a day: the other stays with the case it was sent in")
        self.assertEqual(kept.overdue, 3000)

    def test_merging_moves_what_was_cancelled_and_what_was_written(self):
        for partner in self.partner_a | self.partner_b:
            self.invoice(partner)
        self.run_day()
        kept, other = self.case(), self.case(self.partner_b)
        (kept.step_ids | other.step_ids).sudo().write({'cancelled': True})
        other._message_log(body="Their director is called Dupont")
        activity = other.activity_schedule('mail.mail_activity_data_todo', user_id=self.collector.id)
        self.merge(self.partner_a | self.partner_b, self.partner_a)
        self.assertEqual(len(kept.step_ids), 2)
        self.assertEqual(activity.res_id, kept.id)
        self.assertIn("Dupont", str(kept.message_ids.mapped('body')))
        self.assertIn("Merged", str(other.message_ids.mapped('body')))

    def test_a_late_item_that_rounds_to_nothing_keeps_the_case(self):
        """What is late in another currency may be nothing in the company's: it is chased all the same."""
        self.invoice()
        self.refresh()
        case = self.case()
        self.env.cr.execute(
            "UPDATE account_move_line SET amount_residual = 0 WHERE partner_id = %s AND amount_residual > 0",
            [self.partner_a.id],
        )
        self.env.invalidate_all()
        self.refresh()
        self.assertEqual((case.overdue, case.state), (0, 'open'))

    def test_the_refresh_tries_again_and_one_company_does_not_stop_another(self):
        move = self.invoice()
        self.refresh()
        case = self.case()
        other = self.setup_other_company()['company']
        self.env['collection.mark'].sudo().search([]).unlink()
        self.pay(move, amount=400)
        self.env['collection.mark'].sudo()._add({(self.partner_b.id, other.id)})
        self.env.cr.flush()
        Case = type(self.env['collection.case'])
        refresh, calls = Case._refresh, []

        def disturbed(records, company, partners=None):
            calls.append(company)
            if company == other:
                raise ValueError("a field of this company is broken")
            if calls.count(company) == 1:
                raise OperationalError("could not serialize access due to concurrent update")
            return refresh(records, company, partners)

        with (
            patch.object(Case, '_refresh', disturbed),
            mute_logger('odoo.addons.account_collection_followup.models.collection_case_refresh'),
            self.enter_registry_test_mode(),
        ):
            self.env.ref('account_collection_followup.ir_cron_collection_refresh').method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(case.overdue, 600)
        self.assertEqual(self.env['collection.mark'].sudo().search([]).company_id, other, "its mark waits")

    def test_who_is_called_has_the_role_the_level_names(self):
        """R20: accounts payable at first; once the approver is written to, he is called; without one it is said."""
        role = 'account_collection_followup.contact_role_%s'
        payable, executive = self.env['res.partner'].create([
            {'name': name, 'parent_id': self.partner_a.id, 'phone': "+33 1 00 00 00 00",
             'collection_role_ids': [(4, self.env.ref(role % name).id)]} for name in ('payable', 'executive')])  # fmt: skip
        self.invoice()
        self.refresh()
        case = self.case()
        self.assertEqual(case.contact_id, payable)
        case.sudo().level_id = self.env.ref('account_collection_followup.level_standard_formal')
        self.assertEqual(case.contact_id, executive)
        executive.unlink()
        case.invalidate_recordset()
        self.assertEqual(case.contact_id, payable)
        self.assertIn("No contact is Executive and can be called", case.contact_warning)

    def test_a_customer_who_is_gone_again_is_not_marked(self):
        """Who was marked and rolled back, or deleted, does not stop what else is committed."""
        gone = self.env['res.partner'].create({'name': "Gone"}).id
        self.env['res.partner'].browse(gone).unlink()
        self.env['collection.mark'].sudo().search([]).unlink()
        self.env['collection.mark'].sudo()._add({(gone, self.company.id), (self.partner_b.id, self.company.id)})
        self.assertEqual(self.env['collection.mark'].sudo().search([]).partner_id, self.partner_b)

    def test_an_invoice_being_corrected_keeps_its_call(self):
        move = self.invoice()
        self.run_day()
        step = self.steps()
        move.button_draft()
        self.refresh()
        self.assertEqual((step.call_ids.state, step.call_state), ('planned', 'todo'))
        # the instalment was deleted and made anew
        self.env.flush_all()
        self.env.cr.execute("UPDATE collection_step_line SET line_id = NULL WHERE step_id = %s", [step.id])
        self.env.invalidate_all()
        move.action_post()
        self.refresh()
        self.assertEqual((step.call_ids.state, step.call_state), ('planned', 'todo'))
        self.pay(move)
        self.refresh()
        self.assertEqual((step.call_ids.state, step.call_state), ('cancelled', 'waived'))

    def two_steps(self):
        """An ordinary and a formal message of one day, each with a call."""
        self.invoice()
        self.run_day()
        ordinary = self.steps()
        ordinary.call_ids.sudo().write({'planned_on': '2026-03-05'})
        formal = ordinary.sudo().copy(
            {'track': 'formal', 'level_id': self.levels[40].id, 'call_state': 'todo', 'call_ids': []}
        )
        self.env['collection.step.builder'].sudo()._create_calls(formal)
        return ordinary, formal

    def test_one_call_serves_the_formal_and_the_ordinary_message(self):
        ordinary, formal = self.two_steps()
        call = ordinary.case_id.call_ids
        self.assertEqual((len(call), call.state, formal.call_state), (1, 'planned', 'todo'))
        call.action_made('refusal', "He does not want to pay")
        self.assertEqual((ordinary.call_state, formal.call_state), ('sent', 'sent'))

    def test_both_steps_of_a_day_are_planned_one_call(self):
        ordinary, formal = self.two_steps()
        ordinary.case_id.call_ids.sudo().action_cancel()
        (ordinary | formal).sudo().write({'call_state': 'todo'})
        self.env['collection.step.builder'].sudo()._create_calls(ordinary | formal)
        call = ordinary.case_id.call_ids.filtered(lambda call: call.state == 'planned')
        self.assertEqual(call.step_id, formal)

    def test_a_step_taken_back_hands_its_call_over(self):
        ordinary, formal = self.two_steps()
        call = ordinary.call_ids
        ordinary.sudo().write({'email_state': 'todo'})
        ordinary.action_cancel("Wrong")
        self.assertEqual((call.state, call.step_id, formal.call_state), ('planned', formal, 'todo'))

    def test_giving_a_call_up_completes_what_waited_for_it(self):
        ordinary, formal = self.two_steps()
        ordinary.case_id.call_ids.with_user(self.collector).action_cancel()
        for step in ordinary | formal:
            self.assertEqual((step.call_state, step.failure), ('waived', f"Call cancelled by {self.collector.name}."))

    def test_a_call_logged_from_the_worklist_serves_the_step(self):
        self.invoice()
        self.run_day()
        step = self.steps()
        step.call_ids.action_cancel()
        step.sudo().call_state = 'todo'
        action = step.case_id.action_log_call()
        log = (
            self.env['collection.call.log']
            .with_context(**action['context'])
            .create({'result': 'refusal', 'note': "He does not want to pay"})
        )
        log.action_save()
        self.assertEqual(step.call_state, 'sent')
        self.assertEqual(step.call_ids.filtered(lambda call: call.state == 'made').result, 'refusal')
