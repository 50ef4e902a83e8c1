from odoo import api, fields, models
from odoo.exceptions import UserError

from .collection_level_change import CONTENT_FIELDS, LADDER_FIELDS


class CollectionPolicy(models.Model):
    """A named ladder with its rules.

    A customer has one policy per company: the one assigned to him, else the
    company's default. A policy without a company is shared by all companies.
    Days are calendar days unless a field says "working days".
    """

    _name = 'collection.policy'
    _description = "Follow-up Policy"
    _inherit = ['mail.thread']
    _order = 'sequence, name, id'

    name = fields.Char(required=True, translate=True, tracking=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(
        "In use",
        default=True,
        tracking=True,
        help="Customers of a policy out of use follow the default policy of their company.",
    )
    company_id = fields.Many2one(
        'res.company',
        index=True,
        domain=[('parent_id', '=', False)],
        help="Leave empty to share the policy between all companies.",
    )
    currency_id = fields.Many2one('res.currency', compute='_compute_currency_id')
    description = fields.Text(translate=True, help="For whom this policy is meant.")
    level_ids = fields.One2many('collection.level', 'policy_id', string="Levels", copy=True)
    is_default = fields.Boolean(compute='_compute_is_default')
    warning = fields.Text(compute='_compute_warning', help="What is unusual in this ladder.")
    impact = fields.Text(compute='_compute_impact', help="What the changes mean for items already on the ladder.")

    # holds and delays
    act_days = fields.Integer(
        "Working days before acting",
        default=2,
        required=True,
        tracking=True,
        help="What was announced is put in hand this many working days after the date given, "
        "so that money paid on the last day is booked first.",
    )
    restart_days = fields.Integer(
        "Days of rest once all is settled",
        default=5,
        required=True,
        tracking=True,
        help="When everything asked for was settled, promised or disputed before the date given, "
        "no new conversation starts for this many days.",
    )
    stale_days = fields.Integer(
        "Days before announcing again",
        default=15,
        required=True,
        tracking=True,
        help="An announcement that was not carried out this many days after its date is made again "
        "at the same level instead of being carried out by surprise. Days under a hold do not count.",
    )
    receipt_hold_days = fields.Integer(
        "Working days to match receipts",
        default=5,
        required=True,
        tracking=True,
        help="Money received but not yet matched holds every message to the customer for this many working days; "
        "after that it is deducted and shown as received, not yet allocated.",
    )
    direct_debit_days = fields.Integer(
        "Working days for direct debits",
        default=5,
        required=True,
        tracking=True,
        help="Invoices collected by direct debit are left alone until this many working days after the due date.",
    )
    promise_grace_days = fields.Integer(
        "Working days of grace for promises",
        default=2,
        required=True,
        tracking=True,
        help="A promise is broken only this many working days after its date: a transfer takes its time.",
    )
    promise_response_days = fields.Integer(
        "Working days after a broken promise",
        default=2,
        required=True,
        tracking=True,
        help="Time for a call before the ladder goes on.",
    )
    broken_promise_limit = fields.Integer(
        "Broken promises before formal notice",
        default=2,
        required=True,
        tracking=True,
        help="So many broken promises on items still open lead to formal notice for these items, to be approved, "
        "whatever level they had; to a plan instead if the customer is short of cash. Payment confirmed for the due date "
        "does not count, and what was never asked for begins with the reminders. 0: never.",
    )
    silence_days = fields.Integer(
        "Longest silence in days",
        default=10,
        required=True,
        tracking=True,
        help="While something is overdue, neither promised nor disputed, the customer hears from us at least every so "
        "many days: where the dates given leave more, a call is planned in between. 0: no such calls.",
    )
    silence_daily_cap = fields.Integer(
        "Calls after silence per day",
        default=20,
        required=True,
        tracking=True,
        help="So many calls at most of the company, over all callers and policies, because a customer has not heard from "
        "us for long; those still to be made count. The longest silence comes first, the others wait. 0: no limit for "
        "customers of this policy.",
    )
    letter_days = fields.Integer(
        "Working days to post a letter",
        default=3,
        required=True,
        tracking=True,
        help="A letter names the day it was printed and the date it gives. If it has not left so many working days later, "
        "it is printed again with new dates.",
    )
    hold_response_days = fields.Integer(
        "Working days after a hold",
        default=3,
        required=True,
        tracking=True,
        help="The end of a hold sends nothing by itself: the ladder goes on after this time.",
    )
    unsent = fields.Selection(
        [('warn', "Chase with a warning"), ('hold', "Hold"), ('ignore', "Chase")],
        string="Invoices never sent",
        default='warn',
        required=True,
        tracking=True,
        help="What to do with an overdue invoice that was never sent from Odoo: the customer may not have it.",
    )
    item_minimum = fields.Monetary(
        "Smallest item chased",
        tracking=True,
        help="Items with less than this to chase are left out of messages (company currency).",
    )
    caller_promise_days = fields.Integer(
        "Days a caller may grant",
        default=15,
        required=True,
        tracking=True,
        help="A first-level caller may take a promise at most this many days ahead.",
    )
    caller_promise_amount = fields.Monetary(
        "Amount a caller may grant",
        default=5000,
        tracking=True,
        help="Up to so much a first-level caller may take in promises from one customer (company currency).",
    )

    @api.depends('company_id')
    @api.depends_context('company')
    def _compute_currency_id(self):
        for policy in self:
            policy.currency_id = (policy.company_id or self.env.company).currency_id

    @api.depends_context('company')
    def _compute_is_default(self):
        default = self.env.company._collection_root().sudo().collection_policy_id
        for policy in self:
            policy.is_default = policy == default

    @api.depends('level_ids.kind', 'level_ids.days_given', 'level_ids.active', 'level_ids.rank')
    def _compute_warning(self):
        """What an administrator should know before the ladder is used (R43)."""
        for policy in self:
            policy.warning = '\n'.join(policy._get_warnings()) or False

    def _get_warnings(self):
        """:return: sentences on what is unusual in this ladder, most serious first"""
        self.ensure_one()
        climbing = self._get_climbing_levels()
        if not climbing:
            return [self.env._("This policy has no level after the due date: its customers are never reminded.")]
        warnings = []
        formal = climbing.filtered(lambda level: level.kind == 'formal')[:1]
        if formal:
            before = climbing.filtered(lambda level: level.rank < formal.rank)
            if len(before) > 3:
                warnings.append(
                    self.env._(
                        "Formal notice comes after %s reminders; three fruitless reminders are enough.", len(before)
                    )
                )
            days = sum(before.mapped('days_given'))
            if days > 31:
                warnings.append(
                    self.env._(
                        "%s days pass between the first reminder and formal notice; more than a month weakens the "
                        "announcement.",
                        days,
                    )
                )
        warnings += self._get_order_warnings(climbing)
        broken = climbing.filtered(lambda level: level.by_email and not level.mail_template_id)
        warnings += [self.env._("%s is sent by e-mail but has no text.", level.name) for level in broken]
        return warnings

    def _get_order_warnings(self, climbing):
        """:return: sentences on levels that come too late to make sense (R41)"""
        warnings = []
        formal = climbing.filtered(lambda level: level.kind == 'formal')[:1]
        litigation = climbing.filtered(lambda level: level.kind == 'litigation')[:1]
        for level in climbing:
            if litigation and level.rank > litigation.rank:
                warnings.append(
                    self.env._("%(level)s comes after %(litigation)s: it is never reached.",
                               level=level.name, litigation=litigation.name)
                )  # fmt: skip
            elif formal and level.kind == 'reminder' and level.rank > formal.rank:
                warnings.append(
                    self.env._("%(level)s comes after %(formal)s: reminders belong before a formal notice.",
                               level=level.name, formal=formal.name)
                )  # fmt: skip
        return warnings

    # ------------------------------------------------------------------
    # Changes while it is in use (R47)
    # ------------------------------------------------------------------
    @api.depends(
        'active', 'level_ids', *(f'level_ids.{name}' for name in ('delay_days', *CONTENT_FIELDS, *LADDER_FIELDS))
    )
    def _compute_impact(self):
        """What saving would mean for items on the ladder; nothing while nothing is being changed."""
        for policy in self:
            editing = policy._origin and policy != policy._origin
            policy.impact = (editing and '\n'.join(policy._get_impact())) or False

    def _get_impact(self):
        """:return: sentences on what changes for the items of this policy's customers"""
        self.ensure_one()
        Impact = self.env['collection.impact']
        if self._origin.active and not self.active:
            return Impact._get_archived_text(self._origin)
        # a level being taken out of use is a change like any other
        levels = self.with_context(active_test=False).level_ids
        changes = {level: level._get_changes() for level in levels}
        if not any(changes.values()):
            return []
        before = Impact._get_rungs(self._origin.sudo().with_context(active_test=False).level_ids)
        after = Impact._get_rungs(levels)
        standings = Impact._get_standings(self._origin)
        ranks = {level._origin.id: level.rank for level in changes}
        sentences = Impact._get_ladder_text(standings, before, after, ranks)
        for level, names in changes.items():
            sentences += level._get_entry_text(names)
            if names & set(CONTENT_FIELDS):
                sentences += Impact._get_content_text(level, standings, after)
            sentences += level._get_texts_hint(names, after)
        return list(dict.fromkeys(sentences))

    def _get_climbing_levels(self):
        """:return: the active levels an item climbs after its due date, in order (R46)"""
        return self.level_ids.filtered(lambda level: level.active and level.kind != 'satisfaction').sorted('rank')

    def action_set_default(self):
        """Make this the policy of every customer of the company who has none of his own."""
        self.ensure_one()
        self.check_access('write')
        root = self.env.company.sudo()._collection_root().sudo(False)
        root._check_collection_administrator()
        if self.company_id and self.company_id != root:
            raise UserError(
                self.env._("%(policy)s belongs to %(company)s.", policy=self.name, company=self.company_id.name)
            )
        root.sudo().collection_policy_id = self

    def action_choose_default(self):
        """Show what it means to make this the default, to be confirmed."""
        self.ensure_one()
        self.check_access('write')
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Make default"),
            'res_model': 'collection.policy.assign',
            'view_mode': 'form',
            'target': 'new',
            'context': {'default_policy_id': self.id, 'default_as_default': True},
        }

    @api.constrains('active')
    def _check_not_default(self):
        archived = self.filtered(lambda policy: not policy.active)
        if archived and self.env['res.company'].sudo().search_count(
            [('collection_policy_id', 'in', archived.ids)], limit=1
        ):
            raise UserError(
                self.env._("The default policy of a company cannot be archived: choose another default first.")
            )

    def copy_data(self, default=None):
        return [
            dict(vals, name=self.env._("%s (copy)", policy.name)) if 'name' not in (default or {}) else vals
            for policy, vals in zip(self, super().copy_data(default), strict=True)
        ]

    def action_preview(self):
        """Open the ladder's messages as a real customer would see them."""
        self.ensure_one()
        level = self._get_climbing_levels().filtered('by_email')[:1]
        return (level or self.env['collection.level']).action_preview()
