from freezegun import freeze_time

from odoo import Command, fields
from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import TODAY, CollectionCommon


class PlanRulesCommon(CollectionCommon):
    """Words for what happens on a desk, day by day."""

    def work(self, day):
        """The run of a day, everything approved, every call made and every letter posted."""
        run = self.run_day(day)
        with freeze_time(day):
            self.approve(run)
            self.complete(self.env['collection.step'].search([('complete', '=', False)]))
        return run

    def raise_to(self, rank, day=TODAY):
        """Let the ladder run from a day until a level was reached.

        :return: the last step
        """
        self.work(day)
        while (step := self.steps()[-1]).level_id.rank < rank:
            self.work(step.act_on)
        return step

    def dispute(self, move, amount=None, day=None, **values):
        with freeze_time(day or fields.Date.today()):
            kind = self.env['collection.dispute.type'].create({'name': "Quality", 'response_days': 5})
            line = Command.create({'move_id': move.id, 'amount': amount})
            return self.env['collection.dispute'].create({'type_id': kind.id, 'line_ids': [line], **values})

    def promise(self, move, *amounts, day=None):
        """:param amounts: (amount, date) each"""
        with freeze_time(day or fields.Date.today()):
            lines = [Command.create({'move_id': move.id, 'amount': amount, 'date': date}) for amount, date in amounts]
            return self.env['collection.promise'].create({'line_ids': lines})

    def hold(self, until, day=None, **values):
        with freeze_time(day or fields.Date.today()):
            return self.env['collection.hold'].create(
                {'partner_id': self.partner_a.id, 'reason': "Fire", 'date_until': until, **values}
            )

    def reasons(self, move, *days):
        return [self.reason(move, day) for day in days]

    def rank(self, move, day=None):
        """:return: rank of the level the plan has an item rise to; None while it stays"""
        item = self.plan(day)[move]
        return None if item.reason else self.env['collection.level'].browse(item.level_id).rank


