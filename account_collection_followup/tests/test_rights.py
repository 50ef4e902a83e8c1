from contextlib import contextmanager

from freezegun import freeze_time

from odoo import models
from odoo.exceptions import AccessError, UserError
from odoo.service.model import call_kw
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from .common import CollectionCommon
from .rights_common import ROLES, RightsCommon, read_tables

TABLES = read_tables()
MODELS = {key[0]: cells for key, cells in TABLES['Models'].items()}
BUTTONS = {tuple(filter(None, key)): cells for key, cells in TABLES['Buttons'].items()}
OPERATIONS = {'c': 'create', 'r': 'read', 'u': 'write', 'd': 'unlink'}
ADDON = 'odoo.addons.account_collection_followup.'
YES, NO, OWN = '✓', '–', '*'
#: what Odoo logs when it refuses, which is what is asked for here
REFUSALS = ('odoo.http', 'odoo.models', 'odoo.addons.base.models.ir_model', 'odoo.addons.base.models.ir_rule')


@tagged('post_install', '-at_install')
class TestRightsTable(RightsCommon, HttpCase):
    """Every cell of ``rights.md``, as the user of that role: it is the documentation as well.

    A cell that ends with * holds for one's own records only: the same on somebody else's is refused.
    """

    def user_env(self, role, context=None):
        return self.env(user=self.users[role], context=context or {}, su=False)

    @contextmanager
    def rolled_back(self):
        """What is tried inside leaves nothing behind, not in the cache either."""
        with self.cr.savepoint(flush=False) as savepoint:
            yield
            self.env.cr.clear()
            savepoint.rollback()
        self.env.invalidate_all(flush=False)

    def compare(self, expected, found, header):
        """One message with all differences, each as the line the table should have."""
        wrong = {key: cells for key, cells in found.items() if cells != expected.get(key)}
        lines = [' | '.join(['|', *key, *cells.values(), '|']).strip() for key, cells in wrong.items()]
        self.assertFalse(wrong, f"{header}: found\n" + '\n'.join(lines).replace('| |', '|'))

    # ------------------------------------------------------------------
    # Models
    # ------------------------------------------------------------------
    def get_models(self):
        return {
            name
            for name, model in self.env.items()
            if name.startswith('collection.') and not model._abstract and model._module == 'account_collection_followup'
        }

    def test_every_model_is_in_the_table(self):
        self.assertEqual(self.get_models(), set(MODELS))

    def test_models(self):
        found = {}
        for model in MODELS:
            with self.subTest(model=model):
                found[model,] = self.find_operations(model)
        self.compare({(model,): cells for model, cells in MODELS.items()}, found, "Models")

    def find_operations(self, model):
        """:return: dict role → letters of what the role can really do, with * if only with his own"""
        letters = dict.fromkeys(ROLES, '')
        transient = self.env[model]._transient
        owned = any(OWN in cell for cell in MODELS[model].values())
        with self.rolled_back():
            sample = self.env[model] if transient else self.get_sample(model)
            self.assertTrue(transient or sample, model)
            self.env.flush_all()
            self.env.invalidate_all()
            for role in ROLES:
                letters[role] = ''.join(letter for letter in OPERATIONS if self.try_operation(sample, role, letter))
        for role in ROLES if owned else ():
            with self.rolled_back():
                own = self.get_sample(model, self.users[role])
                self.env.flush_all()
                self.env.invalidate_all()
                mine = ''.join(letter for letter in OPERATIONS if self.try_operation(own, role, letter))
            if mine != letters[role]:
                letters[role] = mine + OWN
        return {role: found or NO for role, found in letters.items()}

    def try_operation(self, sample, role, letter):
        """Ask, then try: both must say the same.

        :return: whether the role may do it with the sample
        """
        model, operation = self.user_env(role)[sample._name], OPERATIONS[letter]
        if letter == 'c' or not sample:
            allowed = model.has_access(operation)
        else:
            allowed = sample.with_env(model.env).has_access(operation)
        tried = self.really(sample.with_env(model.env), letter)
        if tried is not None:
            self.assertEqual(tried, allowed, f"{sample._name}: {role} {operation}")
        # of a company whose records one may not read, one creates nothing either
        return allowed and (letter != 'c' or not sample or sample.with_env(model.env).has_access('read'))

    def really(self, records, letter):
        """:return: whether it is allowed, by doing it; None if something else is wrong with it, or it cannot be tried"""
        if letter == 'u' or (letter != 'c' and not records):
            # what is written depends on the field
            return None
        with self.rolled_back():
            try:
                if letter == 'r':
                    records.read()
                elif letter == 'c':
                    records.browse().create([{}])
                else:
                    records.unlink()
            except AccessError as error:
                if letter == 'r' and records.has_access('read'):
                    raise AssertionError(f"{records} cannot be read whole: {error}") from error
                return False
            except Exception:  # pylint: disable=broad-except
                if letter == 'r':
                    raise
                return None
        return True

    # ------------------------------------------------------------------
    # Buttons
    # ------------------------------------------------------------------
    def get_buttons(self):
        """:return: set of (model, method): everything public that the add-on adds, so that nobody forgets a check"""
        found = set()
        for name, model in self.env.items():
            for cls in type(model).__mro__:
                if not cls.__module__.startswith(ADDON) or '.tests.' in cls.__module__:
                    continue
                if model._abstract:
                    continue
                found |= {
                    (name, method)
                    for method, function in vars(cls).items()
                    if callable(function) and not method.startswith('_') and not isinstance(function, type)
                    and not self.is_override(type(model), method)
                }  # fmt: skip
        return found

    def is_override(self, cls, method):
        """:return: whether Odoo has the method already, with its own checks"""
        return any(
            method in vars(base)
            for base in cls.__mro__
            if base is not cls and not base.__module__.startswith(ADDON.rstrip('.'))
        )

    def test_every_button_is_in_the_table(self):
        self.assertEqual(self.get_buttons(), {key[:2] for key in BUTTONS})

    @mute_logger(*REFUSALS)
    def test_buttons(self):
        found = {}
        for key, cells in BUTTONS.items():
            with self.subTest(button=key):
                found[key] = self.find_presses(key, any(OWN in cell for cell in cells.values()))
        self.compare(BUTTONS, found, "Buttons")

    def find_presses(self, key, owned):
        """:return: dict role → whether the role can press the button, on anybody's record or only on his own"""
        cells = {}
        with self.prepared(key) as target:
            for role in ROLES:
                cells[role] = YES if self.press_as(role, key, target, self.call_inside) else NO
        for role in ROLES if owned else ():
            if cells[role] == NO:
                with self.prepared(key, self.users[role]) as target:
                    cells[role] = YES + OWN if self.press_as(role, key, target, self.call_inside) else NO
        return cells

    @contextmanager
    def prepared(self, key, owner=None):
        with self.rolled_back():
            target = self.press(key, owner)
            self.assertTrue(
                target.vals is not None or target.record or target.args or key[0] == 'collection.settings', key
            )
            self.env.flush_all()
            # what is in the cache is read without asking
            self.env.invalidate_all()
            yield target

    def press_as(self, role, key, target, call):
        """:return: whether the role may, by doing it the way a client calls it"""
        with self.rolled_back():
            ids = target.record.ids
            try:
                if target.vals is not None:
                    ids = call(role, key[0], 'create', [[target.vals]], target.context)
                arguments = [ids] if ids or target.vals is not None else []
                call(role, key[0], key[1], [*arguments, *target.args], target.context)
                self.env.flush_all()
            except AccessError:
                return False
            except UserError:
                # a branch does not see the items of its main company
                if role != 'branch':
                    raise
                return False
        return True

    def call_inside(self, role, model, method, args, context=None):
        """What Odoo does with a call once it arrived: private methods are refused here."""
        result = call_kw(self.user_env(role, context)[model], method, args, {'context': context or {}})
        return result.ids if isinstance(result, models.BaseModel) else result

    @mute_logger(*REFUSALS)
    def test_buttons_from_outside(self):
        """Each button by HTTP, as anybody with a password can: for one role that may and one that may not."""
        sessions = self.open_sessions()
        for key, cells in BUTTONS.items():
            for expected in (YES, NO):
                roles = [role for role, cell in cells.items() if cell == expected]
                if not roles:
                    continue
                # not always the same
                role = roles[sum(map(ord, key[1])) % len(roles)]
                self.session, self.opener = sessions[role]
                with self.subTest(button=key, role=role), self.prepared(key) as target:
                    self.assertEqual(self.press_as(role, key, target, self.call_outside), expected == YES)

    def open_sessions(self):
        sessions = {}
        for role in ROLES:
            # the one before stays open
            self.session = None
            self.authenticate(f'role_{role}', f'role_{role}')
            sessions[role] = (self.session, self.opener)
        return sessions

    def call_outside(self, role, model, method, args, context=None):
        self.env.cr.clear()
        response = self.opener.post(
            self.base_url() + f'/web/dataset/call_kw/{model}/{method}',
            json={'id': 0, 'jsonrpc': '2.0', 'method': 'call', 'params': {
                'model': model, 'method': method, 'args': args, 'kwargs': {'context': context or {}}}},
            timeout=30,
        ).json()  # fmt: skip
        if error := response.get('error'):
            data = error['data']
            errors = {'odoo.exceptions.AccessError': AccessError, 'odoo.exceptions.UserError': UserError}
            raise errors.get(data['name'], AssertionError)(data['message'])
        return response.get('result')

    @mute_logger(*REFUSALS)
    def test_what_begins_with_an_underscore_is_no_button(self):
        self.session, self.opener = self.open_sessions()['administrator']
        step = self.step()
        for model, method, ids in (
            ('collection.step', '_take_back', step.ids),
            ('collection.step', '_on_call_done', step.ids),
            ('collection.case', '_log_on_case', step.case_id.ids),
            ('collection.plan', '_plan', []),
            ('collection.run', '_execute_batch', step.run_id.ids),
            ('collection.impact', '_get_standings', []),
        ):
            with self.subTest(model=model, method=method), self.assertRaises(AccessError):
                self.call_outside('administrator', model, method, [ids])


@tagged('post_install', '-at_install')
class TestRights(CollectionCommon):
    """What the table cannot say: what a role sees inside a record, and what nobody may write."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = {
            role: new_test_user(
                cls.env, login=f'role_{role}', company_id=cls.company.id,
                groups='base.group_user' + (f',account_collection_followup.group_collection_{role}' if role else ''))
            for role in (None, 'resolver', 'caller', 'collector', 'administrator')
        }  # fmt: skip

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
