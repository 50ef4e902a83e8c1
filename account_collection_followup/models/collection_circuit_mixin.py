import calendar
from datetime import date

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError

#: a payment day at or above this one means the end of the month
MONTH_END = 31

#: what circuit and dialog share
KNOWN = ('order_number', 'sending', 'portal', 'payment_rhythm', 'payment_days', 'documents', 'note')


class CollectionCircuitMixin(models.AbstractModel):
    """What there is to know about the way of an invoice at a customer's, apart from the people (R21)."""

    _name = 'collection.circuit.mixin'
    _description = "Way of an Invoice"

    order_number = fields.Selection(
        [('yes', "Required"), ('no', "Not required")], help="Whether the customer refuses invoices without one."
    )
    sending = fields.Selection(
        [('email', "By e-mail"), ('portal', "On a portal"), ('post', "By post")],
        string="Invoices are sent",
        help="How the customer wants to receive invoices.",
    )
    portal = fields.Char(help="Name or address of the customer's portal for invoices.")
    payment_rhythm = fields.Selection(
        [('any', "On any day"), ('days', "On fixed days")],
        string="Pays",
        help="Many customers pay on certain days of the month only.",
    )
    payment_days = fields.Char("Payment days", help="Days of the month, such as 10, 25. 31 is the end of the month.")
    documents = fields.Char("Documents wanted", help="What must come with the invoice: delivery note, time sheet…")
    note = fields.Text("Remark", help="Facts only: the customer may ask to read it.")

    @api.constrains('payment_rhythm', 'payment_days')
    def _check_payment_days(self):
        for circuit in self:
            if circuit.payment_rhythm == 'days' and not circuit._get_payment_days():
                raise ValidationError(self.env._("Enter the days of the month on which the customer pays: 10, 25."))

    def _get_payment_days(self):
        """:return: sorted days of the month the customer pays on, empty if on any

        :raise ValidationError: if the text names something else than days of a month
        """
        self.ensure_one()
        if self.payment_rhythm != 'days':
            return []
        words = (self.payment_days or '').replace(';', ',').replace(' ', ',').split(',')
        days = {word for word in words if word}
        if any(not day.isdecimal() or not 1 <= int(day) <= MONTH_END for day in days):
            raise ValidationError(
                self.env._("%s: payment days are days of the month, such as 10, 25.", self.payment_days)
            )
        return sorted(int(day) for day in days)

    def _next_payment_day(self, day):
        """:return: the first day on or after ``day`` on which the customer pays; ``day`` itself if he pays on any"""
        days = self._get_payment_days() if self else []
        for month in (day, day + relativedelta(months=1)) if days else ():
            last = calendar.monthrange(month.year, month.month)[1]
            for candidate in days:
                found = date(month.year, month.month, min(candidate, last))
                if found >= day:
                    return found
        return day
