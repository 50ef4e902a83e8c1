from collections import defaultdict
from datetime import date

from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from ..models.collection_fact import internal
from .facts_common import GROUP, FactsCommon


@tagged('post_install', '-at_install')
@freeze_time('2026-03-02 09:00:00')
class TestDisputeReport(FactsCommon):
    """What malfunctions, and what it costs: the view against plain Python (R18)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.collection_financing_rate = 7.3
        machines, manuals = cls.env['product.category'].create([{'name': "Machines"}, {'name': "Manuals"}])
        cls.machine, cls.manual = cls.env['product.product'].create(
            [
                {'name': "Machine", 'categ_id': machines.id, 'taxes_id': []},
                {'name': "Manual", 'categ_id': manuals.id, 'taxes_id': []},
            ]
        )
        cls.office = cls.env['collection.dispute.type'].create({'name': "Wrong price of the tests"})
        with freeze_time('2026-02-02 09:00:00'):
            cls._prepare_disputes()

    @classmethod
    def _mixed(cls, *parts, **values):
        """:param parts: (product or None, amount)"""
        return cls._create_invoice(
            partner_id=cls.customer.id,
            invoice_date='2026-01-05',
            post=True,
            invoice_line_ids=[
                cls._prepare_invoice_line(product_id=product and product.id, name="line", price_unit=amount, tax_ids=[])
                for product, amount in parts
            ],
            **values,
        )

    @classmethod
    def _prepare_disputes(cls):
        foreign = cls.setup_other_currency('EUR')
        mixed = cls._mixed((cls.machine, 700), (cls.manual, 200), (None, 100), (cls.machine, -50))
        other = cls._mixed((cls.machine, 300), (cls.manual, 600), currency_id=foreign.id)
        free = cls._mixed((cls.machine, 100), (cls.manual, -100), (None, 80))
        chosen = other.invoice_line_ids.filtered(lambda line: line.product_id == cls.manual)
        cls.disputes = cls.env['collection.dispute'].create(
            [
                {'type_id': cls.type.id, 'line_ids': [Command.create({'move_id': mixed.id, 'amount': 333.33})]},
                {
                    'type_id': cls.type.id,
                    'line_ids': [
                        Command.create({'move_id': other.id, 'invoice_line_ids': [Command.set(chosen.ids)]}),
                        Command.create({'move_id': free.id, 'amount': 40}),
                    ],
                    'withheld_line_ids': [Command.create({'move_id': mixed.id, 'amount': 100})],
                },
                {'type_id': cls.office.id, 'line_ids': [Command.create({'move_id': mixed.id, 'amount': 200})]},
            ]
        )
        with freeze_time('2026-02-12 09:00:00'):
            cls.disputes[2].action_close('rejected')

    def _compute(self):
        """:return: dict {(dispute, category): [contested, withheld, held × days]}, worked out record by record"""
        result = defaultdict(lambda: [0, 0, 0])
        today = self.company._collection_today()
        for dispute in self.disputes:
            for line in dispute.line_ids | dispute.withheld_line_ids:
                rate = abs(line.move_id.amount_total_signed / line.move_id.amount_total)
                products = line.invoice_line_ids or line.move_id.invoice_line_ids
                total = sum(products.mapped('price_total'))
                for product in products:
                    part = line.amount * rate * product.price_total / total
                    figures = result[dispute, product.product_id.categ_id]
                    figures[line.kind == 'withheld'] += part
                    figures[2] += (
                        part * ((line.held_until or dispute.closed_on or today) - line.held_from).days
                        if line.held_from
                        else 0
                    )
        return result

    def test_against_records(self):
        groups = self.env['collection.dispute.report']._read_group(
            [('dispute_id', 'in', self.disputes.ids)],
            ['dispute_id', 'categ_id'],
            ['amount:sum', 'withheld:sum', 'amount_days:sum', 'cost:sum'],
        )
        expected = self._compute()
        self.assertEqual({(dispute, categ) for dispute, categ, *_figures in groups}, set(expected))
        for dispute, categ, amount, withheld, amount_days, cost in groups:
            contested, other, held = expected[dispute, categ]
            self.assertAlmostEqual(amount, contested, places=6)
            self.assertAlmostEqual(withheld, other, places=6)
            self.assertAlmostEqual(amount_days, held, places=5)
            self.assertAlmostEqual(cost, held * 7.3 / 100 / 365, places=6)

    def test_no_double_counting(self):
        """Whatever it is grouped by, sums are those of the disputes, and a dispute is one."""
        report = self.env['collection.dispute.report']
        domain = [('dispute_id', 'in', self.disputes.ids)]
        total = sum(
            line.amount * abs(line.move_id.amount_total_signed / line.move_id.amount_total)
            for line in self.disputes.line_ids
        )
        for field in ('type_id', 'team_id', 'categ_id', 'partner_id', 'opened_on:month', 'outcome', 'our_fault'):
            groups = report._read_group(domain, [field], ['amount:sum'])
            self.assertAlmostEqual(sum(amount for _group, amount in groups), total, places=6, msg=field)
        [[number, days]] = report._read_group(domain, [], ['number:count_distinct', 'days:avg'])
        self.assertEqual(number, 3)
        self.assertAlmostEqual(days, (28 + 28 + 10) / 3)
        by_type = dict(report._read_group(domain, ['type_id'], ['number:count_distinct']))
        self.assertEqual(by_type, {self.type: 2, self.office: 1})
        self.assertEqual(len(set(report.search(domain).ids)), report.search_count(domain))

    def test_accepted(self):
        """What is credited counts once its amount is decided."""
        dispute = self.disputes[0]
        internal(dispute.line_ids).accepted = 100
        self.env.flush_all()
        [[accepted]] = self.env['collection.dispute.report']._read_group(
            [('dispute_id', '=', dispute.id)], [], ['accepted:sum']
        )
        self.assertAlmostEqual(accepted, 100, places=6)

    def test_rights(self):
        """Who works the desk or audits sees it; who solves disputes does not."""
        for role, allowed in (('collector', True), ('resolver', False), ('caller', False)):
            user = new_test_user(self.env, f'report_{role}', groups=GROUP + role, company_id=self.company.id)
            report = self.env['collection.dispute.report'].with_user(user)
            if allowed:
                self.assertTrue(report.search([('dispute_id', 'in', self.disputes.ids)]))
                self.assertEqual(report.search([], limit=1).action_open()['res_model'], 'collection.dispute')
            else:
                with self._refused("", AccessError):
                    report.search([])


@tagged('post_install', '-at_install')
@freeze_time('2026-06-01 09:00:00')
class TestSilentDebts(FactsCommon):
    """Old debts nobody contests are pointed out (R17)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.collection_start_date = '2020-01-01'
        with freeze_time('2026-06-01 09:00:00'):
            cls.old = cls._invoice(1000, invoice_date='2026-01-05', invoice_date_due='2026-02-04')
            cls.recent = cls._invoice(500, invoice_date='2026-02-15', invoice_date_due='2026-03-15')
            cls.case = cls.env['collection.case']._open_for(cls.customer, cls.company)[cls.customer]

    def _silent(self, day=None):
        items = self.env['collection.item']._with_date(day).search([('is_silent', '=', True)])
        return items.move_id & (self.old | self.recent)

    def test_items(self):
        self.assertEqual(self._silent(), self.old)
        self.company.collection_silent_debt_days = 60
        self.assertEqual(self._silent(), self.old | self.recent)
        self.company.collection_silent_debt_days = 200
        self.assertFalse(self._silent())

    def test_disputed(self):
        """A dispute on file, even closed, says why; it did not on days before it."""
        self.assertEqual(self.case._get_silent_debts()[self.case].move_id, self.old)
        dispute = self._dispute(self.old, 10)
        self.assertFalse(self._silent())
        self.assertFalse(self.case._get_silent_debts()[self.case])
        dispute.action_close('rejected')
        self.assertFalse(self._silent())
        with freeze_time('2026-06-08 09:00:00'):
            self.assertEqual(self._silent(date(2026, 5, 31)), self.old)

    def test_case(self):
        """The case names the amount and what to ask; the worklist finds it."""
        self.assertEqual(self.case.silent_amount, 1000)
        self.assertIn("more than 90 days", self.case.silent_text)
        cases = self.env['collection.case']
        self.assertIn(self.case, cases.search([('silent_amount', '!=', 0)]))
        self.assertNotIn(self.case, cases.search([('silent_amount', '=', 0)]))
        self._dispute(self.old)
        self.env.invalidate_all()
        self.assertEqual((self.case.silent_amount, self.case.silent_text), (0, False))
        self.assertNotIn(self.case, cases.search([('silent_amount', '!=', 0)]))

    def test_branch(self):
        """The debts of a branch count for the case of the main company."""
        self.company.collection_silent_debt_days = 50
        branch_invoice = self._branch_invoice()
        branch_invoice.button_draft()
        branch_invoice.invoice_date_due = '2026-03-15'
        branch_invoice.action_post()
        self.recent.button_draft()
        self.env.invalidate_all()
        self.assertEqual(self.case.silent_amount, 2000)
        self.assertEqual(len(self.case._get_silent_debts()[self.case]), 2)

    def test_one_query(self):
        """A page of the worklist asks once."""
        cases = self.case | self.env['collection.case']._open_for(self.partner_b, self.company)[self.partner_b]
        counts = []
        for some in (self.case, cases):
            some.mapped('silent_amount')
            self.env.flush_all()
            some.invalidate_recordset(['silent_amount', 'silent_text'])
            before = self.env.cr.sql_log_count
            some.mapped('silent_amount')
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(*counts)
