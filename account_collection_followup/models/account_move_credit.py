from collections import defaultdict

from odoo import Command, api, fields, models
from odoo.exceptions import UserError, ValidationError


class AccountMove(models.Model):
    """The credit note that settles a dispute: prepared from its invoice, and closing the dispute once it is posted (R16).

    It costs the posting of other documents nothing: their dispute is empty, which is read with the document itself.
    """

    _inherit = 'account.move'  # pylint: disable=consider-merging-classes-inherited

    collection_dispute_id = fields.Many2one(
        'collection.dispute',
        string="Settles dispute",
        index='btree_not_null',
        copy=False,
        ondelete='set null',
        readonly=True,
        # a customer reads his credit notes in the portal
        groups='base.group_user',
        help="The dispute this credit note was made for. Posting the credit note closes the dispute.",
    )

    @api.constrains('collection_dispute_id', 'move_type', 'partner_id', 'company_id')
    def _check_collection_dispute(self):
        for move in self.filtered('collection_dispute_id'):
            dispute = move.collection_dispute_id.sudo()
            if move.move_type != 'out_refund':
                raise ValidationError(self.env._("Only a credit note settles a dispute."))
            if move.commercial_partner_id != dispute.partner_id:
                raise ValidationError(
                    self.env._(
                        "%(dispute)s is not a dispute of %(customer)s.",
                        dispute=dispute.display_name,
                        customer=move.commercial_partner_id.display_name,
                    )
                )
            if move.company_id.sudo()._collection_root() != dispute.company_id:
                raise ValidationError(self.env._("%s belongs to another company than its dispute.", move.display_name))

    # ------------------------------------------------------------------
    # Preparing
    # ------------------------------------------------------------------
    def _collection_credit(self, dispute, amount, lines=None, reason=None):
        """Prepare the credit note of a contested amount of this invoice (R14, R16).

        Odoo's own reversal. What is contested line by line is copied; for a sum there is a line for each account and
        combination of taxes of the invoice, in proportion, as Odoo makes them for a down payment: base and taxes add
        up to the sum, to the cent.

        :param dispute: ``collection.dispute`` it settles
        :param float amount: with taxes, in the currency of the invoice
        :param lines: the product lines contested; by default all of the invoice
        :param str reason: what the customer reads as the reason
        :return: the draft credit note
        :raise UserError: if a credit note of exactly this amount cannot be made
        """
        self.ensure_one()
        # what is written on it is in the customer's language, what is noted about it in the user's
        values = self._prepare_collection_credit(dispute, amount, lines, reason)
        credit = self.with_company(self.company_id)._reverse_moves([values])
        if self.currency_id.compare_amounts(credit.amount_total, amount):
            raise UserError(
                self.env._(
                    "A credit note of %(wanted)s cannot be prepared for %(invoice)s: with its taxes it would be %(found)s. "
                    "Make it by hand and choose it here.",
                    wanted=self.currency_id.format(amount),
                    invoice=self.display_name,
                    found=self.currency_id.format(credit.amount_total),
                )
            )
        return credit

    def _prepare_collection_credit(self, dispute, amount, lines, reason):
        """:return: values of the credit note, besides what is copied from the invoice"""
        today = self.company_id._collection_today()
        reversal = self.env['account.move.reversal'].new(
            {
                'move_ids': [Command.set(self.ids)],
                'company_id': self.company_id.id,
                'journal_id': self.journal_id.id,
                'date': today,
                'reason': reason,
            }
        )
        values = {
            **reversal._prepare_default_reversal(self),
            'partner_bank_id': self._get_collection_refund_bank().id,
            'collection_dispute_id': dispute.id,
        }
        contested = lines or self._get_collection_product_lines()
        if lines or self.currency_id.compare_amounts(amount, self.amount_total):
            # of a part: neither rounding to cash nor discount of the whole invoice
            values.update(
                line_ids=self._prepare_collection_credit_lines(contested, amount, reason),
                invoice_cash_rounding_id=False,
                invoice_payment_term_id=False,
            )
        return values

    def _get_collection_refund_bank(self):
        """:return: the account the customer would be paid back on"""
        return self.env['res.partner.bank'].search(
            [
                ('partner_id', '=', self.commercial_partner_id.id),
                ('company_id', 'in', [self.company_id.id, False]),
            ],
            order='sequence',
            limit=1,
        )

    def _get_collection_product_lines(self):
        return self.invoice_line_ids.filtered(lambda line: line.display_type == 'product')

    def _prepare_collection_credit_lines(self, lines, amount, reason):
        """:return: commands: the lines themselves if they make the amount, else their shares of it"""
        if not self.currency_id.compare_amounts(self._get_collection_total(lines), amount):
            return [Command.create(values) for values in lines.with_context(include_business_fields=True).copy_data()]
        base_lines = [
            base_line for base_line in self._get_rounded_base_and_tax_lines()[0] if base_line['record'] in lines
        ]
        shares = self.env['account.tax']._prepare_down_payment_lines(
            base_lines=base_lines,
            company=self.company_id,
            amount_type='fixed',
            amount=amount,
            computation_key='collection_dispute',
            grouping_function=lambda base_line: {'account_id': base_line['account_id']},
        )
        return [Command.create(self._prepare_collection_credit_share(share, reason)) for share in shares]

    def _get_collection_total(self, lines):
        """:return: what these product lines make with their taxes, on a document of their own"""
        self.ensure_one()
        AccountTax = self.env['account.tax']
        base_lines = [self._prepare_product_base_line_for_taxes_computation(line) for line in lines]
        AccountTax._add_tax_details_in_base_lines(base_lines, self.company_id)
        AccountTax._round_base_lines_tax_details(base_lines, self.company_id)
        return sum(
            base_line['tax_details']['total_excluded_currency']
            + base_line['tax_details']['delta_total_excluded_currency']
            + sum(tax['tax_amount_currency'] for tax in base_line['tax_details']['taxes_data'])
            for base_line in base_lines
        )

    def _prepare_collection_credit_share(self, share, reason):
        """:param dict share: a base line of Odoo's tax computation"""
        return {
            'name': reason or self.name,
            'quantity': 1.0,
            'price_unit': share['price_unit'],
            'account_id': share['account_id'].id,
            'tax_ids': [Command.set(share['tax_ids'].ids)],
            'analytic_distribution': share['analytic_distribution'],
            'extra_tax_data': self.env['account.tax']._export_base_line_extra_tax_data(share),
        }

    # ------------------------------------------------------------------
    # What happens to it
    # ------------------------------------------------------------------
    def _reconcile_reversed_moves(self, reverse_moves, move_reverse_cancel):
        # EXTENDS account: the contested instalments come before the others of the invoice
        for credit in reverse_moves.filtered('collection_dispute_id'):
            credit._collection_match_contested()
        return super()._reconcile_reversed_moves(reverse_moves, move_reverse_cancel)

    def _collection_match_contested(self):
        """Reconcile a credit note with what its dispute contests: of its own invoice, if that is one of them."""
        self.ensure_one()
        contested = self.collection_dispute_id.sudo().line_ids.line_id.with_env(self.env)
        if self.reversed_entry_id in contested.move_id:
            contested = contested.filtered(lambda line: line.move_id == self.reversed_entry_id)
        open_lines = contested.filtered(lambda line: not line.reconciled)
        receivable = self.line_ids.filtered(
            lambda line: line.account_id.account_type == 'asset_receivable' and not line.reconciled
        )
        for account, lines in receivable.grouped('account_id').items():
            if owed := open_lines.filtered(lambda line, account=account: line.account_id == account):
                (lines + owed).reconcile()

    def _collection_get_credited(self):
        """What became of these posted credit notes.

        :return: dict {currency: amount left open}, dict {instalment: amount matched with it, in its currency}
        """
        left, matched = defaultdict(float), defaultdict(float)
        for line in self.sudo().line_ids.filtered(lambda line: line.account_id.account_type == 'asset_receivable'):
            left[line.currency_id] -= line.amount_residual_currency
            for partial in line.matched_debit_ids:
                matched[partial.debit_move_id] += partial.debit_amount_currency
        return left, matched

    def _post(self, soft=True):
        # EXTENDS account
        posted = super()._post(soft)
        if disputes := posted.collection_dispute_id:
            for credit in posted.filtered('collection_dispute_id'):
                # made by hand, it is matched by nobody else
                credit._collection_match_contested()
            disputes._follow_accounting(disputes._on_credit_posted)
        return posted

    def button_draft(self):
        # EXTENDS account
        undone = self.filtered(lambda move: move.state == 'posted' and move.collection_dispute_id)
        result = super().button_draft()
        for dispute, credits in undone.grouped('collection_dispute_id').items():
            dispute._follow_accounting(dispute._on_credit_undone, credits)
        return result

    def button_cancel(self):
        # EXTENDS account
        result = super().button_cancel()
        if disputes := self.collection_dispute_id:
            words = self.env._("The credit note was cancelled: the dispute stays open.")
            disputes._follow_accounting(disputes._on_credit_lost, words)
        return result

    def unlink(self):
        # EXTENDS account
        disputes = self.collection_dispute_id
        result = super().unlink()
        if disputes:
            words = self.env._("The credit note was deleted: the dispute stays open.")
            disputes._follow_accounting(disputes._on_credit_lost, words)
        return result
