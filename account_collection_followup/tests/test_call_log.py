from datetime import date, timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged

from .common import CollectionCommon

GROUP = 'account_collection_followup.group_collection_'


@tagged('post_install', '-at_install')
@freeze_time('2026-03-02 09:00:00')
class TestCallLog(CollectionCommon):
    """What each result of a call asks for and puts in hand, from the dialog (R27–R31)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rep, cls.caller = (
            new_test_user(
                cls.env, f'log_{role}', groups=GROUP + role, company_id=cls.company.id, email=f'{role}@x.example'
            )
            for role in ('resolver', 'caller')
        )
        cls.contact = cls.env['res.partner'].create(
            {
                'name': "Ms Ledger",
                'parent_id': cls.partner_a.id,
                'email': 'ledger@a.example',
                'phone': '+1 555 0101',
                'collection_role_ids': [
                    Command.link(cls.env.ref('account_collection_followup.contact_role_payable').id)
                ],
            }
        )
        cls.move = cls.invoice()
        cls.second = cls.invoice(amount=400)
        cls.case = cls.env['collection.case']._open_for(cls.partner_a, cls.company)[cls.partner_a]

    def call(self, user=None, **values):
        return self.env['collection.call'].create(
            {
                'partner_id': self.partner_a.id,
                'user_id': (user or self.caller).id,
                'contact_id': self.contact.id,
                'planned_on': '2026-03-02',
                'move_ids': [Command.set((self.move | self.second).ids)],
                **values,
            }
        )

    def log(self, call, user=None, **values):
        """Fill the dialog in, as its user."""
        form = Form(
            self.env['collection.call.log'].with_user(user or call.user_id).with_context(default_call_id=call.id)
        )
        for name, value in values.items():
            form[name] = value
        return form

    def choose(self, form, *moves):
        for index, line in enumerate(form.choice_ids._records):
            if line['name'] in [move.name for move in moves]:
                with form.choice_ids.edit(index) as choice:
                    choice.chosen = True
        return form

    def test_documents_of_others_are_not_named(self):
        """A number is noted with the call: who logs it chooses among its invoices, sent now or later (R29)."""
        foreign = self.invoice(self.partner_b)
        call = self.call(self.rep)
        log = self.log(call, result='documents').save()
        log.sudo().choice_ids = [
            Command.create({'chosen': True, 'name': "Guessed", 'line_id': self.term(foreign).id, 'amount': 1})
        ]
        for send_now in (False, True):
            log.send_now = send_now
            with self.assertRaises(UserError):
                log.action_save()
        self.assertEqual(call.state, 'planned')
        self.assertNotIn(foreign.name, call.note or '')

    def next_call(self, call):
        return call.search([('case_id', '=', call.case_id.id), ('state', '=', 'planned')])

    # -- paid already ------------------------------------------------------------
    def test_paid_already_is_held_and_called_again(self):
        """Date, amount, reference: held five working days, called again the working day after (R28)."""
        call = self.call()
        form = self.log(call, result='paid_already', paid_amount="1,000 €", paid_reference="TR 77")
        self.assertEqual(form.paid_on, date(2026, 3, 2))
        form.paid_on = '2026-02-27'
        self.assertEqual(form.next_call_text, '03/10/2026')
        self.choose(form, self.move).save().action_save()
        hold = self.env['collection.hold'].search([('partner_id', '=', self.partner_a.id)])
        self.assertEqual((hold.move_id, hold.date_until, hold.user_id), (self.move, date(2026, 3, 9), self.caller))
        self.assertEqual(hold.reason, "Paid on 02/27/2026: 1,000 €, reference TR 77.")
        self.assertEqual((call.result, call.note), ('paid_already', hold.reason))
        following = self.next_call(call)
        self.assertEqual((following.planned_on, following.agreed), (date(2026, 3, 10), False))
        self.assertIn(self.move, following.move_ids)

    def test_paid_already_goes_when_it_was_paid(self):
        call = self.call(move_ids=[Command.set(self.move.ids)])
        form = self.log(call, result='paid_already', paid_amount="1000")
        self.choose(form, self.move).save().action_save()
        self.pay(self.move)
        self.env['collection.case']._refresh(self.company)
        self.assertFalse(self.next_call(call))

    def test_paid_already_says_what(self):
        call = self.call()
        form = self.log(call, result='paid_already', paid_amount="1000", paid_on='2026-03-03')
        with self.assertRaisesRegex(UserError, "is a promise"):
            self.choose(form, self.move).save().action_save()
        form = self.log(call, result='paid_already', paid_amount="1000")
        with self.assertRaisesRegex(UserError, "Choose the invoices"):
            form.save().action_save()

    # -- documents ---------------------------------------------------------------
    def send(self, call, *moves, **values):
        form = self.log(call, result='documents', **values)
        return self.choose(form, *moves).save().action_save()

    def test_documents_leave_from_the_dialog(self):
        """The invoices as PDF, to who asked, at once; recorded on case and invoice; nobody follows anything (R29)."""
        call = self.call()
        self.send(call, self.second)
        self.deliver()
        mail = call.sudo().documents_mail_id
        self.assertEqual((mail.state, mail.recipient_ids), ('sent', self.contact))
        self.assertEqual(mail.attachment_ids, self.second.invoice_pdf_report_id)
        self.assertIn(self.second.name, mail.subject)
        self.assertEqual((mail.model, mail.res_id), ('collection.case', call.case_id.id))
        self.assertIn("Ms Ledger", ''.join(self.second.message_ids.mapped('body')))
        self.assertEqual(call.note, f"{self.second.name} sent to {self.contact.name}.")
        self.assertEqual(self.next_call(call).planned_on, date(2026, 3, 9))
        for record in (self.second, call.case_id, self.partner_a):
            self.assertNotIn(self.contact, record.message_partner_ids)

    def test_documents_in_the_name_of_the_branch(self):
        """When all of them are one branch's (R69)."""
        branch = self.env['res.company'].create({'name': "Northern branch", 'parent_id': self.company.id})
        self.env.cr.flush()  # gives the branch its accounts
        self.env.user.company_ids += branch
        move = (
            self.env['account.move']
            .with_context(allowed_company_ids=[branch.id, self.company.id])
            .create(
                {
                    'move_type': 'out_invoice',
                    'partner_id': self.partner_a.id,
                    'invoice_line_ids': [Command.create({'name': "work", 'price_unit': 10, 'tax_ids': []})],
                }
            )
        )
        move.action_post()
        move = move.with_env(self.env)
        call = self.call()
        files = self.env['ir.attachment']
        subject = call._prepare_documents_mail(move, self.contact, files)['subject']
        self.assertTrue(subject.startswith("Northern branch:"), subject)
        mail = call._prepare_documents_mail(move + self.move, self.contact, files)
        self.assertTrue(mail['subject'].startswith(f"{self.company.name}:"), mail['subject'])
        self.assertNotIn("telephone", mail['body_html'])

    def test_documents_in_the_language_of_who_gets_them(self):
        self.env['res.lang']._activate_lang('fr_FR')
        template = self.env.ref('account_collection_followup.mail_template_documents')
        template.with_context(lang='fr_FR').subject = "Vos documents : {{ object.documents_text }}"
        self.contact.lang = 'fr_FR'
        call = self.call()
        self.send(call, self.move)
        self.assertEqual(call.sudo().documents_mail_id.subject, f"Vos documents : {self.move.name}")

    def test_documents_that_do_not_leave_are_said_to(self):
        call = self.call()
        broken = patch.object(
            type(self.env['mail.mail']),
            '_send',
            lambda mails, **kw: mails.write({'state': 'exception', 'failure_reason': "No server"}),
        )
        with broken, self.assertRaisesRegex(UserError, "did not leave: No server"), self.env.cr.savepoint():
            self.send(call, self.move)
        self.env.invalidate_all()
        self.assertEqual((call.state, call.documents_mail_id.id), ('planned', False))

    def test_documents_to_who_cannot_be_written_to(self):
        call = self.call()
        self.contact.collection_do_not_mail = True
        form = self.log(call, result='documents')
        self.assertFalse(form.send_now)
        form.send_now = True
        with self.assertRaisesRegex(UserError, "cannot be written to"), self.env.cr.savepoint():
            self.choose(form, self.move).save().action_save()
        self.log(call, result='documents', note="By post").save().action_save()
        self.assertEqual((call.result, call.note), ('documents', "By post"))

    def test_a_rep_sends_and_holds_what_his_call_is_about(self):
        """He has no accounting rights: what he may choose comes from the call (R24)."""
        self.invoice(amount=77)
        call = self.call(self.rep, move_ids=[Command.set(self.move.ids)])
        form = self.log(call, result='documents')
        self.assertEqual([line['name'] for line in form.choice_ids._records], [self.move.name])
        form.save().action_save()
        self.assertIn(self.move.name, call.note)
        call = self.next_call(call)
        other = self.term(self.second)
        for act in (lambda: call.with_user(self.rep)._hold_paid(other, "x"),
                    lambda: call.with_user(self.rep)._prepare_documents(other, self.contact)):  # fmt: skip
            with self.assertRaisesRegex(UserError, "this call is about"), self.env.cr.savepoint():
                act()

    # -- another person ----------------------------------------------------------
    def test_the_right_person_is_called_next(self):
        """Somebody new becomes a contact of the customer, without any right on contacts."""
        role = self.env.ref('account_collection_followup.contact_role_approver')
        call = self.call()
        form = self.log(call, result='wrong_person', person_name="Mr Buyer", person_role_id=role)
        form.person_phone = '+1 555 0102'
        form.save().action_save()
        person = call.right_contact_id
        self.assertEqual((person.name, person.phone, person.parent_id), ("Mr Buyer", '+1 555 0102', self.partner_a))
        self.assertEqual(person.collection_role_ids, role)
        self.assertEqual(self.next_call(call).contact_id, person)
        self.assertIn("Mr Buyer", call.note)

    def test_the_right_person_is_known_already(self):
        known = self.env['res.partner'].create({'name': "Mr Known", 'parent_id': self.partner_a.id, 'phone': '1'})
        call = self.call()
        self.log(call, result='wrong_person', person_id=known).save().action_save()
        self.assertEqual(self.next_call(call).contact_id, known)
        call = self.next_call(call)
        with self.assertRaisesRegex(UserError, "does not belong"), self.env.cr.savepoint():
            self.log(call, self.caller, result='wrong_person', person_id=self.partner_b).save().action_save()
        with self.assertRaisesRegex(UserError, "who is the right person"):
            self.log(call, self.caller, result='wrong_person').save().action_save()

    # -- nobody reached ----------------------------------------------------------
    def test_the_next_try_is_proposed_and_can_be_moved(self):
        call = self.call()
        form = self.log(call, result='voicemail')
        self.assertTrue(form.callback_on)
        form.callback_on = '2026-03-06'
        self.assertEqual(form.next_call_text, '03/06/2026')
        form.save().action_save()
        self.assertEqual((call.state, call.planned_on, call.tries), ('planned', date(2026, 3, 6), 1))
        self.assertEqual(
            self.log(call, self.caller).tries_text, "1 try on 1 day. It counts as tried after tries on 3 days."
        )
        with self.assertRaisesRegex(UserError, "today or later"):
            call.action_made('absent', callback_on='2026-02-27')

    def test_nobody_is_tried_on_a_day_off(self):
        """The next try goes on to a working day; an agreed day off is refused, with the next working day (R54)."""
        call = self.call()
        form = self.log(call, result='voicemail', callback_on='2026-03-07')
        self.assertEqual(str(form.callback_on), '2026-03-09')
        call.action_made('absent', callback_on='2026-03-08')
        self.assertEqual(call.planned_on, date(2026, 3, 9))
        form = self.log(call, result='callback', callback_on='2026-03-07')
        self.assertEqual(str(form.callback_on), '2026-03-07')
        with self.assertRaisesRegex(UserError, "the next one is Monday 9 March 2026"):
            form.save().action_save()

    def test_a_wrong_number_is_noted_on_the_contact(self):
        call = self.call()
        self.log(call, result='wrong_number').save().action_save()
        self.assertIn("+1 555 0101", self.contact.message_ids[:1].body)

    def test_partial_answers_of_who_was_not_reached_are_kept(self):
        call = self.call()
        form = self.log(call, result='voicemail')
        with form.answer_ids.edit(1) as answer:
            answer.choice = 'yes'
        form.save().action_save()
        self.assertEqual((call.state, call.answer_ids.mapped('choice')), ('planned', ['yes']))

    # -- what only a collector grants ----------------------------------------------
    def test_a_caller_asks_for_a_plan(self):
        """It comes to a collector's list (R24, R37)."""
        self.case.user_id = self.collector
        call = self.call()
        offered = dict(
            self.env['collection.call.log'].with_user(self.caller).fields_get(['result'])['result']['selection']
        )
        self.assertIn('plan_request', offered)
        self.assertNotIn('plan', offered)
        self.log(call, result='plan_request', note="Three times a third").save().action_save()
        kind = self.env.ref('account_collection_followup.activity_type_plan_request')
        activity = self.case.activity_ids.filtered(lambda activity: activity.activity_type_id == kind)
        self.assertEqual(activity.user_id, self.collector)
        self.assertIn("Three times a third", activity.note)
        self.assertEqual(call.result, 'plan_request')

    def test_a_collector_grants_the_plan(self):
        """Spread over what is overdue, to the cent."""
        call = self.call(self.collector)
        form = self.log(call, result='plan')
        form.plan_count = 3
        form.plan_first = '2026-03-16'
        form.plan_unit = 'week'
        action = form.save().action_save()
        promise = call.promise_id
        self.assertEqual((call.result, promise.is_plan, promise.amount), ('plan', True, 1400))
        self.assertEqual(set(promise.line_ids.mapped('date')), {date(2026, 3, day) for day in (16, 23, 30)})
        self.assertEqual(action['res_model'], 'collection.promise.confirmation')
        self.assertEqual(action['context']['default_promise_id'], promise.id)

    def test_nobody_records_what_he_may_not_grant(self):
        call = self.call(self.rep)
        for user, result in ((self.rep, 'promise'), (self.rep, 'plan'), (self.caller, 'plan')):
            Log = self.env['collection.call.log'].with_user(user).with_context(default_call_id=call.id)
            with self.assertRaises(AccessError), self.env.cr.savepoint():
                Log.create({'result': result}).action_save()

    def test_difficulty(self):
        """A collector records it, which leads to a plan; a caller passes it on (R36)."""
        call = self.call(self.collector)
        form = self.log(call, result='difficulty', note="Lost a client")
        self.assertEqual(form.motive, 'cash')
        form.save().action_save()
        self.assertEqual((self.case.motive, self.case.motive_on), ('cash', date(2026, 3, 2)))
        call = self.call()
        self.case.motive = False
        self.log(call, result='difficulty', note="Waits for money").save().action_save()
        self.assertFalse(self.case.motive)
        self.assertIn("Waits for money", ''.join(self.case.activity_ids.mapped(lambda activity: activity.note or '')))

    def test_the_motive_stays_with_collectors(self):
        """An opinion: not among a caller's fields, not in the note, not on the case's messages (R15)."""
        call = self.call(self.collector)
        form = self.log(call, result='refusal', note="Will not pay", motive='cash')
        self.assertIn("instalment plan", form.motive_action)
        form.motive = 'bad_faith'
        self.assertIn("formal notice", form.motive_action)
        form.save().action_save()
        self.assertEqual(self.case.motive, 'bad_faith')
        self.assertNotIn('motive', self.env['collection.call.log'].with_user(self.caller).fields_get())
        self.assertNotIn("faith", (call.note or '') + ''.join(self.case.message_ids.mapped('body')).lower())

    def test_a_callback_has_its_hour(self):
        call = self.call()
        form = self.log(call, result='callback', callback_on='2026-03-05', callback_at="10:30")
        form.save().action_save()
        self.assertIn("10:30", call.note)
        self.assertEqual((self.next_call(call).planned_on, self.next_call(call).agreed), (date(2026, 3, 5), True))

    # -- nothing is lost -----------------------------------------------------------
    def keep(self, user, case=None, **content):
        self.env['collection.call.log'].with_user(user).keep_draft((case or self.case).id, content)

    def test_a_draft_comes_back(self):
        """What was typed and not saved, invoices and answers included; each user has his own."""
        call = self.call()
        form = self.log(call, result='promise', promise_date='2026-03-12', note="Half of it")
        lines = [dict(line, amount=150.0) for line in form.line_ids._records[:1]]
        step = form.answer_ids._records[1]['script_line_id']
        self.keep(
            self.caller,
            result='promise',
            promise_date='2026-03-12',
            note="Half of it",
            line_ids=[{**line, 'date': '2026-03-12'} for line in lines],
            answer_ids=[{'script_line_id': step, 'choice': 'yes', 'note': "Accountant"}],
            call_id=999,
        )
        again = self.log(call)
        self.assertEqual((again.result, again.note, again.promise_date), ('promise', "Half of it", date(2026, 3, 12)))
        self.assertEqual([line['amount'] for line in again.line_ids._records], [150.0])
        self.assertEqual([(a['choice'], a['note']) for a in again.answer_ids._records][1], ('yes', "Accountant"))
        self.assertIn("restored", again.draft_text)
        self.assertFalse(self.log(call, self.collector).draft_text)
        again.save().action_save()
        self.assertEqual(call.promise_id.amount, 150)
        self.assertFalse(self.env['collection.call.draft'].search([]))

    def test_a_draft_is_forgotten(self):
        call = self.call()
        self.keep(self.caller, note="Typed")
        self.keep(self.caller)
        self.assertFalse(self.log(call).draft_text)
        self.keep(self.caller, note="Typed")
        draft = self.env['collection.call.draft'].search([])
        with freeze_time(draft.write_date + timedelta(days=8)):
            draft._forget_old()
        self.assertFalse(self.env['collection.call.draft'].search([]))

    def test_a_draft_goes_with_the_call_a_colleague_logs(self):
        """A try leaves it: the call is still to be made."""
        call = self.call()
        self.keep(self.caller, note="Typed")
        call.with_user(self.collector).action_made('absent')
        self.assertTrue(self.log(call).draft_text)
        call.with_user(self.collector).action_made('refusal', note="No.")
        self.assertFalse(self.env['collection.call.draft'].search([]))

    def test_a_draft_of_what_was_paid_meanwhile(self):
        call = self.call()
        item = self.case.item_ids.filtered(lambda item: item.move_id == self.move)
        self.keep(
            self.caller, result='promise', line_ids=[{'item_id': item.id, 'amount': 10, 'line_id': item.line_id.id}]
        )
        self.pay(self.move)
        self.assertFalse(len(self.log(call).line_ids))

    def test_a_draft_shows_nobody_more(self):
        """Neither another's call, nor through a draft what one may not read."""
        foreign = self.invoice(self.partner_b)
        call = self.call(self.rep, move_ids=[Command.set(self.move.ids)])
        other = self.env['collection.case']._open_for(self.partner_b, self.company)[self.partner_b]
        with self.assertRaises(AccessError):
            self.keep(self.rep, other, note="x")
        item = self.term(foreign).id
        self.keep(self.rep, result='documents', line_ids=[{'item_id': item, 'line_id': item, 'amount': 1}])
        with self.assertRaises(AccessError):
            self.log(call)
