from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import format_date, format_time

#: what a user types into the dialog
TYPED = frozenset(
    {
        'contact_id', 'channel', 'result', 'note', 'callback_on', 'callback_at', 'promise_date', 'payment_means',
        'plan_count', 'plan_first', 'plan_unit', 'dispute_type_id', 'dispute_reason', 'send_now', 'paid_on', 'paid_amount',
        'paid_reference', 'right_number', 'person_id', 'person_name', 'person_phone', 'person_email', 'person_role_id', 'motive',
        'proposed_result', 'proposed_reason',
    }
)  # fmt: skip
#: of the invoices in it
TYPED_OF_LINE = frozenset(
    {'item_id', 'move_id', 'line_id', 'name', 'chosen', 'currency_id', 'date_maturity', 'amount', 'date'}
)
FIRST_CALL = 'collection_call_log_opens'
NO_DRAFT = 'collection_call_log_saved'


class CollectionCallLog(models.TransientModel):
    """Nothing typed is lost: what was not saved is offered again when the user opens the customer's call anew.

    The dialog hands over what was typed with :meth:`keep_draft` as it changes.
    """

    _inherit = 'collection.call.log'  # pylint: disable=consider-merging-classes-inherited

    draft_text = fields.Char("Draft", readonly=True, help="When what is shown was typed, if it was not now.")

    @api.model_create_multi
    def create(self, vals_list):
        # what is saved is what the screen showed: a draft is not laid over it
        return super(CollectionCallLog, self.with_context(**{NO_DRAFT: True})).create(vals_list).with_env(self.env)

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        if self.env.context.get(NO_DRAFT):
            return values
        case = self.env['collection.case'].browse(values['case_id'])
        draft = self.env['collection.call.draft']._get_draft(case)
        if draft:
            values.update(self._restore(draft.content, values))
            values['draft_text'] = self._say_when(draft)
            self._check_targets(values)
        return values

    def onchange(self, values, field_names, fields_spec):
        # what a draft says is not worked out anew when the dialog opens
        if not field_names:
            self = self.with_context(**{FIRST_CALL: True})
        return super().onchange(values, field_names, fields_spec)

    def _is_restored(self):
        """:return: whether the dialog is just opening with a draft"""
        return bool(self.draft_text and self.env.context.get(FIRST_CALL))

    @api.model
    def _restore(self, content, values):
        """:param dict content: of the draft
        :param dict values: the defaults of the dialog
        :return: dict of values the draft changes"""
        content = content or {}
        typed = {name: value for name, value in content.items() if name in TYPED and name in self._fields}
        for name in list(typed):
            field = self._fields[name]
            if (
                field.type == 'many2one'
                and typed[name]
                and not self.env[field.comodel_name].browse(typed[name]).exists()
            ):
                del typed[name]
            elif field.type == 'selection' and typed[name] not in dict(field._description_selection(self.env)):
                typed.pop(name)
            elif field.groups and not self.env.user.has_groups(field.groups):
                del typed[name]
        answers = {answer.get('script_line_id'): answer for answer in content.get('answer_ids') or []}
        typed['answer_ids'] = [
            (command, key, {**vals, **self._restore_answer(answers.get(vals['script_line_id']))})
            for command, key, vals in values.get('answer_ids') or []
        ]
        for name in ('line_ids', 'choice_ids'):
            typed[name] = [
                (0, 0, {key: value for key, value in line.items() if key in TYPED_OF_LINE})
                for line in content.get(name) or []
                if self._is_still_open(line)
            ]
        return typed

    @api.model
    def _restore_answer(self, answer):
        return {name: answer[name] for name in ('choice', 'note') if answer and answer.get(name)}

    @api.model
    def _is_still_open(self, line):
        """:return: whether an invoice of a draft can still be chosen: it may have been paid meanwhile"""
        line_id = line.get('item_id') or line.get('line_id')
        found = self.env['account.move.line'].sudo().browse(line_id or []).exists()
        return bool(found) and not found.reconciled

    @api.model
    def _say_when(self, draft):
        changed = fields.Datetime.context_timestamp(self, draft.write_date)
        time = format_time(self.env, draft.write_date, time_format='short')
        if changed.date() == fields.Date.context_today(self):
            return self.env._("Draft of %s restored", time)
        day = format_date(self.env, changed.date())
        return self.env._("Draft of %(date)s, %(time)s restored", date=day, time=time)

    @api.model
    def keep_draft(self, case_id, content):
        """Keep what the user typed about a customer and has not saved, or forget it.

        :param int case_id: of the ``collection.case``
        :param dict content: values of the dialog; empty to start over
        :raise AccessError: if the user may not log a call with this customer
        """
        self.check_access('create')
        case = self.env['collection.case'].browse(case_id)
        if not case.has_access('read') and not self._get_call({'case_id': case_id})._filtered_access('write'):
            raise AccessError(self.env._("This is not your call."))
        known = TYPED | {'line_ids', 'choice_ids', 'answer_ids'}
        self.env['collection.call.draft']._keep(
            case, {name: value for name, value in (content or {}).items() if name in known}
        )

    def _forget_draft(self):
        self.env['collection.call.draft']._keep(self.case_id, None)
