from datetime import date

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged

from .common import CollectionCommon

GROUP = 'account_collection_followup.group_collection_'


@tagged('post_install', '-at_install')
@freeze_time('2026-03-02 09:00:00')
class TestCallRights(CollectionCommon):
    """Who logs a planned call, for which day it is planned, and what a dispute heard in a call is about."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rep, cls.caller = (
            new_test_user(cls.env, f'calls_{role}', groups=GROUP + role, company_id=cls.company.id)
            for role in ('resolver', 'caller')
        )
        cls.partner_a.user_id = cls.rep
        cls.type = cls.env.ref('account_collection_followup.dispute_type_technical')

    def make_call(self, **values):
        return self.env['collection.call'].create(
            {'partner_id': self.partner_a.id, 'user_id': self.collector.id, 'planned_on': '2026-03-04', **values}
        )

    def open_log(self, user, **context):
        return Form(self.env['collection.call.log'].with_user(user).with_context(**context))

    # -- whose call it is --------------------------------------------------
    def test_a_rep_logs_his_own_calls_only(self):
        """He sees the collector's call with his customer, and leaves it to him."""
        call = self.make_call()
        seen = call.with_user(self.rep)
        self.assertEqual(seen.search([('partner_id', '=', self.partner_a.id)]), call)
        self.assertEqual((seen.can_log, seen.can_edit), (False, False))
        with self.assertRaisesRegex(AccessError, "is to make this call"):
            self.open_log(self.rep, default_call_id=call.id)
        for change in (
            lambda: seen.action_made('refusal', "No"),
            lambda: seen.action_cancel(),
            lambda: seen.write({'user_id': self.rep.id}),
            lambda: seen.write({'note': "Mine"}),
        ):
            with self.assertRaises(AccessError), self.env.cr.savepoint():
                change()
        self.assertEqual((call.state, call.user_id), ('planned', self.collector))
        self.assertTrue(call.with_user(self.caller).can_log)
        call.user_id = self.rep
        self.assertTrue(seen.can_log)
        seen.action_made('refusal', "No")
        self.assertEqual((seen.state, seen.can_log), ('made', False))

    # -- for which day -----------------------------------------------------
    def test_no_call_is_planned_for_yesterday(self):
        Call = self.env['collection.call'].with_user(self.caller)
        with self.assertRaisesRegex(UserError, "03/01/2026 is past"), self.env.cr.savepoint():
            Call.create({'partner_id': self.partner_a.id, 'planned_on': '2026-03-01'})
        call = Call.create({'partner_id': self.partner_a.id, 'planned_on': '2026-03-02'})
        with self.assertRaisesRegex(UserError, "is past"), self.env.cr.savepoint():
            call.planned_on = '2026-02-27'
        self.assertEqual(call.planned_on, date(2026, 3, 2))
        with freeze_time('2026-03-05 09:00:00'):
            # late, it is given to a colleague as it is
            call.write({'user_id': self.collector.id, 'planned_on': '2026-03-02'})
        self.assertEqual(call.user_id, self.collector)

    # -- a dispute heard in a call -----------------------------------------
    def test_the_only_invoice_is_proposed(self):
        move = self.invoice()
        case = self.env['collection.case']._open_for(self.partner_a, self.company)[self.partner_a]
        form = self.open_log(self.caller, default_case_id=case.id)
        form.result = 'dispute'
        self.assertEqual([line['amount'] for line in form.line_ids._records], [move.amount_residual])
        form.dispute_type_id = self.type
        form.dispute_reason = "It arrived broken"
        form.save().action_save()
        dispute = case.call_ids.dispute_id
        self.assertEqual((dispute.line_ids.move_id, dispute.amount), (move, move.amount_residual))

    def test_of_several_invoices_the_caller_chooses(self):
        """The note names what was contested, and why (R28)."""
        first, second = self.invoice(), self.invoice(amount=300)
        call = self.make_call(user_id=self.caller.id, move_ids=[Command.set((first | second).ids)])
        form = self.open_log(self.caller, default_call_id=call.id)
        form.result = 'dispute'
        self.assertFalse(len(form.line_ids))
        form.dispute_type_id = self.type
        form.dispute_reason = "It arrived broken"
        with form.line_ids.new() as line:
            line.item_id = call.case_id.item_ids.filtered(lambda item: item.move_id == second)
        form.save().action_save()
        note = call.case_id.message_ids.filtered(lambda message: "It arrived broken" in message.body).body
        self.assertIn(f"{second.name}: Dispute, {self.type.name}", note)
        self.assertNotIn(first.name, note)

    # -- what any employee reads -------------------------------------------
    def test_a_collection_call_is_not_noted_on_the_customer(self):
        """Any employee opens any contact: that a payment was asked for stays on the case (R13)."""
        self.make_call().action_made('difficulty', "Waits")
        self.make_call(purpose='other').action_made('refusal', "No fair this year")
        self.assertFalse([m for m in self.partner_a.message_ids if 'collection.call' in (m.body or '')])
        call = self.make_call(purpose='satisfaction')
        call.action_made('all_well', "Content with 4321 pieces")
        [note] = [m for m in self.partner_a.message_ids if 'collection.call' in (m.body or '')]
        self.assertIn("All is well", note.body)
        self.assertNotIn("4321", note.body)
        self.assertEqual(len([m for m in call.case_id.message_ids if 'collection.call' in (m.body or '')]), 3)
