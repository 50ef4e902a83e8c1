from odoo import api, fields, models

RESOLVER = 'account_collection_followup.group_collection_resolver'


class ResPartner(models.Model):
    """Disputes and calls on the customer's form, for colleagues without accounting rights too: each sees his own."""

    _inherit = 'res.partner'  # pylint: disable=consider-merging-classes-inherited

    collection_dispute_count = fields.Integer(
        "Disputes", compute='_compute_collection_fact_counts', groups=RESOLVER, help="Open disputes."
    )
    collection_call_count = fields.Integer(
        "Calls", compute='_compute_collection_fact_counts', groups=RESOLVER, help="Calls planned and made."
    )

    @api.depends('commercial_partner_id')
    @api.depends_context('uid', 'company')
    def _compute_collection_fact_counts(self):
        disputes = self._get_collection_fact_counts('collection.dispute', [('state', '=', 'open')])
        calls = self._get_collection_fact_counts('collection.call', [('state', '!=', 'cancelled')])
        for partner in self:
            partner.collection_dispute_count = disputes.get(partner.commercial_partner_id, 0)
            partner.collection_call_count = calls.get(partner.commercial_partner_id, 0)

    def _get_collection_fact_counts(self, model, domain):
        """:return: dict {customer: number of records the user may see}"""
        domain = [('partner_id', 'in', self.commercial_partner_id.ids), *domain]
        return dict(self.env[model]._read_group(domain, ['partner_id'], ['__count']))

    def action_view_collection_disputes(self):
        """Open the customer's disputes, as far as the user may see them."""
        return self._get_collection_facts_action('collection_dispute_action', search_default_open=1)

    def action_view_collection_calls(self):
        """Open the customer's calls, as far as the user may see them."""
        return self._get_collection_facts_action('collection_call_action')

    def _get_collection_facts_action(self, name, **context):
        self.ensure_one()
        customer = self.commercial_partner_id
        action = self.env['ir.actions.act_window']._for_xml_id(f'account_collection_followup.{name}')
        return dict(
            action,
            domain=[('partner_id', '=', customer.id)],
            context={'default_partner_id': customer.id, **context},
        )
