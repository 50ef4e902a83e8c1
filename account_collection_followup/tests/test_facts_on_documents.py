from datetime import date

from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .facts_common import GROUP, FactsCommon


@tagged('post_install', '-at_install')
@freeze_time('2026-03-02 09:00:00')
class TestFactsOnDocuments(FactsCommon):
    """What invoices, customers and companies know of collections."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with freeze_time('2026-03-02 09:00:00'):
            cls.invoice = cls._invoice(1000)
            cls.other = cls._invoice(500)

    # ------------------------------------------------------------------
    # Invoices
    # ------------------------------------------------------------------
    def test_facts_of_invoice(self):
        dispute = self._dispute(self.invoice, 100)
        promise = self._promise((self.invoice, 100, '2026-03-12'), (self.invoice, 50, '2026-03-19'))
        call = self.env['collection.call'].create(
            {'partner_id': self.customer.id, 'move_ids': [Command.set((self.invoice | self.other).ids)]}
        )
        self.assertEqual((self.invoice.dispute_ids, self.other.dispute_ids), (dispute, dispute.browse()))
        self.assertEqual((self.invoice.promise_ids, self.invoice.promise_count), (promise, 1))
        self.assertEqual((self.invoice | self.other).call_ids, call)
        moves = self.env['account.move']
        ours = [('id', 'in', (self.invoice | self.other).ids)]
        self.assertEqual(moves.search([('dispute_ids.state', '=', 'open'), *ours]), self.invoice)
        self.assertFalse(moves.search([('dispute_ids.state', '=', 'closed'), *ours]))
        self.assertEqual(moves.search([('promise_ids', '=', promise.id), *ours]), self.invoice)
        self.assertEqual(moves.search([('promise_ids', '=', False), *ours]), self.other)
        self.assertEqual(moves.search([('promise_ids', '!=', False), *ours]), self.invoice)
        self.assertEqual(moves.search([('call_ids', 'in', call.ids), *ours]), self.invoice | self.other)
        self.assertEqual(self.invoice.action_view_disputes()['domain'], [('id', 'in', dispute.ids)])
        self.assertEqual(self.invoice.action_view_promises()['context']['default_partner_id'], self.customer.id)

    def test_what_a_dispute_means_for_an_invoice(self):
        """Disputed is what a dispute holds back: not what is withheld or contested again, and chased (R11, R16)."""
        dispute = self._dispute(self.invoice, 100)
        dispute.withheld_line_ids = [Command.create({'move_id': self.other.id})]
        held = dispute.withheld_line_ids

        def says(invoice, status, disputed):
            self.env.flush_all()
            self.env.invalidate_all()
            self.assertEqual(invoice.collection_status, status)
            self.assertEqual(invoice.collection_disputed, disputed)
            ours = [('id', '=', invoice.id)]
            self.assertEqual(bool(invoice.search([('collection_disputed', '=', True), *ours])), disputed)
            self.assertEqual(bool(invoice.search([('collection_disputed', '=', False), *ours])), not disputed)

        says(self.invoice, f"Disputed since 2 March: {self.type.name}", True)
        says(self.other, False, False)
        held.action_hold()
        says(self.other, f"Withheld and not chased since the dispute of 2 March: {self.type.name}", True)
        dispute.action_close('rejected')
        says(self.other, False, False)
        again = self._dispute(self.invoice, 100)
        self.assertFalse(again.line_ids.holds)
        says(self.invoice, f"Contested again after a rejection, chased: {self.type.name}", False)
        again.action_let_hold("New proof")
        says(self.invoice, f"Disputed since 2 March: {self.type.name}", True)

    def test_level_of_invoice(self):
        """The last level an invoice was asked for at: cancelled steps and lines kept apart do not count."""
        first, second = self.env['collection.level'].create(
            [
                {'policy_id': self.policy.id, 'name': name, 'by_call': True, 'rank': rank}
                for name, rank in (("One", 10), ("Two", 20))
            ]
        )
        case = self.env['collection.case']._open_for(self.customer, self.company)[self.customer]

        def ask(level, day, **line):
            item = self._receivable(self.invoice)
            return (
                self.env['collection.step']
                .sudo()
                .create(
                    {
                        'case_id': case.id,
                        'partner_id': self.customer.id,
                        'company_id': self.company.id,
                        'level_id': level.id,
                        'date': day,
                        'line_ids': [
                            Command.create(
                                {
                                    'line_id': item.id,
                                    'move_id': self.invoice.id,
                                    'name': self.invoice.name,
                                    'partner_id': self.customer.id,
                                    'company_id': self.company.id,
                                    'currency_id': item.currency_id.id,
                                    'due_date': item.date_maturity,
                                    'residual': 1000,
                                    'asked': 1000,
                                    'level_id': level.id,
                                    **line,
                                }
                            )
                        ],
                    }
                )
            )

        ask(first, '2026-02-02')
        self.assertEqual((self.invoice.collection_level_id, self.other.collection_level_id), (first, first.browse()))
        ask(second, '2026-02-10', role='apart')
        ask(second, '2026-02-11', cancelled=True)
        self.env.invalidate_all()
        self.assertEqual(self.invoice.collection_level_id, first)
        ask(second, '2026-02-12')
        self.env.invalidate_all()
        self.assertEqual(self.invoice.collection_level_id, second)
        moves, ours = self.env['account.move'], [('id', 'in', (self.invoice | self.other).ids)]
        self.assertEqual(moves.search([('collection_level_id', '=', second.id), *ours]), self.invoice)
        self.assertFalse(moves.search([('collection_level_id', '=', first.id), *ours]))
        self.assertEqual(moves.search([('collection_level_id', '=', False), *ours]), self.other)
        self.assertEqual(moves.search([('collection_level_id', '!=', False), *ours]), self.invoice)
        self.assertEqual(moves.search([('collection_level_id.name', '=', "Two"), *ours]), self.invoice)

    def test_posting_costs_nothing(self):
        """Nothing of collections is stored on invoices."""
        fields = self.env['account.move']._fields
        for name in ('dispute_ids', 'promise_ids', 'call_ids', 'collection_level_id', 'dispute_count'):
            self.assertFalse(fields[name].store)

    def test_rights(self):
        accountant = new_test_user(
            self.env, 'facts_accountant', groups='account.group_account_readonly', company_id=self.company.id
        )
        self._dispute(self.invoice, 100)
        self.assertEqual(self.invoice.with_user(accountant).dispute_count, 1)
        plain = new_test_user(self.env, 'facts_plain', groups='base.group_user', company_id=self.company.id)
        with self.assertRaises(AccessError):
            self.customer.with_user(plain).read(['collection_policy_id'])
        self.customer.with_user(plain).read(['name', 'collection_role_ids'])

    # ------------------------------------------------------------------
    # Customers
    # ------------------------------------------------------------------
    def test_policy_in_force(self):
        """The assigned policy while it is active, else the company's default; branches share it (R47)."""
        own = self.env['collection.policy'].create({'name': "Own", 'company_id': self.company.id})
        branch = self.env['res.company'].sudo().create({'name': "Branch of the tests", 'parent_id': self.company.id})
        contact = self.env['res.partner'].create({'name': "Contact", 'parent_id': self.customer.id})
        self.assertEqual(self.customer._collection_policy(self.company), self.policy)
        self.customer.collection_policy_id = own
        self.assertEqual(self.customer._collection_policy(self.company), own)
        self.assertEqual(contact._collection_policy(branch), own)
        policies = (self.customer | self.partner_b)._get_collection_policies(self.company)
        self.assertEqual(policies, {self.customer: own, self.partner_b: self.policy})
        own.active = False
        self.assertEqual(self.customer._collection_policy(self.company), self.policy)

    def test_assignment_of_branch(self):
        """Assigned while working in a branch, it counts in the company (R69)."""
        branch = self.env['res.company'].sudo().create({'name': "Branch of the tests", 'parent_id': self.company.id})
        other = self.env['res.company'].sudo().create({'name': "Other of the tests"})
        user = new_test_user(
            self.env,
            'facts_branch',
            groups=GROUP + 'administrator,base.group_partner_manager',
            company_id=branch.id,
            company_ids=[Command.set(branch.ids)],
        )
        customer = self.customer.with_user(user).with_company(branch)
        customer.collection_user_id = user
        self.assertEqual(customer.collection_user_id, user)
        self.env.invalidate_all()
        self.assertEqual(self.customer.with_company(self.company).collection_user_id, user)
        self.assertFalse(self.customer.sudo().with_company(other).collection_user_id)

    def test_salesperson(self):
        """The contact's, the customer's, the latest invoice's, the company's; who is archived or has no role in
        Collections is passed over: he could not open what he is given."""
        users = [
            new_test_user(
                self.env,
                f'facts_rep{number}',
                company_id=self.company.id,
                groups=f'account_collection_followup.group_collection_{"resolver" if number else "caller"}',
            )
            for number in range(5)
        ]
        stranger = new_test_user(self.env, 'facts_stranger', company_id=self.company.id)
        contact = self.env['res.partner'].create({'name': "Contact", 'parent_id': self.customer.id})
        (self.invoice | self.other).invoice_user_id = False
        self.company.collection_user_id = users[0]

        def rep():
            self.env.flush_all()
            return contact._collection_salesperson(self.company)

        self.assertEqual(rep(), users[0])
        contact.user_id = self.other.invoice_user_id = stranger
        self.assertEqual(rep(), users[0])
        self.invoice.invoice_user_id = users[1]
        self.assertEqual(rep(), users[1])
        newer = self._invoice(10, invoice_date='2026-02-01', invoice_user_id=users[2].id)
        self.assertEqual(rep(), users[2])
        users[2].sudo().active = False
        self.assertEqual(rep(), users[1])
        newer.invoice_user_id = users[1]
        self.customer.user_id = users[3]
        self.assertEqual(rep(), users[3])
        contact.user_id = users[4]
        self.assertEqual(rep(), users[4])
        users[4].sudo().active = False
        self.assertEqual(rep(), users[3])

    def test_role_in_use(self):
        role = self.env['collection.contact.role'].create({'name': "Of the tests", 'code': 'of_the_tests'})
        self.customer.collection_role_ids = role
        with self._refused("given to contacts"):
            role.unlink()
        self.customer.collection_role_ids = False
        role.unlink()

    # ------------------------------------------------------------------
    # Companies
    # ------------------------------------------------------------------
    def test_today(self):
        """Today is where the company is, whoever asks; without a time zone where its manager is."""
        self.env.user.tz = 'Europe/Paris'
        with freeze_time('2026-03-02 23:30:00'):
            self.company.partner_id.tz = 'Asia/Tokyo'
            self.assertEqual(self.company._collection_today(), date(2026, 3, 3))
            self.company.partner_id.tz = 'America/New_York'
            self.assertEqual(self.company._collection_today(), date(2026, 3, 2))
            self.company.partner_id.tz = False
            self.company.collection_manager_id = False
            self.assertEqual(self.company._collection_today(), date(2026, 3, 2), "UTC, whoever asks")
            self.company.collection_manager_id = self.env.user
            self.assertEqual(self.company._collection_today(), date(2026, 3, 3), "its manager's zone")

    def test_root(self):
        branch = self.env['res.company'].sudo().create({'name': "Branch of the tests", 'parent_id': self.company.id})
        self.assertEqual(branch._collection_root(), self.company)
        self.assertEqual(self.company._collection_root(), self.company)
        self.assertFalse(self.env['res.company']._collection_root())
