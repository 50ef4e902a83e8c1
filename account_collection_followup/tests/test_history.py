from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import CollectionCommon


@tagged('post_install', '-at_install')
@freeze_time('2026-03-02 09:00:00')
class TestHistory(CollectionCommon):
    """One list of all that happened with a customer."""

    def test_everything_is_in_it(self):
        """A message, a call, a promise, a dispute, a hold and a receipt, newest first, each with its words."""
        old, new = self.invoice(due='2026-01-10', amount=1000), self.invoice(due='2026-02-10', amount=400)
        self.run_day('2026-03-02')
        step = self.steps()
        case = step.case_id
        self.env['collection.promise'].create(
            {'partner_id': self.partner_a.id, 'line_ids': [(0, 0, {'move_id': old.id, 'date': '2026-03-10'})]}
        )
        self.env['collection.dispute'].create(
            {
                'partner_id': self.partner_a.id,
                'type_id': self.env.ref('account_collection_followup.dispute_type_pricing').id,
                'reason': "Discount\nmissing",
                'line_ids': [(0, 0, {'move_id': new.id, 'amount': 40})],
            }
        )
        call = step.call_ids
        call.action_made('refusal', "No money this week")
        with freeze_time('2026-03-04'):
            self.env['collection.hold'].create(
                {'partner_id': self.partner_a.id, 'reason': "Fire", 'date_until': '2026-03-09'}
            )
            self.receive(self.partner_a, 120)
        self.env.flush_all()
        events = {event.kind: event for event in case.history_ids}
        self.assertEqual(
            case.history_ids.mapped('kind').count('receipt'), 1, "bank lines only, and only while the case was open"
        )
        self.assertEqual(case.history_ids.mapped('date'), sorted(case.history_ids.mapped('date'), reverse=True))
        self.assertIn("Reminder 1", events['step'].text)
        self.assertEqual(events['step'].amount, 1400)
        self.assertIn("No money this week", events['call'].text)
        self.assertEqual((events['promise'].text, events['promise'].amount), ("For 10 March", 1000))
        self.assertEqual((events['dispute'].text, events['dispute'].amount), ("Pricing: Discount missing", 40))
        self.assertIn("everything until 9 March: Fire", events['hold'].text)
        self.assertEqual((events['receipt'].amount, events['receipt'].status), (120, "To match"))
        for event in events.values():
            with self.subTest(event.kind):
                self.assertTrue(event.action_open()['res_id'])

    def test_a_planned_call_is_no_event(self):
        self.invoice(due='2026-01-10')
        self.run_day('2026-03-02')
        case = self.steps().case_id
        self.assertTrue(case.call_ids)
        self.assertEqual(case.history_ids.mapped('kind'), ['step'])

    def test_who_reads_the_case_reads_its_history(self):
        self.invoice(due='2026-01-10')
        self.run_day('2026-03-02')
        history = self.steps().case_id.history_ids
        groups = 'account_collection_followup.group_collection_%s'
        resolver, caller = (
            new_test_user(self.env, login=f'history_{role}', groups=groups % role, company_id=self.company.id)
            for role in ('resolver', 'caller')
        )
        self.assertIn("Reminder 1", history.with_user(caller).text)
        with self.assertRaises(AccessError):
            history.with_user(resolver).read(['text'])
        for method in ('write', 'create'):
            with self.assertRaises(AccessError):
                getattr(history.with_user(self.collector), method)({'date': '2026-01-01'})


