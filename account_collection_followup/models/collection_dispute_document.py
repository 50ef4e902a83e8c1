from odoo import models
from odoo.exceptions import UserError
from odoo.tools.pdf import merge_pdf


class CollectionDispute(models.Model):
    """The invoices a dispute is about, as the customer has them, for who solves it without accounting rights (R12)."""

    _inherit = 'collection.dispute'  # pylint: disable=consider-merging-classes-inherited

    def action_invoice_pdf(self):
        """Download the invoices the dispute is about: these, and nothing else of accounting.

        :return: action that downloads one PDF file
        """
        self.ensure_one()
        self.check_access('read')
        return {'type': 'ir.actions.act_url', 'url': f'/collection/dispute/{self.id}/invoices', 'target': 'download'}

    def _get_invoice_pdf(self):
        """The invoices contested and withheld, one file: the document that was sent where there is one.

        :return: (name of the file, its content)
        :raise AccessError: unless the user may read the dispute
        """
        self.ensure_one()
        self.check_access('read')
        moves = self.sudo().line_ids.move_id | self.sudo().withheld_line_ids.move_id
        if not moves:
            raise UserError(self.env._("This dispute names no invoice."))
        name = moves._get_invoice_report_filename() if len(moves) == 1 else f"{self.display_name}.pdf"
        return name, merge_pdf([self._get_pdf_of(move) for move in moves.sorted('id')])

    def _get_pdf_of(self, move):
        if move.invoice_pdf_report_id:
            return move.invoice_pdf_report_id.raw
        report = self.env['ir.actions.report'].sudo().with_company(move.company_id)
        return report._render_qweb_pdf('account.account_invoices', move.ids)[0]
