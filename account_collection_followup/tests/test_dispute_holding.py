from datetime import date

from freezegun import freeze_time

from odoo import Command
from odoo.tests import tagged

from ..models.collection_fact import internal
from .common import TODAY
from .test_plan_rules import PlanRulesCommon


class HoldingCommon(PlanRulesCommon):
    """Disputes of one type, seen by the plan."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.kind, cls.other_kind = cls.env['collection.dispute.type'].create(
            [{'name': name, 'response_days': 5} for name in ("Price of the tests", "Damage of the tests")]
        )

    def dispute(self, *moves, **values):
        return self.env['collection.dispute'].create(
            {
                'partner_id': moves[0].partner_id.id,
                'type_id': self.kind.id,
                'line_ids': [Command.create({'move_id': move.id}) for move in moves],
                **values,
            }
        )

    def accept(self, dispute, outcome='accepted', amount=None, **values):
        lines = dispute.line_ids
        dispute._accept(outcome, {line: amount or line.amount for line in lines}, **values)
        return dispute.credit_note_ids

    def successors(self, dispute):
        return self.env['collection.dispute'].search([('previous_id', '=', dispute.id)])

    def undo(self, moves):
        """Reset credit notes to draft to change their lines: Odoo matches them no more."""
        moves.button_draft()
        moves.line_ids.remove_move_reconcile()
        self.env.flush_all()

    def disputed(self, move, day):
        items = self.env['collection.item'].with_context(collection_as_of=day).search([('move_id', '=', move.id)])
        return sum(items.mapped('disputed'))


@tagged('post_install', '-at_install')
@freeze_time(TODAY)
class TestHolding(HoldingCommon):
    """From when to when lines hold reminders back (R16, R50, R68)."""

    def test_accepted_repeat_holds(self):
        """What we accept is not chased, though it was rejected before."""
        move = self.invoice()
        self.dispute(move).action_close('rejected')
        with freeze_time('2026-03-16'):
            again = self.dispute(move)
            self.assertFalse(again.line_ids.holds)
            self.assertNotEqual(self.reason(move), 'disputed')
            self.accept(again)
            self.assertTrue(again.line_ids.holds)
            self.assertEqual(self.reason(move), 'disputed')
            self.assertFalse(again.repeats_warning)

    def test_qualified_as_a_repeat(self):
        """The customer's own dispute holds until somebody finds that it was rejected: then it responds."""
        move = self.invoice()
        self.dispute(move).action_close('rejected')
        with freeze_time('2026-03-16'):
            own = internal(self.env['collection.dispute']).create(
                {
                    'source': 'customer',
                    'partner_id': self.partner_a.id,
                    'line_ids': [Command.create({'move_id': move.id})],
                }
            )
            own = own.with_env(self.env)
            self.assertTrue(own.line_ids.holds)
        with freeze_time('2026-03-18'):
            own.type_id = self.kind
            self.assertFalse(own.line_ids.holds)
            self.assertEqual(self.reason(move), 'response')
            self.assertEqual(own.line_ids.response_until, date(2026, 3, 25))
            self.assertEqual((self.disputed(move, '2026-03-17'), self.disputed(move, '2026-03-18')), (1000, 0))
        self.assertEqual(self.plan('2026-03-25')[move].reason, 'response')
        self.assertNotEqual(self.plan('2026-03-26')[move].reason, 'response')

    def test_chased_again(self):
        """What is withheld is held from the day somebody says so; chased again, it has a response time."""
        move, withheld = self.invoice(), self.invoice(amount=500)
        dispute = self.dispute(move)
        line = self.env['collection.dispute.line'].create(
            {'dispute_id': dispute.id, 'move_id': withheld.id, 'kind': 'withheld'}
        )
        with freeze_time('2026-03-20'):
            line.action_hold()
            self.assertEqual(self.reason(withheld), 'disputed')
            self.assertEqual((self.disputed(withheld, '2026-03-05'), self.disputed(withheld, '2026-03-20')), (0, 500))
        with freeze_time('2026-03-25'):
            line.action_chase()
            self.assertEqual(self.reason(withheld), 'response')
            self.assertEqual(self.disputed(withheld, '2026-03-24'), 500)
            self.assertIn(line, line.search([('holds', '=', False)]))
            line.action_hold()
            self.assertIn(line, line.search([('holds', '=', True)]))
            self.assertFalse(line.held_until or line.response_until)

    def test_opened_in_the_past(self):
        move = self.invoice(due='2026-01-20')
        dispute = self.dispute(move, opened_on='2026-02-25')
        self.assertEqual(dispute.line_ids.held_from, date(2026, 2, 25))
        with freeze_time('2026-03-10'):
            dispute.line_ids = [Command.create({'move_id': self.invoice(due='2026-01-20').id})]
        self.assertEqual(sorted(dispute.line_ids.mapped('held_from')), [date(2026, 2, 25), date(2026, 3, 10)])

    def test_other_lines_of_the_invoice(self):
        """Another line of the invoice is another complaint: it holds, and who reads the dispute is told."""
        move = self.invoice(
            invoice_line_ids=[Command.create({'name': name, 'price_unit': 500, 'tax_ids': []}) for name in ("a", "b")]
        )
        first, second = move.invoice_line_ids

        def lines(*chosen):
            values = {'move_id': move.id, 'invoice_line_ids': [Command.set([line.id for line in chosen])]}
            return self.dispute(move, line_ids=[Command.create(values)])

        lines(first).action_close('rejected')
        other = lines(second)
        self.assertTrue(other.line_ids.holds)
        self.assertFalse(other.repeats_id)
        self.assertTrue(other.message_ids.filtered(lambda message: "other lines" in str(message.body)))
        other.action_close('withdrawn')
        self.assertFalse(lines(first).line_ids.holds)

    def test_answer_not_sent(self):
        """Who was not told that his dispute is rejected is not chased, until he is."""
        move = self.invoice()
        dispute = self.dispute(move)
        dispute.action_close('rejected')
        dispute._send_answer(self.partner_a, "Rejected", "No", self.env['ir.attachment'])
        self.assertEqual(self.plan('2026-03-16')[move].reason, 'response')
        self.deliver(failure="no server")
        self.assertEqual(self.plan('2026-03-16')[move].reason, 'response')
        with freeze_time('2026-03-16'):
            dispute.action_answered_by_letter()
            self.assertEqual(dispute.response_until, date(2026, 3, 23))
        self.assertEqual(self.plan('2026-03-23')[move].reason, 'response')
        self.assertNotEqual(self.plan('2026-03-24')[move].reason, 'response')


