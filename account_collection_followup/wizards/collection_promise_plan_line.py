from odoo import fields, models


class CollectionPromisePlanLine(models.TransientModel):
    """An instalment of a plan that is worked out."""

    _name = 'collection.promise.plan.line'
    _description = "Instalment"
    _inherit = ['collection.dialog']
    _order = 'date, id'

    plan_id = fields.Many2one('collection.promise.plan', required=True, ondelete='cascade')
    currency_id = fields.Many2one(related='plan_id.currency_id')
    date = fields.Date()
    amount = fields.Monetary()
    remark = fields.Char(readonly=True, help="Why it is not the day that was asked for.")
