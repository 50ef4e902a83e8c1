from odoo import api, fields, models
from odoo.tools import SQL

from .collection_call_answer import CHOICES


class CollectionCallReport(models.Model):
    """How customers judge us: answers to the questions of satisfaction calls (R6).

    An answer counts once, shared between the product categories of the invoices its call was about, in proportion to
    their amounts. Who asks may say that a question does not apply: that is no answer.
    """

    _name = 'collection.call.report'
    _description = "Satisfaction"
    _auto = False
    _order = 'made_on desc, id'
    _rec_name = 'question'

    answer_id = fields.Many2one('collection.call.answer', "Answer given", readonly=True)
    made_on = fields.Date("Asked on", readonly=True)
    script_line_id = fields.Many2one('collection.script.line', "Question", readonly=True)
    question = fields.Char("As it was asked", readonly=True)
    choice = fields.Selection(CHOICES, "Answer", readonly=True)
    note = fields.Text("In his words", readonly=True)
    team_id = fields.Many2one('collection.team', "Department", readonly=True)
    categ_id = fields.Many2one('product.category', "Product category", readonly=True)
    partner_id = fields.Many2one('res.partner', "Customer", readonly=True)
    rep_id = fields.Many2one('res.users', "Sales rep", readonly=True)
    user_id = fields.Many2one('res.users', "Asked by", readonly=True)
    company_id = fields.Many2one('res.company', readonly=True)
    answers = fields.Float(readonly=True, digits=(16, 2))
    positive = fields.Float(readonly=True, digits=(16, 2))
    positive_share = fields.Float("Positive, %", readonly=True, digits=(16, 1), aggregator='avg')

    _depends = {
        'collection.call.answer': [
            'call_id', 'choice', 'company_id', 'made_on', 'note', 'partner_id', 'question', 'rated', 'script_line_id',
            'team_id', 'user_id',
        ],
        'collection.call': ['move_ids'],
        'account.move.line': ['balance', 'display_type', 'move_id', 'product_id'],
        'product.product': ['product_tmpl_id'],
        'product.template': ['categ_id'],
        'res.partner': ['user_id'],
    }  # fmt: skip

    @property
    def _table_query(self):
        return SQL(
            """WITH sold AS (
                 SELECT x.call_id, t.categ_id, sum(abs(l.balance)) AS amount
                   FROM collection_call_account_move_rel x
                   JOIN account_move_line l ON l.move_id = x.move_id AND l.display_type = 'product'
                   LEFT JOIN product_product p ON p.id = l.product_id
                   LEFT JOIN product_template t ON t.id = p.product_tmpl_id
                  WHERE x.call_id IN (SELECT call_id FROM collection_call_answer WHERE rated)
                  GROUP BY 1, 2),
               shared AS (
                 SELECT call_id, categ_id,
                        CASE WHEN sum(amount) OVER w > 0 THEN amount / sum(amount) OVER w
                             ELSE 1.0 / count(*) OVER w END AS share
                   FROM sold WINDOW w AS (PARTITION BY call_id))
               SELECT row_number() OVER (ORDER BY a.id, s.categ_id) AS id, a.id AS answer_id, a.made_on, a.script_line_id,
                      a.question, a.choice, a.note, a.team_id, s.categ_id, a.partner_id, p.user_id AS rep_id, a.user_id,
                      a.company_id, COALESCE(s.share, 1.0) AS answers,
                      CASE WHEN a.choice = 'yes' THEN COALESCE(s.share, 1.0) ELSE 0.0 END AS positive,
                      CASE WHEN a.choice = 'yes' THEN 100.0 ELSE 0.0 END AS positive_share
                 FROM collection_call_answer a
                 JOIN res_partner p ON p.id = a.partner_id
                 LEFT JOIN shared s ON s.call_id = a.call_id
                WHERE a.rated AND a.choice IN ('yes', 'no')"""
        )

    @api.model
    def _read_group_select(self, aggregate_spec, query):
        # EXTENDS: the share of a group is that of its answers, however many categories they are about
        if aggregate_spec != 'positive_share:avg':
            return super()._read_group_select(aggregate_spec, query)
        return SQL(
            "100.0 * SUM(%s) / NULLIF(SUM(%s), 0.0)",
            self._field_to_sql(self._table, 'positive', query),
            self._field_to_sql(self._table, 'answers', query),
        )
