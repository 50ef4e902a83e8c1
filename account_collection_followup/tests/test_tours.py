from odoo import Command, fields
from odoo.addons.account.tests.common import AccountTestInvoicingHttpCommon
from odoo.tests import new_test_user, tagged

from ..tools import WorkingDays


@tagged('post_install', '-at_install')
class TestTours(AccountTestInvoicingHttpCommon):
    """One walk through the screens per role, in a browser, with the rights of that role only."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.user.group_ids |= cls.env.ref('account_collection_followup.group_collection_administrator')
        cls.company = cls.env.company
        cls.users = {
            role: new_test_user(
                cls.env,
                login=f'tour_{role}',
                password=f'tour_{role}',
                groups=f'account_collection_followup.group_collection_{role}',
                company_id=cls.company.id,
                email=f'{role}@example.com',
                tz='UTC',
            )
            for role in ('resolver', 'caller', 'collector', 'administrator')
        }
        cls.users['manager'] = new_test_user(
            cls.env,
            login='tour_manager',
            password='tour_manager',
            groups='account_collection_followup.group_collection_collector',
            company_id=cls.company.id,
            email='manager@example.com',
            tz='UTC',
        )
        cls.company.partner_id.tz = 'UTC'
        cls.today = cls.company._collection_today()
        cls.company.write(
            {
                'collection_policy_id': cls.env.ref('account_collection_followup.policy_standard').id,
                'collection_start_date': fields.Date.subtract(cls.today, days=30),
                'collection_first_run_done': True,
                'collection_user_id': cls.users['collector'].id,
                'collection_manager_id': cls.users['collector'].id,
            }
        )
        cls.customer = cls.env['res.partner'].create(
            {'name': "Tour customer", 'email': 'tour@example.com', 'phone': '+1 555 0199', 'is_company': True}
        )
        day = fields.Date.subtract(cls.today, days=40)
        cls.invoice = cls.env['account.move'].create(
            {
                'move_type': 'out_invoice',
                'partner_id': cls.customer.id,
                'invoice_date': day,
                'date': day,
                'invoice_date_due': fields.Date.subtract(cls.today, days=10),
                'invoice_payment_term_id': False,
                'invoice_line_ids': [Command.create({'name': "work", 'price_unit': 1000, 'tax_ids': []})],
            }
        )
        cls.invoice.action_post()
        cls.invoice.is_move_sent = True

    def make_run(self):
        # whatever day of the week the test runs on
        self.patch(WorkingDays, 'is_working', lambda calendar, day: True)
        self.env['collection.case'].sudo()._refresh(self.company)
        run = self.env['collection.run'].sudo().create({'company_id': self.company.id, 'date': self.today})
        run._begin()
        return run

    def test_collector(self):
        run = self.make_run()
        run._execute_batch()
        self.env['collection.case'].sudo()._refresh(self.company)
        self.start_tour('/odoo/worklist', 'collection_collector', login='tour_collector')
        promise = self.env['collection.promise'].search([('partner_id', '=', self.customer.id)])
        self.assertEqual(promise.amount, 1000)
        self.assertEqual(promise.user_id, self.users['collector'])
        call = self.env['collection.call'].search([('partner_id', '=', self.customer.id), ('state', '=', 'made')])
        self.assertEqual(call.promise_id, promise)

    def test_caller(self):
        """A caller, who has no accounting rights, walks the same way."""
        run = self.make_run()
        run._execute_batch()
        self.env['collection.case'].sudo()._refresh(self.company)
        self.start_tour('/odoo/worklist', 'collection_collector', login='tour_caller')
        self.assertTrue(self.env['collection.promise'].search([('partner_id', '=', self.customer.id)]))

    def test_run(self):
        self.company.collection_first_run_done = False
        self.make_run()
        self.start_tour('/odoo/collection-runs', 'collection_run', login='tour_collector')
        step = self.env['collection.step'].search([('partner_id', '=', self.customer.id)])
        self.assertEqual(step.email_state, 'todo')

    def test_preview_date(self):
        self.patch(WorkingDays, 'is_working', lambda calendar, day: True)
        self.start_tour('/odoo/collection-runs', 'collection_preview_date', login='tour_collector')
        run = self.env['collection.run'].search([('company_id', '=', self.company.id)])
        self.assertEqual(run.message_ids.partner_id, self.customer)

    def test_manager(self):
        self.company.collection_manager_id = self.users['manager']
        policy = self.company.collection_policy_id
        policy.consult_days = 0
        policy.level_ids.filtered(lambda level: level.rank < 60).active = False
        self.make_run()
        self.env['collection.dispute'].create(
            {
                'partner_id': self.customer.id,
                'type_id': self.env.ref('account_collection_followup.dispute_type_technical').id,
                'opened_on': fields.Date.subtract(self.today, days=9),
                'deadline': fields.Date.subtract(self.today, days=1),
                'line_ids': [Command.create({'move_id': self.invoice.id, 'amount': 300})],
            }
        )
        self.start_tour('/odoo/collection-approvals', 'collection_manager', login='tour_manager')
        step = self.env['collection.step'].search([('partner_id', '=', self.customer.id)])
        self.assertEqual((step.track, step.amount), ('litigation', 700))

    def make_formal_notice(self):
        """A ladder that begins with formal notice, and its run of today."""
        policy = self.company.collection_policy_id
        policy.level_ids.filtered(lambda level: level.rank < 50).active = False
        return self.make_run()

    def test_consultation(self):
        """The sales rep objects to a formal notice to his customer."""
        self.customer.user_id = self.users['resolver']
        self.make_formal_notice()
        told = self.env['collection.consultation'].search([('partner_id', '=', self.customer.id)])
        self.assertEqual((told.user_id, told.state), (self.users['resolver'], 'waiting'))
        self.start_tour('/odoo/collection-consultations', 'collection_consultation', login='tour_resolver')
        self.assertEqual((told.state, told.reason), ('objected', "Goods are being replaced."))

    def test_letters(self):
        self.company.collection_policy_id.consult_days = 0
        self.customer.write({'street': "1 Harbor Street", 'city': "Portland", 'zip': "97205"})
        self.make_formal_notice().message_ids.sudo().action_approve()
        self.start_tour('/odoo/collection-letters', 'collection_letters', login='tour_collector')
        step = self.env['collection.step'].search([('partner_id', '=', self.customer.id)])
        self.assertEqual((step.registered_state, step.registered_number), ('sent', 'RR 12 345'))
        self.assertTrue(step.letter_html)

    def test_administrator(self):
        run = self.make_run()
        run._execute_batch()
        self.start_tour('/odoo/collection-settings', 'collection_administrator', login='tour_administrator')
        self.assertEqual(self.company.collection_director_id, self.users['resolver'])
        policy = self.company.collection_policy_id
        self.assertEqual(policy.level_ids.filtered(lambda level: level.rank == 20).days_given, 10)
        # what was sent keeps its date
        step = self.env['collection.step'].search([('partner_id', '=', self.customer.id)])
        self.assertEqual(step.date_given, fields.Date.add(self.today, days=7))
        self.assertTrue(self.env['collection.policy'].search([('name', '=', "Standard (copy)")]).level_ids)
        self.assertTrue(self.env['collection.holiday'].search([('date', '=', '2030-12-25')]))
        kind = self.env['collection.dispute.type'].search([('name', '=', "Packaging")])
        self.assertEqual(kind.team_id.name, "Warehouse")

    def test_rep(self):
        dispute = self.env['collection.dispute'].create(
            {
                'partner_id': self.customer.id,
                'type_id': self.env.ref('account_collection_followup.dispute_type_technical').id,
                'user_id': self.users['resolver'].id,
                'reason': "One part arrived damaged.",
                'line_ids': [Command.create({'move_id': self.invoice.id, 'amount': 300})],
            }
        )
        self.start_tour('/odoo/collection-disputes', 'collection_rep', login='tour_resolver')
        self.assertIn("replaced", ''.join(dispute.message_ids.mapped('body')))

    def test_resolver(self):
        """A sales rep's day: what waits for him, a dispute answered, a satisfaction call."""
        self.patch(WorkingDays, 'is_working', lambda calendar, day: True)
        rep = self.users['resolver']
        dispute = self.env['collection.dispute'].create(
            {
                'partner_id': self.customer.id,
                'type_id': self.env.ref('account_collection_followup.dispute_type_technical').id,
                'user_id': rep.id,
                'line_ids': [Command.create({'move_id': self.invoice.id, 'amount': 300})],
            }
        )
        customer = self.customer.create({'name': "Quiet customer", 'phone': '+1 555 0198', 'user_id': rep.id})
        day = fields.Date.subtract(self.today, days=20)
        move = self.invoice.create(
            {
                'move_type': 'out_invoice',
                'partner_id': customer.id,
                'invoice_date': day,
                'date': day,
                'invoice_date_due': fields.Date.add(self.today, days=10),
                'invoice_payment_term_id': False,
                'invoice_line_ids': [Command.create({'name': "work", 'price_unit': 640, 'tax_ids': []})],
            }
        )
        move.action_post()
        call = self.env['collection.call']._plan_satisfaction(self.company)
        self.assertEqual((call.partner_id, call.user_id), (customer, rep))
        self.start_tour('/odoo', 'collection_resolver', login='tour_resolver')
        self.assertIn("replaced", ''.join(dispute.message_ids.mapped('body')))
        self.assertEqual(dispute.activity_ids.user_id, self.users['collector'])
        self.assertEqual((call.state, call.result), ('made', 'all_well'))
