from odoo import api, fields, models
from odoo.tools import SQL

#: more than there are reasons: the id of a line tells run and reason apart
STRIDE = 256


class CollectionRunReason(models.Model):
    """Why customers are held in a run: one line per reason, with what to do about it (R48).

    Nothing is stored: the model is a query on the lines of the runs.
    """

    _name = 'collection.run.reason'
    _description = "Reason of a Run"
    _auto = False
    _order = 'held_count desc, amount desc, id'
    _rec_name = 'reason_text'

    run_id = fields.Many2one('collection.run', readonly=True)
    company_id = fields.Many2one('res.company', readonly=True)
    currency_id = fields.Many2one(related='company_id.currency_id')
    reason = fields.Selection(
        selection=lambda self: self.env['collection.run.line']._selection_reasons(), readonly=True
    )
    reason_text = fields.Char("Why", compute='_compute_reason_text')
    advice = fields.Char("What to do", compute='_compute_reason_text')
    solvable = fields.Boolean(compute='_compute_reason_text')
    held_count = fields.Integer("Customers", readonly=True)
    solved_count = fields.Integer("Solved", readonly=True, help="Held no longer for this reason when asked again.")
    item_count = fields.Integer("Items", readonly=True)
    amount = fields.Monetary("Open", readonly=True)
    until = fields.Date("Earliest end", readonly=True, help="The first day on which one of them may go on.")

    _depends = {
        'collection.run.line': ['run_id', 'company_id', 'kind', 'state', 'reason', 'item_count', 'amount', 'until']
    }

    @property
    def _table_query(self):
        reasons = self.env['collection.run.line']._get_reasons()
        return SQL(
            """SELECT l.run_id::bigint * %(stride)s + r.number AS id, l.run_id, l.company_id, l.reason,
                      count(*) FILTER (WHERE l.state = 'held') AS held_count,
                      count(*) FILTER (WHERE l.state = 'solved') AS solved_count,
                      COALESCE(sum(l.item_count) FILTER (WHERE l.state = 'held'), 0) AS item_count,
                      COALESCE(sum(l.amount) FILTER (WHERE l.state = 'held'), 0) AS amount,
                      min(l.until) FILTER (WHERE l.state = 'held') AS until
                 FROM collection_run_line l JOIN (VALUES %(reasons)s) r (reason, number) ON r.reason = l.reason
                WHERE l.kind = 'hold'
                GROUP BY l.run_id, l.company_id, l.reason, r.number""",
            stride=STRIDE,
            reasons=SQL(", ").join(SQL("(%s, %s)", code, number) for number, code in enumerate(reasons)),
        )

    @api.depends('reason')
    def _compute_reason_text(self):
        Line = self.env['collection.run.line']
        reasons = Line._get_reasons()
        for line in self:
            line.reason_text, line.advice = reasons.get(line.reason, (line.reason, False))
            line.solvable = Line._is_solvable(line.reason)

    def action_open_lines(self):
        """Open the customers held for this reason, each with the button that solves it."""
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id(
            'account_collection_followup.collection_run_line_action_held'
        )
        return dict(
            action,
            name=self.reason_text,
            display_name=self.reason_text,
            domain=[('run_id', '=', self.run_id.id), ('kind', '=', 'hold'), ('reason', '=', self.reason)],
            context={'one_reason': True},
        )
