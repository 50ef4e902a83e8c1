from freezegun import freeze_time

from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, tagged

from .common import TODAY
from .test_letter import LetterCommon


@tagged('post_install', '-at_install')
@freeze_time(TODAY)
class TestLetterTime(LetterCommon):
    """A letter leaves in time for the date it names, or not at all (R49)."""

    def with_email(self):
        """:return: a step whose e-mail has left and whose letter waits"""
        self.first.write({'by_call': False, 'by_letter': True, 'letter_template_id': self.formal.letter_template_id.id})
        self.move = self.invoice()
        self.run_day()
        step = self.steps()
        self.assertEqual((step.email_state, str(step.date_given)), ('sent', '2026-03-09'))
        return step

    def test_not_posted_before_its_message(self):
        """The ladder would be ahead of the customer."""
        move = self.invoice()
        step = self.letter(move)
        with self.assertRaisesRegex(UserError, "cannot have been posted before"):
            step.action_posted('2026-02-27')
        self.assertEqual((step.letter_state, step.date_given), ('todo', False))
        self.assertEqual(self.reason(move, '2026-03-03'), 'unfinished')

    def test_not_printed_here_it_was_posted_lately(self):
        step = self.letter(self.invoice())
        with freeze_time('2026-03-06'):
            with self.assertRaisesRegex(UserError, "more than 3 working days ago"):
                step.action_posted(TODAY)
            step.action_posted('2026-03-03')
        self.assertEqual((str(step.printed_on), str(step.date_given)), ('2026-03-03', '2026-03-10'))

    def test_the_date_of_the_email_leaves_time_for_the_letter(self):
        step = self.with_email()
        with freeze_time('2026-03-06'):
            step.action_print()
        with freeze_time('2026-03-09'):
            with self.assertRaisesRegex(UserError, "Record the failure and the ladder goes on"):
                step.action_posted()
            self.assertIn("leaves no time", step.action_print()['params']['message'])
            self.assertEqual(step.letter_state, 'failed')
            step.action_record_failure()
        self.assertEqual((str(step.act_on), self.reason(self.move, '2026-03-11')), ('2026-03-11', None))

    def test_posted_in_time_and_recorded_later(self):
        step = self.with_email()
        step.action_print()
        with freeze_time('2026-03-10'):
            step.action_posted('2026-03-05')
        self.assertEqual((step.letter_state, str(step.posted_on)), ('sent', '2026-03-05'))

    def test_a_letter_alone_is_printed_again_with_a_new_date(self):
        self.first.days_given = 1
        move = self.invoice()
        step = self.letter(move)
        step.action_print()
        self.assertEqual(str(step.date_given), '2026-03-03')
        with freeze_time('2026-03-03'):
            with self.assertRaisesRegex(UserError, "Print it again, with a new date"):
                step.action_posted()
            step.action_print()
            step.action_posted()
        self.assertEqual((str(step.date_given), str(step.act_on)), ('2026-03-04', '2026-03-06'))
        self.assertEqual(self.reason(move, '2026-03-05'), 'conversation')


