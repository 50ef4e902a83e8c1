from odoo import api, fields, models
from odoo.exceptions import UserError


class CollectionCallLog(models.TransientModel):
    """What to say and to ask, and what the answers lead to (R3–R5, R26).

    A *no* proposes the dispute of its type, with the invoice and the words; when all is well, the payment is asked
    for (R4). What is proposed can be changed; what was chosen by hand is left alone.
    """

    _inherit = 'collection.call.log'  # pylint: disable=consider-merging-classes-inherited

    answer_ids = fields.One2many('collection.call.log.answer', 'log_id', string="Script")
    proposed_result = fields.Char(help="The result the answers led to last.")
    proposed_reason = fields.Text(help="The reason the answers made up last.")

    payment_confirmed = fields.Boolean(compute='_compute_payment_confirmed')

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        call = self.env['collection.call'].browse(values.get('call_id') or [])
        case = self.env['collection.case'].browse(values['case_id']).sudo()
        values['answer_ids'] = [
            (0, 0, {'script_line_id': line.id, 'joined': joined})
            for line, joined in self._get_steps(call, case, values['purpose'])
        ]
        return values

    @api.model
    def _get_steps(self, call, case, purpose):
        """
        :param str purpose: what is talked about
        :return: list of (``collection.script.line``, whether it joins a call about something else)
        """
        policy = case.partner_id._get_collection_policies(case.company_id)[case.partner_id]
        Script = self.env['collection.script']
        script = Script._get_script(purpose, case.company_id, policy, call.channel or 'call')
        steps = [(line, False) for line in script.line_ids]
        if purpose == 'collection' and self._is_satisfaction_due(case, policy):
            questions = Script._get_script('satisfaction', case.company_id, policy).line_ids
            steps += [(line, True) for line in questions if line.kind == 'ask' and not line.gated]
        return steps

    @api.model
    def _is_satisfaction_due(self, case, policy):
        """:return: whether the questions of quality join a call about overdue invoices: the customer was not asked for
        as long as his policy says (R8)"""
        if not policy.level_ids.filtered(lambda level: level.kind == 'satisfaction' and level.active):
            return False
        since = fields.Date.subtract(case.company_id._collection_today(), days=policy.satisfaction_spacing_days)
        asked = [
            ('partner_id', '=', case.partner_id.id),
            ('company_id', '=', case.company_id.id),
            ('purpose', '=', 'satisfaction'),
            ('made_on', '>', since),
        ]
        return not (
            self.env['collection.call.answer'].sudo().search_count(asked, limit=1)
            or self.env['collection.call'].sudo().search_count([*asked, ('state', '=', 'made')], limit=1)
        )

    # ------------------------------------------------------------------
    # Answers
    # ------------------------------------------------------------------
    def _get_questions(self, gated=False):
        return self.answer_ids.filtered(
            lambda answer: answer.script_line_id.kind == 'ask' and answer.script_line_id.gated == gated
        )

    def _is_all_well(self):
        """:return: whether every question was answered, and none with a no: gated ones come next (R4)"""
        questions = self._get_questions()
        return bool(questions) and all(
            answer.script_line_id._is_positive(answer.choice) for answer in questions if not answer.joined
        )

    @api.depends('answer_ids.choice')
    def _compute_payment_confirmed(self):
        for log in self:
            log.payment_confirmed = log._is_payment_confirmed()

    def _is_payment_confirmed(self):
        """:return: whether all is well, and the customer will pay when the invoices fall due (R4)"""
        return self._is_all_well() and any(
            answer.choice == 'yes' and answer.script_line_id.yes_result == 'promise'
            for answer in self._get_questions(gated=True)
        )

    def _get_complaints(self):
        return self.answer_ids.filtered(lambda answer: answer.choice == 'no' and answer.script_line_id.dispute_type_id)

    def _get_proposed_result(self):
        """:return: the result the answers lead to, or None while nothing follows from them"""
        if self._get_complaints():
            return 'dispute'
        offered = dict(self._fields['result']._description_selection(self.env))
        for answer in self.answer_ids:
            line = answer.script_line_id
            leads_to = {'yes': line.yes_result, 'no': line.no_result}.get(answer.choice)
            if line.kind == 'ask' and leads_to in offered and (not line.gated or self._is_all_well()):
                return leads_to
        if self.purpose == 'satisfaction' and self._is_all_well():
            return 'all_well'
        return None

    def _say_complaints(self):
        """:return: the complaints in the customer's words, each after the question it answers; nothing while he said none"""
        return '\n'.join(
            f'{answer.script_line_id.name}: {answer.note.strip()}'
            for answer in self._get_complaints()
            if (answer.note or '').strip()
        )

    @api.onchange('answer_ids')
    def _onchange_answer_ids(self):
        """Propose the result, and the dispute of the first complaint with all of them in its reason."""
        if self._is_restored():
            return
        proposed = self._get_proposed_result()
        if (proposed or False) != (self.proposed_result or False):
            if self.result == self.proposed_result or not self.result or proposed:
                self.result = proposed
            self.proposed_result = proposed
        complaints, said = self._get_complaints(), self._say_complaints()
        if complaints and (not self.dispute_reason or self.dispute_reason == self.proposed_reason):
            self.dispute_type_id = self.dispute_type_id or complaints[0].script_line_id.dispute_type_id
            self.dispute_reason = said
        self.proposed_reason = said

    # ------------------------------------------------------------------
    # Saving
    # ------------------------------------------------------------------
    def _check_complaints(self):
        """:raise UserError: if a dispute is to state what the customer did not say: a no alone is no reason"""
        if self.result == 'dispute' and (self.dispute_reason or '') == (self.proposed_reason or ''):
            for answer in self._get_complaints():
                if not (answer.note or '').strip():
                    raise UserError(
                        self.env._(
                            "Note what the customer says about “%s”: it is the reason of the dispute.",
                            answer.script_line_id.name,
                        )
                    )

    def _record_script(self, call):
        """Keep the answers, also of a call that breaks off; what was noted for the contact completes him (R6, R22)."""
        self._check_complaints()
        answered = [
            (answer.script_line_id, answer.choice, (answer.note or '').strip() or False)
            for answer in self.answer_ids
            if (answer.choice or (answer.note or '').strip())
            and (not answer.script_line_id.gated or self._is_all_well())
        ]
        call._record_answers(answered)
        values = {line.contact_field: note for line, _choice, note in answered if line.contact_field and note}
        if values:
            call._keep_on_contact(values)
