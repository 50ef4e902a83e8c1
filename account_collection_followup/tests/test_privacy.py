from freezegun import freeze_time

from odoo.tests import Form, tagged

from .common import TODAY, CollectionCommon


@tagged('post_install', '-at_install')
@freeze_time(TODAY)
class TestPrivacy(CollectionCommon):
    """Notes are facts, internal, and not kept for ever (GDPR, R70)."""

    def talk(self, partners=None):
        """Customers who were called, paid, and whose cases are closed.

        :return: the calls
        """
        partners = partners or self.partner_a
        partners.phone = '01'
        moves = [self.invoice(partner) for partner in partners]
        self.run_day()
        calls = self.env['collection.call'].search([('partner_id', 'in', partners.ids)])
        for call in calls:
            call.with_user(self.collector).action_made('refusal', note="He says that he was never told")
        for move in moves:
            self.pay(move)
        self.env['collection.case']._refresh(self.company)
        self.assertEqual(calls.case_id.mapped('state'), ['closed'] * len(partners))
        return calls

    def purge(self, day):
        with freeze_time(day), self.enter_registry_test_mode():
            self.env.ref('account_collection_followup.ir_cron_collection_delete_notes').method_direct_trigger()
        self.env.invalidate_all()

    def said(self, call):
        return self.env['mail.message'].search_count(
            [('model', 'in', ('collection.case', 'collection.call')), ('body', 'like', "never told")]
        )

    def test_kept_until_a_limit_is_chosen(self):
        call = self.talk()
        self.assertFalse(self.company.collection_retention_years)
        self.purge('2046-03-03')
        self.assertIn("never told", call.note)
        self.assertTrue(self.said(call))

    def test_deleted_after_the_limit(self):
        """Words and names go, figures stay."""
        call = self.talk()
        case, step = call.case_id, call.step_id
        self.company.collection_retention_years = 5
        self.purge('2031-03-02')
        self.assertTrue(call.note, "not a day too early")
        self.purge('2031-03-03')
        self.assertFalse(call.note or call.contact_id)
        self.assertFalse(self.said(call))
        self.assertEqual((call.state, call.result, str(call.made_on)), ('made', 'refusal', TODAY))
        self.assertEqual(step.amount, 1000)
        self.assertEqual(str(case.notes_deleted_on), '2031-03-03')
        self.assertTrue(step.mail_id or step.line_ids)

    def test_opinions_go(self):
        """What we thought of why he does not pay, with its trace."""
        case = self.talk().case_id.with_context(tracking_disable=False, mail_notrack=False)
        case._record_motive('bad_faith')
        self.env.cr.flush()
        tracked = self.env['mail.tracking.value'].search([('mail_message_id', 'in', case.message_ids.ids)])
        self.assertTrue(tracked.filtered(lambda value: value.field_id.name == 'motive'))
        self.company.collection_retention_years = 1
        self.purge('2027-06-01')
        self.assertFalse(case.motive or case.motive_on or tracked.exists())

    def test_what_must_have_words_says_that_they_were_deleted(self):
        self.company.collection_retention_years = 1
        case = self.talk().case_id
        hold = self.env['collection.hold'].create(
            {'partner_id': self.partner_a.id, 'date_until': '2026-03-03', 'reason': "He is ill"}
        )
        hold.sudo().flush_recordset()
        self.env.cr.execute("UPDATE collection_hold SET case_id = %s WHERE id = %s", (case.id, hold.id))
        self.env.invalidate_all()
        self.purge('2027-06-01')
        self.assertNotIn("ill", hold.reason)
        self.assertTrue(hold.reason)

    def test_open_cases_are_left_alone(self):
        self.company.collection_retention_years = 1
        self.invoice()
        self.run_day()
        call = self.steps().call_ids
        call.with_user(self.collector).action_made('refusal', note="He says that he was never told")
        self.purge('2036-03-03')
        self.assertTrue(call.note)

    def test_litigation_is_left_alone(self):
        """Its file needs what was said."""
        call = self.talk()
        self.company.collection_retention_years = 1
        step = self.steps()
        step.sudo().copy({'track': 'litigation', 'date': TODAY, 'case_id': step.case_id.id})
        self.purge('2036-03-03')
        self.assertTrue(call.note)

    def test_settings_say_how_many_beforehand(self):
        self.talk()
        settings = Form(self.env['collection.settings'].create({'company_id': self.company.id}))
        self.assertIn("Five years", settings.retention_text)
        with freeze_time('2036-03-03'):
            settings.collection_retention_years = 5
            self.assertIn("notes of 1 closed", settings.retention_text)

    def test_batches(self):
        calls = self.talk(self.partner_a | self.partner_b)
        self.assertEqual(len(calls), 2)
        self.company.collection_retention_years = 1
        with freeze_time('2036-03-03'), self.enter_registry_test_mode():
            cron = self.env.ref('account_collection_followup.ir_cron_collection_delete_notes')
            cron.code = 'model._cron_delete_notes(batch_size=1)'
            cron.method_direct_trigger()
        self.env.invalidate_all()
        self.assertFalse(any(calls.mapped('note')))

    def test_customers_never_get_internal_notes(self):
        """Nobody of the customer follows anything, no note is mailed to him, none is for the portal."""
        contact = self.env['res.partner'].create(
            {'name': "Clerk", 'parent_id': self.partner_a.id, 'email': 'clerk@example.com', 'phone': '01'}
        )
        call = self.talk()
        case = call.case_id
        dispute = self.env['collection.dispute'].create(
            {
                'partner_id': self.partner_a.id,
                'type_id': self.env.ref('account_collection_followup.dispute_type_administrative').id,
                'reason': "never told",
                'motive': 'bad_faith',
                'line_ids': [(0, 0, {'move_id': self.invoice().id, 'amount': 10})],
            }
        )
        circuit = self.partner_a._get_collection_circuits(self.company)
        circuit.note = "Talks a lot"
        circuit._confirm()
        there = self.partner_a | contact
        for record in (call, case, dispute, circuit, self.partner_a):
            self.assertFalse(record.message_partner_ids & there, record)
            for message in record.message_ids:
                self.assertTrue(
                    message.is_internal or message.subtype_id.internal or not message.subtype_id, message.body
                )
        mails = self.env['mail.mail'].search([('recipient_ids', 'in', there.ids)])
        for mail in mails:
            self.assertNotIn("never told", mail.body_html)
            self.assertNotIn("bad faith", str(mail.body_html).lower())
