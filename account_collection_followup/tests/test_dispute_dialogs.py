from freezegun import freeze_time

from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import html2plaintext

from .facts_common import GROUP, FactsCommon

ENCLOSED = "the enclosed documents show why"


@tagged('post_install', '-at_install')
@freeze_time('2026-03-02 09:00:00')
class TestDisputeDialogs(FactsCommon):
    """What the dialogs of a dispute start from and warn of (R11, R14, R16)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.collector = new_test_user(
            cls.env,
            'dialogs_collector',
            groups=GROUP + 'collector',
            company_id=cls.company.id,
            email='collector@example.com',
        )
        cls.company.write({'collection_user_id': cls.collector.id, 'collection_start_date': '2020-01-01'})
        cls.customer.email = 'a@example.com'
        with freeze_time('2026-03-02 09:00:00'):
            cls.invoice, cls.other = cls._invoice(1000), cls._invoice(300)

    def _get_close_form(self, dispute):
        model = self.env['collection.dispute.close'].with_user(self.collector)
        form = Form(model.with_context(default_dispute_id=dispute.id))
        form.outcome = 'rejected'
        return form

    def _get_proof(self):
        return self.env['ir.attachment'].with_user(self.lead).create({'name': "delivery note.pdf", 'raw': b"signed"})

    # ------------------------------------------------------------------
    # The answer and its proof
    # ------------------------------------------------------------------
    def test_proof_is_enclosed(self):
        """The proof of who solved it is ticked from the start, and the message speaks of it."""
        dispute, proof = self._dispute(self.invoice, 100), self._get_proof()
        dispute.with_user(self.lead).action_propose('rejected', "It was delivered", attachment_ids=proof.ids)
        form = self._get_close_form(dispute)
        self.assertEqual(form.proof_ids[:], proof)
        self.assertIn(ENCLOSED, html2plaintext(form.body))
        self.assertFalse(form.message_warning)
        form.save().action_close()
        mail = dispute.sudo().answer_mail_id
        self.assertEqual(mail.attachment_ids, proof)
        self.assertIn(ENCLOSED, mail.body_html)

    def test_nothing_is_enclosed(self):
        """Without documents the message claims none, as long as nobody wrote his own."""
        dispute, proof = self._dispute(self.invoice, 100), self._get_proof()
        form = self._get_close_form(dispute)
        self.assertNotIn(ENCLOSED, html2plaintext(form.body))
        self.assertIn("Nothing is enclosed", form.message_warning)
        dispute.with_user(self.lead).action_propose('rejected', "It was delivered", attachment_ids=proof.ids)
        form = self._get_close_form(dispute)
        form.proof_ids.clear()
        self.assertNotIn(ENCLOSED, html2plaintext(form.body))
        form.save().action_close()
        self.assertNotIn(ENCLOSED, dispute.sudo().answer_mail_id.body_html)

    def test_answer_with_proof(self):
        """Who answers adds his proof in the same dialog: it is a file of the dispute."""
        dispute, proof = self._dispute(self.invoice, 100), self._get_proof()
        form = Form(
            self.env['collection.reason']
            .with_user(self.lead)
            .with_context(default_purpose='answer', default_dispute_id=dispute.id),
            'account_collection_followup.collection_dispute_answer_view_form',
        )
        form.reason = "It was delivered"
        form.attachment_ids.add(proof)
        form.save().action_confirm()
        self.assertEqual((proof.res_model, proof.res_id), ('collection.dispute', dispute.id))
        self.assertIn(proof, dispute.message_ids.attachment_ids)
        self.assertEqual(dispute.finding, "It was delivered")

    # ------------------------------------------------------------------
    # Entry from invoices
    # ------------------------------------------------------------------
    def test_promised_is_contested_as_well(self):
        """What is promised in full may be contested; what is paid is left out, and told."""
        self._promise((self.other, 300, '2026-03-12'))
        paid = self._invoice(50)
        self._pay(self._receivable(paid), 50, '2026-03-02')
        action = (self.invoice | self.other | paid).action_add_dispute()
        form = Form(self.env['collection.dispute'].with_context(**action['context']))
        self.assertIn(f"{paid.name}: left out, nothing is open", form.left_out)
        form.type_id = self.type
        dispute = form.save()
        self.assertEqual(
            {line.move_id: line.amount for line in dispute.line_ids}, {self.invoice: 1000, self.other: 300}
        )
        action = (self.invoice | self._invoice(70)).action_add_dispute()
        self.assertIn(f"{self.invoice.name}: left out, disputed already", action['context']['default_left_out'])
        with self._refused("is disputed already"):
            self.invoice.action_add_dispute()

    def test_chosen_item(self):
        """Chosen in the form, an item brings what can be contested, promised or not."""
        self._promise((self.other, 300, '2026-03-12'))
        line = self.env['collection.dispute.line'].new(
            {'item_id': self.env['collection.item'].search([('move_id', '=', self.other.id)]).id}
        )
        line._onchange_item_id()
        self.assertEqual(line.amount, 300)

    def test_contested_already(self):
        """A second dispute about the same invoice warns, and is not refused."""
        first = self._dispute(self.invoice, 100)
        self.assertFalse(first.contested_warning)
        form = Form(self.env['collection.dispute'].with_context(default_partner_id=self.customer.id))
        form.type_id = self.type
        with form.line_ids.new() as line:
            line.item_id = self.env['collection.item'].search([('move_id', '=', self.invoice.id)])
        self.assertIn(f"{self.invoice.name} is contested already: {self.type.name}", form.contested_warning)
        second = form.save()
        self.assertTrue(second.contested_warning)
        first.action_close('withdrawn')
        second.invalidate_recordset(['contested_warning'])
        self.assertFalse(second.contested_warning)

    # ------------------------------------------------------------------
    # On whose list
    # ------------------------------------------------------------------
    def test_answered_is_not_the_leads_any_more(self):
        """Overdue and answered, a dispute waits for who closes it: the lead has nothing to do."""
        member = new_test_user(self.env, 'dialogs_member', groups=GROUP + 'resolver', company_id=self.company.id)
        self.team.user_ids = member
        dispute = self._dispute(self.invoice, 100, user_id=member.id)
        with freeze_time('2026-03-17 09:00:00'):
            self.env['collection.dispute']._escalate_overdue(self.company)
            self.assertEqual(dispute.escalated, 'lead')
            self.assertIn(self.lead, dispute.activity_ids.user_id)
            dispute.with_user(member).action_propose('rejected', "It was delivered")
            self.assertEqual(dispute.activity_ids.user_id, self.collector)

    # ------------------------------------------------------------------
    # Words
    # ------------------------------------------------------------------
    def test_days_that_apply(self):
        """A type without days of its own shows those of its team."""
        self.assertEqual(self.type.days_applied, 10)
        self.team.days = 7
        self.type.days = 0
        self.assertEqual(self.type.days_applied, 7)

    def test_case_says_what_holds_nothing(self):
        """A dispute that repeats a rejected one holds nothing: the case says so."""
        first = self._dispute(self.invoice, 100)
        first.action_close('rejected')
        self.assertNotIn("holds nothing", first.case_id.sentence)
        with freeze_time('2026-03-20 09:00:00'):
            self.env['collection.dispute'].create(
                {
                    'type_id': self.type.id,
                    'line_ids': [Command.create({'move_id': self.invoice.id, 'amount': 100})],
                }
            )
            first.case_id.invalidate_recordset(['sentence'])
            self.assertIn("1 dispute is open and holds nothing back.", first.case_id.sentence)
