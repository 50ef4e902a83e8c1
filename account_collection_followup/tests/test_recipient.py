from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import TODAY, CollectionCommon


@tagged('post_install', '-at_install')
@freeze_time(TODAY)
class TestRecipient(CollectionCommon):
    """Messages and calls go to the role a level names, never to who refuses them (R20, R66, R70)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.payable = cls.env.ref('account_collection_followup.contact_role_payable')
        cls.approver = cls.env.ref('account_collection_followup.contact_role_approver')
        cls.partner_a.phone = '01 02 03 04 05'
        cls.clerk = cls.contact("Clerk", cls.payable, email='clerk@example.com', phone='01 11 11 11 11')

    @classmethod
    def contact(cls, name, role, **values):
        return cls.env['res.partner'].create(
            {'name': name, 'parent_id': cls.partner_a.id, 'collection_role_ids': role.ids, **values}
        )

    def recipients(self, role=None, need='phone'):
        return self.partner_a._get_collection_recipients(role or self.payable, need=need)[self.partner_a]

    def test_role_first_then_the_chain(self):
        """Role of the level, accounts payable, invoice address, the customer; a fallback is said."""
        self.assertEqual(self.recipients().contacts, self.clerk)
        self.assertFalse(self.recipients().fallback)
        found = self.recipients(self.approver, 'email')
        self.assertEqual(found.contacts, self.clerk)
        self.assertIn("Approver", found.fallback)
        self.clerk.collection_role_ids = False
        address = self.env['res.partner'].create(
            {'name': "Invoices", 'type': 'invoice', 'parent_id': self.partner_a.id, 'email': 'invoices@example.com'}
        )
        self.assertEqual(self.recipients(need='email').contacts, address)
        address.email = False
        self.assertEqual(self.recipients(need='email').contacts, self.partner_a)

    def test_do_not_mail(self):
        """A contact who must not be mailed is passed over, in Python and in the plan."""
        self.clerk.collection_do_not_mail = True
        self.assertEqual(self.recipients(need='email').contacts, self.partner_a)
        self.partner_a.collection_do_not_mail = True
        found = self.recipients(need='email')
        self.assertFalse(found.reachable)
        self.assertIn("must not be mailed", found.problem)
        self.assertEqual(self.clerk.collection_refusal, "Do not e-mail")
        self.levels[20].by_call = False
        move = self.invoice()
        self.assertEqual(self.reason(move), 'no_email')
        self.partner_a.collection_do_not_mail = False
        self.assertFalse(self.reason(move))

    def test_letters_are_not_mail(self):
        self.clerk.collection_do_not_mail = True
        self.assertEqual(self.recipients(need=None).contacts, self.clerk)

    def test_call_of_a_step_goes_to_who_may_be_called(self):
        self.clerk.collection_do_not_call = True
        self.invoice()
        self.run_day()
        call = self.steps().call_ids
        self.assertEqual(call.contact_id, self.partner_a)
        self.assertEqual(self.steps().recipient_id, self.clerk, "he may be mailed")

    def test_recipients_of_many_cost_no_query_each(self):
        """A run asks for hundreds at once."""

        def count(number):
            customers = self.env['res.partner'].create([{'name': f"Customer {rank}"} for rank in range(number)])
            self.env['res.partner'].create([{'name': "Clerk", 'parent_id': customer.id, 'phone': '01',
                 'collection_role_ids': self.payable.ids} for customer in customers])  # fmt: skip
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            customers._get_collection_recipients(self.payable | self.approver, need='phone')
            return self.env.cr.sql_log_count - before

        count(2)
        self.assertLessEqual(count(40), count(4))

    def test_who_has_no_number_is_named(self):
        (self.partner_a | self.clerk).phone = False
        found = self.recipients()
        self.assertEqual(found.contacts, self.clerk)
        self.assertFalse(found.reachable)
        self.assertIn("number", found.problem)

    def test_nobody_may_be_called(self):
        """No call is planned, the e-mail leaves, and the manager sees why (R66)."""
        (self.partner_a | self.clerk).collection_do_not_call = True
        self.assertFalse(self.recipients().contacts)
        self.invoice()
        self.run_day()
        step = self.steps()
        self.assertEqual((step.call_state, step.email_state), ('waived', 'sent'))
        self.assertIn("Nobody there may be called", step.failure)
        self.assertFalse(step.case_id.call_ids)
        self.assertTrue(step.date_given)
        self.assertEqual(self.exceptions().mapped('kind'), ['impossible'])

    def test_a_level_of_calls_alone_waits(self):
        """Nothing reached the customer: the ladder does not rise on that."""
        self.levels[20].by_email = False
        (self.partner_a | self.clerk).collection_do_not_call = True
        self.invoice()
        self.run_day()
        step = self.steps()
        self.assertEqual(step.call_state, 'failed')
        self.assertFalse(step.complete or step.act_on)
        self.assertEqual(self.exceptions().mapped('kind'), ['failed'])

    def exceptions(self):
        self.env.flush_all()
        return self.env['collection.exception'].search([('partner_id', '=', self.partner_a.id)])

    def test_planned_call_leaves_who_refuses(self):
        self.invoice()
        self.run_day()
        call = self.steps().call_ids
        self.assertEqual(call.contact_id, self.clerk)
        self.clerk.collection_do_not_call = True
        self.assertEqual((call.contact_id, call.state), (self.partner_a, 'planned'))
        self.partner_a.collection_do_not_call = True
        self.assertEqual(call.state, 'cancelled')
        self.assertEqual(self.steps().call_state, 'waived')

    def test_nobody_plans_a_call_with_who_refuses(self):
        self.clerk.collection_do_not_call = True
        with self.assertRaises(UserError):
            self.env['collection.call'].with_user(self.collector).create(
                {'partner_id': self.partner_a.id, 'contact_id': self.clerk.id}
            )

    def test_who_asks_not_to_be_called_again_is_not(self):
        """Said in a call that ends in another one: somebody else is called."""
        call = self.env['collection.call'].create({'partner_id': self.partner_a.id, 'contact_id': self.clerk.id})
        self.clerk.collection_do_not_call = True
        call.sudo().contact_id = self.clerk
        call.action_made('callback', note="Call my chief.", callback_on='2026-03-09')
        following = call.case_id.call_ids.filtered(lambda call: call.state == 'planned')
        self.assertEqual(following.contact_id, self.partner_a)

    def test_satisfaction_call_is_not_planned_where_nobody_may_be_called(self):
        self.invoice(due='2026-03-14')
        (self.partner_a | self.clerk).collection_do_not_call = True
        self.assertFalse(self.env['collection.call']._plan_satisfaction(self.company))
        self.clerk.collection_do_not_call = False
        self.assertEqual(self.env['collection.call']._plan_satisfaction(self.company).contact_id, self.clerk)
