from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import format_date

from .collection_circuit_mixin import MONTH_END
from .collection_fact import internal, is_internal


class CollectionCircuit(models.Model):
    """How an invoice gets paid at a customer's: who approves, who pays, what they want with it, and when (R21).

    One per customer and root company. The people are the contacts that carry the roles; they are not kept
    twice. Sales and operations fill it in without accounting rights: it holds no receivable.
    """

    _name = 'collection.circuit'
    _description = "Circuit of the Invoice"
    _inherit = ['collection.circuit.mixin', 'mail.thread']
    _rec_name = 'partner_id'

    partner_id = fields.Many2one('res.partner', "Customer", required=True, index=True, ondelete='cascade')
    company_id = fields.Many2one(
        'res.company', required=True, index=True, default=lambda self: self.env.company._collection_root()
    )
    order_number = fields.Selection(tracking=True)
    sending = fields.Selection(tracking=True)
    portal = fields.Char(tracking=True)
    payment_rhythm = fields.Selection(tracking=True)
    payment_days = fields.Char(tracking=True)
    documents = fields.Char(tracking=True)
    approver_ids = fields.Many2many('res.partner', string="Approved by", compute='_compute_people')
    payer_ids = fields.Many2many('res.partner', string="Paid by", compute='_compute_people')
    confirmed_on = fields.Date(readonly=True, copy=False, tracking=True)
    confirmed_by_id = fields.Many2one('res.users', readonly=True, copy=False)
    text = fields.Text("Circuit", compute='_compute_text')

    _one_each = models.UniqueIndex("(partner_id, company_id)", "This customer's circuit is described already.")

    # ------------------------------------------------------------------
    # Guard
    # ------------------------------------------------------------------
    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_confirmation(vals)
            partner = self.env['res.partner'].sudo().browse(vals.get('partner_id'))
            company = self.env['res.company'].browse(vals.get('company_id') or self.env.company.id)
            partner.with_env(self.env)._check_collection_file(company)
            vals.update(partner_id=partner.commercial_partner_id.id, company_id=company.sudo()._collection_root().id)
        return super().create(vals_list)

    def write(self, vals):
        self._check_confirmation(vals)
        if {'partner_id', 'company_id'} & vals.keys() and not is_internal(self):
            raise AccessError(self.env._("The circuit of a customer cannot become another customer's."))
        for circuit in self:
            circuit.partner_id._check_collection_file(circuit.company_id)
        return super().write(vals)

    @api.model
    def _check_confirmation(self, vals):
        if {'confirmed_on', 'confirmed_by_id'} & vals.keys() and not is_internal(self):
            raise AccessError(self.env._("Who confirmed a circuit and when is noted by the button."))

    def _confirm(self):
        """Note that the file is right as of today (R22)."""
        self.check_access('write')
        for circuit in self:
            internal(circuit).write(
                {'confirmed_on': circuit.company_id._collection_today(), 'confirmed_by_id': self.env.uid}
            )

    @api.model
    def _get_for(self, partners, company):
        """:return: dict {customer: his circuit in the root of a company, empty if nothing is known}"""
        root = company.sudo()._collection_root()
        found = self.search([('partner_id', 'in', partners.commercial_partner_id.ids), ('company_id', '=', root.id)])
        by_customer = {circuit.partner_id.id: circuit for circuit in found}
        return {partner: by_customer.get(partner.commercial_partner_id.id, self.browse()) for partner in partners}

    # ------------------------------------------------------------------
    # In words
    # ------------------------------------------------------------------
    @api.depends('partner_id')
    def _compute_people(self):
        contacts = (
            self.env['res.partner']
            .sudo()
            .search([('commercial_partner_id', 'in', self.partner_id.ids), ('collection_role_ids', '!=', False)])
        )
        by_customer = contacts.grouped('commercial_partner_id')
        payers = self.env['collection.contact.role']._get_payer_codes()
        for circuit in self:
            there = by_customer.get(circuit.sudo().partner_id, contacts.browse())
            paying = there.filtered(lambda contact: payers & set(contact.collection_role_ids.mapped('code')))
            circuit.payer_ids = paying
            circuit.approver_ids = there.filtered(
                lambda contact: {'approver', 'authorising_officer'} & set(contact.collection_role_ids.mapped('code'))
            )

    @api.depends(
        'order_number', 'sending', 'portal', 'payment_rhythm', 'payment_days', 'documents', 'note', 'confirmed_on'
    )
    def _compute_text(self):
        """The circuit in a few lines, for who reads it while talking."""
        for circuit in self:
            circuit.text = '\n'.join(filter(None, circuit._get_lines()))

    def _get_lines(self):
        """:return: list of short sentences, False for what is not known"""
        self.ensure_one()
        names = {
            'approver_ids': ', '.join(self.sudo().approver_ids.mapped('name')),
            'payer_ids': ', '.join(self.sudo().payer_ids.mapped('name')),
        }
        orders = {'yes': self.env._("Order number required"), 'no': self.env._("No order number needed")}
        sending = dict(self._fields['sending']._description_selection(self.env)).get(self.sending)
        return [
            names['approver_ids'] and self.env._("Approved by %s", names['approver_ids']),
            names['payer_ids'] and self.env._("Paid by %s", names['payer_ids']),
            orders.get(self.order_number),
            sending and self.env._("Invoices are sent: %s", ' '.join(filter(None, [sending, self._get_portal()]))),
            self._say_payment_days(),
            self.documents and self.env._("Wanted with the invoice: %s", self.documents),
            self.note,
        ]

    def _get_portal(self):
        return f"({self.portal})" if self.sending == 'portal' and self.portal else ''

    def _say_payment_days(self):
        """:return: when the customer pays, in words, False if that is not known"""
        if self.payment_rhythm != 'days':
            return self.payment_rhythm == 'any' and self.env._("Pays on any day")
        days = [str(day) if day < MONTH_END else self.env._("end of month") for day in self._get_payment_days()]
        return self.env._(
            "Pays on: %(days)s (next: %(date)s)",
            days=', '.join(days),
            date=format_date(self.env, self._next_payment_day(self.company_id._collection_today())),
        )
