from freezegun import freeze_time

from odoo import fields
from odoo.tests import tagged

from ..models.collection_fact import internal
from .common import TODAY
from .test_consultation import ConsultationCommon
from .test_plan_rules import PlanRulesCommon


class ReturnsCommon(PlanRulesCommon):
    def later(self, day, days):
        return fields.Date.add(day, days=days)


@tagged('post_install', '-at_install')
@freeze_time(TODAY)
class TestDisputeComesBack(ReturnsCommon):
    """R16: a disputed amount that comes back repeats its level once, with the whole amount, before a formal act."""

    def close(self, dispute, day, outcome='rejected'):
        with freeze_time(day):
            dispute.action_close(outcome)
        return self.env['collection.holiday']._working_days(self.company).add(dispute.response_until, 1)

    def back(self, move, day):
        """:return: what the plan says of an item on a day: why it stays, its level, the dispute it is repeated for"""
        item = self.plan(day)[move]
        level = self.env['collection.level'].browse(item.level_id)
        return item.reason, level.rank, self.env['collection.dispute'].browse(item.repeats_id or [])

    def test_repeats_the_last_reminder_once(self):
        move = self.invoice()
        third = self.raise_to(40)
        dispute = self.dispute(move, day=self.later(third.date, 1))
        day = self.close(dispute, third.act_on)
        self.assertEqual(self.reason(move, fields.Date.subtract(day, days=1)), 'response')
        self.assertEqual(self.back(move, day), (None, 40, dispute))
        self.work(day)
        fourth = self.steps()[-1]
        self.assertEqual((fourth.level_id.rank, fourth.line_ids.occurrence), (40, 2))
        self.assertEqual(fourth.deviation, "Repeated: the dispute of 24 March came back.")
        self.assertIn(fourth.deviation, fourth.run_id.message_ids.outcome_note)
        self.assertEqual(self.back(move, fourth.act_on), (None, 50, dispute.browse()))
        self.work(fourth.act_on)
        self.assertEqual([step.level_id.rank for step in self.steps()], [20, 30, 40, 40, 50])
        self.assertFalse(self.steps()[-1].deviation)

    def test_the_case_says_why(self):
        move = self.invoice()
        third = self.raise_to(40)
        day = self.close(self.dispute(move, day=self.later(third.date, 1)), third.act_on)
        with freeze_time(day):
            self.assertIn("Repeated: the dispute of 24 March came back.", third.case_id.sentence)
            run = self.run_day(day)
            self.assertEqual(run.message_ids.outcome_note, "Repeated: the dispute of 24 March came back.")

    def test_between_reminders_the_ladder_goes_on(self):
        move = self.invoice()
        first = self.raise_to(20)
        day = self.close(self.dispute(move, day=self.later(first.date, 1)), first.act_on)
        self.assertEqual(self.back(move, day), (None, 30, self.env['collection.dispute']))

    def test_part_was_disputed_when_the_message_left(self):
        """The last reminder asked for the rest only: it is repeated with the whole amount."""
        move = self.invoice()
        second = self.raise_to(30)
        dispute = self.dispute(move, 300, day=self.later(second.date, 1))
        third = self.raise_to(40, second.act_on)
        self.assertEqual(third.line_ids.asked, 700)
        day = self.close(dispute, self.later(third.date, 1), 'partly')
        day = max(day, third.act_on)
        self.assertEqual(self.back(move, day), (None, 40, dispute))
        self.work(day)
        self.assertEqual(self.steps()[-1].line_ids.asked, 1000)
        self.assertEqual(self.back(move, self.steps()[-1].act_on)[1], 50)

    def test_the_rest_goes_on_meanwhile(self):
        """While it is disputed, and has its response time, only the contested amount is held."""
        move = self.invoice()
        third = self.raise_to(40)
        dispute = self.dispute(move, 300, day=self.later(third.date, 1))
        self.assertEqual(self.back(move, third.act_on), (None, 50, dispute.browse()))
        day = self.close(dispute, third.act_on)
        self.assertEqual(self.back(move, third.act_on), (None, 50, dispute.browse()))
        self.work(third.act_on)
        notice = self.steps()[-1]
        self.assertEqual((notice.level_id.rank, notice.line_ids.asked), (50, 700))
        # it came back after a formal notice of the rest: the notice is made again, with all of it
        day = max(day, notice.act_on)
        self.assertEqual(self.back(move, day), (None, 50, dispute))
        self.work(day)
        self.assertEqual((self.steps()[-1].level_id.rank, self.steps()[-1].line_ids.asked), (50, 1000))
        self.assertEqual(self.back(move, self.steps()[-1].act_on)[1], 60)

    def test_asked_for_again_since(self):
        move = self.invoice()
        second = self.raise_to(30)
        day = self.close(self.dispute(move, day=self.later(second.date, 1)), self.later(second.date, 2))
        third = self.raise_to(40, max(day, second.act_on))
        self.assertEqual(self.back(move, third.act_on)[1:], (50, self.env['collection.dispute']))

    def test_withdrawn_comes_back_so_does_what_was_put_right(self):
        """Accepted with nothing to credit, the amount is still due, and comes back like any other."""
        move, other = self.invoice(), self.invoice(amount=300)
        third = self.raise_to(40)
        withdrawn, accepted = (self.dispute(one, day=self.later(third.date, 1)) for one in (move, other))
        day = self.close(withdrawn, third.act_on, 'withdrawn')
        self.close(accepted, third.act_on, 'accepted')
        self.assertEqual(self.back(move, day), (None, 40, withdrawn))
        self.assertEqual(self.back(other, day), (None, 40, accepted))

    def test_what_was_credited_does_not_come_back(self):
        move = self.invoice()
        third = self.raise_to(40)
        dispute = self.dispute(move, 300, day=self.later(third.date, 1))
        with freeze_time(third.act_on):
            dispute._accept('accepted', {dispute.line_ids: 300})
            dispute.credit_note_ids.action_post()
        self.assertEqual((dispute.outcome, dispute.line_ids.accepted), ('accepted', 300))
        day = self.later(dispute.response_until, 1)
        self.assertFalse(self.plan(day)[move].repeats_id)
        self.assertEqual(self.back(move, third.act_on), (None, 50, dispute.browse()))

    def test_what_does_not_hold_changes_nothing(self):
        """A dispute whose lines do not hold is on file all the same."""
        move = self.invoice()
        third = self.raise_to(40)
        dispute = self.dispute(move, day=self.later(third.date, 1))
        internal(dispute.line_ids).held_from = False
        item = self.env['collection.item'].search([('move_id', '=', move.id)])
        self.assertEqual((dispute.amount, item.disputed, self.plan(third.act_on)[move].disputed), (1000, 0, 0))
        self.assertEqual(self.back(move, third.act_on), (None, 50, dispute.browse()))
        day = self.close(dispute, third.act_on)
        self.assertEqual(self.back(move, day), (None, 50, dispute.browse()))


