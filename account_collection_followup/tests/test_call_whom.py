from datetime import date

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged

from .common import TODAY, CollectionCommon

ROLE = 'account_collection_followup.contact_role_%s'
GROUP = 'account_collection_followup.group_collection_'


@tagged('post_install', '-at_install')
@freeze_time(TODAY)
class TestCallWhom(CollectionCommon):
    """Whom a call goes to, by which number, and what it is about: case, call and dialog say the same (R8, R20, R27)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.caller, cls.rep = (
            new_test_user(cls.env, f'whom_{role}', groups=GROUP + role, company_id=cls.company.id)
            for role in ('caller', 'resolver')
        )
        cls.payable, cls.approver = (cls.env.ref(ROLE % name) for name in ('payable', 'approver'))
        cls.clerk = cls.contact("Clerk", cls.payable, phone='+1 555 0101')
        cls.buyer = cls.contact("Buyer", cls.approver, phone='+1 555 0102')
        cls.move = cls.invoice()
        cls.env['collection.case']._refresh(cls.company)
        cls.case = cls.env['collection.case']._open_for(cls.partner_a, cls.company)[cls.partner_a]

    @classmethod
    def contact(cls, name, role, **values):
        return cls.env['res.partner'].create(
            {'name': name, 'parent_id': cls.partner_a.id, 'collection_role_ids': [Command.set(role.ids)], **values}
        )

    def call(self, contact=None, **values):
        return self.env['collection.call'].create(
            {
                'partner_id': self.partner_a.id,
                'user_id': self.caller.id,
                'contact_id': (contact or self.clerk).id,
                'planned_on': TODAY,
                **values,
            }
        )

    def log(self, action, user=None):
        """Open the dialog of an action, as its user."""
        return Form(self.env['collection.call.log'].with_user(user or self.caller).with_context(**action['context']))

    # -- one truth ------------------------------------------------------------------
    def test_the_case_shows_whom_the_planned_call_goes_to(self):
        self.assertEqual(self.case.contact_id, self.clerk)
        call = self.call(self.buyer)
        self.assertEqual((self.case.contact_id, self.case.contact_phone), (self.buyer, '+1 555 0102'))
        self.assertEqual(self.log(self.case.action_log_call()).contact_id, self.buyer)
        call.action_cancel()
        self.env.invalidate_all()
        self.assertEqual(self.case.contact_id, self.clerk)

    def test_the_right_person_stands_on_the_case(self):
        call = self.call()
        form = self.log(call.with_user(self.caller).action_log())
        form.result, form.person_name, form.person_phone = 'wrong_person', "Mr Boss", '+1 555 0103'
        form.save().action_save()
        self.env.invalidate_all()
        self.assertEqual((self.case.contact_id.name, self.case.contact_phone), ("Mr Boss", '+1 555 0103'))

    def test_a_call_without_step_asks_for_the_role_of_the_level(self):
        self.case.sudo().level_id = self.env.ref('account_collection_followup.level_standard_formal')
        self.clerk.collection_role_ids = self.env.ref(ROLE % 'executive')
        self.assertEqual(self.call()._get_wanted_roles(), self.case._get_callee_roles())

    # -- what it is about -----------------------------------------------------------
    def test_what_is_overdue_is_talked_about(self):
        """Logged from an overdue case, the planned satisfaction call becomes a collection call (R8)."""
        call = self.call(self.buyer, purpose='satisfaction')
        action = self.case.with_user(self.caller).action_log_call()
        self.assertEqual(action['name'], "Collection: partner_a")
        form = self.log(action)
        self.assertEqual((form.purpose, form.contact_id), ('collection', self.clerk))
        form.result, form.note = 'refusal', "Not before May."
        form.save().action_save()
        self.assertEqual((call.state, call.purpose, call.contact_id), ('made', 'collection', self.clerk))

    def test_a_satisfaction_call_stays_one(self):
        """Where nothing is to be chased, and for the sales rep who makes it."""
        call = self.call(purpose='satisfaction', user_id=self.rep.id)
        action = call.with_user(self.rep).action_log()
        self.assertEqual(action['name'], "Satisfaction: partner_a")
        action['context']['default_purpose'] = 'collection'
        self.assertEqual(self.log(action, self.rep).purpose, 'satisfaction')
        self.pay(self.move)
        self.env.invalidate_all()
        self.assertEqual(self.log(self.case.action_log_call(), self.collector).purpose, 'satisfaction')

    # -- numbers and addresses ------------------------------------------------------
    def test_what_is_no_number_is_refused(self):
        def check(**values):
            form = Form(
                self.env['collection.contact.check']
                .with_user(self.caller)
                .with_context(default_partner_id=self.partner_a.id)
            )
            for index in range(len(form.line_ids)):
                with form.line_ids.edit(index) as line:
                    if line.name == "Clerk":
                        for name, value in values.items():
                            line[name] = value
            form.save().action_save()

        for values, words in (({'phone': '12ab'}, "no telephone number"), ({'phone': '1234'}, "no telephone number"),
                              ({'email': 'not an email'}, "no e-mail address")):  # fmt: skip
            with self.subTest(values), self.assertRaisesRegex(UserError, words), self.env.cr.savepoint():
                check(**values)
        self.clerk.phone = 'see website'
        check(phone='(555) 010-1234 ext. 5', email='clerk@a.example')
        self.assertEqual((self.clerk.phone, self.clerk.email), ('(555) 010-1234 ext. 5', 'clerk@a.example'))

    def test_what_is_no_number_is_refused_in_a_call(self):
        form = self.log(self.call().with_user(self.caller).action_log())
        form.result, form.person_name, form.person_phone = 'wrong_person', "Mr Boss", '12ab'
        with self.assertRaisesRegex(UserError, "no telephone number"):
            form.save().action_save()

    def test_what_is_no_number_fills_no_gauge(self):
        self.clerk.write({'phone': '12ab', 'email': 'clerk@a.example'})
        gaps = self.partner_a._get_collection_gauges(self.company)[self.partner_a].gaps
        self.assertIn("Accounts payable: telephone", gaps)

    # -- wrong numbers --------------------------------------------------------------
    def wrong(self, call, right_number=None):
        form = self.log(call.with_user(self.caller).action_log())
        form.result = 'wrong_number'
        if right_number:
            form.right_number = right_number
        form.save().action_save()
        self.env.invalidate_all()

    def test_the_right_number_is_dialled_next(self):
        call = self.call()
        self.wrong(call, '+1 555 0199')
        self.assertEqual((call.contact_id, call.contact_phone), (self.clerk, '+1 555 0199'))
        self.assertFalse(call.contact_warning)
        with self.assertRaisesRegex(UserError, "no telephone number"):
            self.wrong(call, 'none')

    def test_who_has_a_wrong_number_is_passed_over(self):
        other = self.contact("Deputy", self.payable, phone='+1 555 0104')
        call = self.call()
        self.wrong(call)
        self.assertEqual((call.state, call.contact_id), ('planned', other))
        self.assertEqual(self.case.contact_id, other)
        self.clerk.phone = '+1 555 0105'
        self.assertEqual(self.case._get_callees()[self.case].contacts[:1], self.clerk, "it clears by itself")

    def test_a_wrong_number_is_said_where_nobody_else_can_be_called(self):
        (self.partner_a | self.buyer).phone = False
        call = self.call()
        self.wrong(call)
        self.assertEqual(call.contact_id, self.clerk)
        said = "Clerk: wrong number +1 555 0101, tried on 03/02/2026."
        self.assertEqual((call.contact_warning, self.case.contact_warning), (said, said))
        self.assertEqual(self.clerk.collection_wrong_number_on, date(2026, 3, 2))
        gaps = self.partner_a._get_collection_gauges(self.company)[self.partner_a].gaps
        self.assertIn("Accounts payable: telephone", gaps)

    # -- the dialog -----------------------------------------------------------------
    def test_a_plan_out_of_range_says_so(self):
        form = self.log(self.case.action_log_call(), self.collector)
        form.result = 'plan'
        self.assertEqual((form.plan_problem, len(form.line_ids)), (False, 3))
        for count in (0, -2, 999):
            form.plan_count = count
            self.assertIn("from 2 to 60", form.plan_problem)
        with self.assertRaisesRegex(UserError, "from 2 to 60"):
            form.save().action_save()

    def test_what_is_saved_is_no_restored_draft(self):
        """The server refuses, the dialog stays: nobody closed it."""
        action = self.case.with_user(self.caller).action_log_call()
        form = self.log(action)
        form.note = "In between"
        self.env['collection.call.log'].with_user(self.caller).keep_draft(self.case.id, {'note': "In between"})
        form.result = 'documents'
        self.assertFalse(form.save().draft_text)
        self.assertTrue(self.log(action).draft_text)

    def test_a_no_needs_the_words_of_the_customer(self):
        call = self.call(purpose='satisfaction', move_ids=[Command.set(self.move.ids)])
        form = self.log(call.with_user(self.caller).action_log())
        wanted = self.env.ref('account_collection_followup.script_satisfaction_product').id
        for index, line in enumerate(form.answer_ids._records):
            if line['script_line_id'] == wanted:
                with form.answer_ids.edit(index) as answer:
                    answer.choice = 'no'
        self.assertEqual((form.result, form.dispute_reason or ''), ('dispute', ''))
        other = self.env.ref('account_collection_followup.script_satisfaction_invoice').id
        for index, line in enumerate(form.answer_ids._records):
            if line['script_line_id'] == other:
                with form.answer_ids.edit(index) as answer:
                    answer.choice, answer.note = 'no', "Never came"
        with self.assertRaisesRegex(UserError, "Note what the customer says about “Satisfied"):
            form.save().action_save()

    def test_the_only_invoice_is_contested(self):
        action = self.case.action_add_dispute()
        self.assertEqual([line[2]['move_id'] for line in action['context']['default_line_ids']], self.move.ids)
        self.invoice()
        self.env.invalidate_all()
        self.assertFalse(self.case.action_add_dispute()['context']['default_line_ids'])
