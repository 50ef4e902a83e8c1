from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import CollectionCommon

GROUP = 'account_collection_followup.group_collection_%s'


@tagged('post_install', '-at_install')
@freeze_time('2026-03-02 09:00:00')
class TestDialogs(CollectionCommon):
    """A dialog made by a crafted call shows nobody more than the records it is about."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.resolver = new_test_user(
            cls.env, login='dialog_resolver', groups=GROUP % 'resolver', company_id=cls.company.id
        )
        other = cls.setup_other_company()['company']
        cls.stranger = new_test_user(
            cls.env, login='dialog_stranger', groups=GROUP % 'administrator', company_id=other.id
        )

    def setUp(self):
        super().setUp()
        self.levels[20].write({'by_letter': True, 'letter_template_id': self.levels[40].letter_template_id.id})
        self.move = self.invoice(due='2026-01-10', amount=7777)
        self.run_day('2026-03-02')
        self.step = self.steps()
        self.case = self.step.case_id
        self.call = self.step.call_ids

    def refused(self, model, user, values):
        """Neither saved, nor filled in on screen, nor opened with it as a default, nor changed to it."""
        Dialog = self.env[model].with_user(user)
        spec = {name: {} for name in Dialog.fields_get(attributes=[])}
        with self.subTest(model=model, user=user.login):
            with self.assertRaises(AccessError):
                Dialog.create(values)
            with self.assertRaises(AccessError):
                Dialog.onchange(values, list(values), spec)
            defaults = {f'default_{name}': value for name, value in values.items()}
            with self.assertRaises(AccessError):
                Dialog.with_context(**defaults).onchange({}, [], spec)

    def test_what_one_may_not_read(self):
        item = self.env['collection.item'].search([('move_id', '=', self.move.id)])
        for user in (self.resolver, self.stranger):
            self.refused('collection.call.log', user, {'call_id': self.call.id, 'result': 'absent'})
            self.refused('collection.call.log', user, {'case_id': self.case.id, 'result': 'absent'})
            self.refused('collection.call.log.line', user, {'item_id': item.id, 'amount': 1})
            self.refused('collection.reason', user, {'purpose': 'step', 'step_id': self.step.id, 'reason': "x"})
        self.refused('collection.delivery', self.stranger, {'step_id': self.step.id})
        self.refused('collection.post.line', self.stranger, {'step_id': self.step.id})

    def test_a_line_inside_a_dialog(self):
        item = self.env['collection.item'].search([('move_id', '=', self.move.id)])
        mine = self.env['collection.call'].create({'partner_id': self.partner_b.id, 'user_id': self.resolver.id})
        values = {'call_id': mine.id, 'result': 'absent', 'line_ids': [(0, 0, {'item_id': item.id, 'amount': 1})]}
        Log = self.env['collection.call.log'].with_user(self.resolver)
        with self.assertRaises(AccessError):
            Log.create(values)
        with self.assertRaises(AccessError):
            Log.onchange(values, [], {'line_ids': {'fields': {'item_id': {'fields': {'display_name': {}}}}}})

    def test_another_record_afterwards(self):
        """Made for what is one's own, a dialog is not turned to what is not."""
        mine = self.env['collection.call'].create({'partner_id': self.partner_b.id, 'user_id': self.resolver.id})
        log = self.env['collection.call.log'].with_user(self.resolver)
        log = log.with_context(default_call_id=mine.id).create({'result': 'absent'})
        self.assertEqual(log.call_id, mine)
        for values in ({'call_id': self.call.id}, {'case_id': self.case.id}):
            with self.assertRaises(AccessError):
                log.write(values)

    def test_every_dialog_about_the_desk_checks(self):
        """A new dialog that names a record of the desk inherits the check."""
        unchecked = [
            name
            for name, model in self.env.items()
            if name.startswith('collection.') and model._transient and not hasattr(model, '_check_targets')
            if any(
                field.type == 'many2one' and field.store and field.comodel_name.startswith('collection.')
                for field in model._fields.values()
                if not self.env[field.comodel_name or 'base']._transient
            )
        ]
        self.assertFalse(unchecked)
