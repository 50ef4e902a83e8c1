from freezegun import freeze_time

from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, tagged

from .common import TODAY, CollectionCommon


@tagged('post_install', '-at_install')
@freeze_time(TODAY)
class TestConfiguration(CollectionCommon):
    """What an administrator is told when what he sets up cannot work."""

    def test_a_team_nobody_of_gets_disputes_is_said(self):
        team = self.env['collection.team'].create({'name': "Depot"})
        self.assertFalse(team.warning, "no disputes come to it")
        kind = self.env['collection.dispute.type'].create({'name': "Lost parcel", 'team_id': team.id})
        self.assertEqual(team.warning, "Nobody gets its disputes: choose a lead.")
        self.assertEqual(kind.team_warning, team.warning)
        team.user_ids = self.collector
        self.assertEqual(team.warning, "Its disputes stay with whoever enters them: choose a lead.")
        with Form(team) as form:
            form.lead_id = self.manager
            self.assertFalse(form.warning)
        self.assertFalse(kind.team_warning)
        team.active = False
        self.assertIn("Out of use", kind.team_warning)
        with Form(kind) as form:
            form.team_id = self.env['collection.team']
            self.assertFalse(form.team_warning)

    def test_days_of_a_dispute_type(self):
        kind = self.env.ref('account_collection_followup.dispute_type_pricing')
        with self.assertRaisesRegex(ValidationError, "“Working days to solve” is -1"), self.cr.savepoint():
            kind.days = -1

    def test_holidays_of_another_century_are_refused(self):
        Holiday = self.env['collection.holiday']
        Holiday.create([{'name': "Feast", 'date': day} for day in ('2021-03-02', '2036-03-02')])
        for day in ('2021-03-01', '2036-03-03', '0206-07-14'):
            with self.subTest(day), self.assertRaisesRegex(ValidationError, "Feast is entered for"):
                Holiday.create({'name': "Feast", 'date': day})

    def test_open_items_as_of_a_date_say_which(self):
        wizard = self.env['collection.item.as.of'].create({'date': '2026-01-31'})
        for action, name in ((wizard.action_list(), "Open items"), (wizard.action_balance(), "Aged balance")):
            self.assertEqual(action['name'], f"{name} as of 01/31/2026")
            self.assertEqual(action['display_name'], action['name'], "what stands above the list")
        wizard.date = TODAY
        wizard.action_list()
        wizard.date = '2026-03-03'
        with self.assertRaisesRegex(UserError, "choose today or an earlier day"):
            wizard.action_balance()
