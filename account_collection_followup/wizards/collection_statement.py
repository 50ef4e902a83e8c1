from collections import namedtuple

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.collection_item import BUCKETS
from ..tools import Section

#: rows of the list that fit on the first page, beside the totals
FIRST_PAGE_ROWS = 22
#: what a currency amounts to: ``ages`` in the order of the buckets, ``credit`` what is to the customer's credit
Total = namedtuple('Total', ['currency_id', 'ages', 'credit', 'balance'])


class CollectionStatement(models.TransientModel):
    """The statement of account of some customers on any date, as a PDF in the language of each.

    What it shows are the open items of that date, see ``collection.item``.
    """

    _name = 'collection.statement'
    _description = "Statement of Account"

    date = fields.Date(
        "At",
        required=True,
        default=lambda self: self.env.company._collection_today(),
        help="A past date shows the account as it stood at the end of that day; today shows it as it stands now.",
    )
    partner_ids = fields.Many2many('res.partner', string="Customers", required=True)
    company_id = fields.Many2one(
        'res.company', required=True, default=lambda self: self.env.company._collection_root(), readonly=True
    )

    @api.model
    def default_get(self, fields):
        vals = super().default_get(fields)
        if 'partner_ids' in fields and self.env.context.get('active_model') == 'res.partner':
            vals.setdefault('partner_ids', [(6, 0, self.env.context.get('active_ids', []))])
        return vals

    def action_print(self):
        """Download the statements, one file for all customers."""
        self.ensure_one()
        if self.date > self.company_id._collection_today():
            raise UserError(self.env._("A statement cannot be made for a future date."))
        self.env['collection.step']._check_printer()
        action = self.env.ref('account_collection_followup.action_report_statement').report_action(self, config=False)
        return dict(action, close_on_report_download=True)

    def _get_file_name(self):
        self.ensure_one()
        customers = self.partner_ids.commercial_partner_id
        return self.env._(
            "Statement of account %(customer)s %(date)s",
            customer=customers.name if len(customers) == 1 else len(customers),
            date=fields.Date.to_string(self.date),
        )

    # ------------------------------------------------------------------
    # Contents
    # ------------------------------------------------------------------
    def _get_statements(self):
        """:return: the statement of each customer as HTML, in the order they were chosen"""
        self.ensure_one()
        self.company_id.check_access('read')
        customers = self.partner_ids.commercial_partner_id
        items = self._get_items(customers).grouped('partner_id')
        empty = self.env['collection.item'].browse()
        return [self._render_statement(customer, items.get(customer, empty)) for customer in customers]

    def _get_items(self, customers):
        """:return: their open items at the date, as far as the user may see them"""
        return (
            self.env['collection.item']
            ._with_date(self.date)
            .search(
                [('partner_id', 'in', customers.ids), ('company_id', 'child_of', self.company_id.id)],
                order='due_date, id',
            )
        )

    def _render_statement(self, customer, items):
        statement = self.with_context(lang=customer.lang or self.env.lang)
        return statement.env['collection.letter']._render(
            'statement_document', statement._prepare_statement(customer, items.with_context(lang=statement.env.lang))
        )

    def _prepare_statement(self, customer, items):
        """:return: values of the template of a statement"""
        letter = self.env['collection.letter']
        companies = items.company_id
        company = (companies if len(companies) == 1 else self.company_id).sudo()
        contact = letter._get_postal_partner(self._get_contact(customer), customer) or customer
        body, annex = letter._cut(self._get_sections(items), FIRST_PAGE_ROWS)
        return {
            **letter._prepare_frame(company, letter._get_address(contact, company), letter._get_logo_uri(company)),
            'customer': customer,
            'date': letter._format_day(self.date),
            'ages': [label for _code, label in self._get_buckets()],
            'totals': self._get_totals(items),
            'sections': body,
            'annex': annex,
            'bank': letter._get_bank_account(company),
            'get_remark': self._get_remark,
        }

    def _get_contact(self, customer):
        """:return: the contact who receives a customer's invoices"""
        return self.env['res.partner'].browse(customer.sudo().address_get(['invoice'])['invoice'])

    def _get_buckets(self):
        return self.env['collection.item']._fields['bucket']._description_selection(self.env)

    def _get_sections(self, items):
        """:return: per currency what is open and what is to the customer's credit"""
        sections = []
        for currency, group in items.grouped('currency_id').items():
            owed = group.filtered(lambda item: item.residual_currency > 0)
            sections.append(Section('open', self.env._("Open items, %s", currency.name), owed, False))
            sections.append(Section('credit', self.env._("To your credit, %s", currency.name), group - owed, False))
        return [section for section in sections if section.lines]

    def _get_totals(self, items):
        """:return: :class:`Total` of each currency: what is owed by age, what is to the customer's credit, the balance"""
        totals = []
        for currency, group in items.grouped('currency_id').items():
            owed = group.filtered(lambda item: item.residual_currency > 0)
            ages = [
                sum(owed.filtered(lambda item, code=code: item.bucket == code).mapped('residual_currency'))
                for code, _label in BUCKETS
            ]
            credit = sum((group - owed).mapped('residual_currency'))
            totals.append(Total(currency, ages, credit, sum(ages) + credit))
        return totals

    @api.model
    def _get_remark(self, item):
        """:return: what was agreed about an item, as the customer may read it"""
        remarks = []
        if item.disputed:
            remarks.append(self.env._("Being examined: %s", item.currency_id.format(item.disputed)))
        if item.promised:
            remarks.append(self.env._("Payment agreed: %s", item.currency_id.format(item.promised)))
        if item.kind == 'payment':
            remarks.append(self.env._("Received, not yet allocated"))
        elif item.kind == 'refund':
            remarks.append(self.env._("Credit note"))
        return Markup('<br/>').join(remarks)
