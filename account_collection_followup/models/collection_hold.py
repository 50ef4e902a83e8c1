from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_date

from .collection_fact import internal


class CollectionHold(models.Model):
    """Nothing leaves for a while, for a customer or one of his invoices, because somebody decided so (R50, R68).

    It applies from ``date_from`` to ``date_until``, both included, or until the day
    before ``ended_on``. Its end sends nothing: the customer has until
    ``response_until`` first.
    """

    _name = 'collection.hold'
    _description = "Hold"
    _inherit = ['collection.fact']
    _order = 'date_from desc, id desc'

    _guarded_fields = frozenset({'ended_on', 'response_until'})
    _frozen_fields = frozenset(
        {'case_id', 'partner_id', 'company_id', 'move_id', 'reason', 'date_from', 'date_until', 'user_id'}
    )

    move_id = fields.Many2one(
        'account.move',
        string="Invoice",
        index='btree_not_null',
        ondelete='restrict',
        help="Leave empty to hold everything of the customer.",
    )
    move_name = fields.Char("Number", related='move_id.name')
    reason = fields.Text(required=True)
    date_from = fields.Date(
        "From", required=True, default=lambda self: self.env.company._collection_root()._collection_today()
    )
    date_until = fields.Date("Until", required=True)
    ended_on = fields.Date(readonly=True, copy=False)
    response_until = fields.Date(
        "Nothing leaves until", readonly=True, copy=False, help="The end of the hold and the time that follows it."
    )
    user_id = fields.Many2one(
        'res.users', string="Decided by", default=lambda self: self.env.user, index='btree_not_null'
    )
    is_running = fields.Boolean(compute='_compute_is_running')

    @api.depends('date_from', 'date_until', 'ended_on')
    def _compute_is_running(self):
        for hold in self:
            hold.is_running = hold._is_running_on((hold.company_id or self.env.company)._collection_today())

    def _is_running_on(self, day):
        """:return: whether the hold applies on ``day``"""
        self.ensure_one()
        return bool(
            self.date_from
            and self.date_until
            and self.date_from <= day <= self.date_until
            and (not self.ended_on or day < self.ended_on)
        )

    @api.model
    def _get_running(self, partners, company=None):
        """:return: the holds that apply today to customers or their invoices (of ``company`` only, or of all)"""
        domain = [('partner_id', 'in', partners.commercial_partner_id.ids), ('ended_on', '=', False)]
        if company:
            domain.append(('company_id', '=', company.sudo()._collection_root().id))
        return self.search(domain).filtered('is_running')

    @api.depends('partner_id', 'date_until')
    def _compute_display_name(self):
        for hold in self:
            hold.display_name = self.env._(
                "%(customer)s until %(date)s",
                customer=hold.sudo().partner_id.display_name or '',
                date=format_date(self.env, hold.date_until),
            )

    # ------------------------------------------------------------------
    # Creation and end
    # ------------------------------------------------------------------
    @api.model_create_multi
    def create(self, vals_list):
        holds = super().create(vals_list)
        holds._set_response_until()
        holds._log_on_case({hold: hold._get_log(self.env._("Hold")) for hold in holds})
        return holds

    @api.constrains('date_from', 'date_until')
    def _check_dates(self):
        for hold in self:
            if hold.date_until < hold.date_from:
                raise ValidationError(
                    self.env._(
                        "The hold would end on %(until)s, before it begins on %(start)s.",
                        until=format_date(self.env, hold.date_until),
                        start=format_date(self.env, hold.date_from),
                    )
                )
            if hold.date_until < hold.company_id._collection_today():
                raise ValidationError(
                    self.env._(
                        "The hold would be over already: it ends on %s. Choose today or a later day.",
                        format_date(self.env, hold.date_until),
                    )
                )

    @api.constrains('reason')
    def _check_reason(self):
        if any(not hold.reason.strip() for hold in self):
            raise ValidationError(self.env._("Say why nothing should leave."))

    @api.constrains('move_id', 'partner_id')
    def _check_move(self):
        for hold in self.sudo().filtered('move_id'):
            if (
                hold.move_id.commercial_partner_id != hold.partner_id
                or hold.move_id.company_id._collection_root() != hold.company_id
            ):
                raise ValidationError(
                    self.env._(
                        "%(invoice)s is not an invoice of %(customer)s in this company.",
                        invoice=hold.move_id.display_name,
                        customer=hold.partner_id.display_name,
                    )
                )

    def _set_response_until(self):
        """Days the customer has after the hold before anything leaves (R50)."""
        for company, holds in self.sudo().grouped('company_id').items():
            calendar = self.env['collection.holiday']._working_days(company)
            policies = self._get_rules(holds.partner_id, company)
            for hold in holds:
                internal(hold).write(
                    {
                        'response_until': calendar.add(
                            hold.ended_on or hold.date_until, policies[hold.partner_id].hold_response_days
                        )
                    }
                )

    def _get_log(self, title):
        self.ensure_one()
        return self.env._(
            "%(title)s: %(subject)s, %(start)s to %(until)s. %(reason)s",
            title=title,
            subject=self.sudo().move_id.display_name or self.env._("everything"),
            start=format_date(self.env, self.date_from),
            until=format_date(self.env, self.date_until),
            reason=self.reason,
        )

    def action_end(self):
        """End holds today. Nothing leaves before ``response_until``, which is worked out again.

        :raise UserError: if a hold is over already
        """
        self.check_access('write')
        for hold in self:
            today = hold.company_id._collection_today()
            if hold.ended_on or hold.date_until < today:
                raise UserError(self.env._("This hold is over already."))
            internal(hold).write({'ended_on': today})
        self._set_response_until()
        self._mark_dirty()
        self._log_on_case({hold: hold._get_log(self.env._("Hold ended")) for hold in self})
