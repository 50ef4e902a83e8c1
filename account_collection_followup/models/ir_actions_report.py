from odoo import models


class IrActionsReport(models.Model):
    _inherit = 'ir.actions.report'

    def _get_layout(self):
        # letters bring their own style: wkhtmltopdf need not ask the server for any
        paper = self.env.ref('account_collection_followup.paperformat_letter', raise_if_not_found=False)
        if paper and self.paperformat_id == paper:
            return self.env.ref('account_collection_followup.letter_layout')
        return super()._get_layout()
