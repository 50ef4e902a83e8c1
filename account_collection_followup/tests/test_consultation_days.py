from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import TODAY
from .test_consultation import ConsultationCommon


@tagged('post_install', '-at_install')
@freeze_time(TODAY)
class TestUndecided(ConsultationCommon):
    """What waits for a decision goes on waiting: it does not vanish, and nobody is told twice (R48, R50, R53)."""

    def wait(self, day, but=('decide',)):
        """A day of work on which nobody decides on messages of some modes."""
        run = self.run_day(day)
        with freeze_time(day):
            lines = run.message_ids.filtered(lambda line: line.state == 'proposed' and line.mode not in but)
            if lines:
                lines.with_user(self.manager).action_approve()
                self.deliver()
            self.complete(self.env['collection.step'].search([('complete', '=', False)]))
        return run

    def spend(self, first, days, but=('decide',)):
        """:return: list of (day, line) of the messages of each working day"""
        first, seen = fields.Date.to_date(first), []
        for number in range(days):
            day = fields.Date.add(first, days=number)
            if run := self.wait(day, but):
                seen += [(day, line) for line in run.message_ids]
        return seen

    def test_litigation_is_proposed_until_the_notice_is_renewed(self):
        """Every working day, with what the collector proposed; the sales rep hears of the renewal once"""
        self.invoice()
        notice = self.reach(50)
        self.spend(fields.Date.add(notice.date, days=1), (notice.act_on - notice.date).days - 1)
        run = self.wait(notice.act_on)
        with freeze_time(notice.act_on):
            run.message_ids.with_user(self.collector).action_propose("Closed its shop.")
        stale = self.working(fields.Date.add(notice.date_given, days=15 + 5), 0)
        seen = self.spend(fields.Date.add(notice.act_on, days=1), (stale - notice.act_on).days + 10)
        renewal = next(day for day, line in seen if line.track == 'formal')
        waiting = [(day, line) for day, line in seen if day < renewal]
        days, day = [], self.working(notice.act_on, 1)
        while day < renewal:
            days.append(day)
            day = self.working(day, 1)
        self.assertEqual([day for day, _line in waiting], days)
        for _day, line in waiting:
            self.assertEqual((line.track, line.state in ('proposed', 'replaced')), ('litigation', True))
            self.assertEqual((line.proposed_by_id, line.proposal_note), (self.collector, "Closed its shop."))
            self.assertEqual(line.proposed_since, notice.act_on)
        told = self.told().filtered(lambda one: one.step_id == notice)
        self.assertEqual(
            told.mapped(lambda one: (one.track, one.told_on)),
            [('litigation', self.working(notice.act_on, -3)), ('formal', self.working(renewal, -3))],
        )
        again = self.steps().filtered(lambda step: step.date > notice.date)
        self.assertEqual([(step.level_id.rank, step.date) for step in again], [(50, renewal)])

    def test_formal_notice_not_approved_stays_until_the_reminder_is_renewed(self):
        self.invoice()
        third = self.reach(40)
        seen = self.spend(fields.Date.add(third.date, days=1), 45, but=('decide', 'validate'))
        formal = [day for day, line in seen if line.track == 'formal']
        renewal = next(day for day, line in seen if line.track == 'ordinary' and day > third.date)
        self.assertEqual(formal[0], third.act_on)
        self.assertEqual(self.working(formal[-1], 1), renewal)
        self.assertEqual(len(self.told()), 1)

    def test_a_hold_that_begins_later_does_not_undo_the_telling(self):
        self.invoice()
        third = self.reach(40)
        self.live(fields.Date.add(third.date, days=1), self.working(third.act_on, -2))
        self.hold(
            fields.Date.add(third.act_on, days=8),
            day=self.working(third.act_on, -1),
            date_from=fields.Date.add(third.act_on, days=1),
        )
        self.live(self.working(third.act_on, -1), third.act_on)
        self.assertEqual((self.steps()[-1].level_id.rank, self.steps()[-1].date), (50, third.act_on))
        self.assertEqual(len(self.told()), 1)


