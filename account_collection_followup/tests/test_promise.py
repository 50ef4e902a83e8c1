from datetime import date

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .facts_common import GROUP, FactsCommon


@tagged('post_install', '-at_install')
@freeze_time('2026-03-02 09:00:00')
class TestPromise(FactsCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with freeze_time('2026-03-02 09:00:00'):
            cls.invoice = cls._invoice(1000)
            cls.item = cls._receivable(cls.invoice)

    # ------------------------------------------------------------------
    # Made
    # ------------------------------------------------------------------
    def test_made(self):
        """What a promise keeps of the day it was made (R33)."""
        promise = self._promise((self.invoice, 400, '2026-03-12'), (self.item, 500, '2026-03-19'))
        first, second = promise.line_ids
        self.assertEqual(promise.partner_id, self.customer)
        self.assertEqual(promise.case_id.partner_id, self.customer)
        self.assertEqual((promise.amount, promise.is_plan, promise.state), (900, True, 'running'))
        self.assertEqual(promise.next_date, date(2026, 3, 12))
        self.assertEqual(first.line_id, self.item)
        self.assertEqual([first.residual_at, first.cumulated, second.cumulated], [1000, 400, 900])
        # Thursday 12 and two working days; two more to call
        self.assertEqual([first.expires_on, first.response_until], [date(2026, 3, 16), date(2026, 3, 18)])

    def test_cumulated_follows_dates(self):
        """The earliest date is served first, in whatever order the lines were entered."""
        promise = self._promise((self.item, 300, '2026-03-19'), (self.item, 200, '2026-03-10'))
        by_date = promise.line_ids.sorted('date')
        self.assertEqual(by_date.mapped('cumulated'), [200, 500])
        self.assertEqual([line._left(800) for line in by_date], [0, 300])
        self.assertEqual([line._left(900) for line in by_date], [100, 300])
        self.assertEqual([line._left(1000) for line in by_date], [200, 300])

    def test_instalments(self):
        """A promise on a whole invoice is split over its open instalments."""
        invoice = self._invoice(1000, invoice_payment_term_id=self.term.id)
        promise = self._promise((invoice, 500, '2026-03-12'))
        self.assertEqual(promise.line_ids.mapped('amount'), [300, 200])
        self.assertEqual(promise.line_ids.line_id, self._receivable(invoice).sorted('date_maturity'))
        whole = self.env['collection.promise'].create(
            {'line_ids': [Command.create({'move_id': self.invoice.id, 'date': '2026-03-12'})]}
        )
        self.assertEqual(whole.amount, 1000)

    def test_refused(self):
        with self._refused("past"):
            self._promise((self.item, 100, '2026-02-27'))
        with self._refused("only"):
            self._promise((self.item, 1000.01, '2026-03-12'))
        with self._refused("only"):
            self._promise((self.item, 600, '2026-03-12'), (self.item, 600, '2026-03-19'))
        with self._refused("future", ValidationError):
            self._promise((self.item, 100, '2026-03-12'), made_on='2026-03-03')
        with self._refused("at least one"):
            self.env['collection.promise'].create({'partner_id': self.customer.id})
        with self._refused("is not an invoice of", ValidationError):
            self._promise((self.item, 100, '2026-03-12'), partner_id=self.partner_b.id)
        self._promise((self.item, 100, '2026-03-12'))
        with self._refused("already promised"):
            self._promise((self.item, 100, '2026-03-20'))

    def test_draft_invoice(self):
        draft = self.invoice.copy({'invoice_date': '2026-01-05'})
        with self.assertRaises(UserError):
            self._promise((draft, 100, '2026-03-12'))

    # ------------------------------------------------------------------
    # Never ticked by hand
    # ------------------------------------------------------------------
    def test_guard(self):
        promise = self._promise((self.item, 100, '2026-03-12'))
        other = self._promise((self._receivable(self._invoice(50)), 50, '2026-03-12'))
        line = promise.line_ids
        for vals in ({'state': 'kept'}, {'ended_on': '2026-03-02'}, {'cancelled_on': '2026-03-02'}):
            with self.assertRaises(AccessError):
                promise.write(vals)
            with self.assertRaises(AccessError):
                self.env['collection.promise'].create(
                    {'line_ids': [Command.create({'move_id': self.invoice.id, 'date': '2026-03-12'})], **vals}
                )
        with self.assertRaises(AccessError):
            self.env['collection.promise'].with_context(default_state='kept').create(
                {'line_ids': [Command.create({'move_id': self.invoice.id, 'date': '2026-03-12'})]}
            )
        for vals in ({'state': 'kept'}, {'amount': 1}, {'residual_at': 5}, {'promise_id': other.id}):
            with self.assertRaises(UserError):
                line.write(vals)
            with self.assertRaises(UserError):
                line.with_context(collection_internal=True).write(vals)
        for command in (Command.link(line.id), Command.update(line.id, {'state': 'kept'}), Command.set(line.ids)):
            with self.assertRaises(UserError):
                self.env['collection.promise'].create({'partner_id': self.customer.id, 'line_ids': [command]})
            with self.assertRaises(UserError):
                other.write({'line_ids': [command]})
        with self.assertRaises(AccessError):
            self.env['collection.promise'].create(
                {'line_ids': [Command.create({'move_id': self.invoice.id, 'date': '2026-03-12', 'cumulated': 0})]}
            )
        with self.assertRaises(UserError):
            self.env['collection.promise.line'].create(
                {'promise_id': promise.id, 'move_id': self.invoice.id, 'date': '2026-03-12'}
            )
        with self.assertRaises(UserError):
            promise.sudo().unlink()
        with self.assertRaises(UserError):
            line.sudo().unlink()
        self.assertEqual((promise.state, line.amount), ('running', 100))

    # ------------------------------------------------------------------
    # Kept, partly kept, broken
    # ------------------------------------------------------------------
    def test_kept_at_once(self):
        """A reconciliation settles before the commit, at the date of the money."""
        promise = self._promise((self.item, 600, '2026-03-12'))
        with freeze_time('2026-03-10'):
            self._pay(self.item, 400, '2026-03-06')
            self.assertEqual((promise.state, promise.line_ids.amount_kept), ('running', 400))
            self._pay(self.item, 200, '2026-03-09')
        self.assertEqual((promise.state, promise.ended_on), ('kept', date(2026, 3, 9)))

    def test_broken(self):
        promise = self._promise((self.item, 600, '2026-03-12'))
        with freeze_time('2026-03-16 12:00:00'):
            promise._settle_due(self.company)
            self.assertEqual(promise.state, 'running', "days of grace")
        with freeze_time('2026-03-17 12:00:00'):
            self.assertEqual(self.env['collection.promise']._settle_due(self.company), promise)
            self.assertFalse(self.env['collection.promise']._settle_due(self.company))
        self.assertEqual((promise.state, promise.ended_on), ('broken', date(2026, 3, 17)))
        self.assertEqual(promise.line_ids.response_until, date(2026, 3, 18))
        self.assertTrue(promise.counts_as_broken)
        self.assertEqual(promise.broken_count, 1)

    def test_partly(self):
        """Partly kept counts as broken unless half or more came in (R36)."""
        for amount, counts in ((299, True), (300, False)):
            with self.subTest(amount=amount), self.env.cr.savepoint():
                item = self._receivable(self._invoice(1000))
                promise = self._promise((item, 600, '2026-03-12'))
                with freeze_time('2026-03-17'):
                    self._pay(item, amount, '2026-03-12')
                    promise._settle()
                self.assertEqual((promise.state, promise.counts_as_broken), ('partly', counts))

    def test_late_money(self):
        """Money dated after the days of grace does not keep a promise, booked late it does."""
        promise = self._promise((self.item, 600, '2026-03-12'))
        with freeze_time('2026-03-20'):
            self._pay(self.item, 600, '2026-03-17')
            self.assertEqual(promise.state, 'broken')
        on_time = self._receivable(self._invoice(500))
        promise = self._promise((on_time, 500, '2026-03-12'))
        with freeze_time('2026-03-20'):
            promise._settle()
            self.assertEqual(promise.state, 'broken')
            self._pay(on_time, 500, '2026-03-16')
            self.assertEqual((promise.state, promise.ended_on), ('kept', date(2026, 3, 16)))

    def test_unmatched(self):
        """Money unmatched later takes the outcome back: running before the last day, broken after it."""
        promise = self._promise((self.item, 1000, '2026-03-12'))
        with freeze_time('2026-03-10'):
            self._pay(self.item, 1000, '2026-03-10')
            self.assertEqual(promise.state, 'kept')
            self.item.remove_move_reconcile()
            self.env.cr.flush()
            self.assertEqual((promise.state, promise.ended_on), ('running', False))
            receipt = self._pay(self.item, 1000, '2026-03-10')
        with freeze_time('2026-04-20'):
            receipt.remove_move_reconcile()
            receipt.move_id.button_draft()
            self.env.cr.flush()
            self.assertEqual((promise.state, promise.ended_on), ('broken', date(2026, 3, 17)))

    def test_invoice_corrected(self):
        """A reset to draft says nothing; a cancelled invoice ends the promise."""
        promise = self._promise((self.item, 1000, '2026-03-12'))
        with freeze_time('2026-03-20'):
            self.invoice.button_draft()
            promise._settle()
            self.assertEqual(promise.state, 'running')
            self.assertFalse(self.env['collection.promise']._settle_due(self.company))
            self.invoice.button_cancel()
            promise._settle()
            self.assertEqual((promise.state, promise.ended_on), ('cancelled', date(2026, 3, 20)))
            self.assertFalse(promise.counts_as_broken)

    def test_instalment_replaced(self):
        """The instalment is found again when a reset to draft has replaced it."""
        invoice = self._invoice(1000, invoice_payment_term_id=self.term.id)
        items = self._receivable(invoice).sorted('date_maturity')
        promise = self._promise((items[1], 700, '2026-03-12'))
        invoice.button_draft()
        invoice.invoice_payment_term_id = False
        invoice.invoice_date_due = '2026-02-04'
        invoice.action_post()
        remaining = self._receivable(invoice)
        self.env.invalidate_all()
        promise._settle()
        self.assertEqual(promise.line_ids.line_id, remaining)

    # ------------------------------------------------------------------
    # Plans
    # ------------------------------------------------------------------
    def test_plan_kept(self):
        promise = self._promise((self.item, 500, '2026-03-12'), (self.item, 500, '2026-03-19'))
        with freeze_time('2026-03-18'):
            self._pay(self.item, 500, '2026-03-12')
            promise._settle()
            self.assertEqual(promise.line_ids.mapped('state'), ['kept', 'running'])
            self._pay(self.item, 500, '2026-03-18')
        self.assertEqual((promise.state, promise.ended_on), ('kept', date(2026, 3, 18)))

    def test_plan_broken(self):
        """A missed instalment breaks the plan and ends what was still to come (R37)."""
        promise = self._promise(
            (self.item, 300, '2026-03-05'), (self.item, 300, '2026-03-12'), (self.item, 400, '2026-03-31')
        )
        with freeze_time('2026-03-05'):
            self._pay(self.item, 300, '2026-03-05')
        with freeze_time('2026-03-18'):
            promise._settle_due(self.company)
            self.assertEqual(promise.line_ids.mapped('state'), ['kept', 'broken', 'cancelled'])
            self.assertEqual((promise.state, promise.counts_as_broken), ('broken', True))
            last = promise.line_ids[2]
            self.assertEqual([last.ended_on, last.response_until], [date(2026, 3, 17), date(2026, 3, 18)])
            self.assertEqual(promise.line_ids[1].response_until, last.response_until, "all comes back on one day")
            # money that was there in time, matched late, mends the plan
            self._pay(self.item, 300, '2026-03-12')
            self.assertEqual(promise.line_ids.mapped('state'), ['kept', 'kept', 'running'])
            self.assertEqual((promise.state, last.ended_on), ('running', False))
            self.assertEqual(last.response_until, date(2026, 4, 6))

    def test_plan_found_late(self):
        """A plan looked at only after two missed dates broke at the first one."""
        promise = self._promise((self.item, 500, '2026-03-05'), (self.item, 500, '2026-03-12'))
        with freeze_time('2026-04-20'):
            promise._settle()
        self.assertEqual(promise.line_ids.mapped('state'), ['broken', 'cancelled'])
        self.assertEqual(promise.ended_on, date(2026, 3, 10))

    # ------------------------------------------------------------------
    # Money that came, but elsewhere
    # ------------------------------------------------------------------
    def test_receipt_not_allocated(self):
        """A receipt that could cover it keeps a promise open for five working days more (R34)."""
        promise = self._promise((self.item, 600, '2026-03-12'))
        self._receipt(600, '2026-03-13')
        with freeze_time('2026-03-17 12:00:00'):
            promise._settle_due(self.company)
            self.assertEqual((promise.state, promise.line_ids.expires_on), ('running', date(2026, 3, 23)))
        with freeze_time('2026-03-24 12:00:00'):
            promise._settle_due(self.company)
        self.assertEqual((promise.state, promise.ended_on), ('broken', date(2026, 3, 24)))

    def test_receipt_too_small_or_late(self):
        for amount, day in ((599, '2026-03-13'), (600, '2026-03-17'), (600, '2026-02-27')):
            with self.subTest(amount=amount, day=day):
                partner = self.customer.copy({'name': "Payer"})
                item = self._receivable(self._invoice(1000, partner_id=partner.id))
                promise = self._promise((item, 600, '2026-03-12'))
                self._receipt(amount, day, partner=partner)
                with freeze_time('2026-03-17 12:00:00'):
                    promise._settle_due(self.company)
                self.assertEqual(promise.state, 'broken')

    def test_paid_elsewhere(self):
        """Money matched with other invoices is not a broken promise (R34)."""
        other = self._receivable(self._invoice(800))
        promise = self._promise((self.item, 600, '2026-03-12'))
        with freeze_time('2026-03-17 12:00:00'):
            self._pay(other, 600, '2026-03-11')
            promise._settle_due(self.company)
        self.assertEqual((promise.state, promise.paid_elsewhere, promise.counts_as_broken), ('broken', True, False))
        self.assertEqual(promise.broken_count, 0)

    # ------------------------------------------------------------------
    # Cancelling
    # ------------------------------------------------------------------
    def test_cancel(self):
        promise = self._promise((self.item, 400, '2026-03-05'), (self.item, 600, '2026-03-31'))
        with freeze_time('2026-03-04'):
            self._pay(self.item, 400, '2026-03-04')
        with freeze_time('2026-03-10'):
            with self._refused("why"):
                promise.action_cancel(" ")
            promise.action_cancel("Paid by his insurer instead")
            self.assertEqual(promise.line_ids.mapped('state'), ['kept', 'cancelled'])
            self.assertEqual([promise.state, promise.ended_on], ['cancelled', date(2026, 3, 10)])
            self.assertEqual(promise.line_ids[1].response_until, date(2026, 3, 12))
            self.assertFalse(promise.counts_as_broken)
            with self._refused("ended"):
                promise.action_cancel("Again")
            self.assertTrue(self._promise((self.item, 600, '2026-03-31')), "the item is free again")
        self.assertIn("his insurer", str(promise.case_id.message_ids[0].body))

    # ------------------------------------------------------------------
    # Rights, companies, currencies
    # ------------------------------------------------------------------
    def test_caller_limits(self):
        """A caller grants a single promise within the policy's limits (R24)."""
        caller = new_test_user(self.env, 'facts_caller', groups=GROUP + 'caller', company_id=self.company.id)
        collector = new_test_user(self.env, 'facts_collector', groups=GROUP + 'collector', company_id=self.company.id)
        big = self._receivable(self._invoice(8000))
        refused = [
            ([(self.item, 100, '2026-03-18')], "until"),
            ([(big, 5000.01, '2026-03-12')], "up to"),
            ([(self.item, 100, '2026-03-12'), (self.item, 100, '2026-03-13')], "plan"),
        ]
        for lines, message in refused:
            commands = [
                Command.create({'move_id': item.move_id.id, 'amount': amount, 'date': day})
                for item, amount, day in lines
            ]
            with self.subTest(message=message):
                with self._refused(message):
                    self.env['collection.promise'].with_user(caller).create({'line_ids': commands})
                with self.env.cr.savepoint() as savepoint:
                    self.assertTrue(self.env['collection.promise'].with_user(collector).create({'line_ids': commands}))
                    savepoint.rollback()
        granted = (
            self.env['collection.promise']
            .with_user(caller)
            .create({'line_ids': [Command.create({'move_id': big.move_id.id, 'amount': 5000, 'date': '2026-03-17'})]})
        )
        self.assertEqual(granted.user_id, caller)

    def test_who_promised(self):
        """Somebody of the customer."""
        other = self.env['res.partner'].create({'name': "Somebody else"})
        with self._refused("not a contact", ValidationError):
            self._promise((self.item, 100, '2026-03-12'), contact_id=other.id)
        with self._refused("not a contact", ValidationError):
            self._promise((self.item, 100, '2026-03-12')).contact_id = other

    def _caller(self):
        return new_test_user(self.env, 'granting_caller', groups=GROUP + 'caller', company_id=self.company.id)

    def _grant(self, user, item, amount, day='2026-03-12'):
        line = Command.create({'move_id': item.move_id.id, 'amount': amount, 'date': day})
        return self.env['collection.promise'].with_user(user).create({'line_ids': [line]})

    def test_caller_limit_is_per_customer(self):
        """What callers granted a customer and still runs counts together; what a collector granted does not."""
        caller, items = self._caller(), [self._receivable(self._invoice(4900)) for _number in range(3)]
        collector = new_test_user(
            self.env, 'granting_collector', groups=GROUP + 'collector', company_id=self.company.id
        )
        self._grant(collector, items[0], 4900)
        first = self._grant(caller, items[1], 4900)
        with self._refused("already"):
            self._grant(caller, items[2], 101)
        self.assertTrue(self._grant(caller, items[2], 100))
        with freeze_time('2026-03-03'):
            self._pay(items[1], 4900, '2026-03-03')
            self.assertEqual(first.state, 'kept')
            self.assertTrue(self._grant(caller, self._receivable(self._invoice(4900)), 4900))

    def test_caller_does_not_promise_again(self):
        """What was cancelled or missed is promised again by a collector, but for a slip put right the same day."""
        caller = self._caller()
        promise = self._grant(caller, self.item, 100)
        promise.action_cancel("Wrong amount")
        promise = self._grant(caller, self.item, 200)
        with freeze_time('2026-03-04'):
            promise.action_cancel("He wants a later day")
            with self._refused("collector"):
                self._grant(caller, self.item, 200, '2026-03-19')
            other = self._receivable(self._invoice(300))
            self._grant(caller, other, 300)
        with freeze_time('2026-03-20'):
            promise._settle_due(self.company)
            with self._refused("promised before"):
                self._grant(caller, other, 300, '2026-03-25')
            self.assertTrue(self._promise((other, 300, '2026-03-25')))

    def test_branch(self):
        """A branch's invoice is promised to its company (R69)."""
        move = self._branch_invoice()
        promise = self._promise((move, 100, '2026-03-12'))
        self.assertEqual(promise.company_id, self.company)
        self.assertEqual(promise.line_ids.company_id, self.company)

    def test_foreign_currency(self):
        """Promise and payment are compared in the currency of the invoice."""
        currency = self.setup_other_currency('EUR')
        invoice = self._invoice(1000, currency_id=currency.id)
        item = self._receivable(invoice)
        promise = self._promise((item, 1000, '2026-03-12'))
        self.assertEqual((promise.currency_id, promise.line_ids.residual_at), (currency, 1000))
        with freeze_time('2026-03-10'):
            self._register_payment(invoice, payment_date='2026-03-10', amount=1000, currency_id=currency.id)
            self.env.cr.flush()
        self.assertEqual(promise.state, 'kept')

    # ------------------------------------------------------------------
    # Cost
    # ------------------------------------------------------------------
    def test_one_follow_up_per_transaction(self):
        """However many matchings, what follows them happens once (and not at all for other accounts)."""
        items = [self._receivable(self._invoice(100)) for _ in range(6)]
        self.env.cr.flush()
        case = self.env.registry['collection.case']
        calls = []
        self.patch(case, '_mark_dirty', lambda *args, **kwargs: calls.append(args[1:]))
        for item in items:
            (self._receipt(100, '2026-03-02') + item).reconcile()
        self.assertFalse(calls)
        self.env.cr.flush()
        self.assertEqual(calls, [([self.customer.id], [self.company.id])])

    def test_settle_is_batched(self):
        """The number of queries does not grow with the number of promises."""

        def count(promises):
            self.env.flush_all()
            self.env.invalidate_all()
            start = self.env.cr.sql_log_count
            promises._settle()
            self.env.flush_all()
            return self.env.cr.sql_log_count - start

        def make(number):
            return self.env['collection.promise'].union(
                *(self._promise((self._receivable(self._invoice(100)), 100, '2026-03-12')) for _ in range(number))
            )

        few, many = make(2), make(12)
        self.env.cr.flush()
        with freeze_time('2026-03-30'):
            few_queries = count(few)
            self.assertLessEqual(count(many), few_queries + 2)
        self.assertEqual(set(many.mapped('state')), {'broken'})

    def test_worked_out_is_not_written(self):
        promise = self._promise((self.item, 100, '2026-03-12'))
        for values in (
            {'amount': 1},
            {'currency_id': self.env.ref('base.USD').id},
            {'is_plan': True},
            {'next_date': '2026-12-31'},
            {'paid_elsewhere': True},
            {'counts_as_broken': False},
        ):
            with self.assertRaises(AccessError):
                promise.write(values)
            with self.assertRaises(AccessError):
                self._promise((self.item, 100, '2026-03-12'), **values)
