from datetime import date

from freezegun import freeze_time

from odoo.fields import Command
from odoo.tests import tagged

from .facts_common import FactsCommon


@tagged('post_install', '-at_install')
@freeze_time('2026-03-02 09:00:00')
class TestPromiseMoney(FactsCommon):
    """The ways money, and what stands for it, reaches a promise: real payments, real reconciliations (R34)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with freeze_time('2026-03-02 09:00:00'):
            cls.invoice = cls._invoice(1000)
            cls.item = cls._receivable(cls.invoice)

    def _register(self, moves, day='2026-03-10', **values):
        """Pay as an accountant does, with Odoo's own dialog."""
        with freeze_time(day):
            self._register_payment(moves, payment_date=day, **values)
            self.env.cr.flush()

    def test_several_invoices_by_one_payment(self):
        other = self._invoice(500)
        promise = self._promise((self.item, 1000, '2026-03-12'), (self._receivable(other), 500, '2026-03-12'))
        self.assertFalse(promise.is_plan, "one date")
        self._register(self.invoice + other, group_payment=True)
        self.assertEqual((promise.state, promise.ended_on), ('kept', date(2026, 3, 10)))
        self.assertEqual(promise.line_ids.mapped('amount_kept'), [1000, 500])

    def test_one_payment_for_one_of_two(self):
        """One of two invoices of a promise paid: half of it came in."""
        other = self._receivable(self._invoice(500))
        promise = self._promise((self.item, 1000, '2026-03-12'), (other, 500, '2026-03-12'))
        self._register(self.invoice)
        self.assertEqual((promise.state, promise.line_ids.mapped('state')), ('running', ['kept', 'running']))
        with freeze_time('2026-03-17'):
            promise._settle_due(self.company)
        self.assertEqual((promise.state, promise.counts_as_broken), ('partly', False))

    def test_overpayment(self):
        """More than was promised keeps it; what is left over is nobody's promise."""
        promise = self._promise((self.item, 600, '2026-03-12'))
        with freeze_time('2026-03-10'):
            receipt = self._pay(self.item, 1500, '2026-03-10')
        self.assertEqual((promise.state, promise.line_ids.amount_kept), ('kept', 600))
        self.assertEqual(receipt.amount_residual, -500)

    def test_write_off(self):
        """The accountant closes the invoice with a small difference: it is settled, and so is the promise."""
        promise = self._promise((self.item, 1000, '2026-03-12'))
        self._register(
            self.invoice,
            amount=998,
            payment_difference_handling='reconcile',
            writeoff_account_id=self.company_data['default_account_expense'].id,
        )
        self.assertEqual(self.invoice.amount_residual, 0)
        self.assertEqual(promise.state, 'kept')

    def test_early_payment_discount(self):
        """Paid early with the discount that was granted: the whole promise is kept."""
        term = self.env['account.payment.term'].create(
            {
                'name': "2 % within 10 days",
                'early_discount': True,
                'discount_percentage': 2,
                'discount_days': 10,
                'line_ids': [Command.create({'value': 'percent', 'value_amount': 100, 'nb_days': 30})],
            }
        )
        invoice = self._invoice(1000, invoice_date='2026-03-02', invoice_payment_term_id=term.id)
        promise = self._promise((invoice, 1000, '2026-03-11'))
        self._register(invoice)
        self.assertEqual(invoice.amount_residual, 0)
        self.assertEqual(sum(self.env['account.payment'].search([]).sorted('id')[-1:].mapped('amount')), 980)
        self.assertEqual((promise.state, promise.line_ids.amount_kept), ('kept', 1000))

    def test_credit_note(self):
        """A credit note settles what it is matched with: less is left to pay for the same promise."""
        promise = self._promise((self.item, 1000, '2026-03-12'))
        with freeze_time('2026-03-05'):
            credit = self._invoice(400, move_type='out_refund', invoice_date='2026-03-05')
            (self._receivable(credit) + self.item).reconcile()
            self.env.cr.flush()
        self.assertEqual((promise.state, promise.line_ids._left(600)), ('running', 600))
        self._register(self.invoice)
        self.assertEqual((promise.state, promise.ended_on), ('kept', date(2026, 3, 10)))

    def test_credit_note_not_matched(self):
        """A credit note that waits beside the invoice is no receipt: it keeps no promise open."""
        promise = self._promise((self.item, 1000, '2026-03-12'))
        with freeze_time('2026-03-05'):
            self._invoice(1000, move_type='out_refund', invoice_date='2026-03-05')
        with freeze_time('2026-03-17'):
            promise._settle_due(self.company)
        self.assertEqual(promise.state, 'broken')

    def test_exchange_difference(self):
        """Promised and paid in the currency of the invoice: what the rate does in between changes nothing."""
        currency = self.setup_other_currency('EUR', rates=[('2026-01-01', 2.0), ('2026-03-08', 4.0)])
        invoice = self._invoice(1000, currency_id=currency.id)
        item = self._receivable(invoice)
        promise = self._promise((item, 400, '2026-03-05'), (item, 600, '2026-03-12'))
        self._register(invoice, day='2026-03-05', amount=400, currency_id=currency.id)
        self.assertEqual(promise.line_ids.mapped('state'), ['kept', 'running'])
        self._register(invoice, day='2026-03-10', currency_id=currency.id)
        exchange = (item.matched_credit_ids + item.matched_debit_ids).exchange_move_id
        self.assertTrue(exchange, "Odoo wrote an exchange difference")
        self.assertEqual((promise.state, promise.line_ids.mapped('amount_kept')), ('kept', [400, 600]))
        with freeze_time('2026-03-11'):
            item.remove_move_reconcile()
            self.env.cr.flush()
        self.assertEqual(promise.line_ids.mapped('amount_kept'), [0, 0])

    def test_paid_in_company_currency(self):
        """An invoice in a foreign currency paid in ours is settled all the same."""
        currency = self.setup_other_currency('EUR', rates=[('2026-01-01', 2.0)])
        invoice = self._invoice(1000, currency_id=currency.id)
        promise = self._promise((invoice, 1000, '2026-03-12'))
        self._register(invoice, amount=500, currency_id=self.company.currency_id.id)
        self.assertEqual(invoice.amount_residual, 0)
        self.assertEqual(promise.state, 'kept')

    def test_receipt_reversed(self):
        """A payment that bounces is unmatched: the promise is broken if its day has passed."""
        promise = self._promise((self.item, 1000, '2026-03-12'))
        self._register(self.invoice)
        payment = self.env['account.payment'].search([('partner_id', '=', self.customer.id)])
        with freeze_time('2026-03-20'):
            payment.action_draft()
            payment.action_cancel()
            self.env.cr.flush()
            self.assertEqual((promise.state, promise.ended_on), ('broken', date(2026, 3, 17)))
