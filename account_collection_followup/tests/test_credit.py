from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .common import TODAY, CollectionCommon


@tagged('post_install', '-at_install')
@freeze_time(TODAY)
class TestCredit(CollectionCommon):
    """Credit data and the insurer's time limit (R79)."""

    def credit(self, partner=None, **values):
        return self.env['collection.credit'].create(
            {
                'partner_id': (partner or self.partner_a).id,
                'insurer': "Insurer",
                'insured_amount': 5000,
                'declare_days': 20,
                **values,
            }
        )

    def exceptions(self):
        self.env.flush_all()
        return self.env['collection.exception'].search([('kind', '=', 'declare')])

    def declare_day(self, day):
        with freeze_time(day):
            self.env['collection.credit']._prepare_day(self.company)
            self.env.cr.flush()

    def test_limit_of_the_oldest_overdue_invoice(self):
        """Due 20 February and 20 days: 12 March. A limit on a day off moves backward (R54)."""
        credit = self.credit()
        self.assertFalse(credit.declare_by)
        self.invoice(due='2026-02-20')
        self.invoice(due='2026-02-25')
        self.env.invalidate_all()
        self.assertEqual(str(credit.declare_by), '2026-03-12')
        credit.declare_days = 22  # 14 March is a Saturday
        self.assertEqual(str(credit.declare_by), '2026-03-13')

    def test_limit_from_the_invoice(self):
        credit = self.credit(declare_from='invoice', declare_days=60)
        self.invoice(due='2026-02-20', invoice_date='2026-01-21')
        self.assertEqual(str(credit.declare_by), '2026-03-20')  # 22 March is a Sunday

    def test_what_is_not_insured_has_no_limit(self):
        move = self.invoice(due='2026-02-20', invoice_date='2026-01-21')
        credit = self.credit(insured_amount=0)
        self.assertFalse(credit.declare_by)
        credit.insured_amount = 100
        self.assertTrue(credit.declare_by)
        credit.valid_until = '2026-01-20'
        self.assertFalse(credit.declare_by, "dated after the insurance ended")
        credit.valid_until = '2026-01-21'
        self.assertTrue(credit.declare_by)
        self.pay(move)
        self.env.invalidate_all()
        self.assertFalse(credit.declare_by)

    def test_not_due_is_not_declared(self):
        credit = self.credit()
        self.invoice(due='2026-03-02')
        self.assertFalse(credit.declare_by)

    def test_activity_before_the_limit(self):
        """Ten days before, a setting, for the responsible; it goes when the invoice is paid."""
        credit = self.credit(declare_days=30)  # due 20 February: 22 March, a Sunday
        move = self.invoice(due='2026-02-20')
        self.declare_day('2026-03-09')
        self.assertFalse(credit.activity_ids)
        self.declare_day('2026-03-10')
        self.assertEqual(credit.activity_ids.user_id, self.collector)
        self.assertEqual(str(credit.activity_ids.date_deadline), '2026-03-20')
        self.declare_day('2026-03-11')
        self.assertEqual(len(credit.activity_ids), 1)
        self.pay(move)
        self.declare_day('2026-03-12')
        self.assertFalse(credit.activity_ids)

    def test_the_day_begins_with_it(self):
        credit = self.credit()
        self.invoice()
        self.run_day()
        self.assertEqual(len(credit.activity_ids), 1)

    def test_declared(self):
        """Nothing is asked again for what was declared; a new invoice is. Taken back, it is asked again."""
        credit = self.credit()
        move = self.invoice(due='2026-02-20')
        self.declare_day(TODAY)
        credit.with_user(self.collector).action_declare()
        declaration = credit.declaration_ids
        self.assertEqual((declaration.move_ids, str(declaration.declared_on)), (move, TODAY))
        self.assertEqual((declaration.user_id, declaration.amount), (self.collector, 1000))
        self.assertFalse(credit.declare_by or credit.activity_ids)
        self.assertIn(move.name, credit.message_ids[0].body)
        with self.assertRaises(UserError):
            credit.action_declare()
        self.invoice(due='2026-02-26')
        self.env.invalidate_all()
        self.assertEqual(str(credit.declare_by), '2026-03-18')
        declaration.with_user(self.collector).action_cancel()
        self.env.invalidate_all()
        self.assertEqual(str(credit.declare_by), '2026-03-12')

    def test_each_instalment_by_itself(self):
        """A declaration covers what was overdue then: the instalment that falls due later is declared by itself."""
        term = self.env['account.payment.term'].create(
            {
                'name': "Half at once, half later",
                'line_ids': [
                    Command.create({'value': 'percent', 'value_amount': 50, 'nb_days': days}) for days in (0, 30)
                ],
            }
        )
        credit = self.credit(declare_days=10)
        move = self.invoice(due=False, invoice_date='2026-02-20', invoice_payment_term_id=term.id)
        credit.with_user(self.collector).action_declare()
        self.assertEqual((credit.declaration_ids.move_ids, credit.declaration_ids.amount), (move, 500))
        self.assertFalse(credit.declare_by)
        for day, limit in (('2026-03-22', None), ('2026-03-23', '2026-04-01'), ('2026-04-01', '2026-04-01')):
            with freeze_time(day):
                self.env.invalidate_all()
                self.assertEqual(str(credit.declare_by or None), str(limit))
                self.assertFalse(self.exceptions())
        with freeze_time('2026-04-02'):
            self.env.invalidate_all()
            self.assertEqual((self.exceptions().partner_id, self.exceptions().amount), (self.partner_a, 500))
            credit.with_user(self.collector).action_declare()
            self.assertEqual(credit.declaration_ids.mapped('amount'), [500, 500])
            self.env.invalidate_all()
            self.assertFalse(credit.declare_by or self.exceptions())

    def test_passed_limit_is_an_exception(self):
        """From the first working day after it, until it is declared: what the SQL says is what the ORM says."""
        credit = self.credit()
        self.invoice(due='2026-02-20')
        self.invoice(self.partner_b, due='2026-02-20')
        self.credit(self.partner_b, declare_days=90)
        for day, passed in (('2026-03-12', False), ('2026-03-13', True)):
            with freeze_time(day):
                self.env.invalidate_all()
                found = self.exceptions()
                self.assertEqual(found.partner_id, self.partner_a if passed else self.env['res.partner'])
                limits = [rows[0].limit for rows in credit._get_undeclared().values()]
                self.assertEqual(limits[0] < self.company._collection_today(), passed)
        with freeze_time('2026-03-13'):
            self.assertIn("Insurer", found.detail)
            self.assertEqual((found.amount, found.user_id), (1000, self.collector))
            self.assertEqual(found.action_open()['res_id'], credit.id)
            credit.action_declare()
            self.assertFalse(self.exceptions())

    def test_history_is_kept(self):
        credit = self.credit().with_context(tracking_disable=False, mail_notrack=False)
        self.env.cr.flush()
        credit.insured_amount = 8000
        self.env.cr.flush()
        self.assertTrue(credit.message_ids.tracking_value_ids)

    def test_one_per_customer_and_root(self):
        credit = self.credit(self.env['res.partner'].create({'name': "Buyer", 'parent_id': self.partner_a.id}))
        self.assertEqual(credit.partner_id, self.partner_a)
        self.assertEqual(self.partner_a.collection_credit_id, credit)
        self.assertIn("Insured by Insurer", self.partner_a.collection_credit_text)
        with self.assertRaises(AccessError):
            credit.partner_id = self.partner_b

    def test_in_words(self):
        self.credit(rating='B2', rating_source="Agency", rating_on='2026-01-15', valid_until='2026-12-31')
        lines = self.partner_a.collection_credit_text.split('\n')
        self.assertEqual(lines[1], "Rated B2 (Agency, 01/15/2026)")
        self.assertIn("until 12/31/2026", lines[0])
        self.credit(self.partner_b, insured_amount=0, insurer=False, rating='A')
        self.assertEqual(self.partner_b.collection_credit_text, "Not insured\nRated A")

    def test_who_may_what(self):
        credit = self.credit()
        self.invoice()
        groups = 'base.group_user,account_collection_followup.group_collection_%s'
        caller = new_test_user(self.env, login='test_caller', groups=groups % 'caller')
        rep = new_test_user(self.env, login='test_rep', groups=groups % 'resolver')
        self.assertEqual(credit.with_user(caller).insurer, "Insurer")
        with self.assertRaises(AccessError):
            credit.with_user(caller).insured_amount = 1
        with self.assertRaises(AccessError):
            credit.with_user(caller).action_declare()
        with self.assertRaises(AccessError):
            credit.with_user(rep).read(['insurer'])
        with self.assertRaises(AccessError):
            self.partner_a.with_user(rep).read(['collection_credit_text'])
        with self.assertRaises(AccessError):
            self.env['collection.credit.declaration'].create(
                {'credit_id': credit.id, 'declared_on': TODAY, 'user_id': self.collector.id}
            )
