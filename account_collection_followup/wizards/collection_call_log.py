from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools.misc import clean_context

from ..models.collection_call import CHANNELS, PURPOSES

CALLER = 'account_collection_followup.group_collection_caller'
COLLECTOR = 'account_collection_followup.group_collection_collector'
#: results that need rights to grant time
PROMISES = ('promise', 'plan')


class CollectionCallLog(models.TransientModel):
    """A call in one dialog, used while one talks: what to know, what to say, what came out of it (R25–R32).

    Ends the planned call of the customer if there is one, else records a call of now. Its parts:
    ``collection_call_log_facts`` (what to know), ``_script`` (what to say and ask), ``_results`` (what each result
    asks for and puts in hand), ``_draft`` (nothing typed is lost).
    """

    _name = 'collection.call.log'
    _description = "Log a Call"
    _inherit = ['collection.dialog']

    call_id = fields.Many2one('collection.call', string="Planned call", readonly=True)
    case_id = fields.Many2one('collection.case', readonly=True)
    partner_id = fields.Many2one('res.partner', string="Customer", readonly=True)
    company_id = fields.Many2one('res.company', readonly=True)
    purpose = fields.Selection(PURPOSES, default='collection', required=True, readonly=True)
    contact_id = fields.Many2one('res.partner')
    contact_phone = fields.Char("Phone", related='contact_id.phone')
    contact_email = fields.Char("E-mail", related='contact_id.email')
    channel = fields.Selection(CHANNELS, required=True, default='call')
    result = fields.Selection('_selection_result', required=True)
    note = fields.Text(help="Facts only: the customer may ask to read it.")

    @api.model
    def _selection_result(self):
        """What the user may record: promises are taken by callers, plans granted by collectors. Others ask for them."""
        results = self.env['collection.call']._fields['result']._description_selection(self.env)
        return [result for result in results if result[0] not in self._get_refused_results()]

    @api.model
    def _get_refused_results(self):
        if self.env.su:
            return ()
        if self.env.user.has_group(COLLECTOR):
            # with the right to grant it, nobody asks for a plan
            return ('plan_request',)
        return ('plan',) if self._is_caller() else PROMISES

    @api.model
    def _is_caller(self):
        return self.env.su or self.env.user.has_group(CALLER)

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
        # which call it is decides about every other default
        values = super().default_get([*fields, 'call_id', 'case_id'])
        call = self._get_call(values)
        case = call.sudo().case_id or self.env['collection.case'].browse(values.get('case_id') or [])
        if not case:
            raise UserError(self.env._("Log a call from a customer of the worklist or from a planned call."))
        values.update(
            {
                'call_id': call.id,
                'purpose': self._get_purpose(call),
                'case_id': case.id,
                'partner_id': case.sudo().partner_id.id,
                'company_id': case.sudo().company_id.id,
                'contact_id': self._get_contact(call, case).id,
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

    @api.model
    def _get_purpose(self, call):
        """:return: what is talked about: what the call is planned for, unless a satisfaction call is logged where
        something is to be chased; who may not chase makes his call as planned (R8)"""
        planned = call.purpose or 'collection'
        return (self._is_caller() and self.env.context.get('default_purpose')) or planned

    @api.model
    def _get_contact(self, call, case):
        """:return: whom to call: whom the call was planned with, if it is what it was planned for"""
        if call.contact_id and self._get_purpose(call) == call.purpose:
            return call.contact_id
        return case.sudo().contact_id or call.contact_id

    # ------------------------------------------------------------------
    # Saving
    # ------------------------------------------------------------------
    def action_save(self):
        """Record the call, with what came out of it.

        :return: the next thing to do, if the result has one; else the dialog closes
        :raise UserError: if the result says nothing that can be acted on (R28)
        """
        self.ensure_one()
        # defaults of the dialog are not those of what it creates
        self = self.with_env(self.env(context=clean_context(self.env.context)))
        call = self._get_or_plan_call()
        self._record_script(call)
        details = self._put_in_hand(call)
        call.action_made(self._get_final_result(call), self._join_notes(details), self.callback_on)
        self._forget_draft()
        call._deliver_documents()
        return self._get_next_action(call) or {'type': 'ir.actions.act_window_close'}

    def _get_or_plan_call(self):
        """:return: the call that ends here, as it really took place"""
        # one may have been planned since the dialog was opened
        call = self.call_id or self._get_call({'case_id': self.case_id.id})
        if not call:
            return call.create(self._prepare_call())
        if changed := self._prepare_changes(call):
            call.write(changed)
        return call

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
        if self.purpose == 'collection' and call.purpose == 'satisfaction' and self._is_caller():
            changes['purpose'] = self.purpose
        return {
            name: value.id if isinstance(value, models.BaseModel) else value
            for name, value in changes.items()
            if call[name] != value
        }

    def _join_notes(self, details):
        return '\n'.join(filter(None, [details, (self.note or '').strip()]))
