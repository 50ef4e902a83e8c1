from odoo import fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date

from .collection_fact import internal


class CollectionDispute(models.Model):
    """A second dispute on the same ground after a rejection: it is on file and answered, but holds nothing back (R16).

    The ground is the type; what counts is that an invoice is the same. A collector may let it hold, and says why.
    """

    _inherit = 'collection.dispute'  # pylint: disable=consider-merging-classes-inherited

    repeats_id = fields.Many2one(
        'collection.dispute',
        readonly=True,
        copy=False,
        index='btree_not_null',
        help="The rejected dispute on the same ground and invoice: this one holds no reminder back.",
    )
    let_hold = fields.Boolean(readonly=True, copy=False, help="A collector lets it hold all the same.")
    repeats_warning = fields.Char(compute='_compute_repeats_warning')

    def _compute_repeats_warning(self):
        for dispute in self:
            warns = bool(dispute.repeats_id) and not dispute.let_hold and dispute.state == 'open'
            dispute.repeats_warning = warns and dispute._get_repeats_words()

    def _get_repeats_words(self):
        kept = any(line.holds for line in self.line_ids)
        values = {
            # it may be another team's
            'day': format_date(self.env, self.sudo().repeats_id.closed_on),
            'invoices': ', '.join(sorted(set((self.line_ids - self.line_ids.filtered('holds')).mapped('move_name')))),
        }
        if kept:
            return self.env._("Rejected on the same ground on %(day)s: %(invoices)s is chased meanwhile.", **values)
        return self.env._("Rejected on the same ground on %(day)s: this dispute holds no reminder back.", **values)

    def _get_rejected(self):
        """The rejected disputes that open ones repeat.

        Taken up again, a rejected dispute is no ground any more: its successor is what counts.

        :return: dict {dispute: (rejected dispute, invoices that were in one)}
        """
        disputes = self.filtered(
            lambda dispute: dispute.state == 'open' and not dispute.previous_id and dispute.type_id
        )
        rejected = self.sudo().search(
            [
                ('outcome', '=', 'rejected'),
                ('partner_id', 'in', disputes.partner_id.ids),
                ('company_id', 'in', disputes.company_id.ids),
                ('type_id', 'in', disputes.type_id.ids),
                ('line_ids.move_id', 'in', disputes.line_ids.move_id.ids),
            ]
            if disputes
            else [(0, '=', 1)],
            order='closed_on desc, id desc',
        )
        rejected -= self.sudo().search([('previous_id', 'in', rejected.ids)]).previous_id
        result = {}
        for dispute in disputes:
            same = rejected.filtered(
                lambda other, dispute=dispute: other.type_id == dispute.type_id
                and other.company_id == dispute.company_id
                and other.line_ids.move_id & dispute.line_ids.move_id
            )  # fmt: skip
            if same:
                result[dispute] = (same[0], same.line_ids.move_id)
        return result

    def _mark_repeats(self):
        """Find out which open disputes repeat a rejected one, and have their lines hold or not accordingly."""
        disputes = self.sudo().filtered(lambda dispute: not dispute.let_hold)
        rejected = disputes._get_rejected()
        for dispute in disputes.filtered(lambda dispute: dispute.state == 'open' and not dispute.previous_id):
            found, moves = rejected.get(dispute, (dispute.browse(), dispute.line_ids.move_id.browse()))
            if dispute.repeats_id != found:
                internal(dispute).repeats_id = found
            for line in dispute.line_ids:
                if line.holds == (line.move_id in moves):
                    internal(line).holds = line.move_id not in moves

    def action_let_hold(self, reason=None):
        """Have a dispute hold reminders back although it was rejected before on the same ground.

        :param str reason: why; asked for in a dialog if it is missing
        :raise AccessError: unless the user is a collector
        """
        self.ensure_one()
        self.check_access('write')
        if not self.env.user.has_group('account_collection_followup.group_collection_collector'):
            raise AccessError(self.env._("Only a collector can let a dispute hold that was rejected before."))
        self._check_open()
        if not self.repeats_id or self.let_hold:
            raise UserError(self.env._("This dispute holds reminders back already."))
        if reason is None:
            action = self.env['ir.actions.act_window']._for_xml_id(
                'account_collection_followup.collection_reason_action'
            )
            return dict(action, context={'default_purpose': 'let_hold', 'default_dispute_id': self.id})
        if not reason.strip():
            raise UserError(self.env._("Say why it holds."))
        internal(self).let_hold = True
        internal(self.line_ids).holds = True
        self._message_log(
            body=self.env._("Holds reminders back although it was rejected before: %s", reason.strip()),
            author_id=self.env.user.partner_id.id,
        )
        return True
