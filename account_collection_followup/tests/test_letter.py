import subprocess

from freezegun import freeze_time

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import TODAY, CollectionCommon

LETTER = '<div>%s</div>'
PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='


class LetterCommon(CollectionCommon):
    """Customers whose first level is a letter: nothing else fixes the date."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.first = cls.levels[20]
        cls.formal = cls.levels[50]
        cls.company.partner_id.write({'street': "1 Desk Road", 'city': "Grenoble", 'zip': '38000'})

    def by_letter(self, registered=False):
        self.first.write(
            {
                'by_email': False,
                'by_call': False,
                'by_letter': not registered,
                'by_registered': registered,
                'letter_template_id': self.formal.letter_template_id.id,
            }
        )

    def letter(self, *moves, registered=False, day=TODAY):
        """:return: the step, with a letter, of a run about some invoices"""
        self.by_letter(registered)
        self.run_day(day)
        return self.steps(moves[0].partner_id if moves else None)[-1:]


@tagged('post_install', '-at_install')
@freeze_time(TODAY)
class TestLetter(LetterCommon):
    # -- the text ----------------------------------------------------------
    def test_letter_in_the_language_of_its_reader(self):
        """Headings, dates and amounts too (R70, R78)."""
        self.env['res.lang']._activate_lang('fr_FR')
        self.partner_a.lang = 'fr_FR'
        self.env['ir.ui.view'].search([('key', '=', 'account_collection_followup.letter_items')])
        french = self.letter(self.invoice(amount=1234.5))
        english = self.letter(self.invoice(self.partner_b, amount=1234.5), day='2026-03-03')
        (french | english).action_print()
        self.assertIn('20/02/2026', french.letter_html)
        self.assertIn('Grenoble, le 2 mars 2026', french.letter_html)
        self.assertIn('9 mars 2026', french.letter_html)
        self.assertIn('1 234,50', french.letter_html.replace('\u202f', ' ').replace('\xa0', ' '))
        self.assertIn('Grenoble, 2 March 2026', english.letter_html)
        self.assertIn('9 March 2026', english.letter_html)
        self.assertIn('1,234.50', english.letter_html)

    def test_letter_says_what_a_formal_notice_must(self):
        """The words, the date, both parties, the invoices, the date given, the consequence, where to pay."""
        self.env['res.partner.bank'].create(
            {'acc_number': 'BE68539007547034', 'partner_id': self.company.partner_id.id}
        )
        move = self.invoice(amount=321)
        step = self.letter(move, registered=True)
        step.action_print()
        html = step.letter_html
        for text in (
            'formal notice',
            '2 March 2026',
            '9 March 2026',
            self.company.name,
            self.partner_a.name,
            move.name,
            '321.00',
            step.consequence,
            'BE68 5390 0754 7034',
            'Registered letter',
            step.letter_reference,
            step.sender_id.name,
            "2 Customer Street",
            "Lyon 69003",
        ):
            self.assertIn(text, html)
        self.assertEqual(step.letter_address.splitlines()[0], self.partner_a.name)

    def test_disputed_and_received_are_apart(self):
        move = self.invoice(amount=1000)
        self.invoice(amount=400, due='2026-02-10')
        self.receive(self.partner_a, 150, '2026-01-05')
        self.env['collection.dispute'].create(
            {
                'partner_id': self.partner_a.id,
                'reason': "Internal words",
                'type_id': self.env.ref('account_collection_followup.dispute_type_pricing').id,
                'line_ids': [(0, 0, {'move_id': move.id, 'amount': 1000})],
            }
        )
        step = self.letter(move)
        step.action_print()
        self.assertIn('To your credit, not yet allocated', step.letter_html)
        self.assertIn('Being examined with you', step.letter_html)
        self.assertIn('250.00', step.letter_html)
        self.assertNotIn('Internal words', step.letter_html)

    def test_totals_per_currency(self):
        other = self.setup_other_currency('HRK')
        self.invoice(amount=100)
        move = self.invoice(amount=300, currency_id=other.id)
        step = self.letter(move)
        step.action_print()
        sections = {section.kind: section.lines for section in step._get_letter_sections()}
        self.assertEqual(
            {line.currency_id: line.asked for line in sections['total']},
            {self.company.currency_id: 100, other: 300},
        )

    def test_long_lists_go_on_pages_of_their_own(self):
        for index in range(60):
            self.invoice(amount=10 + index)
        step = self.letter()
        body, annex = (step._prepare_letter_items()[key] for key in ('sections', 'annex'))
        self.assertEqual([section.kind for section in body], ['total'])
        numbers = [line.name for page in annex for section in page if section.kind == 'asked' for line in section.lines]
        self.assertEqual(sorted(numbers), sorted(step.line_ids.mapped('name')), "each item once")
        self.assertEqual([[section.more for section in page] for page in annex], [[False], [True, False]])
        step.action_print()
        self.assertEqual(step.letter_html.count('page-break-before'), 2)
        self.assertIn('60 invoices', step.letter_html)

    def test_window_is_where_the_country_has_it(self):
        self.company.country_id = self.env.ref('base.us')
        step = self.letter(self.invoice())
        self.assertIn('left:3.9%', step.letter_text)
        self.company.country_id = self.env.ref('base.fr')
        step.invalidate_recordset()
        self.assertIn('left:50%', step.letter_text)
        self.company.collection_window = 'left'
        step.invalidate_recordset()
        self.assertIn('left:3.9%', step.letter_text)

    def test_letterhead_of_the_branch(self):
        """R69: of the branch when all items are one branch's."""
        branch = self.env['res.company'].sudo().create({'name': "Branch of the letters", 'parent_id': self.company.id})
        self.env.cr.flush()
        self.env.user.sudo().company_ids += branch
        companies = [branch.id, self.company.id]
        move = (
            self.env['account.move']
            .with_context(allowed_company_ids=companies)
            .create(
                {
                    'move_type': 'out_invoice',
                    'partner_id': self.partner_a.id,
                    'invoice_date': '2026-01-05',
                    'invoice_date_due': '2026-02-01',
                    'invoice_line_ids': [(0, 0, {'name': "work", 'price_unit': 1000, 'tax_ids': []})],
                }
            )
        )
        move.action_post()
        self.assertIn("Branch of the letters", self.letter(move).letter_text)

    def test_the_e_mail_says_it_when_there_is_no_letter_text(self):
        self.by_letter()
        self.first.letter_template_id = False
        self.invoice()
        self.run_day()
        self.steps().action_print()
        self.assertIn("Perhaps something is in the way", self.steps().letter_html)

    def test_a_letter_needs_a_text(self):
        with self.assertRaisesRegex(ValidationError, "a letter needs a text"):
            self.formal.letter_template_id = False

    # -- the address -------------------------------------------------------
    def test_country_is_written_abroad_only(self):
        self.company.country_id = self.partner_a.country_id = self.env.ref('base.fr')
        step = self.letter(self.invoice())
        self.assertNotIn("France", step._get_letter_address())
        self.partner_a.country_id = self.env.ref('base.be')
        self.assertEqual(step._get_letter_address()[-1], "Belgium")

    def test_no_address_is_listed_and_mended(self):
        """R66: never silently skipped."""
        self.partner_a.street = False
        step = self.letter(self.invoice())
        self.assertEqual((step.letter_state, step.complete), ('failed', False))
        self.assertIn("postal address", step.failure)
        self.env['collection.case']._refresh(self.company)
        self.assertEqual((step.case_id.next_action, step.case_id.attention), ('mend', 1))
        step.sudo()._on_mail_sent()
        self.assertIn("postal address", step.failure, "an e-mail that leaves does not make the letter leave")
        step.sudo().email_state = 'none'
        action = step.action_print()
        self.assertEqual(step.letter_state, 'failed')
        self.assertIn("postal address", action['params']['message'])
        with self.assertRaisesRegex(UserError, "was never written.*postal address"):
            step.action_posted()
        self.assertEqual(step.letter_state, 'failed', "what was never written was not posted")
        self.partner_a.street = "9 New Street"
        step.action_print()
        self.assertEqual((step.letter_state, step.failure), ('todo', False))
        self.assertIn("9 New Street", step.letter_address)

    def test_failed_and_promised_since(self):
        """All that the failed letter asks for is promised: the failure is not what to do next."""
        self.partner_a.street = False
        move = self.invoice()
        step = self.letter(move)
        self.env['collection.case']._refresh(self.company)
        self.assertEqual(step.case_id.next_action, 'mend')
        promise = self.env['collection.promise'].create(
            {'line_ids': [(0, 0, {'move_id': move.id, 'amount': move.amount_residual, 'date': '2026-03-12'})]}
        )
        self.env['collection.case']._refresh(self.company)
        self.assertEqual((step.case_id.next_action, step.case_id.attention), ('wait', 0))
        promise.action_cancel("He pays less")
        with freeze_time('2026-03-12'):
            self.env['collection.case']._refresh(self.company)
        self.assertEqual(step.case_id.next_action, 'mend')

    def test_contact_without_address_gets_it_at_the_customers(self):
        contact = self.env['res.partner'].create(
            {
                'name': "Approver without a street",
                'parent_id': self.partner_a.id,
                'type': 'other',
                'collection_role_ids': [(4, self.env.ref('account_collection_followup.contact_role_payable').id)],
            }
        )
        contact.write({'street': False, 'street2': False, 'city': False, 'zip': False})
        step = self.letter(self.invoice())
        self.assertEqual(step.recipient_id, contact)
        address = step._get_letter_address()
        self.assertEqual(address[:3], [self.partner_a.name, contact.name, "2 Customer Street"])

    # -- the date ----------------------------------------------------------
    def test_printing_names_the_date_and_posting_fixes_it(self):
        """R49"""
        move = self.invoice()
        step = self.letter(move)
        self.assertFalse(step.date_given or step.act_on)
        step.action_print()
        self.assertEqual((str(step.printed_on), str(step.date_given), step.act_on), (TODAY, '2026-03-09', False))
        self.assertEqual(self.reason(move, '2026-03-12'), 'unfinished')
        with freeze_time('2026-03-04'):
            step.action_posted()
        self.assertEqual((str(step.date_given), str(step.act_on)), ('2026-03-09', '2026-03-11'))
        self.assertEqual((step.letter_state, str(step.posted_on)), ('sent', '2026-03-04'))
        self.assertEqual(self.reason(move, '2026-03-10'), 'conversation')

    def test_printed_again_before_posting_it_is_a_new_letter(self):
        step = self.letter(self.invoice())
        step.action_print()
        with freeze_time('2026-03-05'):
            step.action_print()
        self.assertIn('5 March 2026', step.letter_html)
        self.assertEqual((str(step.printed_on), str(step.date_given)), ('2026-03-05', '2026-03-12'))

    def test_posted_too_late_it_has_to_be_printed_again(self):
        step = self.letter(self.invoice())
        step.action_print()
        with freeze_time('2026-03-06'), self.assertRaisesRegex(UserError, "Print it again"):
            step.action_posted()
        self.policy.letter_days = 4
        with freeze_time('2026-03-06'):
            step.action_posted()
        self.assertEqual(step.letter_state, 'sent')

    def test_posted_neither_before_it_was_printed_nor_in_the_future(self):
        step = self.letter(self.invoice())
        with freeze_time('2026-03-04'):
            step.action_print()
            with self.assertRaisesRegex(UserError, "printed after"):
                step.action_posted('2026-03-03')
            with self.assertRaisesRegex(UserError, "future"):
                step.action_posted('2026-03-05')

    def test_after_posting_the_letter_stays_as_it_left(self):
        """R56"""
        step = self.letter(self.invoice(amount=123))
        step.action_print()
        step.action_posted()
        before = step.letter_html, step.letter_address
        self.partner_a.write({'name': "Renamed", 'street': "Elsewhere"})
        self.first.letter_template_id.body_html = LETTER % "Something else"
        self.company.name = "New name of the company"
        with freeze_time('2026-03-05'), self.assertRaisesRegex(UserError, "No letter waits"):
            (step - step).action_print()
        with freeze_time('2026-03-05'):
            self.assertEqual(step.action_print()['report_name'], 'account_collection_followup.report_letter')
        self.assertEqual((step.letter_html, step.letter_address), before)
        report = self.env['ir.actions.report']._render_qweb_html('account_collection_followup.report_letter', step.ids)[
            0
        ]
        self.assertIn(b'123.00', report)
        self.assertNotIn(b'Renamed', report)

    def test_letter_of_a_step_with_an_email_names_its_date(self):
        self.first.write({'by_call': False, 'by_letter': True, 'letter_template_id': self.formal.letter_template_id.id})
        self.invoice()
        self.run_day()
        step = self.steps()
        self.assertEqual((step.email_state, str(step.date_given)), ('sent', '2026-03-09'))
        with freeze_time('2026-03-05'):
            step.action_print()
            self.assertIn('9 March 2026', step.letter_html)
            step.action_posted()
        self.assertEqual((str(step.date_given), str(step.act_on)), ('2026-03-09', '2026-03-11'))

    def test_email_that_failed_leaves_the_date_to_the_letter(self):
        self.first.write({'by_call': False, 'by_letter': True, 'letter_template_id': self.formal.letter_template_id.id})
        self.invoice()
        self.patch(type(self), 'deliver', lambda self: None)
        self.run_day()
        step = self.steps()
        step.sudo()._on_mail_failed("550")
        with freeze_time('2026-03-05'):
            step.action_print()
            step.action_posted()
        self.assertEqual(str(step.date_given), '2026-03-12')
        self.assertIn('12 March 2026', step.letter_html)
        self.assertEqual(step.failure, "550", "the e-mail still waits for somebody")

    def test_email_sent_again_renews_the_date_of_the_letter(self):
        """Both name the same date."""
        self.first.write({'by_call': False, 'by_letter': True, 'letter_template_id': self.formal.letter_template_id.id})
        self.invoice()
        self.patch(type(self), 'deliver', lambda self: None)
        self.run_day()
        step = self.steps()
        step.action_print()
        step.sudo()._on_mail_failed("550")
        with freeze_time('2026-03-04'):
            step.action_resend()
            self.assertFalse(step.printed_on)
            step.action_print()
        self.assertEqual(str(step.date_given), '2026-03-11')
        self.assertIn('11 March 2026', step.letter_html)

    def test_a_date_that_has_passed_is_not_sent(self):
        self.first.write({'by_call': False, 'by_letter': True, 'letter_template_id': self.formal.letter_template_id.id})
        self.invoice()
        self.run_day()
        step = self.steps()
        with freeze_time('2026-03-10'):
            action = step.action_print()
        self.assertIn("leaves no time", action['params']['message'])
        self.assertEqual((step.letter_state, step.cancelled), ('failed', False))

    def test_posted_without_printing_it_is_written_for_that_day(self):
        """The way of programs, which never starts wkhtmltopdf."""
        step = self.letter(self.invoice())
        step.action_posted()
        self.assertIn('2 March 2026', step.letter_html)
        self.assertEqual((str(step.printed_on), str(step.act_on)), (TODAY, '2026-03-11'))

    # -- what has changed meanwhile ----------------------------------------
    def test_what_is_paid_is_not_printed_but_taken_back(self):
        move, other = self.invoice(), self.invoice(self.partner_b)
        step = self.letter(move)
        kept = self.steps(self.partner_b)
        self.pay(move)
        action = (step | kept).action_print()
        self.assertTrue(step.cancelled)
        self.assertFalse(step.letter_html)
        self.assertIn("Settled", action['params']['message'])
        self.assertIn(self.partner_a.name, action['params']['message'])
        self.assertTrue(kept.letter_html)
        self.assertEqual(action['params']['next']['context']['active_ids'], kept.ids)
        self.assertTrue(other)

    def test_half_done_it_is_left_to_a_person(self):
        self.first.write({'by_call': False, 'by_letter': True, 'letter_template_id': self.formal.letter_template_id.id})
        move = self.invoice()
        self.run_day()
        self.pay(move)
        self.steps().action_print()
        self.assertEqual((self.steps().cancelled, self.steps().letter_state), (False, 'failed'))
        self.assertIn("Settled", self.steps().failure)

    def test_disputed_promised_or_held_it_does_not_leave(self):
        move = self.invoice()
        step = self.letter(move)
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

        for fact in (disputed, promised, held):
            with self.subTest(fact), self.cr.savepoint() as savepoint:
                fact()
                step.action_print()
                self.assertTrue(step.cancelled)
                savepoint.rollback()
                self.env.invalidate_all()

    @mute_logger('odoo.addons.mail.models.mail_render_mixin')
    def test_a_broken_text_loses_no_other_letter(self):
        # before there is a step: Odoo would try the text on it
        text = self.formal.letter_template_id.copy({'subject': '{{ object.no_such_field }}'})
        broken = self.policy.copy({'name': "Broken"}).level_ids.filtered(lambda level: level.rank == 20)
        move, _other = self.invoice(), self.invoice(self.partner_b)
        step = self.letter(move)
        kept = self.steps(self.partner_b)
        broken.write({'by_letter': True, 'letter_template_id': text.id})
        step.sudo().level_id = broken
        self.assertIn("no_such_field", step.letter_text, "the form opens and says it")
        action = (step | kept).action_print()
        self.assertIn("cannot be written", action['params']['message'])
        self.assertEqual((step.letter_state, kept.letter_state), ('failed', 'todo'))
        self.assertFalse(step.letter_html)
        self.assertTrue(kept.letter_html)

    # -- previews ----------------------------------------------------------
    def test_preview_shows_the_letter(self):
        self.by_letter()
        self.invoice(amount=321)
        run = self.env['collection.run'].create({'company_id': self.company.id})
        run.action_preview()
        html = run.message_ids.preview_html
        self.assertIn('321.00', html)
        self.assertIn('formal notice', html)
        self.assertIn('9 March 2026', html)
        self.first.by_email = True
        run.message_ids.invalidate_recordset()
        html = run.message_ids.preview_html
        self.assertLess(html.index("Perhaps something is in the way"), html.index('formal notice'))

    def test_texts_of_letters_can_be_edited_by_who_is_no_template_editor(self):
        for template in self.policy.level_ids.letter_template_id:
            self.assertFalse(template._has_unsafe_expression(), template.name)

    def test_logo_is_kept_once(self):
        self.company.logo = PIXEL
        self.invoice(self.partner_b)
        step = self.letter(self.invoice())
        steps = step | self.steps(self.partner_b)
        steps.action_print()
        logos = self.env['ir.attachment'].search([('name', '=', 'collection-letterhead')])
        self.assertEqual(len(logos), 1)
        for letter in steps:
            self.assertIn(f'/web/image/{logos.id}"', letter.letter_html)
            # as the web client reads it
            self.assertIn('data:image/png;base64,iVBOR', letter.with_context(bin_size=True)._get_letter_to_print())


