from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from .account_move import READERS


class AccountMove(models.Model):
    """What who looks at an invoice has to know before he writes to the customer, and what he can do about it."""

    _inherit = 'account.move'  # pylint: disable=consider-merging-classes-inherited

    collection_status = fields.Char(
        "Collections",
        compute='_compute_collection_status',
        groups=READERS,
        help="What stands between this invoice and a message: dispute, promise, hold, last level.",
    )
    collection_hold_ids = fields.Many2many(
        'collection.hold',
        string="Holds",
        compute='_compute_collection_hold_ids',
        search='_search_collection_hold_ids',
        groups=READERS,
    )
    collection_disputed = fields.Boolean(
        "Disputed",
        compute='_compute_collection_disputed',
        search='_search_collection_disputed',
        groups=READERS,
        help="An open dispute holds reminders about it back.",
    )
    collection_chaseable = fields.Boolean(
        compute='_compute_collection_chaseable', groups=READERS, help="A posted customer invoice that is not paid."
    )

    @api.depends('move_type', 'state', 'amount_residual')
    def _compute_collection_chaseable(self):
        for move in self:
            move.collection_chaseable = (
                move.state == 'posted'
                and move._is_collection_invoice()
                and not move.currency_id.is_zero(move.amount_residual)
            )

    # ------------------------------------------------------------------
    # Disputes
    # ------------------------------------------------------------------
    def _compute_collection_disputed(self):
        disputed = self.search([('id', 'in', self._origin.ids), ('collection_disputed', '=', True)])
        for move in self:
            move.collection_disputed = move._origin in disputed

    def _search_collection_disputed(self, operator, value):
        if operator != 'in':
            return NotImplemented
        holding = Domain([('dispute_id.state', '=', 'open'), ('holds', '=', True)])
        ids = self._get_collection_move_ids('collection.dispute.line', 'move_id', holding)
        return [('id', 'in' if True in value else 'not in', ids)]

    # ------------------------------------------------------------------
    # Holds
    # ------------------------------------------------------------------
    def _compute_collection_hold_ids(self):
        holds = self.env['collection.hold'].sudo()._get_running(self.commercial_partner_id)
        for move in self:
            root = move.company_id.sudo()._collection_root()
            move.collection_hold_ids = holds.filtered(
                lambda hold, move=move, root=root: (
                    hold.partner_id == move.commercial_partner_id
                    and hold.company_id == root
                    and hold.move_id in (move._origin, self.env['account.move'])
                )
            )

    def _search_collection_hold_ids(self, operator, value):
        if operator in ('in', 'not in') and set(value) == {False}:
            holds = self.env['collection.hold'].sudo().search([('ended_on', '=', False)]).filtered('is_running')
            domain = self._get_held_domain(holds)
            return ~domain if operator == 'in' else domain
        if operator == 'in':
            return self._get_held_domain(self.env['collection.hold'].sudo().browse(value).filtered('is_running'))
        return NotImplemented

    @api.model
    def _get_held_domain(self, holds):
        whole = holds.filtered(lambda hold: not hold.move_id)
        return Domain('id', 'in', holds.move_id.ids) | Domain.OR(
            [
                Domain('commercial_partner_id', 'in', some.partner_id.ids)
                & Domain('company_id', 'child_of', company.id)
                for company, some in whole.grouped('company_id').items()
            ]
        )

    # ------------------------------------------------------------------
    # In words
    # ------------------------------------------------------------------
    @api.depends('collection_chaseable')
    def _compute_collection_status(self):
        """For invoices that are open: what is disputed, promised, on hold, else the last level asked for."""
        moves = self.filtered(lambda move: move._origin and move.collection_chaseable)
        (self - moves).collection_status = False
        for move in moves:
            move.collection_status = ' · '.join(move._get_collection_status()) or False

    def _get_collection_status(self):
        """:return: sentences about this invoice, the one that stops messages first"""
        self.ensure_one()
        day = self.env['collection.run.line']._format_day
        facts = self.sudo()
        texts = [
            text
            for dispute in facts.dispute_ids.filtered(lambda dispute: dispute.state == 'open')
            if (text := self._get_dispute_status(dispute))
        ]
        texts += [
            self.env._("Promised for %s", day(promise.next_date))
            for promise in facts.promise_ids.filtered(lambda promise: promise.state == 'running')
        ]
        texts += [
            self.env._("On hold until %(date)s: %(reason)s", date=day(hold.date_until), reason=hold.reason)
            for hold in facts.collection_hold_ids
        ]
        if any(facts.line_ids.mapped('no_followup')):
            texts.append(self.env._("Marked \"no follow-up\""))
        if facts.collection_level_id:
            texts.append(self.env._("Last level: %s", facts.collection_level_id.name))
        return texts

    def _get_dispute_status(self, dispute):
        """:return: what an open dispute means for this invoice, in words: empty where it is withheld and chased"""
        lines = (dispute.line_ids | dispute.withheld_line_ids).filtered(lambda line: line.move_id == self)
        words = {
            'date': self.env['collection.run.line']._format_day(dispute.opened_on),
            'type': dispute.type_id.name or self.env._("to be qualified"),
        }
        contested = lines.filtered(lambda line: line.kind == 'contested')
        if contested.filtered('holds'):
            return self.env._("Disputed since %(date)s: %(type)s", **words)
        if contested:
            return self.env._("Contested again after a rejection, chased: %(type)s", **words)
        if lines.filtered('holds'):
            return self.env._("Withheld and not chased since the dispute of %(date)s: %(type)s", **words)
        return ''

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------
    def action_add_hold(self):
        """Stop messages about one invoice, or about several of one customer: then everything of his."""
        customer, company = self._get_collection_customer()
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Hold"),
            'res_model': 'collection.hold',
            'views': [(False, 'form')],
            'target': 'new',
            'context': {
                'default_partner_id': customer.id,
                'default_company_id': company.id,
                'default_move_id': self.id if len(self) == 1 else False,
            },
        }

    def action_log_call(self):
        """Log a call with the customer of these invoices."""
        self.env['collection.call'].check_access('create')
        customer, company = self._get_collection_customer()
        return self.env['collection.case']._open_for(customer, company)[customer].action_log_call()

    def _get_collection_customer(self):
        """:return: the one customer and the root company these invoices are of

        :raise UserError: if they are several customers' or companies', or nothing of them is open
        """
        customer, company = self.commercial_partner_id, self.company_id._collection_root()
        if not self.filtered('collection_chaseable'):
            raise UserError(self.env._("Choose posted customer invoices that are not paid."))
        if len(customer) > 1 or len(company) > 1:
            raise UserError(self.env._("Choose invoices of one customer and one company."))
        return customer, company
