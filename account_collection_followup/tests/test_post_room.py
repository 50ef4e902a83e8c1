from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged

from .common import TODAY
from .test_letter import LetterCommon

GROUP = 'account_collection_followup.group_collection_'


@tagged('post_install', '-at_install')
@freeze_time(TODAY)
class TestPostRoom(LetterCommon):
    def letters(self, registered=False):
        """:return: the printed letters of two customers"""
        self.by_letter(registered)
        self.moves = self.invoice(), self.invoice(self.partner_b)
        self.run_day()
        steps = self.steps() | self.steps(self.partner_b)
        steps.with_user(self.collector).action_print()
        return steps.with_user(self.collector)

    def open(self, steps):
        """:return: the dialog that the button opens"""
        return steps.env['collection.post'].browse(steps.action_open_post()['res_id'])

    def test_all_marked_in_one_go(self):
        steps = self.letters()
        post = self.open(steps.browse())
        self.assertEqual(post.line_ids.step_id, steps, "no choice means all that wait")
        self.assertEqual(post.line_ids.mapped('selected'), [True, True])
        post.action_confirm()
        self.assertEqual(steps.mapped('letter_state'), ['sent', 'sent'])
        self.assertEqual({str(step.act_on) for step in steps}, {'2026-03-11'})
        with self.assertRaisesRegex(UserError, "No letter waits"):
            steps.browse().action_open_post()

    def test_posted_on_another_day(self):
        steps = self.letters()
        with freeze_time('2026-03-05'):
            with Form(self.open(steps)) as form:
                form.posted_on = '2026-03-04'
            form.record.action_confirm()
        self.assertEqual({str(step.posted_on) for step in steps}, {'2026-03-04'})

    def test_too_late_is_refused(self):
        steps = self.letters()
        with freeze_time('2026-03-09'), self.assertRaisesRegex(UserError, "Print it again"):
            self.open(steps).action_confirm()

    def test_what_is_paid_meanwhile_is_unticked_and_may_be_ticked(self):
        steps = self.letters()
        self.pay(self.moves[0])
        post = self.open(steps)
        line = post.line_ids.filtered(lambda line: line.partner_id == self.partner_a)
        self.assertEqual((line.selected, line.reason), (False, "Settled meanwhile"))
        post.action_confirm()
        self.assertEqual(steps.mapped('letter_state'), ['todo', 'sent'])
        post = self.open(steps)
        post.line_ids.selected = True
        post.action_confirm()
        self.assertEqual(steps.mapped('letter_state'), ['sent', 'sent'])

    def test_not_printed_is_not_ticked(self):
        self.by_letter()
        self.invoice()
        self.run_day()
        post = self.open(self.steps().with_user(self.collector))
        self.assertEqual((post.line_ids.selected, post.line_ids.reason), (False, "Not printed yet"))
        with self.assertRaisesRegex(UserError, "Tick"):
            post.action_confirm()

    def test_registered_letter(self):
        """Number, posted on, received on; each checked, the letter itself untouched."""
        steps = self.letters(registered=True)
        step = steps[0]
        with self.assertRaisesRegex(UserError, "no registered letter was posted"):
            step.action_record_delivery('received', TODAY)
        post = self.open(steps)
        self.assertTrue(post.has_registered)
        post.line_ids[0].registered_number = "2C 123"
        post.action_confirm()
        self.assertEqual((step.registered_number, str(step.posted_on)), ("2C 123", TODAY))
        self.assertFalse(steps[1].registered_number)
        html = step.letter_html
        with freeze_time('2026-03-06'):
            with self.assertRaisesRegex(UserError, "between"):
                step.action_record_delivery('received', '2026-03-01')
            with self.assertRaisesRegex(UserError, "between"):
                step.action_record_delivery('received', '2026-03-07')
            delivery = step.env['collection.delivery'].create({'step_id': step.id})
            self.assertEqual(delivery.number, "2C 123")
            delivery.write({'outcome': 'received', 'date': '2026-03-05'})
            delivery.action_confirm()
            steps[1].action_record_delivery(number="2C 124")
        self.assertEqual((step.registered_outcome, str(step.registered_received_on)), ('received', '2026-03-05'))
        self.assertEqual((steps[1].registered_number, steps[1].registered_outcome), ("2C 124", False))
        self.assertEqual(step.letter_html, html)
        self.assertIn("Received on 5 March 2026", step.case_id.message_ids[0].body)

    def test_a_letter_is_found_by_what_the_customer_quotes(self):
        steps = self.letters()
        reference = steps[0].letter_reference
        self.assertIn(reference, steps[0].letter_html)
        for quoted in (reference, reference.lower(), f" {reference} "):
            self.assertEqual(steps.search([('letter_reference', 'ilike', quoted)]), steps[0])
        self.assertFalse(steps.search([('letter_reference', '=', "no number")]))

    def test_the_case_says_when_it_left(self):
        steps = self.letters()
        steps.action_posted()
        self.assertIn("Letter posted on 2 March 2026", steps[0].case_id.message_ids[0].body)

    def test_collectors_only(self):
        steps = self.letters(registered=True)
        caller = new_test_user(self.env, 'post_caller', groups=GROUP + 'caller', company_id=self.company.id)
        for attempt in (
            lambda step: step.action_print(),
            lambda step: step.action_open_post(),
            lambda step: step.action_posted(),
            lambda step: step.action_record_delivery('received', TODAY),
        ):
            with self.assertRaises(AccessError):
                attempt(steps[0].with_user(caller))
        self.assertTrue(steps[0].with_user(caller).letter_text)
        resolver = new_test_user(self.env, 'post_resolver', groups=GROUP + 'resolver', company_id=self.company.id)
        report = self.env['ir.actions.report'].with_user(resolver)
        with self.assertRaises(AccessError):
            steps[0].with_user(resolver).read(['letter_text'])
        with self.assertRaises(AccessError):
            report._render_qweb_html('account_collection_followup.report_letter', steps.ids)
        with self.assertRaises(AccessError):
            steps[0].with_user(resolver).action_download_letter()

    def test_a_server_that_cannot_print_says_so(self):
        steps = self.letters()
        self.patch(type(self.env['ir.actions.report']), 'get_wkhtmltopdf_state', lambda report: 'install')
        before = steps.mapped('printed_on')
        with freeze_time('2026-03-03'), self.assertRaisesRegex(UserError, "wkhtmltopdf"):
            steps.action_print()
        self.assertEqual(steps.mapped('printed_on'), before)

    def test_all_means_those_not_printed_yet(self):
        """What was printed yesterday may be in the post already: its dates change only when it is chosen."""
        steps = self.letters()
        with freeze_time('2026-03-03'):
            with self.assertRaisesRegex(UserError, "All letters are printed"):
                steps.browse().action_print()
            steps[0].action_print()
        self.assertEqual([str(step.printed_on) for step in steps], ['2026-03-03', TODAY])

    def test_order_of_the_list(self):
        steps = self.letters()
        reverse = steps[1] | steps[0]
        self.assertEqual(reverse.action_print()['context']['active_ids'], reverse.ids)
