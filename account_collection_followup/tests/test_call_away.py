from freezegun import freeze_time

from odoo.tests import new_test_user, tagged

from .common import TODAY, CollectionCommon


@tagged('post_install', '-at_install')
@freeze_time(TODAY)
class TestCallAway(CollectionCommon):
    """Planned calls of who is out of office go to who stands in."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.caller = new_test_user(
            cls.env,
            login='test_caller',
            groups='base.group_user,account_collection_followup.group_collection_caller',
            email='caller@example.com',
        )
        cls.partner_a.collection_user_id = cls.caller

    def leave(self, user, begins, ends=False):
        user.write({'out_of_office_from': begins, 'out_of_office_to': ends})

    def call(self, day=TODAY, **values):
        return self.env['collection.call'].create(
            {'partner_id': self.partner_a.id, 'user_id': self.caller.id, 'planned_on': day, **values}
        )

    def hand_on(self, day=TODAY):
        with freeze_time(day):
            self.env['collection.call'].sudo()._hand_on(self.company)

    def test_due_calls_change_hands(self):
        call = self.call()
        self.leave(self.caller, '2026-03-01 00:00:00', '2026-03-08 00:00:00')
        self.hand_on()
        self.assertEqual(call.user_id, self.collector)
        self.assertEqual(call.activity_ids.user_id, self.collector)
        self.hand_on('2026-03-09')
        self.assertEqual(call.user_id, self.collector, "what was handed over stays there")

    def test_calls_of_later_wait_for_him(self):
        call = self.call('2026-03-10')
        self.leave(self.caller, '2026-03-01 00:00:00', '2026-03-08 00:00:00')
        self.hand_on()
        self.assertEqual(call.user_id, self.caller)
        self.hand_on('2026-03-10')
        self.assertEqual(call.user_id, self.caller)

    def test_nobody_else_is_there(self):
        call = self.call()
        for user in self.caller | self.collector | self.manager:
            self.leave(user, '2026-03-01 00:00:00')
        self.hand_on()
        self.assertEqual(call.user_id, self.caller)

    def test_who_stands_in_is_away_as_well(self):
        call = self.call()
        self.leave(self.caller, '2026-03-01 00:00:00')
        self.leave(self.collector, '2026-03-01 00:00:00', '2026-03-04 00:00:00')
        self.hand_on()
        self.assertEqual(call.user_id, self.manager)

    def test_the_desk_plans_for_who_is_there(self):
        self.leave(self.caller, '2026-03-01 00:00:00', '2026-03-08 00:00:00')
        self.invoice()
        self.run_day()
        self.assertEqual(self.steps().call_ids.user_id, self.collector)

    def test_a_person_chooses_whom_he_wants(self):
        self.leave(self.caller, '2026-03-01 00:00:00', '2026-03-08 00:00:00')
        call = (
            self.env['collection.call']
            .with_user(self.collector)
            .create({'partner_id': self.partner_a.id, 'user_id': self.caller.id, 'planned_on': TODAY})
        )
        self.assertEqual(call.user_id, self.caller)
