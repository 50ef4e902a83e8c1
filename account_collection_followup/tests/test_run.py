from freezegun import freeze_time
from lxml import etree

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
        self.assertIn("1 invoice asked for was never sent", run.warnings)
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


@tagged('post_install', '-at_install')
@freeze_time(TODAY)
class TestRunScreen(CollectionCommon):
    """What the screen of a run says is true."""

    def line(self, run, partner=None):
        return run.message_ids.filtered(lambda line: line.partner_id == (partner or self.partner_a))

    def sentence(self):
        case = self.env['collection.case'].search([('partner_id', '=', self.partner_a.id)])
        case.invalidate_recordset(['sentence'])
        return case.sentence

    # ------------------------------------------------------------------
    # Outcome
    # ------------------------------------------------------------------
    def test_outcome_says_what_is_still_to_do(self):
        self.invoice()
        run = self.run_day()
        line, step = self.line(run), self.steps()
        self.assertEqual((line.outcome, line.outcome_tone), ("Call to make", 'todo'))
        self.assertEqual(run.incomplete_count, 1)
        self.complete(step)
        self.assertEqual((line.outcome, line.outcome_tone), ("Sent", 'done'))
        self.assertEqual(run.incomplete_count, 0)

    def test_outcome_of_a_letter(self):
        self.partner_a.write({'street': "1 Harbour Road", 'zip': '1000', 'city': "Port Town"})
        (self.levels[20] | self.levels[30]).active = False
        self.levels[40].mode = 'auto'
        self.invoice()
        line = self.line(self.run_day())
        self.assertEqual((line.outcome, line.outcome_tone), ("Letter to post", 'todo'))
        self.complete(self.steps())
        self.assertEqual(line.outcome, "Sent")

    def test_outcome_of_a_failed_email(self):
        self.levels[20].by_call = False
        self.invoice()
        Run = self.env['collection.run'].with_user(SUPERUSER_ID)
        Run._prepare_day(self.company)
        run = Run._get_today(self.company)
        run._execute_batch()
        line = self.line(run)
        self.assertEqual((line.outcome, line.outcome_tone), ("E-mail in the queue", 'moving'))
        self.deliver(failure="mailbox full")
        self.assertEqual((line.outcome, line.outcome_tone), ("E-mail failed", 'failed'))
        self.assertIn("mailbox full", line.outcome_note)
        self.assertIn("The e-mail of Reminder 1 of 2 March failed: mailbox full.", self.sentence())

    def test_outcome_of_what_was_taken_back(self):
        self.levels[20].by_email = False
        self.invoice()
        run = self.run_day()
        self.steps().with_user(self.collector).action_cancel("Wrong customer")
        line = self.line(run)
        self.assertEqual((line.outcome, line.outcome_tone, line.outcome_note), ("Left out", 'closed', "Wrong customer"))
        self.assertIn("Reminder 1 was taken back today: Wrong customer.", self.sentence())

    # ------------------------------------------------------------------
    # Decisions
    # ------------------------------------------------------------------
    def test_the_case_says_who_left_out_what_and_why(self):
        self.levels[20].mode = 'validate'
        self.invoice()
        run = self.run_day()
        self.assertIn("Reminder 1 waits for approval in today's run.", self.sentence())
        line = self.line(run)
        line.with_user(self.collector).action_skip("The customer has just called.")
        self.assertEqual((line.decided_by_id, line.outcome), (self.collector, "Left out"))
        text = f"Reminder 1 was left out today by {self.collector.name}: The customer has just called."
        self.assertEqual(self.sentence(), f"{text} The next run proposes it again.")
        with freeze_time('2026-03-03'):
            self.assertEqual(self.sentence(), "Next run: Reminder 1, to be approved.")

    def test_who_may_decide_is_offered_to_decide(self):
        (self.levels[20] | self.levels[30] | self.levels[40] | self.levels[50]).active = False
        self.invoice()
        line = self.line(self.run_day())
        offered = [
            (line.with_user(user).can_decide, line.with_user(user).can_propose)
            for user in (self.collector, self.manager)
        ]
        self.assertEqual(offered, [(False, True), (True, False)])
        action = line.with_user(self.collector).action_propose()
        wizard = self.env['collection.reason'].with_user(self.collector).with_context(**action['context'])
        wizard.create({'reason': "Three promises broken"}).action_confirm()
        self.assertFalse(line.with_user(self.collector).can_propose)
        self.assertEqual(line.outcome, "Proposed to the manager")
        self.assertIn("proposed by", self.sentence())
        with freeze_time('2026-03-03'):
            self.env.invalidate_all()
            self.assertFalse(line.with_user(self.manager).can_decide, "only today's run can send")

    # ------------------------------------------------------------------
    # What is held
    # ------------------------------------------------------------------
    def test_held_by_reason(self):
        for partner in self.partner_a | self.partner_b:
            self.invoice(partner)
            self.receive(partner, 10)
        run = self.run_day().with_user(self.collector)
        reason = run.reason_ids
        self.assertEqual((reason.reason, reason.held_count, reason.item_count, reason.amount), ('receipt', 2, 2, 2000))
        self.assertTrue(reason.solvable)
        action = reason.action_open_lines()
        self.assertEqual(self.env['collection.run.line'].search(action['domain']), run.hold_ids)
        self.assertEqual(run.hold_ids[0].item_ids.residual, 1000)
        self.assertEqual(self.env['collection.run.reason'].browse(reason.id).reason_text, reason.reason_text)

    def test_a_hold_leads_to_what_solves_it(self):
        self.invoice()
        self.run_day()
        self.run_day('2026-03-11')
        run = self.run_day('2026-03-12')
        line = run.hold_ids.with_user(self.collector)
        self.assertEqual(line.reason, 'unfinished')
        action = line.action_solve()
        self.assertEqual((action['res_model'], action['res_id']), ('collection.step', self.steps().id))
        other = self.invoice(self.partner_b)
        dispute = self.env['collection.dispute'].create(
            {
                'partner_id': self.partner_b.id,
                'type_id': self.env.ref('account_collection_followup.dispute_type_technical').id,
                'line_ids': [(0, 0, {'move_id': other.id, 'amount': 1000})],
            }
        )
        run = self.run_day('2026-03-13')
        line = run.hold_ids.filtered(lambda line: line.partner_id == self.partner_b)
        self.assertEqual(line.with_user(self.collector).action_solve()['res_id'], dispute.id)

    def test_asked_again_it_tells_what_was_solved_and_sends_nothing(self):
        """A customer without any address gets one: his message waits for approval (R66, R68)."""
        self.levels[20].by_call = False
        self.partner_a.email = self.partner_b.email = False
        self.invoice()
        self.invoice(self.partner_b)
        run = self.run_day()
        self.assertEqual((run.hold_ids.mapped('reason'), run.state), (['no_email', 'no_email'], 'done'))
        self.partner_a.email = 'a@example.com'
        run.with_user(self.collector).action_check_again()
        holds = run.hold_ids.grouped('partner_id')
        self.assertEqual((holds[self.partner_a].state, holds[self.partner_b].state), ('solved', 'held'))
        self.assertEqual((run.reason_ids.held_count, run.reason_ids.solved_count), (1, 1))
        self.assertEqual((self.line(run).state, run.state), ('proposed', 'open'))
        self.assertFalse(self.steps())
        run.with_user(self.collector).action_check_again()
        self.assertEqual(len(run.line_ids), 3, "asked twice, nothing is told twice")
        self.line(run).with_user(self.collector).action_approve()
        self.assertEqual(len(self.steps()), 1)
        self.assertFalse(self.env['collection.run'].search([('state', '=', 'preview')]))

    def test_asked_again_what_a_person_decided_stays(self):
        self.levels[20].mode = 'validate'
        moves = self.invoice() | self.invoice(self.partner_b)
        run = self.run_day()
        self.line(run).with_user(self.collector).action_skip("Not now")
        self.pay(moves[1])
        run.with_user(self.collector).action_check_again()
        self.assertEqual(self.line(run).state, 'skipped')
        paid = self.line(run, self.partner_b)
        self.assertEqual((paid.state, paid.outcome), ('solved', "No longer due"))
        self.assertFalse(run.hold_ids)

    def test_asked_again_a_message_held_since_says_why(self):
        self.levels[20].mode = 'validate'
        move = self.invoice()
        run = self.run_day()
        move.line_ids.no_followup = True
        run.with_user(self.collector).action_check_again()
        line = self.line(run)
        self.assertEqual((line.state, line.outcome), ('solved', "Marked \"no follow-up\""))
        self.assertEqual(run.hold_ids.reason, 'no_followup')
        move.line_ids.no_followup = False
        run.with_user(self.collector).action_check_again()
        self.assertEqual((line.state, line.outcome, run.hold_ids.state), ('proposed', "To approve", 'solved'))

    def test_asked_again_a_message_sent_today_is_no_news(self):
        self.invoice()
        run = self.run_day()
        run.with_user(self.collector).action_check_again()
        self.assertFalse(run.hold_ids)
        self.assertEqual((self.line(run).state, run.state), ('done', 'done'))
        with freeze_time('2026-03-03'), self.assertRaisesRegex(UserError, "Only today's run"):
            run.with_user(self.collector).action_check_again()

    # ------------------------------------------------------------------
    # Previews
    # ------------------------------------------------------------------
    def test_the_date_of_a_preview_has_no_onchange(self):
        """While one is on its way, the date picker of Odoo puts the former date over the one just saved."""
        arch = self.env['collection.run'].get_view(view_type='form')['arch']
        self.assertIn('<field name="date" ', arch)
        node = etree.fromstring(arch).xpath("//h1/field[@name='date']")[0]
        self.assertEqual(node.get('on_change'), '0')

    def test_old_previews_are_forgotten(self):
        self.invoice()
        run = self.run_day()
        Run = self.env['collection.run'].with_user(self.collector)
        old, new = Run.create({'date': '2026-03-20'}), Run.create({'date': '2026-03-21'})
        old.action_preview()
        self.env.flush_all()
        self.cr.execute("UPDATE collection_run SET write_date = '2026-02-22' WHERE id IN %s", [(old.id, run.id)])
        self.env.invalidate_all()
        self.env['collection.run'].sudo()._gc_previews()
        self.assertEqual((old | new | run).exists(), new | run)
