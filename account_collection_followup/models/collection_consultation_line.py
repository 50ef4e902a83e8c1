from odoo import fields, models


class CollectionConsultationLine(models.Model):
    """An invoice the sales rep was told about, as it stood then: what he needs without accounting rights."""

    _name = 'collection.consultation.line'
    _description = "Invoice of a Consultation"
    _order = 'consultation_id, due_date, id'

    consultation_id = fields.Many2one('collection.consultation', required=True, ondelete='cascade', index=True)
    company_id = fields.Many2one(related='consultation_id.company_id')
    name = fields.Char("Number", required=True, readonly=True)
    due_date = fields.Date("Due date", required=True, readonly=True)
    currency_id = fields.Many2one('res.currency', required=True, readonly=True)
    amount = fields.Monetary("To ask", readonly=True, help="Open, less what is disputed, promised or received.")