@tagged('post_install', '-at_install')
@freeze_time(TODAY)
class TestRepeatedAndTold(ConsultationCommon):
    """R16, R53: the rep told of an act that is put off is told of it again when it comes."""

    def test_told_again_when_it_comes(self):
        move = self.invoice()
        third = self.reach(40)
        self.live(fields.Date.add(third.date, days=1), self.working(third.act_on, -2))
        self.assertEqual(len(self.told()), 1)
        disputed_on = self.working(third.act_on, -1)
        dispute = self.dispute(move, day=disputed_on)
        self.work(disputed_on)
        self.assertTrue(self.told().ended_on, "what is disputed does not come")
        with freeze_time(third.act_on):
            dispute.action_close('withdrawn')
        self.live(third.act_on, dispute.response_until)
        self.assertEqual(len(self.told()), 1, "the repeated reminder is nothing formal")
        day = self.working(dispute.response_until, 1)
        self.work(day)
        again = self.steps()[-1]
        self.assertEqual((again.date, again.level_id.rank), (day, 40))
        self.live(fields.Date.add(day, days=1), again.act_on)
        self.assertEqual(self.told()[-1].act_from, again.act_on)
        self.assertEqual((self.steps()[-1].date, self.steps()[-1].level_id.rank), (again.act_on, 50))