@tagged('post_install', '-at_install')
class TestLetterPdf(LetterCommon):
    """Real files, made by wkhtmltopdf without any help of a server."""

    def pages(self, steps):
        """:return: the text of each page of the file"""
        content, kind = (
            self.env['ir.actions.report']
            .with_context(force_report_rendering=True)
            ._render_qweb_pdf('account_collection_followup.report_letter', steps.ids)
        )
        self.assertEqual(kind, 'pdf')
        text = subprocess.run(
            ['pdftotext', '-layout', '-', '-'], input=content, stdout=subprocess.PIPE, check=True
        ).stdout.decode()
        return text.split('\f')[:-1]

    @freeze_time(TODAY)
    def prepare(self):
        self.by_letter()
        for index in range(12):
            self.invoice(amount=10 + index)
        for index in range(60):
            self.invoice(self.partner_b, amount=100 + index)
        self.run_day()
        steps = self.steps(self.partner_b) | self.steps()
        steps.action_print()
        return steps

    def test_nothing_is_asked_of_a_server(self):
        self.company.logo = PIXEL
        steps = self.prepare()
        html = self.env['ir.actions.report']._render_qweb_html('account_collection_followup.report_letter', steps.ids)[
            0
        ]
        report = self.env.ref('account_collection_followup.action_report_letter')
        bodies = report._prepare_html(html, report_model='collection.step')[0]
        self.assertEqual(len(bodies), 1, "builds without patched Qt make files of one document only")
        for needle in ('<link', '<script', 'src="/', 'src="http', 'href='):
            self.assertNotIn(needle, bodies[0])
        self.assertEqual(bodies[0].count('data:image/png;base64,'), 1, "a file of a thousand letters has its logo once")
        name = self.env['ir.attachment'].search([('name', '=', 'collection-letterhead')]).id
        self.assertEqual(bodies[0].count(f'class="collection-letterhead-{name}"'), 2)

    def test_one_file_in_the_order_of_the_list(self):
        steps = self.prepare()
        pages = self.pages(steps)
        self.assertEqual(len(pages), 4, "sixty items: a letter and two pages; twelve items: one page")
        self.assertIn(self.partner_b.name, pages[0])
        self.assertIn(self.partner_a.name, pages[3])
        for page in pages[1:3]:
            self.assertIn("Due date", page, "each piece of the list has its head")
        for step, text in ((steps[0], ''.join(pages[:3])), (steps[1], pages[3])):
            for line in step.line_ids:
                self.assertEqual(text.count(line.name), 1)
        self.assertIn("9 March 2026", pages[3])
        reverse = self.pages(steps[1] | steps[0])
        self.assertIn(self.partner_a.name, reverse[0])
