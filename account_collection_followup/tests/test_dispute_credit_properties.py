from freezegun import freeze_time
from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import tagged

from .facts_common import FactsCommon

#: a product line: (cents per unit, quantity, discount in percent, which taxes)
LINES = st.lists(
    st.tuples(st.integers(1, 99999), st.integers(1, 9), st.sampled_from([0, 0, 5, 33]), st.integers(0, 5)),
    min_size=1,
    max_size=5,
)


@tagged('post_install', '-at_install')
@freeze_time('2026-03-02 09:00:00')
class TestDisputeCreditProperties(FactsCommon):
    """Whatever is invoiced and contested, the credit note is of exactly what is accepted, and its taxes are Odoo's."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        taxes = cls.env['account.tax'].create(
            [
                {
                    'name': f"{rate} {included} of the tests",
                    'amount': rate,
                    'type_tax_use': 'sale',
                    'price_include_override': included,
                    'company_id': cls.company.id,
                }
                for rate, included in (
                    (20, 'tax_excluded'),
                    (10, 'tax_excluded'),
                    (20, 'tax_included'),
                    (5.5, 'tax_excluded'),
                )
            ]
        )
        # none, one excluded or included, two at once
        cls.taxes = [taxes.browse(), taxes[0], taxes[1], taxes[2], taxes[3], taxes[0] | taxes[3]]

    def _draw_invoice(self, lines, currency=None):
        return self._create_invoice(
            partner_id=self.customer.id,
            invoice_date='2026-01-05',
            post=True,
            currency_id=(currency or self.company.currency_id).id,
            invoice_line_ids=[
                self._prepare_invoice_line(
                    price_unit=cents / 100, quantity=quantity, discount=discount, tax_ids=self.taxes[taxes]
                )
                for cents, quantity, discount, taxes in lines
            ],
        )

    def _check(self, invoice, credit, amount):
        currency = invoice.currency_id
        self.assertEqual(currency.compare_amounts(credit.amount_total, amount), 0)
        self.assertEqual(currency.compare_amounts(credit.amount_untaxed + credit.amount_tax, credit.amount_total), 0)
        # each tax has its part of the invoice's, to the cent for each line that may be rounded
        share = amount / invoice.amount_total
        for tax in credit.line_ids.tax_line_id | invoice.line_ids.tax_line_id:
            of_invoice, of_credit = (
                abs(sum(move.line_ids.filtered(lambda line: line.tax_line_id == tax).mapped('amount_currency')))
                for move in (invoice, credit)
            )
            self.assertAlmostEqual(of_credit, of_invoice * share, delta=0.0151, msg=tax.name)

    @settings(max_examples=25, deadline=None, derandomize=True)
    @given(LINES, st.floats(0.001, 1))
    def test_sum(self, lines, share):
        """A sum of an invoice with any taxes: to the cent, before and after it is posted, and matched."""
        with self.env.cr.savepoint() as savepoint:
            invoice = self._draw_invoice(lines)
            amount = invoice.currency_id.round(invoice.amount_total * share)
            if amount:
                dispute = self._dispute(invoice, amount)
                dispute._accept('accepted', {line: line.amount for line in dispute.line_ids})
                credit = dispute.credit_note_ids
                self._check(invoice, credit, amount)
                credit.action_post()
                self._check(invoice, credit, amount)
                self.assertEqual(dispute.state, 'closed')
                self.assertAlmostEqual(invoice.amount_residual, invoice.amount_total - amount, places=2)
            self.env.cr.clear()
            savepoint.rollback()
        self.env.invalidate_all(flush=False)

    @settings(max_examples=15, deadline=None, derandomize=True)
    @given(LINES, st.data())
    def test_lines(self, lines, data):
        """Contested lines, in whole or in part: to the cent as well."""
        with self.env.cr.savepoint() as savepoint:
            invoice = self._draw_invoice(lines)
            chosen = data.draw(st.sets(st.sampled_from(invoice.invoice_line_ids.ids), min_size=1))
            products = invoice.invoice_line_ids.filtered(lambda line: line.id in chosen)
            amount = min(invoice.currency_id.round(sum(products.mapped('price_total'))), invoice.amount_total)
            amount = invoice.currency_id.round(amount * data.draw(st.sampled_from([1, 1, 0.5, 0.07])))
            if amount:
                dispute = self._dispute(invoice, amount)
                credit = invoice._collection_credit(dispute, amount, products)
                self.assertEqual(invoice.currency_id.compare_amounts(credit.amount_total, amount), 0)
                self.assertLessEqual(credit.line_ids.tax_line_id, products.tax_ids)
            self.env.cr.clear()
            savepoint.rollback()
        self.env.invalidate_all(flush=False)

    @settings(max_examples=10, deadline=None, derandomize=True)
    @given(LINES, st.floats(0.01, 1))
    def test_foreign_currency(self, lines, share):
        """In another currency the document is exact in it, and balanced in the company's."""
        with self.env.cr.savepoint() as savepoint:
            invoice = self._draw_invoice(lines, self.setup_other_currency('EUR'))
            amount = invoice.currency_id.round(invoice.amount_total * share)
            if amount:
                dispute = self._dispute(invoice, amount)
                dispute._accept('accepted', {line: line.amount for line in dispute.line_ids})
                credit = dispute.credit_note_ids
                self._check(invoice, credit, amount)
                credit.action_post()
                self.assertAlmostEqual(invoice.amount_residual, invoice.amount_total - amount, places=2)
            self.env.cr.clear()
            savepoint.rollback()
        self.env.invalidate_all(flush=False)