@tagged('post_install', '-at_install')
@freeze_time(TODAY)
class TestBrokenPromises(ReturnsCommon):
    """R36: broken promises lead to formal notice, the one permitted jump."""

    def broken(self, move, amount, date, day):
        """A promise nobody kept, settled when its time was over."""
        promise = self.promise(move, (amount, date), day=day)
        with freeze_time(fields.Date.add(promise.line_ids.expires_on, days=1)):
            self.env['collection.promise']._settle_due(self.company)
        self.assertTrue(promise.counts_as_broken)
        return promise

    def back_on(self, promise):
        return self.env['collection.holiday']._working_days(self.company).add(promise.line_ids.response_until, 1)

    def break_two(self, move):
        """:return: the second of two broken promises about a reminded invoice"""
        step = self.raise_to(20)
        self.broken(move, 1000, '2026-03-11', day=step.date)
        return self.broken(move, 1000, '2026-03-20', day='2026-03-17')

    def answer(self, move, day):
        item = self.plan(day)[move]
        return item.reason, self.env['collection.level'].browse(item.level_id).rank, item.jump, item.mode

    def test_what_is_said_of_it(self):
        """Not before the response time is over, and only where a formal notice can follow."""
        move = self.invoice()
        second = self.break_two(move)
        with freeze_time(second.ended_on):
            self.assertIn("Formal notice is proposed if nothing is heard until", second.broken_text)
        second.invalidate_recordset()
        with freeze_time(self.back_on(second)):
            self.assertIn("Broken promises: 2. Formal notice is proposed.", second.broken_text)
            self.policy.level_ids.filtered(lambda level: level.kind in ('formal', 'litigation')).active = False
            second.invalidate_recordset()
            self.assertIn("Broken promises: 2.", second.broken_text)
            self.assertNotIn("Formal", second.broken_text)

    def test_what_was_never_asked_for_does_not_jump(self):
        """It begins with the reminders, as whatever is not known to be owed."""
        move = self.invoice()
        self.broken(move, 1000, '2026-03-05', day='2026-03-02')
        second = self.broken(move, 1000, '2026-03-12', day='2026-03-11')
        self.assertEqual(self.answer(move, self.back_on(second))[1:3], (20, False))

    def test_due_dates_confirmed_do_not_count(self):
        """Two confirmed due dates missed: he who confirms is not treated worse than he who is never called."""
        moves = [self.invoice(due='2026-03-10'), self.invoice(due='2026-03-11')]
        for move in moves:
            self.promise(move, (move.amount_total, move.invoice_date_due), day='2026-03-02')
        with freeze_time('2026-03-23'):
            promises = self.env['collection.promise']._settle_due(self.company)
        self.assertEqual(promises.mapped('state'), ['broken'] * 2)
        self.assertFalse(any(promises.mapped('counts_as_broken')))
        self.assertFalse(any(item.jump for item in self.plan('2026-03-23').values()))

    def test_two_lead_to_formal_notice(self):
        move = self.invoice()
        second = self.break_two(move)
        day = self.back_on(second)
        self.assertEqual(self.answer(move, second.line_ids.response_until)[0], 'response')
        self.assertEqual(self.answer(move, day), (None, 50, True, 'validate'))
        run = self.run_day(day)
        why = "Formal notice at once: the promises for 11 March, 20 March were broken."
        self.assertEqual((run.message_ids.state, run.message_ids.outcome_note), ('proposed', why))
        with freeze_time(day):
            self.assertIn(why, self.steps().case_id.sentence)
            self.approve(run)
        notice = self.steps()[-1]
        self.assertEqual((notice.level_id.rank, notice.jump, notice.deviation), (50, True, why))
        self.assertEqual(notice.line_ids.from_level_id.rank, 20)
        self.assertNotIn("broken", notice.message_html)
        self.complete(notice, day)
        self.assertEqual(self.answer(move, notice.act_on), (None, 60, False, 'decide'))

    def test_said_as_of_the_day(self):
        """The words name what the plan of that day counts, not what was broken since or has its response time."""
        self.policy.broken_promise_limit = 1
        move = self.invoice()
        step = self.raise_to(20)
        first = self.broken(move, 1000, '2026-03-11', day=step.date)
        day = self.back_on(first)
        second = self.broken(move, 1000, '2026-03-20', day=day)
        item = self.plan(day)[move]
        explain = self.env['collection.plan']._explain
        one = "Formal notice at once: the promise for 11 March was broken."
        self.assertEqual(explain({None: [item._replace(jump=True)]}, day)[None], one)
        until = second.line_ids.response_until
        self.assertEqual(explain({None: [item._replace(jump=True)]}, until)[None], one)
        self.assertIn("11 March, 20 March", explain({None: [item._replace(jump=True)]}, self.back_on(second))[None])

    def test_the_first_does_not(self):
        move = self.invoice()
        step = self.raise_to(20)
        day = self.back_on(self.broken(move, 1000, '2026-03-11', day=step.date))
        self.assertEqual(self.answer(move, day), (None, 30, False, 'auto'))
        self.policy.broken_promise_limit = 1
        self.assertEqual(self.answer(move, day), (None, 50, True, 'validate'))

    def test_never_if_the_policy_says_so(self):
        move = self.invoice()
        day = self.back_on(self.break_two(move))
        self.policy.broken_promise_limit = 0
        self.assertEqual(self.answer(move, day), (None, 30, False, 'auto'))

    def test_financial_difficulty_leads_to_a_plan_instead(self):
        move = self.invoice()
        day = self.back_on(self.break_two(move))
        case = self.steps().case_id
        self.assertEqual(self.answer(move, day)[1:3], (50, True))
        with freeze_time(self.later(day, 1)):
            case._record_motive('cash')
            self.assertEqual(self.answer(move, self.later(day, 1))[1:3], (30, False))
            self.assertEqual(self.answer(move, day)[1:3], (50, True), "as of the day before nothing was known")
        case._record_motive('negligence')
        self.assertEqual(self.answer(move, day), (None, 50, True, 'validate'))

    def test_other_items_go_their_way(self):
        move, other = self.invoice(), self.invoice(amount=300)
        day = self.back_on(self.break_two(move))
        self.assertEqual(self.answer(move, day), (None, 50, True, 'validate'))
        self.assertEqual(self.answer(other, day), (None, 20, False, 'auto'), "announced too long ago")

    def test_only_promises_about_what_is_open_count(self):
        move, other = self.invoice(), self.invoice(amount=300)
        step = self.raise_to(20)
        self.broken(other, 300, '2026-03-11', day=step.date)
        second = self.broken(move, 1000, '2026-03-20', day='2026-03-17')
        day = self.back_on(second)
        self.assertEqual([self.answer(one, day)[2] for one in (move, other)], [True, True])
        self.pay(other, day='2026-03-25')
        self.assertFalse(self.answer(move, day)[2])

    def test_half_kept_does_not_count(self):
        move = self.invoice()
        step = self.raise_to(20)
        self.broken(move, 1000, '2026-03-11', day=step.date)
        second = self.promise(move, (1000, '2026-03-20'), day='2026-03-17')
        self.pay(move, 500, day='2026-03-20')
        with freeze_time('2026-03-27'):
            self.env['collection.promise']._settle_due(self.company)
        self.assertEqual((second.state, second.counts_as_broken), ('partly', False))
        self.assertFalse(self.answer(move, self.back_on(second))[2])

    def test_always_to_validate(self):
        move = self.invoice()
        self.levels[50].mode = 'auto'
        day = self.back_on(self.break_two(move))
        self.assertEqual(self.answer(move, day), (None, 50, True, 'validate'))

    def test_what_was_automatic_is_asked_about_again(self):
        """A formal notice that was to leave by itself when it was laid out, and jumps when it is to leave."""
        move = self.invoice()
        self.levels[50].mode = 'auto'
        second = self.break_two(move)
        day = self.back_on(second)
        case = self.steps().case_id
        other = self.invoice(amount=300, due='2026-01-10')
        with freeze_time(day):
            case._record_motive('cash')
            self.levels[20].active = self.levels[30].active = self.levels[40].active = False
            run = self.env['collection.run'].sudo().create({'company_id': self.company.id})
            run._begin()
            line = run.message_ids
            self.assertEqual((line.level_id.rank, line.mode, line.state, line.item_count), (50, 'auto', 'approved', 2))
            (self.levels[20] | self.levels[30] | self.levels[40]).active = True
            case._record_motive(False)
            other.line_ids.no_followup = True
            run._execute_batch()
            self.assertEqual((line.mode, line.state), ('validate', 'proposed'))

    def test_a_dispute_that_came_back_is_asked_for_in_whole_first(self):
        """R16 before R36: the formal notice waits until the whole amount was asked for"""
        move = self.invoice()
        second = self.break_two(move)
        dispute = self.dispute(move, 100, day='2026-03-18')
        with freeze_time('2026-03-19'):
            dispute.action_close('rejected')
        day = self.back_on(second)
        self.assertEqual(self.answer(move, day), (None, 20, False, 'auto'))
        self.work(day)
        self.assertEqual(self.answer(move, self.steps()[-1].act_on), (None, 50, True, 'validate'))

    def test_the_past_knows_nothing_of_it(self):
        """As of a day before the second promise was broken, the ladder was the ordinary one."""
        move = self.invoice()
        second = self.break_two(move)
        with freeze_time(self.back_on(second)):
            self.assertEqual(self.answer(move, '2026-03-17')[1:3], (30, False))
            self.assertEqual(self.answer(move, second.ended_on)[1:3], (30, False))

    def test_returns_at_the_level_already_announced(self):
        """R35: whatever days passed under the promise"""
        self.policy.promise_max_days = 120
        move = self.invoice()
        step = self.raise_to(30)
        promise = self.broken(move, 1000, fields.Date.add(step.date, days=90), day=step.date)
        day = self.back_on(promise)
        self.assertEqual((self.rank(move, day), self.plan(day)[move].renewed), (40, False))


@tagged('post_install', '-at_install')
@freeze_time(TODAY)
class TestJumpAndTold(ConsultationCommon):
    """R36, R53: the rep has his working days before the formal notice that broken promises lead to."""

    def test_told_first(self):
        move = self.invoice()
        self.reach(20)
        self.promise(move, (1000, '2026-03-11'), day='2026-03-03')
        self.live('2026-03-03', '2026-03-16')
        self.promise(move, (1000, '2026-03-20'), day='2026-03-16')
        self.live('2026-03-17', '2026-04-01')
        told, step = self.told(), self.steps()[-1]
        # money in time until 24 March, broken on the 25th: told that day, answers until the 29th
        self.assertEqual((str(told.told_on), str(told.act_from)), ('2026-03-25', '2026-03-30'))
        self.assertEqual((str(step.date), step.level_id.rank, step.jump), ('2026-03-30', 50, True))
        self.assertEqual(self.steps().mapped('level_id.rank'), [20, 50])
        self.assertEqual(
            told.with_user(self.rep).why, "Formal notice at once: the promises for 11 March, 20 March were broken."
        )
