from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from .collection_fact import is_internal


class CollectionDisputeLine(models.Model):
    """What of a contested amount is credited to the customer (R16)."""

    _inherit = 'collection.dispute.line'  # pylint: disable=consider-merging-classes-inherited

    accepted = fields.Monetary(
        readonly=True, help="The part of the contested amount that is credited, in the currency of the invoice."
    )

    @api.model_create_multi
    def create(self, vals_list):
        # a default in the context is a value like any other
        default = {'accepted'} if 'default_accepted' in self.env.context else set()
        self._check_accepted(default.union(*vals_list))
        return super().create(vals_list)

    def write(self, vals):
        self._check_accepted(vals)
        return super().write(vals)

    @api.model
    def _check_accepted(self, names):
        if 'accepted' in names and not is_internal(self):
            raise AccessError(self.env._("What is accepted of a dispute is decided when it is closed."))

    def _check_dispute_open(self):
        """What was decided about is not changed under the credit note that was made for it."""
        result = super()._check_dispute_open()
        if not is_internal(self) and any(dispute.credit_outcome for dispute in self.dispute_id):
            raise UserError(
                self.env._(
                    "This dispute is decided and waits for its credit note: decide anew to change what it covers."
                )
            )
        return result

    @api.constrains('accepted', 'amount')
    def _check_accepted_amount(self):
        for line in self:
            if line.currency_id.compare_amounts(line.accepted, 0) < 0 or (
                line.currency_id.compare_amounts(line.accepted, line.amount) > 0
            ):
                raise ValidationError(
                    self.env._(
                        "%(invoice)s: %(accepted)s cannot be accepted of %(contested)s.",
                        invoice=line.move_name,
                        accepted=line.currency_id.format(line.accepted),
                        contested=line.currency_id.format(line.amount),
                    )
                )
