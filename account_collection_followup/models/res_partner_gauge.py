from collections import namedtuple

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import format_date

from ..tools import is_phone

CALLER = 'account_collection_followup.group_collection_caller'
RESOLVER = 'account_collection_followup.group_collection_resolver'

#: how complete a customer's file is: percent, what is missing in words, when it was confirmed, whether that is too old
Gauge = namedtuple('Gauge', ['percent', 'gaps', 'confirmed_on', 'stale'])


class ResPartner(models.Model):
    """The qualified customer file: what is known, what is missing, and whether it is still right (R21, R22).

    Nothing is stored: the gauge follows from contacts, roles and circuit. Which roles are wanted follows from
    whom the customer's policy writes to.
    """

    _inherit = 'res.partner'  # pylint: disable=consider-merging-classes-inherited

    collection_circuit_ids = fields.One2many('collection.circuit', 'partner_id', string="Circuits", groups=RESOLVER)
    collection_circuit_id = fields.Many2one(
        'collection.circuit', string="Circuit", compute='_compute_collection_file', groups=RESOLVER
    )
    collection_circuit_text = fields.Text("How invoices get paid", compute='_compute_collection_file', groups=RESOLVER)
    collection_file_percent = fields.Integer("Customer file", compute='_compute_collection_file', groups=RESOLVER)
    collection_file_gaps = fields.Text("Missing", compute='_compute_collection_file', groups=RESOLVER)
    collection_file_stale = fields.Boolean(compute='_compute_collection_file', groups=RESOLVER)
    collection_file_text = fields.Char("Confirmed", compute='_compute_collection_file', groups=RESOLVER)

    @api.depends(
        'collection_role_ids',
        'phone',
        'email',
        'lang',
        'street',
        'city',
        'commercial_partner_id',
        'collection_circuit_ids.confirmed_on',
    )
    @api.depends_context('company', 'lang')
    def _compute_collection_file(self):
        company = self.env.company.sudo()._collection_root()
        customers = self.commercial_partner_id._origin
        gauges = customers._get_collection_gauges(company)
        circuits = self.env['collection.circuit'].sudo()._get_for(customers, company)
        empty = Gauge(0, [], False, False)
        for partner in self:
            customer = partner.commercial_partner_id._origin
            gauge = gauges.get(customer, empty)
            circuit = circuits.get(customer, self.env['collection.circuit'])
            partner.collection_circuit_id = circuit.with_env(self.env)
            partner.collection_circuit_text = circuit.text
            partner.collection_file_percent = gauge.percent
            partner.collection_file_gaps = '\n'.join(gauge.gaps)
            partner.collection_file_stale = gauge.stale
            partner.collection_file_text = self._say_confirmed(gauge)

    @api.model
    def _say_confirmed(self, gauge):
        if not gauge.confirmed_on:
            return self.env._("Never confirmed")
        day = format_date(self.env, gauge.confirmed_on)
        return self.env._("Confirmed on %s, check again", day) if gauge.stale else self.env._("Confirmed on %s", day)

    # ------------------------------------------------------------------
    # Gauge
    # ------------------------------------------------------------------
    def _get_collection_gauges(self, company):
        """How complete the files of some customers are, worked out for all of them at once.

        :param company: ``res.company``; a branch counts for its root
        :return: dict {customer: :class:`Gauge`}
        """
        root = company.sudo()._collection_root()
        customers = self.sudo().commercial_partner_id
        circuits = self.env['collection.circuit'].sudo()._get_for(customers, root)
        contacts = self.sudo().search([('commercial_partner_id', 'in', customers.ids)], order='id')
        contacts.fetch(['collection_role_ids', 'email_normalized', 'phone', 'lang', 'street', 'city', 'is_company'])
        by_customer = contacts.grouped('commercial_partner_id')
        policies = customers._get_collection_policies(root)
        roles = {
            policy: policy.sudo().level_ids.filtered('active').recipient_role_ids for policy in set(policies.values())
        }
        limit = root._collection_today() - relativedelta(months=root.collection_contact_months)
        result = {}
        for customer in customers:
            gaps = customer._get_file_gaps(
                by_customer.get(customer, customer), circuits[customer], roles[policies[customer]]
            )
            found = [gap for gap in gaps if gap]
            confirmed_on = circuits[customer].confirmed_on
            result[customer.with_env(self.env)] = Gauge(
                percent=round(100 * (len(gaps) - len(found)) / len(gaps)),
                gaps=found,
                confirmed_on=confirmed_on,
                stale=not confirmed_on or bool(root.collection_contact_months and confirmed_on < limit),
            )
        return result

    def _get_file_gaps(self, there, circuit, roles):
        """What is known about a customer, point by point.

        :param there: his contacts, himself included
        :param circuit: his ``collection.circuit``, possibly empty
        :param roles: the roles his policy writes to
        :return: list with, for each point, what is missing in words, or False
        """
        self.ensure_one()
        points = [
            self._get_payer_gap(there, roles),
            not circuit.order_number and self.env._("Order number: required or not"),
            (not circuit.sending and self.env._("How invoices are sent"))
            or (circuit.sending == 'portal' and not circuit.portal and self.env._("Which portal")),
            not circuit.payment_rhythm and self.env._("Days on which he pays"),
            not self.lang and self.env._("Language"),
            not (self.street and self.city) and self.env._("Address"),
        ]
        deciders = self._get_decider_roles(roles)
        if deciders:
            points.insert(1, self._get_decider_gap(there, deciders))
        return points

    def _get_payer_gap(self, there, roles):
        """:return: what is missing of who pays: somebody with telephone and e-mail, a person himself for his own"""
        codes = self.env['collection.contact.role']._get_payer_codes()
        named = roles.filtered(lambda role: role.code in codes) or self._get_collection_payable_role()
        holders = there.filtered(lambda contact: contact.collection_role_ids & named)
        if not self.is_company:
            holders |= self
        name = ', '.join(named.with_env(self.env).mapped('name')) or self.env._("Who pays")
        if not holders:
            return self.env._("%s: nobody", name)
        if not any(is_phone(holder.phone) and holder._is_reachable_by('phone') for holder in holders):
            return self.env._("%s: telephone", name)
        if not any(holder.email_normalized for holder in holders):
            return self.env._("%s: e-mail", name)
        return False

    @api.model
    def _get_decider_roles(self, roles):
        """:return: those among the roles of a policy that approve or decide"""
        codes = self.env['collection.contact.role']._get_payer_codes()
        return roles.filtered(lambda role: role.code not in codes)

    def _get_decider_gap(self, there, deciders):
        if any(contact.collection_role_ids & deciders for contact in there):
            return False
        return self.env._("%s: nobody", self.env._(" or ").join(deciders.with_env(self.env).mapped('name')))

    # ------------------------------------------------------------------
    # Buttons
    # ------------------------------------------------------------------
    def action_confirm_contacts(self):
        """Note that contacts and circuit of the customer are still right (R22)."""
        self._get_collection_circuits(self._get_file_company())._confirm()

    def action_check_contacts(self):
        """Complete the customer's file: what is missing, to be typed in."""
        self._check_collection_file(self._get_file_company())
        return self._get_collection_dialog('collection.contact.check', self.env._("Contacts and circuit"))

    def action_record_collection_stages(self):
        """Note where the customer's invoices stand at his."""
        self._check_collection_role()
        return self._get_collection_dialog('collection.circuit.record', self.env._("Where the invoices stand"))

    def _get_collection_dialog(self, model, name):
        self.ensure_one()
        return {
            'type': 'ir.actions.act_window',
            'res_model': model,
            'name': self.env._("%(what)s: %(customer)s", what=name, customer=self.commercial_partner_id.name),
            'target': 'new',
            'views': [(False, 'form')],
            'context': {
                'default_partner_id': self.commercial_partner_id.id,
                'default_company_id': self._get_file_company().id,
                'dialog_size': 'large',
            },
        }

    def _get_file_company(self):
        """:return: the root company whose file a button is about: that of the case it was pressed on, else the current
        one; the rules on circuits say whether the user may work there"""
        company = self.env['res.company'].browse(self.env.context.get('collection_company_id') or self.env.company.id)
        return company.sudo()._collection_root()

    def _get_collection_circuits(self, company=None):
        """:return: the circuits of these customers in the current company, made where there is none"""
        self._check_collection_role()
        circuits = self.env['collection.circuit']
        root = (company or self.env.company).sudo()._collection_root()
        found = circuits._get_for(self.commercial_partner_id, root)
        missing = [customer for customer, circuit in found.items() if not circuit]
        made = circuits.create([{'partner_id': customer.id, 'company_id': root.id} for customer in missing])
        return circuits.union(made, *found.values())

    def _check_collection_file(self, company):
        """Who may add to what is known of a customer: who may change contacts anyway, else who works with him.

        :param company: ``res.company``
        :raise AccessError: unless he is a customer of the desk; for who does not work the list, one of his own, or of
            his disputes and calls
        """
        self._check_collection_role()
        for customer in self.commercial_partner_id:
            if not customer._is_collection_file_open(company):
                raise AccessError(
                    self.env._(
                        "%s is not among your customers, disputes and calls: ask who may change contacts.",
                        customer.display_name,
                    )
                )

    def _is_collection_file_open(self, company):
        """:return: whether the user may add to what is known of this customer"""
        user, root = self.env.user, company.sudo()._collection_root()
        if self.env.su or self.has_access('write'):
            return True
        if self._is_collection_house() or root not in user.company_ids.sudo().root_id:
            return False
        if self.sudo().user_id == user:
            return True
        domain = [('partner_id', '=', self.id), ('company_id', '=', root.id)]
        if user.has_group(CALLER):
            return bool(self.sudo().customer_rank or self.env['collection.case'].search_count(domain, limit=1))
        return bool(
            self.env['collection.dispute'].search_count([*domain, ('state', '=', 'open')], limit=1)
            or self.env['collection.call'].search_count([*domain, ('state', '=', 'planned')], limit=1)
        )

    def _is_collection_house(self):
        """:return: whether it is one of our own companies, or a colleague"""
        partner = self.sudo().with_context(active_test=False)
        ours = self.env['res.company'].sudo().with_context(active_test=False)
        return bool(
            partner.user_ids.filtered(lambda user: not user.share)
            or ours.search_count([('partner_id', 'in', (partner | partner.commercial_partner_id).ids)], limit=1)
        )

    def _complete_collection_contact(self, values):
        """Write what a contact is missing. Who may not change contacts fills in, and replaces nothing: letters and
        passwords go where it says (R22).

        :param dict values: of fields of the contact
        :return: dict of what was left alone, because something else stands there
        :raise AccessError: if the contact is one of us
        """
        self.ensure_one()
        contact = self.sudo()
        if self.env.su or self.has_access('write'):
            contact.write(values)
            return {}
        if self._is_collection_house():
            raise AccessError(self.env._("%s is no contact of a customer.", contact.display_name))
        # with it he logs in
        kept = {'email'} if contact.with_context(active_test=False).user_ids else set()
        left = {
            name: value for name, value in values.items() if name in kept or contact._is_collection_value_kept(name)
        }
        contact.write({name: value for name, value in values.items() if name not in left})
        return left

    def _is_collection_value_kept(self, name):
        """:return: whether something stands in a field of a contact that only who may change contacts replaces"""
        self.ensure_one()
        return bool(self[name])

    @api.model
    def _check_collection_role(self):
        """:raise AccessError: unless the user has a role in Collections"""
        if not self.env.su and not self.env.user.has_group(RESOLVER):
            raise AccessError(self.env._("Only who has a role in Collections can do this."))
