from odoo import api, fields, models
from odoo.tools import SQL

from .collection_dispute import OUTCOMES

#: ids of the view: the line's own id and the category's
STRIDE = 1 << 20


class CollectionDisputeReport(models.Model):
    """What malfunctions, and what it costs (R18).

    One row for each contested amount and product category of its invoice: the amount is spread over the categories in
    proportion of what was invoiced, with taxes, of the contested lines where they are named. Sums of amounts are
    those of the disputes, whatever they are grouped by; a dispute is counted once in each group it is in.

    The cost of non-quality is the amount that was held back times the days it was, as amount × days and in money,
    at the company's financing rate. Nothing is stored.
    """

    _name = 'collection.dispute.report'
    _description = "Dispute Analysis"
    _auto = False
    _order = 'opened_on desc, id desc'
    _rec_name = 'dispute_id'

    dispute_id = fields.Many2one('collection.dispute', readonly=True)
    number = fields.Integer("Disputes", readonly=True, aggregator='count_distinct')
    type_id = fields.Many2one('collection.dispute.type', readonly=True)
    team_id = fields.Many2one('collection.team', readonly=True)
    cause_id = fields.Many2one('collection.dispute.cause', "Root cause", readonly=True)
    our_fault = fields.Boolean(readonly=True)
    rep_id = fields.Many2one('res.users', "Sales rep", readonly=True)
    user_id = fields.Many2one('res.users', "Owner", readonly=True)
    partner_id = fields.Many2one('res.partner', "Customer", readonly=True)
    categ_id = fields.Many2one('product.category', "Product category", readonly=True)
    company_id = fields.Many2one('res.company', readonly=True)
    currency_id = fields.Many2one('res.currency', readonly=True)
    opened_on = fields.Date(readonly=True)
    closed_on = fields.Date(readonly=True)
    state = fields.Selection([('open', "Open"), ('closed', "Closed")], readonly=True)
    outcome = fields.Selection(OUTCOMES, readonly=True)
    kind = fields.Selection([('contested', "Contested"), ('withheld', "Withheld")], readonly=True)
    amount = fields.Monetary("Contested", readonly=True, help="In company currency, at the rate of the invoice.")
    withheld = fields.Monetary(readonly=True, help="What else is not paid because of the dispute.")
    accepted = fields.Monetary(readonly=True, help="What is credited.")
    days = fields.Integer(
        "Days open", readonly=True, aggregator='avg', help="From the opening to the closing, or to today."
    )
    weight = fields.Float(readonly=True, aggregator=None, help="The part of the dispute that the row stands for.")
    amount_days = fields.Float(
        "Amount × days", readonly=True, help="What was held back times the days it was: what non-quality ties up."
    )
    cost = fields.Monetary(
        "Cost of non-quality",
        readonly=True,
        help="What was held back, at the financing rate of the settings, for the days it was.",
    )

    _depends = {
        'account.move': ['amount_total', 'amount_total_signed'],
        'account.move.line': ['display_type', 'move_id', 'price_total', 'product_id'],
        'collection.dispute': [
            'cause_id', 'closed_on', 'company_id', 'opened_on', 'our_fault', 'outcome', 'partner_id', 'rep_id', 'state',
            'team_id', 'type_id', 'user_id'],
        'collection.dispute.line': [
            'accepted', 'amount', 'dispute_id', 'held_from', 'held_until', 'invoice_line_ids', 'kind', 'move_id'],
        'product.product': ['product_tmpl_id'],
        'product.template': ['categ_id'],
        'res.company': ['collection_financing_rate', 'currency_id'],
    }  # fmt: skip

    # ------------------------------------------------------------------
    # The query
    # ------------------------------------------------------------------
    @property
    def _table_query(self):
        return SQL(
            """WITH day (company_id, today) AS (VALUES %(days)s)
               SELECT x.*, x.held * x.days_held AS amount_days,
                      x.held * x.days_held * x.collection_financing_rate / 36500 AS cost
                 FROM (%(rows)s) x""",
            days=SQL(", ").join(self._get_days()),
            rows=self._get_rows_query(),
        )

    @api.model
    def _get_days(self):
        """:return: rows of root company and its today"""
        companies = self.env['res.company'].sudo().search([('parent_id', '=', False)])
        return [SQL("(%s, %s::date)", company.id, company._collection_today()) for company in companies]

    def _get_rows_query(self):
        return SQL(
            """SELECT l.id::bigint * %(stride)s + COALESCE(s.categ_id, 0) AS id, p.id AS dispute_id, p.id AS number,
                      p.type_id, p.team_id, p.cause_id, p.our_fault IS TRUE AS our_fault, p.rep_id, p.user_id,
                      p.partner_id, p.company_id, c.currency_id, p.opened_on, p.closed_on, p.state, p.outcome, l.kind,
                      s.categ_id, c.collection_financing_rate::numeric, COALESCE(p.closed_on, d.today) - p.opened_on AS days,
                      1.0 / count(*) OVER (PARTITION BY p.id) AS weight,
                      CASE WHEN l.kind = 'contested' THEN %(amount)s * l.amount ELSE 0 END AS amount,
                      CASE WHEN l.kind = 'withheld' THEN %(amount)s * l.amount ELSE 0 END AS withheld,
                      %(amount)s * l.amount AS held,
                      COALESCE(COALESCE(l.held_until, p.closed_on, d.today) - l.held_from, 0) AS days_held,
                      %(amount)s * COALESCE(l.accepted, 0) AS accepted
                 FROM collection_dispute p
                 JOIN collection_dispute_line l ON l.dispute_id = p.id
                 JOIN account_move m ON m.id = l.move_id
                 JOIN day d ON d.company_id = p.company_id
                 JOIN res_company c ON c.id = p.company_id
                 LEFT JOIN LATERAL (%(shares)s) s ON TRUE""",
            stride=STRIDE,
            # of the line, in company currency, for the category
            amount=SQL(
                "COALESCE(s.share, 1) * COALESCE(abs(m.amount_total_signed) / NULLIF(abs(m.amount_total), 0), 1)"
            ),
            shares=self._get_shares_query(),
        )

    def _get_shares_query(self):
        """:return: SQL of a select of category and share of the lines of invoice ``l.move_id``: adds up to 1, or nothing"""
        return SQL(
            """SELECT categ_id, total / whole AS share FROM (
                 SELECT t.categ_id, sum(a.price_total) AS total, sum(sum(a.price_total)) OVER () AS whole
                   FROM account_move_line a
                   LEFT JOIN product_product pp ON pp.id = a.product_id
                   LEFT JOIN product_template t ON t.id = pp.product_tmpl_id
                  WHERE a.move_id = l.move_id AND a.display_type = 'product'
                    AND (a.id IN (SELECT r.move_line_id FROM collection_dispute_line_invoice_line_rel r
                                   WHERE r.dispute_line_id = l.id)
                         OR NOT EXISTS (SELECT FROM collection_dispute_line_invoice_line_rel r
                                         WHERE r.dispute_line_id = l.id))
                  GROUP BY t.categ_id) grouped
                WHERE whole <> 0"""
        )

    def _read_group_select(self, aggregate_spec, query):
        """Days are averaged over disputes, not over their rows."""
        if aggregate_spec == 'days:avg':
            days, weight = (self._field_to_sql(self._table, name, query) for name in ('days', 'weight'))
            return SQL("SUM(%(days)s * %(weight)s) / NULLIF(SUM(%(weight)s), 0)", days=days, weight=weight)
        return super()._read_group_select(aggregate_spec, query)

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------
    def action_open(self):
        """Open the dispute."""
        self.ensure_one()
        self.check_access('read')
        return self.dispute_id.get_formview_action()
