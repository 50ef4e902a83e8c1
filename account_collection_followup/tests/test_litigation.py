from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import TODAY
from .test_plan_rules import PlanRulesCommon


class LitigationCommon(PlanRulesCommon):
    """An old invoice that is about to be handed over to litigation, or was."""

    def handed_over(self, **values):
        """:return: the invoice in litigation, the step that handed it over"""
        move = self.invoice(**{'due': '2026-01-10', **values})
        return move, self.raise_to(60)

    def next_day(self, step, number=1):
        return self.env['collection.holiday']._working_days(self.company).add(step.date, number)

    def questions(self):
        return self.env['collection.litigation.item'].search([('partner_id', '=', self.partner_a.id)], order='id')

    def decisions(self, case=None):
        kind = self.env.ref('account_collection_followup.activity_type_litigation')
        case = case or self.steps()[:1].case_id
        return self.env['mail.activity'].search(
            [('activity_type_id', '=', kind.id), ('res_model', '=', 'collection.case'), ('res_id', '=', case.id)]
        )


@tagged('post_install', '-at_install')
@freeze_time(TODAY)
class TestHandOver(LitigationCommon):
    """R48: proposed by the collector, decided by the manager, and the time he takes is measured."""

    def setUp(self):
        super().setUp()
        self.move = self.invoice(due='2026-01-10')
        self.notice = self.raise_to(50)

    def line(self, day):
        return self.run_day(day).message_ids

    def test_waiting_since_is_carried_over(self):
        days = [self.notice.act_on]
        days += [self.env['collection.holiday']._working_days(self.company).add(days[0], number) for number in (1, 2)]
        for day in days:
            line = self.line(day)
            self.assertEqual((line.mode, line.state, line.proposed_since), ('decide', 'proposed', days[0]))
        with freeze_time(days[-1]):
            self.approve(line.run_id, self.manager)
        step = self.steps()[-1]
        self.assertEqual((step.date, step.proposed_on), (days[-1], days[0]))
        self.assertEqual((step.date - step.proposed_on).days, 2)

    def test_reminders_to_approve_are_counted_too(self):
        """Also what was left out, and an automatic message never approved; what leaves by itself waits for nobody"""
        self.levels[20].mode = 'validate'
        self.invoice(self.partner_b)
        first = self.run_day('2026-06-01').message_ids.filtered(lambda line: line.partner_id == self.partner_b)
        self.assertEqual(str(first.proposed_since), '2026-06-01')
        with freeze_time('2026-06-01'):
            first.with_user(self.collector).action_skip("strike")
        second = self.run_day('2026-06-02').message_ids.filtered(lambda line: line.partner_id == self.partner_b)
        self.assertEqual(str(second.proposed_since), '2026-06-01')
        self.levels[20].mode = 'auto'
        self.invoice(self.partner_b.copy({'name': "Fresh"}), due='2026-05-20')
        fresh = self.run_day('2026-06-03').message_ids.filtered(lambda line: line.partner_id.name == "Fresh")
        self.assertEqual((fresh.state, fresh.proposed_since), ('done', False))

    def test_collector_proposes_and_manager_finds_it(self):
        day = self.notice.act_on
        line = self.line(day)
        with freeze_time(day):
            self.assertEqual(line.with_user(self.collector).action_propose()['res_model'], 'collection.reason')
            line.with_user(self.collector).action_propose("Closed its shop.")
            self.assertEqual((line.proposed_by_id, line.proposed_on, line.state), (self.collector, day, 'proposed'))
            activity = self.decisions()
            self.assertEqual((len(activity), activity.user_id), (1, self.manager))
            self.assertIn("Closed its shop.", self.notice.case_id.message_ids[0].body)
        later = self.next_day(line)
        again = self.line(later)
        self.assertEqual(
            (again.proposed_by_id, again.proposed_on, again.proposal_note), (self.collector, day, "Closed its shop.")
        )
        self.assertEqual(self.decisions(), activity, "one per case")
        with freeze_time(later):
            self.approve(again.run_id, self.manager)
        self.line(self.next_day(again))
        self.assertFalse(self.decisions())

    def test_what_is_decided_leaves_the_to_do_list(self):
        """Approved, left out, or not due any more: at once, not the next morning"""
        line = self.line(self.notice.act_on)
        with freeze_time(self.notice.act_on):
            line.with_user(self.collector).action_propose("Closed its shop.")
            self.assertTrue(self.decisions())
            with self.env.cr.savepoint() as savepoint:
                self.approve(line.run_id, self.manager)
                self.assertFalse(self.decisions())
                savepoint.rollback()
            self.env.invalidate_all()
            with self.env.cr.savepoint() as savepoint:
                self.pay(self.move)
                line.run_id.with_user(self.collector).action_check_again()
                self.assertFalse(self.decisions())
                savepoint.rollback()
            self.env.invalidate_all()
            line.with_user(self.manager).action_skip("He pays on Friday.")
            self.assertFalse(self.decisions())
            with self.assertRaisesRegex(UserError, "left .* out today"):
                line.with_user(self.collector).action_propose("Again.")
        again = self.line(self.next_day(line))
        self.assertEqual((again.state, again.proposal_note), ('proposed', "Closed its shop."))

    def test_proposal_outlives_a_short_hold(self):
        """A receipt to be matched, or a promise broken: what the collector proposed is still there afterwards"""
        line = self.line(self.notice.act_on)
        with freeze_time(self.notice.act_on):
            line.with_user(self.collector).action_propose("Closed its shop.")
        held = self.next_day(line)
        self.hold(held, day=held)
        self.assertFalse(self.line(held))
        # the response time after the hold
        day = self.env['collection.holiday']._working_days(self.company).add(held, 4)
        again = self.line(day)
        self.assertEqual((again.track, again.proposed_by_id), ('litigation', self.collector))
        self.assertEqual((again.proposed_on, again.proposal_note), (self.notice.act_on, "Closed its shop."))
        self.assertEqual(again.proposed_since, self.notice.act_on)
        with freeze_time(day):
            self.approve(again.run_id, self.manager)
            self.steps()[-1].with_user(self.manager).action_cancel("A mistake.")
        self.assertEqual(self.line(self.next_day(again)).proposed_since, self.notice.act_on, "not decided after all")

    def test_the_manager_needs_no_proposal(self):
        line = self.line(self.notice.act_on)
        with freeze_time(self.notice.act_on):
            self.approve(line.run_id, self.manager)
        self.assertEqual(self.steps()[-1].level_id.rank, 60)

    def test_only_hand_overs_of_today_are_proposed(self):
        reminder = self.invoice(self.partner_b)
        run = self.run_day(self.notice.act_on)
        line = run.message_ids.filtered(lambda line: line.mode == 'decide')
        other = run.message_ids - line
        self.assertTrue(reminder and other)
        with freeze_time(self.notice.act_on), self.assertRaises(UserError):
            other.with_user(self.collector).action_propose("why")
        with freeze_time(self.next_day(self.notice, 40)), self.assertRaises(UserError):
            line.with_user(self.collector).action_propose("why")

    def test_taken_back_by_the_manager(self):
        line = self.line(self.notice.act_on)
        with freeze_time(self.notice.act_on):
            self.approve(line.run_id, self.manager)
            step = self.steps()[-1]
            with self.assertRaises(AccessError):
                step.with_user(self.collector).action_cancel("why")
            step.with_user(self.manager).action_cancel("A payment plan was agreed.")
        self.assertTrue(step.cancelled)
        day = self.next_day(step)
        self.assertEqual(self.rank(self.move, day), 60, "proposed again")
        self.assertEqual(self.line(day).proposed_since, self.notice.act_on)

    def plan_call(self, **values):
        """:return: a call planned for a later day, instead of the one that is planned"""
        Call = self.env['collection.call']
        Call.search([('partner_id', '=', self.partner_a.id), ('state', '=', 'planned')]).action_cancel()
        with freeze_time(self.notice.act_on):
            return Call.create({'partner_id': self.partner_a.id, 'planned_on': '2026-05-04', **values})

    def test_what_was_still_to_do_about_it_is_dropped(self):
        """A letter that only concerns what was handed over, and the planned calls; what asks for more stays"""
        # a long silence about the other invoice would keep the call
        self.policy.silence_days = 0
        other = self.invoice(due='2026-01-20')
        call = self.plan_call(move_ids=[(4, self.move.id)])
        steps = self.steps()
        only, shared = steps[0], steps[1]
        (only | shared).sudo().letter_state = 'todo'
        shared.sudo().line_ids = [
            (0, 0, only.line_ids[0].copy_data({'line_id': self.term(other).id, 'step_id': False})[0])
        ]
        run = self.run_day(self.notice.act_on)
        with freeze_time(self.notice.act_on):
            self.approve(run, self.manager)
        self.assertEqual(self.steps()[-1].level_id.rank, 60)
        self.assertEqual((only.letter_state, shared.letter_state), ('waived', 'todo'))
        self.assertIn("Handed over", only.failure)
        self.assertEqual(call.state, 'cancelled')

    def test_a_call_about_everything_stays_while_something_else_is_chased(self):
        self.invoice(due='2026-01-20')
        call = self.plan_call()
        run = self.run_day(self.notice.act_on)
        with freeze_time(self.notice.act_on):
            self.approve(run, self.manager)
        self.assertEqual(self.steps()[-1].level_id.rank, 60)
        self.assertEqual(call.state, 'planned', "the other invoice is talked about")

    def test_a_conversation_about_other_items_goes_on(self):
        """The last message asked for both; what is left of it keeps its date"""
        step = self.notice
        young = self.invoice(due=step.date)
        self.work(self.next_day(step, 2))
        reminder = self.steps()[-1]
        self.assertEqual(reminder.line_ids.move_id, young)
        self.work(step.act_on)
        self.assertEqual(self.steps().filtered(lambda one: one.track == 'litigation').date, step.act_on)
        self.assertFalse(reminder.cancelled)
        self.assertEqual(self.rank(young, reminder.act_on), 30)

    def test_a_conversation_about_nothing_else_is_over(self):
        """An ordinary message whose items are all in litigation holds nobody else's"""
        old = self.steps().filtered(lambda step: step.track == 'ordinary')[-1]
        self.work(self.notice.act_on)
        old.sudo().write({'act_on': False, 'date_given': False, 'letter_state': 'todo'})
        with freeze_time(self.notice.act_on):
            beside = self.invoice(due='2026-01-15')
        self.assertEqual(self.reason(beside, self.next_day(self.notice, 20)), 'join')


