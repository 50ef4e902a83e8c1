from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .common import TODAY, CollectionCommon


@tagged('post_install', '-at_install')
@freeze_time(TODAY)
class TestStart(CollectionCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.write({'collection_start_date': False, 'collection_first_run_done': False})

    def start(self, **values):
        wizard = self.env['collection.start'].create({'company_id': self.company.id, **values})
        wizard.action_start()
        return wizard

    def test_nothing_leaves_before_the_start(self):
        self.invoice()
        with self.enter_registry_test_mode():
            self.env.ref('account_collection_followup.ir_cron_collection_daily').method_direct_trigger()
        self.assertFalse(self.steps())
        run = self.env['collection.run'].create({'company_id': self.company.id})
        run.action_preview()
        self.assertTrue(run.message_ids, "a preview is always possible")
        with self.assertRaisesRegex(UserError, "Start collections"):
            run.action_start()

    def test_old_items_are_taken_over_at_a_level_by_age(self):
        fresh, older, old = (
            self.invoice(due='2026-02-25'),
            self.invoice(due='2026-02-01'),
            self.invoice(due='2025-11-01'),
        )
        self.start()
        self.assertEqual(fresh.collection_level_id.rank, 0)
        self.assertEqual(older.collection_level_id, self.levels[20])
        self.assertEqual(old.collection_level_id, self.levels[30])
        self.assertFalse(self.env['mail.mail'].search([('model', '=', 'collection.case')]))
        plan = self.plan()
        self.assertEqual(
            [plan[move].level_id for move in (fresh, older, old)], [self.levels[rank].id for rank in (20, 30, 40)]
        )

    def test_first_run_is_validated(self):
        self.invoice()
        self.start()
        run = self.run_day()
        self.assertEqual(run.message_ids.state, 'proposed', "an automatic level too")
        self.assertFalse(self.steps())
        self.approve(run)
        self.assertEqual(len(self.steps()), 1)
        self.invoice(self.partner_b)
        run = self.run_day('2026-03-03')
        self.assertEqual(run.message_ids.state, 'done', "the next run needs no approval")

    def test_entries_stay_in_the_balance_but_are_not_chased(self):
        receivable = self.company_data['default_account_receivable']
        entry = self.env['account.move'].create({
            'move_type': 'entry', 'date': '2026-01-01',
            'line_ids': [
                (0, 0, {'account_id': receivable.id, 'debit': 300, 'partner_id': self.partner_a.id, 'date_maturity': '2026-01-15'}),
                (0, 0, {'account_id': self.company_data['default_account_revenue'].id, 'credit': 300}),
            ]})  # fmt: skip
        entry.action_post()
        self.term(entry).no_followup = False
        self.start()
        self.assertTrue(self.term(entry).no_followup)
        self.assertEqual(self.reason(entry), 'no_followup')
        items = self.env['collection.item'].search([('partner_id', '=', self.partner_a.id)])
        self.assertEqual(sum(items.mapped('residual')), 300)
        self.term(entry).no_followup = False
        self.assertFalse(self.reason(entry), "released")

    def test_messages_per_day_are_capped(self):
        self.invoice()
        self.invoice(self.partner_b, amount=50)
        self.start(daily_cap=1)
        run = self.run_day()
        self.assertEqual(run.message_ids.partner_id, self.partner_a, "the larger amount first")
        self.assertEqual(run.hold_ids.mapped('reason'), ['cap'])
        self.approve(run)
        run = self.run_day('2026-03-03')
        self.assertEqual(self.steps(self.partner_b).mapped('level_id.rank'), [20])

    def test_once_started_it_says_what_is_left_to_do(self):
        aside, chased = self.invoice(amount=300), self.invoice(amount=50)
        self.term(aside).no_followup = True
        self.start()
        with Form(self.env['collection.start'].with_context(default_company_id=self.company.id)) as form:
            self.assertEqual(str(form.started_on), TODAY)
            self.assertEqual((form.aside_count, form.aside_amount), (1, 300))
            action = form.save().action_aside()
        found = self.env[action['res_model']].search(action['domain'])
        self.assertIn(aside, found.move_id)
        self.assertNotIn(chased, found.move_id)
        self.assertEqual(form.record.action_settings()['res_model'], 'collection.settings')

    def test_refusals(self):
        with self.assertRaisesRegex(UserError, "past"):
            self.start(date='2026-01-01')
        with self.assertRaisesRegex(UserError, "no level"):
            self.start(policy_id=self.env['collection.policy'].create({'name': "Empty"}).id)
        self.env['ir.module.module'].sudo().create(
            {'name': 'account_credit_control', 'shortdesc': "Credit Control", 'state': 'installed'}
        )
        with self.assertRaisesRegex(UserError, "Credit Control"):
            self.start()
        self.assertFalse(self.company.collection_start_date)

    def test_only_an_administrator_starts_and_only_once(self):
        with self.assertRaises(AccessError):
            self.env['collection.start'].with_user(self.collector).create({'company_id': self.company.id})
        self.start()
        with self.assertRaisesRegex(UserError, "already started"):
            self.start()

    def test_company_without_chart_of_accounts(self):
        bare = self.env['res.company'].create({'name': "Bare"})
        self.env.user.company_ids |= bare
        wizard = self.env['collection.start'].create({
            'company_id': bare.id, 'policy_id': self.policy.id, 'manager_id': self.manager.id})  # fmt: skip
        with self.assertRaisesRegex(UserError, "chart of accounts"):
            wizard.action_start()
