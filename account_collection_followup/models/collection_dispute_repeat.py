from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date

from .collection_fact import internal


class CollectionDispute(models.Model):
    """A second dispute on the same ground after a rejection: it is on file and answered, but holds nothing back (R16).

    The ground is the type, the invoice and, where both name them, its lines. A collector may let it hold, and says why.
    """

    _inherit = 'collection.dispute'  # pylint: disable=consider-merging-classes-inherited

    repeats_id = fields.Many2one(
        'collection.dispute',
        readonly=True,
        copy=False,
        index='btree_not_null',
        help="The rejected dispute on the same ground and invoice: this one holds no reminder back.",
    )
    let_hold = fields.Boolean(compute='_compute_let_hold', help="It holds all the same.")
    repeats_warning = fields.Char(compute='_compute_repeats_warning')

    @api.depends('repeats_id', 'line_ids.holds')
    def _compute_let_hold(self):
        for dispute in self:
            dispute.let_hold = bool(dispute.repeats_id) and all(line.holds for line in dispute.line_ids)

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

    def _mark_repeats(self, fresh=None):
        """Find out which open disputes repeat a rejected one, and have their lines hold or not accordingly.

        :param fresh: lines entered just now, which did not hold yet
        """
        fresh = fresh or self.env['collection.dispute.line']
        disputes = self.sudo().filtered(
            lambda dispute: dispute.state == 'open'
            and not dispute.previous_id
            and not dispute.credit_outcome
            and not dispute.let_hold
        )  # fmt: skip
        rejected = disputes.line_ids._get_rejected()
        for dispute in disputes:
            repeated, found = dispute.line_ids.browse(), dispute.browse()
            for line in dispute.line_ids:
                if same := rejected[line].filtered(line._is_same_ground):
                    repeated |= line
                    found |= same.dispute_id
            # the latest: they come in that order
            if dispute.repeats_id != found[:1]:
                internal(dispute).repeats_id = found[:1]
            (dispute.line_ids - repeated)._hold()
            (repeated & fresh)._stop_holding(lived=False)
            (repeated - fresh)._stop_holding()
            others = dispute.line_ids.filtered(lambda line, repeated=repeated: rejected[line] and line not in repeated)
            dispute._log_other_lines(others & fresh if fresh else others)

    def _log_other_lines(self, lines):
        """Tell who reads the dispute that other lines of these invoices were rejected before."""
        if lines:
            self._message_log(
                body=self.env._(
                    "%(invoices)s: rejected before on the same ground for other lines of the invoice. Not chased meanwhile.",
                    invoices=', '.join(sorted(set(lines.mapped('move_name')))),
                )
            )

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
        self.line_ids._hold()
        self._message_log(
            body=self.env._("Holds reminders back although it was rejected before: %s", reason.strip()),
            author_id=self.env.user.partner_id.id,
        )
        return True


class CollectionDisputeLine(models.Model):
    """What of a dispute was rejected before."""

    _inherit = 'collection.dispute.line'  # pylint: disable=consider-merging-classes-inherited

    def _mark_repeats(self):
        """Lines were entered: some repeat what was rejected before."""
        self.dispute_id._mark_repeats(fresh=self.sudo())

    def _get_rejected(self):
        """The rejected lines of the same customer's invoice and of the same type, the latest first.

        Taken up again, a rejected dispute is no ground any more: its successor is what counts.

        :return: dict {line: lines of rejected disputes}
        """
        result = dict.fromkeys(self, self.browse())
        typed = self.filtered(lambda line: line.dispute_id.type_id)
        if not typed:
            return result
        rejected = self.sudo().search(
            [
                ('kind', '=', 'contested'),
                ('move_id', 'in', typed.move_id.ids),
                ('dispute_id.outcome', '=', 'rejected'),
                ('dispute_id.type_id', 'in', typed.dispute_id.type_id.ids),
            ]
        )
        taken_up = self.env['collection.dispute'].sudo().search([('previous_id', 'in', rejected.dispute_id.ids)])
        rejected = rejected.filtered(lambda line: line.dispute_id not in taken_up.previous_id).sorted(
            lambda line: (line.dispute_id.closed_on, line.dispute_id.id), reverse=True
        )
        for line in typed:
            result[line] = rejected.filtered(
                lambda other, line=line: other.move_id == line.move_id
                and other.partner_id == line.partner_id
                and other.dispute_id.type_id == line.dispute_id.type_id
                and other.dispute_id.closed_on <= line.dispute_id.opened_on
            )  # fmt: skip
        return result

    def _is_same_ground(self, other):
        """:return: whether two lines of disputes contest the same of an invoice, as far as they tell"""
        mine, others = self.sudo().invoice_line_ids, other.sudo().invoice_line_ids
        return not mine or not others or bool(mine & others)