@tagged('post_install', '-at_install')
@freeze_time(TODAY)
class TestTheRepOfNow(ConsultationCommon):
    """R53: who is told, and what is on his list, follow the facts."""

    def setUp(self):
        super().setUp()
        self.move = self.invoice()
        self.third = self.reach(40)
        self.told_on = self.working(self.third.act_on, -3)
        self.live(fields.Date.add(self.third.date, days=1), self.told_on)
        self.next = self.working(self.told_on, 1)

    def test_another_rep_is_told_and_has_his_days(self):
        self.partner_a.user_id = self.other_rep
        self.work(self.next)
        former, now = self.told()
        self.assertEqual((former.ended_on, len(former.activity_ids)), (self.next, 0))
        self.assertEqual((now.user_id, now.told_on, now.state), (self.other_rep, self.next, 'waiting'))
        self.assertEqual(now.act_from, self.working(self.next, 3))
        self.assertEqual(now.activity_ids.user_id, self.other_rep)
        self.assertTrue(any("not the sales rep any more" in body for body in now.case_id.message_ids.mapped('body')))
        self.live(fields.Date.add(self.next, days=1), now.act_from)
        self.assertEqual((self.steps()[-1].level_id.rank, self.steps()[-1].date), (50, now.act_from))
        self.assertEqual(len(self.told()), 2, "told once")

    def test_nobody_is_left(self):
        self.rep.active = False
        self.move.invoice_user_id = False
        self.work(self.next)
        former, now = self.told()
        self.assertEqual((former.ended_on, now.state), (self.next, 'none'))
        self.assertIn("No sales rep", now.not_asked)
        self.live(fields.Date.add(self.next, days=1), self.third.act_on)
        self.assertEqual((self.steps()[-1].level_id.rank, self.steps()[-1].date), (50, self.third.act_on))

    def test_who_answered_is_not_replaced(self):
        with freeze_time(self.told_on):
            self.told().with_user(self.rep).action_agree()
        self.partner_a.user_id = self.other_rep
        self.work(self.next)
        self.assertEqual((len(self.told()), self.told().state), (1, 'agreed'))

    def test_paid_the_same_day(self):
        """Off his list at once, and there is nothing left to object to"""
        self.assertTrue(self.told().activity_ids)
        with freeze_time(self.told_on):
            self.pay(self.move)
            self.env['collection.case']._refresh(self.company, self.partner_a)
            self.assertFalse(self.told().activity_ids)
            for answer in (
                lambda: self.told().with_user(self.rep).action_object("why", self.third.act_on),
                lambda: self.told().with_user(self.rep).action_agree(),
            ):
                with self.assertRaisesRegex(UserError, "nothing to answer"):
                    answer()

    def test_paid_in_part_it_can_be_answered(self):
        with freeze_time(self.told_on):
            self.pay(self.move, 400)
            self.env['collection.case']._refresh(self.company, self.partner_a)
            self.assertTrue(self.told().activity_ids)
            self.told().with_user(self.rep).action_object("why", self.third.act_on)

    def test_put_away_it_comes_back(self):
        """He cannot delete his activity; done without an answer it is there again in the morning"""
        with freeze_time(self.told_on):
            activity = self.told().activity_ids
            with self.assertRaisesRegex(UserError, "consultation is answered"):
                activity.with_user(self.rep).unlink()
            activity.with_user(self.rep).action_done()
            self.assertFalse(self.told().activity_ids)
        self.work(self.next)
        self.assertEqual(self.told().activity_ids.user_id, self.rep)
        with freeze_time(self.next):
            self.told().with_user(self.rep).action_agree()
        self.work(self.working(self.next, 1))
        self.assertFalse(self.told().activity_ids)

    def test_activity_of_another_consultation_stays(self):
        """Somebody else's payment changes nothing"""
        activity = self.told().activity_ids
        with freeze_time(self.told_on):
            self.pay(self.invoice(self.partner_b))
            self.env['collection.case']._refresh(self.company, self.partner_a | self.partner_b)
        self.assertEqual(self.told().activity_ids, activity)


