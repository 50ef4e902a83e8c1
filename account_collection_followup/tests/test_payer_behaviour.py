from freezegun import freeze_time

from odoo.tests import new_test_user, tagged

from .common import CollectionCommon


@tagged('post_install', '-at_install')
@freeze_time('2026-03-02 09:00:00')
class TestPayerBehaviour(CollectionCommon):
    """How a customer usually pays, from what was really reconciled (R61, R63)."""

    def behaviour(self, partner=None):
        partner = partner or self.partner_a
        return partner._get_payer_behaviour(self.company).get(partner)

    def test_by_hand(self):
        """1,000 paid 10 days late, 3,000 paid 30 days late, 500 paid 4 days early:
        (10 + 30 − 4) / 3 = 12 days; (1000×10 + 3000×30 − 500×4) / 4500 = 21.78 days."""
        self.pay(self.invoice(due='2026-01-10', amount=1000), day='2026-01-20')
        self.pay(self.invoice(due='2026-01-10', amount=3000), day='2026-02-09')
        self.pay(self.invoice(due='2026-02-20', amount=500), day='2026-02-16')
        behaviour = self.behaviour()
        self.assertEqual(behaviour.invoices, 3)
        self.assertAlmostEqual(behaviour.average, 12)
        self.assertAlmostEqual(behaviour.weighted, 98000 / 4500)

    def test_the_last_receipt_settles(self):
        """An invoice paid in parts was paid on the day of the last; one still open says nothing."""
        invoice = self.invoice(due='2026-01-10')
        self.pay(invoice, amount=900, day='2026-01-10')
        self.assertFalse(self.behaviour())
        self.pay(invoice, amount=100, day='2026-02-09')
        self.assertEqual(self.behaviour(), (1, 30, 30))

    def test_credited_is_not_paid(self):
        invoice = self.invoice(due='2026-01-10')
        refund = self.invoice(due='2026-02-01', move_type='out_refund')
        (self.term(invoice) | self.term(refund)).reconcile()
        self.assertFalse(self.behaviour())
        partly = self.invoice(due='2026-01-10')
        self.pay(partly, amount=600, day='2026-01-15')
        refund = self.invoice(due='2026-02-01', amount=400, move_type='out_refund')
        (self.term(partly) | self.term(refund)).reconcile()
        self.assertEqual(self.behaviour(), (1, 5, 5))

    def test_twelve_months_and_one_query_for_many(self):
        self.pay(self.invoice(due='2025-01-10', invoice_date='2025-01-01'), day='2025-02-01')
        self.assertFalse(self.behaviour())
        self.pay(self.invoice(due='2026-01-10'), day='2026-01-11')
        self.pay(self.invoice(self.partner_b, due='2026-01-10'), day='2026-01-15')
        contact = self.env['res.partner'].create({'name': "Accounts payable", 'parent_id': self.partner_b.id})
        partners = self.partner_a | self.partner_b | contact
        partners.commercial_partner_id.mapped('name')
        self.env['collection.item']._get_receivable_account_ids()
        found = partners._get_payer_behaviour(self.company)
        self.assertEqual({partner: found[partner].average for partner in partners}, {
            self.partner_a: 1, self.partner_b: 5, contact: 5})  # fmt: skip

    def test_in_words_on_the_case(self):
        case = self.env['collection.case']._open_for(self.partner_a, self.company)[self.partner_a]
        self.assertIn("Nothing settled", case.payer_text)
        self.pay(self.invoice(due='2026-01-10', amount=1000), day='2026-01-20')
        case.invalidate_recordset(['payer_text'])
        self.assertEqual(case.payer_text, "Pays 10 days late on average. Invoices settled in 12 months: 1.")
        self.pay(self.invoice(due='2026-01-16', amount=9000), day='2026-01-04')
        case.invalidate_recordset(['payer_text'])
        self.assertEqual(
            case.payer_text,
            "Pays 1 day early on average, 10 days early when weighted by amount. Invoices settled in 12 months: 2.",
        )
        self.assertEqual(
            [case._say_delay(days) for days in (0.4, 1, -2)], ["on the due date", "1 day late", "2 days early"]
        )
        reader = new_test_user(
            self.env, 'behaviour_caller', company_id=self.company.id,
            groups='account_collection_followup.group_collection_caller')  # fmt: skip
        self.assertIn("10 days early", case.with_user(reader).payer_text)
