from datetime import date

from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged

from ..models.collection_fact import internal
from .facts_common import GROUP, FactsCommon


@tagged('post_install', '-at_install')
@freeze_time('2026-03-02 09:00:00')
class TestDisputeCredit(FactsCommon):
    """An accepted dispute has a real credit note, which closes it when it is posted (R14, R16)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.collector = new_test_user(cls.env, 'facts_collector', groups=GROUP + 'collector', company_id=cls.company.id)
        cls.caller = new_test_user(cls.env, 'facts_caller', groups=GROUP + 'caller', company_id=cls.company.id)
        cls.tax_20, cls.tax_10 = cls.env['account.tax'].create(
            [
                {'name': f"{rate} % of the tests", 'amount': rate, 'type_tax_use': 'sale', 'company_id': cls.company.id}
                for rate in (20, 10)
            ]
        )
        with freeze_time('2026-03-02 09:00:00'):
            cls.invoice = cls._taxed()

    @classmethod
    def _taxed(cls, **values):
        """An invoice of 1,330: 500 at 20 %, 300 at 10 % and 400 without tax."""
        values.setdefault('invoice_date', '2026-01-05')
        return cls._create_invoice(
            partner_id=cls.customer.id,
            invoice_line_ids=[
                cls._prepare_invoice_line(name="machine", price_unit=500, tax_ids=cls.tax_20),
                cls._prepare_invoice_line(name="manual", price_unit=300, tax_ids=cls.tax_10),
                cls._prepare_invoice_line(name="deposit", price_unit=400, tax_ids=[]),
            ],
            post=True,
            **values,
        )

    def _close(self, dispute, outcome, user=None, **values):
        """Close a dispute in the dialog."""
        form = Form(self.env['collection.dispute.close'].with_user(user or self.collector).with_context(
            default_dispute_id=dispute.id))  # fmt: skip
        form.outcome = outcome
        for index, amount in enumerate(values.pop('accepted', ())):
            with form.line_ids.edit(index) as line:
                line.accepted = amount
        for name, value in values.items():
            setattr(form, name, value)
        wizard = form.save()
        return wizard, wizard.action_close()

    def _taxes(self, credit):
        """:return: dict {tax: (base, tax)} of a credit note"""
        return {
            line.tax_line_id: (
                line.tax_base_amount,
                -line.amount_currency if line.amount_currency < 0 else line.amount_currency,
            )
            for line in credit.line_ids.filtered('tax_line_id')
        }

    # ------------------------------------------------------------------
    # Preparing
    # ------------------------------------------------------------------
    def test_accepted_sum(self):
        """A contested sum is credited to the cent, with its taxes in the proportion of the invoice."""
        dispute = self._dispute(self.invoice, 133)
        _wizard, action = self._close(dispute, 'accepted')
        credit = dispute.credit_note_ids
        self.assertEqual(action['res_id'], credit.id)
        self.assertEqual(
            (credit.state, credit.move_type, credit.reversed_entry_id), ('draft', 'out_refund', self.invoice)
        )
        self.assertEqual(
            (credit.partner_id, credit.journal_id, credit.currency_id, credit.company_id),
            (self.invoice.partner_id, self.invoice.journal_id, self.invoice.currency_id, self.invoice.company_id),
        )
        self.assertEqual(credit.amount_total, 133)
        self.assertEqual(self._taxes(credit), {self.tax_20: (50, 10), self.tax_10: (30, 3)})
        self.assertEqual((dispute.state, dispute.credit_state), ('open', 'to_post'))
        self.assertEqual(dispute.line_ids.accepted, 133)

    def test_accepted_whole(self):
        """All of an invoice is Odoo's own reversal, line by line."""
        dispute = self._dispute(self.invoice)
        self._close(dispute, 'accepted')
        credit = dispute.credit_note_ids
        self.assertEqual(credit.invoice_line_ids.mapped('name'), ["machine", "manual", "deposit"])
        self.assertEqual(credit.amount_total, self.invoice.amount_total)
        credit.action_post()
        self.assertEqual(dispute.state, 'closed')
        self.assertEqual(self.invoice.payment_state, 'reversed')

    def test_accepted_lines(self):
        """Contested lines are credited as they were invoiced."""
        manual = self.invoice.invoice_line_ids.filtered(lambda line: line.name == "manual")
        dispute = self.env['collection.dispute'].create(
            {
                'type_id': self.type.id,
                'line_ids': [
                    Command.create({'move_id': self.invoice.id, 'invoice_line_ids': [Command.set(manual.ids)]})
                ],
            }
        )
        self.assertEqual(dispute.amount, 330)
        self._close(dispute, 'accepted')
        credit = dispute.credit_note_ids
        self.assertEqual(credit.invoice_line_ids.mapped('name'), ["manual"])
        self.assertEqual((credit.amount_untaxed, credit.amount_total), (300, 330))

    def test_partly(self):
        """What is accepted is less than what is contested; of contested lines, only their taxes are credited."""
        machine = self.invoice.invoice_line_ids.filtered(lambda line: line.name == "machine")
        dispute = self.env['collection.dispute'].create(
            {
                'type_id': self.type.id,
                'line_ids': [
                    Command.create({'move_id': self.invoice.id, 'invoice_line_ids': [Command.set(machine.ids)]})
                ],
            }
        )
        with self._refused("choose the outcome Accepted"):
            self._close(dispute, 'partly', accepted=[600])
        with self._refused("Say how much is accepted"):
            self._close(dispute, 'partly', accepted=[0])
        with self._refused("cannot be accepted", ValidationError):
            dispute._accept('partly', {dispute.line_ids: 700})
        self._close(dispute, 'partly', accepted=[100])
        credit = dispute.credit_note_ids
        self.assertEqual(credit.amount_total, 100)
        self.assertEqual(self._taxes(credit), {self.tax_20: (83.33, 16.67)})
        credit.action_post()
        self.assertEqual((dispute.state, dispute.outcome), ('closed', 'partly'))
        self.assertEqual(self.invoice.amount_residual, 1230)

    def test_posted_closes(self):
        """The dispute is closed by posting its credit note, on that day, with the response time from there."""
        dispute = self._dispute(self.invoice, 133)
        self._close(dispute, 'accepted')
        with freeze_time('2026-03-05 09:00:00'):
            dispute.credit_note_ids.with_user(self.collector).action_post()
            self.assertEqual((dispute.state, dispute.outcome), ('closed', 'accepted'))
            self.assertEqual(str(dispute.closed_on), '2026-03-05')
            self.assertEqual(str(dispute.response_until), '2026-03-12')
        self.assertFalse(dispute.credit_outcome)
        self.assertEqual(dispute.credit_note_ids.payment_state, 'paid')
        self.assertEqual(self.invoice.amount_residual, self.invoice.amount_total - 133)
        self.assertFalse(dispute.activity_ids)

    def test_stated_date(self):
        """A date stated to the customer replaces the response time, also when the credit note is posted later."""
        dispute = self._dispute(self.invoice, 133)
        self._close(dispute, 'partly', accepted=[100], response_until='2026-04-01')
        with freeze_time('2026-03-05 09:00:00'):
            dispute.credit_note_ids.action_post()
        self.assertEqual(str(dispute.response_until), '2026-04-01')

    def test_a_date_given_is_a_working_day(self):
        """A day off chosen in the dialog goes on to the next working day; a method refuses it and names that day (R54)."""
        dispute = self._dispute(self.invoice, 133)
        with self._refused("Saturday 4 April 2026 is no working day: the next one is Monday 6 April 2026."):
            dispute.action_close('rejected', '2026-04-04')
        with self._refused("the next one is Monday 6 April 2026"):
            dispute._accept('accepted', {dispute.line_ids: 133}, response_until=date(2026, 4, 5))
        self.assertEqual(dispute.stage, 'solving')
        self._close(dispute, 'partly', accepted=[100], response_until='2026-04-04')
        self.assertEqual((dispute.response_until, dispute.stage), (date(2026, 4, 6), 'credit'))
        # a holiday entered meanwhile does not stop the credit note
        self.env['collection.holiday'].create({'name': "Easter Monday", 'date': '2026-04-06'})
        dispute.credit_note_ids.action_post()
        self.assertEqual((dispute.response_until, dispute.stage), (date(2026, 4, 7), 'closed'))

    def test_the_answer_names_a_working_day(self):
        dispute = self._dispute(self.invoice, 133)
        form = Form(self.env['collection.dispute.close'].with_user(self.collector).with_context(
            default_dispute_id=dispute.id))  # fmt: skip
        form.outcome = 'rejected'
        form.response_until = '2026-04-04'
        self.assertEqual(str(form.response_until), '2026-04-06')
        self.assertIn('04/06/2026', form.body)

    def test_contested_instalment_first(self):
        """The credit note is matched with the contested instalment, not with the first one of the invoice."""
        invoice = self._taxed(invoice_payment_term_id=self.term.id)
        first, second = invoice._collection_instalments()
        dispute = self.env['collection.dispute'].create(
            {
                'type_id': self.type.id,
                'line_ids': [Command.create({'move_id': invoice.id, 'line_id': second.id, 'amount': 200})],
            }
        )
        self._close(dispute, 'accepted')
        dispute.credit_note_ids.action_post()
        self.assertEqual(first.amount_residual, first.balance)
        self.assertEqual(second.amount_residual, second.balance - 200)

    def test_several_invoices(self):
        """A credit note for each invoice; the last one posted closes the dispute."""
        other = self._taxed()
        dispute = self.env['collection.dispute'].create(
            {
                'type_id': self.type.id,
                'line_ids': [
                    Command.create({'move_id': self.invoice.id, 'amount': 133}),
                    Command.create({'move_id': other.id, 'amount': 66.5}),
                ],
            }
        )
        self._close(dispute, 'accepted')
        self.assertEqual(sorted(dispute.credit_note_ids.mapped('amount_total')), [66.5, 133])
        dispute.credit_note_ids[0].action_post()
        self.assertEqual(dispute.state, 'open')
        dispute.credit_note_ids.filtered(lambda move: move.state == 'draft').action_post()
        self.assertEqual(dispute.state, 'closed')

    def test_several_disputes(self):
        """Two disputes on one invoice are credited apart."""
        first, second = self._dispute(self.invoice, 133), self._dispute(self.invoice, 200)
        self._close(first, 'accepted')
        self._close(second, 'accepted')
        first.credit_note_ids.action_post()
        self.assertEqual((first.state, second.state), ('closed', 'open'))
        second.credit_note_ids.action_post()
        self.assertEqual(second.state, 'closed')
        self.assertEqual(self.invoice.amount_residual, self.invoice.amount_total - 333)

    def test_foreign_currency(self):
        """In the currency of the invoice, at the rate of the day; matched all the same."""
        currency = self.setup_other_currency('EUR')
        invoice = self._taxed(currency_id=currency.id)
        dispute = self._dispute(invoice, 133)
        self._close(dispute, 'accepted')
        credit = dispute.credit_note_ids
        self.assertEqual((credit.currency_id, credit.amount_total), (currency, 133))
        credit.action_post()
        self.assertEqual(invoice.amount_residual, invoice.amount_total - 133)
        self.assertEqual(dispute.state, 'closed')

    # ------------------------------------------------------------------
    # Who does what
    # ------------------------------------------------------------------
    def test_caller_asks(self):
        """A caller makes no credit note: a collector finds it on his list (R24)."""
        self.company.collection_user_id = self.collector
        dispute = self._dispute(self.invoice, 133)
        self._close(dispute, 'accepted', user=self.caller)
        self.assertFalse(dispute.credit_note_ids)
        self.assertEqual((dispute.state, dispute.credit_state), ('open', 'to_prepare'))
        self.assertEqual(dispute.activity_ids.user_id, self.collector)
        self.assertEqual(dispute.activity_ids.summary, "Credit note to post")
        with self._refused("", AccessError):
            dispute.with_user(self.caller).action_prepare_credit()
        action = dispute.with_user(self.collector).action_prepare_credit()
        self.assertEqual(action['res_id'], dispute.credit_note_ids.id)
        self.assertEqual(dispute.credit_note_ids.amount_total, 133)
        with self._refused("cannot be written directly", AccessError):
            dispute.with_user(self.collector).credit_outcome = 'partly'
        with self._refused("decided when it is closed", AccessError):
            dispute.with_user(self.collector).line_ids.accepted = 1

    def test_without_the_form(self):
        """The dialog works out the same for who calls it from outside."""
        values = {'outcome': 'accepted', 'dispute_id': self._dispute(self.invoice, 133).id}
        dialog = self.env['collection.dispute.close'].with_user(self.collector).create(values)
        dialog.action_close()
        self.assertEqual(dialog.dispute_id.credit_note_ids.amount_total, 133)

    def test_proposal(self):
        """The dialog starts from what the resolver proposes and says who it was."""
        dispute = self._dispute(self.invoice, 133)
        dispute.with_user(self.lead).action_propose('partly', "One box of two was missing", 66.5)
        form = Form(self.env['collection.dispute.close'].with_context(default_dispute_id=dispute.id))
        self.assertEqual(form.outcome, 'partly')
        self.assertIn(self.lead.name, form.proposal)
        self.assertEqual(form.proposed_text, "One box of two was missing")
        form.save().action_close()
        self.assertEqual(dispute.credit_note_ids.amount_total, 66.5)

    def test_nothing_to_credit(self):
        """What was put right otherwise needs no credit note: so it is proposed where a document was missing."""
        missing = self._dispute(
            self.invoice, 20, type_id=self.env.ref('account_collection_followup.dispute_type_missing_document').id
        )
        self._close(missing, 'accepted', user=self.caller)
        self.assertEqual((missing.state, missing.credit_note_ids), ('closed', self.env['account.move']))
        dispute = self._dispute(self.invoice, 133)
        self._close(dispute, 'accepted', settlement='none')
        self.assertEqual((dispute.state, dispute.outcome), ('closed', 'accepted'))
        self.assertFalse(dispute.credit_note_ids)

    def test_nothing_to_credit_is_for_a_collector(self):
        """But for a missing document, a caller does not close what is accepted without a credit note, nor from outside."""
        dispute = self._dispute(self.invoice, 133)
        for outcome in ('accepted', 'partly'):
            with self._refused("a collector closes", AccessError):
                dispute.with_user(self.caller).action_close(outcome)
        with self._refused("a collector closes", AccessError):
            self._close(dispute, 'accepted', user=self.caller, settlement='none')
        self.assertEqual(dispute.state, 'open')
        dispute.with_user(self.collector).action_close('accepted')
        self.assertEqual(dispute.state, 'closed')

    def test_rejected_is_answered(self):
        """Who is told no is told how: not to say it does not pass, whoever calls the dialog."""
        dispute = self._dispute(self.invoice, 133)
        values = {'dispute_id': dispute.id, 'outcome': 'rejected', 'answer_means': False}
        dialog = self.env['collection.dispute.close'].with_user(self.collector).create(values)
        with self._refused("how the customer is answered"):
            dialog.action_close()
        self.assertEqual(dispute.state, 'open')

    def test_existing_credit_note(self):
        """A credit note made before settles the dispute, at once if it is posted."""
        credit = self.env['account.move'].create(
            {
                'move_type': 'out_refund',
                'partner_id': self.customer.id,
                'invoice_date': '2026-03-02',
                'invoice_line_ids': [self._prepare_invoice_line(price_unit=133, tax_ids=[])],
            }
        )
        credit.action_post()
        other = self._taxed()
        dispute = self._dispute(other, 133)
        self._close(dispute, 'accepted', settlement='existing', credit_note_ids=credit)
        self.assertEqual((dispute.state, dispute.credit_note_ids), ('closed', credit))
        by_hand = self.env['account.move'].create(
            {
                'move_type': 'out_refund',
                'partner_id': self.customer.id,
                'invoice_line_ids': [self._prepare_invoice_line(price_unit=60, tax_ids=[])],
            }
        )
        second = self._dispute(other, 133)
        self._close(second, 'partly', accepted=[60], settlement='existing', credit_note_ids=by_hand)
        self.assertEqual((second.state, second.credit_state), ('open', 'to_post'))
        by_hand.action_post()
        self.assertEqual((second.state, other.amount_residual), ('closed', other.amount_total - 193))
        with self._refused("settles a dispute already"):
            third = self._dispute(other, 20)
            third._accept('accepted', {third.line_ids: 20}, credit_notes=by_hand)
        with self._refused("is not a dispute of", ValidationError):
            credit.collection_dispute_id = self._dispute(self._invoice(50, partner_id=self.partner_b.id))
        with self._refused("Only a credit note", ValidationError):
            self.invoice.collection_dispute_id = dispute

    # ------------------------------------------------------------------
    # What happens to the credit note
    # ------------------------------------------------------------------
    def test_draft_deleted(self):
        """Without its credit note the dispute stays open and says so; another one can be prepared."""
        dispute = self._dispute(self.invoice, 133)
        self._close(dispute, 'accepted')
        with self._refused("post or delete it first"):
            dispute.action_close('rejected')
        dispute.credit_note_ids.unlink()
        self.assertEqual((dispute.state, dispute.credit_state), ('open', 'to_prepare'))
        self.assertIn("was deleted", dispute.message_ids[0].body)
        self.assertTrue(dispute.activity_ids)
        dispute.action_prepare_credit()
        dispute.credit_note_ids.button_cancel()
        self.assertEqual((dispute.state, dispute.credit_state), ('open', 'to_prepare'))
        dispute.action_prepare_credit()
        dispute.credit_note_ids.filtered(lambda move: move.state == 'draft').action_post()
        self.assertEqual(dispute.state, 'closed')

    def test_decided(self):
        """What is decided is not changed under its credit note, and is late as such, not as a dispute to solve."""
        dispute = self._dispute(self.invoice, 133)
        self._close(dispute, 'accepted')
        with self._refused("is decided and waits for its credit note"):
            dispute.line_ids.amount = 200
        with self._refused("is decided and waits for its credit note"):
            dispute.write({'line_ids': [Command.create({'move_id': self.invoice.id, 'amount': 10})]})
        with self._refused("is decided and waits for its credit note"):
            dispute.line_ids.unlink()
        Exceptions = self.env['collection.exception']
        domain = [('res_id', '=', dispute.id), ('kind', 'in', ('dispute', 'credit'))]
        self.env.flush_all()
        self.assertFalse(Exceptions.search(domain))
        with freeze_time('2026-03-30 09:00:00'):
            late = Exceptions.search(domain)
            self.assertEqual((late.kind, late.amount), ('credit', 133))
            self.assertIn("still a draft", late.detail)
            dispute.credit_note_ids.unlink()
            self.env.invalidate_all()
            self.assertIn("not prepared", late.detail)

    def test_decided_anew(self):
        """A decision that was not carried out can be replaced."""
        dispute = self._dispute(self.invoice, 133)
        self._close(dispute, 'accepted')
        dispute.credit_note_ids.unlink()
        dispute.action_close('rejected')
        self.assertEqual((dispute.outcome, dispute.line_ids.accepted, dispute.credit_outcome), ('rejected', 0, False))

    def test_undone_same_day(self):
        """Reset to draft, the credit note opens its dispute again, as it was decided; posted again, it closes it."""
        dispute = self._dispute(self.invoice, 133)
        self._close(dispute, 'accepted')
        credit = dispute.credit_note_ids
        credit.action_post()
        credit.button_draft()
        self.assertEqual((dispute.state, dispute.credit_outcome, dispute.credit_state), ('open', 'accepted', 'to_post'))
        self.assertEqual(dispute.line_ids.accepted, 133)
        credit.action_post()
        self.assertEqual((dispute.state, dispute.outcome), ('closed', 'accepted'))

    def test_undone_later(self):
        """On a later day the closed dispute keeps its dates and another one goes on, with the credit note."""
        dispute = self._dispute(self.invoice, 133)
        self._close(dispute, 'partly', accepted=[100])
        credit = dispute.credit_note_ids
        credit.action_post()
        with freeze_time('2026-03-09 09:00:00'):
            credit.with_user(self.collector).button_draft()
            follower = credit.collection_dispute_id
            self.assertEqual((follower.previous_id, follower.state), (dispute, 'open'))
            self.assertEqual((follower.credit_outcome, follower.line_ids.accepted), ('partly', 100))
            self.assertEqual((dispute.state, str(dispute.closed_on)), ('closed', '2026-03-02'))
            credit.action_post()
            self.assertEqual((follower.state, follower.outcome), ('closed', 'partly'))

    def test_reopened_by_hand(self):
        """Taken up again by hand, a credited dispute keeps its credit note, whatever the day."""
        dispute = self._dispute(self.invoice, 133)
        self._close(dispute, 'partly', accepted=[100])
        credit = dispute.credit_note_ids
        credit.action_post()
        follower = dispute.action_reopen()
        self.assertNotEqual(follower, dispute)
        self.assertEqual((follower.previous_id, dispute.credit_note_ids), (dispute, credit))
        self.assertEqual((follower.line_ids.accepted, follower.credit_outcome), (0, False))

    def test_response_time_of_the_rest(self):
        """What was credited is settled: only the rest of what was contested has its response time (R16)."""
        dispute = self._dispute(self.invoice, 300)
        self._close(dispute, 'partly', accepted=[100])
        dispute.credit_note_ids.action_post()
        self.env.flush_all()
        [item] = self.env['collection.plan']._plan(self.company, date(2026, 3, 3), partners=self.customer)
        self.assertEqual((item.residual, item.responding), (1230, 200))

    def test_posting_costs_nothing(self):
        """What is asked of every document that is posted is in the cache already: no query more."""
        drafts = self.env['account.move']
        for _number in range(3):
            drafts += self._create_invoice(partner_id=self.customer.id, invoice_date='2026-03-02')
        self.env.flush_all()
        self.env.invalidate_all()
        drafts.action_post()
        with self.assertQueryCount(0):
            self.assertFalse(drafts.collection_dispute_id)


