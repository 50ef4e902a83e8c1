from freezegun import freeze_time

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import TODAY, CollectionCommon

GROUP = 'account_collection_followup.group_collection_'


@tagged('post_install', '-at_install')
@freeze_time(TODAY)
class TestStatement(CollectionCommon):
    def statement(self, *partners, date=TODAY, user=None):
        partners = self.env['res.partner'].union(*partners) or self.partner_a
        statement = self.env['collection.statement'].with_user(user or self.env.user)
        return statement.create({'date': date, 'partner_ids': [Command.set(partners.ids)]})

    def html(self, *partners, **options):
        return ''.join(self.statement(*partners, **options)._get_statements())

    def test_shows_the_open_items_of_a_past_date(self):
        """Equal to the open items of that day: what was paid since was open then."""
        paid, left = self.invoice(amount=1000, due='2026-01-10'), self.invoice(amount=300, due='2026-02-20')
        later = self.invoice(amount=50, due='2026-03-20', invoice_date='2026-02-25')
        self.pay(paid, day='2026-02-10')
        statement = self.statement(date='2026-01-31')
        items = statement._get_items(self.partner_a)
        day = fields.Date.to_date('2026-01-31')
        expected = self.env['collection.item']._with_date(day).search([('partner_id', '=', self.partner_a.id)])
        self.assertEqual(items, expected)
        self.assertEqual(items.move_id, paid | left)
        (total,) = statement._get_totals(items)
        self.assertEqual(total.balance, sum(expected.mapped('residual_currency')))
        self.assertEqual(total.ages, [300, 1000, 0, 0, 0])
        then, now = self.html(date='2026-01-31'), self.html()
        self.assertIn(paid.name, then)
        self.assertNotIn(later.name, then)
        self.assertNotIn(paid.name, now)
        self.assertIn(later.name, now)
        self.assertIn('31 January 2026', then)

    def test_what_was_agreed_is_said_and_nothing_internal(self):
        move, other = self.invoice(amount=1000), self.invoice(amount=500)
        self.env['collection.dispute'].create(
            {
                'partner_id': self.partner_a.id,
                'reason': "Internal words",
                'type_id': self.env.ref('account_collection_followup.dispute_type_pricing').id,
                'line_ids': [(0, 0, {'move_id': move.id, 'amount': 400})],
            }
        )
        self.env['collection.promise'].create(
            {
                'partner_id': self.partner_a.id,
                'line_ids': [(0, 0, {'move_id': other.id, 'amount': 500, 'date': '2026-03-06'})],
            }
        )
        self.receive(self.partner_a, 150, '2026-02-01')
        html = self.html()
        for text in (
            "Being examined: $\xa0400.00",
            "Payment agreed: $\xa0500.00",
            "Received, not yet allocated",
            '1,350.00',
        ):
            self.assertIn(text, html)
        self.assertNotIn("Internal words", html)

    def test_without_remarks_the_amounts_reach_the_margin(self):
        move = self.invoice()
        self.assertEqual(self.html().count('width:21%'), 1, "the number, no empty column")
        self.env['collection.promise'].create(
            {
                'partner_id': self.partner_a.id,
                'line_ids': [(0, 0, {'move_id': move.id, 'amount': 500, 'date': '2026-03-06'})],
            }
        )
        self.env.invalidate_all()
        html = self.html()
        self.assertIn("Payment agreed", html)
        self.assertEqual(html.count('width:21%'), 2)

    def test_each_currency_has_its_totals(self):
        other = self.setup_other_currency('HRK')
        self.invoice(amount=100)
        self.invoice(amount=300, currency_id=other.id)
        statement = self.statement()
        totals = {
            total.currency_id: total.balance for total in statement._get_totals(statement._get_items(self.partner_a))
        }
        self.assertEqual(totals, {self.company.currency_id: 100, other: 300})

    def test_language_of_each_customer(self):
        self.env['res.lang']._activate_lang('fr_FR')
        self.partner_a.lang = 'fr_FR'
        self.invoice(amount=1234.5)
        self.invoice(self.partner_b, amount=1234.5)
        french, english = self.statement(self.partner_a, self.partner_b)._get_statements()
        self.assertIn('2 mars 2026', french)
        self.assertIn('20/02/2026', french)
        self.assertIn('2 March 2026', english)
        self.assertIn('02/20/2026', english)

    def test_contacts_count_for_their_customer_and_an_empty_account_says_so(self):
        contact = self.env['res.partner'].create({'name': "Contact", 'parent_id': self.partner_a.id})
        (html,) = self.statement(self.partner_a, contact)._get_statements()
        self.assertIn("Nothing is open", html)

    def test_long_accounts_go_on_pages_of_their_own(self):
        for index in range(60):
            self.invoice(amount=10 + index)
        html = self.html()
        self.assertEqual(html.count('page-break-before'), 2)
        self.assertEqual(html.count('>Number<'), 2)

    def test_one_file_for_several_customers(self):
        moves = self.invoice(), self.invoice(self.partner_b)
        statement = self.statement(self.partner_a, self.partner_b)
        html = self.env['ir.actions.report']._render_qweb_html(
            'account_collection_followup.report_statement', statement.ids
        )
        for move in moves:
            self.assertIn(move.name.encode(), html[0])
        self.assertEqual(html[0].count(b'page-break-before'), 1)

    def test_not_for_a_future_date(self):
        with self.assertRaisesRegex(UserError, "future"):
            self.statement(date='2026-03-03').action_print()

    def test_from_the_case_and_from_customers(self):
        self.invoice()
        self.run_day()
        action = self.steps().case_id.action_statement()
        statement = self.env['collection.statement'].with_context(**action['context']).create({})
        self.assertEqual(statement.partner_ids, self.partner_a)
        several = self.partner_a | self.partner_b
        chosen = self.env['collection.statement'].with_context(active_model='res.partner', active_ids=several.ids)
        self.assertEqual(chosen.create({}).partner_ids, several)
        bindings = self.env['ir.actions.actions'].get_bindings('res.partner')['report']
        self.assertIn("Statement of account", [action['name'] for action in bindings])

    def test_who_may(self):
        self.invoice()
        caller = new_test_user(self.env, 'statement_caller', groups=GROUP + 'caller', company_id=self.company.id)
        auditor = new_test_user(
            self.env,
            'statement_auditor',
            groups='base.group_user,account.group_account_readonly',
            company_id=self.company.id,
        )
        resolver = new_test_user(self.env, 'statement_resolver', groups=GROUP + 'resolver', company_id=self.company.id)
        for user in (caller, auditor):
            self.assertIn('1,000.00', self.html(user=user))
        with self.assertRaises(AccessError):
            self.html(user=resolver)

    def test_other_companies_are_left_out(self):
        move = self.invoice()
        other = self.setup_other_company()['company']
        foreign = (
            self.env['account.move']
            .with_company(other)
            .create(
                {
                    'move_type': 'out_invoice',
                    'partner_id': self.partner_a.id,
                    'invoice_date': '2026-02-01',
                    'company_id': other.id,
                    'invoice_line_ids': [Command.create({'name': "x", 'price_unit': 77, 'tax_ids': []})],
                }
            )
        )
        foreign.action_post()
        items = self.statement()._get_items(self.partner_a)
        self.assertEqual(items.move_id, move)
