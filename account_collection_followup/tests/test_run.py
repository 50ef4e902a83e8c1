from freezegun import freeze_time
from odoo.tests import tagged

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
