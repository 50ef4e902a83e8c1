from odoo import Command, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date, html2plaintext

from ..models.collection_dispute import OUTCOMES

ACCEPTING = ('accepted', 'partly')


class CollectionDisputeClose(models.TransientModel):
    """The outcome of a dispute, what follows from it, and until when the customer may act on it (R14, R16).

    It starts from what whoever solved the dispute proposes. Accepted, in whole or in part, it has a credit note
    prepared and stays open until that is posted; rejected, it answers the customer.
    """

    _name = 'collection.dispute.close'
    _description = "Close a Dispute"
    _inherit = ['collection.dialog']

    dispute_id = fields.Many2one('collection.dispute', required=True, readonly=True)
    partner_id = fields.Many2one(related='dispute_id.partner_id')
    proposal = fields.Char(related='dispute_id.proposal')
    proposed_text = fields.Text(related='dispute_id.proposed_text')
    finding = fields.Text(related='dispute_id.finding')
    outcome = fields.Selection(OUTCOMES, required=True, compute='_compute_outcome', store=True, readonly=False)
    cause_id = fields.Many2one(related='dispute_id.cause_id', readonly=False)
    our_fault = fields.Boolean(related='dispute_id.our_fault', readonly=False)
    response_until = fields.Date(
        "Answer until",
        compute='_compute_response_until',
        store=True,
        readonly=False,
        help="Until then the customer may act on the outcome: not chased.",
    )
    answer = fields.Text("Remark", help="Facts only. Kept with the dispute, not sent to the customer.")
    # accepted
    settlement = fields.Selection('_get_settlements', compute='_compute_settlement', store=True, readonly=False)
    line_ids = fields.One2many(
        'collection.dispute.close.line', 'wizard_id', compute='_compute_line_ids', store=True, readonly=False
    )
    credit_reason = fields.Char(
        "Reason on the credit note",
        compute='_compute_credit_reason',
        store=True,
        readonly=False,
        help="The customer reads it on the credit note.",
    )
    credit_note_ids = fields.Many2many('account.move', string="Credit notes", groups='account.group_account_invoice')
    can_credit = fields.Boolean(related='dispute_id.can_credit')
    # rejected
    answer_means = fields.Selection(
        [('email', "By e-mail"), ('letter', "By letter"), ('phone', "By telephone")],
        string="Answered",
        compute='_compute_contact',
        store=True,
        readonly=False,
    )
    contact_id = fields.Many2one('res.partner', compute='_compute_contact', store=True, readonly=False)
    subject = fields.Char(compute='_compute_message', store=True, readonly=False)
    body = fields.Html("Message", compute='_compute_message', store=True, readonly=False)
    proposed_body = fields.Html(compute='_compute_message', store=True)
    message_warning = fields.Char(compute='_compute_message_warning')
    proof_ids = fields.Many2many(
        'ir.attachment',
        'collection_dispute_close_proof_rel',
        string="Enclose",
        compute='_compute_proof_ids',
        store=True,
        readonly=False,
        help="Files of the dispute. Untick what the customer is not to have.",
    )
    has_proofs = fields.Boolean(compute='_compute_has_proofs')
    attachment_ids = fields.Many2many('ir.attachment', 'collection_dispute_close_file_rel', string="Enclose a file")

    # ------------------------------------------------------------------
    # What it starts from
    # ------------------------------------------------------------------
    @api.depends('dispute_id')
    def _compute_outcome(self):
        for wizard in self:
            dispute = wizard.dispute_id
            wizard.outcome = wizard.outcome or dispute.credit_outcome or dispute.proposed_outcome

    @api.model
    def _get_settlements(self):
        settlements = {
            'credit': self.env._("Prepare a credit note"),
            'existing': self.env._("Choose a credit note that exists"),
            'none': self.env._("Nothing to credit: it was put right otherwise"),
        }
        if not self.env['collection.dispute']._can_credit():
            # who may not read credit notes cannot choose one
            del settlements['existing']
        if not self.env['collection.dispute']._can_accept_without_credit():
            settlements['none'] = self.env._("Nothing to credit: the document that was missing is sent")
        return list(settlements.items())

    @api.depends('dispute_id')
    def _compute_settlement(self):
        """A document that was missing is sent: nothing is credited."""
        for wizard in self:
            wizard.settlement = 'none' if wizard.dispute_id.type_id.code == 'missing_document' else 'credit'

    @api.depends('dispute_id')
    def _compute_response_until(self):
        for wizard in self:
            company = wizard.dispute_id.company_id
            wizard.response_until = company and self.env['collection.holiday']._working_days(company).add(
                company._collection_today(), wizard.dispute_id.type_id.response_days
            )

    @api.onchange('response_until')
    def _onchange_response_until(self):
        """A date given to the customer is a working day: another goes on to the next one before the message names it."""
        if self.response_until and self.dispute_id:
            working = self.env['collection.holiday']._working_days(self.dispute_id.company_id)
            self.response_until = working.roll_forward(self.response_until)

    @api.depends('dispute_id', 'outcome')
    def _compute_line_ids(self):
        for wizard in self:
            dispute = wizard.dispute_id
            left = dispute.proposed_amount if dispute.proposed_outcome == 'partly' else 0.0
            commands = [Command.clear()]
            for line in dispute.line_ids if wizard.outcome in ACCEPTING else ():
                share = line.amount if wizard.outcome == 'accepted' else min(line.amount, left)
                left = line.currency_id.round(left - share)
                commands.append(Command.create({'dispute_line_id': line.id, 'accepted': share}))
            wizard.line_ids = commands

    @api.depends('dispute_id')
    def _compute_credit_reason(self):
        for wizard in self:
            dispute = wizard.dispute_id
            kind = dispute.type_id.with_context(lang=dispute.partner_id.lang or self.env.lang)
            wizard.credit_reason = dispute.credit_reason or kind.name

    @api.depends('dispute_id')
    def _compute_contact(self):
        for wizard in self:
            contact = wizard.dispute_id and wizard.dispute_id._get_answer_contact()
            wizard.contact_id = contact
            wizard.answer_means = 'email' if contact and contact.sudo()._is_reachable_by('email') else 'letter'

    @api.depends('dispute_id')
    def _compute_proof_ids(self):
        """The proof of who solved it goes along, unless somebody unticks it."""
        for wizard in self:
            wizard.proof_ids = wizard._get_files()

    def _get_files(self):
        """:return: ``ir.attachment`` of the dispute and of its chatter"""
        return self.env['ir.attachment'].search(
            [
                ('res_model', '=', 'collection.dispute'),
                ('res_id', 'in', self.dispute_id.ids),
                ('res_field', '=', False),
            ]
        )

    @api.depends('dispute_id', 'outcome', 'contact_id', 'response_until', 'proof_ids', 'attachment_ids')
    def _compute_message(self):
        """The proposed text follows what is chosen, until somebody writes his own."""
        for wizard in self:
            if wizard.outcome != 'rejected' or not wizard.response_until:
                continue
            if html2plaintext(wizard.body or '') == html2plaintext(wizard.proposed_body or ''):
                encloses = wizard.answer_means == 'email' and bool(wizard.proof_ids or wizard.attachment_ids)
                message = wizard.dispute_id._origin._render_answer(
                    wizard.contact_id, wizard.response_until, encloses=encloses
                )
                wizard.subject = message['subject']
                wizard.body = wizard.proposed_body = message['body_html']

    @api.depends('outcome', 'answer_means', 'body', 'response_until', 'contact_id', 'proof_ids', 'attachment_ids')
    def _compute_message_warning(self):
        for wizard in self:
            by_mail = wizard.outcome == 'rejected' and wizard.answer_means == 'email'
            wizard.message_warning = ' '.join(wizard._get_message_warnings()) if by_mail else False

    def _get_message_warnings(self):
        """:return: sentences on what the answer lacks"""
        warnings = []
        day = format_date(self.env, self.response_until, lang_code=self._get_lang())
        if day not in html2plaintext(self.body or ''):
            warnings.append(
                self.env._("The message does not name the day until which the customer may answer: %s.", day)
            )
        if not (self.proof_ids or self.attachment_ids):
            warnings.append(self.env._("Nothing is enclosed that proves it."))
        return warnings

    def _get_lang(self):
        """:return: the language of who reads the message"""
        return self.contact_id.lang or self.partner_id.lang or self.env.lang

    @api.depends('dispute_id')
    def _compute_has_proofs(self):
        for wizard in self:
            wizard.has_proofs = bool(wizard._get_files())

    # ------------------------------------------------------------------
    # Closing
    # ------------------------------------------------------------------
    def action_close(self):
        """Close the dispute with its outcome; accepted with a credit note, as soon as that is posted.

        :return: the draft credit notes, for who may post them, else True
        :raise UserError: if part of what is accepted, or of the answer, is missing
        """
        self.ensure_one()
        dispute = self.dispute_id
        if self.outcome == 'rejected' and not self.answer_means:
            raise UserError(self.env._("Say how the customer is answered: by e-mail, by letter or by telephone."))
        if self.outcome in ACCEPTING and self.settlement != 'none':
            self._accept()
        else:
            dispute.action_close(self.outcome, self.response_until)
        if self.outcome == 'rejected':
            self._answer()
        if remark := self._get_remark():
            dispute.message_post(body=remark)
        if dispute.credit_state == 'to_post' and dispute.can_credit:
            return dispute.action_view_credit_notes()
        return True

    def _accept(self):
        existing = self.credit_note_ids if self.settlement == 'existing' else None
        if existing is not None and not existing:
            raise UserError(self.env._("Choose the credit note that settles the dispute."))
        self.dispute_id._accept(
            self.outcome,
            self._get_accepted_amounts(),
            response_until=self._get_stated_date(),
            reason=self.credit_reason,
            credit_notes=existing,
        )

    def _get_stated_date(self):
        """:return: the date if somebody chose another than the usual one, which counts from the posting"""
        usual = self.new({'dispute_id': self.dispute_id.id}).response_until
        return self.response_until if self.response_until != usual else None

    def _get_accepted_amounts(self):
        """:return: dict {line of the dispute: amount accepted}"""
        lines = self.dispute_id.line_ids
        if self.outcome == 'accepted':
            return {line: line.amount for line in lines}
        amounts = {line.dispute_line_id: line.accepted for line in self.line_ids if line.dispute_line_id in lines}
        if all(line.currency_id.compare_amounts(amounts.get(line, 0), line.amount) >= 0 for line in lines):
            raise UserError(self.env._("All that is contested is accepted: choose the outcome Accepted."))
        return amounts

    def _answer(self):
        """Tell the customer why his dispute is rejected, with the proof."""
        if self.answer_means == 'email':
            self.dispute_id._send_answer(self.contact_id, self.subject, self.body, self.proof_ids | self.attachment_ids)
        else:
            self.dispute_id._record_answer(self.answer_means, self.contact_id)

    def _get_remark(self):
        """:return: what is kept in the chatter"""
        if self.outcome != 'withdrawn' or not self.contact_id:
            return self.answer
        withdrawn = self.env._("Withdrawn by %s.", self.contact_id.name)
        return ' '.join(filter(None, [withdrawn, self.answer]))
