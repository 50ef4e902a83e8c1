from datetime import date

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged

from .facts_common import GROUP, FactsCommon


@tagged('post_install', '-at_install')
@freeze_time('2026-03-02 09:00:00')
class TestPromisePlan(FactsCommon):
    """An instalment plan is worked out, changed, granted (R37)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.collector = new_test_user(cls.env, 'plan_collector', groups=GROUP + 'collector', company_id=cls.company.id)
        cls.caller = new_test_user(cls.env, 'plan_caller', groups=GROUP + 'caller', company_id=cls.company.id)
        cls.company.collection_user_id = cls.collector
        with freeze_time('2026-03-02 09:00:00'):
            cls.older = cls._receivable(cls._invoice(100, invoice_date='2026-01-05'))
            cls.newer = cls._receivable(cls._invoice(200, invoice_date='2026-01-20'))
            cls.case = cls.env['collection.case']._open_for(cls.customer, cls.company)[cls.customer]

    def _form(self, user=None, **context):
        context.setdefault('default_case_id', self.case.id)
        model = self.env['collection.promise.plan'].with_user(user or self.collector)
        return Form(model.with_context(**context))

    def _grant(self, plan):
        return self.env['collection.promise'].browse(plan.action_grant()['res_id'])

    def test_proposed(self):
        """What is overdue, spread evenly to the cent over working days, oldest invoices first."""
        form = self._form()
        self.assertEqual((form.total, form.count, form.difference, form.problem), (300, 3, 0, False))
        form.count = 7
        form.first_date = date(2026, 3, 31)
        plan = form.save()
        self.assertEqual(sorted(set(plan.line_ids.mapped('amount'))), [42.85, 42.86])
        # 30 April, 31 May is a Sunday, 31 August, 30 September
        self.assertEqual(
            [str(day) for day in plan.line_ids.mapped('date')],
            ['2026-03-31', '2026-04-30', '2026-06-01', '2026-06-30', '2026-07-31', '2026-08-31', '2026-09-30'],
        )
        promise = self._grant(plan)
        self.assertEqual((promise.amount, promise.is_plan, promise.state), (300, True, 'running'))
        self.assertEqual(promise.user_id, self.collector)
        self.assertEqual(promise.line_ids.line_id, self.older + self.newer)
        third = promise.line_ids.filtered(lambda line: line.date == date(2026, 6, 1))
        self.assertEqual([(line.line_id, line.amount) for line in third], [(self.older, 14.28), (self.newer, 28.58)])

    def test_changed(self):
        """The sum is checked to the cent while it is changed."""
        form = self._form()
        with form.line_ids.edit(0) as line:
            line.amount = 50.5
        self.assertEqual(form.difference, 49.5)
        self.assertIn("49.50", form.problem)
        with form.line_ids.edit(2) as line:
            line.amount = 149.51
        self.assertIn("exceed", form.problem)
        plan = form.save()
        with self._refused("exceed"):
            plan.action_grant()
        plan.line_ids[2].amount = 149.5
        self.assertEqual(self._grant(plan).line_ids.sorted('date')[:1].amount, 50.5)

    def test_refused(self):
        form = self._form()
        form.count = 1
        self.assertIn("Instalments", form.problem)
        form.count = 2
        with form.line_ids.edit(0) as line:
            line.date = date(2026, 3, 14)
        self.assertIn("no working day", form.problem)
        with form.line_ids.edit(0) as line:
            line.date = date(2026, 4, 9)
        self.assertIn("each once", form.problem)
        form.item_ids.clear()
        self.assertIn("Choose", form.problem)

    def test_daily(self):
        """Days that fall on a weekend go to the next free working day."""
        form = self._form()
        form.first_date, form.unit, form.count = date(2026, 3, 6), 'day', 3
        self.assertEqual(form.save().line_ids.mapped('date'), [date(2026, 3, 6), date(2026, 3, 9), date(2026, 3, 10)])

    def test_currencies(self):
        """One plan per currency; the currency in which most is owed is proposed."""
        currency = self.setup_other_currency('EUR')
        foreign = self._invoice(50, currency_id=currency.id)
        plan = self._form().save()
        self.assertEqual(plan.currency_id, self.company.currency_id)
        items = self.env['collection.item'].search([('move_id', '=', foreign.id)])
        plan.item_ids |= items
        self.assertIn("one plan per currency", plan.problem)
        with self._refused("one plan per currency"):
            plan.action_grant()
        plan.item_ids = items
        self.assertEqual((plan.currency_id, plan.total), (currency, 50))
        self.assertEqual(self._grant(plan).currency_id, currency)

    def test_disputed_part(self):
        """What is contested is no part of a plan."""
        self._dispute(self.newer.move_id, 80)
        self.assertEqual(self._form().total, 220)

    def test_from_promise(self):
        """A plan takes over what runs of a promise, and leaves what it does not cover."""
        with freeze_time('2026-03-02'):
            promise = self._promise((self.older, 100, '2026-03-12'), (self.newer, 150, '2026-03-12'))
            self._pay(self.newer, 50, '2026-03-02')
        form = self._form(default_promise_id=promise.id)
        self.assertEqual(form.total, 100 + 150, "older, and newer without what was paid")
        plan = form.save()
        made = self._grant(plan)
        self.assertEqual((promise.state, made.moved_from_id, made.amount), ('moved', promise, 250))
        other = self._form(default_promise_id=made.id).save()
        other.item_ids = other.item_ids.filtered(lambda item: item.line_id == self.newer)
        smaller = self._grant(other)
        self.assertEqual((made.state, smaller.amount), ('running', 150))
        self.assertEqual(smaller.line_ids.line_id, self.newer)

    def test_rights(self):
        """A collector grants plans; a caller asks one for it."""
        with self._refused("collector", AccessError):
            self.case.with_user(self.caller).action_add_plan()
        with self.assertRaises(AccessError):
            self._form(self.caller)
        with self.assertRaises(UserError):
            self.env['collection.promise'].with_user(self.caller).create(
                {
                    'line_ids': [
                        Command.create({'move_id': self.older.move_id.id, 'amount': 10, 'date': day})
                        for day in ('2026-03-09', '2026-03-10')
                    ]
                }
            )

    def test_request(self):
        """What a customer asks for is put once on the list of a collector, and goes when the plan is made."""
        self.case.user_id = self.caller
        activity = self.case.with_user(self.caller)._request_plan("Six months <from> April")
        self.assertEqual(activity.user_id, self.collector)
        self.assertEqual(activity.date_deadline, date(2026, 3, 2))
        self.assertIn("Six months &lt;from&gt; April", activity.note)
        self.assertEqual(self.case.with_user(self.caller)._request_plan("Or eight"), activity)
        self.assertIn("Or eight", activity.note)
        self._grant(self._form().save())
        self.assertFalse(activity.active)
