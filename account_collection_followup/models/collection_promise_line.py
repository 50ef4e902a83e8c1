from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import format_date
from odoo.tools.misc import clean_context

from .collection_fact import is_internal
from .collection_promise import STATES

#: what a promise's settlement may write; everything else is frozen at creation
SETTLED_FIELDS = frozenset(
    {'state', 'ended_on', 'moved_on', 'amount_kept', 'expires_on', 'response_until', 'paid_elsewhere', 'line_id'}
)
FROZEN_AT_CREATION = frozenset(
    {'residual_at', 'cumulated', 'kept_until', 'date_maturity', 'currency_id', 'company_id', 'partner_id'}
)


class CollectionPromiseLine(models.Model):
    """An amount of an item promised for a date.

    What is left of it follows from the item's residual alone (:meth:`_left`), so
    that it can be asked of any past day and in SQL. Amounts are in the currency
    of the invoice. Lines are created with their promise and written by its
    settlement only.
    """

    _name = 'collection.promise.line'
    _description = "Promised Amount"
    _order = 'promise_id, date, id'

    promise_id = fields.Many2one('collection.promise', required=True, index=True, ondelete='cascade')
    company_id = fields.Many2one(related='promise_id.company_id', store=True, precompute=True, index=True)
    partner_id = fields.Many2one(related='promise_id.partner_id', store=True, precompute=True, index=True)
    move_id = fields.Many2one('account.move', string="Invoice", required=True, index=True, ondelete='restrict')
    line_id = fields.Many2one('account.move.line', string="Instalment", index='btree_not_null', ondelete='set null')
    move_name = fields.Char("Number", related='move_id.name')
    date_maturity = fields.Date("Due Date", readonly=True)
    currency_id = fields.Many2one(
        'res.currency', compute='_compute_currency_id', store=True, precompute=True, required=True
    )
    amount = fields.Monetary(required=True, help="Left out: all that is open.")
    date = fields.Date("Promised for", required=True)
    residual_at = fields.Monetary("Open when promised", readonly=True)
    cumulated = fields.Monetary(
        readonly=True, help="Promised on the same item by this promise, up to this line in the order of dates."
    )
    kept_until = fields.Date(
        readonly=True, help="Money dated until this day keeps the promise: its date and days of grace."
    )
    expires_on = fields.Date(
        readonly=True,
        index=True,
        help="The last day on which the promise may still be kept: later while money received is not allocated.",
    )
    response_until = fields.Date(readonly=True, help="Time for a call before reminders go on.")
    state = fields.Selection(STATES, default='running', required=True, readonly=True, index=True)
    ended_on = fields.Date(readonly=True)
    moved_on = fields.Date(readonly=True, help="The day another promise took over what was left of it.")
    amount_kept = fields.Monetary("Paid in time", readonly=True)
    paid_elsewhere = fields.Boolean(readonly=True)

    _amount_positive = models.Constraint('CHECK(amount > 0)', "The promised amount must be more than zero.")
    _running_idx = models.Index("(expires_on) WHERE state = 'running'")

    @api.depends('move_id')
    def _compute_currency_id(self):
        for line in self:
            line.currency_id = line.sudo().move_id.currency_id

    @api.depends('partner_id', 'amount')
    def _compute_display_name(self):
        for line in self:
            line.display_name = self.env._(
                "%(amount)s, %(customer)s",
                amount=line.currency_id.format(line.amount) if line.currency_id else line.amount,
                customer=line.sudo().partner_id.display_name or '',
            )

    def _left(self, residual):
        """What is still to come of the promised amount, whatever the dates.

        :param float residual: what is open on the item, in the line's currency
        """
        self.ensure_one()
        paid = max(0.0, self.residual_at - residual)
        return self.currency_id.round(min(self.amount, max(0.0, self.cumulated - paid)))

    def action_open_promise(self):
        """Open the promise an amount belongs to."""
        self.ensure_one()
        return self.promise_id.get_formview_action()

    def _get_left_now(self):
        """:return: what is still to come of the amount, as the item stands now"""
        self.ensure_one()
        self.sudo()._relink()
        line = self.sudo()
        return line._left(line.line_id.amount_residual_currency)

    # ------------------------------------------------------------------
    # Creation
    # ------------------------------------------------------------------
    @api.model_create_multi
    def create(self, vals_list):
        if not is_internal(self):
            raise UserError(self.env._("The amounts of a promise are entered with it. Cancel it and make another."))
        for vals in vals_list:
            self._check_settled_fields(vals)
        self = self.with_env(self.env(context=clean_context(self.env.context)))
        vals_list = [piece for vals in vals_list for piece in self._prepare_pieces(vals)]
        lines = super().create(self._prepare_frozen(vals_list))
        lines._check_residual()
        return lines

    @api.model
    def _check_settled_fields(self, names):
        refused = (SETTLED_FIELDS | FROZEN_AT_CREATION).intersection(names) - {'line_id', 'currency_id'}
        if refused:
            raise AccessError(
                self.env._(
                    "%s of a promise is worked out from payments and cannot be written.", ', '.join(sorted(refused))
                )
            )

    @api.model
    def _prepare_pieces(self, vals):
        """Split a line over the instalments it covers, earliest first.

        :return: list of values, each with its instalment
        """
        line_model = self.env['account.move.line'].sudo()
        if vals.get('line_id'):
            instalment = line_model.browse(vals['line_id'])
            pieces = [(instalment, vals.get('amount') or instalment.amount_residual_currency)]
        else:
            pieces = (
                self.env['account.move'].sudo().browse(vals.get('move_id') or [])._collection_split(vals.get('amount'))
                if vals.get('move_id')
                else []
            )
        if not pieces:
            raise UserError(self.env._("Nothing is open on this invoice: there is nothing to promise."))
        return [
            dict(
                vals,
                line_id=instalment.id,
                move_id=vals.get('move_id') or instalment.move_id.id,
                amount=amount,
                currency_id=instalment.currency_id.id,
                date_maturity=instalment.date_maturity,
            )
            for instalment, amount in pieces
        ]

    @api.model
    def _prepare_frozen(self, vals_list):
        """Add what a line keeps of the day it was made: residual, running total, last days."""
        instalments = self.env['account.move.line'].sudo().browse([vals['line_id'] for vals in vals_list])
        promises = self.env['collection.promise'].sudo().browse({vals['promise_id'] for vals in vals_list})
        policies = promises._get_policies()
        totals = defaultdict(float)
        today = {company: company._collection_today() for company in promises.company_id}
        for vals, instalment in sorted(
            zip(vals_list, instalments), key=lambda pair: str(fields.Date.to_date(pair[0].get('date')))
        ):
            promise = promises.browse(vals['promise_id'])
            date = fields.Date.to_date(vals.get('date'))
            if not date:
                raise UserError(self.env._("Enter the date the customer promised."))
            if date < today[promise.company_id]:
                raise UserError(
                    self.env._(
                        "The promised date %s is past: ask the customer for another.", format_date(self.env, date)
                    )
                )
            calendar = self.env['collection.holiday']._working_days(promise.company_id)
            kept_until = calendar.add(date, policies[promise].promise_grace_days)
            totals[promise, instalment] += vals['amount']
            vals.update(
                {
                    'residual_at': instalment.amount_residual_currency,
                    'cumulated': instalment.currency_id.round(totals[promise, instalment]),
                    'kept_until': kept_until,
                    'expires_on': kept_until,
                    'response_until': calendar.add(kept_until, policies[promise].promise_response_days),
                    'state': 'running',
                }
            )
        return vals_list

    # ------------------------------------------------------------------
    # Guard
    # ------------------------------------------------------------------
    def write(self, vals):
        if not is_internal(self) or not SETTLED_FIELDS.issuperset(vals):
            raise UserError(
                self.env._(
                    "A promised amount cannot be changed: its state comes from payments. "
                    "If the agreement changed, move the promise or cancel it."
                )
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        if not is_internal(self):
            raise UserError(self.env._("A promise is part of the history of its customer and cannot be deleted."))

    # ------------------------------------------------------------------
    # Checks
    # ------------------------------------------------------------------
    @api.constrains('date')
    def _check_date(self):
        for line in self:
            if line.date < line.promise_id.made_on:
                raise ValidationError(self.env._("The promised date lies before the day the promise was made."))

    @api.constrains('line_id', 'move_id', 'promise_id')
    def _check_item(self):
        for line in self.sudo().filtered('line_id'):
            item = line.line_id
            if item.move_id != line.move_id or item not in line.move_id._collection_instalments():
                raise ValidationError(self.env._("The instalment does not belong to %s.", line.move_id.display_name))
            if item.parent_state != 'posted':
                raise ValidationError(self.env._("%s is not posted.", line.move_id.display_name))
            if item.partner_id.commercial_partner_id != line.promise_id.partner_id:
                raise ValidationError(
                    self.env._(
                        "%(invoice)s is not an invoice of %(customer)s.",
                        invoice=line.move_id.display_name,
                        customer=line.promise_id.partner_id.display_name,
                    )
                )
            if item.company_id._collection_root() != line.promise_id.company_id:
                raise ValidationError(
                    self.env._("%s belongs to another company than the promise.", line.move_id.display_name)
                )

    def _check_residual(self):
        """No more is promised of an item than is open, by one promise at a time (R33).

        :raise UserError: naming the invoice
        """
        for line in self.sudo():
            if line.currency_id.compare_amounts(line.cumulated, line.residual_at) > 0:
                raise UserError(
                    self.env._(
                        "%(invoice)s: %(promised)s is promised, but only %(open)s is open.",
                        invoice=line.move_id.display_name,
                        promised=line.currency_id.format(line.cumulated),
                        open=line.currency_id.format(line.residual_at),
                    )
                )
        # two promises running on one item would both be kept by the same payment
        promised = {}
        for line in self.sudo().search([('line_id', 'in', self.sudo().line_id.ids), ('state', '=', 'running')]):
            first = promised.setdefault(line.line_id, line)
            if first.promise_id != line.promise_id:
                older = min(first, line, key=lambda running: running.id)
                raise UserError(
                    self.env._(
                        "%(invoice)s is already promised for %(date)s: move or cancel that promise first.",
                        invoice=older.move_id.display_name,
                        date=format_date(self.env, older.date),
                    )
                )
