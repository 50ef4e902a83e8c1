from collections import namedtuple

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date

from .collection_fact import internal, is_internal

COLLECTOR = 'account_collection_followup.group_collection_collector'
#: an overdue insured instalment nobody has declared: what is open of it in company currency, and until when the insurer
#: wants to know
Undeclared = namedtuple('Undeclared', ['move', 'due_date', 'residual', 'limit'])


class CollectionCredit(models.Model):
    """What is known of a customer's credit: who insures it, for how much, how he is rated (R79).

    One in force per customer and root company; changes stay in the chatter. The insurer's time limit runs per
    unpaid invoice, each instalment by itself: the responsible is told some days before the first one passes.
    """

    _name = 'collection.credit'
    _description = "Credit Data"
    _inherit = ['collection.activity.mixin']
    _rec_name = 'partner_id'
    _order = 'partner_id, id'

    _activity_fields = frozenset({'active', 'declare_days', 'declare_from', 'insured_amount', 'valid_until'})

    partner_id = fields.Many2one('res.partner', "Customer", required=True, index=True, ondelete='cascade')
    company_id = fields.Many2one(
        'res.company', required=True, index=True, default=lambda self: self.env.company._collection_root()
    )
    active = fields.Boolean(default=True)
    currency_id = fields.Many2one('res.currency', required=True, default=lambda self: self.env.company.currency_id)
    insurer = fields.Char(tracking=True)
    policy_number = fields.Char("Insurance policy", tracking=True)
    insured_amount = fields.Monetary(tracking=True, help="Up to this amount the insurer pays. Nothing: not insured.")
    valid_until = fields.Date(tracking=True, help="Invoices dated later are not insured.")
    declare_days = fields.Integer(
        "Declare within, days",
        tracking=True,
        help="The insurer wants to be told of an unpaid invoice within so many days.",
    )
    declare_from = fields.Selection(
        [('due', "After the due date"), ('invoice', "After the invoice")], required=True, default='due', tracking=True
    )
    rating = fields.Char(tracking=True)
    rating_source = fields.Char("Rated by", tracking=True, help="Agency, bank or colleague.")
    rating_on = fields.Date("Rated on", tracking=True)
    note = fields.Text("Remark", help="Facts only: the customer may ask to read it.")
    declaration_ids = fields.One2many('collection.credit.declaration', 'credit_id', string="Declarations")
    declare_by = fields.Date(compute='_compute_declare_by', help="The insurer's limit for the oldest unpaid invoice.")
    declare_text = fields.Char("To declare", compute='_compute_declare_by')

    _one_each = models.UniqueIndex(
        "(partner_id, company_id) WHERE active", "This customer has credit data already: change those."
    )
    _days = models.Constraint('CHECK(declare_days BETWEEN 0 AND 732)', "Choose from 0 to 732 days.")

    # ------------------------------------------------------------------
    # Guard
    # ------------------------------------------------------------------
    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            partner = self.env['res.partner'].sudo().browse(vals.get('partner_id'))
            company = self.env['res.company'].browse(vals.get('company_id') or self.env.company.id)
            vals.update(partner_id=partner.commercial_partner_id.id, company_id=company.sudo()._collection_root().id)
        return super().create(vals_list)

    def write(self, vals):
        if {'partner_id', 'company_id'} & vals.keys() and not is_internal(self):
            raise AccessError(self.env._("Credit data of a customer cannot become another customer's."))
        return super().write(vals)

    # ------------------------------------------------------------------
    # The insurer's limit
    # ------------------------------------------------------------------
    @api.depends('declare_days', 'declare_from', 'insured_amount', 'valid_until', 'declaration_ids.move_ids')
    def _compute_declare_by(self):
        found = self._get_undeclared()
        for credit in self:
            waiting = found.get(credit, [])
            credit.declare_by = min((row.limit for row in waiting), default=False)
            credit.declare_text = credit._say_undeclared(waiting)

    def _say_undeclared(self, waiting):
        if not waiting:
            return False
        names = ', '.join(row.move.name for row in waiting[:3]) + ('…' if len(waiting) > 3 else '')
        return self.env._(
            "%(invoices)s: declare by %(date)s", invoices=names, date=format_date(self.env, waiting[0].limit)
        )

    def _get_undeclared(self):
        """Overdue invoices that are insured and that the insurer was not told of, the first limit first.

        A limit that falls on a day off is moved backward (R54).

        :return: dict {credit: list of :class:`Undeclared`}
        """
        result = {}
        for company, credits in self.sudo().grouped('company_id').items():
            insured = credits.filtered(lambda credit: credit.partner_id and credit._is_insured())
            if not company or not insured:
                continue
            working = self.env['collection.holiday']._working_days(company)
            items = insured._get_overdue_items(company)
            for credit in insured:
                rows = [
                    Undeclared(
                        item.move_id,
                        item.due_date,
                        item.residual,
                        working.roll_backward(credit._get_limit(item)),
                    )
                    for item in items.get(credit.partner_id, ())
                    if credit._covers(item)
                ]
                result[credit.with_env(self.env)] = sorted(rows, key=lambda row: (row.limit, row.move.id))
        return result

    def _is_insured(self):
        return self.active and self.declare_days and self.currency_id.compare_amounts(self.insured_amount, 0) > 0

    def _get_overdue_items(self, company):
        """:return: dict {customer: his overdue open invoices}"""
        items = (
            self.env['collection.item']
            .sudo()
            .search(
                [
                    ('partner_id', 'in', self.partner_id.ids),
                    ('company_id', 'child_of', company.id),
                    ('kind', '=', 'invoice'),
                    ('due_date', '<', company._collection_today()),
                    ('residual_currency', '>', 0),
                ]
            )
        )
        return items.grouped('partner_id')

    def _covers(self, item):
        """:return: whether an item is insured and was not declared"""
        dated = item.invoice_date or item.date
        return not (self.valid_until and dated > self.valid_until) and not self._is_declared(item)

    def _is_declared(self, item):
        """:return: whether the insurer was told of an instalment: its invoice was declared once it was overdue"""
        return any(
            not declaration.cancelled
            and item.move_id in declaration.move_ids
            and item.due_date < declaration.declared_on
            for declaration in self.declaration_ids
        )

    def _get_limit(self, item):
        """:return: the last day on which the insurer accepts the declaration of an item"""
        start = item.due_date if self.declare_from == 'due' else item.invoice_date or item.date
        return start + relativedelta(days=self.declare_days)

    # ------------------------------------------------------------------
    # On whose list
    # ------------------------------------------------------------------
    @api.model
    def _prepare_day(self, company):
        """Bring the activities about the insurers' limits in line with what is unpaid today."""
        self.sudo().search([('company_id', '=', company.id)])._activity_update()

    def _get_wanted_activities(self):
        # EXTENDS collection.activity.mixin: one before the first limit passes
        undeclared = self._get_undeclared()
        kind = self.env.ref('account_collection_followup.activity_type_declare')
        wanted = {}
        for credit in self:
            rows = undeclared.get(credit)
            company = credit.company_id
            soon = company._collection_today() + relativedelta(days=company.collection_declare_days)
            user = credit._get_responsible() if rows and rows[0].limit <= soon else None
            if user:
                wanted[credit] = [
                    {'user_id': user.id, 'date_deadline': rows[0].limit, 'activity_type_id': kind.id},
                ]
        return wanted

    def _get_responsible(self):
        """:return: who follows the customer up: his collector, else the company's"""
        self.ensure_one()
        company = self.company_id
        assigned = self.partner_id.with_company(company).property_collection_user_id
        group = self.env.ref('account_collection_followup.group_collection_caller')
        users = (assigned, company.collection_user_id, company.collection_manager_id)
        able = [user for user in users if group in user.all_group_ids]
        return self.env['res.partner']._get_usable_user(*able)

    # ------------------------------------------------------------------
    # In words
    # ------------------------------------------------------------------
    def _get_lines(self):
        """:return: insurance, rating and what has to be declared, in short lines"""
        self.ensure_one()
        return [self._say_insurance(), self._say_rating(), self.declare_text]

    def _say_insurance(self):
        if not self.insured_amount:
            return self.env._("Not insured")
        amount = self.currency_id.format(self.insured_amount)
        if self.valid_until:
            return self.env._(
                "Insured by %(insurer)s up to %(amount)s until %(date)s",
                insurer=self.insurer or '?',
                amount=amount,
                date=format_date(self.env, self.valid_until),
            )
        return self.env._("Insured by %(insurer)s up to %(amount)s", insurer=self.insurer or '?', amount=amount)

    def _say_rating(self):
        if not self.rating:
            return False
        whence = [self.rating_source, format_date(self.env, self.rating_on) if self.rating_on else '']
        whence = ', '.join(filter(None, whence))
        rated = self.env._("Rated %s", self.rating)
        return f"{rated} ({whence})" if whence else rated

    # ------------------------------------------------------------------
    # Buttons
    # ------------------------------------------------------------------
    def action_declare(self):
        """Note that the overdue insured invoices were declared to the insurer today.

        :raise UserError: if nothing has to be declared
        """
        if not self.env.su and not self.env.user.has_group(COLLECTOR):
            raise AccessError(self.env._("Only a collector can do this."))
        self.check_access('write')
        undeclared = self._get_undeclared()
        for credit in self:
            rows = undeclared.get(credit)
            if not rows:
                raise UserError(self.env._("Nothing has to be declared for %s.", credit.partner_id.display_name))
            moves = self.env['account.move'].sudo().union(*(row.move for row in rows))
            internal(self.env['collection.credit.declaration'].sudo()).create(credit._prepare_declaration(rows))
            credit.message_post(
                body=self.env._("Declared to the insurer: %s", ', '.join(moves.mapped('name'))),
                subtype_xmlid='mail.mt_note',
            )
        self._activity_update()

    def _prepare_declaration(self, rows):
        return {
            'credit_id': self.id,
            'move_ids': [fields.Command.set({row.move.id for row in rows})],
            'declared_on': self.company_id._collection_today(),
            'user_id': self.env.uid,
            'amount': sum(row.residual for row in rows),
        }
