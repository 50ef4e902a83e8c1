from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.tests import tagged

from ..models.collection_call_silence import SPOKEN_ABOUT
from .common import TODAY
from .test_plan_rules import PlanRulesCommon


@tagged('post_install', '-at_install')
@freeze_time(TODAY)
class TestSilence(PlanRulesCommon):
    """R30: no more than ten days between two contacts, while something is to be chased."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # by e-mail alone, with a date far ahead: nothing else makes anybody call
        cls.levels[20].write({'by_call': False, 'by_letter': False, 'days_given': 30})
        cls.move = cls.invoice()

    def planned(self, partner=None):
        return self.env['collection.call'].search(
            [('partner_id', '=', (partner or self.partner_a).id), ('state', '=', 'planned')]
        )

    def live(self, last):
        """Every day from Tuesday 3 March to the last one, worked as it comes."""
        day, last = fields.Date.to_date('2026-03-03'), fields.Date.to_date(last)
        while day <= last:
            self.run_day(day)
            day += timedelta(days=1)

    def test_called_on_the_last_working_day_within_ten(self):
        """Message of Monday 2 March, date given 1 April: the tenth day is Thursday 12 March"""
        self.run_day(TODAY)
        self.assertEqual(self.steps().email_state, 'sent')
        self.live('2026-03-11')
        self.assertFalse(self.planned())
        self.live('2026-03-12')
        call = self.planned()
        self.assertEqual(
            (str(call.planned_on), call.purpose, call.step_id), ('2026-03-12', 'collection', call.step_id.browse())
        )
        self.assertEqual(
            (call.why, call.move_ids, call.user_id), ("No contact since 2 March", self.move, self.collector)
        )
        self.assertEqual(call.activity_ids.user_id, self.collector)
        self.assertEqual(len(self.steps()), 1, "it is no step, and the conversation runs on")
        with freeze_time('2026-03-12'):
            call.action_made('refusal', note="Nothing now.")
        self.assertEqual(self.reason(self.move, '2026-03-13'), 'conversation')
        self.live('2026-03-19')
        self.assertFalse(self.planned())
        self.live('2026-03-20')
        self.assertEqual(str(self.planned().planned_on), '2026-03-20', "the tenth day, 22 March, is a Sunday")

    def test_holidays_roll_it_backward(self):
        self.env['collection.holiday'].create({'name': "Closed", 'date': '2026-03-12'})
        self.run_day(TODAY)
        self.live('2026-03-11')
        self.assertEqual(str(self.planned().planned_on), '2026-03-11')

    def test_days_of_the_policy(self):
        self.policy.silence_days = 4
        self.run_day(TODAY)
        self.live('2026-03-06')
        self.assertTrue(self.planned())

    def test_off(self):
        self.policy.silence_days = 0
        self.run_day(TODAY)
        self.live('2026-03-20')
        self.assertFalse(self.planned())

    def test_a_planned_call_is_brought_forward_an_earlier_one_is_enough(self):
        self.run_day(TODAY)
        call = self.env['collection.call'].create({'partner_id': self.partner_a.id, 'planned_on': '2026-03-30'})
        self.live('2026-03-12')
        self.assertEqual((self.planned(), str(call.planned_on)), (call, '2026-03-12'))
        with freeze_time('2026-03-12'):
            call.action_made('callback', callback_on='2026-03-27')
        self.live('2026-03-26')
        self.assertEqual(str(self.planned().planned_on), '2026-03-27', "agreed with the customer")
        self.assertFalse(self.planned().why)

    def test_promise_or_dispute_of_everything(self):
        self.run_day(TODAY)
        self.promise(self.move, (1000, '2026-03-30'), day='2026-03-02')
        self.live('2026-03-20')
        self.assertFalse(self.planned())

    def test_a_promise_of_a_part_does_not_cover_it_all(self):
        self.run_day(TODAY)
        self.promise(self.move, (400, '2026-03-30'), day='2026-03-02')
        self.live('2026-03-12')
        self.assertTrue(self.planned())

    def test_dispute(self):
        self.run_day(TODAY)
        dispute = self.dispute(self.move, day='2026-03-02')
        self.live('2026-03-20')
        self.assertFalse(self.planned())
        with freeze_time('2026-03-20'):
            dispute.action_close('rejected')
        self.live('2026-03-27')
        self.assertFalse(self.planned(), "the customer has time to answer")
        self.live('2026-03-30')
        self.assertEqual(self.planned().why, "No contact since 2 March")

    def test_what_is_not_to_be_chased(self):
        """On hold, without a policy, without an invoice that may be chased."""
        self.run_day(TODAY)
        hold = self.hold('2026-03-31', day='2026-03-03')
        self.live('2026-03-12')
        self.assertFalse(self.planned())
        with freeze_time('2026-03-12'):
            hold.action_end()
        self.live('2026-03-17')
        self.assertFalse(self.planned())
        self.live('2026-03-18')
        self.assertTrue(self.planned())

    def test_paid(self):
        self.run_day(TODAY)
        self.pay(self.move, day='2026-03-10')
        self.live('2026-03-20')
        self.assertFalse(self.planned())

    def test_litigation_is_not_called(self):
        self.raise_to(60)
        self.assertEqual(self.reason(self.move, '2026-06-30'), 'litigation')
        self.run_day('2026-06-30')
        self.assertFalse(self.planned())

    def test_who_was_never_contacted_is_the_ladders(self):
        self.levels[20].mode = 'validate'
        self.run_day(TODAY)
        self.live('2026-03-20')
        self.assertFalse(self.steps())
        self.assertFalse(self.planned())

    def test_do_not_call(self):
        (self.partner_a | self.partner_a.child_ids).collection_do_not_call = True
        self.run_day(TODAY)
        self.live('2026-03-20')
        self.assertFalse(self.planned())
        notes = self.steps().case_id.message_ids.filtered(lambda message: 'No call is planned' in (message.body or ''))
        self.assertEqual(len(notes), 1, "said once, though it is wanted every day")

    def test_written_to_today(self):
        """The message of the day is the contact; one that waits for approval is none."""
        self.levels[20].days_given = 8
        self.levels[30].write({'by_call': False, 'mode': 'auto'})
        self.run_day(TODAY)
        self.live('2026-03-12')
        self.assertEqual(len(self.steps()), 2, "the date is Tuesday 10 March, what follows leaves on the 12th")
        self.assertFalse(self.planned())

    def test_the_call_goes_when_its_invoices_are_promised(self):
        self.run_day(TODAY)
        self.live('2026-03-12')
        call = self.planned()
        self.promise(self.move, (1000, '2026-03-30'), day='2026-03-12')
        with freeze_time('2026-03-12'):
            self.env['collection.case']._refresh(self.company)
        self.assertEqual(call.state, 'cancelled')

    def test_a_try_is_an_attempt(self):
        """Nobody answers on 12 March, who calls chooses the 18th: it stays (R27)."""
        self.run_day(TODAY)
        self.live('2026-03-12')
        call = self.planned()
        with freeze_time('2026-03-12'):
            call.action_made('absent', callback_on='2026-03-18')
            self.assertFalse(self.env['collection.call']._plan_silence(self.company))
        self.live('2026-03-17')
        self.assertEqual((str(call.planned_on), call.tries), ('2026-03-18', 1))

    def test_a_try_too_long_ago(self):
        """The next try is put off beyond the longest silence: it comes forward, the words name the last contact."""
        self.run_day(TODAY)
        self.live('2026-03-12')
        call = self.planned()
        with freeze_time('2026-03-12'):
            call.action_made('absent', callback_on='2026-04-10')
        self.live('2026-03-19')
        self.assertEqual(str(call.planned_on), '2026-04-10')
        self.live('2026-03-20')
        self.assertEqual((str(call.planned_on), call.why), ('2026-03-20', "No contact since 2 March"))

    def test_broken_promise_is_tried_every_second_day(self):
        """R35: the silence of who broke a promise adds no tries."""
        self.run_day(TODAY)
        self.promise(self.move, (1000, '2026-03-10'), day='2026-03-03')
        tries, day = [], fields.Date.to_date('2026-03-04')
        while day <= fields.Date.to_date('2026-03-27'):
            self.run_day(day)
            call = self.planned()
            if call and call.planned_on <= day:
                with freeze_time(day):
                    call.action_made('absent')
                tries.append(day)
            day += timedelta(days=1)
        working = self.env['collection.holiday']._working_days(self.company)
        self.assertEqual(str(tries[0]), '2026-03-13')
        self.assertGreater(len(tries), 4)
        self.assertEqual(tries[1:], [working.add(day, 2) for day in tries[:-1]])

    def test_so_many_calls_a_day(self):
        """The longest silence first; what is still to be made counts, what is made on the day too."""
        partners = self.env['res.partner'].create([{'name': f"Silent {n}", 'phone': '0102030405'} for n in range(4)])
        for number, partner in enumerate(partners):
            self.invoice(partner)
            call = self.env['collection.call'].create({'partner_id': partner.id, 'planned_on': TODAY})
            with freeze_time(fields.Date.add(fields.Date.to_date('2026-03-02'), days=3 - number)):
                call.action_made('refusal', note="No.")
        self.policy.silence_daily_cap = 2
        Call = self.env['collection.call']
        with freeze_time('2026-03-20'):
            first = Call._plan_silence(self.company)
            self.assertEqual(first.partner_id, partners[3] | partners[2])
            self.assertFalse(Call._plan_silence(self.company))
            first[0].action_made('refusal', note="No.")
            self.assertFalse(Call._plan_silence(self.company), "made today counts")
        with freeze_time('2026-03-23'):
            self.assertEqual(Call._plan_silence(self.company).partner_id, partners[1], "one is still to be made")
            self.policy.silence_daily_cap = 0
            self.assertEqual(Call._plan_silence(self.company).partner_id, partners[0])

    def test_second_time_nothing(self):
        self.run_day(TODAY)
        self.live('2026-03-12')
        call = self.planned()
        with freeze_time('2026-03-12'):
            self.assertFalse(self.env['collection.call']._plan_silence(self.company))
        self.assertEqual(self.planned(), call)

    def test_sql_and_records_agree(self):
        """The customers SQL finds on each day are those plain reads find."""
        partners = self.env['res.partner'].create(
            [{'name': f"Silent {number}", 'email': f's{number}@example.com'} for number in range(6)]
        )
        moves = [self.invoice(partner, amount=100 + number) for number, partner in enumerate(partners)]
        self.policy.copy({'name': "Every three days", 'silence_days': 3})
        other = self.env['collection.policy'].search([('silence_days', '=', 3)])
        partners[4].property_collection_policy_id = other
        self.run_day(TODAY)
        self.promise(moves[1], (50, '2026-03-20'), day='2026-03-04')
        self.promise(moves[2], (102, '2026-03-06'), day='2026-03-04')
        self.dispute(moves[3], day='2026-03-05')
        call = self.env['collection.call'].create({'partner_id': partners[5].id, 'planned_on': '2026-03-05'})
        with freeze_time('2026-03-05'):
            call.action_made('refusal', note="No.")
        found = 0
        for number in range(1, 30):
            day = fields.Date.add(fields.Date.to_date(TODAY), days=number)
            with freeze_time(day):
                silent = {one.partner_id for one in self.env['collection.call']._get_silent(self.company, day)}
                self.assertEqual(silent, self._find_silent(day), str(day))
            found += len(silent)
        self.assertGreater(found, 20)

    def _find_silent(self, day):
        if day.weekday() > 4:
            return set()
        plan, found = self.plan(day), set()
        for case in self.env['collection.case'].search([('state', '=', 'open'), ('company_id', '=', self.company.id)]):
            items = [
                item
                for item in plan.values()
                if item.partner_id == case.partner_id.id
                and item.to_chase > 0
                and (not item.reason or item.reason in SPOKEN_ABOUT)
            ]
            steps = case.step_ids.filtered(lambda step: step.email_state == 'sent')
            ours = [*steps.mapped('date'), *case.call_ids.filtered(lambda call: call.state == 'made').mapped('made_on')]
            theirs = [*case.promise_ids.mapped('made_on'), *case.dispute_ids.mapped('opened_on')]
            if not items or not ours:
                continue
            limit = max(ours + theirs) + timedelta(days=case.policy_id.silence_days)
            while limit.weekday() > 4:
                limit -= timedelta(days=1)
            written = self.env['collection.run.line'].search(
                [
                    ('partner_id', '=', case.partner_id.id),
                    ('run_id.date', '=', day),
                    ('state', 'in', ['approved', 'done']),
                ]
            )
            if limit <= day and not written:
                found.add(case.partner_id.id)
        return found
