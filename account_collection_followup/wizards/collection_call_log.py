from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date
from odoo.tools.misc import clean_context

from ..models.collection_call import NEEDS_NOTE, NOT_REACHED

CALLER = 'account_collection_followup.group_collection_caller'
#: results that need accounting rights to enter what was promised
PROMISES = ('promise', 'plan')


class CollectionCallLog(models.TransientModel):
    """How a call went, in one dialog: the result, and the promise or dispute it ended in (R26–R32).

    Ends the planned call of the customer if there is one, else records a call of now. What to know
    stands beside it: ``collection_call_log_facts.py``.
    """

    _name = 'collection.call.log'
    _description = "Log a Call"
    _inherit = ['collection.dialog']

    call_id = fields.Many2one('collection.call', string="Planned call", readonly=True)
    case_id = fields.Many2one('collection.case', readonly=True)
    partner_id = fields.Many2one('res.partner', string="Customer", readonly=True)
    company_id = fields.Many2one('res.company', readonly=True)
    purpose = fields.Selection(related='call_id.purpose')
    contact_id = fields.Many2one('res.partner')
    contact_phone = fields.Char("Phone", related='contact_id.phone')
    channel = fields.Selection(
        [('call', "Call"), ('meeting', "Meeting"), ('visit', "Visit")], required=True, default='call'
    )
    result = fields.Selection('_selection_result', required=True)
    note = fields.Text(help="Facts only: the customer may ask to read it.")
    note_needed = fields.Boolean(compute='_compute_note_needed')
    callback_on = fields.Date("Call again on")
    next_call_text = fields.Char("Next call", compute='_compute_next_call_text')
    promise_date = fields.Date("Promised for")
    payment_means = fields.Char("Paid by", help="Transfer, cheque, card…")
    dispute_type_id = fields.Many2one('collection.dispute.type', string="Type of dispute")
    dispute_reason = fields.Text("Stated reason", help="What the customer says, in his own words.")
    line_ids = fields.One2many('collection.call.log.line', 'log_id', string="Invoices")

    @api.model
    def _selection_result(self):
        """What the user may record: who only calls his own customers hands promises over to a caller."""
        results = self.env['collection.call']._fields['result']._description_selection(self.env)
        if self.env.su or self.env.user.has_group(CALLER):
            return results
        return [result for result in results if result[0] not in PROMISES]

    # ------------------------------------------------------------------
    # Opening
    # ------------------------------------------------------------------
    @api.model
    def _get_targets(self, values):
        # EXTENDS collection.dialog: who may not read cases logs a call of his own, which belongs to one
        targets = super()._get_targets(values)
        cases = [target.sudo().case_id for target in targets if target._name == 'collection.call']
        return [target for target in targets if target not in cases]

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        call = self._get_call(values)
        case = call.sudo().case_id or self.env['collection.case'].browse(values.get('case_id') or [])
        if not case:
            raise UserError(self.env._("Log a call from a customer of the worklist or from a planned call."))
        values.update(
            {
                'call_id': call.id,
                'case_id': case.id,
                'partner_id': case.sudo().partner_id.id,
                'company_id': case.sudo().company_id.id,
                'contact_id': call.contact_id.id or case.sudo().contact_id.id,
                'channel': call.channel or 'call',
            }
        )
        return values

    def _get_call(self, values):
        """:return: the planned call this one ends, if any: one call per customer is planned (R8)"""
        Call = self.env['collection.call']
        if values.get('call_id'):
            call = Call.browse(values['call_id'])
            if call.state != 'planned':
                raise UserError(self.env._("This call was made or cancelled already."))
            call._check_can_log()
            return call
        return Call.search(
            [('case_id', '=', values.get('case_id')), ('state', '=', 'planned')], order='planned_on, id', limit=1
        )

    @api.depends('result')
    def _compute_note_needed(self):
        for log in self:
            log.note_needed = log.result in NEEDS_NOTE

    @api.depends('result', 'callback_on')
    def _compute_next_call_text(self):
        """The call that follows by itself from the result."""
        for log in self:
            day = log._get_next_call_date()
            log.next_call_text = day and format_date(self.env, day)

    def _get_next_call_date(self):
        if not self.result or not self.company_id:
            return None
        call, today = self.env['collection.call'].new({'company_id': self.company_id.id}), None
        today = self.company_id._collection_today()
        if self.result in dict(NOT_REACHED):
            return call._get_next_try(today)
        return call._get_next_call_date(self.result, self.callback_on, today)

    @api.onchange('result')
    def _onchange_result(self):
        """A promise covers what is overdue unless the caller takes invoices away; a dispute what he chooses."""
        lines = [fields.Command.clear()]
        if self.result in PROMISES:
            lines += [fields.Command.create(vals) for vals in self._prepare_promisable()]
        elif self.result == 'dispute':
            prepared = self._prepare_disputable() if self._is_caller() else self._prepare_contestable()
            lines += [fields.Command.create(vals) for vals in prepared]
        self.line_ids = lines

    def _is_caller(self):
        return self.env.su or self.env.user.has_group(CALLER)

    def _prepare_promisable(self):
        """:return: values of the lines of a promise. In a satisfaction call the customer confirms that the invoices
        it is about will be paid when they fall due (R4)"""
        if self.purpose != 'satisfaction':
            return [item._prepare_choice() for item in self.case_id._get_promisable_items()]
        about = self.call_id._get_contestable_lines()
        items = self.env['collection.item'].search([('line_id', 'in', about.ids)])
        return [
            dict(item._prepare_choice(), date=max(item.due_date, self.company_id._collection_today()))
            for item in items
            if not item.promised
        ]

    def _prepare_disputable(self):
        """:return: values of the lines of a dispute: the invoice, if only one can be meant"""
        items = self.case_id.item_ids.filtered(
            lambda item: (
                item.kind == 'invoice' and item.currency_id.compare_amounts(item.residual_currency, item.disputed) > 0
            )
        )
        if len(items) != 1:
            return []
        return [dict(items._prepare_choice(), amount=items.residual_currency - items.disputed)]

    def _prepare_contestable(self):
        """:return: values of the lines who may not read invoices chooses from: those the call is about"""
        lines = self.call_id._get_contestable_lines() if self.call_id else ()
        return [
            {
                'chosen': len(lines) == 1,
                'name': line.move_id.name,
                'line_id': line.id,
                'currency_id': line.currency_id.id,
                'date_maturity': line.date_maturity or line.date,
                'amount': line.amount_residual_currency,
            }
            for line in lines
        ]

    @api.onchange('promise_date')
    def _onchange_promise_date(self):
        for line in self.line_ids:
            line.date = self.promise_date

    # ------------------------------------------------------------------
    # Saving
    # ------------------------------------------------------------------
    def action_save(self):
        """Record the call, with the promise or dispute it ended in."""
        self.ensure_one()
        # defaults of the dialog are not those of what it creates
        self = self.with_env(self.env(context=clean_context(self.env.context)))
        # one may have been planned since the dialog was opened
        call = self.call_id or self._get_call({'case_id': self.case_id.id})
        if not call:
            call = call.create(self._prepare_call())
        elif changed := self._prepare_changes(call):
            call.write(changed)
        result = self.result
        if result in PROMISES:
            promise = self.env['collection.promise'].create(self._prepare_promise())
            call.promise_id = promise
            # several dates make a plan, whatever was ticked; confirmed due dates do not
            if self.purpose != 'satisfaction':
                result = 'plan' if promise.is_plan else 'promise'
        elif result == 'dispute':
            self._open_dispute(call)
        call.action_made(result, self.note, self.callback_on)
        return {'type': 'ir.actions.act_window_close'}

    def _prepare_call(self):
        return {
            'partner_id': self.partner_id.id,
            'company_id': self.company_id.id,
            'contact_id': self.contact_id.id,
            'channel': self.channel,
            'user_id': self.env.user.id,
        }

    def _prepare_changes(self, call):
        """:return: what turned out otherwise than planned"""
        changes = {'contact_id': self.contact_id, 'channel': self.channel, 'user_id': self.env.user}
        return {
            name: value.id if isinstance(value, models.BaseModel) else value
            for name, value in changes.items()
            if call[name] != value
        }

    def _prepare_promise(self):
        return {
            'partner_id': self.partner_id.id,
            'company_id': self.company_id.id,
            'contact_id': self.contact_id.id,
            'channel': 'phone' if self.channel == 'call' else 'meeting',
            'payment_means': self.payment_means,
            'line_ids': [
                fields.Command.create({**line._prepare_covered(), 'date': line.date or self.promise_date})
                for line in self.line_ids
            ],
        }

    def _open_dispute(self, call):
        """Enter the dispute; who has no accounting rights does it through the call (R5)."""
        if not self._is_caller():
            chosen = self.sudo().line_ids.filtered('chosen')
            call._open_dispute(
                self.dispute_type_id, self.dispute_reason, [(line.line_id, line.amount) for line in chosen]
            )
        else:
            call.dispute_id = self.env['collection.dispute'].create(self._prepare_dispute())

    def _prepare_dispute(self):
        if not self.line_ids:
            raise UserError(self.env._("Choose the invoices the customer contests."))
        return {
            'partner_id': self.partner_id.id,
            'company_id': self.company_id.id,
            'type_id': self.dispute_type_id.id,
            'reason': self.dispute_reason,
            'line_ids': [fields.Command.create(line._prepare_covered()) for line in self.line_ids],
        }


class CollectionCallLogLine(models.TransientModel):
    """An invoice the promise or dispute of a call is about."""

    _name = 'collection.call.log.line'
    _description = "Invoice of a Call"
    _inherit = ['collection.dialog']

    log_id = fields.Many2one('collection.call.log', required=True, ondelete='cascade')
    item_id = fields.Many2one('collection.item', string="Invoice")
    move_id = fields.Many2one('account.move')
    line_id = fields.Many2one('account.move.line')
    name = fields.Char("Number")
    chosen = fields.Boolean("Contested")
    currency_id = fields.Many2one('res.currency')
    date_maturity = fields.Date("Due Date")
    amount = fields.Monetary(required=True)
    date = fields.Date("Promised for")

    @api.onchange('item_id')
    def _onchange_item_id(self):
        if self.item_id:
            self.update(dict(self.item_id._prepare_choice(), date=self.log_id.promise_date))

    def _prepare_covered(self):
        item = self.item_id
        return {'move_id': item.move_id.id, 'line_id': item.line_id.id, 'amount': self.amount}
