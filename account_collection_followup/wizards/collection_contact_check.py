from odoo import Command, api, fields, models

from ..models.collection_circuit_mixin import KNOWN


class CollectionContactCheck(models.TransientModel):
    """What is missing of a customer's file, typed in while talking (R21, R22).

    Who has a role in Collections may use it, without rights on contacts: it adds contacts to this customer,
    completes those there are, and describes the circuit of the invoice.
    """

    _name = 'collection.contact.check'
    _description = "Check Contacts and Circuit"
    _inherit = ['collection.circuit.mixin']

    partner_id = fields.Many2one('res.partner', string="Customer", required=True, readonly=True)
    company_id = fields.Many2one('res.company', required=True, readonly=True)
    percent = fields.Integer("Customer file", compute='_compute_gauge')
    gaps = fields.Text("Missing", compute='_compute_gauge')
    confirmed = fields.Char(compute='_compute_gauge')
    lang = fields.Selection('_get_languages', "Language", help="Messages are written in it.")
    line_ids = fields.One2many('collection.contact.check.line', 'check_id', string="Contacts")

    @api.model
    def _get_languages(self):
        return self.env['res.lang'].get_installed()

    @api.depends('partner_id', 'company_id')
    def _compute_gauge(self):
        for check in self:
            gauge = check.partner_id._get_collection_gauges(check.company_id)[check.partner_id]
            check.percent = gauge.percent
            check.gaps = '\n'.join(gauge.gaps)
            check.confirmed = check.partner_id._say_confirmed(gauge)

    # ------------------------------------------------------------------
    # Opening
    # ------------------------------------------------------------------
    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        self.env['res.partner']._check_collection_role()
        partner = self.env['res.partner'].browse(values.get('partner_id'))
        if not partner:
            return values
        partner.check_access('read')
        customer = partner.commercial_partner_id
        company = self.env['res.company'].browse(values.get('company_id') or self.env.company.id)
        customer._check_collection_file(company)
        root = company.sudo()._collection_root()
        circuit = self.env['collection.circuit']._get_for(customer, root)[customer]
        values.update(
            {name: circuit[name] for name in KNOWN} if circuit else {},
            partner_id=customer.id,
            company_id=root.id,
            lang=customer.lang,
            line_ids=[Command.create(vals) for vals in self._prepare_lines(customer, root)],
        )
        return values

    @api.model
    def _prepare_lines(self, customer, company):
        """:return: values of a line per contact with a role, and of an empty one per role nobody has"""
        contacts = customer.sudo().search([('commercial_partner_id', '=', customer.id)], order='id')
        holders = contacts.filtered(lambda contact: contact.collection_role_ids or contact == customer)
        policy = customer._get_collection_policies(company)[customer].sudo()
        roles = policy.level_ids.filtered('active').recipient_role_ids | customer._get_collection_payable_role()
        missing = roles - holders.collection_role_ids
        return [
            {
                'contact_id': contact.id,
                'name': contact.name,
                'role_ids': [Command.set(contact.collection_role_ids.ids)],
                'phone': contact.phone,
                'email': contact.email,
                'do_not_call': contact.collection_do_not_call,
                'do_not_mail': contact.collection_do_not_mail,
            }
            for contact in holders
        ] + [{'role_ids': [Command.set(role.ids)]} for role in missing.sorted('sequence')]

    # ------------------------------------------------------------------
    # Saving
    # ------------------------------------------------------------------
    def action_save(self):
        """Keep what was typed in."""
        self._save()
        return {'type': 'ir.actions.act_window_close'}

    def action_confirm(self):
        """Keep what was typed in, and note that the file is right as of today."""
        self._save()._confirm()
        return {'type': 'ir.actions.act_window_close'}

    def _save(self):
        """:return: the circuit"""
        self.ensure_one()
        self.partner_id.check_access('read')
        self.partner_id._check_collection_file(self.company_id)
        for line in self.line_ids:
            line._save()
        if self.lang and self.lang != self.partner_id.lang:
            self.partner_id.sudo().lang = self.lang
        circuit = self.partner_id._get_collection_circuits(self.company_id)
        values = {name: self[name] for name in KNOWN if self[name] != circuit[name]}
        if values:
            circuit.write(values)
        return circuit
