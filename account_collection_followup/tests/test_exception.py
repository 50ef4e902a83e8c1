from freezegun import freeze_time

from odoo import SUPERUSER_ID
from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..models.collection_fact import internal
from .common import TODAY, CollectionCommon


@tagged('post_install', '-at_install')
@freeze_time(TODAY)
class TestException(CollectionCommon):
    """Each kind arises from real work left undone, and is gone when it is done."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner_a.write({'street': "1 Harbour Road", 'zip': '1000', 'city': "Port Town"})

    def exceptions(self, day=None, user=None):
        """:return: the exceptions of the customer on a day, as the collector sees them"""
        with freeze_time(day or TODAY):
            found = (
                self.env['collection.exception']
                .with_user(user or self.collector)
                .search([('partner_id', '=', self.partner_a.id)])
            )
            found.mapped('detail')
            return found

    def kinds(self, day=None):
        return self.exceptions(day).mapped('kind')

    def only_level(self, rank, **values):
        """The ladder begins at this level."""
        for level in self.levels.values():
            level.active = level.rank >= rank or level.kind == 'satisfaction'
        self.levels[rank].write(values)

    def leave_out(self, run, reason):
        run.message_ids.filtered(lambda line: line.state == 'proposed').with_user(self.collector).action_skip(reason)

    # ------------------------------------------------------------------
    # Decisions
    # ------------------------------------------------------------------
    def test_approval_waits(self):
        self.levels[20].mode = 'validate'
        self.invoice()
        for day in ('2026-03-02', '2026-03-03', '2026-03-04', '2026-03-05'):
            self.run_day(day)
            self.assertFalse(self.kinds(day), "three working days are in time")
        run = self.run_day('2026-03-06')
        found = self.exceptions('2026-03-06')
        self.assertEqual((found.kind, str(found.since), found.amount), ('approve', '2026-03-02', 1000))
        self.assertEqual(found.user_id, self.collector)
        self.assertIn("Reminder 1 waits for approval", found.detail)
        with freeze_time('2026-03-06'):
            self.approve(run)
        self.assertFalse(self.kinds('2026-03-06'))

    def test_the_days_are_a_setting_and_working_days(self):
        self.company.collection_exception_days = 1
        self.levels[20].mode = 'validate'
        self.invoice()
        self.run_day('2026-03-06')
        self.run_day('2026-03-09')
        self.assertFalse(self.kinds('2026-03-09'), "from Friday to Monday is one working day")
        self.run_day('2026-03-10')
        self.assertEqual(self.kinds('2026-03-10'), ['approve'])

    def test_litigation_undecided(self):
        self.only_level(60)
        self.invoice()
        run = self.run_day()
        for day in ('2026-03-03', '2026-03-04', '2026-03-05', '2026-03-06'):
            run = self.run_day(day)
        found = self.exceptions('2026-03-06')
        self.assertEqual((found.kind, found.user_id), ('decide', self.manager))
        with freeze_time('2026-03-06'):
            self.approve(run)
        self.assertFalse(self.kinds('2026-03-06'))

    def test_new_item_beside_litigation(self):
        self.only_level(60)
        self.invoice()
        self.approve(self.run_day())
        self.assertEqual(self.steps().track, 'litigation')
        new = self.invoice(due='2026-03-02')
        for day in ('2026-03-03', '2026-03-04', '2026-03-05', '2026-03-06'):
            self.run_day(day)
            self.assertFalse(self.kinds(day))
        self.run_day('2026-03-09')
        found = self.exceptions('2026-03-09')
        self.assertEqual((found.kind, found.user_id, found.amount), ('join', self.manager, 1000))
        self.assertIn(new.name, found.detail)
        with freeze_time('2026-03-09'):
            self.env['collection.litigation.item'].browse(found.res_id).with_user(self.manager).action_join()
        self.assertFalse(self.kinds('2026-03-09'))

    def test_announced_act_left_out(self):
        self.levels[30].mode = 'validate'
        self.invoice()
        self.run_day()
        self.complete(self.steps())
        self.steps().call_ids.action_cancel()
        run = self.run_day('2026-03-11')
        with freeze_time('2026-03-11'):
            self.leave_out(run, "The customer has just called")
        found = self.exceptions('2026-03-11')
        self.assertEqual((found.kind, found.user_id), ('left_out', self.collector))
        self.assertEqual(str(found.since), '2026-03-11')
        self.assertIn("The customer has just called", found.detail)
        run = self.run_day('2026-03-12')
        self.assertEqual(self.kinds('2026-03-12'), ['left_out'], "still not done the day after")
        with freeze_time('2026-03-12'):
            self.approve(run)
        self.assertEqual(self.steps()[-1].level_id, self.levels[30])
        self.assertFalse(self.kinds('2026-03-12'))

    def test_what_was_never_announced_may_be_left_out(self):
        self.levels[20].mode = 'validate'
        self.invoice()
        self.leave_out(self.run_day(), "Not now")
        self.assertFalse(self.kinds())

    def test_left_out_and_paid(self):
        self.levels[30].mode = 'validate'
        move = self.invoice()
        self.run_day()
        self.complete(self.steps())
        self.steps().call_ids.action_cancel()
        run = self.run_day('2026-03-11')
        with freeze_time('2026-03-11'):
            self.leave_out(run, "He pays today")
            self.pay(move)
        self.assertFalse(self.kinds('2026-03-11'))

    # ------------------------------------------------------------------
    # Messages
    # ------------------------------------------------------------------
    def test_letter_not_posted(self):
        self.only_level(40, mode='auto')
        self.invoice()
        self.run_day()
        step = self.steps()
        self.assertEqual(step.letter_state, 'todo')
        self.assertFalse(self.kinds('2026-03-05'))
        found = self.exceptions('2026-03-06').filtered(lambda exception: exception.kind == 'letter')
        self.assertEqual((found.res_id, found.amount), (step.id, 1000))
        with freeze_time('2026-03-06'):
            step.action_posted()
        self.assertNotIn('letter', self.kinds('2026-03-06'))

    def test_what_is_paid_needs_no_letter(self):
        self.only_level(40, mode='auto')
        move = self.invoice()
        self.run_day()
        self.assertIn('letter', self.kinds('2026-03-06'))
        self.pay(move)
        self.assertFalse(self.kinds('2026-03-06'))

    def test_call_belongs_before_the_date_given(self):
        self.invoice()
        self.run_day()
        step = self.steps()
        self.assertEqual(str(step.date_given), '2026-03-09')
        self.assertNotIn('call', self.kinds('2026-03-09'))
        found = self.exceptions('2026-03-10')
        self.assertEqual(found.kind, 'call', "told once, not as a planned call too")
        self.assertEqual(found.user_id, step.call_ids.user_id)
        self.complete(step, '2026-03-10')
        step.call_ids.filtered(lambda call: call.state == 'planned').action_cancel()
        self.assertFalse(self.kinds('2026-03-10'))

    def test_failed_email(self):
        self.levels[20].by_call = False
        self.invoice()
        with freeze_time(TODAY):
            Run = self.env['collection.run'].with_user(SUPERUSER_ID)
            Run._prepare_day(self.company)
            Run._get_today(self.company)._execute_batch()
            self.deliver(failure="mailbox full")
        found = self.exceptions()
        self.assertEqual(found.kind, 'failed')
        self.assertEqual(found.detail, "Reminder 1, e-mail failed: mailbox full")
        self.steps().action_resend()
        self.deliver()
        self.assertFalse(self.kinds())

    def test_failure_recorded_while_the_conversation_runs(self):
        self.partner_a.email = False
        move = self.invoice()
        self.run_day()
        self.assertEqual(self.steps().email_state, 'waived')
        found = self.exceptions()
        self.assertEqual(found.kind, 'impossible')
        self.assertIn("No usable e-mail address", found.detail)
        self.pay(move)
        self.assertFalse(self.kinds())

    @mute_logger('odoo.addons.account_collection_followup.models.collection_run_line')
    def test_message_that_could_not_be_made(self):
        self.invoice()
        self.env.flush_all()
        self.cr.execute(
            "ALTER TABLE collection_step ADD CONSTRAINT of_another_module CHECK (partner_id <> %s)", [self.partner_a.id])  # fmt: skip
        run = self.run_day()
        self.assertEqual(self.kinds(), ['error'])
        self.cr.execute("ALTER TABLE collection_step DROP CONSTRAINT of_another_module")
        run.message_ids.with_user(self.collector).action_retry()
        self.deliver()
        self.assertFalse(self.kinds())

    # ------------------------------------------------------------------
    # Announcements that reached nobody
    # ------------------------------------------------------------------
    def notice(self, **means):
        """:return: a formal notice with its letter still to post"""
        self.only_level(50, mode='auto', **means)
        self.move = self.invoice()
        self.run_day()
        step = self.steps()
        self.assertEqual(step.track, 'formal')
        return step

    def test_notice_that_never_left(self):
        """Litigation is proposed all the same: who decides is told."""
        step = self.notice()
        step.action_record_failure("The post is on strike")
        self.assertEqual(self.kinds(), ['unsent'], "told once, not as a means that was not possible too")
        run = self.run_day(step.act_on)
        found = self.exceptions(step.act_on)
        self.assertEqual((found.kind, found.res_id, found.amount), ('unsent', step.id, 1000))
        self.assertIn("never left: The post is on strike", found.detail)
        line = run.message_ids
        self.assertEqual((line.mode, line.state), ('decide', 'proposed'))
        self.assertIn("never left: The post is on strike.", line.outcome_note)
        with freeze_time(step.act_on):
            line.with_user(self.collector).action_propose("They do not answer")
            self.assertIn("They do not answer", line.outcome_note)
            self.assertIn("never left", line.outcome_note)
            self.approve(run)
        self.assertNotIn('unsent', self.kinds(step.act_on))
        line.invalidate_recordset()
        self.assertNotIn("never left", line.outcome_note)

    def test_notice_that_left_by_another_means(self):
        step = self.notice(by_email=True, mail_template_id=self.levels[20].mail_template_id.id)
        step.action_record_failure("The post is on strike")
        self.assertEqual((step.email_state, step.registered_state), ('sent', 'waived'))
        self.assertEqual(self.kinds(), ['impossible'])

    def test_reminder_without_means_is_no_notice(self):
        self.partner_a.email = False
        self.invoice()
        self.run_day()
        self.assertEqual(self.kinds(), ['impossible'])

    def test_letter_returned(self):
        step = self.notice()
        step.action_posted()
        with freeze_time('2026-03-09'):
            step.action_record_delivery('returned', '2026-03-06')
            self.assertIn("Find the address", ' '.join(step.case_id.activity_ids.mapped('summary')))
            self.assertEqual(step.case_id.activity_ids.user_id, self.collector)
            step.action_record_delivery('returned', '2026-03-09')
            self.assertEqual(len(step.case_id.activity_ids), 1, "the day was corrected: asked once")
        found = self.exceptions('2026-03-09')
        self.assertEqual((found.kind, str(found.since), found.res_id), ('returned', '2026-03-09', step.id))
        self.assertIn("it reached nobody", found.detail)
        line = self.run_day(step.act_on).message_ids
        self.assertIn("it reached nobody.", line.outcome_note)
        self.pay(self.move)
        self.assertFalse(self.kinds(step.act_on))

    def test_letter_refused_was_notified(self):
        step = self.notice()
        step.action_posted()
        with freeze_time('2026-03-09'):
            step.action_record_delivery('refused', '2026-03-09')
            self.assertFalse(step.case_id.activity_ids)
        self.assertFalse(self.kinds('2026-03-09'))
        self.assertFalse(self.run_day(step.act_on).message_ids.outcome_note)

    def test_what_is_written_again_is_no_doubt_any_more(self):
        step = self.notice()
        step.action_posted()
        with freeze_time('2026-03-09'):
            step.action_record_delivery('returned', '2026-03-09')
        late = '2026-05-04'
        self.run_day(late)
        again = self.steps()[-1]
        self.assertEqual((again.track, str(again.date)), ('formal', late), "stale: announced anew")
        self.assertNotIn('returned', self.kinds(late))

    # ------------------------------------------------------------------
    # Calls and disputes
    # ------------------------------------------------------------------
    def test_planned_call(self):
        call = self.env['collection.call'].create(
            {'partner_id': self.partner_a.id, 'user_id': self.manager.id, 'purpose': 'satisfaction'}
        )
        self.assertFalse(self.kinds('2026-03-05'))
        found = self.exceptions('2026-03-06')
        self.assertEqual((found.kind, found.user_id, found.res_model), ('planned', self.manager, 'collection.call'))
        call.action_cancel()
        self.assertFalse(self.kinds('2026-03-06'))

    def test_planned_call_tried(self):
        """Tries are told in words that fit their number."""
        call = self.env['collection.call'].sudo().create({'partner_id': self.partner_a.id, 'planned_on': '2026-02-26'})
        exceptions = self.env['collection.exception']
        self.assertTrue(exceptions._say_planned(call).endswith("02/26/2026."))
        for tries, words in ((1, "tried once."), (2, "tried 2 times.")):
            internal(call).tries = tries
            self.assertTrue(exceptions._say_planned(call).endswith(words))

    def test_dispute_past_its_time_limit(self):
        dispute = self.env['collection.dispute'].create(
            {
                'partner_id': self.partner_a.id,
                'type_id': self.env.ref('account_collection_followup.dispute_type_technical').id,
                'user_id': self.manager.id,
                'deadline': '2026-03-04',
                'line_ids': [Command.create({'move_id': self.invoice().id, 'amount': 300})],
            }
        )
        self.assertFalse(self.kinds('2026-03-04'))
        # what is withheld because of it is not contested
        dispute.withheld_line_ids = [Command.create({'move_id': self.invoice().id})]
        found = self.exceptions('2026-03-05')
        self.assertEqual((found.kind, str(found.since), found.amount), ('dispute', '2026-03-04', 300))
        dispute.action_close('withdrawn')
        self.assertFalse(self.kinds('2026-03-05'))

    # ------------------------------------------------------------------
    # Who sees them
    # ------------------------------------------------------------------
    def test_opened_from_the_list(self):
        self.levels[20].mode = 'validate'
        self.invoice()
        for day in ('2026-03-02', '2026-03-06'):
            self.run_day(day)
        found = self.exceptions('2026-03-06')
        self.assertEqual(found.action_open()['res_model'], 'collection.run.line')
        auditor = new_test_user(self.env, 'exc_auditor', groups='account.group_account_readonly')
        found = self.exceptions('2026-03-06', auditor)
        self.assertIn("waits for approval", found.detail)
        self.assertEqual(found.action_open()['res_model'], 'collection.case', "he does not see the runs")

    def test_who_sees_them(self):
        self.company.collection_exception_days = 0
        self.env['collection.call'].create({'partner_id': self.partner_a.id})
        caller = new_test_user(self.env, 'exc_caller', groups='account_collection_followup.group_collection_caller')
        with self.assertRaises(AccessError):
            self.exceptions('2026-03-03', caller)
        other = self.setup_other_company()['company']
        stranger = new_test_user(
            self.env,
            'exc_stranger',
            groups='account_collection_followup.group_collection_collector',
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        self.assertTrue(self.exceptions('2026-03-03'))
        self.assertFalse(self.exceptions('2026-03-03', stranger))
        with self.assertRaises(AccessError):
            self.exceptions('2026-03-03').with_user(self.collector).unlink()