@tagged('post_install', '-at_install')
@freeze_time(TODAY)
class TestLetterRecall(LetterCommon):
    """Paper that must not leave any more, and paper that is needed again."""

    def printed(self):
        self.move = self.invoice()
        step = self.letter(self.move)
        step.action_print()
        return step

    def notes(self, step):
        return ' '.join(step.case_id.message_ids.mapped('body'))

    def test_paid_after_printing_it_is_marked(self):
        other = self.invoice(self.partner_b)
        step = self.printed()
        kept = self.steps(self.partner_b)
        kept.action_print()
        self.assertFalse((step | kept)[0].letter_remark)
        self.pay(self.move)
        (step | kept).invalidate_recordset()
        self.assertEqual(step.with_user(self.collector).letter_remark, "Do not post: Settled meanwhile")
        self.assertFalse(kept.letter_remark)
        step.action_posted()
        step.invalidate_recordset()
        self.assertEqual((step.letter_state, step.letter_remark), ('sent', False), "it may have left all the same")
        self.assertTrue(other)

    def test_what_was_set_aside_says_why(self):
        self.partner_a.street = False
        step = self.letter(self.invoice())
        self.assertEqual(step.letter_remark, step.failure)
        self.assertIn("postal address", step.letter_remark)

    def test_remarks_of_a_list_ask_the_plan_once(self):
        customers = self.env['res.partner'].create(
            [{'name': f"Customer {n}", 'street': "1 Road", 'city': "Town"} for n in range(6)]
        )
        for customer in customers:
            self.invoice(customer)
        self.letter(self.invoice())
        steps = self.env['collection.step'].search(self.env['collection.step']._get_letter_domain())
        self.assertEqual(len(steps), 7)
        asked = []
        plan = type(self.env['collection.plan'])
        origin = plan._plan
        self.patch(plan, '_plan', lambda self, *args, **kwargs: asked.append(args) or origin(self, *args, **kwargs))
        steps.mapped('letter_remark')
        self.assertEqual(len(asked), 1)

    def test_taken_back_after_printing_the_case_says_so(self):
        step = self.printed()
        step.action_cancel("Wrong customer")
        self.assertIn("must not be posted: Wrong customer", self.notes(step))

    def test_taken_back_before_printing_there_is_nothing_to_call_back(self):
        step = self.letter(self.invoice())
        step.action_cancel("Wrong customer")
        self.assertNotIn("must not be posted", self.notes(step))

    def test_what_is_printed_can_be_downloaded_again_while_it_waits(self):
        """A file that failed was not lost."""
        other = self.invoice(self.partner_b)
        step = self.printed()
        self.assertTrue(step.letter_waits)
        before = step.letter_html
        with freeze_time('2026-03-04'):
            action = (step | self.steps(self.partner_b)).action_download_letter()
            self.assertEqual(action['context']['active_ids'], step.ids, "what was not printed is not among them")
            with self.assertRaisesRegex(UserError, "None of these"):
                self.steps(self.partner_b).action_download_letter()
        self.assertEqual((step.letter_html, str(step.printed_on)), (before, TODAY))
        form = self.env['collection.step'].get_view(view_type='form')['arch']
        self.assertIn('name="action_download_letter" type="object" string="Letter" invisible="not printed_on"', form)
        self.assertTrue(other)

    def test_two_letters_of_a_case_leave_two_lines(self):
        """R56"""
        step = self.letter(self.invoice())
        notice = step.sudo().copy({'track': 'formal', 'letter_state': 'none', 'registered_state': 'todo'})
        (step | notice).action_posted()
        notes = self.notes(step)
        self.assertIn("Letter posted on 2 March 2026", notes)
        self.assertIn("Registered letter posted on 2 March 2026", notes)


@tagged('post_install', '-at_install')
@freeze_time(TODAY)
class TestLetterLitigation(LetterCommon):
    """A hand-over is the manager's: no letter or e-mail takes it back."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.litigation = cls.levels[60]
        for rank in (20, 30, 40, 50):
            cls.levels[rank].active = False

    def test_it_has_no_means(self):
        for means in ('by_call', 'by_email', 'by_letter', 'by_registered'):
            with self.subTest(means), self.assertRaisesRegex(ValidationError, "sends nothing"), self.cr.savepoint():
                text = self.formal.letter_template_id.id
                self.litigation.write({means: True, 'letter_template_id': text, 'mail_template_id': text})
        with Form(self.env['collection.level'].with_context(default_policy_id=self.policy.id)) as form:
            form.name = "Lawyer"
            form.by_call = True
            form.mode = 'decide'
            form.kind = 'litigation'
        self.assertFalse(form.record.by_call)

    def handed_over(self, **values):
        """:return: a hand-over made when levels of litigation could have means"""
        self.invoice()
        run = self.run_day()
        self.approve(run, self.manager)
        step = self.steps()
        self.assertEqual(step.track, 'litigation')
        step.sudo().write(values)
        return step

    def test_printing_takes_nothing_back(self):
        step = self.handed_over(letter_state='todo', email_state='sent')
        self.assertFalse(step.letter_remark)
        step.with_user(self.collector).action_print()
        self.assertEqual((step.cancelled, str(step.act_on)), (False, TODAY))
        step.with_user(self.collector).action_posted()
        self.assertEqual((step.letter_state, str(step.act_on), step.date_given), ('sent', TODAY, False))

    def test_the_mail_queue_takes_nothing_back(self):
        step = self.handed_over(email_state='todo')
        with freeze_time('2026-03-03'):
            self.assertFalse(step.sudo()._withdraw_outdated())
        self.assertFalse(step.cancelled)
