from markupsafe import Markup

from odoo import models
from odoo.tools import format_date


class CollectionCall(models.Model):
    """What a call leaves in the chatters: the case keeps what was said, the customer that he was asked how he is served.

    Any employee reads the customer's chatter: nothing there says that a payment was asked for, nor any amount. All of
    it is internal.
    """

    _inherit = 'collection.call'  # pylint: disable=consider-merging-classes-inherited

    def _log_made(self):
        """Note a call that reached somebody on its case, a satisfaction call on the customer as well."""
        for call in self:
            call._log_on_case({call: call._get_trace(with_note=True)})
            if call.purpose == 'satisfaction':
                call._log_on_customer({call: call._get_trace()})

    def _log_try(self):
        """Note on the case that nobody was reached."""
        for call in self:
            call._log_on_case({call: call._get_trace(with_note=True)})

    def _get_trace(self, with_note=False):
        """:return: who called whom about what, and how it went"""
        self.ensure_one()
        call = self.sudo()
        labels = {name: dict(self._fields[name]._description_selection(self.env)) for name in ('result', 'purpose')}
        dispute = call.dispute_id if call.result == 'dispute' else call.dispute_id.browse()
        parts = [
            call._get_html_link(title=labels['purpose'][call.purpose] + (f" ({self._get_channel()})")),
            call.contact_id.name or '',
            ', '.join(call._get_said_invoices(dispute)),
        ]
        said = ", ".join(filter(None, [labels['result'][call.result], dispute.type_id.name]))
        trace = Markup(" · ").join(filter(None, parts)) + Markup(": ") + said
        if with_note:
            if promised := call._say_promised():
                trace += Markup(": ") + promised
            trace += Markup().join(Markup("<br/>") + text for text in (dispute.reason, call.note) if text)
        return trace

    def _say_promised(self):
        """:return: what was promised in the call, for when: for the case, nobody else reads amounts"""
        promise = self.promise_id if self.result in ('promise', 'plan') else self.promise_id.browse()
        return ', '.join(
            self.env._(
                "%(amount)s for %(date)s",
                amount=promise._format_amounts(self.env, lines, 'amount'),
                date=format_date(self.env, day),
            )
            for day, lines in sorted(promise.line_ids.grouped('date').items())
        )

    def _get_said_invoices(self, dispute):
        """:return: numbers of the invoices a call was about: of what the customer contests, only what he contests"""
        moves = dispute.line_ids.move_id.sorted('id') if dispute else self._get_invoices()
        return [name for name in moves.mapped('name') if name]

    def _get_channel(self):
        return dict(self._fields['channel']._description_selection(self.env))[self.channel].lower()

    def _get_invoices(self):
        """:return: invoices (sudo) the call is about: those it was planned for, or that its steps ask for"""
        self.ensure_one()
        call = self.sudo()
        asked = (call.step_id | call._get_steps()).line_ids.filtered(
            lambda line: line.role == 'asked' and not line.cancelled
        )
        return (call.move_ids | asked.move_id).sorted(lambda move: (move.invoice_date_due or move.date, move.id))
