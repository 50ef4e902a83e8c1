from datetime import date

from freezegun import freeze_time

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, new_test_user, tagged

from ..models.collection_fact import internal
from .facts_common import GROUP, FactsCommon


@tagged('post_install', '-at_install')
@freeze_time('2026-03-02 09:00:00')
class TestCall(FactsCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with freeze_time('2026-03-02 09:00:00'):
            cls.invoice = cls._invoice(1000)
        cls.company.collection_call_tries = 3

    def _call(self, **values):
        return self.env['collection.call'].create({'partner_id': self.customer.id, **values})

    def _next(self, call):
        return self.env['collection.call'].search([('case_id', '=', call.case_id.id), ('state', '=', 'planned')])

    def test_evasive(self):
        """A reached call ends in something that can be acted on (R28)."""
        call = self._call()
        for result, message in (
            ('all_well', "overdue"),
            ('promise', "promise first"),
            ('dispute', "dispute first"),
            ('plan', "promise"),
            ('callback', "day"),
            ('paid_already', "details"),
            ('wrong_person', "details"),
            ('refusal', "details"),
            ('it_is_on_its_way', "result"),
        ):
            with self.subTest(result=result), self._refused(message):
                call.action_made(result)
        with self._refused("day"):
            call.action_made('callback', callback_on='2026-03-01')
        with self._refused("Saturday 7 March 2026 is no working day: the next one is Monday 9 March 2026."):
            call.action_made('callback', callback_on='2026-03-07')
        self.assertEqual(call.state, 'planned')
        call.action_made('refusal', "He will not pay before the credit note")
        self.assertEqual((call.state, call.made_on, call.result), ('made', date(2026, 3, 2), 'refusal'))
        self.assertIn("credit note", call.note)
        with self._refused("already"):
            call.action_made('refusal', "Again")
        with self._refused("already"):
            call.action_cancel()

    def test_satisfaction(self):
        call = self._call(purpose='satisfaction')
        call.action_made('all_well')
        self.assertEqual(call.state, 'made')

    def test_promise_and_dispute(self):
        """What was entered during the call is linked to it."""
        call = self._call()
        promise = self._promise((self.invoice, 100, '2026-03-12'))
        call.action_made('promise')
        self.assertEqual(call.promise_id, promise)
        call = self._call()
        with self._refused("promise first"):
            call.action_made('plan')
        dispute = self._dispute(self.invoice, 100)
        call.action_made('dispute')
        self.assertEqual(call.dispute_id, dispute)
        with self._refused("not this customer's", ValidationError):
            self._call(partner_id=self.partner_b.id, promise_id=promise.id)

    def test_old_promise_is_no_outcome(self):
        self._promise((self.invoice, 100, '2026-03-12'))
        with freeze_time('2026-03-03'):
            call = self._call()
            with self._refused("promise first"):
                call.action_made('promise')

    def test_followed_up(self):
        """Documents within seven days, a callback on its day (R29)."""
        call = self._call(note="First words")
        call.action_made('documents', "Duplicate of the invoice")
        self.assertEqual(call.note, "First words\nDuplicate of the invoice")
        follow_up = self._next(call)
        self.assertEqual((follow_up.planned_on, follow_up.purpose), (date(2026, 3, 9), 'collection'))
        self.assertFalse(follow_up.agreed)
        follow_up.action_made('callback', callback_on='2026-03-05')
        callback = self._next(call)
        self.assertEqual((callback.planned_on, callback.agreed), (date(2026, 3, 5), True))
        with freeze_time('2026-03-07'):  # a limit rolls backward: Saturday 14 → Friday 13
            callback.action_made('documents')
            self.assertEqual(self._next(call).planned_on, date(2026, 3, 13))

    def test_tries(self):
        """Not reached: tries are counted, three days make it tried and complete its step (R27, R49)."""
        step = self._make_step()
        call = self._call()
        call.action_made('absent')
        call.action_made('voicemail')
        self.assertEqual((call.state, call.tries, call.try_days, call.tried), ('planned', 2, 1, False))
        self.assertEqual(call.planned_on, date(2026, 3, 3))
        with freeze_time('2026-03-03'):
            call.action_made('absent')
        self.assertEqual((call.try_days, call.tried, step.call_state), (2, False, 'todo'))
        with freeze_time('2026-03-06'):
            call.action_made('absent')
        self.assertEqual((call.try_days, call.tries, call.tried, call.state), (3, 4, True, 'planned'))
        self.assertEqual((step.call_state, call.planned_on), ('sent', date(2026, 3, 9)))

    def test_made_completes_step(self):
        step = self._make_step()
        self._call().action_made('refusal', "No")
        self.assertEqual(step.call_state, 'sent')

    def test_serves_steps_of_its_customer_only(self):
        step = self._make_step()
        with self.assertRaises(AccessError):
            self._call(step_id=step.id)
        with self.assertRaises(AccessError):
            self._call().write({'step_id': step.id})
        stranger = self._call(partner_id=self.partner_b.id)
        with self._refused("not a step of this customer", ValidationError):
            internal(stranger).step_id = step
        self._call(purpose='satisfaction').action_made('all_well')
        self.assertEqual(step.call_state, 'todo')

    def _make_step(self):
        level = self.env['collection.level'].create(
            {'policy_id': self.policy.id, 'name': "Call of the tests", 'by_call': True, 'rank': 10}
        )
        case = self.env['collection.case']._open_for(self.customer, self.company)[self.customer]
        return (
            self.env['collection.step']
            .sudo()
            .create(
                {
                    'case_id': case.id,
                    'partner_id': self.customer.id,
                    'company_id': self.company.id,
                    'level_id': level.id,
                    'date': '2026-03-02',
                    'call_state': 'todo',
                }
            )
        )

    def test_guard(self):
        call = self._call()
        for vals in (
            {'state': 'made'},
            {'made_on': '2026-03-02'},
            {'result': 'promise'},
            {'tries': 3},
            {'tried': True},
        ):
            with self.assertRaises(AccessError):
                call.write(vals)
            with self.assertRaises(AccessError):
                self._call(**vals)
        call.planned_on = '2026-03-05'
        call.action_made('refusal', "No")
        with self._refused("Only the note"):
            call.planned_on = '2026-03-06'
        call.note = "Corrected"
        planned = self._call()
        planned.action_cancel()
        self.assertEqual(planned.state, 'cancelled')
        with self._refused("cannot be deleted"):
            planned.sudo().unlink()

    def test_resolver_calls_own_customers(self):
        """A sales rep without accounting rights logs the calls of his customers (R21)."""
        rep = new_test_user(self.env, 'facts_rep', groups=GROUP + 'resolver', company_id=self.company.id)
        own = self._call(user_id=rep.id, purpose='satisfaction')
        foreign = self._call(partner_id=self.partner_b.id, purpose='satisfaction')
        own.with_user(rep).action_made('all_well')
        self.assertEqual(own.state, 'made')
        with self.assertRaises(AccessError):
            foreign.with_user(rep).action_made('all_well')

    def test_resolver_changes_no_purpose(self):
        """Nor does he give a call to somebody who may not log it; a colleague with a role may have it."""
        rep, colleague = (
            new_test_user(self.env, f'facts_rep_{n}', groups=GROUP + 'resolver', company_id=self.company.id)
            for n in (1, 2)
        )
        caller = new_test_user(self.env, 'facts_caller', groups=GROUP + 'caller', company_id=self.company.id)
        nobody = new_test_user(self.env, 'facts_nobody', groups='base.group_user', company_id=self.company.id)
        call = self._call(user_id=rep.id)
        with self._refused("purpose", AccessError):
            call.with_user(rep).purpose = 'satisfaction'
        for user in (rep, caller):
            with self._refused("no role"):
                call.with_user(user).user_id = nobody
        with self._refused("no role"):
            self._call(partner_id=self.partner_b.id, user_id=nobody.id)
        call.with_user(rep).write({'purpose': 'collection', 'user_id': colleague.id})
        self.assertEqual(call.user_id, colleague)
        call.with_user(caller).purpose = 'satisfaction'
        self.assertEqual(call.purpose, 'satisfaction')

    def test_resolver_logs_what_he_may(self):
        """Result and note of his own calls; promises are entered by a caller."""
        rep = new_test_user(self.env, 'facts_rep', groups=GROUP + 'resolver', company_id=self.company.id)
        Log = self.env['collection.call.log'].with_user(rep)
        offered = {value for value, _label in Log.fields_get(['result'])['result']['selection']}
        self.assertFalse({'promise', 'plan'} & offered)
        self.assertLessEqual({'dispute', 'refusal', 'all_well', 'callback', 'absent'}, offered)
        call = self._call(user_id=rep.id)
        form = Form(Log.with_context(default_call_id=call.id))
        for result in sorted(offered):
            form.result = result
        form.result = 'refusal'
        form.note = "Waits for his own customer"
        form.save().action_save()
        self.assertEqual((call.state, call.result), ('made', 'refusal'))
        other = self._call(user_id=rep.id)
        with self.assertRaises(AccessError):
            Log.with_context(default_call_id=other.id).create({'result': 'promise'}).action_save()

    def test_next_call_goes_to_the_approver(self):
        """Who names another person is not sent to run after his own purchasing (R23)."""
        payable, approver = (
            self.env['res.partner'].create(
                {
                    'name': role,
                    'parent_id': self.customer.id,
                    'phone': '+1 555 0100',
                    'collection_role_ids': [(4, self.env.ref(f'account_collection_followup.contact_role_{role}').id)],
                }
            )
            for role in ('payable', 'approver')
        )
        call = self._call(contact_id=payable.id)
        call.action_made('wrong_person', "Purchasing has not approved it")
        self.assertEqual((self._next(call).contact_id, self._next(call).planned_on), (approver, date(2026, 3, 3)))
        approver.phone = False
        call = self._next(call)
        call.contact_id = payable
        call.action_made('wrong_person', "Ask again")
        self.assertEqual(self._next(call).contact_id, payable)

    def test_a_date_agreed_plans_the_next_call(self):
        """Any answer may come with a day to call again; it lies ahead."""
        call = self._call()
        with self._refused("today or later"):
            call.action_made('difficulty', "Waits for his customer", callback_on='2026-03-01')
        call.action_made('difficulty', "Waits for his customer", callback_on='2026-03-20')
        self.assertEqual(self._next(call).planned_on, date(2026, 3, 20))

    def test_a_visit_is_logged_like_a_call(self):
        """Meetings and visits: planned, on the list, with a result (R32)."""
        visit = self._call(channel='visit', planned_on='2026-03-05')
        self.assertEqual(visit.activity_ids.date_deadline, date(2026, 3, 5))
        visit.action_made('refusal', "Will not pay before the credit note")
        self.assertEqual(visit.state, 'made')
        self.assertIn("visit", ''.join(visit.case_id.message_ids.mapped('body')))

    def test_what_to_know(self):
        """The dialog shows a caller without accounting rights what to know; a sales rep his own call only (R25)."""
        caller, rep = (
            new_test_user(self.env, f'facts_{role}', groups=GROUP + role, company_id=self.company.id)
            for role in ('caller', 'resolver')
        )
        contact = self.env['res.partner'].create(
            {
                'name': "Accounts payable",
                'parent_id': self.customer.id,
                'phone': '+1 555 0100',
                'collection_role_ids': [(4, self.env.ref('account_collection_followup.contact_role_payable').id)],
            }
        )
        late = self._invoice(700, invoice_date_due='2026-02-20')
        self._call().action_made('difficulty', "Waits for his customer")
        self._promise((self.invoice, 100, '2026-03-12'))
        self._dispute(self.invoice, 50)
        call = self._call(user_id=rep.id)
        self.env.cr.flush()
        Log = self.env['collection.call.log']
        form = Form(Log.with_user(caller).with_context(default_case_id=call.case_id.id))
        self.assertIn(contact, form.contact_ids[:])
        self.assertEqual((form.overdue, form.promised, form.disputed), (700, 100, 50))
        self.assertIn("Running: 1", form.promise_text)
        self.assertIn("Nothing settled", form.payer_text)
        self.assertEqual(form.item_ids[:].move_id, self.invoice | late)
        self.assertEqual(form.last_call_ids[:].mapped('result'), ['difficulty'])
        self.assertEqual(len(form.dispute_ids), 1)
        form.result = 'documents'
        self.assertEqual(form.next_call_text, '03/09/2026')
        form.result = 'absent'
        self.assertEqual(form.next_call_text, '03/03/2026')
        mine = Form(Log.with_user(rep).with_context(default_call_id=call.id))
        for name in ('overdue', 'payer_text', 'promise_text', 'item_ids', 'sentence'):
            self.assertNotIn(name, mine._view['fields'])
        mine.result = 'absent'
        with self.assertRaises(AccessError):
            mine.save().read(['overdue'])
