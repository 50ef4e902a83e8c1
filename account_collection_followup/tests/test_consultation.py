from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import TODAY
from .test_plan_rules import PlanRulesCommon

RESOLVER = 'account_collection_followup.group_collection_resolver'


class ConsultationCommon(PlanRulesCommon):
    """A customer with a sales rep who is told three working days ahead; everything is worked day by day."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy.write({'consult_days': 3, 'objection_days': 15})
        values = {'groups': RESOLVER, 'company_id': cls.company.id}
        cls.rep = new_test_user(cls.env, 'test_rep', email='rep@example.com', **values)
        cls.other_rep = new_test_user(cls.env, 'test_other_rep', email='other@example.com', **values)
        cls.partner_a.user_id = cls.rep
        cls.partner_b.user_id = cls.other_rep
        cls.Consultation = cls.env['collection.consultation']

    def live(self, first, last):
        """Every day from ``first`` to ``last``, both included, worked as it comes."""
        day, last = fields.Date.to_date(first), fields.Date.to_date(last)
        while day <= last:
            self.work(day)
            day = fields.Date.add(day, days=1)

    def reach(self, rank):
        """Days of work until a message of this level left.

        :return: the step
        """
        day = fields.Date.to_date(TODAY)
        while not (step := self.steps()[-1:]) or step.level_id.rank < rank:
            self.work(day)
            day = fields.Date.add(day, days=1)
        return step

    def working(self, day, number):
        return self.env['collection.holiday']._working_days(self.company).add(fields.Date.to_date(day), number)

    def told(self, partner=None):
        return self.Consultation.search([('partner_id', '=', (partner or self.partner_a).id)], order='told_on, id')


@tagged('post_install', '-at_install')
@freeze_time(TODAY)
class TestConsultation(ConsultationCommon):
    """R53: the sales rep is told three working days before a formal notice or litigation, and may object once."""

    def test_told_in_time_the_announced_day_is_kept(self):
        """Told on the third working day before, the act rises on its day exactly; nothing else is held"""
        move = self.invoice()
        third = self.reach(40)
        told_on = self.working(third.act_on, -3)
        self.live(fields.Date.add(third.date, days=1), fields.Date.subtract(told_on, days=1))
        self.assertFalse(self.told())
        self.work(told_on)
        consultation = self.told()
        self.assertEqual((consultation.told_on, consultation.act_from), (told_on, third.act_on))
        self.assertEqual((consultation.user_id, consultation.step_id), (self.rep, third))
        self.assertEqual((consultation.track, consultation.level_id.rank), ('formal', 50))
        self.assertEqual(
            [(line.name, line.due_date, line.amount) for line in consultation.line_ids],
            [(move.name, move.invoice_date_due, 1000)],
        )
        self.live(fields.Date.add(told_on, days=1), fields.Date.subtract(third.act_on, days=1))
        self.assertEqual(self.steps()[-1], third)
        self.assertEqual(len(self.told()), 1, "nobody is told twice")
        self.assertEqual(self.rank(move, third.act_on), 50)
        self.work(third.act_on)
        self.assertEqual(self.steps()[-1].level_id.rank, 50)
        self.work(fields.Date.add(third.act_on, days=1))
        self.assertEqual(consultation.ended_on, fields.Date.add(third.act_on, days=1))

    def test_before_litigation_again(self):
        move = self.invoice()
        notice = self.reach(50)
        self.live(fields.Date.add(notice.date, days=1), notice.act_on)
        second = self.told()[-1]
        self.assertEqual((second.track, second.step_id, second.act_from), ('litigation', notice, notice.act_on))
        self.assertEqual(self.steps()[-1].level_id.rank, 60)
        self.assertEqual(self.reason(move, notice.act_on), 'litigation')

    def test_reminders_are_nobodys_business(self):
        self.invoice()
        self.reach(30)
        self.assertFalse(self.told())

    def test_who_is_told_late_still_has_his_days(self):
        """Days were missed: the act waits for three working days from the telling"""
        move = self.invoice()
        third = self.reach(40)
        day = third.act_on
        self.assertEqual(self.reason(move, third.act_on), None, "asked ahead, he is taken to be told in time")
        with freeze_time(day):
            self.assertEqual(self.reason(move), 'consultation')
            self.assertEqual(self.plan()[move].until, self.working(day, 3))
        self.work(day)
        self.assertEqual(self.told().act_from, self.working(day, 3))
        self.assertEqual(self.reasons(move, self.working(day, 2), self.working(day, 3)), ['consultation', None])
        self.live(fields.Date.add(day, days=1), self.working(day, 3))
        self.assertEqual(self.steps()[-1].level_id.rank, 50)

    def test_nobody_is_asked_who_is_not_there(self):
        """No sales rep, or the very person who sends or decides: recorded, and nothing waits"""
        users = self.env['res.users']
        elsewhere = self.setup_other_company()['company']
        stranger = new_test_user(
            self.env, 'test_stranger', groups=RESOLVER, company_id=elsewhere.id, company_ids=elsewhere.ids
        )
        for rep, words in (
            (users, "No sales rep"),
            (self.collector, "No sales rep"),
            (self.manager, "sends or decides"),
            (stranger, "does not work in"),
        ):
            with self.subTest(rep=rep.login), self.env.cr.savepoint() as savepoint:
                self.partner_a.user_id = rep
                move = self.invoice(invoice_user_id=False)
                move.invoice_user_id = False
                third = self.reach(40)
                self.work(third.act_on)
                consultation = self.told()
                self.assertEqual((consultation.act_from, consultation.state), (third.act_on, 'none'))
                self.assertEqual(consultation.planned_on, self.working(third.act_on, 3))
                self.assertIn(words, consultation.not_asked)
                self.assertFalse(consultation.user_id or consultation.activity_ids)
                self.assertEqual(self.steps()[-1].level_id.rank, 50)
                savepoint.rollback()
                self.env.invalidate_all()

    def test_policy_without_consultation(self):
        self.policy.consult_days = 0
        self.invoice()
        third = self.reach(40)
        self.work(third.act_on)
        self.assertEqual(self.steps()[-1].level_id.rank, 50)
        self.assertFalse(self.told())

    def test_objection_waits_until_its_day(self):
        move = self.invoice()
        third = self.reach(40)
        told_on = self.working(third.act_on, -3)
        self.live(fields.Date.add(third.date, days=1), told_on)
        until = fields.Date.add(third.act_on, days=5)
        with freeze_time(told_on):
            self.told().with_user(self.rep).action_object("The new contract is signed on Friday.", until)
            self.env.invalidate_all()
            sentence = self.told().case_id.sentence
            self.assertIn("objects, so nothing formal leaves before", sentence, "while the message is still running")
            self.assertIn("The new contract is signed on Friday.", sentence)
        consultation = self.told()
        self.assertEqual(consultation.state, 'objected')
        self.assertEqual(
            self.reasons(move, third.act_on, until, self.working(until, 1)), ['objection', 'objection', None]
        )
        self.assertEqual(self.plan(third.act_on)[move].until, until)
        self.live(fields.Date.add(told_on, days=1), until)
        self.assertEqual(self.steps()[-1], third)
        self.assertIn("new contract", consultation.case_id.message_ids.mapped('body')[0])
        with freeze_time(third.act_on):
            self.env.invalidate_all()
            self.assertIn("The sales rep objects", consultation.case_id.sentence)
        self.work(self.working(until, 1))
        self.assertEqual(self.steps()[-1].level_id.rank, 50, "nothing more is waited for")

    def test_days_of_an_objection_do_not_make_it_stale(self):
        """R50"""
        self.policy.objection_days = 60
        move = self.invoice()
        third = self.reach(40)
        told_on = self.working(third.act_on, -3)
        self.live(fields.Date.add(third.date, days=1), told_on)
        until = fields.Date.add(third.act_on, days=30)
        with freeze_time(told_on):
            self.told().with_user(self.rep).action_object("Wait", until)
        item = self.plan(self.working(until, 1))[move]
        self.assertEqual((item.renewed, item.level_id), (False, self.levels[50].id))
        late = self.working(fields.Date.add(until, days=17), 1)
        self.assertTrue(self.plan(late)[move].renewed)

    def test_once_in_time_and_with_a_reason(self):
        self.invoice()
        third = self.reach(40)
        told_on = self.working(third.act_on, -3)
        self.live(fields.Date.add(third.date, days=1), told_on)
        consultation = self.told().with_user(self.rep)
        with freeze_time(told_on):
            until = fields.Date.add(told_on, days=10)
            for refused in (("", until), ("  ", until), ("why", told_on), ("why", fields.Date.add(told_on, days=16))):
                if not refused[0]:
                    self.assertEqual(consultation.action_object(*refused)['res_model'], 'collection.objection')
                else:
                    with self.assertRaises(UserError):
                        consultation.action_object(*refused)
            consultation.action_object("why", fields.Date.add(told_on, days=15))
            with self.assertRaisesRegex(UserError, "answered already"):
                consultation.action_object("again", until)

    def test_too_late_to_object(self):
        self.levels[50].mode = 'validate'
        self.invoice()
        third = self.reach(40)
        self.live(fields.Date.add(third.date, days=1), fields.Date.subtract(third.act_on, days=1))
        with freeze_time(third.act_on), self.assertRaisesRegex(UserError, "too late"):
            self.told().with_user(self.rep).action_object("why", fields.Date.add(third.act_on, days=5))

    def test_agreeing_keeps_the_day(self):
        move = self.invoice()
        third = self.reach(40)
        told_on = self.working(third.act_on, -3)
        self.live(fields.Date.add(third.date, days=1), told_on)
        with freeze_time(told_on):
            self.told().with_user(self.rep).action_agree()
            self.assertEqual(self.told().state, 'agreed')
            self.assertFalse(self.told().activity_ids)
        self.assertEqual(self.reasons(move, self.working(told_on, 1), third.act_on), ['conversation', None])

    def test_a_collector_objects_on_his_behalf(self):
        self.invoice()
        third = self.reach(40)
        told_on = self.working(third.act_on, -3)
        self.live(fields.Date.add(third.date, days=1), told_on)
        with freeze_time(told_on):
            self.env.invalidate_all()
            caller = new_test_user(
                self.env, 'test_caller', groups=RESOLVER.replace('resolver', 'caller'), company_id=self.company.id
            )
            offered = [self.told().with_user(user).can_answer for user in (self.rep, self.collector, caller)]
            self.assertEqual(offered, [True, True, False])
            with self.assertRaises(AccessError):
                self.told().with_user(self.other_rep).action_object("why", third.act_on)
            self.told().with_user(self.collector).action_object("He is on holiday.", third.act_on)
        self.assertEqual((self.told().objected_by_id, self.told().user_id), (self.collector, self.rep))

    def test_the_rep_sees_his_own_and_nothing_else(self):
        """His customer's invoices, no receivables, nobody else's consultation"""
        self.invoice()
        self.invoice(self.partner_b)
        third = self.reach(40)
        self.live(fields.Date.add(third.date, days=1), self.working(third.act_on, -3))
        mine = self.Consultation.with_user(self.rep).search([])
        self.assertEqual(mine.partner_id, self.partner_a)
        self.assertEqual(mine.line_ids.mapped('amount'), [1000])
        with self.assertRaises(AccessError):
            self.told(self.partner_b).with_user(self.rep).read(['partner_id'])
        with self.assertRaises(AccessError):
            self.told(self.partner_b).line_ids.with_user(self.rep).read(['amount'])
        for model in ('collection.case', 'collection.item', 'collection.step', 'account.move'):
            with self.assertRaises(AccessError):
                self.env[model].with_user(self.rep).search([])
        with self.assertRaises(AccessError):
            mine.write({'objected_until': '2026-12-31'})
        with self.assertRaises(AccessError):
            mine.with_user(self.collector).write({'act_from': '2026-12-31'})
        views = mine.get_views([(False, 'form'), (False, 'list'), (False, 'kanban'), (False, 'search')])['views']
        for kind in ('form', 'list', 'kanban'):
            self.assertNotIn('step_id', views[kind]['arch'])

    def test_activity_while_he_can_answer(self):
        """On his list in his language, due on the last day he can object; no e-mail; gone when it is paid"""
        self.env['res.lang']._activate_lang('fr_FR')
        self.rep.lang = 'fr_FR'
        move = self.invoice()
        third = self.reach(40)
        told_on = self.working(third.act_on, -3)
        mails = self.env['mail.mail'].search_count([])
        self.live(fields.Date.add(third.date, days=1), told_on)
        activity = self.told().activity_ids
        self.assertEqual((activity.user_id, len(activity)), (self.rep, 1))
        self.assertEqual(activity.date_deadline, self.working(third.act_on, -1))
        self.assertIn("prévu le", activity.summary)
        self.assertEqual(self.env['mail.mail'].search_count([]), mails)
        self.assertLessEqual(self.told().message_partner_ids, self.rep.partner_id, "no customer follows")
        with freeze_time(told_on):
            self.pay(move)
        self.work(self.working(told_on, 1))
        self.assertFalse(self.told().activity_ids)
        self.assertEqual(self.told().ended_on, self.working(told_on, 1))

    def test_activity_goes_when_it_is_too_late(self):
        self.invoice()
        third = self.reach(40)
        self.live(fields.Date.add(third.date, days=1), self.working(third.act_on, -1))
        self.assertTrue(self.told().activity_ids)
        self.work(third.act_on)
        self.assertFalse(self.told().activity_ids)

    def test_what_comes_back_is_told_again(self):
        """Promised meanwhile, then broken: the sales rep hears of it again, and can object only if he did not yet"""
        move = self.invoice()
        third = self.reach(40)
        told_on = self.working(third.act_on, -3)
        self.live(fields.Date.add(third.date, days=1), told_on)
        promise = self.promise(move, (1000, fields.Date.add(told_on, days=20)), day=told_on)
        day = self.working(told_on, 1)
        self.work(day)
        self.assertEqual((self.told().ended_on, self.told().state), (day, 'passed'))
        free = self.working(promise.line_ids.response_until, 1)
        self.live(fields.Date.add(day, days=1), free)
        first, second = self.told()
        self.assertEqual((second.step_id, second.act_from), (first.step_id, free), "told in time, nothing waits longer")
        self.assertEqual(self.steps()[-1].date, free)

    def test_taken_over_items_are_told_too(self):
        """Old items that stand at the last reminder when the company starts"""
        move = self.invoice()
        self.env['collection.step'].sudo().create(
            {
                'case_id': self.env['collection.case']._open_for(self.partner_a, self.company)[self.partner_a].id,
                'partner_id': self.partner_a.id,
                'company_id': self.company.id,
                'level_id': self.levels[40].id,
                'takeover': True,
                'date': '2026-02-27',
                'date_given': '2026-02-27',
                'act_on': '2026-02-27',
                'line_ids': [
                    (0, 0, {
                        'line_id': self.term(move).id, 'move_id': move.id, 'name': move.name, 'level_id': self.levels[40].id,
                        'partner_id': self.partner_a.id, 'company_id': self.company.id, 'residual': 1000,
                        'currency_id': move.currency_id.id, 'due_date': move.invoice_date_due, 'asked': 1000})
                ],
            }
        )  # fmt: skip
        self.work(TODAY)
        self.assertEqual(str(self.told().act_from), '2026-03-05')
        self.live('2026-03-03', '2026-03-05')
        self.assertEqual((str(self.steps()[-1].date), self.steps()[-1].level_id.rank), ('2026-03-05', 50))

    def test_a_ladder_that_begins_with_a_formal_notice(self):
        """Nothing announced it: the customer's sales rep is told for the day the items enter"""
        self.policy.level_ids.filtered(lambda level: level.kind == 'reminder').active = False
        self.levels[50].delay_days = 7
        move = self.invoice(due='2026-03-02')
        self.live('2026-03-03', '2026-03-08')
        self.assertEqual((str(self.told().told_on), str(self.told().act_from)), ('2026-03-04', '2026-03-09'))
        self.assertFalse(self.told().step_id)
        later = self.invoice(due='2026-03-03')
        self.live('2026-03-09', '2026-03-09')
        self.assertEqual(self.steps().line_ids.move_id, move)
        self.assertEqual(self.told()[-1].line_ids.name, later.name, "the next one is another matter")

    def test_survives_a_merge_of_customers(self):
        self.invoice()
        self.invoice(self.partner_b)
        third = self.reach(40)
        self.live(fields.Date.add(third.date, days=1), self.working(third.act_on, -3))
        told = self.told() | self.told(self.partner_b)
        with freeze_time(self.working(third.act_on, -3)):
            self.env['collection.case'].sudo()._move_history(self.partner_b, self.partner_a)
        self.assertEqual(told.partner_id, self.partner_a)
        self.assertEqual(self.told(), told.sorted(lambda one: (one.told_on, one.id)))