@tagged('post_install', '-at_install')
@freeze_time('2026-03-02 09:00:00')
class TestBanner(CollectionCommon):
    """What an invoice and a customer say of collections, and what can be done from there."""

    def test_what_an_invoice_says(self):
        invoice = self.invoice(due='2026-01-10')
        self.assertFalse(invoice.collection_status, "nothing happened yet")
        self.run_day('2026-03-02')
        invoice.invalidate_recordset()
        self.assertEqual(invoice.collection_status, "Last level: Reminder 1")
        hold = self.env['collection.hold'].create(
            {'partner_id': self.partner_a.id, 'reason': "Fire", 'date_until': '2026-03-09'}
        )
        other = self.invoice(due='2026-01-11')
        moves = self.env['account.move'].search(
            [('id', 'in', (invoice | other).ids), ('collection_hold_ids', '!=', False)]
        )
        self.assertEqual(moves, invoice | other, "a hold of the customer holds every invoice")
        invoice.invalidate_recordset()
        self.assertEqual(invoice.collection_status, "On hold until 9 March: Fire · Last level: Reminder 1")
        hold.action_end()
        self.env['collection.hold'].create({'move_id': other.id, 'reason': "Copy sent", 'date_until': '2026-03-09'})
        moves = self.env['account.move'].search(
            [('id', 'in', (invoice | other).ids), ('collection_hold_ids', '!=', False)]
        )
        self.assertEqual(moves, other)
        self.assertEqual(
            self.env['account.move'].search([('id', 'in', (invoice | other).ids), ('collection_hold_ids', '=', False)]),
            invoice,
        )
        self.pay(invoice)
        invoice.invalidate_recordset()
        self.assertFalse(invoice.collection_status, "nothing is said of a paid invoice")

    def test_actions_of_invoices(self):
        """One customer at a time, and only what is open."""
        mine, his = self.invoice(due='2026-01-10'), self.invoice(self.partner_b, due='2026-01-10')
        paid = self.invoice(due='2026-01-11')
        self.pay(paid)
        for method in ('action_add_dispute', 'action_add_promise', 'action_add_hold', 'action_log_call'):
            with self.subTest(method):
                action = getattr(mine, method)()
                self.assertEqual(action['context']['default_partner_id'], self.partner_a.id)
                with self.assertRaises(UserError):
                    getattr(mine | his, method)()
                with self.assertRaises(UserError):
                    getattr(paid, method)()
        self.assertEqual(mine.action_add_hold()['context']['default_move_id'], mine.id)

    def test_customers_by_their_case(self):
        self.invoice(due='2026-01-10')
        self.env['collection.case']._refresh(self.company)
        found = self.env['res.partner'].search(
            [('id', 'in', (self.partner_a | self.partner_b).ids), ('collection_case_id.overdue', '>', 0)]
        )
        self.assertEqual(found, self.partner_a)
        self.assertEqual(
            self.env['res.partner'].search(
                [('id', 'in', (self.partner_a | self.partner_b).ids), ('collection_case_id', '=', False)]
            ),
            self.partner_b,
        )
        self.assertIn("Reminder 1", self.partner_a.collection_sentence)
        self.assertEqual(self.partner_a.action_log_collection_call()['res_model'], 'collection.call.log')

    def test_next_thing_opens_where_it_is_done(self):
        """The first button of a case leads to the run, or to the step that waits."""
        self.levels[20].mode = 'validate'
        self.invoice(due='2026-01-10')
        run = self.run_day('2026-03-02')
        case = self.env['collection.case']._open_for(self.partner_a, self.company)[self.partner_a]
        self.assertEqual(case.next_action, 'approve')
        self.assertEqual(case.action_open_run()['res_id'], run.id)
        with self.assertRaises(UserError):
            case.action_open_step()
        run.message_ids.action_approve()
        self.deliver(failure="550 unknown mailbox")
        self.assertEqual(case.action_open_step()['res_id'], self.steps().id)
        with freeze_time('2026-03-08'), self.assertRaises(UserError):
            case.action_open_run()

    def test_a_hold_is_not_over_before_it_begins(self):
        with self.assertRaises(UserError):
            self.env['collection.hold'].create(
                {
                    'partner_id': self.partner_a.id,
                    'reason': "Fire",
                    'date_from': '2026-02-20',
                    'date_until': '2026-02-27',
                }
            )

    def test_what_the_case_says_of_what_is_ahead(self):
        """The day of the announced act, and the call that is planned."""
        self.invoice(due='2026-01-10')
        self.run_day('2026-03-02')
        step = self.steps()
        case = step.case_id
        self.assertIn("gives until 9 March. On 11 March: Reminder 2.", case.sentence)
        self.assertIn("A call is planned for 2 March", case.sentence)
        hold = self.env['collection.hold'].create(
            {'partner_id': self.partner_a.id, 'reason': "Fire", 'date_until': '2027-01-15'}
        )
        case.invalidate_recordset()
        self.assertIn("15 January 2027", case.sentence, "another year is said")
        hold.action_end()

    def test_history_goes_back_before_the_case(self):
        first = self.invoice(due='2026-01-10')
        self.run_day('2026-03-02')
        old = self.steps().case_id
        self.steps().call_ids.action_made('refusal', "Not before the summer")
        with freeze_time('2026-03-04'):
            self.pay(first)
            self.env['collection.case']._refresh(self.company)
            self.assertEqual(old.state, 'closed')
        self.invoice(due='2026-03-20')
        with freeze_time('2026-04-01'):
            self.env['collection.case']._refresh(self.company)
            case = self.env['collection.case'].search([('partner_id', '=', self.partner_a.id), ('state', '=', 'open')])
        self.assertNotEqual(case, old)
        self.assertIn("Not before the summer", ' '.join(case.history_ids.mapped('text')))

    def test_an_address_that_is_mended_reaches_the_worklist(self):
        self.levels[20].by_call = False
        self.partner_a.email = False
        self.invoice(due='2026-01-10')
        Case, Mark = self.env['collection.case'], self.env['collection.mark']
        Case._refresh(self.company)
        case = Case._open_for(self.partner_a, self.company)[self.partner_a]
        self.assertEqual(case.reason, 'no_email')
        self.partner_a.email = 'new@example.com'
        self.env.cr.precommit.run()
        self.assertTrue(Mark.search([('partner_id', '=', self.partner_a.id)]))
        Case._refresh_marked(self.company.id, 10)
        self.assertFalse(case.reason)

    def test_nothing_left_to_promise(self):
        invoice = self.invoice(due='2026-01-10')
        self.env['collection.dispute'].create(
            {
                'partner_id': self.partner_a.id,
                'type_id': self.env.ref('account_collection_followup.dispute_type_pricing').id,
                'line_ids': [(0, 0, {'move_id': invoice.id, 'amount': 1000})],
            }
        )
        with self.assertRaisesRegex(UserError, "disputed or promised already"):
            invoice.action_add_promise()
