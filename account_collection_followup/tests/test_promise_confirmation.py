from base64 import b64encode
from datetime import date

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

from .facts_common import GROUP, FactsCommon


@tagged('post_install', '-at_install')
@freeze_time('2026-03-02 09:00:00')
class TestPromiseConfirmation(FactsCommon):
    """What was agreed is confirmed in writing (R31)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.caller = new_test_user(
            cls.env, 'confirm_caller', groups=GROUP + 'caller', company_id=cls.company.id, email='caller@example.com'
        )
        cls.company.collection_user_id = cls.caller
        cls.customer.write({'email': 'a@example.com', 'street': "2 Customer Street", 'city': "Lyon", 'zip': '69003'})
        cls.contact = cls.env['res.partner'].create(
            {'name': "Accounts payable", 'parent_id': cls.customer.id, 'email': 'payable@example.com'}
        )
        with freeze_time('2026-03-02 09:00:00'):
            cls.item = cls._receivable(cls._invoice(1000))
            cls.promise = cls._promise(
                (cls.item, 600, '2026-03-12'), contact_id=cls.contact.id, note="Says his bank is nervous"
            )
            cls.plan_item = cls._receivable(cls._invoice(900))

    def _plan(self):
        return self._promise(
            (self.plan_item, 300, '2026-03-12'), (self.plan_item, 600, '2026-04-13'), contact_id=self.contact.id
        )

    def test_email(self):
        """An e-mail to who promised, with amounts, date and invoice; kept in the chatter of the case."""
        followers = self.promise.case_id.message_partner_ids
        self.assertEqual(self.promise.confirmation_state, 'none')
        self.assertIsNone(self.promise.with_user(self.caller).action_confirm())
        mail = self.promise.confirmation_mail_id
        self.assertEqual((mail.state, mail.recipient_ids), ('outgoing', self.contact))
        self.assertIn('caller@example.com', mail.email_from)
        for text in ("600.00", "03/12/2026", self.item.move_id.name, "Accounts payable", "March 2026"):
            self.assertIn(text, mail.body_html)
        self.assertNotIn("nervous", mail.body_html)
        self.assertEqual((mail.model, mail.res_id), ('collection.case', self.promise.case_id.id))
        self.assertEqual(self.promise.case_id.message_partner_ids, followers)
        self.assertEqual((self.promise.confirmed_on, self.promise.confirmed_by), (date(2026, 3, 2), 'email'))
        self.assertEqual(self.promise.confirmation_state, 'queued')
        mail.write({'state': 'exception', 'failure_reason': "No such mailbox"})
        self.assertEqual(self.promise.confirmation_state, 'failed')
        self.assertIn("No such mailbox", self.promise.confirmation_text)
        mail.state = 'sent'
        self.assertIn("By e-mail to", self.promise.confirmation_text)

    def test_failed(self):
        """Who is responsible has it on his list, and it is an exception, until it is confirmed."""
        self.promise.with_user(self.caller).action_confirm()
        mail = self.promise.confirmation_mail_id
        mail.write({'state': 'exception', 'failure_reason': "No such mailbox"})
        mail._postprocess_sent_message(success_pids=[], success_emails=[], failure_reason="No such mailbox")
        self.assertEqual(self.promise.activity_ids.user_id, self.caller)

        def get_exceptions():
            self.env.flush_all()
            return self.env['collection.exception'].search(
                [('kind', '=', 'confirmation'), ('partner_id', '=', self.customer.id)]
            )

        found = get_exceptions()
        self.assertEqual((found.res_id, found.amount), (self.promise.id, 600))
        self.assertIn("No such mailbox", found.detail)
        self.promise.action_confirm('letter')
        self.assertFalse(self.promise.activity_ids or get_exceptions())
        self.promise.action_confirm()
        self.promise.confirmation_mail_id.cancel()
        self.assertTrue(self.promise.activity_ids)

    def test_automatic_without_its_text(self):
        """The text is broken or gone: what was promised stands, and who is responsible confirms it."""
        self.policy.confirm_promises = 'email'
        template = self.env.ref('account_collection_followup.mail_template_promise')
        # worn by time: what is written today is checked
        self.env.flush_all()
        subject = '{"en_US": "{{ object.nothing_of_the_kind }}"}'
        self.env.cr.execute("UPDATE mail_template SET subject = %s WHERE id = %s", [subject, template.id])
        self.env.invalidate_all()
        first = self._promise((self._receivable(self._invoice(70)), 70, '2026-03-12'), contact_id=self.contact.id)
        template.unlink()
        second = self._promise((self._receivable(self._invoice(80)), 80, '2026-03-12'), contact_id=self.contact.id)
        for promise in first + second:
            self.assertEqual((promise.state, promise.confirmation_state), ('running', 'failed'))
            self.assertFalse(promise.confirmed_on)
            self.assertTrue(promise.activity_ids)
        self.assertIn("administrator deleted it", second.confirmation_text)
        second.action_confirm('letter')
        self.assertEqual((second.confirmation_state, second.confirmation_problem), ('sent', False))
        self.assertFalse(second.activity_ids)

    def test_language(self):
        """The language of who reads it, not of who writes."""
        self.env['res.lang']._activate_lang('fr_FR')
        self.contact.lang = 'fr_FR'
        self.promise.with_user(self.caller).action_confirm()
        body = self.promise.confirmation_mail_id.body_html
        self.assertIn("12/03/2026", body)
        self.assertIn("600,00", body)

    def test_letter(self):
        """A file of the promise, with the address in the window."""
        action = self.promise.action_confirm('letter')
        file = self.promise.confirmation_file_id
        self.assertEqual(action['report_name'], 'account_collection_followup.report_promise_confirmation')
        report = self.env.ref('account_collection_followup.action_report_promise_confirmation')
        self.assertEqual(report.retrieve_attachment(self.promise), file, "what is downloaded is what was kept")
        text = file.raw.decode()
        for words in ("2 Customer Street", "600.00", self.promise.confirmation_reference, "Payment agreed"):
            self.assertIn(words, text)
        self.assertNotIn("nervous", text)
        self.assertEqual((file.res_model, file.res_id), ('collection.promise', self.promise.id))
        self.assertIn("By letter", self.promise.confirmation_text)

    def test_pdf(self):
        """The file is a real PDF, and the one that is downloaded afterwards."""
        reports = self.env['ir.actions.report'].with_context(force_report_rendering=True)
        if reports.get_wkhtmltopdf_state() in ('install', 'broken'):
            self.skipTest("wkhtmltopdf is missing")
        self.promise.with_context(force_report_rendering=True).action_confirm('letter')
        file = self.promise.confirmation_file_id
        self.assertEqual(file.raw[:4], b'%PDF')
        report = reports._render_qweb_pdf(
            'account_collection_followup.report_promise_confirmation', res_ids=self.promise.ids
        )
        self.assertEqual(report[0], file.raw)

    def test_plan(self):
        """A plan is an agreement to sign: debt in figures and words, dates, what a missed one means, signatures."""
        plan = self._plan()
        plan.action_confirm()
        mail, file = plan.confirmation_mail_id, plan.confirmation_file_id
        self.assertEqual(mail.attachment_ids, file)
        text = file.raw.decode()
        for words in (
            "acknowledgement of debt", "900.00 (Nine Hundred", "03/12/2026", "04/13/2026", "payable at once",
            self.plan_item.move_id.name, "no novation", "by hand, in words and in figures",
        ):  # fmt: skip
            self.assertIn(words, text.replace('\xa0', ' '))

    def test_paid_meanwhile(self):
        """Nobody acknowledges a debt he has paid: what is still to come is confirmed."""
        plan = self._plan()
        with freeze_time('2026-03-12'):
            self._pay(self.plan_item, 350, '2026-03-12')
            plan.action_confirm('letter')
        text = plan.confirmation_file_id.raw.decode().replace('\xa0', ' ')
        self.assertIn("550.00 (Five Hundred", text)
        self.assertNotIn("03/12/2026", text)
        self.assertNotIn("900.00", text)

    def test_signed(self):
        """The signature and its copy are recorded once; one that does not come is asked for."""
        plan = self._plan()
        plan.action_confirm('letter')
        self.env.flush_all()
        activity = plan.activity_ids
        self.assertEqual((activity.user_id, activity.date_deadline), (self.caller, date(2026, 3, 10)))
        copy = b64encode(b'%PDF-1.4 signed')
        with freeze_time('2026-03-06'):
            for day in ('2026-03-07', '2026-03-01', None):
                with self._refused("day it was signed"):
                    plan.action_signed(day)
            wizard = self.env['collection.promise.signature'].with_user(self.caller)
            wizard = wizard.with_context(default_promise_id=plan.id).create(
                {'signed_on': '2026-03-05', 'signed_by': "The director", 'signed_copy': copy, 'file_name': 'signed.pdf'}
            )
            wizard.action_sign()
            self.assertEqual((plan.signed_on, plan.signed_by), (date(2026, 3, 5), "The director"))
            self.assertEqual(plan.signed_copy_id.raw, b'%PDF-1.4 signed')
            self.assertFalse(plan.activity_ids)
            event = self.env['collection.history'].search([('kind', '=', 'promise'), ('res_id', '=', plan.id)])
            self.assertIn("By letter to", event.text)
            self.assertIn("Signed on", event.text)
            with self._refused("already"):
                plan.action_signed('2026-03-05')

    def test_to_whom(self):
        """Who may not or cannot be written to is passed over; with nobody left, a letter is proposed."""
        self.contact.collection_do_not_mail = True
        self.assertEqual(self.promise._get_confirmation_contacts('email')[self.promise], self.customer)
        with self._refused("by letter"):
            self.promise.action_confirm('email', self.contact.id)
        with self._refused("not a contact"):
            self.promise.action_confirm('email', self.partner_b.id)
        self.customer.email = False
        with self._refused("Nobody"):
            self.promise.action_confirm()
        wizard = self.env['collection.promise.confirmation'].with_context(default_promise_id=self.promise.id).create({})
        self.assertEqual((wizard.means, wizard.problem), ('letter', False))
        self.customer.write({'street': False, 'street2': False})
        with self._refused("postal"):
            self.promise.action_confirm('letter')
        self.promise.action_cancel("A mistake")
        with self._refused("ended"):
            self.promise.action_confirm('letter')

    def test_dialog(self):
        """What leaves is seen before."""
        wizard = self.env['collection.promise.confirmation'].with_user(self.caller)
        wizard = wizard.with_context(default_promise_id=self.promise.id).create({})
        self.assertEqual((wizard.means, wizard.contact_id), ('email', self.contact))
        self.assertIn("600.00", wizard.preview)
        wizard.means = 'letter'
        self.assertIn("2 Customer Street", wizard.preview)
        wizard.means = 'email'
        wizard.action_confirm()
        self.assertEqual(self.promise.confirmation_state, 'queued')

    def test_automatic(self):
        """Where the policy says so, what was promised is confirmed at once, if it grants time and can be mailed."""
        self.policy.confirm_promises = 'email'
        other = self._receivable(self._invoice(70))
        promise = self._promise((other, 70, '2026-03-12'))
        self.assertEqual(promise.confirmation_state, 'queued')
        self.assertFalse(self._plan().confirmed_on, "an agreement to sign is a person's")
        late = self._receivable(self._invoice(70, invoice_date='2026-03-02', invoice_date_due='2026-03-31'))
        self.assertFalse(self._promise((late, 70, '2026-03-31')).confirmed_on, "paid when due: nothing was granted")
        (self.customer | self.contact).email = False
        self.assertFalse(self._promise((self._receivable(self._invoice(5)), 5, '2026-03-12')).confirmed_on)

    def test_text_deleted(self):
        self.env.ref('account_collection_followup.mail_template_promise').unlink()
        with self.assertRaises(UserError):
            self.promise.action_confirm()

    def test_moved_is_confirmed_again(self):
        """A moved promise is another agreement: it is not confirmed yet."""
        self.promise.action_confirm()
        self.assertEqual(self.promise.action_move('2026-03-20').confirmation_state, 'none')
