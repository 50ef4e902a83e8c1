from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged

from .common import CollectionCommon

GROUP = 'account_collection_followup.group_collection_'


@tagged('post_install', '-at_install')
class TestSettings(CollectionCommon):
    """The settings of a company, for who administers collections and nothing else."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.administrator = new_test_user(
            cls.env, login='settings_administrator', groups=GROUP + 'administrator', company_id=cls.company.id
        )

    def settings(self, user=None, company=None):
        model = self.env['collection.settings'].with_user(user or self.administrator)
        action = model.with_company(company or self.company).action_open()
        return model.browse(action['res_id'])

    def test_an_administrator_changes_them_without_system_rights(self):
        self.assertFalse(self.administrator.has_group('base.group_system'))
        with Form(self.settings()) as form:
            self.assertEqual(form.collection_manager_id, self.manager)
            form.collection_user_id = self.manager
            form.collection_daily_cap = 30
        self.assertEqual(self.company.collection_user_id, self.manager)
        self.assertEqual(self.company.collection_daily_cap, 30)
        self.assertEqual(self.company.collection_call_tries, 3, "what was not touched stays")

    def test_every_setting_of_a_company_is_there_with_its_help(self):
        hidden = {'collection_first_run_done'}
        names = {name for name in self.company._fields if name.startswith('collection_')} - hidden
        self.assertFalse(names - set(self.env['collection.settings']._fields))
        view = self.env['collection.settings'].get_view(view_type='form')['arch']
        for name in names:
            self.assertIn(f'name="{name}"', view)
            self.assertTrue(self.env['collection.settings']._fields[name].help, name)

    def test_others_are_refused(self):
        for role in ('resolver', 'caller', 'collector'):
            user = new_test_user(self.env, login=f'settings_{role}', groups=GROUP + role, company_id=self.company.id)
            with self.subTest(role), self.assertRaises(AccessError):
                self.settings(user)
        with self.assertRaises(AccessError):
            self.company.with_user(self.administrator).collection_daily_cap = 5

    def test_people_must_be_able_to_do_it(self):
        portal = new_test_user(self.env, login='settings_portal', groups='base.group_portal')
        plain = new_test_user(self.env, login='settings_plain', groups='base.group_user', company_id=self.company.id)
        settings = self.settings()
        for name, user, message in (
            ('collection_manager_id', plain, "needs the role Collector"),
            ('collection_user_id', plain, "needs the role Caller"),
            ('collection_manager_id', portal, "not an active internal user"),
            ('collection_director_id', portal, "not an active internal user"),
        ):
            with self.subTest(name), self.assertRaisesRegex(ValidationError, message), self.cr.savepoint():
                settings.write({name: user.id})
        settings.collection_director_id = plain
        self.assertEqual(self.company.collection_director_id, plain, "who signs needs no rights here")

    def test_who_left_is_said(self):
        self.assertFalse(self.settings().problem)
        self.manager.active = False
        self.assertIn("is not an active internal user", self.settings().problem)

    def test_a_default_collector_who_only_calls_is_said(self):
        caller = new_test_user(self.env, login='settings_calls', groups=GROUP + 'caller', company_id=self.company.id)
        with Form(self.settings()) as form:
            self.assertFalse(form.warning)
            form.collection_user_id = caller
            self.assertIn("is a caller and cannot open runs", form.warning)
        self.assertEqual(self.company.collection_user_id, caller, "soft: saved all the same")
        self.assertIn("settings_calls", self.settings().warning)

    def test_limits_are_checked(self):
        for name, value, message in (
            ('collection_daily_cap', -1, "“Messages per day at most” is -1: choose a number from 0 to"),
            ('collection_call_tries', 0, "“Tries if nobody answers” is 0"),
            ('collection_documents_days', 0, "“Days to call after documents” is 0"),
            ('collection_exception_days', 5000, "“Working days before an exception” is 5000"),
        ):
            with self.subTest(name), self.assertRaisesRegex(ValidationError, message), self.cr.savepoint():
                self.settings()[name] = value
        foreign = self.policy.copy({'company_id': self.setup_other_company()['company'].id})
        with self.assertRaisesRegex(ValidationError, "cannot be the default"), self.cr.savepoint():
            self.settings().collection_policy_id = foreign

    def test_a_branch_shows_the_settings_of_its_root(self):
        branch = self.env['res.company'].create({'name': "Branch", 'parent_id': self.company.id})
        self.administrator.company_ids += branch
        settings = self.settings(company=branch)
        self.assertEqual(settings.company_id, self.company)
        local = new_test_user(self.env, login='settings_local', groups=GROUP + 'administrator', company_id=branch.id)
        with self.assertRaisesRegex(AccessError, "where you do not work"):
            self.settings(local, branch)

    def test_another_company_is_out_of_reach(self):
        other = self.setup_other_company()['company']
        with self.assertRaises(AccessError), self.cr.savepoint():
            self.env['collection.settings'].with_user(self.administrator).create({'company_id': other.id})
        with self.assertRaises(UserError):
            self.settings().write({'company_id': other.id})
        # each company has its own
        self.administrator.company_ids += other
        mine, theirs = self.settings(), self.settings(company=other)
        theirs.with_company(other).collection_daily_cap = 7
        self.assertEqual(other.collection_daily_cap, 7)
        self.assertEqual(mine.collection_daily_cap, self.company.collection_daily_cap)

    def test_what_another_default_means_is_said_before(self):
        key = self.env.ref('account_collection_followup.policy_key')
        self.invoice(due='2026-01-10')
        self.run_day('2026-03-02')
        with Form(self.settings()) as form:
            self.assertFalse(form.impact)
            form.collection_policy_id = key
            self.assertIn(f"follows {key.name}", form.impact)
            self.assertIn("At Reminder 1: 1 item of 1 customer", form.impact)
        self.assertEqual(self.company.collection_policy_id, key)
        self.assertFalse(self.settings().impact)

    def test_odoos_settings_only_link_here(self):
        """One place: what is asked twice is answered twice."""
        names = self.env['res.config.settings']._fields
        self.assertFalse([name for name in names if name.startswith('collection_')])
        administrator = self.administrator
        administrator.group_ids = [
            Command.link(self.env.ref(name).id) for name in ('base.group_system', 'account.group_account_manager')
        ]
        view = self.env['res.config.settings'].with_user(administrator).get_view(view_type='form')['arch']
        self.assertIn("Settings of Collections", view)
