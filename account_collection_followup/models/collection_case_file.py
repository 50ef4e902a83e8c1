from datetime import date

from odoo import api, fields, models
from odoo.fields import Domain

from .collection_circuit_mixin import KNOWN
from .collection_fact import internal


class CollectionCase(models.Model):
    """The customer's file on his case: whom to call, how invoices get paid there, what is missing (R20–R22)."""

    _inherit = 'collection.case'  # pylint: disable=consider-merging-classes-inherited

    contact_warning = fields.Char(compute='_compute_contact_warning', help="Why the call does not go to who pays.")
    circuit_text = fields.Text("How invoices get paid", compute='_compute_file')
    file_percent = fields.Integer("Customer file", compute='_compute_file')
    file_gaps = fields.Text("Missing", compute='_compute_file')
    file_stale = fields.Boolean(compute='_compute_file')
    file_text = fields.Char("File", compute='_compute_file')
    file_to_check = fields.Boolean(
        "Customer file to check",
        compute='_compute_file',
        search='_search_file_to_check',
        help="Something is missing, or it was not confirmed for long.",
    )

    @api.depends('partner_id', 'company_id')
    @api.depends_context('lang')
    def _compute_file(self):
        for company, cases in self.grouped('company_id').items():
            gauges = cases.partner_id._get_collection_gauges(company)
            circuits = self.env['collection.circuit'].sudo()._get_for(cases.partner_id, company)
            for case in cases:
                gauge = gauges[case.partner_id]
                case.file_percent = gauge.percent
                case.file_gaps = '\n'.join(gauge.gaps)
                case.file_stale = gauge.stale
                case.file_text = case.partner_id._say_confirmed(gauge)
                case.file_to_check = gauge.stale or bool(gauge.gaps)
                case.circuit_text = circuits[case.partner_id].text

    @api.model
    def _search_file_to_check(self, operator, value):
        """Open cases whose customer file is incomplete or was not confirmed for long."""
        if operator not in ('in', 'not in'):
            return NotImplemented
        cases = self.search([('state', '=', 'open')])
        wanted = True in value if operator == 'in' else True not in value
        found = cases.filtered(lambda case: case.file_to_check == wanted)
        return Domain('id', 'in', found.ids)

    @api.depends('partner_id', 'level_id', 'call_ids.state', 'call_ids.contact_id')
    @api.depends_context('lang')
    def _compute_contact_warning(self):
        callees, planned = self._get_callees(), self._get_planned_contacts()
        for case in self:
            case.contact_warning = case in callees and case.partner_id._get_callee_warning(
                planned.get(case), case._get_callee_roles(), callees[case]
            )

    def _get_callees(self):
        """Whom to call: who has the role that the level of the customer names, the first level before any (R20, R23).

        :return: dict case → recipients by telephone, see :meth:`res.partner._get_collection_recipients`
        """
        result = {}
        for roles, cases in self.grouped(lambda case: case._get_callee_roles()).items():
            found = cases.partner_id._get_collection_recipients(roles, need='phone')
            result.update({case: found[case.partner_id] for case in cases if case.partner_id in found})
        return result

    def _get_callee_roles(self):
        """:return: ``collection.contact.role`` of whom to call, accounts payable if no level names one"""
        self.ensure_one()
        level = self.level_id or self.policy_id.sudo()._get_climbing_levels()[:1]
        return level.sudo().recipient_role_ids or self.env['res.partner']._get_collection_payable_role()

    def _get_planned_contacts(self):
        """Whom the planned calls go to: the case shows nobody else. A satisfaction call says nothing about whom to call
        for what is overdue.

        :return: dict case → contact, of the cases whose planned call has one
        """
        planned = self.env['collection.call'].sudo()
        if self._origin:
            planned = planned.search(
                [('case_id', 'in', self._origin.ids), ('state', '=', 'planned'), ('contact_id', '!=', False)]
            )
        by_case = {
            call.case_id.id: call.contact_id
            for call in planned
            if call.purpose != 'satisfaction' or call.case_id.currency_id.is_zero(call.case_id.overdue)
        }
        return {case: by_case[case._origin.id].with_env(self.env) for case in self if case._origin.id in by_case}

    def action_check_contacts(self):
        """Complete the customer's file: what is missing, to be typed in."""
        return self._with_file().action_check_contacts()

    def action_confirm_contacts(self):
        """Note that contacts and circuit of the customer are still right (R22)."""
        return self._with_file().action_confirm_contacts()

    def action_record_stages(self):
        """Note where the customer's invoices stand at his."""
        return self._with_file().action_record_collection_stages()

    def _with_file(self):
        """:return: the customer for the company of the case, once its user may read it"""
        self.ensure_one()
        self.check_access('read')
        return self.partner_id.with_context(collection_company_id=self.company_id.id)

    # ------------------------------------------------------------------
    # Customers who become one
    # ------------------------------------------------------------------
    @api.model
    def _merge_open(self, sources, customer):
        # EXTENDS: a customer has one circuit and one set of credit data per company
        self._merge_circuits(sources, customer)
        self._merge_credits(sources, customer)
        return super()._merge_open(sources, customer)

    @api.model
    def _merge_circuits(self, sources, customer):
        """The circuit confirmed last stays, completed by what the others know."""
        circuits = self.env['collection.circuit'].sudo().search([('partner_id', 'in', (sources | customer).ids)])
        for group in circuits.grouped('company_id').values():
            ordered = group.sorted(
                lambda circuit: (circuit.confirmed_on or date.min, circuit.partner_id == customer, circuit.id)
            )
            kept, others = ordered[-1:], ordered[:-1]
            known = {name: value for other in others for name in KNOWN if (value := other[name])}
            values = {name: value for name, value in known.items() if not kept[name]}
            others.unlink()
            if values:
                internal(kept).write(values)

    @api.model
    def _merge_credits(self, sources, customer):
        """Credit data of the customer stay; those of the others are archived, or stay if he has none."""
        credits = self.env['collection.credit'].sudo().search([('partner_id', 'in', (sources | customer).ids)])
        for group in credits.grouped('company_id').values():
            ordered = group.sorted(lambda credit: (credit.partner_id != customer, -credit.id))
            ordered[1:].action_archive()
