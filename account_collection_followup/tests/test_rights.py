from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import CollectionCommon

#: what each role may do with each model: (c)reate, (r)ead, (u)pdate, (d)elete. Every role has what the one before it
#: has. This table is also the documentation; buttons are checked by the methods themselves.
RIGHTS = {
    #                            none  resolver  caller  collector  administrator
    'collection.item':          ('', '', 'r', 'r', 'r'),
    'collection.policy':        ('', '', 'r', 'r', 'crud'),
    'collection.level':         ('', '', 'r', 'r', 'crud'),
    'collection.case':          ('', '', 'r', 'ru', 'ru'),
    'collection.history':       ('', '', 'r', 'r', 'r'),
    'collection.run':           ('', '', '', 'crud', 'crud'),
    'collection.run.line':      ('', '', '', 'r', 'r'),
    'collection.step':          ('', '', 'r', 'r', 'r'),
    'collection.step.line':     ('', '', 'r', 'r', 'r'),
    'collection.dispute':       ('', 'r', 'cru', 'cru', 'cru'),
    'collection.dispute.line':  ('', 'r', 'crud', 'crud', 'crud'),
    'collection.promise':       ('', '', 'cru', 'cru', 'cru'),
    'collection.promise.line':  ('', '', 'cru', 'cru', 'cru'),
    'collection.call':          ('', 'ru', 'cru', 'cru', 'cru'),
    'collection.hold':          ('', '', 'r', 'cru', 'cru'),
    'collection.dispute.type':  ('', 'r', 'r', 'r', 'crud'),
    'collection.team':          ('', 'r', 'r', 'r', 'crud'),
    'collection.contact.role':  ('r', 'r', 'r', 'r', 'crud'),
    'collection.holiday':       ('r', 'r', 'r', 'r', 'crud'),
    'collection.start':         ('', '', '', '', 'crud'),
    'collection.mark':          ('', '', '', '', ''),
}  # fmt: skip
ROLES = (None, 'resolver', 'caller', 'collector', 'administrator')
OPERATIONS = {'c': 'create', 'r': 'read', 'u': 'write', 'd': 'unlink'}


