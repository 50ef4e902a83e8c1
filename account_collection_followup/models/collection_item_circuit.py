from odoo import api, fields, models


class CollectionItem(models.Model):
    """Where the invoice of an open item stands at the customer's (R21)."""

    _inherit = 'collection.item'  # pylint: disable=consider-merging-classes-inherited

    circuit_text = fields.Char(
        "At the customer's",
        compute='_compute_circuit_text',
        help="Where the invoice stands in the customer's circuit, as he said last.",
    )

    @api.depends('move_id')
    @api.depends_context('collection_as_of')
    def _compute_circuit_text(self):
        day, _past = self._get_as_of()
        latest = self.env['collection.circuit.stage']._get_latest(self.move_id, day)
        for item in self:
            stage = latest.get(item.move_id.id)
            item.circuit_text = stage.text if stage else False
