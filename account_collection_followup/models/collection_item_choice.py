from odoo import api, fields, models


class CollectionItemChoice(models.AbstractModel):
    """A line entered on screen by choosing an open item, which who may not read invoices can do as well."""

    _name = 'collection.item.choice'
    _description = "Line about an Open Item"

    item_id = fields.Many2one('collection.item', string="Open item", store=False)

    @api.onchange('item_id')
    def _onchange_item_id(self):
        if self.item_id:
            self.update(self.item_id._prepare_choice())


class CollectionDisputeLine(models.Model):
    _name = 'collection.dispute.line'
    _inherit = ['collection.dispute.line', 'collection.item.choice']


class CollectionPromiseLine(models.Model):
    _name = 'collection.promise.line'
    _inherit = ['collection.promise.line', 'collection.item.choice']
