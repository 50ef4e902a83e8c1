from markupsafe import Markup

from odoo import models


class CollectionCall(models.Model):
    """What a call leaves in the chatters: the case keeps what was said, the customer that somebody spoke to him.

    The customer's chatter is read by colleagues without accounting rights: it gets no amount. All of it is internal.
    """

    _inherit = 'collection.call'  # pylint: disable=consider-merging-classes-inherited

    def _log_made(self):
        """Note a call that reached somebody on its case and on the customer."""
        for call in self:
            call._log_on_case({call: call._get_trace(with_note=True)})
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
        parts = [
            call._get_html_link(title=labels['purpose'][call.purpose] + (f" ({self._get_channel()})")),
            call.contact_id.name or '',
            ', '.join(call._get_invoices().mapped('name')),
        ]
        trace = Markup(" · ").join(filter(None, parts)) + Markup(": ") + labels['result'][call.result]
        if with_note and call.note:
            trace += Markup("<br/>") + call.note
        return trace

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
