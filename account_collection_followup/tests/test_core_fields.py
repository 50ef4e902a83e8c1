from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import TODAY, CollectionCommon

MODULE = 'account_collection_followup'
#: what any employee may know: who does what at a customer's, and cannot or does not want to be reached
CONTACT = {
    'collection_do_not_call', 'collection_do_not_mail', 'collection_refusal', 'collection_role_ids',
    'collection_wrong_number', 'collection_wrong_number_on',
}  # fmt: skip
#: what who has a role in Collections knows of a customer besides
FILE = {
    'collection_call_count', 'collection_circuit_id', 'collection_circuit_ids', 'collection_circuit_text',
    'collection_dispute_count', 'collection_file_gaps', 'collection_file_percent', 'collection_file_stale',
    'collection_file_text',
}  # fmt: skip
#: receivables and how we work them: who may read invoices, and callers
RECEIVABLES = {
    'collection_case_id', 'collection_credit_id', 'collection_credit_text', 'collection_overdue', 'collection_policy_id',
    'collection_policy_impact', 'collection_sentence', 'collection_user_id', 'property_collection_policy_id',
    'property_collection_user_id',
}  # fmt: skip


@tagged('post_install', '-at_install')
@freeze_time(TODAY)
class TestCoreFields(CollectionCommon):
    """Fields added to Odoo's own models: who reads them, beside the rights on the models themselves."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        roles = {
            'portal': 'base.group_portal',
            'employee': 'base.group_user',
            'resolver': f'{MODULE}.group_collection_resolver',
            'collector': f'{MODULE}.group_collection_collector',
        }
        cls.users = {
            role: new_test_user(cls.env, f'core_{role}', groups=groups, company_id=cls.company.id)
            for role, groups in roles.items()
        }
        cls.users['portal'].partner_id.parent_id = cls.partner_a
        cls.move = cls.invoice()

    def get_added(self):
        """:return: dict {model of Odoo's: names of the fields the add-on adds to it}"""
        added = {}
        for name, model in self.env.items():
            names = {
                field.name
                for field in model._fields.values()
                if field._modules[:1] == (MODULE,) and not field.inherited
            }
            if names and not name.startswith('collection.') and not model._abstract:
                added[name] = names
        return added

    def read_as(self, role, record):
        """:return: dict {added field: value} of those the role can read of a record"""
        self.env.flush_all()
        self.env.invalidate_all()
        record, values = record.with_user(self.users[role]), {}
        for name in self.get_added()[record._name]:
            try:
                values[name] = record.read([name])[0][name]
            except AccessError:
                continue
        return values

    def test_models_there_are(self):
        """A field on another model of Odoo's has to be looked at here, too."""
        self.assertEqual(
            set(self.get_added()),
            {'account.move', 'account.payment.method.line', 'res.company', 'res.partner', 'res.users'},
        )

    def test_customer(self):
        added = self.get_added()['res.partner']
        contact = CONTACT & added
        expected = {
            'portal': set(), 'employee': contact, 'resolver': contact | FILE, 'collector': contact | FILE | RECEIVABLES,
        }  # fmt: skip
        self.assertEqual(added, expected['collector'])
        for role, names in expected.items():
            with self.subTest(role):
                self.assertEqual(set(self.read_as(role, self.partner_a)), names)

    def test_document(self):
        """Who cannot read an invoice reads nothing of it; a customer, who can read his, nothing of ours."""
        self.move.message_subscribe(self.users['portal'].partner_id.ids)
        self.assertEqual(self.move.with_user(self.users['portal']).read(['name'])[0]['name'], self.move.name)
        for role in ('portal', 'employee', 'resolver'):
            with self.subTest(role):
                self.assertFalse(self.read_as(role, self.move))
        self.assertEqual(set(self.read_as('collector', self.move)), self.get_added()['account.move'])

    def test_company(self):
        """Whoever may read a company reads its settings: there is nothing else, and nothing worked out."""
        added = [self.env['res.company']._fields[name] for name in self.get_added()['res.company']]
        self.assertFalse([field.name for field in added if field.compute or field.type in ('char', 'text', 'html')])

    def test_digest_is_read_by_nobody(self):
        """It is rendered with the rights of the user it is for: nobody else may have it computed (R13)."""
        dispute = self.env['collection.dispute'].create(
            {
                'name': "Secret",
                'partner_id': self.partner_a.id,
                'type_id': self.env.ref(f'{MODULE}.dispute_type_commercial').id,
                'line_ids': [Command.create({'move_id': self.move.id, 'amount': 10})],
            }
        )
        dispute.user_id = self.collector
        self.assertIn("Secret", str(self.collector.sudo().collection_digest_html))
        for role in ('employee', 'resolver', 'collector'):
            with self.subTest(role):
                self.assertEqual(set(self.read_as(role, self.collector)), {'collection_digest'})
                self.assertEqual(set(self.read_as(role, self.users[role])), {'collection_digest'})
        self.assertFalse(self.read_as('portal', self.collector))
        # an add-on that opens the field opens no digest of others
        field = self.env['res.users']._fields['collection_digest_html']
        self.addCleanup(setattr, field, 'groups', field.groups)
        field.groups = None
        self.assertFalse(self.read_as('employee', self.collector)['collection_digest_html'])
        self.assertIn("Secret", str(self.read_as_self()))

    def read_as_self(self):
        return self.collector.with_user(self.collector).read(['collection_digest_html'])[0]['collection_digest_html']
