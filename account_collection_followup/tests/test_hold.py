from datetime import date

from freezegun import freeze_time

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from .facts_common import FactsCommon


@tagged('post_install', '-at_install')
@freeze_time('2026-03-02 09:00:00')
class TestHold(FactsCommon):
    def _hold(self, **values):
        return self.env['collection.hold'].create(
            {
                'partner_id': self.customer.id,
                'reason': "His warehouse burned down",
                'date_until': '2026-03-13',
                **values,
            }
        )

    def test_hold(self):
        """Dated, with a reason, noted in the case; its end leaves time before anything leaves (R50)."""
        hold = self._hold()
        self.assertEqual([hold.date_from, hold.response_until], [date(2026, 3, 2), date(2026, 3, 18)])
        self.assertEqual(hold.user_id, self.env.user)
        self.assertIn("warehouse", str(hold.case_id.message_ids[0].body))
        self.assertTrue(hold.case_id.message_ids[0].is_internal)
        self.assertEqual(
            [hold._is_running_on(date(2026, 3, day)) for day in (1, 2, 13, 14)], [False, True, True, False]
        )

    def test_invoice(self):
        invoice = self._invoice(100)
        hold = self.env['collection.hold'].create(
            {'move_id': invoice.id, 'reason': "Wrong address", 'date_until': '2026-03-13'}
        )
        self.assertEqual((hold.partner_id, hold.company_id), (self.customer, self.company))
        with self._refused("not an invoice of", ValidationError):
            self._hold(move_id=invoice.id, partner_id=self.partner_b.id)

    def test_ended_early(self):
        hold = self._hold()
        with freeze_time('2026-03-05'):
            hold.action_end()
            self.assertEqual([hold.ended_on, hold.response_until], [date(2026, 3, 5), date(2026, 3, 10)])
            self.assertEqual([hold._is_running_on(date(2026, 3, day)) for day in (4, 5)], [True, False])
            with self._refused("over already"):
                hold.action_end()
        late = self._hold()
        with freeze_time('2026-03-14'), self._refused("over already"):
            late.action_end()

    def test_refused(self):
        with self._refused("before it begins", ValidationError):
            self._hold(date_until='2026-03-01')
        with self._refused("why", ValidationError):
            self._hold(reason="  ")

    def test_append_only(self):
        hold = self._hold()
        for vals in ({'ended_on': '2026-03-02'}, {'response_until': '2026-03-02'}):
            with self.assertRaises(AccessError):
                hold.write(vals)
            with self.assertRaises(AccessError):
                self._hold(**vals)
        for vals in ({'date_until': '2026-12-31'}, {'reason': "Other"}, {'date_from': '2026-01-01'}):
            with self._refused("history"):
                hold.write(vals)
        with self._refused("cannot be deleted"):
            hold.sudo().unlink()