@tagged('post_install', '-at_install')
@freeze_time(TODAY)
class TestWithoutAnnouncement(ConsultationCommon):
    """A ladder that begins with a formal notice: no message announced it."""

    def setUp(self):
        super().setUp()
        self.policy.level_ids.filtered(lambda level: level.kind == 'reminder').active = False
        self.levels[50].delay_days = 7

    def live_until_told(self, first, number):
        """Days of work until so many consultations were made.

        :return: the day
        """
        day = fields.Date.to_date(first)
        for _day in range(40):
            self.work(day)
            if len(self.told()) == number:
                return day
            day = fields.Date.add(day, days=1)
        return self.fail("nobody was told")

    def test_the_same_invoice_is_objected_to_once(self):
        move = self.invoice(due='2026-03-02')
        self.live('2026-03-03', '2026-03-04')
        with freeze_time('2026-03-04'):
            self.told().with_user(self.rep).action_object("why", '2026-03-12')
        # held meanwhile, so that the consultation ends and what comes back is told again
        self.hold('2026-03-17', day='2026-03-05')
        day = self.live_until_told('2026-03-05', 2)
        again = self.told()[-1]
        with freeze_time(day):
            self.env.invalidate_all()
            self.assertEqual((again.line_ids.name, again.state), (move.name, 'waiting'))
        with freeze_time(day), self.assertRaisesRegex(UserError, "one is all there can be"):
            again.with_user(self.rep).action_object("again", '2026-03-30')

    def test_another_invoice_is_another_matter(self):
        first = self.invoice(due='2026-03-02')
        self.live('2026-03-03', '2026-03-04')
        with freeze_time('2026-03-04'):
            self.told().with_user(self.rep).action_object("why", '2026-03-12')
            self.pay(first)
        later = self.invoice(due='2026-03-16')
        day = self.live_until_told('2026-03-05', 2)
        again = self.told()[-1]
        self.assertEqual(again.line_ids.name, later.name)
        with freeze_time(day):
            again.with_user(self.rep).action_object("why", fields.Date.add(day, days=10))
        self.assertEqual(again.state, 'objected')


@tagged('post_install', '-at_install')
@freeze_time(TODAY)
class TestJoined(ConsultationCommon):
    """R53: what the manager joins to a litigation is told to the sales rep, who is not asked again."""

    def test_told_that_it_joined(self):
        self.invoice()
        notice = self.reach(50)
        self.live(fields.Date.add(notice.date, days=1), notice.act_on)
        day = self.working(notice.act_on, 1)
        move = self.invoice(due=fields.Date.subtract(day, days=1))
        self.run_day(day)
        with freeze_time(day):
            self.env['collection.litigation.item'].search([]).with_user(self.manager).action_join()
        activity = self.partner_a.with_user(self.rep).activity_ids
        self.assertEqual((activity.user_id, activity.date_deadline), (self.rep, day))
        self.assertIn(move.name, activity.summary)
        self.assertNotIn('1,000', activity.summary)
        self.assertIn("test_rep", notice.case_id.message_ids[0].body)

    def test_nobody_to_tell(self):
        self.partner_a.user_id = self.manager
        self.invoice()
        notice = self.reach(50)
        self.live(fields.Date.add(notice.date, days=1), notice.act_on)
        day = self.working(notice.act_on, 1)
        self.invoice(due=fields.Date.subtract(day, days=1))
        self.run_day(day)
        with freeze_time(day):
            self.env['collection.litigation.item'].search([]).with_user(self.manager).action_join()
        self.assertFalse(self.partner_a.activity_ids)
        self.assertIn("sends or decides", notice.case_id.message_ids[0].body)