@tagged('post_install', '-at_install')
@freeze_time(TODAY)
class TestConversation(PlanRulesCommon):
    """When a message leaves, and what it says: R39–R41, R44, R46–R50, R67."""

    def test_due_today_is_not_overdue(self):
        """R39"""
        self.levels[20].delay_days = 0
        move = self.invoice(due='2026-03-02')
        self.assertNotIn(move, self.plan('2026-03-02'))
        self.assertEqual(self.rank(move, '2026-03-03'), 20)

    def test_first_level_after_its_delay(self):
        """R39: three days after the due date"""
        move = self.invoice(due='2026-03-02')
        self.assertEqual(self.reasons(move, '2026-03-03', '2026-03-04', '2026-03-05'), ['delay', 'delay', None])
        self.assertEqual(str(self.plan('2026-03-03')[move].until), '2026-03-05')

    def test_date_on_thursday_is_acted_on_the_next_monday(self):
        """R40: the second working day after the date, so that money paid on the last day is booked"""
        move = self.invoice()
        self.work('2026-03-05')
        self.assertEqual(str(self.steps().date_given), '2026-03-12')
        self.assertEqual(str(self.steps().act_on), '2026-03-16')
        self.assertEqual(
            self.reasons(move, '2026-03-06', '2026-03-12', '2026-03-13', '2026-03-15'), ['conversation'] * 4
        )
        self.assertEqual(self.rank(move, '2026-03-16'), 30)

    def test_newcomers_join_the_next_message_at_the_first_level(self):
        """R40"""
        first = self.invoice()
        self.work('2026-03-05')
        newcomer = self.invoice(due='2026-03-06', amount=200)
        self.assertEqual(self.reasons(newcomer, '2026-03-07', '2026-03-10'), ['delay', 'conversation'])
        self.work('2026-03-10')
        self.assertEqual(len(self.steps()), 1, "no other message leaves before the date")
        self.work('2026-03-16')
        step = self.steps()[-1]
        self.assertEqual(step.level_id.rank, 30)
        self.assertEqual({line.move_id: line.level_id.rank for line in step.line_ids}, {first: 30, newcomer: 20})

    def test_one_message_for_all_items(self):
        """R44"""
        for due in ('2026-02-01', '2026-02-10', '2026-02-20'):
            self.invoice(due=due)
        self.work(TODAY)
        self.assertEqual(len(self.steps()), 1)
        self.assertEqual(len(self.steps().line_ids), 3)

    def test_days_of_peace_after_an_early_end(self):
        """R44: everything asked for was paid before the date; five days later the rest is asked for"""
        first = self.invoice()
        self.work(TODAY)
        newcomer = self.invoice(due='2026-03-03')
        with freeze_time('2026-03-06'):
            self.pay(first)
        self.assertEqual(self.reasons(newcomer, '2026-03-09', '2026-03-10', '2026-03-11'), ['peace', 'peace', None])
        self.assertEqual(str(self.plan('2026-03-09')[newcomer].until), '2026-03-11')

    def test_promised_or_disputed_ends_a_conversation_too(self):
        """R40, R44"""
        first, second = self.invoice(), self.invoice(amount=300)
        self.work(TODAY)
        newcomer = self.invoice(due='2026-03-03')
        self.promise(first, (1000, '2026-03-20'), day='2026-03-04')
        self.assertEqual(self.reason(newcomer, '2026-03-09'), 'conversation', "the second invoice is still asked for")
        self.dispute(second, day='2026-03-05')
        self.assertEqual(self.reasons(newcomer, '2026-03-09', '2026-03-10'), ['peace', None])

    def test_no_peace_after_a_conversation_that_ran_its_time(self):
        """R44"""
        first = self.invoice()
        self.work(TODAY)
        newcomer = self.invoice(due='2026-03-04')
        with freeze_time('2026-03-10'):
            self.pay(first)
        self.assertEqual(self.rank(newcomer, '2026-03-11'), 20)

    def test_highest_level_decides(self):
        """R41: means, mode and days; the newcomer goes with it"""
        first = self.invoice()
        step = self.raise_to(30)
        newcomer = self.invoice(due='2026-03-03', amount=100)
        day = step.act_on
        items = self.plan(day)
        self.assertEqual({items[first].message_level_id, items[newcomer].message_level_id}, {self.levels[40].id})
        self.assertEqual({items[first].mode, items[newcomer].mode}, {'validate'})
        self.work(day)
        message = self.steps()[-1]
        self.assertEqual(message.level_id, self.levels[40])
        self.assertEqual(message.line_ids.move_id, first | newcomer)
        self.assertEqual((message.letter_state, message.email_state, message.call_state), ('sent', 'sent', 'none'))
        self.assertEqual(message.date_given, fields.Date.add(day, days=8))

    def test_formal_notice_is_a_step_of_its_own(self):
        """R41: for its own items; the others rise the same day, and both conversations go on side by side"""
        old = self.invoice(due='2026-01-10')
        step = self.raise_to(30)
        young = self.invoice(due='2026-03-01', amount=300)
        step = self.raise_to(40, step.act_on)
        run = self.work(step.act_on)
        self.assertEqual(sorted(run.message_ids.mapped('track')), ['formal', 'ordinary'])
        ordinary, formal = self.steps()[-2:].sorted(lambda step: step.track == 'formal')
        self.assertEqual((formal.line_ids.move_id, formal.level_id.rank), (old, 50))
        self.assertEqual((ordinary.line_ids.move_id, ordinary.level_id.rank), (young, 30))
        self.assertEqual(ordinary.date, formal.date)
        # a date of its own: the formal notice does not hold the ordinary message, nor the reverse
        with freeze_time(formal.date):
            ordinary.sudo().act_on = fields.Date.add(formal.act_on, days=7)
        self.assertEqual(self.rank(old, formal.act_on), 60)
        self.assertEqual(self.reason(young, formal.act_on), 'conversation')
        ordinary.sudo().act_on = fields.Date.subtract(formal.act_on, days=1)
        self.assertEqual(self.rank(young, ordinary.act_on), 40)
        self.assertEqual(self.reason(old, ordinary.act_on), 'conversation')

    def test_only_the_entry_level_has_a_delay(self):
        """R46: a later level falls due at the date given by the one before"""
        move = self.invoice()
        self.levels[30].delay_days = 99
        step = self.raise_to(20)
        self.assertEqual(self.rank(move, step.act_on), 30)

    def test_satisfaction_call_is_no_rung(self):
        """R46"""
        self.levels[10].rank = 25
        move = self.invoice()
        step = self.raise_to(20)
        self.assertEqual(self.rank(move, step.act_on), 30)

    def test_archived_level_is_passed_over(self):
        """R47: and the date given stands as it was"""
        move = self.invoice()
        step = self.raise_to(20)
        given = step.date_given
        self.levels[30].active = False
        self.levels[20].active = False
        self.assertEqual(step.date_given, given)
        self.assertEqual(self.reason(move, given), 'conversation')
        self.assertEqual(self.rank(move, step.act_on), 40)

    def test_another_policy_goes_on_above_the_last_rank(self):
        """R47"""
        move = self.invoice()
        step = self.raise_to(20)
        other = self.policy.copy({'name': "Other"})
        first, second = other._get_climbing_levels()[:2]
        first.rank, second.rank = 15, 22
        self.partner_a.property_collection_policy_id = other
        self.assertEqual(self.plan(step.act_on)[move].level_id, second.id)
        self.assertEqual(self.plan(step.act_on)[move].policy_id, other.id)
        other.active = False
        self.assertEqual(self.plan(step.act_on)[move].policy_id, self.policy.id, "else the default of the company")

    def test_without_policy_or_levels(self):
        """R47: said, not skipped"""
        move = self.invoice()
        self.policy.level_ids.filtered(lambda level: level.kind != 'satisfaction').active = False
        self.assertEqual(self.reason(move), 'no_levels')
        self.company.collection_policy_id = False
        self.assertEqual(self.reason(move), 'no_policy')

    def test_automatic_leaves_and_the_rest_is_proposed(self):
        """R48"""
        self.invoice(self.partner_b)
        self.levels[20].mode = 'validate'
        run = self.run_day(TODAY)
        self.assertEqual((run.message_ids.state, len(self.steps(self.partner_b))), ('proposed', 0))
        self.approve(run, self.collector)
        self.assertEqual((run.message_ids.state, len(self.steps(self.partner_b))), ('done', 1))

    def test_litigation_is_decided_by_the_manager(self):
        """R48: put before him in the run after the date"""
        self.invoice()
        step = self.raise_to(50)
        run = self.run_day(step.act_on)
        self.assertEqual((run.message_ids.mode, run.message_ids.state), ('decide', 'proposed'))
        with freeze_time(step.act_on):
            with self.assertRaises(AccessError):
                self.approve(run, self.collector)
            self.assertEqual(self.steps()[-1], step)
            self.approve(run, self.manager)
        self.assertEqual(self.steps()[-1].level_id.rank, 60)

    def test_items_beside_litigation_are_to_validate(self):
        """R48, R52: handed-over items leave the ladder, the others go on under supervision"""
        old = self.invoice(due='2026-01-10')
        notice = self.raise_to(50)
        young = self.invoice(due=notice.date)
        self.work(fields.Date.add(notice.date, days=4))
        reminder = self.steps()[-1]
        self.assertEqual((reminder.line_ids.move_id, reminder.level_id.rank), (young, 20))
        self.work(notice.act_on)
        day = reminder.act_on
        self.assertEqual(self.reason(old, day), 'litigation')
        self.assertEqual(self.rank(young, day), 30)
        self.assertEqual(self.levels[30].mode, 'auto')
        self.assertEqual(self.plan(day)[young].mode, 'validate')

    def test_date_is_fixed_once_by_the_first_written_means(self):
        """R49"""
        self.invoice()
        step = self.raise_to(30)
        run = self.run_day(step.act_on)
        with freeze_time(step.act_on):
            self.approve(run)
        third = self.steps()[-1]
        self.assertEqual((third.email_state, third.letter_state), ('sent', 'todo'))
        given, act_on = third.date_given, third.act_on
        self.assertEqual(given, fields.Date.add(step.act_on, days=8))
        with freeze_time(fields.Date.add(step.act_on, days=2)):
            third.action_posted()
        self.assertEqual((third.date_given, third.act_on), (given, act_on))

    def test_date_of_a_letter_is_that_of_its_posting(self):
        """R49: until then the ladder waits"""
        move = self.invoice()
        step = self.raise_to(40)
        run = self.run_day(step.act_on)
        with freeze_time(step.act_on):
            self.approve(run)
        formal = self.steps()[-1]
        self.assertFalse(formal.date_given or formal.act_on)
        later = fields.Date.add(step.act_on, days=20)
        self.assertEqual(self.reason(move, later), 'unfinished')
        with freeze_time(later):
            formal.action_posted()
        self.assertGreaterEqual(formal.date_given, fields.Date.add(later, days=8))
        self.assertEqual(self.reason(move, later), 'conversation')
        self.assertEqual(self.rank(move, formal.act_on), 60)

    def test_unfinished_step_makes_the_ladder_wait(self):
        """R49: the call of a step belongs before its date and never moves it"""
        move = self.invoice()
        self.run_day(TODAY)
        step = self.steps()
        self.assertEqual((step.email_state, step.call_state), ('sent', 'todo'))
        self.assertEqual(
            self.reasons(move, '2026-03-10', '2026-03-11', '2026-03-13'), ['conversation'] + ['unfinished'] * 2
        )
        newcomer = self.invoice(due='2026-03-03')
        self.assertEqual(self.reason(newcomer, '2026-03-11'), 'unfinished')
        given = step.date_given
        self.complete(step, '2026-03-13')
        self.assertEqual(step.date_given, given)
        self.assertEqual(self.rank(move, '2026-03-13'), 30)
        self.assertEqual(self.rank(newcomer, '2026-03-13'), 20)

    def test_recorded_failure_lets_the_ladder_go_on(self):
        """R49"""
        move = self.invoice()
        self.run_day(TODAY)
        self.steps().action_record_failure("nobody answers")
        self.assertEqual(self.rank(move, '2026-03-11'), 30)

    def test_renewed_when_stale(self):
        """R50: more than 15 days past its date an announcement is made again, never carried out"""
        move = self.invoice()
        self.work(TODAY)
        self.assertEqual(str(self.steps().date_given), '2026-03-09')
        self.assertEqual((self.rank(move, '2026-03-24'), self.plan('2026-03-24')[move].renewed), (30, False))
        self.assertEqual((self.rank(move, '2026-03-25'), self.plan('2026-03-25')[move].renewed), (20, True))
        self.work('2026-03-25')
        self.assertEqual([step.level_id.rank for step in self.steps()], [20, 20])
        self.assertEqual(self.steps().line_ids.mapped('occurrence'), [1, 2])

    def test_days_under_a_hold_do_not_make_it_stale(self):
        """R50: nor does the response time after it"""
        move = self.invoice()
        self.work(TODAY)
        hold = self.hold('2026-03-23', day='2026-03-10')
        self.assertEqual(str(hold.response_until), '2026-03-26')
        self.assertEqual(self.reasons(move, '2026-03-23', '2026-03-26', '2026-03-27'), ['hold', 'hold_response', None])
        # 17 days were excused: 10 to 26 March
        self.assertEqual((self.rank(move, '2026-04-10'), self.plan('2026-04-10')[move].renewed), (30, False))
        self.assertEqual((self.rank(move, '2026-04-13'), self.plan('2026-04-13')[move].renewed), (20, True))

    def test_days_under_a_broken_plan_do_not_make_it_stale(self):
        """R35, R50: an instalment plan counts as a whole; the item returns at the level already announced"""
        move = self.invoice()
        self.work(TODAY)
        promise = self.promise(move, (500, '2026-03-25'), (500, '2026-04-24'), day='2026-03-10')
        with freeze_time('2026-04-01'):
            self.env['collection.promise']._settle_due(self.company)
        self.assertEqual(promise.state, 'broken')
        day = '2026-04-02'
        self.assertEqual((self.rank(move, day), self.plan(day)[move].renewed), (30, False))

    def test_days_under_another_message_do_not_make_it_stale(self):
        """R50: an item left out of a running conversation waits for it"""
        first, second = self.invoice(), self.invoice(amount=300)
        self.work(TODAY)
        dispute = self.dispute(second, day='2026-03-03')
        self.work('2026-03-11')
        with freeze_time('2026-03-12'):
            dispute.action_close('rejected')
        self.work('2026-03-23')
        self.assertEqual(self.steps().mapped('level_id.rank'), [20, 30, 40])
        asked = {line.move_id: line.level_id.rank for line in self.steps()[-1].line_ids if line.role == 'asked'}
        self.assertEqual(asked, {first: 40, second: 30}, "two weeks under dispute and another message are excused")

    def test_response_time_after_a_dispute(self):
        """R50: five working days by its type"""
        move = self.invoice()
        dispute = self.dispute(move)
        self.assertEqual(self.reason(move), 'disputed')
        with freeze_time('2026-03-04'):
            dispute.action_close('rejected')
        self.assertEqual(
            self.reasons(move, '2026-03-03', '2026-03-04', '2026-03-11', '2026-03-12'),
            ['disputed', 'response', 'response', None],
        )
        self.assertEqual(str(self.plan('2026-03-05')[move].until), '2026-03-11')

    def test_response_time_after_a_broken_promise(self):
        """R34, R50: two working days of grace, then two to be called"""
        move = self.invoice()
        promise = self.promise(move, (1000, '2026-03-05'))
        self.assertEqual(
            self.reasons(move, '2026-03-05', '2026-03-09', '2026-03-10', '2026-03-11', '2026-03-12'),
            ['promised', 'promised', 'response', 'response', None],
        )
        with freeze_time('2026-03-10'):
            self.env['collection.promise']._settle_due(self.company)
            self.assertEqual(promise.state, 'broken')
        self.assertEqual(self.reasons(move, '2026-03-10', '2026-03-11', '2026-03-12'), ['response', 'response', None])

    def test_end_of_a_hold_sends_nothing(self):
        """R50, R68"""
        move = self.invoice()
        hold = self.hold('2026-03-20')
        self.assertEqual(self.reason(move), 'hold')
        with freeze_time('2026-03-04'):
            hold.action_end()
        self.work('2026-03-04')
        self.assertFalse(self.steps())
        self.assertEqual(
            self.reasons(move, '2026-03-04', '2026-03-09', '2026-03-10'), ['hold_response', 'hold_response', None]
        )

    def test_hold_of_one_invoice(self):
        """R68"""
        first, second = self.invoice(), self.invoice(amount=300)
        self.hold('2026-03-20', move_id=first.id)
        self.assertEqual((self.reason(first), self.reason(second)), ('hold', None))

    def test_missed_days_are_caught_up_with_one_message(self):
        """R67: the right one for today, never twice"""
        move = self.invoice(due='2026-01-10')
        self.work(TODAY)
        self.assertEqual(self.steps().level_id.rank, 20, "however old, the first message is the first level")
        self.work('2026-03-20')
        self.work('2026-03-20')
        self.assertEqual(self.steps().mapped('level_id.rank'), [20, 30])
        self.assertEqual(self.reason(move, '2026-03-23'), 'conversation')

    def test_nothing_leaves_on_a_holiday(self):
        """R54: dates given are working days; delays roll forward"""
        self.env['collection.holiday'].create(
            [{'name': "Closed", 'date': day} for day in ('2026-03-09', '2026-03-10', '2026-03-12')]
        )
        move = self.invoice(due='2026-03-04')
        self.assertEqual(
            self.reasons(move, '2026-03-07', '2026-03-08', '2026-03-09', '2026-03-10', '2026-03-11'),
            ['closed_day'] * 4 + [None],
        )
        first = self.invoice(self.partner_b)
        self.work(TODAY)
        step = self.steps(self.partner_b)
        self.assertEqual(str(step.date_given), '2026-03-11', "9 and 10 March are holidays")
        self.assertEqual(str(step.act_on), '2026-03-16', "12 March is one, 14 and 15 a weekend")
        self.assertEqual(self.reason(first, '2026-03-13'), 'conversation')


