from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from .collection_fact import internal, is_internal


class CollectionDispute(models.Model):
    """A collector says what else is withheld because of a dispute."""

    _inherit = 'collection.dispute'  # pylint: disable=consider-merging-classes-inherited

    can_withhold = fields.Boolean(compute='_compute_can_withhold')

    @api.depends('state')
    @api.depends_context('uid')
    def _compute_can_withhold(self):
        collector = self.env.user.has_group('account_collection_followup.group_collection_collector')
        for dispute in self:
            dispute.can_withhold = collector and dispute.state == 'open'


class CollectionDisputeLine(models.Model):
    """Invoices the customer does not contest but withholds because of a dispute (R11).

    They are recorded as such and chased all the same, unless a collector chooses to hold them.
    """

    _inherit = 'collection.dispute.line'  # pylint: disable=consider-merging-classes-inherited

    can_choose = fields.Boolean(compute='_compute_can_choose')

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._check_may_withhold()
        return lines

    def write(self, vals):
        self._check_may_withhold()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_withheld(self):
        self._check_may_withhold()

    def _check_may_withhold(self):
        """:raise AccessError: unless a collector says what is withheld"""
        if is_internal(self) or self.env.su or not self.filtered(lambda line: line.kind == 'withheld'):
            return
        if not self.env.user.has_group('account_collection_followup.group_collection_collector'):
            raise AccessError(self.env._("Only a collector says what else is withheld because of a dispute."))

    def _compute_can_choose(self):
        collector = self.env.user.has_group('account_collection_followup.group_collection_collector')
        for line in self:
            line.can_choose = collector and line.kind == 'withheld' and line.dispute_id.state == 'open'

    def action_hold(self):
        """Hold withheld invoices back from reminders while the dispute is open."""
        return self._choose(True, self.env._("%(invoices)s: not chased while the dispute is open."))

    def action_chase(self):
        """Chase withheld invoices although the customer waits for the dispute."""
        return self._choose(False, self.env._("%(invoices)s: chased although withheld because of the dispute."))

    def _choose(self, holds, words):
        """:raise AccessError: unless a collector chooses
        :raise UserError: for what is contested itself, or once the dispute is closed"""
        self.check_access('write')
        if not self.env.user.has_group('account_collection_followup.group_collection_collector'):
            raise AccessError(self.env._("Only a collector chooses whether withheld invoices are chased."))
        if any(line.kind != 'withheld' for line in self):
            raise UserError(self.env._("What is contested itself is held back while the dispute is open."))
        changed = self.filtered(lambda line: line.holds != holds)
        internal(changed)._check_dispute_open()
        if holds:
            changed._hold()
        else:
            changed._stop_holding()
        changed._log_on_dispute(words)
        return True

    def _log_withheld(self):
        self.filtered(lambda line: line.kind == 'withheld')._log_on_dispute(
            self.env._("%(invoices)s: withheld because of this dispute.")
        )

    def _log_on_dispute(self, words):
        """Note in the chatter of the disputes what happened to these lines, with who did it and when."""
        for dispute, lines in self.grouped('dispute_id').items():
            names = ', '.join(sorted(set(lines.sudo().mapped('move_name'))))
            dispute._message_log(body=words % {'invoices': names}, author_id=self.env.user.partner_id.id)
