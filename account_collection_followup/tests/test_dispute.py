from datetime import date

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .facts_common import GROUP, FactsCommon


@tagged('post_install', '-at_install')
@freeze_time('2026-03-02 09:00:00')
class TestDispute(FactsCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with freeze_time('2026-03-02 09:00:00'):
            cls.invoice = cls._invoice(1000)
            cls.item = cls._receivable(cls.invoice)

    def test_opened(self):
        """Routed to the team of its type, with its time limit (R12)."""
        dispute = self._dispute(self.invoice, 200, reason="Two boxes were missing")
        self.assertEqual((dispute.partner_id, dispute.company_id), (self.customer, self.company))
        self.assertEqual(dispute.case_id.state, 'open')
        self.assertEqual((dispute.team_id, dispute.user_id), (self.team, self.lead))
        self.assertEqual(dispute.deadline, date(2026, 3, 16))
        self.assertEqual((dispute.amount, dispute.line_ids.line_id), (200, self.item))
        self.assertFalse(dispute.is_overdue)
        with freeze_time('2026-03-17'):
            dispute.invalidate_recordset(['is_overdue'])
            self.assertTrue(dispute.is_overdue)
            overdue = self.env['collection.dispute'].search([('is_overdue', '=', True)])
            self.assertIn(dispute, overdue)
            self.assertNotIn(dispute, self.env['collection.dispute'].search([('is_overdue', '=', False)]))

    def test_routed(self):
        """Choosing another type routes the dispute anew; who has no team keeps what he enters."""
        office = self.env['collection.dispute.type'].create({'name': "Wrong price of the tests", 'days': 3})
        dispute = self._dispute(self.invoice, 200, type_id=office.id)
        self.assertEqual((dispute.user_id, dispute.deadline), (self.env.user, date(2026, 3, 5)))
        dispute.type_id = self.type
        self.assertEqual((dispute.team_id, dispute.user_id), (self.team, self.lead))
        self.assertEqual(dispute.deadline, date(2026, 3, 16))
        self.assertEqual(dispute.display_name, f"{self.type.name}: {self.customer.name}")
        dispute.name = "Two boxes"
        self.assertEqual(dispute.display_name, "Two boxes")

    def test_contact_becomes_customer(self):
        """A dispute of a contact is his company's, in one case with the others."""
        contact = self.env['res.partner'].create({'name': "Contact", 'parent_id': self.customer.id})
        first, second = self.env['collection.dispute'].create(
            [
                {
                    'type_id': self.type.id,
                    'partner_id': partner.id,
                    'line_ids': [(0, 0, {'move_id': self._invoice(100).id})],
                }
                for partner in (contact, self.customer)
            ]
        )
        self.assertEqual((first | second).partner_id, self.customer)
        self.assertEqual(len((first | second).case_id), 1)

    def test_without_invoice(self):
        """It would hold nothing, and the reminder would leave."""
        with self.assertRaisesRegex(UserError, "Add the invoices the customer contests"):
            self.env['collection.dispute'].create({'type_id': self.type.id, 'partner_id': self.customer.id})

    def test_whole_invoice(self):
        """An invoice of several instalments is split, earliest first, up to the original amounts."""
        invoice = self._invoice(1000, invoice_payment_term_id=self.term.id)
        first, second = self._receivable(invoice).sorted('date_maturity')
        for amount, expected in (
            (None, {first: 300, second: 700}),
            (100, {first: 100}),
            (400, {first: 300, second: 100}),
        ):
            with self.subTest(amount=amount):
                dispute = self._dispute(invoice, amount)
                lines = dispute.line_ids
                self.assertEqual({line.line_id: line.amount for line in lines}, expected)
                self.assertEqual(lines.mapped('date_maturity'), lines.line_id.mapped('date_maturity'))
                dispute.action_close('withdrawn')
        self._pay(first, 300, '2026-03-02')
        self._pay(second, 500, '2026-03-02')
        with self._refused("Only .*200.00 of what is due on .* is open", ValidationError):
            self._dispute(invoice, 600)
        dispute = self._dispute(invoice, 150)
        self.assertEqual({line.line_id: line.amount for line in dispute.line_ids}, {second: 150})
        self._pay(second, 100, '2026-03-02')
        dispute.reason = "Paid in part meanwhile: what was contested stays"
        with self._refused("nothing is open that is not contested already"):
            self._dispute(invoice)
        self._pay(second, 100, '2026-03-02')
        with self._refused("is paid"):
            self._dispute(invoice)

    def test_several_disputes_of_one_invoice(self):
        """Together they contest no more than is open (R11)."""
        first = self._dispute(self.invoice, 600)
        with self._refused("Other disputes contest part of it already: only .*400.00", ValidationError):
            self._dispute(self.invoice, 401)
        second = self._dispute(self.invoice, 100)
        self.assertEqual(self._dispute(self.invoice).amount, 300, "left out: all that is not contested yet")
        with self._refused("only .*100.00", ValidationError):
            second.line_ids.amount = 101
        first.action_close('rejected')
        second.line_ids.amount = 700
        self.assertEqual(second.amount, 700)

    def test_line_refused(self):
        draft = self.invoice.copy({'invoice_date': '2026-01-05'})
        refund = self._invoice(100, move_type='out_refund')
        with self._refused("posted customer invoice", ValidationError):
            self._dispute(draft, 10)
        with self._refused("posted customer invoice", ValidationError):
            self._dispute(refund, 10)
        with self._refused("not of", ValidationError):
            self._dispute(self.invoice, 10, partner_id=self.partner_b.id)
        with self._refused("Only", ValidationError):
            self._dispute(self.invoice, 1000.01)
        other = self._receivable(self._invoice(50))
        with self._refused("does not belong", ValidationError):
            self.env['collection.dispute'].create(
                {
                    'type_id': self.type.id,
                    'line_ids': [Command.create({'move_id': self.invoice.id, 'line_id': other.id, 'amount': 10})],
                }
            )
        dispute = self._dispute(self.invoice, 600)
        with self._refused("400.00", ValidationError):
            dispute.line_ids = [Command.create({'move_id': self.invoice.id, 'amount': 401})]
        dispute.line_ids = [Command.create({'move_id': self.invoice.id, 'amount': 400})]
        self.assertEqual(dispute.amount, 1000)

    def test_dates(self):
        with self._refused("future", ValidationError):
            self._dispute(self.invoice, 10, opened_on='2026-03-03')
        with self._refused("time limit", ValidationError):
            self._dispute(self.invoice, 10, opened_on='2026-02-20', deadline='2026-02-19')

    def test_close(self):
        """The outcome opens a time to respond, by type or as stated (R16)."""
        dispute = self._dispute(self.invoice, 200)
        with self._refused("outcome"):
            dispute.action_close('maybe')
        with freeze_time('2026-03-06'):
            with self._refused("past"):
                dispute.action_close('rejected', response_until=date(2026, 3, 5))
            dispute.action_close('rejected')
            self.assertEqual((dispute.state, dispute.outcome), ('closed', 'rejected'))
            self.assertEqual([dispute.closed_on, dispute.response_until], [date(2026, 3, 6), date(2026, 3, 13)])
            with self._refused("closed since"):
                dispute.action_close('accepted')
            with self._refused("closed dispute"):
                dispute.line_ids.amount = 5
            with self._refused("closed dispute"):
                dispute.line_ids = [Command.create({'move_id': self.invoice.id, 'amount': 5})]
            with self._refused("closed dispute"):
                dispute.line_ids.sudo().unlink()
            stated = self._dispute(self.invoice, 100)
            stated.action_close('rejected', response_until='2026-04-01')
            self.assertEqual(stated.response_until, date(2026, 4, 1))

    def test_reopen(self):
        """Closed by mistake today, it is open again; closed earlier, its dates stay and a new one goes on."""
        dispute = self._dispute(self.invoice, 200, reason="Late")
        dispute.motive = 'real'
        with freeze_time('2026-03-06'):
            with self._refused("open already"):
                dispute.action_reopen()
            dispute.action_close('rejected')
            self.assertEqual(dispute.action_reopen(), dispute)
            self.assertEqual((dispute.state, dispute.outcome, dispute.response_until), ('open', False, False))
            dispute.action_close('rejected')
        with freeze_time('2026-03-20'):
            successor = dispute.action_reopen()
            self.assertNotEqual(successor, dispute)
            self.assertEqual((dispute.state, dispute.closed_on), ('closed', date(2026, 3, 6)))
            self.assertEqual((successor.state, successor.previous_id), ('open', dispute))
            self.assertEqual([successor.opened_on, successor.deadline], [date(2026, 3, 20), date(2026, 4, 3)])
            self.assertEqual((successor.reason, successor.motive), ("Late", 'real'))
            self.assertEqual(successor.line_ids.mapped('amount'), [200])
            self.assertIn(successor.display_name, str(dispute.message_ids[0].body))

    def test_guard(self):
        """State, outcome and dates change through the methods only; nothing is deleted."""
        dispute = self._dispute(self.invoice, 200)
        for vals in (
            {'state': 'closed'},
            {'outcome': 'rejected'},
            {'closed_on': '2026-03-02'},
            {'response_until': '2026-03-02'},
        ):
            with self.assertRaises(AccessError):
                dispute.write(vals)
            with self.assertRaises(AccessError):
                dispute.with_context(collection_internal=True).write(vals)
            with self.assertRaises(AccessError):
                self._dispute(self.invoice, 10, **vals)
        with self._refused("history"):
            dispute.opened_on = '2026-02-01'
        with self._refused("history"):
            dispute.partner_id = self.partner_b
        with self._refused("cannot be deleted"):
            dispute.sudo().unlink()

    def test_motive_is_private(self):
        """Our opinion is for collectors only (R15)."""
        dispute = self._dispute(self.invoice, 200, user_id=self.lead.id)
        self.assertNotIn('motive', dispute.with_user(self.lead).fields_get())
        with self.assertRaises(AccessError):
            dispute.with_user(self.lead).read(['motive'])
        # a resolver without accounting rights sees what is contested
        line = dispute.with_user(self.lead).line_ids.read(['move_name', 'amount', 'amount_total', 'move_id'])[0]
        self.assertEqual([line['move_name'], line['amount_total']], [self.invoice.name, 1000])
        with self.assertRaises(AccessError):
            self.invoice.with_user(self.lead).read(['name'])
        caller = new_test_user(self.env, 'facts_caller', groups=GROUP + 'caller', company_id=self.company.id)
        created = (
            self.env['collection.dispute']
            .with_user(caller)
            .create({'type_id': self.type.id, 'line_ids': [Command.create({'move_id': self.invoice.id, 'amount': 5})]})
        )
        self.assertEqual(created.case_id, dispute.case_id)
        created.action_close('withdrawn')

    def test_close_needs_access(self):
        dispute = self._dispute(self.invoice, 200)
        stranger = new_test_user(self.env, 'facts_stranger', groups='base.group_user', company_id=self.company.id)
        for action in (lambda record: record.action_close('accepted'), lambda record: record.action_reopen()):
            with self.assertRaises(AccessError):
                action(dispute.with_user(stranger))

    def test_branch(self):
        """Of a branch's invoice, the dispute belongs to the company, which shares it (R69)."""
        dispute = self._dispute(self._branch_invoice(), 100)
        answer = dispute._render_answer(dispute.partner_id, date(2026, 3, 20))
        self.assertTrue(answer['subject'].startswith("Branch of the tests:"))
        self.assertIn("Branch of the tests", answer['body_html'])
        self.assertEqual((dispute.company_id, dispute.line_ids.company_id), (self.company, self.company))

    def test_other_company(self):
        other = self.company_data_2 = self.setup_other_company()
        move = self.init_invoice(
            'out_invoice', self.customer, '2026-01-05', amounts=[100], company=other['company'], post=True
        )
        dispute = self._dispute(move, 10)
        self.assertEqual(dispute.company_id, other['company'])
        with self._refused("another company", ValidationError):
            self._dispute(move, 10, company_id=self.company.id)
        foreign = self.env['collection.dispute.type'].create({'name': "Theirs", 'company_id': other['company'].id})
        with self._refused("another company", ValidationError):
            self._dispute(self.invoice, 10, type_id=foreign.id)

    def test_types_and_teams(self):
        """Types route to a team that works for the same company."""
        other = self.env['res.company'].sudo().create({'name': "Other of the tests"})
        branch = self.env['res.company'].sudo().create({'name': "Branch of the tests", 'parent_id': self.company.id})
        team = self.env['collection.team'].sudo().create({'name': "Theirs", 'company_id': other.id})
        self.assertEqual(self.team._get_members(), self.lead)
        with self._refused("works for", ValidationError):
            self.type.team_id = team
        with self._refused("branch", ValidationError):
            self.type.company_id = branch
        with self._refused("branch", ValidationError):
            self.team.company_id = branch

    def test_worked_out_is_not_written(self):
        dispute = self._dispute(self.invoice, 100)
        currency = self.env.ref('base.USD').id
        for values in ({'amount': 1}, {'currency_id': currency}):
            with self.assertRaises(AccessError):
                dispute.write(values)
            with self.assertRaises(AccessError):
                dispute.create({'type_id': self.type.id, 'partner_id': self.customer.id, **values})
        for values in ({'company_id': self.company.id}, {'partner_id': self.partner_b.id}, {'currency_id': currency}):
            with self.assertRaises(AccessError):
                dispute.line_ids.write(values)
        lines = dispute.line_ids.with_context(default_partner_id=self.partner_b.id)
        with self.assertRaises(AccessError):
            lines.create({'dispute_id': dispute.id, 'move_id': self.invoice.id, 'partner_id': self.partner_b.id})
        line = lines.create({'dispute_id': dispute.id, 'move_id': self.invoice.id, 'amount': 10})
        self.assertEqual(line.partner_id, self.customer)