@tagged('post_install', '-at_install')
@freeze_time('2026-03-02 09:00:00')
class TestDisputeAnswer(FactsCommon):
    """A rejected dispute is answered to the customer, with its proof (R16)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.collector = new_test_user(
            cls.env, 'facts_collector', groups=GROUP + 'collector', company_id=cls.company.id, email='c@example.com'
        )
        cls.customer.email = 'customer@example.com'
        with freeze_time('2026-03-02 09:00:00'):
            cls.invoice = cls._invoice(1000)
            cls.dispute = cls._dispute(cls.invoice, 200, motive='bad_faith', reason="Two boxes were missing")
        cls.proof = cls.env['ir.attachment'].create(
            {'name': "delivery.pdf", 'raw': b"x", 'res_model': 'collection.dispute', 'res_id': cls.dispute.id}
        )

    def _reject(self, **values):
        form = Form(self.env['collection.dispute.close'].with_user(self.collector).with_context(
            default_dispute_id=self.dispute.id))  # fmt: skip
        form.outcome = 'rejected'
        for name, value in values.items():
            setattr(form, name, value)
        form.save().action_close()
        return self.dispute.answer_mail_id

    def test_sent(self):
        """By e-mail, with the proof chosen, to who pays there; nobody becomes a follower."""
        followers = self.dispute.message_follower_ids.partner_id
        mail = self._reject(proof_ids=self.proof)
        self.assertEqual((self.dispute.state, self.dispute.outcome), ('closed', 'rejected'))
        self.assertEqual(mail.recipient_ids, self.customer)
        self.assertEqual(mail.attachment_ids, self.proof)
        self.assertEqual((mail.model, mail.res_id), ('collection.dispute', self.dispute.id))
        self.assertIn(self.invoice.name, mail.body_html)
        self.assertIn("03/09/2026", mail.body_html)
        self.assertNotIn("aith", mail.body_html + mail.subject)
        self.assertFalse((self.dispute.message_follower_ids.partner_id - followers).filtered('partner_share'))
        self.assertEqual((self.dispute.answer_means, self.dispute.answer_state), ('email', 'queued'))
        mail._postprocess_sent_message(success_pids=self.customer.ids, success_emails=[])
        self.assertEqual(self.dispute.answer_state, 'sent')

    def test_language(self):
        """In the language of the contact."""
        self.env['res.lang']._activate_lang('fr_FR')
        self.customer.lang = 'fr_FR'
        template = self.env.ref('account_collection_followup.mail_template_dispute_rejected')
        template.with_context(lang='fr_FR').body_html = '<p>Bonjour, avant le <t t-out="object.answer_until_text"/></p>'
        mail = self._reject()
        self.assertIn("Bonjour, avant le 09/03/2026", mail.body_html)

    def test_edited(self):
        """The text follows the date until somebody writes his own, and then says if the date is missing."""
        form = Form(self.env['collection.dispute.close'].with_user(self.collector).with_context(
            default_dispute_id=self.dispute.id))  # fmt: skip
        form.outcome = 'rejected'
        form.response_until = '2026-03-20'
        self.assertIn("03/20/2026", form.body)
        self.assertFalse(form.message_warning, "the proof is enclosed from the start")
        form.proof_ids.clear()
        self.assertEqual(form.message_warning, "Nothing is enclosed that proves it.")
        form.proof_ids.add(self.proof)
        self.assertFalse(form.message_warning)
        form.body = "<p>No.</p>"
        form.response_until = '2026-03-23'
        self.assertEqual(form.body, "<p>No.</p>")
        self.assertIn("03/23/2026", form.message_warning)
        form.save().action_close()
        self.assertIn("No.", self.dispute.answer_mail_id.body_html)
        self.assertEqual(str(self.dispute.response_until), '2026-03-23')

    def test_failed(self):
        """An answer that could not leave is shown, on somebody's list, and sent again with a new response time."""
        self.company.collection_user_id = self.collector
        mail = self._reject(proof_ids=self.proof)
        mail._postprocess_sent_message(success_pids=[], success_emails=[], failure_reason="No such user")
        self.assertEqual((self.dispute.answer_state, self.dispute.answer_failure), ('failed', "No such user"))
        self.assertEqual(self.dispute.activity_ids.user_id, self.collector)
        self.env.flush_all()
        exceptions = self.env['collection.exception'].search([('kind', '=', 'answer')])
        self.assertEqual(exceptions.filtered(lambda one: one.res_id == self.dispute.id).partner_id, self.customer)
        with freeze_time('2026-03-16 09:00:00'):
            self.customer.email = 'right@example.com'
            self.dispute.with_user(self.collector).action_resend_answer()
            self.assertEqual(str(self.dispute.response_until), '2026-03-23')
        self.assertEqual(self.dispute.answer_state, 'queued')
        self.assertNotEqual(self.dispute.answer_mail_id, mail)
        self.assertEqual(self.dispute.answer_mail_id.attachment_ids, self.proof)
        self.assertFalse(self.dispute.activity_ids)
        with self._refused("No answer to this customer failed"):
            self.dispute.action_answered_by_letter()

    def test_deleted_from_queue(self):
        self._reject().unlink()
        self.assertEqual(self.dispute.answer_state, 'failed')
        self.dispute.action_answered_by_letter()
        self.assertEqual((self.dispute.answer_state, self.dispute.answer_means), ('sent', 'letter'))

    def test_by_letter(self):
        """Where nobody can be reached by e-mail, or by choice."""
        self.customer.email = False
        self.assertFalse(self._reject())
        self.assertEqual((self.dispute.state, self.dispute.answer_means), ('closed', 'letter'))

    def test_refused(self):
        """Nobody else's contact, no file of something else, no address that refuses."""
        other = self.env['ir.attachment'].create(
            {'name': "other", 'raw': b"x", 'res_model': 'res.partner', 'res_id': self.partner_b.id}
        )
        with self._refused("no contact of this customer"):
            self.dispute._send_answer(self.partner_b, "s", "b", other.browse())
        with self._refused("is no file of this dispute", AccessError):
            self.dispute._send_answer(self.customer, "s", "b", other)
        self.customer.collection_do_not_mail = True
        with self._refused("cannot be reached by e-mail"):
            self.dispute._send_answer(self.customer, "s", "b", other.browse())

    def test_withdrawn(self):
        """Who withdrew it is kept with the remark."""
        form = Form(self.env['collection.dispute.close'].with_context(default_dispute_id=self.dispute.id))
        form.outcome = 'withdrawn'
        form.contact_id = self.customer
        form.answer = "The boxes were found"
        form.save().action_close()
        self.assertEqual(self.dispute.outcome, 'withdrawn')
        self.assertIn(
            f"Withdrawn by {self.customer.name}. The boxes were found", str(self.dispute.message_ids.mapped('body'))
        )
        self.assertFalse(self.dispute.answer_mail_id)

    def test_guarded(self):
        with self._refused("cannot be written directly", AccessError):
            self.dispute.with_user(self.collector).answer_state = 'sent'
        internal(self.dispute).answer_state = 'sent'
        with self._refused("No answer to this customer failed", UserError):
            self.dispute.action_resend_answer()
