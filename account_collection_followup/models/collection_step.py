from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from .collection_level import SENDER_ROLES, TRACKS

MEANS = ('email', 'call', 'letter', 'registered')
#: "failed" waits for somebody; "waived" is a failure recorded, with which the ladder goes on
MEANS_STATE = [
    ('none', "–"),
    ('todo', "To do"),
    ('sent', "Done"),
    ('failed', "Failed"),
    ('waived', "Not possible, recorded"),
]


class CollectionStep(models.Model):
    """One communication of a case: what was asked, announced, by which means, and the date given.

    The date is fixed once, when the first written means leaves, or, without one,
    when the call is made (R49). ``act_on`` is the day on which the announced act
    is put in hand. A step that was never cancelled is never changed again.
    """

    _name = 'collection.step'
    _description = "Follow-up Step"
    _order = 'date desc, id desc'

    case_id = fields.Many2one('collection.case', required=True, index=True, ondelete='restrict')
    partner_id = fields.Many2one('res.partner', "Customer", required=True, index=True, ondelete='restrict')
    company_id = fields.Many2one('res.company', required=True, index=True)
    letterhead_id = fields.Many2one('res.company', help="The branch when all items are one branch's, else the company.")
    run_id = fields.Many2one('collection.run', index='btree_not_null', ondelete='set null')
    track = fields.Selection(TRACKS, required=True, default='ordinary')
    level_id = fields.Many2one('collection.level', required=True, index=True, ondelete='restrict')
    next_level_id = fields.Many2one('collection.level', "Announced", ondelete='restrict')
    takeover = fields.Boolean(help="Level given to items that were already overdue when the company started.")
    date = fields.Date(required=True, index=True)
    date_given = fields.Date(help="The customer is asked to pay or answer by this date.")
    act_on = fields.Date(help="The day on which what was announced is put in hand.")
    consequence = fields.Char("Announced consequence", help="As the customer read it.")
    cancelled = fields.Boolean()
    cancel_reason = fields.Char()
    email_state = fields.Selection(MEANS_STATE, "E-mail", required=True, default='none')
    call_state = fields.Selection(MEANS_STATE, "Call", required=True, default='none')
    letter_state = fields.Selection(MEANS_STATE, "Letter", required=True, default='none')
    registered_state = fields.Selection(MEANS_STATE, "Registered letter", required=True, default='none')
    failure = fields.Char(help="Why a means could not be carried out.")
    jump = fields.Boolean(help="Formal notice that broken promises led to: levels in between were left out.")
    deviation = fields.Char("Not as announced", help="Why the level was repeated, or levels were left out.")
    complete = fields.Boolean(
        compute='_compute_complete',
        store=True,
        help="Every means is done or its failure recorded. Until then the ladder waits.",
    )
    sender_role = fields.Selection(SENDER_ROLES, required=True, default='collector')
    sender_id = fields.Many2one('res.users')
    recipient_id = fields.Many2one('res.partner', "Addressee")
    recipient_email = fields.Char("E-mail address", related='recipient_id.email')
    copy_ids = fields.Many2many('res.partner', string="Copies")
    fallback = fields.Char(help="Why the message does not go to the contact the level asks for.")
    lang = fields.Char("Language")
    mail_id = fields.Many2one('mail.mail', ondelete='set null', copy=False, index='btree_not_null')
    line_ids = fields.One2many('collection.step.line', 'step_id', string="Items")
    call_ids = fields.One2many('collection.call', 'step_id', string="Calls")
    amount = fields.Monetary("Asked", compute='_compute_amount', help="In company currency.")
    currency_id = fields.Many2one(related='company_id.currency_id')
    items_html = fields.Html(compute='_compute_items_html', sanitize=False)
    message_html = fields.Html("Message", compute='_compute_message_html', sanitize=False)

    # one message of a kind per customer and day, whatever happens (R44)
    _one_a_day = models.UniqueIndex(
        "(case_id, date, track) WHERE cancelled IS NOT TRUE AND takeover IS NOT TRUE",
        "This customer already has a message of this kind today.",
    )

    @api.depends('email_state', 'call_state', 'letter_state', 'registered_state')
    def _compute_complete(self):
        for step in self:
            step.complete = not any(step[f'{means}_state'] in ('todo', 'failed') for means in MEANS)

    @api.depends('line_ids.asked_company', 'line_ids.role')
    def _compute_amount(self):
        amounts = {
            step.id: amount
            for step, amount in self.env['collection.step.line']._read_group(
                [('step_id', 'in', self.ids), ('role', '=', 'asked')], ['step_id'], ['asked_company:sum']
            )
        }
        for step in self:
            step.amount = amounts.get(step.id, 0)

    @api.depends('level_id', 'partner_id', 'date')
    def _compute_display_name(self):
        for step in self:
            step.display_name = self.env._(
                "%(level)s to %(customer)s", level=step.level_id.name, customer=step.partner_id.name
            )

    @api.depends('line_ids')
    @api.depends_context('lang', 'collection_letter')
    def _compute_items_html(self):
        """The consolidated table of the message, in the language of the context (R44, R70); within a letter the form
        that is made for paper."""
        for step in self:
            template, values = (
                ('letter_summary', step._prepare_letter_items())
                if self.env.context.get('collection_letter')
                else ('step_items', step._get_items_values())
            )
            step.items_html = self.env['collection.letter']._render(template, values)

    def _compute_message_html(self):
        """What the customer received: the e-mail as it left, else the letter, else the items asked for."""
        for step in self:
            step.message_html = step.sudo().mail_id.body_html or step.letter_text or step.items_html

    def _get_items_values(self):
        """:return: what the table of items shows: headings per level, what is disputed or
        promised apart, what was received and not yet allocated, totals per currency"""
        self.ensure_one()
        asked = self.line_ids.filtered(lambda line: line.role == 'asked')
        groups = [
            (level, asked.filtered(lambda line: line.level_id == level).sorted('due_date'))
            for level in asked.level_id.sorted('rank', reverse=True)
        ]
        totals = {}
        for line in asked:
            totals[line.currency_id] = totals.get(line.currency_id, 0) + line.asked
        return {
            'step': self,
            'groups': groups,
            'totals': totals,
            'apart': self.line_ids.filtered(
                lambda line: line.role == 'apart' or (line.role == 'asked' and (line.disputed or line.promised))
            ).sorted('due_date'),
            'received': self.line_ids.filtered(lambda line: line.role == 'received').sorted('date'),
        }

    @api.model
    def mail_allowed_qweb_expressions(self):
        """Placeholders of a level's text: an administrator who is no template editor may use these."""
        return super().mail_allowed_qweb_expressions() + (
            'object.lang',
            'object.items_html',
            'object.consequence',
            'object.recipient_id.name',
            'object.sender_id.name',
            'object.sender_id.phone',
            'object.sender_id.email',
            'object.letterhead_id.name',
            'object.partner_id.name',
            'object.date_given_text',
            'object.company_id.name',
            'object.letterhead_id.phone',
        )

    date_given_text = fields.Char(compute='_compute_date_given_text', help="The date given, as the customer reads it.")

    @api.depends('date_given', 'lang')
    @api.depends_context('collection_letter')
    def _compute_date_given_text(self):
        for step in self:
            letter = self.env['collection.letter'].with_context(lang=step.lang)
            step.date_given_text = letter._format_day(step._get_date_given(self.env.context.get('collection_letter')))

    # ------------------------------------------------------------------
    # Means
    # ------------------------------------------------------------------
    def _fix_date(self, day):
        """Fix the date given, once (R49). The second working day after it is the day of the announced act.

        :param date day: when the first means of the step left
        """
        for step in self.filtered(lambda step: not step.act_on and step.track != 'litigation'):
            working = self.env['collection.holiday']._working_days(step.company_id)
            step.write(step._prepare_dates(day, working, step._get_act_days()))

    def _prepare_dates(self, day, working, act_days):
        self.ensure_one()
        given = working.roll_forward(fields.Date.add(day, days=self.level_id.days_given))
        return {'date_given': given, 'act_on': working.add(given, act_days)}

    def _get_act_days(self):
        return self.level_id.policy_id.act_days

    def action_log_call(self):
        """Ask how the call of the step went."""
        self.ensure_one()
        call = self.call_ids.filtered(lambda call: call.state == 'planned')[:1]
        action = self.case_id.action_log_call()
        return dict(action, context={**action['context'], 'default_call_id': call.id})

    def action_open_address(self):
        """Open the addressee, where the address is corrected that a message could not reach."""
        self.ensure_one()
        self.check_access('read')
        return (self.recipient_id or self.partner_id).get_formview_action()

    def action_call_made(self):
        """Record that the call of the step was made or tried often enough."""
        self._check_caller()._on_call_done()

    def _on_call_done(self):
        """Called by ``collection.call`` when the call of the step was made, or tried on three days."""
        for step in self.sudo().filtered(lambda step: step.call_state in ('todo', 'failed')):
            step.call_state = 'sent'
            if not any(step[f'{means}_state'] in ('todo', 'sent') for means in ('email', 'letter', 'registered')):
                step._fix_date(step.company_id._collection_today())
        self._mark_dirty()

    def action_record_failure(self, reason=None):
        """Record that what is still to do cannot be done: the step is complete, the failure stays in sight."""
        self = self._check_collector()
        self._stop_mail()
        for step in self:
            step.write(
                {f'{means}_state': 'waived' for means in MEANS if step[f'{means}_state'] in ('todo', 'failed')}
                | {'failure': reason or step.failure or self.env._("Not done.")}
            )
        # without any means there is no written date: it counts from today
        self._fix_date(self.company_id[:1]._collection_today())
        self._mark_dirty()

    def action_cancel(self, reason=None):
        """Take a step back before anything left: its items return to their former level."""
        self = self._check_collector()
        if done := self.filtered(lambda step: any(step[f'{means}_state'] == 'sent' for means in MEANS)):
            raise UserError(self.env._("%s already left and cannot be cancelled.", done[0].display_name))
        if self.filtered('takeover'):
            raise UserError(self.env._("The levels given at the start are part of the trace and cannot be cancelled."))
        for step in self.filtered(lambda step: step.track == 'litigation'):
            if step.company_id.collection_manager_id != self.env.user:
                raise AccessError(self.env._("Only the collections manager can take litigation back."))
        # what a person took back is proposed again, whatever its mode
        self._take_back(reason or self.env._("Cancelled by %s", self.env.user.name), run_state='skipped')

    def _take_back(self, reason, run_state='held'):
        """Cancel: nothing of these steps leaves any more and their items stand where they stood before.

        :param str run_state: what becomes of their lines in the run
        """
        self._stop_mail()
        self._log_recalled(reason)
        self.write({'cancelled': True, 'cancel_reason': reason})
        self.line_ids.cancelled = True
        self.call_ids.filtered(lambda call: call.state == 'planned').action_cancel()
        self.env['collection.run.line'].sudo().search([('step_id', 'in', self.ids)]).write(
            {'state': run_state, 'note': reason}
        )
        self._mark_dirty()

    def _stop_mail(self):
        # not through cancel(), which is what a person does in the mail queue
        self.mail_id.sudo().filtered(lambda mail: mail.state in ('outgoing', 'exception')).write({'state': 'cancel'})

    def _check_collector(self):
        """:return: the steps, which only methods may write"""
        return self._check_group('collector', self.env._("Only a collector can do this."))

    def _check_caller(self):
        return self._check_group('caller', self.env._("Only a caller or collector can do this."))

    def _check_group(self, role, refusal):
        if not self.env.su and not self.env.user.has_group(f'account_collection_followup.group_collection_{role}'):
            raise AccessError(refusal)
        self.check_access('read')
        return self.sudo()

    def _mark_dirty(self, later=False):
        self.env['collection.case']._mark_dirty(self.partner_id.ids, self.company_id.ids, later=later)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A step is part of the trace and cannot be deleted."))
