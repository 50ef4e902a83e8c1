from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.tests import tagged

from .common import TODAY
from .test_consultation import ConsultationCommon

LOGGER = 'odoo.addons.account_collection_followup.models.collection_run_execution'


@tagged('post_install', '-at_install')
@freeze_time(TODAY)
class TestRunPreparation(ConsultationCommon):
    """R49, R53, R66: a part of the preparation that fails says so, and the company has its run all the same."""

    def broken(self, model, method):
        """Somebody's data stop a part of the day, after it wrote something."""

        def fail(records, company):
            self.partner_b.sudo().ref = "half-way"
            self.env.flush_all()
            raise ValueError("one customer")

        return patch.object(type(self.env[model]), method, fail)

    def run_broken(self, model, method, day=TODAY):
        with self.broken(model, method), self.assertLogs(LOGGER, 'ERROR') as logs:
            run = self.run_day(day)
        self.assertIn("one customer", logs.output[0])
        self.assertEqual(run.state, 'done' if not run.proposed_count else 'open')
        self.assertFalse(self.partner_b.ref, "taken back as a whole")
        return run

    def test_satisfaction_calls(self):
        self.invoice()
        run = self.run_broken('collection.call', '_plan_satisfaction')
        self.assertEqual(self.steps().date, run.date)
        self.assertIn("satisfaction calls", run.warnings)
        self.assertIn("one customer", run.warnings)

    def test_consultations(self):
        """Formal acts nobody was told about are held, the others leave"""
        move = self.invoice()
        third = self.reach(40)
        other = self.invoice(self.partner_b, due=fields.Date.subtract(third.act_on, days=5))
        self.policy.level_ids.filtered(lambda level: level.rank == 20).mode = 'auto'
        day = third.act_on
        run = self.run_broken('collection.consultation', '_prepare_day', day)
        self.assertFalse(self.told())
        self.assertEqual(self.steps()[-1], third)
        held = run.hold_ids.filtered(lambda line: line.partner_id == move.partner_id)
        self.assertEqual(held.mapped('reason'), ['consultation'])
        self.assertEqual(self.steps(self.partner_b).line_ids.move_id, other)
        self.assertIn("sales reps could not be told", run.warnings)
        with freeze_time(day):
            run.with_user(self.collector).action_check_again()
            self.assertIn("sales reps could not be told", run.warnings)
        self.run_day(self.working(day, 1))
        self.assertEqual(self.told().told_on, self.working(day, 1))

    def test_questions_and_to_do_lists(self):
        self.invoice()
        for model, method in (
            ('collection.litigation.item', '_prepare_day'),
            ('collection.case', '_prepare_decisions'),
        ):
            with self.subTest(model=model), self.env.cr.savepoint() as savepoint:
                run = self.run_broken(model, method)
                self.assertIn("collections manager", run.warnings)
                self.assertTrue(self.steps())
                savepoint.rollback()
                self.env.invalidate_all()
