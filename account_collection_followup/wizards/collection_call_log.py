from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools.misc import clean_context

from ..models.collection_call import NEEDS_NOTE

#: results that need what is entered under them, which a caller may enter
COVERS_ITEMS = ('promise', 'plan', 'dispute')


class CollectionCallLog(models.TransientModel):
    """How a call went, in one dialog: the result, and the promise or dispute it ended in (R26–R32).

    Ends the planned call of the customer if there is one, else records a call of now.
    """

    _name = 'collection.call.log'
    _description = "Log a Call"

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
    callback_on = fields.Date("Call back on")
    promise_date = fields.Date("Promised for")
    payment_means = fields.Char("Paid by", help="Transfer, cheque, card…")
    dispute_type_id = fields.Many2one('collection.dispute.type', string="Type of dispute")
    dispute_reason = fields.Text("Stated reason", help="What the customer says, in his own words.")
    line_ids = fields.One2many('collection.call.log.line', 'log_id', string="Invoices")

    @api.model
    def _selection_result(self):
        """What the user may record: who only calls his own customers hands promises and disputes over."""
        results = self.env['collection.call']._fields['result']._description_selection(self.env)
        if self.env.su or self.env.user.has_group('account_collection_followup.group_collection_caller'):
            return results
        return [result for result in results if result[0] not in COVERS_ITEMS]

    # ------------------------------------------------------------------
    # Opening
    # ------------------------------------------------------------------
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
            return call
        return Call.search(
            [('case_id', '=', values.get('case_id')), ('state', '=', 'planned')], order='planned_on, id', limit=1
        )

    @api.depends('result')
    def _compute_note_needed(self):
        for log in self:
            log.note_needed = log.result in NEEDS_NOTE

    @api.onchange('result')
    def _onchange_result(self):
        """A promise covers what is overdue unless the caller takes invoices away; a dispute what he chooses."""
        lines = [fields.Command.clear()]
        if self.result in ('promise', 'plan'):
            lines += [fields.Command.create(item._prepare_choice()) for item in self.case_id._get_promisable_items()]
        self.line_ids = lines

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
        call = self.call_id or self.env['collection.call'].create(self._prepare_call())
        if self.call_id and (changed := self._prepare_changes(call)):
            call.write(changed)
        result = self.result
        if result in ('promise', 'plan'):
            promise = self.env['collection.promise'].create(self._prepare_promise())
            call.promise_id = promise
            # several dates make a plan, whatever was ticked
            result = 'plan' if promise.is_plan else 'promise'
        elif result == 'dispute':
            call.dispute_id = self.env['collection.dispute'].create(self._prepare_dispute())
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

    log_id = fields.Many2one('collection.call.log', required=True, ondelete='cascade')
    item_id = fields.Many2one('collection.item', string="Invoice", required=True)
    move_id = fields.Many2one('account.move')
    line_id = fields.Many2one('account.move.line')
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
