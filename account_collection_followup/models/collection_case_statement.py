from odoo import models


class CollectionCase(models.Model):
    """The statement of account from the case."""

    _inherit = 'collection.case'  # pylint: disable=consider-merging-classes-inherited

    def action_statement(self):
        """Ask for the date of the customer's statement of account."""
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id(
            'account_collection_followup.collection_statement_action'
        )
        return dict(
            action,
            context={'default_partner_ids': [(6, 0, self.partner_id.ids)], 'default_company_id': self.company_id.id},
        )
