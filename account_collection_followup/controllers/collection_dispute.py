from odoo import http
from odoo.http import content_disposition, request


class CollectionDisputeController(http.Controller):
    """What of accounting who solves a dispute may see: its invoices (R12)."""

    @http.route(
        '/collection/dispute/<int:dispute_id>/invoices', type='http', auth='user', methods=['GET'], readonly=False
    )
    def invoices(self, dispute_id):
        """:return: the invoices of a dispute in one PDF, for who may read the dispute"""
        dispute = request.env['collection.dispute'].browse(dispute_id).exists()
        if not dispute:
            raise request.not_found()
        name, content = dispute._get_invoice_pdf()
        return request.make_response(
            content,
            headers=[
                ('Content-Type', 'application/pdf'),
                ('Content-Length', len(content)),
                ('Content-Disposition', content_disposition(name)),
            ],
        )
