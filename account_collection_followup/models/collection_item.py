from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL
from odoo.tools.misc import format_date

BUCKETS = [
    ('not_due', "Not due"),
    ('b1_30', "1–30 days"),
    ('b31_60', "31–60 days"),
    ('b61_90', "61–90 days"),
    ('b90', "Over 90 days"),
]

#: every field of the view depends on the date it is asked for: without this the
#: cache of one date would answer for another
AS_OF = ('collection_as_of',)


class CollectionItem(models.Model):
    """Open items of customers, as of a date: the only definition of an open item.

    An item is a posted receivable journal item that is not fully reconciled: a
    term of an invoice, a credit note, an unmatched payment or a miscellaneous
    entry. Nothing is stored: the model is a query on the ledger.

    The date comes from the context key ``collection_as_of``:

    * no date, today or a later date: the ledger as it stands now, entries dated
      ahead included, with delays counted at that date;
    * a past date: the ledger as it stood at the end of that day, rebuilt from
      the reconciliations. An entry since reset to draft is missing from it.

    Amounts: ``amount`` and ``residual`` in company currency, ``*_currency`` and
    the covered amounts in the currency of the document.
    """

    _name = 'collection.item'
    _description = "Open Item"
    _auto = False
    _order = 'due_date, id'
    _rec_name = 'name'

    name = fields.Char("Number", readonly=True, depends_context=AS_OF)
    line_id = fields.Many2one('account.move.line', "Journal Item", readonly=True, depends_context=AS_OF)
    move_id = fields.Many2one('account.move', "Document", readonly=True, depends_context=AS_OF)
    partner_id = fields.Many2one('res.partner', "Customer", readonly=True, depends_context=AS_OF)
    company_id = fields.Many2one('res.company', readonly=True, depends_context=AS_OF)
    company_currency_id = fields.Many2one('res.currency', readonly=True, depends_context=AS_OF)
    currency_id = fields.Many2one('res.currency', readonly=True, depends_context=AS_OF)
    account_id = fields.Many2one('account.account', readonly=True, depends_context=AS_OF)
    journal_id = fields.Many2one('account.journal', readonly=True, depends_context=AS_OF)
    kind = fields.Selection(
        [
            ('invoice', "Invoice"),
            ('refund', "Credit note"),
            ('payment', "Receipt, not yet allocated"),
            ('entry', "Other entry"),
        ],
        readonly=True,
        depends_context=AS_OF,
    )
    date = fields.Date("Accounting Date", readonly=True, depends_context=AS_OF)
    invoice_date = fields.Date(readonly=True, depends_context=AS_OF)
    due_date = fields.Date(readonly=True, depends_context=AS_OF)
    days_overdue = fields.Integer(
        readonly=True, aggregator='max', depends_context=AS_OF, help="Days since the due date; negative: not due yet."
    )
    bucket = fields.Selection(BUCKETS, "Age", readonly=True, depends_context=AS_OF)
    amount = fields.Monetary("Original", currency_field='company_currency_id', readonly=True, depends_context=AS_OF)
    amount_currency = fields.Monetary("Original in Currency", readonly=True, aggregator=None, depends_context=AS_OF)
    residual = fields.Monetary("Open", currency_field='company_currency_id', readonly=True, depends_context=AS_OF)
    residual_currency = fields.Monetary("Open in Currency", readonly=True, aggregator=None, depends_context=AS_OF)
    disputed = fields.Monetary(readonly=True, aggregator=None, depends_context=AS_OF)
    promised = fields.Monetary(readonly=True, aggregator=None, depends_context=AS_OF)
    level_id = fields.Many2one('collection.level', "Last Level", readonly=True, depends_context=AS_OF)
    step_id = fields.Many2one('collection.step', "Last Step", readonly=True, depends_context=AS_OF)
    date_given = fields.Date(readonly=True, depends_context=AS_OF)
    no_followup = fields.Boolean("No Follow-up", readonly=True, depends_context=AS_OF)
    case_id = fields.Many2one('collection.case', readonly=True, depends_context=AS_OF)
    user_id = fields.Many2one('res.users', "Responsible", readonly=True, depends_context=AS_OF)
    next_text = fields.Char(
        "Next",
        compute='_compute_next_text',
        help="What the ladder does with this item, and why, asked of the plan now.",
    )

    _depends = {
        'account.move.line': [
            'account_id',
            'amount_currency',
            'amount_residual',
            'amount_residual_currency',
            'balance',
            'company_id',
            'currency_id',
            'date',
            'date_maturity',
            'journal_id',
            'move_id',
            'no_followup',
            'parent_state',
            'partner_id',
            'reconciled',
        ],
        'account.move': ['name', 'move_type', 'invoice_date'],
        'account.partial.reconcile': [
            'amount',
            'credit_amount_currency',
            'credit_move_id',
            'debit_amount_currency',
            'debit_move_id',
            'max_date',
        ],
        'res.partner': ['commercial_partner_id'],
        'account.journal': ['type'],
        'collection.case': ['partner_id', 'company_id', 'state', 'user_id'],
        'collection.step': ['date', 'date_given'],
        'collection.step.line': [
            'line_id',
            'move_id',
            'partner_id',
            'level_id',
            'role',
            'cancelled',
            'step_id',
            'due_date',
        ],
        'collection.dispute': ['closed_on'],
        'collection.dispute.line': ['line_id', 'move_id', 'amount', 'dispute_id', 'held_from', 'held_until'],
        'collection.promise': ['made_on'],
        'collection.promise.line': [
            'line_id',
            'amount',
            'residual_at',
            'cumulated',
            'expires_on',
            'ended_on',
            'promise_id',
        ],
    }

    # ------------------------------------------------------------------
    # The date
    # ------------------------------------------------------------------
    @api.model
    def _get_as_of(self):
        """:return: (the date delays are counted at, whether the ledger must be rebuilt for it)"""
        today = fields.Date.context_today(self)
        value = self.env.context.get('collection_as_of')
        try:
            day = fields.Date.to_date(value) if value else today
        except ValueError:
            raise UserError(self.env._("%s is not a date.", value)) from None
        return day, day < today

    # ------------------------------------------------------------------
    # The query
    # ------------------------------------------------------------------
    @property
    def _table_query(self):
        day, past = self._get_as_of()
        return self._get_view_query(day, past)

    def _get_view_query(self, day, past):
        """:return: the whole view as SQL. Covers and history are scalar subqueries:
        those that a read does not ask for cost nothing."""
        item = SQL.identifier('o')
        residual = SQL("o.residual_currency")
        step = self._get_last_step_query
        return SQL(
            """
            SELECT o.id, o.id AS line_id, o.move_id, o.partner_id, o.company_id, o.currency_id, o.journal_id,
                   o.account_id, c.currency_id AS company_currency_id, m.name, o.date, m.invoice_date,
                   o.due_date, o.amount, o.amount_currency, o.residual, o.residual_currency, o.no_followup,
                   %(day)s - o.due_date AS days_overdue,
                   CASE WHEN o.due_date >= %(day)s THEN 'not_due'
                        WHEN o.due_date >= %(day)s - 30 THEN 'b1_30'
                        WHEN o.due_date >= %(day)s - 60 THEN 'b31_60'
                        WHEN o.due_date >= %(day)s - 90 THEN 'b61_90' ELSE 'b90' END AS bucket,
                   CASE WHEN m.move_type IN ('out_invoice', 'out_receipt') THEN 'invoice'
                        WHEN m.move_type = 'out_refund' THEN 'refund'
                        WHEN j.type IN ('bank', 'cash', 'credit') THEN 'payment' ELSE 'entry' END AS kind,
                   %(level)s AS level_id, %(step)s AS step_id, %(date_given)s AS date_given,
                   %(disputed)s AS disputed, %(promised)s AS promised,
                   k.id AS case_id, k.user_id
              FROM (%(open_lines)s) o
              JOIN account_move m ON m.id = o.move_id
              JOIN account_journal j ON j.id = o.journal_id
              JOIN res_company c ON c.id = o.company_id
              LEFT JOIN collection_case k ON k.partner_id = o.partner_id AND k.state = 'open'
                    AND k.company_id = split_part(c.parent_path, '/', 1)::int
            """,
            day=SQL("%s::date", day),
            open_lines=self._open_lines(day, past),
            level=step(SQL("sl.level_id"), item, day),
            step=step(SQL("sl.step_id"), item, day),
            date_given=step(SQL("s.date_given"), item, day),
            disputed=SQL("LEAST(%s, GREATEST(%s, 0))", self._get_disputed_query(item, day), residual),
            promised=SQL("LEAST(%s, GREATEST(%s, 0))", self._get_promised_query(item, residual, day), residual),
        )

    @api.model
    def _get_receivable_account_ids(self):
        """Inlined in the query so that PostgreSQL uses the index of unreconciled lines."""
        self.env['account.account'].flush_model(['account_type'])
        rows = self.env.execute_query(SQL("SELECT id FROM account_account WHERE account_type = 'asset_receivable'"))
        return [row[0] for row in rows] or [0]

    @api.model
    def _open_lines(self, day, past, company_ids=None, partner_ids=None):
        """Open receivable lines, shared by the view and the plan.

        :param date day: the date asked for
        :param bool past: rebuild the ledger as it stood at ``day``; else the ledger of now
        :param company_ids: only these companies (branches are not added)
        :param partner_ids: only these commercial partners
        :return: SQL of a select of id, move, customer (commercial partner), company,
            currency, journal, account, date, due date, original and open amounts
        """
        base = SQL(
            "l.parent_state = 'posted' AND l.account_id = ANY(%s)%s%s",
            self._get_receivable_account_ids(),
            SQL(" AND l.company_id = ANY(%s)", list(company_ids)) if company_ids is not None else SQL(),
            SQL(" AND p.commercial_partner_id = ANY(%s)", list(partner_ids)) if partner_ids is not None else SQL(),
        )
        columns = SQL(
            """l.id, l.move_id, p.commercial_partner_id AS partner_id, l.company_id, l.currency_id, l.journal_id,
               l.account_id, l.date, COALESCE(l.date_maturity, l.date) AS due_date, l.balance AS amount,
               l.amount_currency, l.no_followup IS TRUE AS no_followup"""
        )
        if not past:
            return SQL(
                """SELECT %s, l.amount_residual AS residual, l.amount_residual_currency AS residual_currency
                     FROM account_move_line l LEFT JOIN res_partner p ON p.id = l.partner_id
                    WHERE %s AND l.reconciled IS NOT TRUE
                      AND (l.amount_residual <> 0 OR l.amount_residual_currency <> 0)""",
                columns,
                base,
            )
        # what was matched after the day was still open on it. Two branches: lines open
        # today, and lines settled since, which are few; one join over all lines is not
        return SQL(
            """WITH later AS MATERIALIZED (
                 SELECT line_id, sum(amount) AS amount, sum(amount_currency) AS amount_currency FROM (
                   SELECT debit_move_id AS line_id, amount, debit_amount_currency AS amount_currency
                     FROM account_partial_reconcile WHERE max_date > %(day)s
                   UNION ALL
                   SELECT credit_move_id, -amount, -credit_amount_currency
                     FROM account_partial_reconcile WHERE max_date > %(day)s) matched
                 GROUP BY line_id)
               SELECT * FROM (
                 SELECT %(columns)s, l.amount_residual + COALESCE(later.amount, 0) AS residual,
                        l.amount_residual_currency + COALESCE(later.amount_currency, 0) AS residual_currency
                   FROM account_move_line l LEFT JOIN res_partner p ON p.id = l.partner_id
                   LEFT JOIN later ON later.line_id = l.id
                  WHERE %(base)s AND l.date <= %(day)s AND l.reconciled IS NOT TRUE
                 UNION ALL
                 SELECT %(columns)s, l.amount_residual + later.amount, l.amount_residual_currency + later.amount_currency
                   FROM later JOIN account_move_line l ON l.id = later.line_id
                   LEFT JOIN res_partner p ON p.id = l.partner_id
                  WHERE %(base)s AND l.date <= %(day)s AND l.reconciled IS TRUE) rebuilt
                WHERE residual <> 0 OR residual_currency <> 0""",
            day=day,
            columns=columns,
            base=base,
        )

    @api.model
    def _get_last_step_query(self, column, item, day):
        """The last step of an item: found by its line while the customer is the same,
        else, when the line was deleted by a reset to draft, by invoice and maturity,
        else by the lowest level of the invoice."""
        found = SQL(
            """SELECT %s FROM collection_step_line sl JOIN collection_step s ON s.id = sl.step_id
                WHERE sl.role = 'asked' AND sl.cancelled IS NOT TRUE AND s.date <= %s AND sl.partner_id = %s.partner_id""",
            column,
            day,
            item,
        )
        return SQL(
            """COALESCE(
                 (%(found)s AND sl.line_id = %(item)s.id ORDER BY s.date DESC, sl.id DESC LIMIT 1),
                 (%(found)s AND sl.line_id IS NULL AND sl.move_id = %(item)s.move_id
                  ORDER BY sl.due_date = %(item)s.due_date DESC,
                           CASE WHEN sl.due_date <> %(item)s.due_date
                                THEN (SELECT rank FROM collection_level WHERE id = sl.level_id) END,
                           s.date DESC, sl.id DESC LIMIT 1))""",
            found=found,
            item=item,
        )

    @api.model
    def _get_disputed_query(self, item, day):
        """Amount of the item under open disputes that hold reminders back (document currency), not capped."""
        return SQL(
            """COALESCE((SELECT sum(held.amount) FROM (%(holding)s) held
                  WHERE (held.line_id = %(item)s.id OR (held.line_id IS NULL AND held.move_id = %(item)s.move_id))
                    AND held.move_id = %(item)s.move_id AND (held.ended_on IS NULL OR held.ended_on > %(day)s)), 0)""",
            holding=self.env['collection.dispute.line']._get_holding_query(day),
            item=item,
            day=day,
        )

    @api.model
    def _get_promised_query(self, item, residual, day):
        """Amount of the item under running promises (document currency): a payment
        lowers the promised part first (R55), the earliest promised date before the others."""
        return SQL(
            """COALESCE((SELECT sum(%(left)s) FROM collection_promise_line pl JOIN collection_promise pr ON pr.id = pl.promise_id
                  WHERE pl.line_id = %(item)s.id AND pr.made_on <= %(day)s AND pl.expires_on >= %(day)s
                    AND (pl.ended_on IS NULL OR pl.ended_on > %(day)s)), 0)""",
            left=self._get_promise_left(SQL("pl"), residual),
            item=item,
            day=day,
        )

    @api.model
    def _get_promise_left(self, line, residual):
        """The SQL twin of ``collection.promise.line._left``; a test holds them together."""
        return SQL(
            "LEAST(%(line)s.amount, GREATEST(0, %(line)s.cumulated - GREATEST(0, %(line)s.residual_at - %(residual)s)))",
            line=line,
            residual=residual,
        )

    @api.depends_context('collection_as_of')
    def _compute_next_text(self):
        """The answer of the plan for each item in words; a past date is answered from the facts of that day."""
        day, _past = self._get_as_of()
        reasons = self.env['collection.run.line']._get_reasons()
        answers = {}
        for root, items in self.grouped(lambda item: item.company_id.sudo()._collection_root()).items():
            plan = self.env['collection.plan'].sudo()._plan(root, day, partners=items.partner_id)
            answers.update({answer.line_id: answer for answer in plan})
        for item in self:
            item.next_text = item._get_next_text(answers.get(item.id), reasons)

    def _get_next_text(self, answer, reasons):
        self.ensure_one()
        if not answer:
            return self._get_credit_text() if self.residual_currency < 0 else self.env._("Not due")
        if not answer.reason:
            return self.env['collection.level'].browse(answer.level_id).name
        reason = reasons.get(answer.reason, (answer.reason,))[0]
        if answer.until:
            return self.env._(
                "%(reason)s until %(day)s", reason=reason, day=self.env['collection.run.line']._format_day(answer.until)
            )
        return reason

    def _get_credit_text(self):
        self.ensure_one()
        return self.env._("Credit note to match") if self.kind == 'refund' else self.env._("Receipt to match")

    # ------------------------------------------------------------------
    # A view is never written
    # ------------------------------------------------------------------
    # pylint: disable=method-required-super,no-raise-unlink
    @api.model_create_multi
    def create(self, vals_list):
        raise self._get_readonly_error()

    def write(self, vals):
        raise self._get_readonly_error()

    def unlink(self):
        raise self._get_readonly_error()

    def _get_readonly_error(self):
        return UserError(self.env._("Open items show the ledger: post, pay or reconcile documents instead."))

    def _read_group_orderby(self, order, groupby_terms, query):
        """Ages go from not due to the oldest."""
        bucket = groupby_terms.get('bucket')
        if bucket:
            groupby_terms['bucket'] = SQL("CASE WHEN %(age)s = 'not_due' THEN '' ELSE %(age)s END", age=bucket)
        result = super()._read_group_orderby(order, groupby_terms, query)
        if bucket:
            groupby_terms['bucket'] = bucket
        return result

    # ------------------------------------------------------------------
    # Choosing items on screen
    # ------------------------------------------------------------------
    @api.depends('name', 'residual_currency', 'due_date')
    @api.depends_context('collection_item_details', *AS_OF)
    def _compute_display_name(self):
        details = self.env.context.get('collection_item_details')
        for item in self:
            item.display_name = (
                self.env._(
                    "%(number)s: %(amount)s due %(date)s",
                    number=item.name,
                    amount=item.currency_id.format(item.residual_currency),
                    date=format_date(self.env, item.due_date),
                )
                if details
                else item.name
            )

    def _prepare_choice(self):
        """:return: values of a line about all that can still be disputed or promised of this item"""
        self.ensure_one()
        return {
            'item_id': self.id,
            'move_id': self.move_id.id,
            'line_id': self.line_id.id,
            'currency_id': self.currency_id.id,
            'date_maturity': self.due_date,
            'amount': max(self.residual_currency - self.disputed - self.promised, 0.0),
        }

    def _prepare_dispute_choice(self):
        """:return: values of a line about all of this item that is not contested yet: a promise hinders no dispute"""
        return dict(self._prepare_choice(), amount=self.residual_currency - self.disputed)

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------
    def action_open_document(self):
        """Open the invoice, payment or entry behind the item."""
        self.ensure_one()
        return {
            'type': 'ir.actions.act_window',
            'res_model': 'account.move',
            'res_id': self.move_id.id,
            'views': [(False, 'form')],
            'name': self.move_id.display_name,
        }

    @api.model
    def _with_date(self, day):
        """:return: the model as of ``day`` (None: now), for other add-ons and tests"""
        return self.with_context(collection_as_of=fields.Date.to_string(day) if day else False)