@tagged('post_install', '-at_install')
@freeze_time(TODAY)
class TestCredited(HoldingCommon):
    """What the credit notes of a dispute really credit, and what becomes of it when they are undone (R16)."""

    def test_draft_edited(self):
        """The credit note is less than what was accepted: the rest has its response time."""
        move = self.invoice()
        dispute = self.dispute(move)
        credit = self.accept(dispute)
        credit.invoice_line_ids.price_unit = 100
        credit.action_post()
        self.assertEqual((dispute.state, dispute.outcome, dispute.line_ids.accepted), ('closed', 'partly', 100))
        self.assertEqual(move.amount_residual, 900)
        self.assertEqual(self.reason(move), 'response')

    def test_paid_meanwhile(self):
        """The credit stays open for the customer: it is credited all the same."""
        move = self.invoice()
        dispute = self.dispute(move)
        self.pay(move)
        self.accept(dispute).action_post()
        self.assertEqual((dispute.outcome, dispute.line_ids.accepted), ('accepted', 1000))

    def test_spent_elsewhere(self):
        move, other = self.invoice(), self.invoice(amount=500)
        credit = other._reverse_moves([{'invoice_date': date(2026, 3, 2)}], cancel=True)
        with self.assertRaisesRegex(Exception, "nothing of it is left"):
            self.accept(self.dispute(move), credit_notes=credit)
        self.assertTrue(credit.currency_id.is_zero(credit.amount_residual))

    def test_one_of_two_undone_later(self):
        """Only what was undone is contested again: the other invoice is not credited twice."""
        first, second = self.invoice(), self.invoice(amount=300)
        dispute = self.dispute(first, second)
        credits = self.accept(dispute)
        credits.action_post()
        self.assertEqual(dispute.state, 'closed')
        undone = credits.filtered(lambda credit: credit.reversed_entry_id == first)
        with freeze_time('2026-03-12'):
            self.undo(undone)
            again = self.successors(dispute)
            self.assertEqual((again.line_ids.move_id, again.credit_note_ids), (first, undone))
            self.assertEqual(dispute.credit_note_ids, credits - undone)
            self.assertFalse(again._get_moves_to_credit())
            self.assertEqual(self.reason(first), 'disputed')
            undone.action_post()
            self.assertEqual((again.state, again.outcome), ('closed', 'accepted'))

    def test_taken_up_and_undone(self):
        """Taken up by somebody already, there is one dispute that goes on, and it contests all that is open."""
        move = self.invoice()
        dispute = self.dispute(move)
        credit = self.accept(dispute, 'partly', 400)
        credit.action_post()
        with freeze_time('2026-03-12'):
            again = dispute.action_reopen()
            self.assertEqual(again.line_ids.amount, 600)
            self.assertEqual(dispute.action_reopen(), again)
            self.undo(credit)
            self.assertEqual(self.successors(dispute), again)
            self.assertEqual((again.line_ids.amount, self.plan()[move].disputed), (1000, 1000))

    def test_nothing_left(self):
        """What is settled is not taken up again."""
        first, second = self.invoice(), self.invoice(amount=300)
        dispute = self.dispute(first, second)
        dispute.action_close('rejected')
        with freeze_time('2026-03-12'):
            self.pay(first)
            again = dispute.action_reopen()
            self.assertEqual(again.line_ids.move_id, second)
            again.action_close('rejected')
        with freeze_time('2026-03-16'):
            self.pay(second)
            with self.assertRaisesRegex(Exception, "nothing is open"):
                again.action_reopen()

    def test_accounting_goes_on(self):
        """The invoice is being corrected when the credit note is undone."""
        move = self.invoice()
        dispute = self.dispute(move)
        credit = self.accept(dispute)
        credit.action_post()
        with freeze_time('2026-03-12'):
            move.button_draft()
            self.undo(credit)
            self.assertEqual((credit.state, self.successors(dispute).state), ('draft', 'open'))
            move.action_post()
            self.env.flush_all()
            self.assertEqual(self.reason(move), 'disputed')
