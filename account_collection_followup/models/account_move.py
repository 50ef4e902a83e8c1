from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

READERS = (
    'account.group_account_readonly,account.group_account_invoice,account_collection_followup.group_collection_caller'
)


class AccountMove(models.Model):
    """What collections knows of an invoice. Nothing is stored here: posting costs nothing."""

    _inherit = 'account.move'

    dispute_ids = fields.Many2many(
        'collection.dispute',
        string="Disputes",
        compute='_compute_collection_facts',
        search='_search_dispute_ids',
        groups=READERS,
    )
    promise_ids = fields.Many2many(
        'collection.promise',
        string="Promises",
        compute='_compute_collection_facts',
        search='_search_promise_ids',
        groups=READERS,
    )
    call_ids = fields.Many2many(
        'collection.call',
        string="Calls",
        compute='_compute_collection_facts',
        search='_search_call_ids',
        groups=READERS,
    )
    dispute_count = fields.Integer(compute='_compute_collection_facts', groups=READERS)
    promise_count = fields.Integer(compute='_compute_collection_facts', groups=READERS)
    call_count = fields.Integer(compute='_compute_collection_facts', groups=READERS)
    collection_level_id = fields.Many2one(
        'collection.level',
        string="Follow-up level",
        compute='_compute_collection_level_id',
        search='_search_collection_level_id',
        groups=READERS,
    )

    # ------------------------------------------------------------------
    # Facts
    # ------------------------------------------------------------------
    def _compute_collection_facts(self):
        disputes = self._get_collection_facts('collection.dispute.line', 'move_id', 'dispute_id')
        promises = self._get_collection_facts('collection.promise.line', 'move_id', 'promise_id')
        calls = self._get_collection_facts('collection.call', 'move_ids', 'id')
        for move in self:
            move.dispute_ids = disputes[move._origin.id]
            move.promise_ids = promises[move._origin.id]
            move.call_ids = calls[move._origin.id]
            move.dispute_count = len(disputes[move._origin.id])
            move.promise_count = len(promises[move._origin.id])
            move.call_count = len(calls[move._origin.id])

    def _get_collection_facts(self, model, move_field, fact_field):
        """One query for all invoices.

        :param str model: where invoice and fact meet
        :return: defaultdict {move id: ids of facts}
        """
        groups = (
            self.env[model]
            .sudo()
            ._read_group([(move_field, 'in', self._origin.ids)], [move_field], [f'{fact_field}:array_agg_distinct'])
        )
        return defaultdict(list, {move.id: ids for move, ids in groups})

    def _search_collection_facts(self, model, move_field, fact_field, operator, value):
        """Invoices by a fact; ``= False`` finds those without any."""
        if operator == 'in' and set(value) == {False}:
            return [('id', 'not in', self._get_collection_move_ids(model, move_field, Domain.TRUE))]
        if operator == 'not in' and set(value) == {False}:
            return [('id', 'in', self._get_collection_move_ids(model, move_field, Domain.TRUE))]
        if operator not in ('in', 'any'):
            return NotImplemented
        return [('id', 'in', self._get_collection_move_ids(model, move_field, Domain(fact_field, operator, value)))]

    def _get_collection_move_ids(self, model, move_field, domain):
        return [move.id for [move] in self.env[model].sudo()._read_group(domain, [move_field]) if move]

    def _search_dispute_ids(self, operator, value):
        return self._search_collection_facts('collection.dispute.line', 'move_id', 'dispute_id', operator, value)

    def _search_promise_ids(self, operator, value):
        return self._search_collection_facts('collection.promise.line', 'move_id', 'promise_id', operator, value)

    def _search_call_ids(self, operator, value):
        return self._search_collection_facts('collection.call', 'move_ids', 'id', operator, value)

    # ------------------------------------------------------------------
    # Level
    # ------------------------------------------------------------------
    def _compute_collection_level_id(self):
        """The last level any instalment of the invoice was asked for at."""
        levels = (
            dict(self.env.execute_query(self._get_last_level_query(SQL(" AND sl.move_id = ANY(%s)", self._origin.ids))))
            if self._origin.ids
            else {}
        )
        for move in self:
            move.collection_level_id = levels.get(move._origin.id, False)

    def _search_collection_level_id(self, operator, value):
        if operator not in ('in', 'any'):
            return NotImplemented
        last = self._get_last_level_query()
        if operator == 'in' and False in value:
            wanted = [level_id for level_id in value if level_id]
            return (
                [
                    '|',
                    ('id', 'not in', SQL("(SELECT move_id FROM (%s) last)", last)),
                    ('collection_level_id', 'in', wanted),
                ]
                if wanted
                else [('id', 'not in', SQL("(SELECT move_id FROM (%s) last)", last))]
            )
        if operator == 'any':
            value = self.env['collection.level'].sudo().with_context(active_test=False)._search(value).get_result_ids()
        return [('id', 'in', SQL("(SELECT move_id FROM (%s) last WHERE level_id = ANY(%s))", last, list(value)))]

    @api.model
    def _get_last_level_query(self, condition=SQL()):
        """:return: SQL of (move_id, level_id): the last level each invoice was asked for at"""
        for model, names in (
            ('collection.step.line', ['move_id', 'level_id', 'role', 'cancelled', 'step_id']),
            ('collection.step', ['date']),
        ):
            self.env[model].flush_model(names)
        return SQL(
            """SELECT DISTINCT ON (sl.move_id) sl.move_id, sl.level_id
                 FROM collection_step_line sl JOIN collection_step s ON s.id = sl.step_id
                WHERE sl.role = 'asked' AND sl.cancelled IS NOT TRUE AND sl.move_id IS NOT NULL%s
                ORDER BY sl.move_id, s.date DESC, sl.id DESC""",
            condition,
        )

    # ------------------------------------------------------------------
    # Instalments
    # ------------------------------------------------------------------
    def _is_collection_invoice(self):
        """:return: whether this is a document a customer has to pay"""
        self.ensure_one()
        return self.move_type in ('out_invoice', 'out_receipt')

    def _collection_instalments(self):
        """:return: receivable lines the customer owes by this entry, earliest maturity first"""
        return self.line_ids.filtered(
            lambda line: line.account_id.account_type == 'asset_receivable' and line.amount_currency > 0
        ).sorted(lambda line: (line.date_maturity or line.date, line.id))

    def _collection_split(self, amount=None):
        """Spread an amount over the instalments that are open, earliest maturity first.

        :param float amount: in the currency of the instalments; by default all that is open
        :return: list of (``account.move.line``, amount). What exceeds the residuals goes up
            to the original amounts, earliest first, and what exceeds these to the last
            instalment, where the caller's own check refuses it.
        """
        self.ensure_one()
        lines = self._collection_instalments()
        lines = lines.filtered(lambda line: not line.reconciled) or lines
        if not lines:
            return []
        currency = lines[0].currency_id
        if not amount:
            return [
                (line, line.amount_residual_currency)
                for line in lines
                if currency.compare_amounts(line.amount_residual_currency, 0) > 0
            ]
        shares = dict.fromkeys(lines, 0.0)
        for ceiling in ('amount_residual_currency', 'amount_currency'):
            for line in lines:
                share = min(amount, max(line[ceiling] - shares[line], 0.0))
                shares[line] += share
                amount = currency.round(amount - share)
        shares[lines[-1]] += amount
        return [(line, currency.round(share)) for line, share in shares.items() if not currency.is_zero(share)]

    # ------------------------------------------------------------------
    # Smart buttons
    # ------------------------------------------------------------------
    def _get_collection_action(self, name, model, ids):
        """:return: action on the facts of these invoices, ready to add another one"""
        context = {}
        if len(self) == 1:
            context = {
                'default_partner_id': self.commercial_partner_id.id,
                'default_company_id': self.company_id._collection_root().id,
            }
        return {
            'type': 'ir.actions.act_window',
            'name': name,
            'res_model': model,
            'view_mode': 'list,form',
            'domain': [('id', 'in', ids)],
            'context': context,
        }

    def action_view_disputes(self):
        return self._get_collection_action(self.env._("Disputes"), 'collection.dispute', self.dispute_ids.ids)

    def action_view_promises(self):
        return self._get_collection_action(self.env._("Promises"), 'collection.promise', self.promise_ids.ids)

    def action_view_calls(self):
        return self._get_collection_action(self.env._("Calls"), 'collection.call', self.call_ids.ids)

    # ------------------------------------------------------------------
    # From the invoice to the desk
    # ------------------------------------------------------------------
    def action_view_collection_case(self):
        """Open the case of the invoice's customer."""
        return self.commercial_partner_id.with_company(self.company_id).action_view_collection_case()

    def action_add_dispute(self):
        """Enter what the customer contests of these invoices."""
        return self._get_collection_entry_action('collection.dispute', self.env._("Dispute"))

    def action_add_promise(self):
        """Enter what the customer promised for these invoices."""
        return self._get_collection_entry_action('collection.promise', self.env._("Promise"))

    def _get_collection_entry_action(self, model, name):
        """:return: dialog of a new fact on what is open of these invoices"""
        customer, company = self._get_collection_customer()
        contested = model == 'collection.dispute'
        items = self.env['collection.item'].search([('move_id', 'in', self.ids), ('kind', '=', 'invoice')])
        # what is promised may be contested all the same
        choices = items._prepare_contested() if contested else [item._prepare_choice() for item in items]
        choices = [choice for choice in choices if choice['amount'] > 0]
        left_out = self.filtered(lambda move: move.id not in {choice['move_id'] for choice in choices})
        if not choices:
            names = ', '.join(self.mapped('name'))
            raise UserError(
                self.env._("All that is open of %s is disputed already.", names)
                if contested
                else self.env._("All that is open of %s is disputed or promised already.", names)
            )
        return {
            'type': 'ir.actions.act_window',
            'name': name,
            'res_model': model,
            'views': [(False, 'form')],
            'target': 'new',
            'context': {
                'default_partner_id': customer.id,
                'default_company_id': company.id,
                'default_line_ids': [(0, 0, choice) for choice in choices],
                'default_left_out': left_out._say_left_out(contested),
            },
        }

    def _say_left_out(self, contested):
        """:return: which of the chosen invoices are not part of a new fact and why, in words"""
        settled = self.filtered(lambda move: not move.collection_chaseable)
        reasons = [
            (settled, self.env._("%s: left out, nothing is open.")),
            (
                self - settled,
                self.env._("%s: left out, disputed already.")
                if contested
                else self.env._("%s: left out, disputed or promised already."),
            ),
        ]
        return ' '.join(text % ', '.join(moves.mapped('name')) for moves, text in reasons if moves)
