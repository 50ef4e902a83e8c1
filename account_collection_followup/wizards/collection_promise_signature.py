from odoo import fields, models


class CollectionPromiseSignature(models.TransientModel):
    """Asks when an agreement was signed, and for the signed copy."""

    _name = 'collection.promise.signature'
    _description = "Record a Signature"
    _inherit = ['collection.dialog']

    promise_id = fields.Many2one('collection.promise', required=True, readonly=True)
    signed_on = fields.Date(
        "Signed on", required=True, default=lambda self: self.env.company._collection_root()._collection_today()
    )
    signed_by = fields.Char("Signed by", help="Name and capacity of who signed.")
    signed_copy = fields.Binary("Signed copy", attachment=False)
    file_name = fields.Char()

    def action_sign(self):
        """Record the signature."""
        self.ensure_one()
        self.promise_id.action_signed(
            self.signed_on, self.signed_by, self.with_context(bin_size=False).signed_copy, self.file_name
        )
