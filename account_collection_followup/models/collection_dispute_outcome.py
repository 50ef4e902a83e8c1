import logging

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date

from .collection_dispute import OUTCOMES
from .collection_dispute import CollectionDispute as Dispute
from .collection_fact import internal, is_internal

_logger = logging.getLogger(__name__)


class CollectionDispute(models.Model):
    """The outcome of a dispute that costs us money: accepted, with a credit note that closes it (R14, R16).

    Between the decision and the posting the dispute stays open and holds reminders back: ``credit_outcome`` says what
    was decided, the lines how much. If the credit note is deleted or cancelled the decision stands and waits for
    another one; reset to draft after it closed the dispute, it opens the dispute again.
    """

    _inherit = 'collection.dispute'  # pylint: disable=consider-merging-classes-inherited

    _activity_fields = Dispute._activity_fields | {'credit_outcome'}
    _guarded_fields = Dispute._guarded_fields | {'credit_outcome', 'accepted_on', 'accepted_by_id', 'credit_reason'}

    credit_outcome = fields.Selection(
        [outcome for outcome in OUTCOMES if outcome[0] in ('accepted', 'partly')],
        string="Decided",
        readonly=True,
        copy=False,
        help="What was decided while its credit note is not posted yet.",
    )
    accepted_on = fields.Date(readonly=True, copy=False)
    accepted_by_id = fields.Many2one('res.users', readonly=True, copy=False)
    credit_reason = fields.Char("Reason on the credit note", readonly=True, help="The customer reads it.")
    credit_note_ids = fields.One2many(
        'account.move',
        'collection_dispute_id',
        string="Credit notes",
        readonly=True,
        copy=False,
        groups='account.group_account_readonly,account.group_account_invoice',
    )
    amount_accepted = fields.Monetary(
        "Accepted", compute='_compute_amount_accepted', help="Empty when the lines are in several currencies."
    )
    credit_state = fields.Selection(
        [('to_prepare', "Credit note to prepare"), ('to_post', "Credit note to post")],
        string="Credit note",
        compute='_compute_credit_state',
        search='_search_credit_state',
    )
    credit_text = fields.Char("What is next", compute='_compute_credit_text')
    can_credit = fields.Boolean(compute='_compute_can_credit')

    # ------------------------------------------------------------------
    # Computed fields
    # ------------------------------------------------------------------
    @api.depends('line_ids.accepted', 'line_ids.currency_id')
    def _compute_amount_accepted(self):
        for dispute in self:
            single = len(dispute.line_ids.currency_id) == 1
            dispute.amount_accepted = sum(dispute.line_ids.mapped('accepted')) if single else 0.0

    @api.depends('credit_outcome', 'credit_note_ids.state')
    def _compute_credit_state(self):
        for dispute in self:
            drafts = dispute._get_credit_drafts() if dispute.credit_outcome else ()
            waits = 'to_post' if drafts else 'to_prepare'
            dispute.credit_state = dispute.credit_outcome and waits

    def _search_credit_state(self, operator, value):
        if operator != 'in':
            return NotImplemented
        drafts = (
            self.env['account.move'].sudo().search([('collection_dispute_id', '!=', False), ('state', '=', 'draft')])
        )
        disputes = drafts.collection_dispute_id.ids
        domains = {
            'to_post': [('credit_outcome', '!=', False), ('id', 'in', disputes)],
            'to_prepare': [('credit_outcome', '!=', False), ('id', 'not in', disputes)],
            False: [('credit_outcome', '=', False)],
        }
        return fields.Domain.OR(domains[state] for state in value)

    @api.depends('credit_state', 'accepted_on')
    def _compute_credit_text(self):
        for dispute in self:
            dispute.credit_text = dispute.credit_state and dispute._get_credit_text()

    def _get_credit_text(self):
        """:return: who decided what and what is left to do, for whoever reads the dispute"""
        self.ensure_one()
        labels = dict(self._fields['credit_outcome']._description_selection(self.env))
        words = {
            'outcome': labels[self.credit_outcome],
            'user': self.sudo().accepted_by_id.name,
            'day': format_date(self.env, self.accepted_on),
        }
        if self.credit_state == 'to_prepare':
            return self.env._("%(outcome)s by %(user)s on %(day)s: the credit note has to be prepared.", **words)
        return self.env._(
            "%(outcome)s by %(user)s on %(day)s: the dispute closes when its credit note is posted.", **words
        )

    @api.depends('state')
    @api.depends_context('uid')
    def _compute_can_credit(self):
        self.can_credit = self._can_credit()

    @api.model
    def _can_credit(self):
        """:return: whether the user may make credit notes; a caller asks for them (R24)"""
        return self.env.user.has_group('account.group_account_invoice')

    def _get_credit_drafts(self):
        return self.sudo().credit_note_ids.filtered(lambda move: move.state == 'draft')

    # ------------------------------------------------------------------
    # Accepting
    # ------------------------------------------------------------------
    def _accept(self, outcome, amounts, response_until=None, reason=None, credit_notes=None):
        """Decide that a dispute is right, in whole or in part, and put its credit notes in hand (R16).

        Who has no invoicing rights leaves it to a collector to prepare them (R24).

        :param str outcome: accepted or partly
        :param dict amounts: {line of the dispute: what is accepted of it}
        :param date response_until: a date stated to the customer
        :param str reason: printed on the credit notes
        :param credit_notes: existing ones that settle the dispute: none is prepared
        :raise UserError: if nothing is accepted, the date is past or no working day, or a credit note of before is not
            posted yet
        """
        self.ensure_one()
        self.check_access('write')
        self._check_open()
        self._check_response_until(response_until)
        self._check_no_draft()
        if all(line.currency_id.compare_amounts(amount, 0) <= 0 for line, amount in amounts.items()):
            raise UserError(self.env._("Say how much is accepted."))
        for line in self.line_ids:
            internal(line).accepted = amounts.get(line, 0)
        # rejected before on the same ground, it was chased until now
        self.line_ids.filtered('accepted')._hold()
        internal(self).write(
            {
                'credit_outcome': outcome,
                'accepted_on': self.company_id._collection_today(),
                'accepted_by_id': self.env.uid,
                'credit_reason': reason,
                'response_until': response_until,
            }
        )
        self._log_accepted()
        if credit_notes:
            self._link_credit_notes(credit_notes)
        elif self._can_credit():
            self._prepare_credit_notes()
        self._activity_update()

    def _check_no_draft(self):
        """:raise UserError: while a credit note made for the dispute waits to be posted"""
        for dispute in self:
            if drafts := dispute._get_credit_drafts():
                raise UserError(
                    self.env._(
                        "%(credit)s was prepared for this dispute: post or delete it first.",
                        credit=', '.join(drafts.mapped('display_name')),
                    )
                )

    def _log_accepted(self):
        self.ensure_one()
        labels = dict(self._fields['credit_outcome']._description_selection(self.env))
        amounts = [
            self.env._("%(invoice)s: %(amount)s", invoice=line.move_name, amount=line.currency_id.format(line.accepted))
            for line in self.line_ids
            if not line.currency_id.is_zero(line.accepted)
        ]
        self._message_log(
            body=self.env._("%(outcome)s. %(amounts)s", outcome=labels[self.credit_outcome], amounts=', '.join(amounts))
        )

    def _prepare_credit_notes(self):
        """Make a draft credit note for every invoice that has none for this decision yet."""
        self.ensure_one()
        for move in self._get_moves_to_credit():
            lines = self.line_ids.filtered(lambda line, move=move: line.move_id == move)
            credit = move._collection_credit(
                self, sum(lines.mapped('accepted')), lines.invoice_line_ids, self.credit_reason
            )
            credit._message_log(body=self.env._("Made for the dispute %s.", self._get_html_link()))

    def _get_moves_to_credit(self):
        """:return: invoices of which something is accepted and no credit note of the dispute is about"""
        self.ensure_one()
        accepted = self.line_ids.filtered(lambda line: not line.currency_id.is_zero(line.accepted)).move_id
        notes = self.sudo().credit_note_ids.filtered(lambda move: move.state != 'cancel')
        if notes.filtered(lambda move: move.reversed_entry_id not in accepted):
            # of something else: whoever chose it says that it settles the dispute
            return accepted.browse()
        return accepted - notes.reversed_entry_id.with_env(self.env)

    def _link_credit_notes(self, credit_notes):
        """Take existing credit notes for the settlement; the dispute closes at once if all are posted.

        :raise UserError: if one of them settles another dispute already, or was spent on something else
        """
        self.ensure_one()
        credit_notes.check_access('write')
        self._check_not_spent(credit_notes)
        if taken := credit_notes.filtered('collection_dispute_id'):
            raise UserError(self.env._("%s settles a dispute already.", ', '.join(taken.mapped('display_name'))))
        credit_notes.collection_dispute_id = self
        for credit in credit_notes.filtered(lambda move: move.state == 'posted'):
            credit._collection_match_contested()
        self._on_credit_posted()

    def _check_not_spent(self, credit_notes):
        for credit in credit_notes.filtered(lambda move: move.state == 'posted'):
            _left, matched = credit._collection_get_credited()
            if credit.currency_id.is_zero(credit.amount_residual) and not any(
                matched.get(line) for line in self.sudo().line_ids.move_id._collection_instalments()
            ):
                raise UserError(
                    self.env._("%s was used for something else: nothing of it is left.", credit.display_name)
                )

    def action_prepare_credit(self):
        """Prepare the credit notes that were asked for, or that are missing again (R16).

        :return: action that shows the drafts
        :raise UserError: if nothing was accepted
        """
        self.ensure_one()
        self.check_access('write')
        if not self.credit_outcome:
            raise UserError(self.env._("Close the dispute with its outcome first."))
        self.env['account.move'].check_access('create')
        self._prepare_credit_notes()
        self._activity_update()
        return self.action_view_credit_notes()

    def action_view_credit_notes(self):
        """Open the credit notes of the dispute, those to post first."""
        self.ensure_one()
        self.check_access('read')
        self.env['account.move'].check_access('read')
        notes = self.credit_note_ids
        drafts = notes.filtered(lambda move: move.state == 'draft')
        action = self.env['ir.actions.act_window']._for_xml_id('account.action_move_out_refund_type')
        shown = drafts or notes
        if len(shown) == 1:
            return dict(action, views=[(False, 'form')], res_id=shown.id)
        return dict(action, domain=[('id', 'in', shown.ids)], context={'create': False})

    # ------------------------------------------------------------------
    # What happens to the credit notes
    # ------------------------------------------------------------------
    def _follow_accounting(self, method, *args):
        """Have disputes follow what happened to their credit notes. Accounting is never held up by a dispute that cannot:
        it is noted there.

        :param method: bound to these disputes
        """
        try:
            with self.env.cr.savepoint():
                method(*args)
        except UserError as error:
            _logger.warning("Disputes %s do not follow their credit notes: %s", self.ids, error)
            disputes = self.sudo()
            disputes._message_log_batch(
                bodies=dict.fromkeys(
                    disputes.ids, self.env._("Its credit note changed, the dispute could not follow: %s", error)
                )
            )

    def _on_credit_posted(self):
        """A credit note was posted: the disputes it was the last one of are closed."""
        for dispute in self.sudo():
            if dispute.credit_outcome and not dispute._get_credit_drafts() and not dispute._get_moves_to_credit():
                dispute._close_credited()

    def _close_credited(self):
        self.ensure_one()
        until = self.response_until
        if until and until < self.company_id._collection_today():
            until = None
        elif until:
            # it may have become a holiday since
            until = self.env['collection.holiday']._working_days(self.company_id).roll_forward(until)
        outcome = self.credit_outcome if self._keep_credited() else 'partly'
        internal(self).action_close(outcome, until)

    def _keep_credited(self):
        """Bring what is accepted down to what the credit notes really credit: the rest is not settled, and has its
        response time.

        :return: whether they credit all that was accepted
        """
        credited = self._get_credited()
        less = self.line_ids.filtered(lambda line: line.currency_id.compare_amounts(credited[line], line.accepted) < 0)
        for line in less:
            internal(line).accepted = credited[line]
        return not less

    def _get_credited(self):
        """What the posted credit notes credit of each line, at most what was accepted of it: what is matched with its
        instalment, then with others of its invoice, then what is left open on them and lowers what is asked for (R64).

        :return: dict {line of the dispute: amount in its currency}
        """
        notes = self.credit_note_ids.filtered(lambda move: move.state == 'posted')
        left, matched = notes._collection_get_credited()
        result = dict.fromkeys(self.line_ids, 0.0)

        def take(line, funds, key):
            share = line.currency_id.round(min(line.accepted - result[line], funds.get(key, 0.0)))
            if share > 0:
                result[line] += share
                funds[key] -= share

        for line in self.line_ids.filtered('line_id'):
            take(line, matched, line.line_id)
        for line in self.line_ids:
            for instalment in line.move_id._collection_instalments():
                take(line, matched, instalment)
            take(line, left, line.currency_id)
        return result

    def _on_credit_lost(self, text):
        """:param str text: what happened to a credit note of these disputes"""
        waiting = self.sudo().filtered('credit_outcome')
        waiting._message_log_batch(
            bodies={dispute.id: text for dispute in waiting}, author_id=self.env.user.partner_id.id
        )
        waiting._activity_update()
        # the others are posted perhaps
        waiting._on_credit_posted()

    # ------------------------------------------------------------------
    # On whose list it is
    # ------------------------------------------------------------------
    def _get_wanted_activities(self):
        # EXTENDS collection.activity.mixin: what is decided waits for its credit note only
        result = super()._get_wanted_activities()
        kind = self.env.ref('account_collection_followup.activity_type_dispute_credit').id
        for dispute in self.filtered(lambda dispute: dispute.state == 'open' and dispute.credit_outcome):
            if user := dispute._get_creditor():
                deadline = dispute.accepted_on or dispute.opened_on
                result[dispute] = [{'user_id': user.id, 'activity_type_id': kind, 'date_deadline': deadline}]
        return result

    def _get_creditor(self):
        """:return: who prepares and posts the credit note: who works the case, the company's collector or the manager"""
        self.ensure_one()
        return self.env['res.partner']._get_collection_responsible(
            self.case_id, self.company_id, self.accepted_by_id, group='account.group_account_invoice'
        )

    # ------------------------------------------------------------------
    # Closing
    # ------------------------------------------------------------------
    def action_close(self, outcome, response_until=None):
        """Close open disputes with an outcome (R16).

        What was accepted before and not credited is forgotten: nothing but a posted credit note makes it true.

        :raise UserError: as the method it extends, and while a credit note of the dispute waits to be posted
        """
        if not is_internal(self):
            self.check_access('write')
            self._check_no_draft()
            if outcome in ('accepted', 'partly'):
                self._check_accepted_without_credit()
            open_lines = self.filtered(lambda dispute: dispute.state == 'open').line_ids
            internal(open_lines.filtered('accepted')).accepted = 0
        return super().action_close(outcome, response_until)

    @api.model
    def _can_accept_without_credit(self):
        """:return: whether the user may say that the customer is right and nothing is credited: a collector (R24)"""
        return self.env.su or self.env.user.has_group('account_collection_followup.group_collection_collector')

    def _check_accepted_without_credit(self):
        """A caller leaves it to a collector that nothing is credited, unless a document was missing: he sends it.

        :raise AccessError: if he does not
        """
        if self._can_accept_without_credit():
            return
        for dispute in self:
            if dispute.type_id.code != 'missing_document':
                raise AccessError(
                    self.env._(
                        "%s: a collector closes what is accepted without a credit note. Ask for a credit note, or propose "
                        "the outcome.",
                        dispute.display_name,
                    )
                )

    def _prepare_closing(self, outcome, response_until):
        return dict(super()._prepare_closing(outcome, response_until), credit_outcome=False)

    def _is_reopened_in_place(self):
        # a dispute that was credited keeps its credit notes and goes on as a new one, unless one of them is undone
        return super()._is_reopened_in_place() and (is_internal(self) or not self.sudo().credit_note_ids)