@tagged('post_install', '-at_install')
@freeze_time(TODAY)
class TestGuards(PlanRulesCommon):
    """What must not be asked for, or not like this: R51, R55, R64–R66, R69, R71–R73."""

    # -- amounts ---------------------------------------------------------
    def test_a_payment_lowers_the_promised_part_first(self):
        """R55: then the free part, the disputed part last"""
        move = self.invoice()
        self.dispute(move, 200)
        self.promise(move, (300, '2026-03-31'))

        def parts():
            item = self.plan('2026-03-20')[move]
            return float(item.promised), float(item.to_chase), float(item.disputed)

        self.assertEqual(parts(), (300, 500, 200))
        for amount, expected in ((100, (200, 500, 200)), (300, (0, 400, 200)), (450, (0, 0, 150))):
            self.pay(move, amount)
            self.assertEqual(parts(), expected)
        self.assertEqual(self.reason(move, '2026-03-20'), 'disputed')

    def test_the_undisputed_rest_is_chased(self):
        """R11, R55: and the message says what stands apart"""
        move = self.invoice()
        self.dispute(move, 200)
        self.work(TODAY)
        line = self.steps().line_ids
        self.assertEqual((line.asked, line.disputed), (800, 200))

    def test_the_parts_of_an_item_never_exceed_it(self):
        """R55: disputed, promised, then what is under a response time; the rest is free"""
        move = self.invoice()
        dispute = self.dispute(move, 800)
        with freeze_time('2026-03-03'):
            dispute.action_close('rejected')
        self.promise(move, (600, '2026-03-31'), day='2026-03-03')
        item = self.plan('2026-03-04')[move]
        self.assertEqual((item.disputed, item.promised, item.responding, item.to_chase), (0, 600, 400, 0))
        self.assertEqual((item.reason, str(item.until)), ('response', '2026-03-10'))
        self.assertEqual(self.plan('2026-03-11')[move].to_chase, 400)
        self.dispute(move, 700, day='2026-03-04')
        item = self.plan('2026-03-05')[move]
        self.assertEqual((item.disputed, item.promised, item.responding, item.to_chase), (700, 300, 0, 0))
        self.assertEqual((item.reason, item.until), ("disputed", None))

    def test_minimum_of_the_level(self):
        """R51: of the message's total, at its highest level"""
        self.levels[20].minimum_amount = 500
        first = self.invoice(amount=499)
        self.assertEqual(self.reason(first), 'minimum')
        second = self.invoice(amount=1)
        self.assertEqual((self.reason(first), self.reason(second)), (None, None))

    def test_small_items(self):
        """R51: by what is left to chase of them"""
        self.policy.item_minimum = 50
        move, small = self.invoice(), self.invoice(amount=49)
        self.assertEqual((self.reason(move), self.reason(small)), (None, 'small'))
        self.dispute(move, 960)
        self.assertEqual(self.reason(move), 'small')

    # -- money received, credit notes --------------------------------------
    def test_receipts_hold_five_working_days_then_are_deducted(self):
        """R64: oldest due first"""
        old, young = self.invoice(due='2026-02-10', amount=300), self.invoice()
        self.receive(self.partner_a, 400)
        days = ('2026-03-02', '2026-03-06', '2026-03-09', '2026-03-10')
        self.assertEqual(self.reasons(young, *days), ['receipt'] * 3 + [None])
        self.assertEqual(self.reasons(old, *days), ['receipt'] * 3 + ['netted'])
        items = self.plan('2026-03-10')
        self.assertEqual((items[old].netted, items[old].to_chase), (300, 0))
        self.assertEqual((items[young].netted, items[young].to_chase), (100, 900))
        self.assertEqual(self.plan('2026-03-09')[young].netted, 0)

    def test_credit_notes_are_deducted_at_once(self):
        """R64, R65: whatever their maturity"""
        move = self.invoice()
        self.invoice(amount=250, move_type='out_refund', due='2026-06-30')
        item = self.plan()[move]
        self.assertEqual((item.reason, item.netted, item.to_chase), (None, 250, 750))

    def test_credits_are_not_deducted_from_what_is_not_chased(self):
        """R55, R64: nor in another currency"""
        euro = self.setup_other_currency('EUR')
        released, chased = self.invoice(due='2026-02-01', amount=250), self.invoice()
        self.term(released).no_followup = True
        self.invoice(amount=100, move_type='out_refund', due=TODAY, currency_id=euro.id)
        self.assertEqual(self.plan()[chased].netted, 0)
        self.invoice(amount=250, move_type='out_refund', due=TODAY)
        self.assertEqual((self.plan()[released].netted, self.plan()[chased].netted), (0, 250))

    def test_receipt_of_another_customer(self):
        """R64"""
        move = self.invoice()
        self.receive(self.partner_b, 400)
        self.assertIsNone(self.reason(move))

    # -- history -------------------------------------------------------------
    def test_history_survives_reset_to_draft(self):
        """R65"""
        move = self.invoice()
        self.work(TODAY)
        move.button_draft()
        self.assertNotIn(move, self.plan('2026-03-11'))
        move.action_post()
        self.assertEqual(self.rank(move, '2026-03-11'), 30)

    def test_history_survives_a_lost_journal_item(self):
        """R65: found by invoice and maturity, else the lowest level of the invoice"""
        terms = self.env['account.payment.term'].create(
            {
                'name': "Two terms",
                'line_ids': [
                    Command.create({'value': 'percent', 'value_amount': 50, 'nb_days': days}) for days in (0, 7)
                ],
            }
        )
        move = self.invoice(due='2026-02-16', invoice_payment_term_id=terms.id, invoice_date='2026-02-09')
        first, second = self.term(move).sorted('date_maturity')
        self.work(TODAY)
        step = self.steps()
        lines = step.line_ids.grouped('due_date')
        lines[first.date_maturity].sudo().level_id = self.levels[30]
        step.line_ids.sudo().line_id = False
        levels = {item.line_id: item.last_level_id for item in self._items('2026-03-11')}
        self.assertEqual(levels, {first.id: self.levels[30].id, second.id: self.levels[20].id})
        first.date_maturity = '2026-02-11'
        levels = {item.line_id: item.last_level_id for item in self._items('2026-03-11')}
        self.assertEqual(levels, {first.id: self.levels[20].id, second.id: self.levels[20].id})

    def _items(self, day):
        return self.env['collection.plan']._plan(self.company, day)

    def test_history_stays_with_the_customer(self):
        """R65: the same journal item now belongs to somebody else"""
        move = self.invoice()
        self.work(TODAY)
        move.button_draft()
        move.partner_id = self.partner_b
        move.action_post()
        item = self.plan('2026-03-11')[move]
        self.assertEqual((item.partner_id, item.last_level_id), (self.partner_b.id, None))

    def test_due_date_moved_to_the_future(self):
        """R65: history stays, the next level is the first again, after due date and delay"""
        move = self.invoice()
        self.work(TODAY)
        self.term(move).date_maturity = '2026-03-20'
        self.assertNotIn(move, self.plan('2026-03-20'))
        self.assertEqual(self.reasons(move, '2026-03-21', '2026-03-23'), ['delay', None])
        self.assertEqual(self.rank(move, '2026-03-23'), 20)
        seen = self.env['collection.item'].search([('move_id', '=', move.id)])
        self.assertEqual((seen.level_id, seen.step_id), (self.levels[20], self.steps()))

    def test_partly_paid_keeps_its_history(self):
        """R65"""
        move = self.invoice()
        self.work(TODAY)
        self.pay(move, 400)
        self.assertEqual((self.rank(move, '2026-03-11'), self.plan('2026-03-11')[move].to_chase), (30, 600))

    def test_each_instalment_is_an_item(self):
        """R65: it is chased when it is overdue, not after the last one"""
        move = self.invoice(invoice_payment_term_id=self.pay_terms_b.id, invoice_date='2026-02-10')
        maturities = sorted(self.term(move).mapped('date_maturity'))
        self.assertLess(maturities[0], fields.Date.today())
        items = self._items(TODAY)
        self.assertEqual([item.due_date for item in items], maturities[:1])

    # -- reaching the customer -----------------------------------------------
    def test_customer_without_address_is_listed(self):
        """R66: no e-mail, a bounce, a do-not-mail"""
        self.levels[20].by_call = False
        move = self.invoice()
        self.assertIsNone(self.reason(move))
        self.partner_a.message_bounce = 2
        self.assertEqual(self.reason(move), 'no_email')
        self.partner_a.message_bounce = 0
        listed = self.env['mail.blacklist'].create({'email': self.partner_a.email})
        self.assertEqual(self.reason(move), 'no_email')
        listed.active = False
        self.partner_a.email = False
        self.assertEqual(self.reason(move), 'no_email')
        self.levels[20].by_call = True
        self.assertIsNone(self.reason(move), "who can be called is called")

    def test_address_of_a_contact_counts_if_the_message_would_go_there(self):
        """R66, R70"""
        self.levels[20].by_call = False
        self.partner_a.email = False
        move = self.invoice()
        contact = self.env['res.partner'].create(
            {'name': "Contact", 'parent_id': self.partner_a.id, 'email': 'c@example.com', 'type': 'contact'}
        )
        self.assertEqual(self.reason(move), 'no_email', "not a role in payment")
        roles = {
            name: self.env.ref(f'account_collection_followup.contact_role_{name}') for name in ('executive', 'payable')
        }
        contact.collection_role_ids = roles['executive']
        self.assertEqual(self.reason(move), 'no_email', "a first reminder does not go to the director")
        contact.collection_role_ids = roles['payable']
        self.assertIsNone(self.reason(move))
        self.work(TODAY)
        self.assertEqual((self.steps().email_state, self.steps().recipient_id), ('sent', contact))

    def test_archived_customer(self):
        """R66"""
        move = self.invoice(self.partner_b)
        self.partner_b.active = False
        self.assertEqual(self.reason(move), 'archived')

    # -- companies -------------------------------------------------------------
    def test_branch_belongs_to_its_company(self):
        """R69: one message; letterhead of the branch when all items are its own"""
        branch = self.env['res.company'].create({'name': "Branch", 'parent_id': self.company.id})
        self.env.cr.flush()
        self.env.user.company_ids |= branch
        ours, theirs = self.invoice(), self.invoice(company_id=branch.id)
        only = self.invoice(self.partner_b, company_id=branch.id)
        self.assertEqual({self.plan()[move].reason for move in (ours, theirs, only)}, {None})
        self.assertEqual(len(self.env['collection.plan']._plan(branch, TODAY)), 3, "the branch asks for its root")
        self.work(TODAY)
        self.assertEqual(self.steps().line_ids.move_id, ours | theirs)
        self.assertEqual(self.steps().letterhead_id, self.company)
        self.assertEqual(self.steps(self.partner_b).letterhead_id, branch)
        self.assertEqual(self.steps(self.partner_b).company_id, self.company)
        self.assertEqual(self.reason(only, '2026-03-10'), 'conversation')

    def test_companies_are_separate(self):
        """R69: ledger, policy, conversation, holds"""
        other = self.setup_other_company()['company']
        self.env.user.company_ids |= other
        other.collection_policy_id = self.env.ref('account_collection_followup.policy_public')
        ours = self.invoice()
        theirs = self.invoice(company_id=other.id)
        self.work(TODAY)
        self.hold('2026-03-31')
        self.assertEqual(list(self.plan()), [ours])
        [item] = self.env['collection.plan']._plan(other, '2026-03-05')
        self.assertEqual((item.move_id, item.policy_id), (theirs.id, other.collection_policy_id.id))
        self.assertFalse(item.last_level_id)
        self.assertNotIn(item.reason, ('hold', 'conversation'))

    def test_totals_per_currency(self):
        """R69: asked for in the currency of the document, weighed in that of the company"""
        euro = self.setup_other_currency('EUR', rates=[('2020-01-01', 2.0)])
        move = self.invoice(amount=600, currency_id=euro.id)
        item = self.plan()[move]
        self.assertEqual((item.to_chase, item.to_chase_company), (600, 300))
        self.levels[20].minimum_amount = 301
        self.assertEqual(self.reason(move), 'minimum')

    # -- what is not chased, or not yet ------------------------------------------
    def test_direct_debit(self):
        """R71: left to the bank until five working days after the due date"""
        method = self.bank.inbound_payment_method_line_ids[:1]
        method.collection_direct_debit = True
        move = self.invoice(due='2026-02-25')
        move.preferred_payment_method_line_id = method
        self.assertEqual(self.reasons(move, '2026-03-02', '2026-03-04', '2026-03-05'), ['direct_debit'] * 2 + [None])

    def test_entries_are_chased_when_released(self):
        """R72: opening and miscellaneous entries are shown, but not chased until released"""
        entry = self.env['account.move'].create(
            {
                'move_type': 'entry',
                'date': '2026-01-31',
                'line_ids': [
                    Command.create(
                        {
                            'account_id': self.company_data[f'default_account_{account}'].id,
                            'partner_id': self.partner_a.id,
                            'balance': balance,
                        }
                    )
                    for account, balance in (('receivable', 500), ('revenue', -500))
                ],
            }
        )
        entry.action_post()
        self.assertEqual(self.reason(entry), 'no_followup')
        self.assertTrue(self.env['collection.item'].search([('move_id', '=', entry.id)]).no_followup)
        self.term(entry).no_followup = False
        self.assertEqual(self.rank(entry), 20)

    def test_invoice_never_sent(self):
        """R73: by the policy chased with a warning, held, or chased"""
        move = self.invoice()
        move.is_move_sent = False
        for rule, reason, unsent in (('warn', None, True), ('hold', 'not_sent', True), ('ignore', None, False)):
            with self.subTest(rule=rule):
                self.policy.unsent = rule
                item = self.plan()[move]
                self.assertEqual((item.reason, item.unsent), (reason, unsent))

    def test_document_dated_ahead(self):
        move = self.invoice(due='2026-02-20')
        move.button_draft()
        move.write({'date': '2026-04-01', 'invoice_date_due': '2026-02-20'})
        move.action_post()
        self.term(move).date_maturity = '2026-02-20'
        self.assertEqual(self.reason(move), 'future')
