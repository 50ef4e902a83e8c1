from odoo import Command, models
from odoo.exceptions import UserError

from .collection_fact import internal


class CollectionDispute(models.Model):
    """A closed dispute is taken up again: by a user, or because a credit note that settled it was undone (R16).

    What was credited is history of the closed one; the one that goes on contests the rest of what is still open.
    """

    _inherit = 'collection.dispute'  # pylint: disable=consider-merging-classes-inherited

    def _get_open_successor(self):
        """:return: the open dispute that goes on with this closed one already, however often it was taken up"""
        self.ensure_one()
        latest = self.sudo()
        while latest.state == 'closed':
            latest = self.sudo().search([('previous_id', '=', latest.id)], order='id desc', limit=1)
            if not latest:
                break
        return latest.with_env(self.env)

    def _prepare_successor(self):
        """:raise UserError: if nothing of what is contested is open any more"""
        lines = self.sudo().line_ids._prepare_again()
        if not lines:
            raise UserError(self.env._("%s: nothing is open that is not contested already.", self.display_name))
        return {
            **super()._prepare_successor(),
            'line_ids': [Command.create(values) for values in lines],
            'withheld_line_ids': [Command.create(values) for values in self.sudo().withheld_line_ids._prepare_again()],
        }

    def action_reopen(self):
        """Take closed disputes up again, see the method it extends. One that goes on already is what counts."""
        running = self.browse()
        waiting = self
        for dispute in self.filtered(lambda dispute: dispute.state == 'closed'):
            if successor := dispute._get_open_successor():
                running |= successor
                waiting -= dispute
        if not waiting:
            self.check_access('write')
            return running
        reopened = super(CollectionDispute, waiting).action_reopen()
        # decided before, it is contested as a whole again
        internal(reopened.sudo().line_ids.filtered('accepted')).accepted = 0
        return running | reopened

    # ------------------------------------------------------------------
    # A credit note is undone
    # ------------------------------------------------------------------
    def _on_credit_undone(self, credits):
        """The credit note that closed a dispute was reset to draft: what it credited is contested again, as decided.

        :param credits: ``account.move``
        """
        self.ensure_one()
        dispute = self.sudo()
        if dispute.state == 'closed' and dispute.outcome in ('accepted', 'partly'):
            dispute = dispute._reopen_undone(credits)
        dispute._message_log(
            body=self.env._("%s was reset to draft: the dispute is open again.", credits[:1].display_name),
            author_id=self.env.user.partner_id.id,
        )
        dispute._activity_update()

    def _reopen_undone(self, credits):
        """:return: the open dispute that contests what the credit notes credited"""
        lines = self._get_undone_lines(credits)
        if running := self._get_open_successor():
            running._contest_again(lines)
            return running
        decision = {'credit_outcome': self.outcome, **self._prepare_decision()}
        dispute = internal(self)
        if dispute._is_reopened_in_place():
            accepted = {line: line.accepted for line in self.line_ids}
            dispute.action_reopen()
            for line, amount in accepted.items():
                internal(line).accepted = amount
        else:
            dispute = dispute.copy(
                {
                    **super()._prepare_successor(),  # pylint: disable=super-method-mismatch
                    'line_ids': [Command.create(line._prepare_undone()) for line in lines],
                    'withheld_line_ids': [],
                }
            )
            self._message_log(body=self.env._("Taken up again as %s.", dispute.display_name))
            # those that stand stay with what they settled
            credits.sudo().collection_dispute_id = dispute
        internal(dispute).write(decision)
        return dispute.with_env(self.env)

    def _get_undone_lines(self, credits):
        """:return: the lines that these credit notes credited, others of the dispute left out"""
        credited = self.line_ids.filtered(lambda line: not line.currency_id.is_zero(line.accepted))
        standing = self.credit_note_ids.filtered(lambda move: move.state == 'posted') - credits
        moves = credits.sudo().reversed_entry_id & credited.move_id
        undone = credited.filtered(
            lambda line: line.move_id in moves if moves else line.move_id not in standing.reversed_entry_id
        )
        return undone or credited

    def _contest_again(self, lines):
        """Add to an open dispute what was credited of these lines of the dispute before it."""
        self.ensure_one()
        for line in lines:
            same = self.line_ids.filtered(
                lambda other, line=line: other.move_id == line.move_id and other.line_id == line.line_id
            )[:1]
            if same:
                internal(same).amount += line.accepted
            else:
                values = {**line._prepare_undone(), 'accepted': 0, 'dispute_id': self.id}
                internal(self.env['collection.dispute.line'].sudo()).create(values)

    def _prepare_decision(self):
        """:return: values that tell who decided, and when"""
        return {
            'accepted_on': self.accepted_on or self.closed_on,
            'accepted_by_id': self.accepted_by_id.id,
            'credit_reason': self.credit_reason,
        }


class CollectionDisputeLine(models.Model):
    """What of a line goes on when its dispute is taken up again."""

    _inherit = 'collection.dispute.line'  # pylint: disable=consider-merging-classes-inherited

    def _prepare_again(self):
        """:return: list of values of what is neither credited nor settled of these lines, what a collector holds held"""
        room = self._get_contestable(self.line_id)
        result = []
        for line in self:
            # a reset to draft deletes instalments: the invoice stays
            most = room[line.line_id] if line.line_id else line.move_id.amount_residual
            amount = line.currency_id.round(min(line.amount - line.accepted, most))
            if line.currency_id.compare_amounts(amount, 0) > 0:
                values = {**line.copy_data()[0], 'amount': amount, 'accepted': 0}
                if line.kind == 'withheld':
                    values['held_from'] = line.holds and line.company_id._collection_today()
                result.append(values)
        return result

    def _prepare_undone(self):
        """:return: values of what was credited of a line, accepted as before"""
        return {**self.copy_data()[0], 'amount': self.accepted, 'accepted': self.accepted}