@tagged('post_install', '-at_install')
class TestRights(CollectionCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = {
            role: new_test_user(
                cls.env, login=f'role_{role}', company_id=cls.company.id,
                groups='base.group_user' + (f',account_collection_followup.group_collection_{role}' if role else ''))
            for role in ROLES
        }  # fmt: skip

    def test_table(self):
        for model, rights in RIGHTS.items():
            for role, allowed in zip(ROLES, rights, strict=True):
                records = self.env[model].with_user(self.users[role])
                found = ''.join(letter for letter, operation in OPERATIONS.items() if records.has_access(operation))
                with self.subTest(model=model, role=role):
                    self.assertEqual(found, allowed)

    def test_every_model_is_in_the_table(self):
        models = {name for name, model in self.env.items() if name.startswith('collection.') and not model._abstract}
        transient = {name for name in models if self.env[name]._transient} - {'collection.start'}
        self.assertEqual(models - transient, set(RIGHTS))

    def test_company_walls(self):
        """Another company's customers are invisible; a branch sees what it shares with its root."""
        other = self.setup_other_company()['company']
        stranger = new_test_user(
            self.env,
            login='stranger',
            company_id=other.id,
            groups='account_collection_followup.group_collection_administrator',
        )
        branch = self.env['res.company'].create({'name': "Branch", 'parent_id': self.company.id})
        local = new_test_user(
            self.env,
            login='local',
            company_id=branch.id,
            groups='account_collection_followup.group_collection_collector',
        )
        self.invoice(due='2026-01-10')
        self.run_day('2026-03-02')
        for model in (
            'collection.case',
            'collection.step',
            'collection.run',
            'collection.run.line',
            'collection.item',
            'collection.call',
        ):
            mine = self.env[model].search([('company_id', '=', self.company.id)])
            self.assertTrue(mine, model)
            with self.subTest(model):
                self.assertFalse(self.env[model].with_user(stranger).search([]) & mine)
                with self.assertRaises(AccessError):
                    mine.with_user(stranger).read(['company_id'])
                # items belong to one company or branch; what the ladder makes of them is shared
                self.assertEqual(bool(self.env[model].with_user(local).search([]) & mine), model != 'collection.item')

    @freeze_time('2026-03-02')
    def test_buttons(self):
        """Methods check: views are not the security."""
        self.levels[20].mode = 'validate'
        self.invoice(due='2026-01-10')
        run = self.run_day('2026-03-02')
        line, step = run.message_ids, self.env['collection.step']
        caller, collector = self.users['caller'], self.users['collector']
        for user in (self.users['resolver'], caller):
            with self.assertRaises(AccessError):
                line.with_user(user).action_approve()
        line.with_user(collector).action_approve()
        step = self.steps()
        with self.assertRaises(AccessError):
            step.with_user(caller).action_cancel()
        with self.assertRaises(AccessError):
            step.with_user(caller).write({'date_given': '2026-04-01'})
        with self.assertRaises(AccessError):
            step.with_user(collector).write({'date_given': '2026-04-01'})
        with self.assertRaises(AccessError):
            step.with_user(self.users['resolver']).action_call_made()
        step.with_user(caller).action_call_made()
        self.assertEqual(step.call_state, 'sent')
        with self.assertRaises(AccessError):
            self.policy.with_user(collector).action_set_default()

    def test_a_run_is_not_written_past_its_methods(self):
        self.invoice(due='2026-01-10')
        run = self.run_day('2026-03-02')
        with self.assertRaises(AccessError):
            run.with_user(self.users['collector']).write({'state': 'preview'})
        with self.assertRaises(AccessError):
            run.message_ids.with_user(self.users['collector']).write({'state': 'approved'})

    def test_a_resolver_sees_no_receivables(self):
        resolver = self.users['resolver']
        with self.assertRaises(AccessError):
            self.env['collection.item'].with_user(resolver).search([])
        with self.assertRaises(AccessError):
            self.env['collection.case'].with_user(resolver).search([])

    def test_a_case_is_not_written_past_its_facts(self):
        self.invoice(due='2026-01-10')
        self.run_day('2026-03-02')
        case = self.steps().case_id.with_user(self.users['collector'])
        for values in ({'state': 'closed'}, {'overdue': 0}, {'partner_id': self.partner_b.id}, {'attention': 0}):
            with self.assertRaises(AccessError):
                case.write(values)
        case.user_id = self.manager
        case.activity_schedule('mail.mail_activity_data_todo', user_id=self.manager.id)
        case.message_subscribe(self.manager.partner_id.ids)
        case.message_post(body="Seen")

    def test_only_who_works_the_list_opens_a_case(self):
        accountant = new_test_user(
            self.env, login='accountant', company_id=self.company.id, groups='account.group_account_invoice'
        )
        for user, error in (
            (self.users[None], AccessError),
            (self.users['resolver'], AccessError),
            (accountant, UserError),
        ):
            with self.assertRaises(error):
                self.partner_a.with_user(user).action_view_collection_case()
        self.assertFalse(self.env['collection.case'].search([('partner_id', '=', self.partner_a.id)]))
        self.partner_a.with_user(self.users['caller']).action_view_collection_case()
        self.assertTrue(self.env['collection.case'].search([('partner_id', '=', self.partner_a.id)]))

    def test_who_invoices_reads_what_an_invoice_shows(self):
        """Documents carry disputes, promises and calls: reading one whole must not stop who invoices."""
        for name in ('invoice', 'readonly'):
            reader = new_test_user(
                self.env, login=f'reader_{name}', company_id=self.company.id, groups=f'account.group_account_{name}'
            )
            move = self.invoice(due='2026-01-10')
            self.env['collection.dispute'].create({
                'partner_id': move.partner_id.id, 'line_ids': [(0, 0, {'move_id': move.id, 'amount': 10})],
                'type_id': self.env.ref('account_collection_followup.dispute_type_commercial').id})  # fmt: skip
            self.env.flush_all()
            self.env.invalidate_all()
            move = move.with_user(reader)
            with self.subTest(name):
                move.read()
                self.assertTrue(move.dispute_ids.display_name)
                move.dispute_ids.case_id.read()
                move.partner_id.read(['collection_case_id', 'collection_overdue', 'collection_policy_id'])
                for model in ('dispute', 'dispute.line', 'promise', 'promise.line', 'call', 'case', 'hold', 'step'):
                    records = self.env[f'collection.{model}'].with_user(reader)
                    self.assertTrue(records.has_access('read'))
                    self.assertFalse(any(map(records.has_access, ('write', 'create', 'unlink'))))

    def test_a_policy_is_assigned_by_a_collector(self):
        other = self.env.ref('account_collection_followup.policy_public')
        for role in ('caller', 'collector'):
            self.users[role].group_ids += self.env.ref('base.group_partner_manager')
        partner = self.partner_a.with_user(self.users['caller'])
        for name in ('collection_policy_id', 'property_collection_policy_id'):
            with self.assertRaises(AccessError):
                partner.write({name: other.id})
            with self.assertRaises(AccessError):
                partner.create({'name': "New", name: other.id})
        partner.write({'collection_policy_id': False, 'name': "Same policy, other name"})
        self.partner_a.with_user(self.users['collector']).collection_policy_id = other
        self.assertEqual(self.partner_a.collection_policy_id, other)

    def test_an_administrator_edits_the_texts_of_the_levels(self):
        """With the placeholders of the list; code is for template editors."""
        administrator = self.users['administrator']
        template = self.levels[20].mail_template_id.with_user(administrator)
        template.write({'subject': "{{ object.letterhead_id.name }}: your account", 'body_html': "<p>Hello</p>"})
        self.assertEqual(template.subject, "{{ object.letterhead_id.name }}: your account")
        with self.assertRaises(AccessError):
            template.write({'subject': "{{ object.company_id.sudo().partner_id.bank_ids }}"})
        with self.assertRaises(AccessError):
            self.levels[20].mail_template_id.with_user(self.users['collector']).write({'subject': "Mine"})
