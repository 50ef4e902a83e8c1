from datetime import date

from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged

from .common import TODAY, CollectionCommon

GROUP = 'account_collection_followup.group_collection_'


@tagged('post_install', '-at_install')
@freeze_time(TODAY)
class TestCaseMotive(CollectionCommon):
    """Why the customer does not pay (R15): an opinion among collectors, and what it proposes."""

    def setUp(self):
        super().setUp()
        self.move = self.invoice()
        self.env['collection.case']._refresh(self.company)
        self.case = self.env['collection.case'].search([('partner_id', '=', self.partner_a.id), ('state', '=', 'open')])

    def propose(self, motive):
        self.case._record_motive(motive)
        return self.case.with_user(self.collector).motive_action

    # -- recorded --------------------------------------------------------------
    def test_dated(self):
        self.case._record_motive('cash')
        self.assertEqual((self.case.motive, self.case.motive_on), ('cash', date(2026, 3, 2)))
        with freeze_time('2026-03-04'):
            self.case._record_motive('cash')
            self.assertEqual(self.case.motive_on, date(2026, 3, 2), "the same opinion is not a newer one")
            self.case.with_user(self.collector).motive = 'negligence'
            self.assertEqual(self.case.motive_on, date(2026, 3, 4))
        self.case._record_motive(False)
        self.assertFalse(self.case.motive_on)

    def test_on_screen(self):
        with Form(self.case.with_user(self.collector)) as form:
            form.motive = 'bad_faith'
        self.assertEqual((self.case.motive, self.case.motive_on), ('bad_faith', date(2026, 3, 2)))

    def test_collectors_only(self):
        self.case._record_motive('bad_faith')
        for group in ('caller', 'resolver'):
            user = new_test_user(self.env, f'motive_{group}', groups=GROUP + group, company_id=self.company.id)
            case = self.case.with_user(user)
            self.assertFalse({'motive', 'motive_on', 'motive_action'} & case.fields_get().keys())
            with self.assertRaises(AccessError):
                case.motive = 'cash'
            with self.assertRaises(AccessError):
                case.read(['motive'])
            with self.assertRaises(AccessError):
                case.action_follow_motive()
        with self.assertRaises(AccessError):
            self.case.with_user(self.collector).motive_on = '2026-01-01'

    def test_kept_when_customers_become_one(self):
        self.invoice(self.partner_b)
        other = self.env['collection.case']._open_for(self.partner_b, self.company)[self.partner_b]
        other._record_motive('cash')
        with freeze_time('2026-03-04'):
            self.env['collection.case']._move_history(self.partner_b, self.partner_a)
        self.assertEqual((self.case.motive, self.case.motive_on), ('cash', date(2026, 3, 2)))

    # -- what it proposes ------------------------------------------------------
    def test_cash_proposes_a_plan(self):
        self.assertEqual(self.propose('cash'), "Agree on an instalment plan.")
        action = self.case.with_user(self.collector).action_follow_motive()
        self.assertEqual(action['res_model'], 'collection.promise.plan')
        line = {'move_id': self.move.id, 'amount': 500}
        self.env['collection.promise'].create(
            {'line_ids': [Command.create(dict(line, date=day)) for day in ('2026-03-10', '2026-04-10')]}
        )
        self.assertFalse(self.propose('cash'), "a plan runs")

    def test_cash_instead_of_the_formal_notice(self):
        for promised_on in ('2026-03-04', '2026-03-12'):
            self.env['collection.promise'].create(
                {'line_ids': [Command.create({'move_id': self.move.id, 'amount': 1000, 'date': promised_on})]}
            )
            with freeze_time('2026-03-20'):
                self.env['collection.promise']._settle_due(self.company)
        self.assertEqual(
            self.propose('cash'), "Agree on an instalment plan, instead of the formal notice after broken promises."
        )

    def test_process_proposes_the_approver(self):
        self.assertEqual(self.propose('process'), "Call who approves the invoices there, and note who it is.")
        approver = self.env['res.partner'].create(
            {
                'name': "Purchasing",
                'parent_id': self.partner_a.id,
                'phone': '01 00 00 00 00',
                'collection_role_ids': self.env.ref('account_collection_followup.contact_role_approver').ids,
            }
        )
        self.case.invalidate_recordset(['motive_action'])
        self.assertEqual(self.propose('process'), "Call Purchasing, who approves the invoices.")
        action = self.case.with_user(self.collector).action_follow_motive()
        self.assertEqual(
            (action['res_model'], action['context']['default_contact_id']), ('collection.call', approver.id)
        )

    def test_real_proposes_a_dispute(self):
        self.assertEqual(self.propose('real'), "Open a dispute, so that somebody solves it.")
        self.assertEqual(self.case.with_user(self.collector).action_follow_motive()['res_model'], 'collection.dispute')
        self.env['collection.dispute'].create(
            {
                'type_id': self.env.ref('account_collection_followup.dispute_type_technical').id,
                'line_ids': [Command.create({'move_id': self.move.id})],
            }
        )
        self.assertFalse(self.propose('real'))

    def test_negligence_and_bad_faith_go_on(self):
        self.assertEqual(self.propose('bad_faith'), "Propose the formal notice on its day.")
        self.assertTrue(self.propose('negligence').startswith("Go on as announced"))

    # -- stays inside ----------------------------------------------------------
    def test_no_text_for_others_can_name_it(self):
        """Neither a message, a letter, a page of the portal nor the history."""
        views = self.env['ir.ui.view'].search(
            [('type', '=', 'qweb'), ('key', '=like', 'account_collection_followup.%'), ('arch_db', 'ilike', 'motive')]
        )
        self.assertFalse(views.mapped('key'))
        templates = self.env['mail.template'].search([('model', '=like', 'collection.%')])
        self.assertTrue(templates)
        for template in templates:
            self.assertNotIn(
                'motive', ' '.join(filter(None, [template.subject, template.body_html, template.description]))
            )
        for model in ('collection.step', 'collection.promise', 'collection.dispute'):
            allowed = self.env[model].mail_allowed_qweb_expressions()
            self.assertFalse([expression for expression in allowed if 'motive' in expression])
        self.assertFalse([name for name in self.env['collection.history']._fields if 'motive' in name])

    def test_nothing_that_leaves_names_it(self):
        label = "Bad faith"
        self.case.with_context(tracking_disable=False, mail_notrack=False)._record_motive('bad_faith')
        self.env.cr.flush()
        run = self.run_day()
        self.assertEqual(run.message_ids.state, 'done')
        step = self.steps()
        texts = [step.message_html, step.letter_text, *step.mail_id.mapped('body_html')]
        texts += [f"{event.text} {event.status}" for event in self.case.history_ids]
        self.assertFalse([text for text in texts if label.lower() in str(text or '').lower()])
        # the case's own chatter keeps who changed it, for those who may read it
        caller = new_test_user(self.env, 'motive_reader', groups=GROUP + 'caller', company_id=self.company.id)
        tracked = self.case.message_ids.tracking_value_ids.filtered(lambda value: value.field_id.name == 'motive')
        self.assertTrue(tracked)
        self.assertFalse(tracked.with_user(caller)._filter_has_field_access(self.env(user=caller)))
        self.assertFalse(self.case.message_ids.notified_partner_ids)
