from odoo import fields
from odoo.addons.account.tests.common import AccountTestInvoicingHttpCommon
from odoo.fields import Command
from odoo.tests import new_test_user, tagged


@tagged('post_install', '-at_install')
class TestCallTours(AccountTestInvoicingHttpCommon):
    """The dialog of a call walked in a browser: by keyboard, closed by mistake, with a complaint."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.user.group_ids |= cls.env.ref('account_collection_followup.group_collection_administrator')
        cls.company = cls.env.company
        cls.company.partner_id.tz = 'UTC'
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
            for role in ('resolver', 'caller', 'collector')
        }
        cls.today = cls.company._collection_today()
        cls.company.write(
            {
                'collection_policy_id': cls.env.ref('account_collection_followup.policy_standard').id,
                'collection_start_date': fields.Date.subtract(cls.today, days=30),
                'collection_user_id': cls.users['collector'].id,
                'collection_manager_id': cls.users['collector'].id,
            }
        )
        cls.customer = cls.env['res.partner'].create(
            {
                'name': "Tour customer",
                'is_company': True,
                'user_id': cls.users['resolver'].id,
                'child_ids': [
                    Command.create({'name': "Ms Ledger", 'email': 'ledger@example.com', 'phone': '+1 555 0199'})
                ],
            }
        )
        cls.contact = cls.customer.child_ids

    def invoice(self, amount, due_in):
        move = self.env['account.move'].create(
            {
                'move_type': 'out_invoice',
                'partner_id': self.customer.id,
                'invoice_date': fields.Date.subtract(self.today, days=40),
                'date': fields.Date.subtract(self.today, days=40),
                'invoice_date_due': fields.Date.add(self.today, days=due_in),
                'invoice_payment_term_id': False,
                'invoice_line_ids': [Command.create({'name': "work", 'price_unit': amount, 'tax_ids': []})],
            }
        )
        move.action_post()
        return move

    def call(self, role, **values):
        return self.env['collection.call'].create(
            {
                'partner_id': self.customer.id,
                'contact_id': self.contact.id,
                'user_id': self.users[role].id,
                'planned_on': self.today,
                **values,
            }
        )

    def open_worklist(self, role):
        self.invoice(1000, -10)
        call = self.call(role)
        self.env['collection.case']._refresh(self.company)
        return call

    def test_keyboard(self):
        call = self.open_worklist('collector')
        self.start_tour('/odoo/worklist', 'collection_call_keyboard', login='tour_collector')
        self.assertEqual((call.result, call.promise_id.amount, call.note), ('promise', 1000, "Signs every Thursday."))
        self.assertEqual(self.contact.function, "Head of accounts")
        self.assertFalse(self.env['collection.call.draft'].search([]))

    def test_closed_by_mistake(self):
        call = self.open_worklist('caller')
        self.start_tour('/odoo/worklist', 'collection_call_draft', login='tour_caller')
        self.assertEqual((call.result, call.note), ('plan_request', "Three months, from the 15th."))
        self.assertFalse(call.answer_ids, "started over, nothing that was said before is left")
        request = self.env.ref('account_collection_followup.activity_type_plan_request')
        self.assertIn(request, call.case_id.activity_ids.activity_type_id)

    def test_complaint(self):
        move = self.invoice(640, 10)
        call = self.call('resolver', purpose='satisfaction', move_ids=[Command.set(move.ids)])
        self.start_tour('/odoo/collection-to-do', 'collection_call_complaint', login='tour_resolver')
        dispute = call.dispute_id
        self.assertEqual((call.result, dispute.line_ids.move_id, dispute.type_id.code), ('dispute', move, 'technical'))
        self.assertEqual(call.answer_ids.mapped('choice'), ['yes', 'no'])
