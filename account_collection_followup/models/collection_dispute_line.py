from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import format_date

from .collection_fact import is_internal

#: worked out from the dispute and the invoice
DERIVED = frozenset({'company_id', 'partner_id', 'currency_id'})
#: decided with buttons
HOLDING = frozenset({'kind', 'holds', 'held_from', 'held_until', 'response_until'})
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
    invoice_line_ids = fields.Many2many(
        'account.move.line',
        'collection_dispute_line_invoice_line_rel',
        'dispute_line_id',
        'move_line_id',
        string="Invoice lines",
        groups='account.group_account_readonly,account.group_account_invoice',
        help="The lines of the invoice that are contested. Empty: all of it, or just a sum.",
    )
    goods = fields.Char("What", compute='_compute_goods', help="The lines of the invoice that are contested.")
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

    @api.depends('invoice_line_ids')
    def _compute_goods(self):
        for line in self:
            chosen = line.sudo().invoice_line_ids
            line.goods = ', '.join(name.split('\n')[0] for name in chosen.mapped('name') if name) or False

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
        lines._mark_repeats()
        lines._log_withheld()
        lines.dispute_id._mark_dirty()
        return lines

    def write(self, vals):
        self._check_dispute_open()
        if HOLDING & vals.keys() and not is_internal(self):
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
        if vals.get('invoice_line_ids') and not vals.get('amount'):
            chosen = self._fields['invoice_line_ids'].convert_to_cache(vals['invoice_line_ids'], self.new())
            vals['amount'] = self._get_amount_of_lines(self.env['account.move.line'].sudo().browse(chosen))
        if vals.get('line_id'):
            instalment = self.env['account.move.line'].sudo().browse(vals['line_id'])
            pieces = [(instalment, vals.get('amount') or self._get_contestable(instalment)[instalment])]
        else:
            pieces = self._split(move, vals)
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

    @api.model
    def _split(self, move, vals):
        """Spread a line over the instalments of its invoice, what can still be contested first, earliest first.

        :return: list of (instalment, amount). What is more than can be contested goes to the last one, where the
            check refuses it.
        :raise UserError: if all that is open is contested already, or nothing is open
        """
        if vals.get('kind') == 'withheld':
            return move._collection_split(vals.get('amount'))
        room = self._get_contestable(move._collection_instalments())
        amount = vals.get('amount')
        if room and not any(room.values()):
            raise UserError(
                self.env._("%s: nothing is open that is not contested already.", move.display_name)
                if any(line.amount_residual_currency for line in room)
                else self.env._("%s is paid: nothing is open to contest.", move.display_name)
            )
        if not amount:
            return [(line, share) for line, share in room.items() if share]
        pieces = {}
        for line, most in room.items():
            pieces[line] = min(amount, most)
            amount = line.currency_id.round(amount - pieces[line])
        if amount and pieces:
            pieces[next(reversed(pieces))] += amount
        return [(line, share) for line, share in pieces.items() if not line.currency_id.is_zero(share)]

    # ------------------------------------------------------------------
    # The lines of the invoice that are contested
    # ------------------------------------------------------------------
    @api.onchange('invoice_line_ids')
    def _onchange_invoice_line_ids(self):
        """The amount contested is that of the lines chosen, taxes included, up to what can be contested."""
        if self.invoice_line_ids:
            self.amount = self._get_amount_of_lines(self.invoice_line_ids)

    @api.model
    def _get_amount_of_lines(self, invoice_lines):
        """:return: what lines of an invoice come to with their taxes, in its currency"""
        return invoice_lines.currency_id[:1].round(sum(invoice_lines.sudo().mapped('price_total')))

    @api.constrains('invoice_line_ids', 'move_id')
    def _check_invoice_lines(self):
        for line in self.sudo():
            if strange := line.invoice_line_ids.filtered(
                lambda product, line=line: product.move_id != line.move_id or product.display_type != 'product'
            ):
                raise ValidationError(
                    self.env._(
                        "%(line)s is no line of %(invoice)s.",
                        line=strange[0].display_name,
                        invoice=line.move_id.display_name,
                    )
                )

    # ------------------------------------------------------------------
    # Checks
    # ------------------------------------------------------------------
    @api.constrains('move_id', 'line_id', 'dispute_id', 'amount')
    def _check_invoice(self):
        for line in self.sudo():
            move = line.move_id
            # a credit note is undone while its invoice is being corrected: accounting goes on
            posted = move.state == 'posted' or is_internal(line)
            if not posted or not move._is_collection_invoice():
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
        """What open disputes contest of an invoice is together not more than what is open of it, when it is entered.

        Paid in part later, it stays as it was contested.
        """
        if is_internal(self):
            return
        contested = self.sudo().filtered(lambda line: line.kind == 'contested' and line.dispute_id.state == 'open')
        room = self._get_contestable(contested.line_id, apart=contested)
        for line in contested.filtered('line_id'):
            total = sum(contested.filtered(lambda other, line=line: other.line_id == line.line_id).mapped('amount'))
            if line.currency_id.compare_amounts(total, room[line.line_id]) > 0:
                raise ValidationError(line._say_too_much(total, room[line.line_id]))

    def _say_too_much(self, total, room):
        """:return: why an amount cannot be contested, in words, with what can"""
        values = {
            'invoice': self.move_id.display_name,
            'amount': self.currency_id.format(total),
            'due': format_date(self.env, self.line_id.date_maturity),
            'room': self.currency_id.format(max(room, 0.0)),
        }
        if self.currency_id.compare_amounts(room, self.line_id.amount_residual_currency) < 0:
            return self.env._(
                "%(invoice)s: %(amount)s is too much. Other disputes contest part of it already: only %(room)s of what "
                "is due on %(due)s can be contested.",
                **values,
            )
        return self.env._(
            "%(invoice)s: %(amount)s is too much. Only %(room)s of what is due on %(due)s is open.", **values
        )

    @api.model
    def _get_contestable(self, instalments, apart=None):
        """What can still be contested: what is open less what open disputes contest already (R11).

        :param instalments: ``account.move.line`` (sudo)
        :param apart: dispute lines that are left out of account
        :return: dict {instalment: amount in its currency, not negative}
        """
        if not instalments:
            return {}
        domain = [
            ('line_id', 'in', instalments.ids),
            ('kind', '=', 'contested'),
            ('dispute_id.state', '=', 'open'),
            ('id', 'not in', apart.ids if apart else []),
        ]
        taken = dict(self.env[self._name].sudo()._read_group(domain, ['line_id'], ['amount:sum']))
        return {
            line: max(line.currency_id.round(line.amount_residual_currency - taken.get(line, 0.0)), 0.0)
            for line in instalments
        }
