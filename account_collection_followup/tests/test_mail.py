from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common import TODAY, CollectionCommon


@tagged('post_install', '-at_install')
@freeze_time(TODAY)
class TestMail(CollectionCommon):
    def body(self, step):
        return step.mail_id.body_html

    def test_message_in_the_language_of_its_reader(self):
        """Headings, dates and amounts too (R70, R78)."""
        self.env['res.lang']._activate_lang('fr_FR')
        self.partner_a.lang = 'fr_FR'
        self.invoice(amount=1234.5)
        self.invoice(self.partner_b, amount=1234.5)
        self.run_day()
        french, english = self.body(self.steps()), self.body(self.steps(self.partner_b))
        self.assertIn('9 mars 2026', french)
        self.assertIn('20/02/2026', french)
        self.assertIn('1 234,50', french.replace('\u202f', ' ').replace('\xa0', ' '))
        self.assertIn('9 March 2026', english)
        self.assertIn('1,234.50', english)
        self.assertIn('Total to pay', english)

    def test_one_table_with_headings_per_level(self):
        self.invoice(amount=100)
        self.run_day()
        self.complete(self.steps())
        late = self.invoice(due='2026-03-05', amount=50)
        self.run_day('2026-03-11')
        step = self.steps()[-1]
        self.assertEqual(step.level_id, self.levels[30])
        self.assertEqual(step.line_ids.filtered(lambda line: line.move_id == late).level_id, self.levels[20])
        body = self.body(step)
        self.assertLess(body.index(self.levels[30].heading), body.index(self.levels[20].heading))
        self.assertIn('150.00', body)

    def test_what_is_disputed_or_received_is_shown_apart(self):
        move = self.invoice(amount=1000)
        self.invoice(amount=400, due='2026-02-10')
        self.receive(self.partner_a, 150, '2026-01-05')
        self.env['collection.dispute'].create({
            'partner_id': self.partner_a.id, 'reason': "Wrong price",
            'type_id': self.env.ref('account_collection_followup.dispute_type_pricing').id,
            'line_ids': [(0, 0, {'move_id': move.id, 'amount': 1000})]})  # fmt: skip
        self.run_day()
        body = self.body(self.steps())
        self.assertIn('To your credit, not yet allocated', body)
        self.assertIn('Being examined with you', body)
        asked = self.steps().line_ids.filtered(lambda line: line.role == 'asked')
        self.assertEqual(asked.mapped('asked'), [250])

    def test_recipient_falls_back_and_says_so(self):
        self.levels[20].recipient_role_ids = self.env.ref('account_collection_followup.contact_role_approver')
        self.invoice()
        run = self.run_day()
        step = self.steps()
        self.assertEqual(step.recipient_id, self.partner_a)
        self.assertIn('Approver', step.fallback)
        self.assertIn('Approver', run.message_ids.note)

    def test_contact_of_the_role_gets_the_message(self):
        contact = self.env['res.partner'].create({
            'name': "Accounts payable", 'parent_id': self.partner_a.id, 'email': 'payable@example.com',
            'collection_role_ids': [(4, self.env.ref('account_collection_followup.contact_role_payable').id)]})  # fmt: skip
        self.invoice()
        self.run_day()
        self.assertEqual(self.steps().mail_id.recipient_ids, contact)
        self.assertFalse(self.steps().fallback)

    def test_customer_follows_nothing(self):
        move = self.invoice()
        followers = move.message_partner_ids
        self.run_day()
        self.assertNotIn(self.partner_a, self.steps().case_id.message_partner_ids)
        self.assertEqual(move.message_partner_ids, followers)

    def test_traces(self):
        """The case keeps the message as sent, the invoice one short line."""
        move = self.invoice()
        self.run_day()
        self.assertIn(self.steps().mail_id.mail_message_id, self.steps().case_id.message_ids)
        self.assertTrue(move.message_ids.filtered(lambda message: 'Reminder 1' in message.body))
        self.company.collection_log_invoices = False
        other = self.invoice(self.partner_b)
        self.run_day('2026-03-03')
        self.assertTrue(self.steps(self.partner_b))
        self.assertFalse(other.message_ids.filtered(lambda message: 'Reminder 1' in message.body))

    def test_delivery_failure_is_shown_and_holds_until_mended(self):
        move = self.invoice()
        with patch.object(type(self), 'deliver', lambda self: None):
            self.run_day()
        self.deliver(failure="550 no such mailbox")
        self.env.cr.flush()
        step = self.steps()
        self.assertEqual((step.email_state, step.complete), ('failed', False))
        self.assertIn('550', step.failure)
        self.assertEqual((step.case_id.next_action, step.case_id.attention), ('mend', 1))
        step._on_call_done()
        self.assertEqual(self.reason(move, '2026-03-11'), 'unfinished')
        self.partner_a.email = 'right@example.com'
        with freeze_time('2026-03-20'):
            step.action_resend()
            self.deliver()
        self.assertEqual((step.email_state, step.complete), ('sent', True))
        self.assertEqual(str(step.date_given), '2026-03-27', "the customer reads it today: his days begin today")
        self.assertIn('27 March 2026', step.mail_id.body_html)
        self.assertEqual(self.reason(move, '2026-03-30'), 'conversation')
        self.assertFalse(self.reason(move, '2026-03-31'))

    def test_recorded_failure_lets_the_ladder_go_on(self):
        move = self.invoice()
        with patch.object(type(self), 'deliver', lambda self: None):
            self.run_day()
        self.deliver(failure="550 no such mailbox")
        self.steps().action_record_failure("Nobody answers")
        self.assertTrue(self.steps().complete)
        self.assertFalse(self.reason(move, '2026-03-11'))

    def test_customer_without_email(self):
        """With a call as well the step is made and the failure recorded; with e-mail alone it is held and listed."""
        self.partner_a.email = False
        move = self.invoice()
        self.run_day()
        self.assertEqual((self.steps().email_state, self.steps().call_state), ('waived', 'todo'))
        self.assertFalse(self.steps().mail_id)
        self.partner_b.email = False
        self.levels[20].by_call = False
        other = self.invoice(self.partner_b)
        run = self.run_day('2026-03-03')
        self.assertFalse(self.steps(self.partner_b))
        self.assertEqual(run.hold_ids.filtered(lambda line: line.partner_id == self.partner_b).reason, 'no_email')
        self.assertEqual(
            self.reason(move, '2026-03-03'), 'unfinished', "without a written means the call fixes the date"
        )
        self.steps()._on_call_done()
        self.assertEqual(str(self.steps().date_given), '2026-03-09')
        self.assertEqual(self.reason(move, '2026-03-03'), 'conversation')
        self.assertEqual(self.reason(other), 'no_email')

    @mute_logger(
        'odoo.addons.mail.models.mail_render_mixin',
        'odoo.addons.account_collection_followup.models.collection_run_line',
    )
    def test_a_broken_text_stops_nobody_else(self):
        """One customer is under a policy with a broken text: listed with its error, the other is reminded."""
        broken = self.policy.copy({'name': "Broken"})
        level = broken.level_ids.filtered(lambda level: level.rank == 20)
        level.mail_template_id = level.mail_template_id.copy({'subject': '{{ object.no_such_field }}'})
        self.partner_b.collection_policy_id = broken
        self.invoice()
        self.invoice(self.partner_b)
        run = self.run_day()
        lines = run.message_ids.grouped('partner_id')
        self.assertEqual(lines[self.partner_a].state, 'done')
        self.assertEqual(lines[self.partner_b].state, 'error')
        self.assertIn(level.name, lines[self.partner_b].error)
        self.assertFalse(self.steps(self.partner_b))
        level.mail_template_id.subject = "Mended"
        lines[self.partner_b].with_user(self.collector).action_retry()
        self.assertEqual(lines[self.partner_b].state, 'done')
        self.assertEqual(len(self.steps()), 1, "nobody gets a second message")

    def test_preview_keeps_nothing(self):
        self.invoice()
        run = self.env['collection.run'].create({'company_id': self.company.id})
        run.action_preview()
        html = run.message_ids.preview_html
        self.assertIn('9 March 2026', html)
        self.assertFalse(self.steps())
        self.assertFalse(self.env['mail.mail'].search([('model', '=', 'collection.case')]))

    def test_level_preview_keeps_what_was_chosen(self):
        """Also for a customer who was written to today."""
        self.invoice(amount=111)
        self.invoice(self.partner_b, amount=222)
        self.run_day()
        with Form(self.env['collection.preview'].with_context(default_level_id=self.levels[20].id)) as form:
            for partner, amount in ((self.partner_a, '111.00'), (self.partner_b, '222.00')):
                form.partner_id = partner
                self.assertEqual(form.partner_id, partner)
                self.assertIn(amount, form.html)
        self.assertEqual(self.steps().mapped('cancelled'), [False])

    def test_previews_of_several_messages_at_once(self):
        self.invoice(amount=111)
        self.invoice(self.partner_b, amount=222)
        run = self.env['collection.run'].create({'company_id': self.company.id})
        run.action_preview()
        self.env.invalidate_all()
        html = {row['partner_id'][0]: row['preview_html'] for row in run.line_ids.read(['partner_id', 'preview_html'])}
        self.assertIn('111.00', html[self.partner_a.id])
        self.assertIn('222.00', html[self.partner_b.id])

    def test_level_preview_on_a_customer(self):
        self.invoice(amount=321)
        preview = self.env['collection.preview'].create(
            {'level_id': self.levels[30].id, 'partner_id': self.partner_a.id}
        )
        self.assertIn('321.00', preview.html)
        self.assertIn(self.levels[30].consequence, preview.html)
        self.assertFalse(self.steps())
        self.partner_b.invalidate_recordset()
        preview.partner_id = self.partner_b
        self.assertIn("open invoice", preview.html)

    def test_a_text_can_be_edited_by_who_is_no_template_editor(self):
        allowed = self.env['collection.step'].mail_allowed_qweb_expressions()
        for template in (
            self.levels[20].mail_template_id | self.levels[30].mail_template_id | self.levels[40].mail_template_id
        ):
            self.assertFalse(template._has_unsafe_expression(), f"{template.name} uses only {allowed}")

    def test_resend_needs_a_failure(self):
        self.invoice()
        self.run_day()
        with self.assertRaises(UserError):
            self.steps().action_resend()

    def queue_only(self):
        """Make the run of the day without letting the mail server come."""
        with patch.object(type(self), 'deliver', lambda self: None):
            return self.run_day()

    def test_what_is_paid_in_the_queue_does_not_leave(self):
        move, other = self.invoice(), self.invoice(self.partner_b)
        run = self.queue_only()
        step = self.steps()
        self.pay(move)
        mails = self.env['mail.mail'].sudo().search([('state', '=', 'outgoing')])
        mails.send()
        self.assertEqual((step.mail_id.state, step.cancelled), ('cancel', True))
        self.assertIn("Settled", step.cancel_reason)
        line = run.line_ids.filtered(lambda line: line.partner_id == self.partner_a)
        self.assertEqual((line.state, line.note), ('held', step.cancel_reason))
        self.assertEqual(step.call_ids.state, 'cancelled')
        self.assertEqual(self.steps(self.partner_b).mail_id.state, 'outgoing', "in tests Odoo sends nothing")
        self.assertFalse(self.steps(self.partner_b).cancelled)
        self.assertTrue(other)

    def test_what_is_disputed_promised_held_or_received_in_the_queue_does_not_leave(self):
        move = self.invoice()
        vals = {'partner_id': self.partner_a.id}

        def disputed():
            self.env['collection.dispute'].create({
                **vals, 'reason': "Broken", 'type_id': self.env.ref('account_collection_followup.dispute_type_technical').id,
                'line_ids': [(0, 0, {'move_id': move.id, 'amount': 10})]})  # fmt: skip

        def promised():
            self.env['collection.promise'].create({
                **vals, 'line_ids': [(0, 0, {'move_id': move.id, 'amount': 1000, 'date': '2026-03-06'})]})  # fmt: skip

        def held():
            self.env['collection.hold'].create({**vals, 'reason': "Flood at their site", 'date_until': '2026-03-20'})

        for fact in (disputed, promised, held, lambda: self.receive(self.partner_a, 5)):
            with self.subTest(fact), self.cr.savepoint() as savepoint:
                self.queue_only()
                fact()
                self.env['mail.mail'].sudo().search([('state', '=', 'outgoing')]).send()
                self.assertTrue(self.steps().cancelled)
                savepoint.rollback()
                self.env.invalidate_all()

    def test_a_message_that_leaves_on_another_day_is_taken_back(self):
        """Its text names a date that was counted from the day it was written."""
        move = self.invoice()
        self.queue_only()
        with freeze_time('2026-03-12'):
            self.env['mail.mail'].sudo().search([('state', '=', 'outgoing')]).send()
        self.assertTrue(self.steps().cancelled)
        self.assertEqual(self.run_day('2026-03-12').message_ids.level_id, self.levels[20])
        self.assertEqual(self.steps().mapped('cancelled'), [True, False])
        self.assertEqual(self.reason(move, '2026-03-13'), 'conversation')

    def test_resend_is_refused_when_something_changed(self):
        move = self.invoice()
        self.queue_only()
        self.deliver(failure="550 no such mailbox")
        self.pay(move)
        with self.assertRaisesRegex(UserError, "Settled"):
            self.steps().action_resend()
        self.steps().action_cancel()
        with self.assertRaisesRegex(UserError, "no failed e-mail"):
            self.steps().action_resend()

    def test_a_refused_copy_is_no_failure(self):
        approver = self.env['res.partner'].create({
            'name': "Approver", 'parent_id': self.partner_a.id, 'email': 'gone@example.com',
            'collection_role_ids': [(4, self.env.ref('account_collection_followup.contact_role_approver').id)]})  # fmt: skip
        self.levels[20].recipient_role_ids |= approver.collection_role_ids
        self.partner_a.collection_role_ids = self.env.ref('account_collection_followup.contact_role_payable')
        self.invoice()
        self.queue_only()
        step = self.steps()
        self.assertEqual((step.recipient_id, step.copy_ids), (self.partner_a, approver))
        step.mail_id._postprocess_sent_message(
            success_pids=[self.partner_a], success_emails=[], failure_reason="550 gone", failure_type='mail_smtp')  # fmt: skip
        self.assertEqual(step.email_state, 'sent')
        self.assertIn("550 gone", step.failure)

    def test_a_failure_recorded_stops_the_queue(self):
        self.invoice()
        self.queue_only()
        self.steps().action_record_failure("Wrong person")
        self.assertEqual(self.steps().mail_id.state, 'cancel')

    def test_a_message_cancelled_in_the_queue_waits_for_somebody(self):
        self.invoice()
        self.queue_only()
        self.steps().mail_id.cancel()
        self.assertEqual(self.steps().email_state, 'failed')

    def test_response_time_after_a_broken_promise_is_no_examination(self):
        move, other = self.invoice(), self.invoice(due='2026-02-25')
        self.env['collection.promise'].create({
            'partner_id': self.partner_a.id, 'line_ids': [(0, 0, {'move_id': move.id, 'amount': 1000, 'date': '2026-03-03'})]})  # fmt: skip
        self.run_day('2026-03-06')
        step = self.steps()
        self.assertEqual(step.line_ids.move_id, other)
        self.assertNotIn('Being examined', step.mail_id.body_html)
