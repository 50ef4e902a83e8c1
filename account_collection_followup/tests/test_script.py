from datetime import date

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged

from .common import CollectionCommon

GROUP = 'account_collection_followup.group_collection_'
XMLID = 'account_collection_followup.script_satisfaction_'


@tagged('post_install', '-at_install')
@freeze_time('2026-03-02 09:00:00')
class TestScript(CollectionCommon):
    """Scripts as data, what their questions lead to, and what customers answered (R3–R6, R26)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rep, cls.caller = (
            new_test_user(cls.env, f'script_{role}', groups=GROUP + role, company_id=cls.company.id)
            for role in ('resolver', 'caller')
        )
        cls.partner_a.user_id = cls.rep
        cls.scripts = cls.env['collection.script'].with_context(active_test=False).search([])
        cls.move = cls.invoice(due='2026-03-16')

    def call(self, user=None, purpose='satisfaction', **values):
        return self.env['collection.call'].create(
            {
                'partner_id': self.partner_a.id,
                'user_id': (user or self.caller).id,
                'planned_on': '2026-03-02',
                'purpose': purpose,
                'move_ids': [Command.set(self.move.ids)],
                **values,
            }
        )

    def log(self, call, user=None):
        return Form(
            self.env['collection.call.log'].with_user(user or call.user_id).with_context(default_call_id=call.id)
        )

    def answer(self, form, **answers):
        """:param answers: {last part of the XML id of a question: choice or (choice, words)}"""
        for name, said in answers.items():
            choice, words = said if isinstance(said, tuple) else (said, False)
            wanted = self.env.ref(XMLID + name).id
            for index, line in enumerate(form.answer_ids._records):
                if line['script_line_id'] == wanted:
                    with form.answer_ids.edit(index) as step:
                        step.choice = choice
                        step.note = words
        return form

    ALL_WELL = dict.fromkeys(('well', 'product', 'invoice', 'file'), 'yes')

    # -- the questions lead on ------------------------------------------------------
    def test_all_well(self):
        form = self.answer(self.log(self.call()), well='yes', product='yes', invoice='yes')
        self.assertFalse(form.result)
        self.answer(form, file='na')
        self.assertEqual(form.result, 'all_well')

    def test_all_is_not_well_after_a_no(self):
        """A complaint is not lost under a good result, in the dialog or past it (R5, R28)."""
        for user in (self.caller, self.rep):
            call = self.call(user)
            form = self.answer(self.log(call), **self.ALL_WELL, payment='no')
            form = self.answer(form, product=('no', "Two parts are broken"))
            form.result = 'all_well'
            with self.subTest(user.login), self.assertRaisesRegex(UserError, "answered with no"):
                form.save().action_save()
            product = self.env.ref(XMLID + 'product')
            call.with_user(user)._record_answers([(product, 'no', "Two parts are broken")])
            with self.subTest(user.login), self.assertRaisesRegex(UserError, "not well"):
                call.with_user(user).action_made('all_well')
            self.assertEqual(call.state, 'planned')
            call.action_cancel()

    def test_no_to_the_payment_is_another_matter(self):
        call = self.call()
        form = self.answer(self.log(call), **self.ALL_WELL, payment='no')
        form.result = 'all_well'
        form.save().action_save()
        self.assertEqual((call.state, call.result), ('made', 'all_well'))

    def test_payment_is_a_promise_at_the_due_date(self):
        """Asked only when all is well (R4)."""
        call = self.call()
        form = self.answer(self.log(call), payment='yes')
        self.assertFalse(form.result, "nobody asked whether all is well")
        self.answer(form, **self.ALL_WELL)
        self.assertEqual(form.result, 'promise')
        form.save().action_save()
        self.assertEqual((call.result, call.promise_id.line_ids.date), ('promise', date(2026, 3, 16)))
        self.assertEqual(call.promise_id.line_ids.move_id, self.move)

    def test_a_rep_confirms_payment_through_the_call(self):
        """Without accounting rights and without granting anything (R4, R24)."""
        call = self.call(self.rep)
        form = self.answer(self.log(call), **self.ALL_WELL, payment='yes')
        self.assertEqual((form.result, form.payment_confirmed), ('all_well', True))
        form.save().action_save()
        self.assertEqual((call.result, call.promise_id.line_ids.date), ('all_well', date(2026, 3, 16)))
        self.assertEqual((call.promise_id.user_id, call.promise_id.amount), (self.rep, 1000))
        with self.assertRaises(AccessError):
            call.promise_id.with_user(self.rep).read(['amount'])

    def test_no_payment_is_confirmed_for_overdue_invoices(self):
        call = self.call(self.rep, purpose='collection')
        self.assertFalse(call.with_user(self.rep)._confirm_payment())

    def test_a_no_opens_its_dispute(self):
        """Of the right type, with the invoice and the words filled in (R5)."""
        call = self.call()
        form = self.answer(self.log(call), well='yes', product=('no', "Two parts are broken"))
        technical = self.env.ref('account_collection_followup.dispute_type_technical')
        self.assertEqual((form.result, form.dispute_type_id), ('dispute', technical))
        self.assertEqual(form.dispute_reason, "Satisfied with the product or service?: Two parts are broken")
        self.assertEqual([line['amount'] for line in form.line_ids._records], [1000])
        form.save().action_save()
        dispute = call.dispute_id
        self.assertEqual((dispute.type_id, dispute.line_ids.move_id, dispute.amount), (technical, self.move, 1000))

    def test_a_no_heard_by_a_rep(self):
        call = self.call(self.rep)
        form = self.answer(self.log(call), invoice=('no', "Never came"))
        missing = self.env.ref('account_collection_followup.dispute_type_missing_document')
        self.assertEqual((form.result, form.dispute_type_id), ('dispute', missing))
        self.assertTrue(form.choice_ids._records[0]['chosen'])
        form.save().action_save()
        self.assertEqual(call.dispute_id.line_ids.move_id, self.move)

    def test_several_complaints_are_all_in_the_reason(self):
        form = self.answer(self.log(self.call()), product=('no', "Broken"), file=('no', "No order number"))
        self.assertIn("Broken", form.dispute_reason)
        self.assertIn("No order number", form.dispute_reason)
        form.dispute_reason = "In my words"
        self.answer(form, file=('no', "Nor a delivery note"))
        self.assertEqual(form.dispute_reason, "In my words", "what was typed is left alone")

    def test_taken_back_nothing_is_proposed(self):
        form = self.answer(self.log(self.call()), product='no')
        self.answer(form, product='yes')
        self.assertFalse(form.result)

    def test_a_result_chosen_by_hand_stays(self):
        form = self.log(self.call())
        form.result = 'callback'
        self.answer(form, well='yes')
        self.assertEqual(form.result, 'callback')

    # -- what is kept ---------------------------------------------------------------
    def test_answers_are_kept_as_asked(self):
        """In the words and the language of who asked, however the script changes; never changed (R6)."""
        call = self.call()
        form = self.answer(self.log(call), **self.ALL_WELL)
        form.save().action_save()
        line = self.env.ref(XMLID + 'product')
        answer = call.answer_ids.filtered(lambda answer: answer.script_line_id == line)
        self.assertEqual((answer.choice, answer.team_id), ('yes', line.team_id))
        self.assertEqual((answer.made_on, answer.user_id, answer.rated), (date(2026, 3, 2), self.caller, True))
        line.name = "Content?"
        self.assertEqual(answer.question, "Satisfied with the product or service?")
        with self.assertRaises(AccessError):
            answer.with_user(self.caller).write({'choice': 'no'})
        with self.assertRaises(AccessError):
            answer.write({'choice': 'no'})
        with self.assertRaisesRegex(UserError, "cannot be deleted"):
            answer.sudo().unlink()

    def test_what_was_not_asked_is_not_kept(self):
        """Answers to gated questions count only when all is well; partial answers of a callback are kept."""
        call = self.call()
        form = self.answer(self.log(call), well='yes', product=('no', "Broken"), payment='yes')
        form.result = 'callback'
        form.callback_on = '2026-03-05'
        form.save().action_save()
        self.assertEqual(call.answer_ids.mapped('choice'), ['yes', 'no'])

    def test_an_answer_completes_the_contact(self):
        """While talking, without rights on contacts (R22)."""
        contact = self.env['res.partner'].create({'name': "Ms Ledger", 'parent_id': self.partner_a.id, 'phone': '1'})
        call = self.call(purpose='collection', contact_id=contact.id)
        form = self.log(call)
        verify = self.env.ref('account_collection_followup.script_collection_verify').id
        index = [line['script_line_id'] for line in form.answer_ids._records].index(verify)
        with form.answer_ids.edit(index) as step:
            step.choice = 'yes'
            step.note = "Head of accounts"
        form.result = 'voicemail'
        form.save().action_save()
        self.assertEqual(contact.function, "Head of accounts")

    def test_the_wrong_person_leads_to_another(self):
        form = self.log(self.call(purpose='collection'))
        verify = self.env.ref('account_collection_followup.script_collection_verify').id
        index = [line['script_line_id'] for line in form.answer_ids._records].index(verify)
        with form.answer_ids.edit(index) as step:
            step.choice = 'no'
        self.assertEqual(form.result, 'wrong_person')

    # -- which script ---------------------------------------------------------------
    def test_evasive_phrases_end_in_a_result(self):
        """Each has a question to ask back, and is no result itself (R28)."""
        phrases = self.scripts.line_ids.filtered(lambda line: line.kind == 'evasive')
        self.assertGreaterEqual(len(phrases), 5)
        self.assertTrue(all(phrase.text and phrase.yes_result for phrase in phrases))
        form = self.log(self.call(purpose='collection'))
        index = [line['kind'] for line in form.answer_ids._records].index('evasive')
        with form.answer_ids.edit(index) as step:
            step.choice = 'yes'
        self.assertFalse(form.result)
        with self.assertRaisesRegex(AssertionError, "result"):
            form.save()
        with self.assertRaisesRegex(ValidationError, "ask back"):
            phrases[0].text = ' '

    def test_quality_is_asked_in_a_collection_call_when_due(self):
        """Not twice within the days of the policy (R8)."""
        call = self.call(purpose='collection')
        joined = [line for line in self.log(call).answer_ids._records if line['joined']]
        self.assertEqual(len(joined), 4)
        call.action_made('refusal', "No")
        first = self.call()
        self.answer(self.log(first), **self.ALL_WELL).save().action_save()
        call = self.call(purpose='collection')
        self.assertFalse([line for line in self.log(call).answer_ids._records if line['joined']])
        with freeze_time('2026-06-02'):
            self.assertTrue([line for line in self.log(call).answer_ids._records if line['joined']])

    def test_the_script_that_fits(self):
        Script = self.env['collection.script']
        shared = self.env.ref('account_collection_followup.script_collection')
        get = Script._get_script
        self.assertEqual(get('collection', self.company, self.policy), shared)
        own = Script.create({'name': "Own", 'purpose': 'collection', 'company_id': self.company.id})
        visits = Script.create({'name': "Visits", 'purpose': 'collection', 'channel': 'visit'})
        policy = Script.create({'name': "Keys", 'purpose': 'collection', 'policy_id': self.policy.id})
        self.assertEqual(get('collection', self.company, self.policy, 'visit'), policy)
        self.assertEqual(get('collection', self.company, None, 'visit'), visits)
        self.assertEqual(get('collection', self.company), own)
        policy.active = own.active = False
        self.assertEqual(get('collection', self.company, self.policy), shared)
        shared.active = False
        self.assertFalse(get('collection', self.company, self.policy))
        self.assertFalse(len(self.log(self.call(purpose='collection')).answer_ids._records) - 4)

    def test_scripts_are_the_administrators(self):
        script = self.env.ref('account_collection_followup.script_collection')
        with self.assertRaises(AccessError):
            script.with_user(self.collector).name = "Mine"
        copy = script.copy()
        self.assertEqual((copy.name, len(copy.line_ids)), ("Overdue invoices (copy)", len(script.line_ids)))

    # -- the report -------------------------------------------------------------------
    def test_satisfaction_report(self):
        """By question, department, category, rep: each answer counts once, shared between categories by amount (R6)."""
        categories = self.env['product.category'].create([{'name': name} for name in ("Pumps", "Valves")])
        products = self.env['product.product'].create(
            [{'name': category.name, 'categ_id': category.id, 'lst_price': 1} for category in categories]
        )
        move = self.invoice(
            due='2026-03-16',
            invoice_line_ids=[
                Command.create({'product_id': product.id, 'price_unit': price, 'tax_ids': []})
                for product, price in zip(products, (300, 100), strict=True)
            ],
        )
        call = self.call(move_ids=[Command.set(move.ids)])
        self.answer(self.log(call), well='yes', product='no', invoice='yes', file='na')
        form = self.answer(
            self.log(call), well='yes', product=('no', "Broken"), invoice='yes', file='yes', payment='yes'
        )
        form.result = 'callback'
        form.callback_on = '2026-03-05'
        form.save().action_save()
        self.env.flush_all()
        Report = self.env['collection.call.report'].with_user(self.caller)
        mine = [('partner_id', '=', self.partner_a.id)]
        [(answers, positive, share)] = Report._read_group(
            mine, [], ['answers:sum', 'positive:sum', 'positive_share:avg']
        )
        self.assertEqual((round(answers, 6), round(positive, 6), round(share, 6)), (4, 3, 75))
        by_category = {
            category: (round(answers, 6), round(share, 6))
            for category, answers, share in Report._read_group(
                mine, ['categ_id'], ['answers:sum', 'positive_share:avg']
            )
        }
        self.assertEqual(by_category, {categories[0]: (3, 75), categories[1]: (1, 75)})
        by_team = dict(Report._read_group(mine, ['team_id'], ['positive_share:avg']))
        self.assertEqual(by_team[self.env.ref('account_collection_followup.team_technical')], 0)
        self.assertEqual(Report.search(mine).rep_id, self.rep)
        with self.assertRaises(AccessError):
            self.env['collection.call.report'].with_user(self.rep).search([])

    def test_report_without_invoices(self):
        call = self.call(move_ids=[])
        self.answer(self.log(call), well='yes', product='yes', invoice='yes', file='na').save().action_save()
        self.env.flush_all()
        rows = self.env['collection.call.report'].search([('partner_id', '=', self.partner_a.id)])
        self.assertEqual((len(rows), set(rows.mapped('answers'))), (3, {1.0}))
