from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, tagged

from .common import CollectionCommon


@tagged('post_install', '-at_install')
class TestPolicy(CollectionCommon):
    def level(self, **values):
        return self.env['collection.level'].create({
            'name': "Level", 'policy_id': self.policy.id, 'rank': 35, 'by_call': True, **values})  # fmt: skip

    def test_shipped_ladders(self):
        """Standard, public bodies, key accounts, consumers: complete and without warning."""
        for name in ('standard', 'public', 'key', 'consumer'):
            policy = self.env.ref(f'account_collection_followup.policy_{name}')
            self.assertEqual(policy.level_ids.mapped('rank'), [10, 20, 30, 40, 50, 60])
            self.assertEqual(
                policy.level_ids.mapped('kind'), ['satisfaction', *['reminder'] * 3, 'formal', 'litigation']
            )
            self.assertFalse(policy.warning, policy.name)
            for level in policy._get_climbing_levels()[:-1]:
                self.assertTrue(level.consequence, f"{policy.name}: {level.name} announces what follows")
        standard = self.policy._get_climbing_levels()
        self.assertEqual(standard.mapped('days_given')[:4], [7, 8, 8, 8])
        self.assertEqual(standard.mapped('mode'), ['auto', 'auto', 'validate', 'validate', 'decide'])
        self.assertEqual(standard.mapped('sender_role'), ['caller', 'collector', 'manager', 'director', 'manager'])
        self.assertEqual(standard[-1].minimum_amount, 150)
        public = self.env.ref('account_collection_followup.policy_public')._get_climbing_levels()
        self.assertEqual(public[1].recipient_role_ids.mapped('code'), ['authorising_officer', 'public_accountant'])

    def test_warning_when_formal_notice_comes_late(self):
        self.assertFalse(self.policy.warning)
        extra = self.level()
        self.assertIn("after 4 reminders", self.policy.warning)
        extra.active = False
        self.assertFalse(self.policy.warning)
        self.levels[30].days_given = 20
        self.assertIn("35 days", self.policy.warning)

    def test_levels_that_cannot_work_are_refused(self):
        cases = [
            ({'by_call': False}, "how the customer is reached"),
            ({'by_email': True}, "needs a text"),
            ({'days_given': 0}, "at least one day"),
            ({'kind': 'formal'}, "by letter"),
            ({'kind': 'litigation'}, "collections manager"),
            ({'mode': 'decide'}, "only litigation"),
        ]
        for values, message in cases:
            with self.subTest(values), self.assertRaisesRegex(ValidationError, message), self.cr.savepoint():
                self.level(**values)

    def test_a_level_can_be_archived_and_its_rank_used_again(self):
        self.levels[30].active = False
        self.env.flush_all()
        self.assertEqual(self.level(rank=30).policy_id._get_climbing_levels()[1].name, "Level")

    def test_next_level_is_the_first_active_one_above(self):
        self.assertEqual(self.levels[20]._get_next(), self.levels[30])
        self.levels[30].active = False
        self.assertEqual(self.levels[20]._get_next(), self.levels[40])
        self.assertFalse(self.levels[60]._get_next())

    def test_default_policy(self):
        other = self.policy.copy()
        self.assertEqual(other.name, "Standard (copy)")
        self.assertEqual(other.level_ids.mapped('rank'), self.policy.level_ids.mapped('rank'))
        other.action_set_default()
        self.assertTrue(other.is_default)
        self.assertFalse(self.policy.is_default)
        with self.assertRaisesRegex(UserError, "default policy"):
            other.active = False

    def test_customer_policy_by_assignment_else_default(self):
        key = self.env.ref('account_collection_followup.policy_key')
        self.assertEqual(self.partner_a._collection_policy(self.company), self.policy)
        self.partner_a.collection_policy_id = key
        self.assertEqual(self.partner_a._collection_policy(self.company), key)
        key.active = False
        self.assertEqual(self.partner_a._collection_policy(self.company), self.policy)

    def test_policy_of_the_root_company_serves_its_branches(self):
        branch = self.env['res.company'].create({'name': "Branch", 'parent_id': self.company.id})
        key = self.env.ref('account_collection_followup.policy_key')
        self.partner_a.with_company(branch).collection_policy_id = key
        self.assertEqual(self.partner_a.with_company(self.company).collection_policy_id, key)

    def test_form(self):
        with Form(self.env['collection.policy']) as form:
            form.name = "New"
        self.assertIn("never reminded", form.record.warning)
