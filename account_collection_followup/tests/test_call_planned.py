from datetime import date
from unittest.mock import patch

from freezegun import freeze_time
from psycopg2 import OperationalError

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from ..models.collection_fact import internal
from .common import CollectionCommon

GROUP = 'account_collection_followup.group_collection_'


@tagged('post_install', '-at_install')
@freeze_time('2026-03-02 09:00:00')
class TestCallPlanned(CollectionCommon):
    """One planned call per customer (R8): what becomes of it when a message wants a call, when its object is settled,
    when customers become one."""

    def make_call(self, partner=None, **values):
        values.setdefault('user_id', self.collector.id)
        return self.env['collection.call'].create({'partner_id': (partner or self.partner_a).id, **values})

    def planned(self, partner=None):
        return self.env['collection.call'].search(
            [('partner_id', '=', (partner or self.partner_a).id), ('state', '=', 'planned')]
        )

    def refresh(self):
        self.env['collection.case']._refresh(self.company)

    def case(self, partner=None):
        return self.env['collection.case'].search(
            [('partner_id', '=', (partner or self.partner_a).id), ('state', '=', 'open')]
        )

    def dispute(self, move):
        return self.env['collection.dispute'].create(
            {
                'type_id': self.env.ref('account_collection_followup.dispute_type_technical').id,
                'line_ids': [Command.create({'move_id': move.id, 'amount': move.amount_residual})],
            }
        )

    # -- one -------------------------------------------------------------------
    def test_one_planned_call(self):
        call = self.make_call(planned_on='2026-03-05')
        with self.assertRaisesRegex(UserError, "planned already for 03/05/2026"), self.env.cr.savepoint():
            self.make_call(planned_on='2026-03-09')
        with self.assertRaisesRegex(UserError, "one call per customer"), self.env.cr.savepoint():
            self.env['collection.call'].create([{'partner_id': self.partner_b.id}] * 2)
        call.action_cancel()
        self.assertTrue(self.make_call())

    def test_two_at_the_same_moment(self):
        """What the look before could not see the database refuses; the request or the batch is repeated."""
        self.make_call()
        blind = patch.object(type(self.env['collection.call']), '_check_one_planned', lambda *args: None)
        with blind, mute_logger('odoo.sql_db'), self.assertRaises(OperationalError), self.env.cr.savepoint():
            self.make_call()
        self.assertEqual(len(self.planned()), 1)

    def test_planned_while_the_dialog_is_open(self):
        self.invoice()
        case = self.env['collection.case']._open_for(self.partner_a, self.company)[self.partner_a]
        form = Form(self.env['collection.call.log'].with_user(self.collector).with_context(default_case_id=case.id))
        call = self.make_call()
        form.result = 'refusal'
        form.note = "No"
        form.save().action_save()
        self.assertEqual((call.state, len(case.call_ids)), ('made', 1))

    # -- its object is settled -----------------------------------------------------
    def follow_up(self, result='documents', **values):
        """:return: the invoice a reminder asked for, and what was planned after its call"""
        move = self.invoice()
        self.run_day()
        self.planned().action_made(result, "Duplicate", **values)
        return move, self.planned()

    def test_a_follow_up_goes_when_paid(self):
        """It is about the invoices of the call it follows; with it go the activity and the case (R29)."""
        move, call = self.follow_up()
        self.assertEqual((call.move_ids, call.step_id.id, call.planned_on), (move, False, date(2026, 3, 9)))
        case = self.case()
        self.refresh()
        self.assertEqual(call.state, 'planned')
        with freeze_time('2026-03-04'):
            self.pay(move)
            self.refresh()
        self.assertEqual((call.state, case.state), ('cancelled', 'closed'))
        self.assertFalse(call.activity_ids)

    def test_a_follow_up_of_a_call_tried_often_enough(self):
        """Its message waits for it no longer; it is about the same invoices all the same."""
        self.company.collection_call_tries = 1
        move = self.invoice()
        self.run_day()
        call = self.planned()
        call.action_made('absent')
        self.assertEqual(call.step_id.call_state, 'sent')
        call.action_made('documents', "Duplicate")
        self.assertEqual(self.planned().move_ids, move)

    def test_a_follow_up_goes_when_disputed_or_promised(self):
        first, second = self.invoice(), self.invoice(amount=500)
        self.run_day()
        self.planned().action_made('documents', "Duplicate")
        call = self.planned()
        self.dispute(first)
        self.refresh()
        self.assertEqual(call.state, 'planned', "the other one is still asked for")
        self.env['collection.promise'].create({
            'line_ids': [Command.create({'move_id': second.id, 'amount': 500, 'date': '2026-03-12'})]})  # fmt: skip
        self.refresh()
        self.assertEqual(call.state, 'cancelled')

    def test_a_callback_stays_while_he_owes_something(self):
        other = self.invoice(due='2026-06-01')
        move, call = self.follow_up('callback', callback_on='2026-03-06')
        self.pay(move)
        self.refresh()
        self.assertEqual((call.state, self.case().state), ('planned', 'open'))
        self.pay(other)
        self.refresh()
        self.assertEqual(call.state, 'cancelled')
        self.assertFalse(self.case())

    def test_planned_by_hand(self):
        """Without invoices it stays while he owes something; another matter is nobody's business but the caller's."""
        first, second = self.invoice(), self.invoice(due='2026-06-01')
        call = self.make_call(note="Ask for Mrs Director")
        private = self.make_call(self.partner_b, purpose='other')
        theirs = self.invoice(self.partner_b)
        self.dispute(first)
        self.pay(second)
        self.refresh()
        self.assertEqual(call.state, 'planned', "somebody wanted to talk about the dispute")
        self.case().dispute_ids.action_close('withdrawn')
        self.pay(first)
        self.pay(theirs)
        case = self.case()
        self.refresh()
        self.assertEqual((call.state, case.state), ('cancelled', 'closed'))
        self.assertIn("Ask for Mrs Director", ''.join(case.message_ids.mapped('body')), "the note is kept")
        self.assertEqual(private.state, 'planned')

    def test_planned_by_hand_with_somebody_who_owes_nothing(self):
        call = self.make_call()
        self.refresh()
        self.assertEqual(call.state, 'planned')

    # -- a message wants a call --------------------------------------------------
    def join(self, call=None, **values):
        """:return: a call planned by hand, taken over by the reminder of today; the date given is 9 March"""
        call = call or self.make_call(**values)
        call.note = "About the fair"
        self.invoice()
        self.run_day()
        step = self.steps()
        self.assertEqual((call.step_id, step.date_given), (step, date(2026, 3, 9)))
        self.assertEqual((call.purpose, call.note, len(self.planned())), ('collection', "About the fair", 1))
        return call

    def test_a_message_takes_a_call_over(self):
        """The call of a message lies before its date (R49): another matter is talked about then too."""
        call = self.join(purpose='other', planned_on='2026-03-27')
        self.assertEqual((call.planned_on, call.user_id), (date(2026, 3, 2), self.collector))
        self.assertEqual(call.activity_ids.date_deadline, date(2026, 3, 2))

    def test_a_message_leaves_an_earlier_call_where_it_is(self):
        with freeze_time('2026-02-27 09:00:00'):
            call = self.make_call(planned_on='2026-02-27')
        self.assertEqual(self.join(call).planned_on, date(2026, 2, 27))

    def test_a_message_keeps_the_day_the_customer_asked_for(self):
        self.assertEqual(self.join(planned_on='2026-03-05', agreed=True).planned_on, date(2026, 3, 5))

    def test_a_day_the_customer_asked_for_too_late_for_the_message(self):
        """The last working day before the date given."""
        self.assertEqual(self.join(planned_on='2026-03-09', agreed=True).planned_on, date(2026, 3, 6))

    def test_a_sales_rep_does_not_chase(self):
        rep = new_test_user(self.env, 'planned_rep', groups=GROUP + 'resolver', company_id=self.company.id)
        call = self.join(purpose='other', planned_on='2026-03-27', user_id=rep.id)
        self.assertEqual(call.user_id, self.collector)

    # -- customers become one -----------------------------------------------------
    def merge(self):
        wizard = self.env['base.partner.merge.automatic.wizard'].sudo().create({})
        wizard._merge((self.partner_a | self.partner_b).ids, self.partner_a, extra_checks=False)
        self.env.invalidate_all()
        self.env.cr.flush()

    def test_merging_customers_keeps_one_call(self):
        move = self.invoice(self.partner_b, due='2026-06-01')
        kept = self.make_call(planned_on='2026-03-04', purpose='satisfaction', note="First")
        other = self.make_call(self.partner_b, planned_on='2026-03-05', note="Second", move_ids=[Command.set(move.ids)])
        self.merge()
        self.assertEqual((kept.state, other.state), ('planned', 'cancelled'))
        self.assertEqual((kept.purpose, kept.note, kept.move_ids), ('collection', "First\nSecond", move))
        self.assertEqual(other.case_id, kept.case_id)
        self.assertFalse(other.activity_ids)

    def test_merging_customers_keeps_the_call_of_a_message(self):
        self.invoice(self.partner_b)
        self.run_day()
        of_step = self.planned(self.partner_b)
        internal(of_step).planned_on = '2026-03-04'
        earlier = self.make_call(planned_on='2026-03-03')
        self.merge()
        self.assertEqual((of_step.state, earlier.state), ('planned', 'cancelled'))
        self.assertEqual((of_step.planned_on, of_step.step_id.call_state), (date(2026, 3, 3), 'todo'))
