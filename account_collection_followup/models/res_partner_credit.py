from odoo import api, fields, models
from odoo.exceptions import UserError

from .res_partner import READERS


class ResPartner(models.Model):
    """Credit data on the customer (R79), for who may read his receivables."""

    _inherit = 'res.partner'  # pylint: disable=consider-merging-classes-inherited

    collection_credit_id = fields.Many2one(
        'collection.credit', string="Credit record", compute='_compute_collection_credit', groups=READERS
    )
    collection_credit_text = fields.Text("Credit data", compute='_compute_collection_credit', groups=READERS)

    @api.depends('commercial_partner_id')
    @api.depends_context('company', 'lang')
    def _compute_collection_credit(self):
        root = self.env.company.sudo()._collection_root()
        credits = self.env['collection.credit'].search(
            [('partner_id', 'in', self.commercial_partner_id.ids), ('company_id', '=', root.id)]
        )
        by_customer = credits.grouped('partner_id')
        for partner in self:
            credit = by_customer.get(partner.commercial_partner_id, credits.browse())
            partner.collection_credit_id = credit
            partner.collection_credit_text = '\n'.join(filter(None, credit._get_lines())) if credit else False

    def action_open_collection_credit(self):
        """Open the customer's credit data; a collector enters them where there are none.

        :raise UserError: if there are none and the user may not enter any
        """
        self.ensure_one()
        credits = self.env['collection.credit']
        credits.check_access('read')
        action = credits._get_records_action(context={'default_partner_id': self.commercial_partner_id.id})
        if self.collection_credit_id:
            return dict(action, res_id=self.collection_credit_id.id)
        if not credits.has_access('create'):
            raise UserError(self.env._("There are no credit data on %s.", self.commercial_partner_id.display_name))
        return action
