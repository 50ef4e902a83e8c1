from freezegun import freeze_time

from odoo import SUPERUSER_ID
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import TODAY, CollectionCommon


@tagged('post_install', '-at_install')
@freeze_time(TODAY)
class TestRun(CollectionCommon):
    def test_reminder_asks_for_everything_overdue_in_one_message(self):
        first, second = self.invoice(), self.invoice(due='2026-02-10', amount=500)
        not_due = self.invoice(due='2026-03-20')
        run = self.run_day()
        step = self.steps()
        self.assertEqual(len(step), 1)
        self.assertEqual(step.level_id, self.levels[20])
        self.assertEqual(step.line_ids.move_id, first | second)
        self.assertNotIn(not_due, step.line_ids.move_id)
        self.assertEqual(step.amount, 1500)
        self.assertEqual(str(step.date_given), '2026-03-09')
        self.assertEqual(str(step.act_on), '2026-03-11')
        self.assertEqual(step.email_state, 'sent')
        self.assertEqual(run.message_ids.state, 'done')

    def test_second_run_of_the_day_does_nothing(self):
        self.invoice()
        self.run_day()
        mails = self.env['mail.mail'].search_count([])
        self.run_day()
        self.assertEqual(len(self.steps()), 1)
        self.assertEqual(self.env['mail.mail'].search_count([]), mails)

    def test_whole_ladder(self):
        self.invoice()
        self.run_day()
        self.complete(self.steps())
        self.assertEqual(self.steps().level_id.rank, 20)
        self.run_day('2026-03-10')
        self.assertEqual(
            len(self.steps()), 1, "the date given was 9 March: nothing before the second working day after"
        )
        self.run_day('2026-03-11')
        self.assertEqual(self.steps().mapped('level_id.rank'), [20, 30])
        self.complete(self.steps())
        run = self.run_day('2026-03-23')
        self.assertEqual(run.message_ids.mapped('state'), ['proposed'], "the third reminder is approved by a person")
        with freeze_time('2026-03-23'):
            self.approve(run)
            self.complete(self.steps())
        self.assertEqual(self.steps()[-1].level_id.rank, 40)
        self.assertEqual(str(self.steps()[-1].date_given), '2026-03-31')
        for day, rank in (('2026-04-02', 50), ('2026-04-14', 60)):
            run = self.run_day(day)
            with freeze_time(day):
                self.approve(run)
                self.complete(self.steps())
            self.assertEqual(self.steps()[-1].level_id.rank, rank)
        self.run_day('2026-04-20')
        self.assertEqual(self.steps().mapped('level_id.rank'), [20, 30, 40, 50, 60])
        self.assertEqual({item.reason for item in self.plan('2026-05-20').values()}, {'litigation'})

    def test_stopped_in_the_middle_goes_on_where_it_was(self):
        for partner in self.partner_a | self.partner_b:
            self.invoice(partner)
        Run = self.env['collection.run'].with_user(SUPERUSER_ID)
        Run._prepare_day(self.company)
        run = Run._get_today(self.company)
        self.assertEqual(run._execute_batch(limit=1), 1)
        self.assertEqual(run.message_ids.mapped('state').count('done'), 1)
        self.run_day()
        self.assertEqual(run.message_ids.mapped('state'), ['done', 'done'])
        self.assertEqual((len(self.steps(self.partner_a)), len(self.steps(self.partner_b))), (1, 1))
        self.assertEqual(run.state, 'done')

    def test_what_is_paid_between_approval_and_sending_is_not_asked(self):
        first, second = self.invoice(), self.invoice(self.partner_b)
        Run = self.env['collection.run'].with_user(SUPERUSER_ID)
        Run._prepare_day(self.company)
        self.pay(first)
        self.run_day()
        self.assertFalse(self.steps(self.partner_a))
        lines = Run._get_today(self.company).line_ids.grouped('partner_id')
        self.assertEqual((lines[self.partner_a].state, lines[self.partner_a].reason), ('held', 'settled'))
        self.assertEqual(self.steps(self.partner_b).line_ids.move_id, second)

    def test_scheduled_action_takes_every_company_and_nothing_twice(self):
        other = self.setup_other_company()['company']
        other.write({
            'collection_policy_id': self.policy.id, 'collection_start_date': '2020-01-01', 'collection_first_run_done': True,
            'collection_user_id': self.collector.id})  # fmt: skip
        self.invoice()
        self.invoice(self.partner_b, company_id=other.id)
        self.enterContext(freeze_time(f'{TODAY} 12:00:00'))
        cron = self.env.ref('account_collection_followup.ir_cron_collection_daily')
        with self.enter_registry_test_mode():
            cron.method_direct_trigger()
            cron.method_direct_trigger()
        self.assertEqual(self.steps(self.partner_a).company_id, self.company)
        self.assertEqual(self.steps(self.partner_b).company_id, other)

    def test_unapproved_proposals_are_replaced_by_the_next_run(self):
        self.levels[20].mode = 'validate'
        self.invoice()
        run = self.run_day()
        self.assertEqual(run.proposed_count, 1)
        later = self.run_day('2026-03-03')
        self.assertEqual((run.state, run.message_ids.state), ('done', 'replaced'))
        self.assertEqual(later.proposed_count, 1)
        with self.assertRaisesRegex(UserError, "not open"):
            run.message_ids.with_user(self.collector).action_approve()

    def test_litigation_is_decided_by_the_manager_alone(self):
        self.levels[20].active = self.levels[30].active = self.levels[40].active = self.levels[50].active = False
        self.invoice()
        run = self.run_day()
        self.assertEqual((run.message_ids.mode, run.message_ids.state), ('decide', 'proposed'))
        with self.assertRaisesRegex(AccessError, "decided by the collections manager"):
            run.message_ids.with_user(self.collector).action_approve()
        run.with_user(self.collector).action_approve_all()
        self.assertEqual(run.message_ids.state, 'proposed', "approving all leaves litigation to the manager")
        run.message_ids.with_user(self.manager).action_approve()
        self.assertEqual(self.steps().track, 'litigation')
        self.assertEqual({item.reason for item in self.plan('2026-03-10').values()}, {'litigation'})

    def test_future_and_past_dates_are_previews(self):
        move = self.invoice(due='2026-03-20')
        run = (
            self.env['collection.run']
            .with_user(self.collector)
            .create({'company_id': self.company.id, 'date': '2026-03-23'})
        )
        run.action_preview()
        self.assertEqual(run.message_ids.partner_id, self.partner_a)
        with self.assertRaisesRegex(UserError, "Only today's run"):
            run.action_start()
        run = (
            self.env['collection.run']
            .with_user(self.collector)
            .create({'company_id': self.company.id, 'date': '2026-02-02'})
        )
        run.action_preview()
        self.assertFalse(run.message_ids)
        self.assertIn("past", run.warnings)
        self.assertFalse(move.collection_level_id)

    def test_warnings_of_a_run(self):
        gold = self.env['res.currency'].create({'name': 'XGD', 'symbol': 'g'})
        self.invoice(currency_id=gold.id)
        self.invoice(self.partner_b).is_move_sent = False
        run = self.run_day()
        self.assertIn("XGD has no rate", run.warnings)
        self.assertIn("1 invoices asked for were never sent", run.warnings)
        self.assertEqual(len(self.steps(self.partner_b)), 1, "a warning stops nobody's reminder")
        run = self.env['collection.run'].create({'company_id': self.company.id, 'date': '2026-03-07'})
        run.action_preview()
        self.assertIn("not a working day", run.warnings)
        self.assertFalse(run.message_ids)

    def test_policy_without_levels_is_listed(self):
        empty = self.env['collection.policy'].create({'name': "Empty"})
        self.assertIn("never reminded", empty.warning)
        self.partner_b.collection_policy_id = empty
        self.invoice()
        self.invoice(self.partner_b)
        run = self.run_day()
        self.assertEqual(run.hold_ids.reason, 'no_levels')
        self.assertEqual(len(self.steps(self.partner_a)), 1)

    def test_traces_are_not_deleted(self):
        self.invoice()
        run = self.run_day()
        for record in (self.steps(), self.steps().case_id, run, self.levels[20]):
            with self.assertRaises(UserError):
                record.sudo().unlink()

    def test_a_step_that_left_is_not_cancelled(self):
        self.invoice()
        self.run_day()
        with self.assertRaisesRegex(UserError, "already left"):
            self.steps().action_cancel()

    def test_cancelled_step_gives_the_item_its_former_level_back(self):
        self.levels[20].by_email = False
        move = self.invoice()
        self.run_day()
        step = self.steps()
        self.assertEqual(self.reason(move), 'unfinished', "the call fixes the date")
        step.with_user(self.collector).action_cancel()
        self.assertFalse(move.collection_level_id)
        self.assertEqual(step.call_ids.state, 'cancelled')
        run = self.run_day('2026-03-03')
        self.assertEqual(run.message_ids.state, 'proposed', "what a person took back is proposed again")
        with freeze_time('2026-03-03'):
            self.approve(run)
        self.assertEqual(self.steps().mapped('cancelled'), [True, False])

    def test_what_was_not_sent_on_its_day_is_planned_anew(self):
        self.levels[20].mode = 'validate'
        self.invoice()
        friday = self.run_day('2026-03-06')
        with freeze_time('2026-03-07'), self.assertRaisesRegex(UserError, "not open"):
            friday.message_ids.with_user(self.collector).action_approve()
        friday.message_ids.state = 'approved'
        with freeze_time('2026-03-07'):
            self.assertFalse(friday.with_user(SUPERUSER_ID)._execute_batch())
        self.assertFalse(self.steps())
        monday = self.run_day('2026-03-09')
        self.assertEqual((friday.message_ids.state, monday.message_ids.state), ('replaced', 'proposed'))

    def test_leaving_out_asks_why(self):
        self.levels[20].mode = 'validate'
        self.invoice()
        run = self.run_day()
        line = run.message_ids.with_user(self.collector)
        action = line.action_skip()
        self.assertEqual(line.state, 'proposed')
        wizard = self.env['collection.reason'].with_user(self.collector).with_context(**action['context'])
        wizard.create({'reason': "The customer has just called"}).action_confirm()
        self.assertEqual((line.state, line.note), ('skipped', "The customer has just called"))
        self.assertEqual(run.state, 'done')
        self.assertFalse(self.steps())

    def test_what_was_left_out_is_proposed_again(self):
        """Even at an automatic level: it leaves when a person says so."""
        self.invoice()
        Run = self.env['collection.run'].with_user(SUPERUSER_ID)
        Run._prepare_day(self.company)
        Run._get_today(self.company).message_ids.with_user(self.collector).action_skip("Not now")
        for day in ('2026-03-03', '2026-03-04'):
            self.assertEqual(self.run_day(day).message_ids.state, 'proposed')
        self.assertFalse(self.steps())

    def test_approved_after_the_case_was_closed(self):
        """The customer paid in the meantime: the line is held, the run done, and the scheduled action at rest."""
        self.levels[20].mode = 'validate'
        move = self.invoice()
        run = self.run_day()
        self.pay(move)
        self.env['collection.case']._refresh(self.company)
        run.message_ids.with_user(self.collector).action_approve()
        self.assertEqual((run.line_ids.state, run.line_ids.reason, run.state), ('held', 'settled', 'done'))

    def test_a_run_is_created_as_a_preview(self):
        Run = self.env['collection.run'].with_user(self.collector)
        run = Run.with_context(default_state='open').create({'company_id': self.company.id, 'state': 'done'})
        self.assertEqual(run.state, 'preview')

    def test_litigation_is_taken_back_by_the_manager_alone(self):
        (self.levels[20] | self.levels[30] | self.levels[40] | self.levels[50]).active = False
        self.invoice()
        self.approve(self.run_day())
        with self.assertRaisesRegex(AccessError, "manager"):
            self.steps().with_user(self.collector).action_cancel()
        self.steps().with_user(self.manager).action_cancel("Paid to the lawyer")
        self.assertTrue(self.steps().cancelled)

    def test_the_day_of_a_company_is_its_own(self):
        """Whoever asks, and not before its morning."""
        self.company.partner_id.tz = 'America/Los_Angeles'
        self.invoice()
        Run = self.env['collection.run'].with_user(SUPERUSER_ID)
        with freeze_time('2026-03-03 05:00:00'):
            self.assertEqual(str(self.company.with_context(tz='Pacific/Auckland')._collection_today()), '2026-03-02')
            self.assertIn(self.company, Run._get_started_companies())
        with freeze_time('2026-03-03 09:00:00'):
            self.assertNotIn(self.company, Run._get_started_companies(), "one in the morning")
        with freeze_time('2026-03-03 14:00:00'):
            self.assertIn(self.company, Run._get_started_companies())

    @mute_logger('odoo.addons.account_collection_followup.models.collection_run_line')
    def test_a_broken_constraint_of_one_customer_stops_nobody_else(self):
        self.invoice()
        self.invoice(self.partner_b)
        self.env.flush_all()
        self.cr.execute(
            "ALTER TABLE collection_step ADD CONSTRAINT of_another_module CHECK (partner_id <> %s)", [self.partner_b.id])  # fmt: skip
        run = self.run_day()
        lines = run.message_ids.grouped('partner_id')
        self.assertEqual((lines[self.partner_a].state, lines[self.partner_b].state), ('done', 'error'))
