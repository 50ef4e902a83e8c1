from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged

from .common import TODAY, CollectionCommon


@tagged('post_install', '-at_install')
@freeze_time(TODAY)
class TestContacts(CollectionCommon):
    """The customer file: circuit, gauge, where invoices stand (R20–R22)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.payable = cls.env.ref('account_collection_followup.contact_role_payable')
        cls.approver = cls.env.ref('account_collection_followup.contact_role_approver')
        cls.rep = cls.new_user('test_rep', 'resolver')
        cls.stranger = cls.new_user('test_stranger', 'resolver')
        cls.caller = cls.new_user('test_caller', 'caller')
        cls.partner_a.write({'is_company': True, 'user_id': cls.rep.id, 'lang': 'en_US', 'customer_rank': 1})

    @classmethod
    def new_user(cls, login, role):
        groups = f'base.group_user,account_collection_followup.group_collection_{role}'
        return new_test_user(cls.env, login=login, groups=groups, email=f'{login}@example.com')

    def gauge(self, partner=None):
        partner = partner or self.partner_a
        return partner._get_collection_gauges(self.company)[partner]

    def check(self, user=None, partner=None):
        """:return: the dialog, as the web client opens it"""
        partner = (partner or self.partner_a).with_user(user or self.caller)
        action = partner.action_check_contacts()
        return Form(self.env[action['res_model']].with_user(user or self.caller).with_context(**action['context']))

    def complete_file(self):
        for role, name in ((self.payable, "Clerk"), (self.approver, "Buyer")):
            self.env['res.partner'].create(
                {
                    'name': name,
                    'parent_id': self.partner_a.id,
                    'collection_role_ids': role.ids,
                    'phone': '01 23 45 67 89',
                    'email': f'{name.lower()}@example.com',
                }
            )
        circuit = self.partner_a._get_collection_circuits(self.company)
        circuit.write({'order_number': 'yes', 'sending': 'email', 'payment_rhythm': 'any'})
        return circuit

    # ------------------------------------------------------------------
    # Gauge
    # ------------------------------------------------------------------
    def test_gauge_names_what_is_missing(self):
        gauge = self.gauge()
        self.assertEqual(gauge.percent, 29, "language and address of seven points")
        self.assertEqual(len(gauge.gaps), 5)
        self.assertIn("Accounts payable: nobody", gauge.gaps)
        self.assertIn("Approver or Executive: nobody", gauge.gaps)
        self.assertTrue(gauge.stale)

    def test_complete_file(self):
        circuit = self.complete_file()
        self.assertEqual(self.gauge().gaps, [])
        self.assertEqual(self.gauge().percent, 100)
        self.assertTrue(self.gauge().stale, "complete, but nobody confirmed it")
        circuit._confirm()
        self.assertFalse(self.gauge().stale)

    def test_file_goes_stale(self):
        """After twelve months, a setting (R22)."""
        self.complete_file()._confirm()
        with freeze_time('2027-03-02'):
            self.assertFalse(self.gauge().stale)
        with freeze_time('2027-03-03'):
            self.assertTrue(self.gauge().stale)
            self.company.collection_contact_months = 24
            self.assertFalse(self.gauge().stale)
            self.company.collection_contact_months = 0
            self.assertFalse(self.gauge().stale)

    def test_payer_needs_phone_and_email(self):
        self.complete_file()
        clerk = self.partner_a.child_ids.filtered(lambda contact: contact.name == "Clerk")
        clerk.phone = False
        self.assertEqual(self.gauge().gaps, ["Accounts payable: telephone"])
        clerk.write({'phone': '01 02 03', 'collection_do_not_call': True})
        self.assertEqual(self.gauge().gaps, ["Accounts payable: telephone"])
        clerk.write({'collection_do_not_call': False, 'email': False})
        self.assertEqual(self.gauge().gaps, ["Accounts payable: e-mail"])

    def test_portal_must_be_named(self):
        circuit = self.complete_file()
        circuit.sending = 'portal'
        self.assertEqual(self.gauge().gaps, ["Which portal"])
        circuit.portal = "Chorus Pro"
        self.assertFalse(self.gauge().gaps)

    def test_public_body_wants_its_own_roles(self):
        """Whom its policy writes to: the authorising officer, and the public accountant who pays (R20)."""
        self.partner_a.collection_policy_id = self.env.ref('account_collection_followup.policy_public')
        gaps = self.gauge().gaps
        self.assertIn("Public accountant: nobody", gaps)
        self.assertIn("Authorising officer: nobody", gaps)

    def test_consumer_pays_himself(self):
        """A person needs nobody who approves, and is reached himself."""
        self.partner_b.write({'is_company': False, 'phone': '01 02 03', 'lang': 'en_US'})
        self.partner_b.collection_policy_id = self.env.ref('account_collection_followup.policy_consumer')
        gaps = self.gauge(self.partner_b).gaps
        self.assertFalse([gap for gap in gaps if "nobody" in gap or "Accounts payable" in gap], gaps)

    def test_gauges_of_many_cost_no_query_each(self):
        def customers(number):
            return self.env['res.partner'].create(
                [{'name': f"Customer {number} {rank}", 'is_company': True} for rank in range(number)]
            )

        few, many = customers(3), customers(60)
        counts = []
        for group in (few, many, few):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            group._get_collection_gauges(self.company)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], max(counts[0], counts[2]))

    def test_case_and_filter(self):
        self.invoice()
        self.invoice(self.partner_b)
        cases = self.env['collection.case']._open_for(self.partner_a | self.partner_b, self.company)
        self.complete_file()._confirm()
        self.env.invalidate_all()
        case = cases[self.partner_a]
        self.assertEqual((case.file_percent, case.file_gaps, case.file_to_check), (100, '', False))
        self.assertIn("Approved by Buyer", case.circuit_text)
        to_check = self.env['collection.case'].search([('file_to_check', '=', True)])
        self.assertIn(cases[self.partner_b], to_check)
        self.assertNotIn(case, to_check)
        self.assertIn(case, self.env['collection.case'].search([('file_to_check', '=', False)]))

    # ------------------------------------------------------------------
    # Dialog
    # ------------------------------------------------------------------
    def test_dialog_fills_in_what_is_missing(self):
        """A rep without rights on contacts or invoices types in what he hears (R21)."""
        with self.check(self.rep) as form:
            self.assertIn("Accounts payable: nobody", form.gaps)
            for index in range(len(form.line_ids)):
                with form.line_ids.edit(index) as line:
                    if self.payable in line.role_ids[:]:
                        line.name, line.phone, line.email = "Clerk", '01 02 03', 'clerk@example.com'
                    elif self.approver in line.role_ids[:]:
                        line.name = "Buyer"
            form.order_number = 'yes'
            form.sending = 'portal'
            form.portal = "Chorus Pro"
            form.payment_rhythm = 'days'
            form.payment_days = "10, 25"
        form.record.action_confirm()
        self.env.invalidate_all()
        self.assertFalse(self.gauge().gaps)
        self.assertFalse(self.gauge().stale)
        clerk = self.partner_a.child_ids.filtered(lambda contact: contact.name == "Clerk")
        self.assertEqual(
            (clerk.collection_role_ids, clerk.phone, clerk.email), (self.payable, '01 02 03', 'clerk@example.com')
        )
        circuit = self.partner_a.with_user(self.rep).collection_circuit_id
        self.assertEqual((circuit.confirmed_by_id, circuit.portal), (self.rep, "Chorus Pro"))
        self.assertEqual(len(self.partner_a.child_ids), 2, "the executive's line was left empty")
        self.assertFalse(self.partner_a.message_partner_ids, "the customer follows nothing")

    def change_clerk(self, user, **values):
        """Type something into the line of a contact there is, and save."""
        with self.check(user) as form:
            for index in range(len(form.line_ids)):
                with form.line_ids.edit(index) as line:
                    if line.name == "Clerk":
                        for name, value in values.items():
                            setattr(line, name, value)
        form.record.action_save()

    def test_dialog_completes_contacts_there_are(self):
        """Who may not change contacts fills in and replaces nothing; who may does (R22)."""
        self.complete_file()
        clerk = self.partner_a.child_ids.filtered(lambda contact: contact.name == "Clerk")
        clerk.phone = False
        self.change_clerk(self.caller, phone='04 05 06 09 99', do_not_mail=True)
        self.assertEqual((clerk.phone, clerk.collection_do_not_mail), ('04 05 06 09 99', True))
        for user in (self.caller, self.rep):
            for name, value in (
                ('phone', '04 05 06 07 08'),
                ('email', 'mine@example.com'),
                ('name', "Mine"),
                ('email', False),
            ):
                with self.subTest(user.login, name=name), self.assertRaises(AccessError):
                    self.change_clerk(user, **{name: value})
        self.assertEqual((clerk.name, clerk.phone, clerk.email), ("Clerk", '04 05 06 09 99', 'clerk@example.com'))
        self.caller.group_ids += self.env.ref('base.group_partner_manager')
        self.change_clerk(self.caller, phone='04 05 06 07 08', email='clerk@a.example')
        self.assertEqual((clerk.phone, clerk.email), ('04 05 06 07 08', 'clerk@a.example'))
        self.assertFalse(self.partner_a.with_user(self.caller).collection_circuit_id.confirmed_on)

    def test_dialog_leaves_other_customers_alone(self):
        """A crafted line about somebody else's contact is refused."""
        check = (
            self.env['collection.contact.check']
            .with_user(self.rep)
            .create(
                {
                    'partner_id': self.partner_a.id,
                    'company_id': self.company.id,
                    'line_ids': [(0, 0, {'contact_id': self.partner_b.id, 'name': "Taken over"})],
                }
            )
        )
        with self.assertRaises(UserError):
            check.action_save()

    def test_dialog_changes_no_login(self):
        """The e-mail of who has an account is where his password is sent."""
        contact = self.env['res.partner'].create(
            {'name': "Clerk", 'parent_id': self.partner_a.id, 'email': 'clerk@example.com'}
        )
        contact.collection_role_ids = self.payable
        portal = new_test_user(self.env, login='test_portal', groups='base.group_portal')
        portal.partner_id = contact
        with self.check(self.rep) as form:
            with form.line_ids.edit(0) as line:
                self.assertEqual(line.name, self.partner_a.name)
                line.name = "Another company"
            with form.line_ids.edit(1) as line:
                line.email = 'mine@example.com'
        with self.assertRaises(AccessError):
            form.record.action_save()
        with form.line_ids.edit(1) as line:
            line.email = contact.email
            line.phone = '01 02 03'
        form.save().action_save()
        self.assertEqual((contact.email, contact.phone), ('clerk@example.com', '01 02 03'))
        self.assertNotEqual(self.partner_a.name, "Another company")

    def file_by_hand(self, user, partner, **values):
        """What a crafted call does: the dialog is not even opened."""
        return self.env['collection.contact.check'].with_user(user).create(
            {'partner_id': partner.id, 'company_id': self.company.id, **values}
        )  # fmt: skip

    def test_file_of_other_customers(self):
        """A sales rep completes the files of his customers, disputes and calls, and no others (R21)."""
        self.partner_b.customer_rank = 1
        stranger = self.partner_b.with_user(self.stranger)
        line = {'contact_id': self.partner_b.id, 'phone': '01 02 03 04 05', 'email': self.partner_b.email}
        for refused in (
            stranger.action_check_contacts,
            stranger.action_confirm_contacts,
            stranger._get_collection_circuits,
            self.file_by_hand(self.stranger, self.partner_b, line_ids=[(0, 0, line)]).action_save,
            self.file_by_hand(self.stranger, self.partner_b, note="Fact").action_confirm,
        ):
            with self.assertRaises(AccessError):
                refused()
        circuit = self.partner_b._get_collection_circuits(self.company)
        with self.assertRaises(AccessError):
            circuit.with_user(self.stranger).write({'note': "Mine"})
        self.env['collection.call'].create({'partner_id': self.partner_b.id, 'user_id': self.stranger.id})
        self.file_by_hand(self.stranger, self.partner_b, line_ids=[(0, 0, line)], note="Fact").action_save()
        self.assertEqual((self.partner_b.phone, circuit.note), ('01 02 03 04 05', "Fact"))

    def test_file_of_no_customer(self):
        """Nobody without rights on contacts completes what is no customer: our companies, colleagues, anybody else."""
        nobody = self.env['res.partner'].create({'name': "No customer"})
        house, colleague = self.company.partner_id, self.collector.partner_id
        (house | colleague).write({'user_id': self.rep.id, 'customer_rank': 1})
        for user in (self.rep, self.caller):
            for partner in (nobody, house, colleague):
                line = {'contact_id': partner.id, 'email': 'mine@example.com'}
                check = self.file_by_hand(user, partner, line_ids=[(0, 0, line)])
                with self.subTest(user.login, partner=partner.name), self.assertRaises(AccessError):
                    check.action_save()
        # a colleague entered as the contact of a customer
        colleague.write({'parent_id': self.partner_a.id, 'phone': False})
        line = {'contact_id': colleague.id, 'name': colleague.name, 'email': colleague.email, 'phone': '01 02 03 04 05'}
        with self.assertRaises(AccessError):
            self.file_by_hand(self.caller, self.partner_a, line_ids=[(0, 0, line)]).action_save()

    def test_call_completes_and_replaces_nothing(self):
        """What is said in a call fills the contact in; what would replace something is noted on him (R22)."""
        contact = self.env['res.partner'].create(
            {'name': "Clerk", 'parent_id': self.partner_a.id, 'email': 'clerk@example.com'}
        )
        call = self.env['collection.call'].create(
            {'partner_id': self.partner_a.id, 'user_id': self.stranger.id, 'contact_id': contact.id}
        )
        call.with_user(self.stranger)._keep_on_contact({'email': 'mine@example.com', 'function': "Accountant"})
        self.assertEqual((contact.email, contact.function), ('clerk@example.com', "Accountant"))
        self.assertIn('mine@example.com', contact.message_ids[0].body)
        contact.commercial_partner_id.child_ids.parent_id = False
        house = self.company.partner_id
        call = self.env['collection.call'].create({'partner_id': house.id, 'user_id': self.stranger.id})
        for refused in (
            lambda: call.with_user(self.stranger)._name_person(values={'name': "Mine"}),
            lambda: call.with_user(self.stranger)._keep_on_contact({'email': 'mine@example.com'}),
        ):
            call.contact_id = house
            with self.assertRaises(AccessError):
                refused()

    def test_dialog_is_for_who_has_a_role(self):
        nobody = new_test_user(self.env, login='test_nobody', groups='base.group_user')
        with self.assertRaises(AccessError):
            self.partner_a.with_user(nobody).action_check_contacts()
        with self.assertRaises(AccessError):
            self.partner_a.with_user(nobody).action_confirm_contacts()

    # ------------------------------------------------------------------
    # Circuit
    # ------------------------------------------------------------------
    def test_payment_days(self):
        circuit = self.complete_file()
        day = circuit._next_payment_day
        self.assertEqual(str(day(self.company._collection_today())), TODAY, "on any day")
        circuit.write({'payment_rhythm': 'days', 'payment_days': "25; 10, 31"})
        dates = {'2026-03-02': '2026-03-10', '2026-03-10': '2026-03-10', '2026-03-11': '2026-03-25',
                 '2026-03-26': '2026-03-31', '2026-02-26': '2026-02-28', '2026-12-31': '2026-12-31'}  # fmt: skip
        for asked, expected in dates.items():
            self.assertEqual(str(day(self.env['collection.item']._fields['date'].to_date(asked))), expected)
        circuit.payment_days = "10"
        self.assertEqual(str(day(self.env['collection.item']._fields['date'].to_date('2026-12-11'))), '2027-01-10')
        self.assertIn("Pays on: 10", circuit.text)

    def test_payment_days_are_days(self):
        circuit = self.complete_file()
        for wrong in ("soon", "32", "0", ""):
            with self.subTest(wrong), self.assertRaises(ValidationError):
                circuit.write({'payment_rhythm': 'days', 'payment_days': wrong})

    def test_circuit_cannot_be_confirmed_or_moved_by_writing(self):
        circuit = self.complete_file().with_user(self.rep)
        for vals in ({'confirmed_on': TODAY}, {'partner_id': self.partner_b.id}):
            with self.assertRaises(AccessError):
                circuit.write(vals)

    def test_one_circuit_per_customer(self):
        """That of a contact is his company's."""
        self.complete_file()
        contact = self.partner_a.child_ids[0]
        self.assertEqual(contact._get_collection_circuits(self.company), self.partner_a._get_collection_circuits())
        self.assertEqual(contact.collection_file_percent, self.partner_a.collection_file_percent)

    def test_merged_customers_have_one_circuit(self):
        self.complete_file()._confirm()
        other = self.partner_b._get_collection_circuits(self.company)
        other.write({'documents': "Delivery note", 'order_number': 'no'})
        self.env['collection.credit'].create({'partner_id': self.partner_b.id, 'insurer': "Insurer"})
        wizard = self.env['base.partner.merge.automatic.wizard'].create({})
        wizard._merge((self.partner_a | self.partner_b).ids, self.partner_a)
        self.env.invalidate_all()
        circuit = self.partner_a.collection_circuit_id
        self.assertEqual((circuit.order_number, circuit.documents), ('yes', "Delivery note"))
        self.assertEqual(
            self.env['collection.credit'].search([('partner_id', '=', self.partner_a.id)]).insurer, "Insurer"
        )

    # ------------------------------------------------------------------
    # Where invoices stand
    # ------------------------------------------------------------------
    def stages(self, user):
        return self.env['collection.circuit.stage'].with_user(user)

    def test_rep_notes_where_his_customers_invoice_stands(self):
        move = self.invoice()
        action = self.partner_a.with_user(self.rep).action_record_collection_stages()
        with Form(self.env[action['res_model']].with_user(self.rep).with_context(**action['context'])) as form:
            with form.line_ids.edit(0) as line:
                self.assertEqual(line.invoice, move.name)
                line.scheduled_for = '2026-03-20'
                self.assertEqual(line.stage, 'scheduled')
            form.note = "Said the clerk"
        form.record.action_record()
        stage = self.stages(self.rep).search([('partner_id', '=', self.partner_a.id)])
        self.assertEqual(
            (stage.stage, str(stage.date), stage.user_id, stage.invoice), ('scheduled', TODAY, self.rep, move.name)
        )
        self.env.invalidate_all()
        self.assertIn("Payment scheduled", move.collection_circuit_text)
        item = self.env['collection.item'].search([('move_id', '=', move.id)])
        self.assertEqual(item.circuit_text, move.collection_circuit_text)
        self.assertFalse(self.env['collection.promise'].search([('partner_id', '=', self.partner_a.id)]))
        self.assertFalse(self.reason(move), "a scheduled payment is no promise: the ladder goes on")

    def test_latest_counts_and_history_stays(self):
        move = self.invoice()
        for stage in ('received', 'validated'):
            self.stages(self.caller)._record(move, stage)
        stages = self.stages(self.caller).search([('partner_id', '=', self.partner_a.id)])
        self.assertEqual(stages.mapped('stage'), ['validated', 'received'])
        self.assertIn("Approved", move.collection_circuit_text)
        with self.assertRaises(AccessError):
            stages[0].write({'note': "changed"})
        with self.assertRaises(AccessError):
            self.stages(self.caller).create(
                {'partner_id': self.partner_a.id, 'company_id': self.company.id, 'stage': 'received', 'date': TODAY}
            )

    def test_past_date_shows_what_was_said_then(self):
        move = self.invoice()
        with freeze_time('2026-03-01'):
            self.stages(self.caller)._record(move, 'received')
        self.stages(self.caller)._record(move, 'validated')
        item = (
            self.env['collection.item'].with_context(collection_as_of='2026-03-01').search([('move_id', '=', move.id)])
        )
        self.assertIn("Received", item.circuit_text)

    def test_nobody_speaks_of_other_customers_invoices(self):
        move = self.invoice()
        with self.assertRaises(UserError):
            self.stages(self.stranger)._record(move, 'received')
        self.assertFalse(self.stages(self.stranger)._get_recordable_moves(self.partner_a, self.company))
        self.stages(self.rep)._record(move, 'received')
        self.assertFalse(self.stages(self.stranger).search([('partner_id', '=', self.partner_a.id)]))

    def test_who_solves_a_dispute_speaks_of_its_invoice(self):
        move, other = self.invoice(), self.invoice(amount=50)
        dispute = self.env['collection.dispute'].create(
            {
                'partner_id': self.partner_a.id,
                'type_id': self.env.ref('account_collection_followup.dispute_type_administrative').id,
                'reason': "No order number",
                'line_ids': [(0, 0, {'move_id': move.id, 'line_id': self.term(move).id, 'amount': 1000})],
            }
        )
        dispute.sudo().user_id = self.stranger
        self.assertEqual(self.stages(self.stranger)._get_recordable_moves(self.partner_a, self.company), move)
        with self.assertRaises(UserError):
            self.stages(self.stranger)._record(other, 'received')

    def test_paid_invoice_stands_nowhere(self):
        move = self.invoice()
        self.pay(move)
        with self.assertRaises(UserError):
            self.stages(self.caller)._record(move, 'received')
