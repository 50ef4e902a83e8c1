from odoo import api, fields, models
from odoo.tools import SQL

from .collection_fact import internal, is_internal


class CollectionDispute(models.Model):
    """Entered afterwards, a dispute holds from the day it was opened."""

    _inherit = 'collection.dispute'  # pylint: disable=consider-merging-classes-inherited

    @api.model_create_multi
    def create(self, vals_list):
        disputes = super().create(vals_list)
        for dispute in disputes.sudo():
            late = dispute.line_ids.filtered(lambda line: line.held_from and line.held_from > line.dispute_id.opened_on)
            internal(late).held_from = dispute.opened_on
        return disputes


class CollectionDisputeLine(models.Model):
    """From when to when a line of a dispute holds reminders back (R16, R50, R68).

    What is contested holds from the day it is entered until the dispute is closed; what is withheld, or was rejected
    before on the same ground, only if somebody lets it. A line that stops while its dispute goes on has a response
    time of its own: ending a hold sends nothing by itself. Held again afterwards, it counts as held all along.

    Whoever asks what is held reads it through :meth:`_get_holding_query`.
    """

    _inherit = 'collection.dispute.line'  # pylint: disable=consider-merging-classes-inherited

    held_from = fields.Date(readonly=True, copy=False, help="Reminders are held back from this day. Empty: never.")
    held_until = fields.Date(
        readonly=True, copy=False, help="The day it stopped holding before its dispute was closed."
    )
    response_until = fields.Date(readonly=True, copy=False, help="What stopped holding is not chased until then.")
    holds = fields.Boolean(
        "Holds reminders",
        compute='_compute_holds',
        search='_search_holds',
        help="What is contested is not chased, unless it was rejected before on the same ground; what is withheld "
        "is chased, unless a collector decides otherwise.",
    )

    _held_in_order = models.Constraint(
        'CHECK(held_until IS NULL OR held_until >= held_from)', "A line cannot stop holding before it began."
    )

    @api.depends('held_from', 'held_until')
    def _compute_holds(self):
        for line in self:
            line.holds = line.held_from and not line.held_until

    @api.model
    def _search_holds(self, operator, value):
        if operator != 'in':
            return NotImplemented
        holding = fields.Domain('held_from', '!=', False) & fields.Domain('held_until', '=', False)
        return fields.Domain.OR(holding if wanted else ~holding for wanted in value)

    def _init_column(self, column_name):
        # EXTENDS base: what was recorded before these dates were kept holds from the day of its dispute
        if column_name != 'held_from':
            return super()._init_column(column_name)
        self.env.cr.execute(
            SQL(
                """UPDATE collection_dispute_line dl SET held_from = d.opened_on
                     FROM collection_dispute d WHERE d.id = dl.dispute_id AND dl.kind = 'contested'"""
            )
        )
        return None

    @api.model
    def _prepare_holds(self, vals):
        """What is contested holds reminders back, what is withheld does not: only methods say otherwise.

        :return: dict with ``held_from`` of a new line
        """
        if is_internal(self) and 'held_from' in vals:
            return {}
        kind = vals.get('kind') or self.env.context.get('default_kind') or 'contested'
        if kind != 'contested':
            return {'held_from': False}
        dispute = self.env['collection.dispute'].sudo().browse(vals.get('dispute_id') or [])
        company = dispute.company_id or self.env.company._collection_root()
        return {'held_from': company.sudo()._collection_today()}

    def _hold(self):
        """Have lines of open disputes hold reminders back from today on, if they do not yet."""
        for line in self.sudo().filtered(lambda line: not line.holds):
            today = line.company_id._collection_today()
            internal(line).write({'held_from': line.held_from or today, 'held_until': False, 'response_until': False})

    def _stop_holding(self, lived=True):
        """Have lines of open disputes hold nothing back any more: the customer has the response time of the type.

        :param bool lived: whether they held at all; what is entered now did not
        """
        for line in self.sudo().filtered('holds'):
            if not lived:
                internal(line).held_from = False
                continue
            today = line.company_id._collection_today()
            kind = line.dispute_id.type_id or self.env['collection.dispute.type'].sudo().new({})
            calendar = self.env['collection.holiday']._working_days(line.company_id)
            internal(line).write({'held_until': today, 'response_until': calendar.add(today, kind.response_days)})

    @api.model
    def _get_holding_query(self, day):
        """What lines of disputes hold back, or held back before.

        ``ended_on`` is the first day it does not, ``response_until`` the last day of the response time. A rejected
        dispute whose answer did not leave yet responds: the customer knows nothing of it (R16).

        :param day: SQL or date as of which it is asked
        :return: SQL select of the lines that began to hold on ``day`` or before, with those two days
        """
        return SQL(
            """SELECT dl.dispute_id, dl.line_id, dl.move_id, dl.amount, COALESCE(dl.accepted, 0) AS accepted, d.partner_id,
                      d.company_id, dl.held_from, COALESCE(dl.held_until, d.closed_on) AS ended_on,
                      CASE WHEN dl.held_until IS NOT NULL THEN dl.response_until
                           WHEN d.closed_on <= %(day)s AND d.answer_state IN ('queued', 'failed')
                           THEN GREATEST(d.response_until, %(day)s)
                           WHEN d.closed_on IS NOT NULL THEN d.response_until END AS response_until
                 FROM collection_dispute_line dl JOIN collection_dispute d ON d.id = dl.dispute_id
                WHERE dl.held_from <= %(day)s""",
            day=SQL("%s::date", day),
        )