@tagged('post_install', '-at_install')
@freeze_time(TODAY)
class TestJoinOrChase(LitigationCommon):
    """R52: each new overdue item of a customer in litigation asks the manager."""

    def setUp(self):
        super().setUp()
        self.old, self.step = self.handed_over()
        self.day = self.next_day(self.step, 5)
        self.young = self.invoice(due=fields.Date.subtract(self.day, days=1), amount=300)

    def ask(self):
        self.run_day(self.day)
        return self.questions()

    def test_asked_once_from_the_first_day(self):
        question = self.ask()
        self.assertEqual((question.line_id, question.asked_on), (self.term(self.young), self.day))
        self.assertEqual((question.amount, question.decision), (300, False))
        self.assertEqual(self.reason(self.young, self.day), 'join')
        self.run_day(self.next_day(self.step, 6))
        self.assertEqual(self.questions(), question)
        self.assertEqual(self.reason(self.young, fields.Date.add(self.day, days=60)), 'join', "held until decided")
        activity = self.decisions()
        self.assertEqual((len(activity), activity.user_id), (1, self.manager))

    def test_other_customers_are_not_asked_about(self):
        other = self.invoice(self.partner_b, due='2026-02-20')
        self.ask()
        self.assertFalse(self.env['collection.litigation.item'].search([('partner_id', '=', self.partner_b.id)]))
        self.assertEqual(self.steps(self.partner_b).line_ids.move_id, other)

    def test_chase(self):
        """It goes up the ladder like any other, each message to be approved"""
        question = self.ask()
        with freeze_time(self.day):
            question.with_user(self.manager).action_chase()
        self.assertEqual((question.decision, question.decided_on, question.user_id), ('chase', self.day, self.manager))
        self.assertFalse(self.decisions())
        self.assertEqual(self.reason(self.young, self.day), 'delay')
        enters = fields.Date.add(self.young.invoice_date_due, days=3)
        enters = self.env['collection.holiday']._working_days(self.company).roll_forward(enters)
        item = self.plan(enters)[self.young]
        self.assertEqual((item.reason, item.mode, item.level_id), (None, 'validate', self.levels[20].id))
        self.work(enters)
        self.assertEqual(self.steps()[-1].line_ids.move_id, self.young)
        self.assertEqual(len(self.questions()), 1)

    def test_join(self):
        """Handed over at once"""
        question = self.ask()
        with freeze_time(self.day):
            question.with_user(self.manager).action_join()
        step = self.steps()[-1]
        self.assertEqual((step.track, step.date, step.line_ids.move_id), ('litigation', self.day, self.young))
        self.assertEqual((step.level_id.rank, step.proposed_on, step.line_ids.asked), (60, self.day, 300))
        self.assertEqual((question.decision, question.step_id), ('join', step))
        self.assertEqual(self.reason(self.young, self.day), 'litigation')
        self.assertFalse(self.decisions())

    def test_join_one_after_the_other_on_a_day(self):
        """A customer has one hand-over a day: the second item is added to it"""
        second = self.invoice(due=fields.Date.subtract(self.day, days=1), amount=50)
        questions = self.ask()
        self.assertEqual(len(questions), 2)
        with freeze_time(self.day):
            for question in questions:
                question.with_user(self.manager).action_join()
        step = self.steps()[-1]
        self.assertEqual(step.line_ids.move_id, self.young | second)
        self.assertEqual(questions.step_id, step)

    def test_the_manager_alone_decides(self):
        question = self.ask()
        offered = [question.with_user(user).can_decide for user in (self.collector, self.manager)]
        self.assertEqual(offered, [False, True])
        with freeze_time(self.day):
            for refused in (
                question.with_user(self.collector).action_join,
                question.with_user(self.collector).action_chase,
            ):
                with self.assertRaises(AccessError):
                    refused()
            with self.assertRaises(AccessError):
                question.with_user(self.manager).write({'decision': 'chase'})
            question.with_user(self.manager).action_chase()
            with self.assertRaisesRegex(UserError, "does not wait"):
                question.with_user(self.manager).action_join()

    def test_paid_before_it_is_decided(self):
        question = self.ask()
        with freeze_time(self.day):
            self.pay(self.young)
            with self.assertRaises(UserError), self.env.cr.savepoint():
                question.with_user(self.manager).action_join()
        self.run_day(self.next_day(self.step, 6))
        self.assertEqual(question.decision, 'lapsed')
        self.assertFalse(self.decisions())

    def test_disputed_meanwhile_then_asked_again(self):
        question = self.ask()
        dispute = self.dispute(self.young, day=self.day)
        self.run_day(self.next_day(self.step, 6))
        self.assertEqual(question.decision, 'lapsed')
        closed = self.next_day(self.step, 7)
        with freeze_time(closed):
            dispute.action_close('rejected', response_until=closed)
        self.run_day(self.next_day(self.step, 8))
        self.assertEqual(self.questions().mapped('decision'), ['lapsed', False])

    def test_joined_then_taken_back_asks_again(self):
        question = self.ask()
        with freeze_time(self.day):
            question.with_user(self.manager).action_join()
            self.steps()[-1].with_user(self.manager).action_cancel("A mistake.")
        self.run_day(self.next_day(self.step, 6))
        self.assertEqual(self.questions().mapped('decision'), ['join', False])

    def test_end_of_the_litigation(self):
        """Nothing is in litigation any more: the new item is chased like anybody's"""
        question = self.ask()
        with freeze_time(self.day):
            self.pay(self.old)
        day = self.next_day(self.step, 7)
        self.run_day(day)
        self.assertEqual(question.decision, 'lapsed')
        self.assertIn(self.reason(self.young, day), (None, 'conversation'))

    def test_decision_survives_reset_to_draft(self):
        """Found by the journal item, else by document and due date; another customer's item is another matter"""
        question = self.ask()
        with freeze_time(self.day):
            question.with_user(self.manager).action_chase()
        day = fields.Date.add(self.day, days=1)
        question.sudo().line_id.flush_recordset()
        self.env.cr.execute("UPDATE collection_litigation_item SET line_id = NULL WHERE id = %s", [question.id])
        self.env.invalidate_all()
        self.assertNotEqual(self.reason(self.young, day), 'join')
        self.term(self.young).date_maturity = fields.Date.subtract(self.day, days=2)
        self.assertEqual(self.reason(self.young, day), 'join')

    def test_the_worklist_says_so(self):
        self.ask()
        with freeze_time(self.day):
            self.env['collection.case']._refresh(self.company)
            case = self.step.case_id
            self.assertEqual((case.next_action, case.next_date), ('decide', self.day))
            self.assertEqual(case.litigation_item_ids, self.questions())
            self.assertIn("join it or chase it", case.sentence)


@tagged('post_install', '-at_install')
@freeze_time(TODAY)
class TestChangedCustomer(LitigationCommon):
    """R52: a question follows its item."""

    def test_asked_anew_of_another_customer(self):
        """The same journal item goes over to another customer who is in litigation too"""
        self.invoice(self.partner_b, due='2026-01-10')
        _old, step = self.handed_over()
        self.assertEqual(self.steps(self.partner_b)[-1].track, 'litigation')
        day = self.next_day(step)
        young = self.invoice(due=fields.Date.subtract(day, days=1))
        self.run_day(day)
        question, line = self.questions(), self.term(young)
        with freeze_time(day):
            young.button_draft()
            young.write({'partner_id': self.partner_b.id, 'invoice_date_due': fields.Date.subtract(day, days=1)})
            young.action_post()
        self.assertEqual((self.term(young), question.line_id), (line, line), "the journal item stays")
        self.run_day(self.next_day(step, 2))
        asked = self.env['collection.litigation.item'].search([('line_id', '=', line.id)], order='id')
        self.assertEqual(
            [(one.partner_id, one.decision) for one in asked], [(self.partner_a, 'lapsed'), (self.partner_b, False)]
        )
