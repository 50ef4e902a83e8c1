from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from .collection_fact import internal


class CollectionCall(models.Model):
    """A complaint heard in a call by a colleague without accounting rights: he opens the dispute on the spot (R5, R13).

    He sees and may contest the invoices the call is about, and no others.
    """

    _inherit = 'collection.call'  # pylint: disable=consider-merging-classes-inherited

    about = fields.Text(compute='_compute_about', help="The invoices this call is about, as they stand now.")

    @api.depends('move_ids', 'step_id')
    def _compute_about(self):
        for call in self:
            lines = call._get_contestable_lines() if call.state == 'planned' else []
            call.about = '\n'.join(call._describe_line(line) for line in lines) or ', '.join(
                call.sudo().move_ids.mapped('name')
            )

    def _describe_line(self, line):
        return self.env._(
            "%(number)s: %(amount)s due %(date)s",
            number=line.move_id.name,
            amount=line.currency_id.format(line.amount_residual_currency),
            date=format_date(self.env, line.date_maturity or line.date),
        )

    def _get_contestable_lines(self):
        """:return: open instalments (``account.move.line``, sudo) of the invoices the call is about"""
        self.ensure_one()
        lines = self.env['account.move.line'].sudo()
        for move in self._get_invoices().filtered(lambda move: move.state == 'posted'):
            lines |= move._collection_instalments()
        return lines.filtered(lambda line: not line.reconciled)

    def _open_dispute(self, dispute_type, reason, choices):
        """Open the dispute the customer states in this call, with the rights to make the call only.

        :param dispute_type: ``collection.dispute.type``
        :param str reason: in the customer's own words
        :param choices: list of (instalment, contested amount in its currency)
        :return: the dispute
        :raise UserError: unless the call is planned, and about these invoices
        """
        self.ensure_one()
        self.check_access('write')
        allowed = self._get_contestable_lines()
        if not choices or any(line not in allowed for line, _amount in choices):
            raise UserError(self.env._("Choose among the invoices this call is about."))
        if self.state != 'planned':
            raise UserError(self.env._("This call was made or cancelled already."))
        dispute = (
            self.env['collection.dispute']
            .sudo()
            .create(
                {
                    'partner_id': self.sudo().partner_id.id,
                    'company_id': self.company_id.id,
                    'type_id': dispute_type.id,
                    'reason': reason,
                    'line_ids': [
                        fields.Command.create({'move_id': line.move_id.id, 'line_id': line.id, 'amount': amount})
                        for line, amount in choices
                    ],
                }
            )
        )
        internal(self).dispute_id = dispute.id
        return dispute.with_env(self.env)
