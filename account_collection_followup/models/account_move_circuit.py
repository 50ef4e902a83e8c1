from odoo import fields, models

from .collection_circuit_stage import CALLER, RESOLVER


class AccountMove(models.Model):
    """Where an invoice stands at the customer's (R21)."""

    _inherit = 'account.move'  # pylint: disable=consider-merging-classes-inherited

    collection_circuit_text = fields.Char(
        "At the customer's",
        compute='_compute_collection_circuit_text',
        groups=f'{CALLER},{RESOLVER}',
        help="Where the invoice stands in the customer's circuit, as he said last.",
    )

    def _compute_collection_circuit_text(self):
        latest = self.env['collection.circuit.stage']._get_latest(self._origin)
        for move in self:
            stage = latest.get(move._origin.id)
            move.collection_circuit_text = stage.text if stage else False

    def action_record_collection_stage(self):
        """Note where this invoice stands at the customer's."""
        self.ensure_one()
        return self.commercial_partner_id.with_context(
            collection_company_id=self.company_id.id
        ).action_record_collection_stages()
