from odoo import api, fields, models


class CollectionItemChoice(models.AbstractModel):
    """A line entered on screen by choosing an open item, which who may not read invoices can do as well."""

    _name = 'collection.item.choice'
    _description = "Line about an Open Item"

    item_id = fields.Many2one('collection.item', string="Open item", store=False)

    @api.onchange('item_id')
    def _onchange_item_id(self):
        if self.item_id:
            self.update(self._get_choice())

    def _get_choice(self):
        return self.item_id._prepare_choice()


class CollectionItem(models.Model):
    _inherit = 'collection.item'

    def _prepare_contested(self):
        """:return: list of values of a dispute line about all of each item that no open dispute contests; what is
        promised can be contested all the same"""
        room = self.env['collection.dispute.line']._get_contestable(self.sudo().line_id)
        return [dict(item._prepare_choice(), amount=room[item.sudo().line_id]) for item in self]


class CollectionDisputeLine(models.Model):
    _name = 'collection.dispute.line'
    _inherit = ['collection.dispute.line', 'collection.item.choice']

    def _get_choice(self):
        # EXTENDS collection.item.choice
        return self.item_id._prepare_contested()[0]


class CollectionPromiseLine(models.Model):
    _name = 'collection.promise.line'
    _inherit = ['collection.promise.line', 'collection.item.choice']


class CollectionDispute(models.Model):
    """What who enters a dispute should know: invoices left out, others that contest the same."""

    _inherit = 'collection.dispute'

    left_out = fields.Char(store=False)
    contested_warning = fields.Char(compute='_compute_contested_warning')

    @api.depends('state', 'line_ids.move_id')
    def _compute_contested_warning(self):
        """Other open disputes that contest the same invoices: it may be a second entry of the same."""
        for dispute in self:
            same = dispute._get_same() if dispute.state == 'open' else ()
            dispute.contested_warning = ' '.join(dispute._say_contested(line) for line in same)

    def _get_same(self):
        """:return: lines (sudo) of other open disputes that contest the same invoices, one per dispute and invoice"""
        lines = (
            self.env['collection.dispute.line']
            .sudo()
            .search(
                [
                    ('move_id', 'in', self.line_ids.move_id._origin.ids),
                    ('kind', '=', 'contested'),
                    ('dispute_id.state', '=', 'open'),
                    ('dispute_id', 'not in', self._origin.ids),
                ],
                order='id',
            )
        )
        return [group[:1] for group in lines.grouped(lambda line: (line.dispute_id, line.move_id)).values()]

    def _say_contested(self, line):
        return self.env._(
            "%(invoice)s is contested already: %(dispute)s, opened on %(date)s.",
            invoice=line.move_name,
            dispute=line.dispute_id.type_id.name or line.dispute_id.display_name,
            date=self.env['collection.run.line']._format_day(line.dispute_id.opened_on),
        )


class CollectionPromise(models.Model):
    _inherit = 'collection.promise'

    left_out = fields.Char(store=False)
