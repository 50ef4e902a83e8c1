from datetime import date

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, RedirectWarning, UserError
from odoo.tests import Form, new_test_user, tagged

from .common import CollectionCommon

GROUP = 'account_collection_followup.group_collection_'


@tagged('post_install', '-at_install')
@freeze_time('2026-03-02 09:00:00')
class TestActivity(CollectionCommon):
    """A planned call and an open dispute are on the list of the right user, once, at the right date."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.reps = [
            new_test_user(
                cls.env, f'activity_rep_{number}', groups=GROUP + 'resolver', company_id=cls.company.id, email='r@x.com'
            )
            for number in (1, 2)
        ]
        with freeze_time('2026-03-02 09:00:00'):
            cls.move = cls.invoice()

    def activities(self, record, active=True):
        return self.env['mail.activity'].search(
            [('res_model', '=', record._name), ('res_id', '=', record.id), ('active', '=', active)]
        )

    def listed(self, record):
        """:return: (user, date, type) of the activities that wait"""
        kinds = {
            self.env.ref(f'account_collection_followup.activity_type_{kind}'): kind
            for kind in ('call', 'satisfaction', 'dispute', 'dispute_customer', 'dispute_close')
        }
        return {
            (activity.user_id, activity.date_deadline, kinds[activity.activity_type_id])
            for activity in self.activities(record)
        }

    def make_call(self, **values):
        values.setdefault('user_id', self.reps[0].id)
        return self.env['collection.call'].create(
            {'partner_id': self.partner_a.id, 'planned_on': '2026-03-04', **values}
        )

    def make_dispute(self, **values):
        return self.env['collection.dispute'].create(
            {
                'type_id': self.env.ref('account_collection_followup.dispute_type_technical').id,
                'user_id': self.reps[0].id,
                'line_ids': [fields.Command.create({'move_id': self.move.id, 'amount': 100})],
                **values,
            }
        )

    # -- calls -------------------------------------------------------------
    def test_call(self):
        """Planned, moved, given to another: always one activity; it speaks of the call."""
        first, second = self.reps
        call = self.make_call()
        self.assertEqual(self.listed(call), {(first, date(2026, 3, 4), 'call')})
        activity = self.activities(call)
        call.planned_on = '2026-03-06'
        self.assertEqual(self.listed(call), {(first, date(2026, 3, 6), 'call')})
        self.assertIn('03/06', activity.res_name)
        call.write({'user_id': second.id, 'purpose': 'satisfaction'})
        self.assertEqual(self.listed(call), {(second, date(2026, 3, 6), 'satisfaction')})
        self.assertEqual(self.activities(call), activity)
        call.action_cancel()
        self.assertFalse(self.activities(call))

    def test_call_made(self):
        """The result is the feedback of the activity; who was not reached is called again another day."""
        call = self.make_call(planned_on='2026-03-02')
        call.with_user(self.reps[0]).action_made('absent')
        self.assertEqual(self.listed(call), {(self.reps[0], date(2026, 3, 3), 'call')})
        call.with_user(self.reps[0]).action_made('difficulty', "Waits for his own customer.")
        self.assertFalse(self.activities(call))
        done = self.activities(call, active=False)
        self.assertIn("own customer", done.feedback)

    def test_call_is_not_done_by_its_activity(self):
        """Marking the activity done does not close the call: it leads to the dialog."""
        call = self.make_call()
        rep = self.reps[0]
        activity = self.activities(call).with_user(rep)
        with self.assertRaises(RedirectWarning) as refused, self.env.cr.savepoint():
            activity.action_feedback(feedback="Called")
        _message, action, _button, context = refused.exception.args
        self.assertEqual(action, self.env.ref('account_collection_followup.collection_call_log_action').id)
        self.assertEqual(context, {'default_call_id': call.id})
        opened = activity.action_done()
        self.assertEqual((opened['res_model'], opened['context']['default_call_id']), ('collection.call.log', call.id))
        with self.assertRaises(UserError), self.env.cr.savepoint():
            activity.unlink()
        self.assertEqual(call.state, 'planned')
        self.assertTrue(self.activities(call))

    def test_moving_the_activity_moves_the_call(self):
        call = self.make_call()
        activity = self.activities(call).with_user(self.reps[0])
        activity.date_deadline = '2026-03-10'
        self.assertEqual(call.planned_on, date(2026, 3, 10))
        activity.user_id = self.reps[1]
        self.assertEqual(call.user_id, self.reps[1])
        self.assertEqual(self.listed(call), {(self.reps[1], date(2026, 3, 10), 'call')})

    def test_who_left_is_stood_in_for(self):
        """An archived user keeps no call: the case's responsible makes it."""
        call = self.make_call(planned_on='2026-03-03')
        self.reps[0].action_archive()
        self.assertFalse(self.activities(call))
        self.env['collection.call']._plan_satisfaction(self.company)
        self.assertEqual(call.user_id, self.collector)
        self.assertEqual(self.listed(call), {(self.collector, date(2026, 3, 3), 'call')})

    def test_what_is_on_nobody_s_list_comes_back(self):
        call = self.make_call(planned_on='2026-03-03')
        self.activities(call).sudo().unlink()
        self.env['collection.call']._plan_satisfaction(self.company)
        self.assertEqual(self.listed(call), {(self.reps[0], date(2026, 3, 3), 'call')})

    def test_calls_of_a_run_are_on_the_lists_without_mail(self):
        """A run plans its calls in batch: one activity each, no notification."""
        for partner in (self.partner_a, self.partner_b):
            self.invoice(partner, due='2026-02-20')
        before = self.env['mail.mail'].search_count([])
        self.run_day()
        calls = self.env['collection.call'].search([('step_id', '!=', False)])
        self.assertEqual(calls.partner_id, self.partner_a | self.partner_b)
        for call in calls:
            self.assertEqual(self.listed(call), {(self.collector, date(2026, 3, 2), 'call')})
        subjects = self.env['mail.mail'].search([])[before:].mapped('subject')
        self.assertFalse([subject for subject in subjects if "assigned" in (subject or '')])

    def test_query_count_does_not_grow(self):
        """Activities of many calls cost the queries of one."""
        partners = self.env['res.partner'].create([{'name': f"Customer {number}"} for number in range(20)])
        vals_list = [
            {'partner_id': partner.id, 'user_id': self.reps[0].id, 'planned_on': '2026-03-05'} for partner in partners
        ]
        self.env['collection.case']._open_for(partners, self.company)
        self.env.flush_all()

        def count(vals):
            before = self.env.cr.sql_log_count
            self.env['collection.call'].create(vals)
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        count(vals_list[:1])
        few, many = count(vals_list[1:3]), count(vals_list[3:])
        self.assertLessEqual(many, few + 4)

    def test_many_activities_are_looked_at_together(self):
        """Marking a list of activities as done asks for their calls once."""
        partners = self.env['res.partner'].create([{'name': f"Customer {number}"} for number in range(12)])
        calls = self.env['collection.call'].create(
            [{'partner_id': partner.id, 'user_id': self.reps[0].id} for partner in partners]
        )
        self.env.flush_all()
        self.env.cr.execute("UPDATE collection_call SET state = 'cancelled' WHERE id = ANY(%s)", [calls.ids])

        def count(some):
            activities = self.env['mail.activity'].browse(some.activity_ids.ids)
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            activities._check_call_logged()
            return self.env.cr.sql_log_count - before

        count(calls)
        self.assertEqual(count(calls[:2]), count(calls[2:]))

    # -- disputes ----------------------------------------------------------
    def test_dispute(self):
        """The owner answers, then the responsible of the case closes; closed, nothing waits."""
        owner = self.reps[0]
        dispute = self.make_dispute()
        self.assertEqual(self.listed(dispute), {(owner, dispute.deadline, 'dispute')})
        self.activities(dispute).with_user(owner).action_feedback(feedback="The part was replaced.")
        self.assertEqual(self.listed(dispute), {(self.collector, dispute.deadline, 'dispute_close')})
        with self.assertRaises(RedirectWarning), self.env.cr.savepoint():
            self.activities(dispute).with_user(self.collector).action_feedback()
        dispute.with_user(self.collector).action_close('accepted')
        self.assertFalse(self.activities(dispute))
        dispute.with_user(self.collector).action_reopen()
        self.assertEqual(self.listed(dispute), {(owner, dispute.deadline, 'dispute')})

    def test_done_on_a_dispute_asks_for_the_answer(self):
        """Done without a word answers nothing: it leads to the dialog, whose text is the answer (R12)."""
        owner = self.reps[0]
        dispute = self.make_dispute(reason="It arrived broken")
        activity = self.activities(dispute).with_user(owner)
        with self.assertRaises(RedirectWarning) as refused, self.env.cr.savepoint():
            activity.action_feedback()
        self.assertEqual(refused.exception.args[3], {'default_purpose': 'answer', 'default_dispute_id': dispute.id})
        for opened in (activity.action_done(), dispute.with_user(owner).action_answer()):
            self.assertEqual((opened['res_model'], opened['target']), ('collection.reason', 'new'))
            self.assertEqual(opened['context']['default_dispute_id'], dispute.id)
        self.assertEqual(self.listed(dispute), {(owner, dispute.deadline, 'dispute')})
        with Form(
            self.env['collection.reason'].with_user(owner).with_context(**opened['context']),
            'account_collection_followup.collection_dispute_answer_view_form',
        ) as form:
            self.assertEqual(form.dispute_reason, "It arrived broken")
            form.reason = "The pallet was replaced."
        form.record.action_confirm()
        self.assertEqual(self.listed(dispute), {(self.collector, dispute.deadline, 'dispute_close')})
        self.env.invalidate_all()
        self.assertEqual(dispute.finding, "The pallet was replaced.")
        note = dispute.message_ids.filtered(lambda message: "pallet" in message.body)
        self.assertEqual((len(note), note.author_id), (1, owner.partner_id))
        self.assertFalse(note.notified_partner_ids)
        closing = self.env['collection.dispute.close'].with_user(self.collector).create(
            {'dispute_id': dispute.id, 'outcome': 'withdrawn', 'settlement': 'none'}
        )  # fmt: skip
        self.assertEqual(closing.finding, "The pallet was replaced.")
        with self.assertRaisesRegex(UserError, "answered already"):
            dispute.with_user(owner).action_answer("Once more")
        closing.action_close()
        with self.assertRaisesRegex(UserError, "is closed since"):
            dispute.with_user(owner).action_answer("Once more")

    def test_who_answers_a_dispute(self):
        """Owner, team and sales rep, each what is his; a word is needed; nobody else answers."""
        owner, rep = self.reps
        mate, other = (
            new_test_user(self.env, f'activity_{name}', groups=GROUP + 'resolver', company_id=self.company.id)
            for name in ('mate', 'other')
        )
        self.partner_a.user_id = rep
        team = self.env['collection.team'].create({'name': "Logistics", 'user_ids': mate.ids})
        dispute = self.make_dispute(team_id=team.id)
        self.assertEqual((dispute.team_id, dispute.user_id), (team, owner))

        def may(user):
            return dispute.with_user(user).can_answer

        self.assertEqual([may(user) for user in (owner, rep, mate, self.collector)], [True, True, True, False])
        with self.assertRaises(AccessError):
            dispute.with_user(other).action_answer("Not mine")
        with self.assertRaises(AccessError):
            dispute.with_user(self.collector).action_answer("Not mine")
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            self.activities(dispute).with_user(self.collector).action_feedback(feedback="Not mine")
        with self.assertRaisesRegex(UserError, "what was found"):
            dispute.with_user(rep).action_answer(" ")
        dispute.with_user(rep).action_answer("Told the customer.")
        self.assertEqual(self.listed(dispute), {(owner, dispute.deadline, 'dispute')})
        self.assertEqual([may(user) for user in (owner, rep, mate)], [True, False, True])
        dispute.with_user(mate).action_answer("Sent again.")
        self.assertEqual(self.listed(dispute), {(self.collector, dispute.deadline, 'dispute_close')})
        self.assertFalse(any(may(user) for user in (owner, rep, mate)))
        self.assertEqual(set(dispute.finding.split('\n')), {"Told the customer.", "Sent again."})
        dispute.with_user(self.collector).action_close('rejected')
        dispute.with_user(self.collector).action_reopen()
        self.assertFalse(dispute.finding)
        self.assertTrue(may(owner))

    def test_dispute_given_to_another(self):
        dispute = self.make_dispute()
        dispute.write({'user_id': self.reps[1].id, 'deadline': '2026-03-09'})
        self.assertEqual(self.listed(dispute), {(self.reps[1], date(2026, 3, 9), 'dispute')})

    def test_dispute_of_another_type(self):
        """Another type brings another team, and another time limit: the activity follows."""
        team = self.env['collection.team'].create({'name': "Logistics", 'lead_id': self.reps[1].id})
        other = self.env['collection.dispute.type'].create({'name': "Late", 'team_id': team.id, 'days': 2})
        dispute = self.make_dispute()
        dispute.type_id = other
        self.assertEqual(self.listed(dispute), {(self.reps[1], date(2026, 3, 4), 'dispute')})

    def test_dispute_of_who_left(self):
        dispute = self.make_dispute()
        self.reps[0].action_archive()
        self.assertFalse(self.listed(dispute))
        self.env['collection.call']._plan_satisfaction(self.company)
        self.assertEqual(self.listed(dispute), {(self.collector, dispute.deadline, 'dispute')})

    def test_the_rep_stands_in_front(self):
        """Whoever solves it, the sales rep of the customer has it on his list (R13)."""
        solver, rep = self.reps
        self.partner_a.user_id = rep
        dispute = self.make_dispute()
        self.assertEqual(
            self.listed(dispute), {(solver, dispute.deadline, 'dispute'), (rep, dispute.deadline, 'dispute_customer')}
        )
        mine = self.activities(dispute).filtered(lambda activity: activity.user_id == rep)
        mine.with_user(rep).action_feedback(feedback="Told the customer.")
        self.assertEqual(self.listed(dispute), {(solver, dispute.deadline, 'dispute')})
        dispute.action_close('rejected')
        self.assertFalse(self.activities(dispute))
        own = self.make_dispute(user_id=rep.id)
        self.assertEqual(self.listed(own), {(rep, own.deadline, 'dispute')})

    # -- what the customer's form shows -------------------------------------
    def test_traces(self):
        """The case keeps calls and tries; the customer's chatter disputes and satisfaction calls, without any amount."""
        call = self.make_call(purpose='satisfaction', move_ids=[fields.Command.set(self.move.ids)])
        call.with_user(self.reps[0]).action_made('voicemail', "Nobody there")
        notes = ''.join(call.case_id.message_ids.mapped('body'))
        self.assertIn("Voicemail", notes)
        self.assertIn("Nobody there", notes)
        dispute = self.make_dispute()
        call.with_user(self.reps[0]).action_made('difficulty', "Lost 4321 on a fire")
        dispute.action_close('accepted')
        messages = self.partner_a.message_ids.filtered(lambda message: 'collection.' in (message.body or ''))
        self.assertEqual(len(messages), 3)
        body = ''.join(messages.mapped('body'))
        self.assertIn(self.move.name, body)
        self.assertIn("Difficulty", body)
        self.assertIn("Accepted", body)
        self.assertNotIn("4321", body)
        self.assertNotIn("100", body.replace(self.move.name, ''))
        self.assertTrue(all(message.subtype_id.internal for message in messages))
        self.assertFalse(messages.notified_partner_ids)
        self.assertFalse(call.message_follower_ids.partner_id & (self.partner_a | self.partner_a.child_ids))
        for record in (call, dispute):
            self.assertFalse(record._message_get_suggested_recipients())
        self.assertIn("Difficulty", ''.join(call.case_id.message_ids.mapped('body')))

    def test_counts_are_one_s_own(self):
        """The customer's form counts what the user may see."""
        self.make_dispute()
        self.make_call()
        for user, expected in ((self.reps[0], (1, 1)), (self.reps[1], (0, 0)), (self.collector, (1, 1))):
            partner = self.partner_a.with_user(user)
            self.assertEqual((partner.collection_dispute_count, partner.collection_call_count), expected)
        action = self.partner_a.with_user(self.reps[0]).action_view_collection_disputes()
        self.assertEqual(self.env['collection.dispute'].with_user(self.reps[0]).search_count(action['domain']), 1)
        nobody = new_test_user(self.env, 'activity_nobody', groups='base.group_user', company_id=self.company.id)
        with self.assertRaises(AccessError):
            self.partner_a.with_user(nobody).read(['collection_call_count'])

    def test_plan_a_call(self):
        """One planned call per customer: planning another one moves it (R8)."""
        case = self.env['collection.case']._open_for(self.partner_a, self.company)[self.partner_a]
        self.assertFalse(case.action_plan_call()['res_id'])
        call = self.make_call()
        self.assertEqual(case.action_plan_call()['res_id'], call.id)
