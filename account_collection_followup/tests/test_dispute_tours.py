from odoo.fields import Command
from odoo.tests import HttpCase, new_test_user, tagged

from ..models.collection_fact import internal
from .facts_common import GROUP, FactsCommon


@tagged('post_install', '-at_install')
class TestDisputeTours(FactsCommon, HttpCase):
    """A dispute in the browser of the roles it concerns."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.collection_user_id = new_test_user(
            cls.env, 'dispute_collector', groups=GROUP + 'collector', company_id=cls.company.id
        )
        cls.invoice = cls._invoice(1000)

    def test_propose(self):
        """A resolver proposes the outcome: it comes to who closes it."""
        dispute = self._dispute(self.invoice, 300)
        self.start_tour('/odoo/collection-disputes', 'collection_dispute_propose', login='facts_lead')
        self.assertEqual((dispute.proposed_outcome, dispute.proposed_amount), ('partly', 40))
        self.assertEqual(dispute.activity_ids.user_id, self.company.collection_user_id)

    def test_qualify(self):
        """A collector qualifies what the customer entered, and hands it over."""
        self.env['collection.team'].create({'name': "Sales of the tests", 'lead_id': self.lead.id})
        dispute = internal(self.env['collection.dispute']).create(
            {
                'source': 'customer',
                'partner_id': self.customer.id,
                'line_ids': [Command.create({'move_id': self.invoice.id, 'amount': 300})],
            }
        )
        self.start_tour('/odoo/collection-disputes', 'collection_dispute_qualify', login='dispute_collector')
        self.assertEqual((dispute.stage, dispute.type_id), ('solving', self.type))
        self.assertEqual((dispute.user_id, dispute.helper_team_ids), (self.lead, self.team))
