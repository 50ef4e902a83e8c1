from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged

from .facts_common import GROUP, FactsCommon


@tagged('post_install', '-at_install')
@freeze_time('2026-03-02 09:00:00')
class TestDisputeEntry(FactsCommon):
    """How disputes are entered: lines of an invoice, several invoices, attachments, what is withheld (R11)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with freeze_time('2026-03-02 09:00:00'):
            cls.tax = cls.company_data['default_tax_sale'].copy({'name': "20 %", 'amount': 20})
            cls.invoice = cls._create_invoice(
                partner_id=cls.customer.id,
                invoice_date='2026-01-05',
                invoice_line_ids=[
                    cls._prepare_invoice_line(name="Chairs", price_unit=100, quantity=3, tax_ids=cls.tax),
                    cls._prepare_invoice_line(name="Tables", price_unit=500, tax_ids=cls.tax),
                    cls._prepare_invoice_line(name="Books", price_unit=40, tax_ids=[]),
                ],
                post=True,
            )
        cls.products = cls.invoice.invoice_line_ids

    def _lines_dispute(self, products, **values):
        return self.env['collection.dispute'].create(
            {
                'type_id': self.type.id,
                'line_ids': [
                    Command.create(
                        {'move_id': self.invoice.id, 'invoice_line_ids': [Command.set(products.ids)], **values}
                    )
                ],
            }
        )

    def test_lines_of_the_invoice(self):
        """The lines contested propose their amount with taxes; it can be less."""
        self.assertEqual(self.invoice.amount_total, 1000)
        dispute = self._lines_dispute(self.products[0] | self.products[2])
        self.assertEqual(dispute.amount, 400)
        self.assertEqual(dispute.line_ids.goods, "Chairs, Books")
        self.assertEqual(self._lines_dispute(self.products[1], amount=250).amount, 250)

    def test_lines_are_of_the_invoice(self):
        other = self._invoice(100)
        with self._refused("is no line of", ValidationError):
            self._lines_dispute(other.invoice_line_ids, amount=10)
        with self._refused("is no line of", ValidationError):
            self._lines_dispute(self._receivable(self.invoice), amount=10)

    def test_lines_on_screen(self):
        form = Form(
            self.env['collection.dispute'].with_context(default_partner_id=self.customer.id),
            'account_collection_followup.collection_dispute_view_form',
        )
        form.type_id = self.type
        with form.line_ids.new() as line:
            line.item_id = self.env['collection.item'].search([('move_id', '=', self.invoice.id)])
            self.assertEqual(line.amount, 1000)
            line.invoice_line_ids.add(self.products[2])
            self.assertEqual(line.amount, 40)
        dispute = form.save()
        self.assertEqual((dispute.amount, dispute.line_ids.invoice_line_ids), (40, self.products[2]))

    def test_resolver_sees_what_but_not_the_books(self):
        dispute = self._lines_dispute(self.products[0])
        line = dispute.line_ids.with_user(self.lead)
        self.assertEqual(line.goods, "Chairs")
        self.assertNotIn('invoice_line_ids', line.fields_get())
        with self.assertRaises(AccessError):
            line.read(['invoice_line_ids'])

    def test_several_invoices(self):
        """From the list of invoices: one dispute with a line for each, of one customer."""
        other = self._invoice(300)
        action = (self.invoice | other).action_add_dispute()
        form = Form(self.env[action['res_model']].with_context(**action['context']))
        form.type_id = self.type
        dispute = form.save()
        self.assertEqual({line.move_id: line.amount for line in dispute.line_ids}, {self.invoice: 1000, other: 300})
        strange = self._invoice(100, partner_id=self.partner_b.id)
        with self._refused("one customer"):
            (self.invoice | strange).action_add_dispute()

    def test_attachments(self):
        """What is attached where the reason is entered belongs to the dispute: its owner reads it."""
        caller = new_test_user(self.env, 'entry_caller', groups=GROUP + 'caller', company_id=self.company.id)
        Attachment = self.env['ir.attachment'].with_user(caller)
        photo = Attachment.create({'name': "broken.txt", 'raw': b"broken", 'res_model': 'collection.dispute'})
        private = self.env['ir.attachment'].create({'name': "mine.txt", 'raw': b"mine"})
        dispute = (
            self.env['collection.dispute']
            .with_user(caller)
            .create(
                {
                    'type_id': self.type.id,
                    'line_ids': [Command.create({'move_id': self.invoice.id, 'amount': 10})],
                    'attachment_ids': [Command.set(photo.ids)],
                }
            )
        )
        self.assertEqual((photo.res_model, photo.res_id), ('collection.dispute', dispute.id))
        self.assertEqual(photo.with_user(self.lead).read(['name'])[0]['name'], "broken.txt")
        letter = Attachment.create({'name': "letter.txt", 'raw': b"letter"})
        dispute.attachment_ids = [Command.link(letter.id)]
        self.assertEqual(letter.res_id, dispute.id)
        dispute.sudo().attachment_ids = [Command.link(private.id)]
        self.assertFalse(private.res_id, "nobody else's file is taken over")

    # -- withheld --------------------------------------------------------
    def test_withheld(self):
        """What is not paid because of a dispute is recorded apart; a collector chooses whether it is chased (R11)."""
        other = self._invoice(300)
        dispute = self._lines_dispute(self.products[0])
        dispute.withheld_line_ids = [Command.create({'move_id': other.id})]
        line = dispute.withheld_line_ids
        self.assertEqual((line.kind, line.amount, line.holds), ('withheld', 300, False))
        self.assertEqual((dispute.amount, dispute.amount_withheld), (360, 300))
        self.assertNotIn(line, dispute.line_ids)
        self.assertIn(other.name, str(dispute.message_ids[0].body))
        with self.assertRaises(AccessError):
            line.holds = True
        caller = new_test_user(self.env, 'entry_caller', groups=GROUP + 'caller', company_id=self.company.id)
        with self.assertRaises(AccessError):
            line.with_user(caller).action_hold()
        self.assertFalse(dispute.with_user(caller).can_withhold or line.with_user(caller).can_choose)
        collector = new_test_user(self.env, 'entry_collector', groups=GROUP + 'collector', company_id=self.company.id)
        self.assertTrue(dispute.with_user(collector).can_withhold and line.with_user(collector).can_choose)
        line.with_user(collector).action_hold()
        self.assertTrue(line.holds)
        self.assertEqual(dispute.message_ids[0].author_id, collector.partner_id)
        self.assertIn("not chased", str(dispute.message_ids[0].body))
        line.with_user(collector).action_chase()
        self.assertFalse(line.holds)
        with self._refused("contested itself"):
            dispute.line_ids.action_hold()
        dispute.action_close('rejected')
        with self._refused("closed dispute"):
            line.action_hold()

    def test_a_collector_says_what_is_withheld(self):
        caller = new_test_user(self.env, 'withheld_caller', groups=GROUP + 'caller', company_id=self.company.id)
        dispute, move = self._lines_dispute(self.products[0]).with_user(caller), self._invoice(300)
        values = {'dispute_id': dispute.id, 'move_id': move.id, 'kind': 'withheld'}
        Line, words = self.env['collection.dispute.line'], "Only a collector says what else is withheld"
        with self._refused(words, AccessError):
            Line.with_user(caller).create(values)
        with self._refused(words, AccessError):
            dispute.withheld_line_ids = [Command.create({'move_id': move.id})]
        line = Line.create(values).with_user(caller)
        with self._refused(words, AccessError):
            line.amount = 10
        with self._refused(words, AccessError):
            line.unlink()
        dispute.line_ids.amount = 100

    def test_holds_is_decided_by_methods(self):
        with self.assertRaises(AccessError):
            self._lines_dispute(self.products[0]).line_ids.holds = False
        dispute = self._lines_dispute(self.products[1], holds=False)
        self.assertTrue(dispute.line_ids.holds)
        with self.assertRaises(AccessError):
            dispute.line_ids.kind = 'withheld'

    def test_nothing_but_withheld(self):
        with self.assertRaisesRegex(UserError, "Add the invoices the customer contests"):
            self.env['collection.dispute'].create(
                {
                    'type_id': self.type.id,
                    'partner_id': self.customer.id,
                    'withheld_line_ids': [Command.create({'move_id': self.invoice.id})],
                }
            )
