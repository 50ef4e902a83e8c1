from odoo import api, fields, models


class CollectionStepLine(models.Model):
    """An item in a step, as it stood then.

    Besides the journal item it keeps invoice, maturity, amounts and customer: a
    reset to draft may delete the journal item or give it to another customer.
    Amounts are in the currency of the document, ``asked_company`` in company currency.
    """

    _name = 'collection.step.line'
    _description = "Item of a Follow-up Step"
    _order = 'step_id, due_date, id'

    step_id = fields.Many2one('collection.step', required=True, ondelete='cascade', index=True)
    role = fields.Selection(
        [('asked', "Asked for"), ('apart', "Disputed or promised"), ('received', "Received, not yet allocated")],
        required=True,
        default='asked',
    )
    line_id = fields.Many2one('account.move.line', "Journal Item", ondelete='set null', index='btree_not_null')
    move_id = fields.Many2one('account.move', "Document", ondelete='set null', index='btree_not_null')
    name = fields.Char("Number", required=True)
    partner_id = fields.Many2one('res.partner', "Customer", required=True, index=True, ondelete='restrict')
    company_id = fields.Many2one('res.company', required=True)
    currency_id = fields.Many2one('res.currency', required=True)
    company_currency_id = fields.Many2one(related='company_id.currency_id', string="Company Currency")
    date = fields.Date("Document Date")
    due_date = fields.Date(required=True)
    residual = fields.Monetary("Open", required=True)
    disputed = fields.Monetary()
    promised = fields.Monetary()
    netted = fields.Monetary("Deducted", help="Deducted: received, not yet allocated, or credit notes.")
    asked = fields.Monetary()
    asked_company = fields.Monetary(currency_field='company_currency_id')
    level_id = fields.Many2one('collection.level', index=True, ondelete='restrict')
    from_level_id = fields.Many2one('collection.level', "Level Before", ondelete='restrict')
    occurrence = fields.Integer(default=1, help="More than 1: the same level once again.")
    cancelled = fields.Boolean()

    # an item is asked once per level and occurrence, whatever two workers do
    _asked_once = models.UniqueIndex(
        "(line_id, level_id, occurrence) WHERE role = 'asked' AND cancelled IS NOT TRUE",
        "This item was already asked for at this level.",
    )
    _orphan_idx = models.Index("(move_id) WHERE line_id IS NULL")

    @api.model
    def _get_occurrences(self, line_ids):
        """:return: dict (journal item id, level id) → how often it was asked so far"""
        return {
            (line.id, level.id): occurrence
            for line, level, occurrence in self._read_group(
                [('line_id', 'in', list(line_ids)), ('role', '=', 'asked'), ('cancelled', '=', False)],
                ['line_id', 'level_id'],
                ['occurrence:max'],
            )
        }
