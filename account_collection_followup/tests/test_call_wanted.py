from datetime import date

from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import CollectionCommon

GROUP = 'account_collection_followup.group_collection_'


@tagged('post_install', '-at_install')
@freeze_time('2026-03-02 09:00:00')
class TestCallWanted(CollectionCommon):
    """Calls the desk wants: one per customer, with the reason in words."""

    def case(self, partner=None):
        partner = partner or self.partner_a
        return self.env['collection.case']._open_for(partner, self.company)[partner]

    def want(self, partner=None, planned_on='2026-03-05', why="Promise broken", **values):
        case = self.case(partner)
        return self.env['collection.call']._want(
            {case: {'planned_on': date.fromisoformat(planned_on), 'why': why, **values}}
        )

    def make_call(self, **values):
        values.setdefault('user_id', self.collector.id)
        return self.env['collection.call'].create({'partner_id': self.partner_a.id, **values})

    def test_planned_for_the_responsible(self):
        move = self.invoice()
        self.case().user_id = self.manager
        call = self.want(move_ids=move.ids)
        self.assertEqual((call.state, call.purpose, call.planned_on), ('planned', 'collection', date(2026, 3, 5)))
        self.assertEqual((call.why, call.user_id, call.move_ids), ("Promise broken", self.manager, move))
        self.assertEqual(call.activity_ids.user_id, self.manager)
        self.assertTrue(call.contact_id)

    def test_brought_forward(self):
        call = self.make_call(planned_on='2026-03-12')
        self.assertEqual(self.want(planned_on='2026-03-05'), call)
        self.assertEqual((call.planned_on, call.why), (date(2026, 3, 5), "Promise broken"))
        self.assertEqual(call.activity_ids.date_deadline, date(2026, 3, 5))

    def test_never_put_off(self):
        call = self.make_call(planned_on='2026-03-03')
        self.want(planned_on='2026-03-05')
        self.assertEqual((call.planned_on, call.why), (date(2026, 3, 3), "Promise broken"))

    def test_who_was_tried_is_not_tried_sooner(self):
        """Tried on Monday and put off: wanted on Monday again, he is tried on Tuesday at the earliest."""
        call = self.make_call(planned_on='2026-03-02')
        call.action_made('absent', callback_on='2026-03-12')
        self.want(planned_on='2026-03-02')
        self.assertEqual((call.planned_on, call.why), (date(2026, 3, 3), "Promise broken"))
        self.want(planned_on='2026-03-05')
        self.assertEqual(call.planned_on, date(2026, 3, 3))

    def test_those_that_change_alike_are_written_at_once(self):
        calls = self.make_call(planned_on='2026-03-12') | self.make_call(
            planned_on='2026-03-12', partner_id=self.partner_b.id
        )
        moves = {call: self.invoice(call.partner_id) | self.invoice(call.partner_id) for call in calls}
        calls[0].move_ids = moves[calls[0]][0]
        values = {'planned_on': date(2026, 3, 5), 'why': "Promise broken"}
        self.env['collection.call']._want({call.case_id: dict(values, move_ids=moves[call].ids) for call in calls})
        self.assertEqual(calls.mapped('why'), ["Promise broken"] * 2)
        self.assertEqual((calls[0].move_ids, calls[1].move_ids), (moves[calls[0]], self.env['account.move']))

    def test_agreed_day_stays(self):
        call = self.make_call(planned_on='2026-03-12', agreed=True)
        self.want(planned_on='2026-03-05')
        self.assertEqual((call.planned_on, call.why), (date(2026, 3, 12), "Promise broken"))

    def test_each_reason_once(self):
        call = self.want()
        self.want()
        self.assertEqual(call.why, "Promise broken")
        self.want(why="No contact for 10 days")
        self.assertEqual(call.why, "Promise broken · No contact for 10 days")

    def test_the_rep_does_not_chase(self):
        rep = new_test_user(self.env, 'wanted_rep', groups=GROUP + 'resolver', company_id=self.company.id)
        call = self.make_call(purpose='satisfaction', planned_on='2026-03-12', user_id=rep.id)
        self.want()
        self.assertEqual((call.purpose, call.user_id), ('collection', self.collector))
        self.assertEqual(call.activity_ids.user_id, self.collector)

    def test_reason_in_the_language_of_who_calls(self):
        self.env['res.lang']._activate_lang('fr_FR')
        self.collector.lang = 'fr_FR'
        call = self.want(why=lambda env: env.lang, user_id=self.collector.id)
        self.assertEqual(call.why, 'fr_FR')

    def test_invoices_join_those_it_names(self):
        first, second = self.invoice(), self.invoice()
        call = self.make_call(planned_on='2026-03-12', move_ids=[(6, 0, first.ids)])
        self.want(move_ids=second.ids)
        self.assertEqual(call.move_ids, first + second)

    def test_a_call_about_everything_stays_one(self):
        call = self.make_call(planned_on='2026-03-12')
        self.want(move_ids=self.invoice().ids)
        self.assertFalse(call.move_ids)

    def test_why_is_written_by_the_desk(self):
        with self.assertRaises(AccessError):
            self.make_call().why = "Because"

    def test_as_many_queries_for_many(self):
        partners = self.env['res.partner'].create([{'name': f"Customer {number}"} for number in range(24)])
        cases = list(self.env['collection.case']._open_for(partners, self.company).values())

        def want(cases, day):
            values = {'planned_on': day, 'why': "Promise broken", 'user_id': self.collector.id}
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.env['collection.call']._want(dict.fromkeys(cases, values))
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        few = want(cases[:4], date(2026, 3, 12))
        self.assertLess(want(cases[4:], date(2026, 3, 12)), few + 10)
        few = want(cases[:4], date(2026, 3, 5))
        self.assertLess(want(cases[4:], date(2026, 3, 5)), few + 10)
