from datetime import date

from freezegun import freeze_time

from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from ..models.collection_fact import internal
from .facts_common import GROUP, FactsCommon


@tagged('post_install', '-at_install')
@freeze_time('2026-03-02 09:00:00')
class TestDisputeTimeLimit(FactsCommon):
    """Time limits of disputes, and who is told that one passed (R12, R19)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.collector = new_test_user(cls.env, 'limit_collector', groups=GROUP + 'collector', company_id=cls.company.id)
        cls.company.collection_manager_id = cls.collector
        with freeze_time('2026-03-02 09:00:00'):
            cls.invoice = cls._invoice(1000)

    def escalate(self, day):
        with freeze_time(f'{day} 09:00:00'):
            self.env['collection.dispute']._escalate_overdue(self.company)

    def test_emptied(self):
        """A time limit that was emptied is none: the dispute is late no more, and the others are told of."""
        emptied, late = self._dispute(self.invoice, 100), self._dispute(self.invoice, 100)
        self.escalate('2026-03-17')
        self.assertEqual((emptied | late).mapped('escalated'), ['lead', 'lead'])
        emptied.deadline = False
        self.escalate('2026-03-25')
        self.assertEqual((emptied.escalated, late.escalated), (False, 'manager'))

    def test_one_does_not_stop_the_others(self):
        broken, late = self._dispute(self.invoice, 100), self._dispute(self.invoice, 100)
        # the day it was told on is lost: nothing can be counted from it
        internal(broken).write({'escalated': 'lead', 'escalated_on': False})
        with mute_logger('odoo.addons.account_collection_followup.models.collection_dispute_escalation'):
            self.escalate('2026-03-17')
        self.assertEqual((late.escalated, late.escalated_on), ('lead', date(2026, 3, 17)))
        self.assertEqual(broken.escalated, 'lead')

    def test_decided(self):
        """What is decided waits for its credit note: it is not late, and nobody is told that it is."""
        dispute = self._dispute(self.invoice, 100)
        form = Form(self.env['collection.dispute.close'].with_context(default_dispute_id=dispute.id))
        form.outcome = 'accepted'
        form.save().action_close()
        self.assertEqual((dispute.state, dispute.credit_outcome), ('open', 'accepted'))
        self.escalate('2026-03-17')
        self.assertFalse(dispute.escalated)
        with freeze_time('2026-03-17 09:00:00'):
            self.env.invalidate_all()
            self.assertFalse(dispute.is_overdue)
            self.assertNotIn(dispute, self.env['collection.dispute'].search([('is_overdue', '=', True)]))
            self.assertIn(dispute, self.env['collection.dispute'].search([('is_overdue', '=', False)]))

    def test_day_of_the_company(self):
        """Late by the company's day, on screen and in the filter, wherever the user is."""
        dispute = self._dispute(self.invoice, 100)
        self.assertEqual(dispute.deadline, date(2026, 3, 16))
        self.company.partner_id.tz = 'UTC'
        disputes = self.env['collection.dispute'].with_user(self.collector)
        disputes = disputes.with_context(tz='Pacific/Kiritimati')
        for now, late in (('2026-03-16 12:00:00', False), ('2026-03-17 12:00:00', True)):
            with self.subTest(now=now), freeze_time(now):
                self.env.invalidate_all()
                self.assertEqual(disputes.browse(dispute.id).is_overdue, late)
                self.assertEqual(dispute.id in disputes.search([('is_overdue', '=', True)]).ids, late)
                self.assertEqual(dispute.id in disputes.search([('is_overdue', '=', False)]).ids, not late)
