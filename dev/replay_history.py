"""What a history file says: invoices, and what becomes of each of them."""

import csv
import zlib
from datetime import date, timedelta

FIELDS = (
    "country customer_ID invoice_number invoice_date due_date invoice_amount_usd disputed dispute_lost settled_date"
)
#: a customer who does not pay contests so long
UNPAID_DISPUTE_DAYS = 30
BROKEN_DAYS = 7


def draw(text, sides):
    """:return: a number below ``sides``, always the same for the same text"""
    return zlib.crc32(text.encode()) % sides


def wrong_columns(row):
    return [name for name in FIELDS.split() if name not in row]


class Invoice:
    """An invoice of the history: facts of the file, and the Odoo record once it is posted."""

    def __init__(self, row, stretch):
        self.number, self.customer, self.country = row["invoice_number"], row["customer_ID"], row["country"]
        self.issued, self.due = date.fromisoformat(row["invoice_date"]), date.fromisoformat(row["due_date"])
        self.amount = float(row["invoice_amount_usd"])
        settled = date.fromisoformat(row["settled_date"])
        self.disputed_on = self.dispute_ends = None
        if row["disputed"] == "1":
            days = (min(self.due, settled) - self.issued).days
            self.disputed_on = self.issued + timedelta(days=draw(self.number, days + 1))
        self.settled = self.due + (settled - self.due) * stretch if settled > self.due else settled
        self.lost = row["dispute_lost"] == "1"
        if self.disputed_on:
            self.dispute_ends = self.settled
        self.move = self.dispute = None
        #: (made on, promised for), as the collector was told
        self.promises = []

    def never_settle(self):
        self.settled, self.lost = None, False
        if self.disputed_on:
            self.dispute_ends = self.disputed_on + timedelta(days=UNPAID_DISPUTE_DAYS)

    def is_open(self, day):
        """:return: whether the invoice is out and not settled at the end of the day"""
        return self.issued <= day and not (self.settled and self.settled <= day)

    def is_disputed(self, day):
        return bool(self.disputed_on and self.disputed_on <= day < self.dispute_ends)

    def get_promised_date(self, day):
        """:return: what the customer promises when called: the day he pays, one in four a week too early"""
        if draw(self.customer, 4):
            return self.settled
        return max(day, self.settled - timedelta(days=BROKEN_DAYS))


class History:
    """The invoices of a file, and what happens on a day."""

    def __init__(self, path, limit=None, stretch=1, never_pay=0):
        with open(path, newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
        if not rows or wrong_columns(rows[0]):
            raise SystemExit(f"{path}: not a history. Its columns are: {', '.join(FIELDS.split())}.")
        self.invoices = sorted((Invoice(row, stretch) for row in rows), key=lambda one: (one.issued, one.number))[
            :limit
        ]
        self.customers = sorted({invoice.customer for invoice in self.invoices})
        self.unpaid = set(sorted(self.customers, key=lambda name: (draw(name, 2**32), name))[:never_pay])
        for invoice in self.invoices:
            if invoice.customer in self.unpaid:
                invoice.never_settle()
        self.first = self.invoices[0].issued
        self.last = max(one.settled or one.due for one in self.invoices)
        self.issued = self._group("issued")
        self.settled = self._group("settled")
        self.disputed = self._group("disputed_on")
        self.solved = self._group("dispute_ends")

    def _group(self, name):
        groups = {}
        for invoice in self.invoices:
            groups.setdefault(getattr(invoice, name), []).append(invoice)
        return groups

    def get_days(self):
        return [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]

    def get_month_ends(self):
        return [day for day in self.get_days() if (day + timedelta(days=1)).day == 1]

    def get_open(self, day):
        return [invoice for invoice in self.invoices if invoice.is_open(day)]
