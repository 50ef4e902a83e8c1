from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from .collection_fact import is_internal

#: worked out from the dispute and the invoice
DERIVED = frozenset({'company_id', 'partner_id', 'currency_id'})
DERIVED_DEFAULTS = frozenset(f'default_{name}' for name in DERIVED)


class CollectionDisputeLine(models.Model):
    """The part of an invoice, or of one of its instalments, that a dispute covers (R11).

    A line normally names an instalment: entered for a whole invoice, it is split
    over the instalments, earliest first. The instalment may later vanish when the
    invoice is reset to draft; the invoice stays.
    """

    _name = 'collection.dispute.line'
    _description = "Dispute Line"
    _order = 'dispute_id, date_maturity, id'

    dispute_id = fields.Many2one('collection.dispute', required=True, index=True, ondelete='cascade')
    company_id = fields.Many2one(related='dispute_id.company_id', store=True, precompute=True, index=True)
    partner_id = fields.Many2one(related='dispute_id.partner_id', store=True, precompute=True)
    move_id = fields.Many2one('account.move', string="Invoice", required=True, index=True, ondelete='restrict')
    line_id = fields.Many2one('account.move.line', string="Instalment", index='btree_not_null', ondelete='set null')
    kind = fields.Selection(
        [('contested', "Contested"), ('withheld', "Withheld")],
        default='contested',
        required=True,
        help="Contested itself, or not paid because something else is.",
    )
    holds = fields.Boolean(
        "Holds reminders",
        default=True,
        help="What is contested is not chased, unless it was rejected before on the same ground; what is withheld "
        "is chased, unless a collector decides otherwise.",
    )
    invoice_line_ids = fields.Many2many(
        'account.move.line',
        'collection_dispute_line_invoice_line_rel',
        'dispute_line_id',
        'move_line_id',
        string="Invoice lines",
        help="The lines of the invoice that are contested. Empty: all of it, or just a sum.",
    )
    currency_id = fields.Many2one(
        'res.currency', compute='_compute_currency_id', store=True, precompute=True, required=True
    )
    amount = fields.Monetary(
        required=True, help="Contested amount, in the currency of the invoice. Left out: all that is open."
    )
    # what the owner of the dispute needs, who may not read the invoice itself
    date_maturity = fields.Date("Due Date", readonly=True, help="Due date of the instalment when the line was entered.")
    move_name = fields.Char("Number", related='move_id.name')
    invoice_date = fields.Date(related='move_id.invoice_date')
    amount_total = fields.Monetary("Invoice Total", related='move_id.amount_total')

    _amount_positive = models.Constraint('CHECK(amount > 0)', "The contested amount must be more than zero.")

    @api.depends('move_id')
    def _compute_currency_id(self):
        for line in self:
            line.currency_id = line.sudo().move_id.currency_id

    # ------------------------------------------------------------------
    # Creation and changes
    # ------------------------------------------------------------------
    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            # a choice on screen brings the currency of its item along
            self._check_derived(vals.keys() - {'currency_id'})
        # the customer and company of the dispute are the lines' as well, whatever the context offers them
        self = self.with_context(  # pylint: disable=context-overridden
            {key: value for key, value in self.env.context.items() if key not in DERIVED_DEFAULTS}
        )
        vals_list = [
            piece for vals in vals_list for piece in self._prepare_pieces(dict(vals, **self._prepare_holds(vals)))
        ]
        lines = super().create(vals_list)
        lines._check_dispute_open()
        lines.dispute_id._mark_dirty()
        return lines

    @api.model
    def _prepare_holds(self, vals):
        """What is contested holds reminders back, what is withheld does not: only methods say otherwise."""
        if is_internal(self) and 'holds' in vals:
            return {}
        kind = vals.get('kind') or self.env.context.get('default_kind') or 'contested'
        return {'holds': kind == 'contested'}

    def write(self, vals):
        self._check_dispute_open()
        if {'kind', 'holds'} & vals.keys() and not is_internal(self):
            raise AccessError(self.env._("Whether a line holds reminders back is decided with its buttons."))
        if {'dispute_id', 'move_id'} & vals.keys():
            raise UserError(self.env._("Remove the line and add another for another invoice."))
        self._check_derived(vals)
        result = super().write(vals)
        self.dispute_id._mark_dirty()
        return result

    @api.model
    def _check_derived(self, names):
        if refused := DERIVED.intersection(names):
            raise AccessError(
                self.env._("%s of a dispute's line follows from the dispute.", ', '.join(sorted(refused)))
            )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_closed(self):
        self._check_dispute_open()
        self.dispute_id._mark_dirty()

    def _check_dispute_open(self):
        if any(dispute.state != 'open' for dispute in self.dispute_id):
            raise UserError(self.env._("The invoices of a closed dispute cannot be changed."))

    @api.model
    def _prepare_pieces(self, vals):
        """Split a line over the instalments it covers.

        :return: list of values, each with its instalment
        """
        vals = {name: value for name, value in vals.items() if name not in DERIVED}
        if not vals.get('move_id'):
            return [vals]
        move = self.env['account.move'].sudo().browse(vals['move_id'])
        if vals.get('line_id'):
            instalment = self.env['account.move.line'].sudo().browse(vals['line_id'])
            pieces = [(instalment, vals.get('amount') or abs(instalment.amount_residual_currency))]
        else:
            pieces = move._collection_split(vals.get('amount'))
        if not pieces:
            return [vals]
        return [
            dict(
                vals,
                line_id=instalment.id,
                currency_id=instalment.currency_id.id,
                amount=amount,
                date_maturity=instalment.date_maturity,
            )
            for instalment, amount in pieces
        ]

    # ------------------------------------------------------------------
    # Checks
    # ------------------------------------------------------------------
    @api.constrains('move_id', 'line_id', 'dispute_id', 'amount')
    def _check_invoice(self):
        for line in self.sudo():
            move = line.move_id
            if move.state != 'posted' or not move._is_collection_invoice():
                raise ValidationError(self.env._("%s is not a posted customer invoice.", move.display_name))
            if move.commercial_partner_id != line.dispute_id.partner_id:
                raise ValidationError(
                    self.env._(
                        "%(invoice)s is an invoice of %(other)s, not of %(customer)s.",
                        invoice=move.display_name,
                        other=move.commercial_partner_id.display_name,
                        customer=line.dispute_id.partner_id.display_name,
                    )
                )
            if move.company_id._collection_root() != line.dispute_id.company_id:
                raise ValidationError(
                    self.env._("%(invoice)s belongs to another company than the dispute.", invoice=move.display_name)
                )
            if line.line_id and line.line_id not in move._collection_instalments():
                raise ValidationError(self.env._("The instalment does not belong to %s.", move.display_name))

    @api.constrains('amount', 'line_id', 'move_id')
    def _check_amount(self):
        """What is contested of an instalment in one dispute is not more than the instalment."""
        for line in self.sudo():
            twins = line.dispute_id.line_ids.filtered(
                lambda other: (other.line_id, other.move_id) == (line.line_id, line.move_id)
            )
            total = abs(line.line_id.amount_currency) if line.line_id else line.move_id.amount_total
            if line.currency_id.compare_amounts(sum(twins.mapped('amount')), total) > 0:
                raise ValidationError(
                    self.env._(
                        "%(invoice)s: %(amount)s is contested, but the amount due is only %(total)s.",
                        invoice=line.move_id.display_name,
                        amount=line.currency_id.format(sum(twins.mapped('amount'))),
                        total=line.currency_id.format(total),
                    )
                )
