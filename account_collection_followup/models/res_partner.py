from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

READERS = (
    'account.group_account_readonly,account.group_account_invoice,account_collection_followup.group_collection_caller'
)

#: what decides whether a message can reach a customer
REACH_FIELDS = frozenset({'active', 'collection_do_not_mail', 'collection_role_ids', 'email', 'message_bounce', 'type'})
#: what decides by which ladder a customer is followed
POLICY_FIELDS = frozenset({'collection_policy_id', 'property_collection_policy_id'})


class ResPartner(models.Model):
    """Who follows a customer up, by which ladder, and what his contacts do in payment."""

    _inherit = 'res.partner'

    collection_role_ids = fields.Many2many(
        'collection.contact.role',
        string="Roles in payment",
        groups='base.group_user',
        help="Levels write to the contacts that have the role they ask for.",
    )
    # stored under the root company: read and write them through the fields below
    property_collection_policy_id = fields.Many2one(
        'collection.policy', string="Assigned follow-up policy", company_dependent=True, groups=READERS, copy=False
    )
    property_collection_user_id = fields.Many2one(
        'res.users', string="Assigned collector", company_dependent=True, groups=READERS, copy=False
    )
    collection_policy_id = fields.Many2one(
        'collection.policy',
        string="Follow-up policy",
        groups=READERS,
        compute='_compute_collection_policy_id',
        inverse='_inverse_collection_policy_id',
        help="Leave empty for the company's default policy.",
    )
    collection_user_id = fields.Many2one(
        'res.users',
        string="Collector",
        groups=READERS,
        domain=[('share', '=', False)],
        compute='_compute_collection_user_id',
        inverse='_inverse_collection_user_id',
        help="Responsible for following this customer up. Leave empty for the company's default collector.",
    )

    collection_case_id = fields.Many2one(
        'collection.case',
        string="Open case",
        compute='_compute_collection_case_id',
        search='_search_collection_case_id',
        groups=READERS,
    )
    collection_sentence = fields.Text(
        "What happens next", compute='_compute_collection_sentence', groups=READERS, help="Asked of the ladder now."
    )
    collection_overdue = fields.Monetary("Overdue", compute='_compute_collection_case_id', groups=READERS)

    # ------------------------------------------------------------------
    # Case
    # ------------------------------------------------------------------
    @api.depends('commercial_partner_id')
    @api.depends_context('company')
    def _compute_collection_case_id(self):
        cases = self.env['collection.case'].search(
            [
                ('partner_id', 'in', self.commercial_partner_id.ids),
                ('company_id', '=', self.env.company._collection_root().id),
                ('state', '=', 'open'),
            ]
        )
        by_partner = cases.grouped('partner_id')
        for partner in self:
            partner.collection_case_id = by_partner.get(partner.commercial_partner_id, cases.browse())
            partner.collection_overdue = partner.collection_case_id.overdue

    def _search_collection_case_id(self, operator, value):
        """Customers by their open case in the current company; ``= False`` finds those without any."""
        cases = Domain('company_id', '=', self.env.company._collection_root().id) & Domain('state', '=', 'open')
        if operator in ('in', 'not in') and set(value) == {False}:
            customers = self.env['collection.case'].search(cases).partner_id
            return Domain('commercial_partner_id', 'not in' if operator == 'in' else 'in', customers.ids)
        if operator == 'any':
            cases &= Domain(value)
        elif operator == 'in':
            cases &= Domain('id', 'in', value)
        else:
            return NotImplemented
        return Domain('commercial_partner_id', 'in', self.env['collection.case'].search(cases).partner_id.ids)

    @api.depends('collection_case_id')
    def _compute_collection_sentence(self):
        for partner in self:
            partner.collection_sentence = partner.collection_case_id.sentence

    def action_view_collection_case(self):
        """Open the customer's case in the current company; who works the list opens one where there is none."""
        return self._get_collection_case().get_formview_action()

    def action_log_collection_call(self):
        """Log a call with the customer."""
        return self._get_collection_case().action_log_call()

    def action_add_collection_hold(self):
        """Stop messages to the customer until a date."""
        return self._get_collection_case().action_add_hold()

    def _get_collection_case(self):
        """:return: the customer's open case in the current company, opened if there is none

        :raise UserError: if there is none and the user does not work the list
        """
        self.ensure_one()
        self.env['collection.case'].check_access('read')
        case = self.collection_case_id
        if not case and not self.env.user.has_group('account_collection_followup.group_collection_caller'):
            raise UserError(self.env._("%s is not followed up at present.", self.commercial_partner_id.display_name))
        return case or self.env['collection.case']._open_for(self, self.env.company)[self.commercial_partner_id]

    # ------------------------------------------------------------------
    # Changes of the customer
    # ------------------------------------------------------------------
    @api.model_create_multi
    def create(self, vals_list):
        if any(vals.get(name) for vals in vals_list for name in POLICY_FIELDS):
            self._check_policy_access()
        return super().create(vals_list)

    def write(self, vals):
        if any(
            partner.sudo()[name].id != (vals[name] or False) for name in POLICY_FIELDS & vals.keys() for partner in self
        ):
            self._check_policy_access()
        if not {'parent_id', 'is_company', 'company_type'} & vals.keys():
            result = super().write(vals)
            if REACH_FIELDS & vals.keys():
                self._mark_followed_up()
            return result
        customers = self.filtered(lambda partner: partner.commercial_partner_id == partner)
        result = super().write(vals)
        for partner in customers:
            if partner.commercial_partner_id != partner:
                # his invoices are his parent company's from now on, and so is what was said about them
                self.env['collection.case'].sudo()._move_history(partner, partner.commercial_partner_id)
        return result

    def _mark_followed_up(self):
        """The worklist says whether a customer can be reached: it is worked out again for those who have a case."""
        cases = self.env['collection.case'].sudo()
        followed = cases.search([('partner_id', 'in', self.commercial_partner_id.ids), ('state', '=', 'open')])
        for company, some in followed.grouped('company_id').items():
            cases._mark_dirty(some.partner_id.ids, company.ids, later=True)

    def _check_policy_access(self):
        """:raise AccessError: unless a collector decides by which ladder a customer is followed"""
        if not self.env.su and not self.env.user.has_group('account_collection_followup.group_collection_collector'):
            raise AccessError(self.env._("Only a collector can assign a follow-up policy to a customer."))

    # ------------------------------------------------------------------
    # Assignment, kept under the root company (R69)
    # ------------------------------------------------------------------
    def _with_collection_root(self):
        """:return: the commercial partners in the root company, where assignments are kept.
        As superuser: who works in a branch only may not enter its root."""
        return self.sudo().commercial_partner_id.with_company(self.env.company.sudo()._collection_root())

    @api.depends('property_collection_policy_id', 'commercial_partner_id')
    @api.depends_context('company')
    def _compute_collection_policy_id(self):
        for partner in self:
            partner.collection_policy_id = partner._with_collection_root().property_collection_policy_id

    def _inverse_collection_policy_id(self):
        for partner in self:
            partner._with_collection_root().property_collection_policy_id = partner.collection_policy_id

    @api.depends('property_collection_user_id', 'commercial_partner_id')
    @api.depends_context('company')
    def _compute_collection_user_id(self):
        for partner in self:
            partner.collection_user_id = partner._with_collection_root().property_collection_user_id

    def _inverse_collection_user_id(self):
        for partner in self:
            partner._with_collection_root().property_collection_user_id = partner.collection_user_id

    # ------------------------------------------------------------------
    # Policy in force
    # ------------------------------------------------------------------
    def _get_collection_policies(self, company):
        """The policy in force for customers: the assigned one while it is active, else the company's (R47).

        :param company: ``res.company``; a branch uses its root's
        :return: dict {partner: ``collection.policy``, possibly empty}
        """
        root = company.sudo()._collection_root()
        default = root.collection_policy_id
        policies = {}
        for partner in self:
            customer = partner.sudo().commercial_partner_id.with_company(root)
            assigned = customer.property_collection_policy_id
            usable = assigned.active and assigned.company_id in (self.env['res.company'], root)
            policies[partner] = (assigned if usable else default).with_env(self.env)
        return policies

    def _collection_policy(self, company):
        """:return: the policy in force for one customer, see :meth:`_get_collection_policies`"""
        self.ensure_one()
        return self._get_collection_policies(company)[self].sudo()

    # ------------------------------------------------------------------
    # Sales rep
    # ------------------------------------------------------------------
    def _get_collection_salespersons(self, company):
        """The sales rep in front of each customer: he is told first (R13, R53).

        The responsible of the contact, of the customer, the salesperson of the latest invoice,
        the company's default collector; the first there is who is active, internal and has a role in
        Collections: what is given to anybody else could not be opened by him.

        :param company: ``res.company``; a branch counts for its root
        :return: dict {partner: ``res.users``, possibly empty}
        """
        root = company.sudo()._collection_root()
        partners = self.sudo()
        direct = {
            partner: self._get_usable_user(partner.user_id, partner.commercial_partner_id.user_id)
            for partner in partners
        }
        missing = partners.filtered(lambda partner: not direct[partner]).commercial_partner_id
        invoiced = missing._get_latest_salespersons(root) if missing else {}
        users = self.env['res.users']
        return {
            partner.with_env(self.env): (
                user or invoiced.get(partner.commercial_partner_id, users) or root.collection_user_id
            ).with_env(self.env)
            for partner, user in direct.items()
        }

    def _collection_salesperson(self, company):
        """:return: the sales rep of one customer, see :meth:`_get_collection_salespersons`"""
        self.ensure_one()
        return self._get_collection_salespersons(company)[self]

    @api.model
    def _get_usable_user(self, *users):
        """:return: the first of these users who is active, internal and has a role in Collections"""
        empty, group = self.env['res.users'].sudo(), 'account_collection_followup.group_collection_resolver'
        return next((user for user in users if user.active and not user.share and user.has_group(group)), empty)

    @api.model
    def _get_collection_responsible(self, case, company, *before, group=None):
        """Who looks after a customer: the responsible of his case, else the company's collector, else its manager.

        :param case: ``collection.case``, possibly empty
        :param company: root company
        :param before: users who come first
        :param group: XML id of a group the user must have, besides a role in Collections
        :return: ``res.users``, empty if nobody is there
        """
        users = (*before, case.user_id, company.collection_user_id, company.collection_manager_id)
        return self._get_usable_user(*(user for user in users if not group or (user and user.has_group(group))))

    def _get_latest_salespersons(self, root):
        """:return: dict {customer: salesperson of his latest invoice that has a usable one}"""
        resolvers = self.env.ref('account_collection_followup.group_collection_resolver')
        companies = self.env['res.company'].sudo().with_context(active_test=False).search([('id', 'child_of', root.id)])
        groups = (
            self.env['account.move']
            .sudo()
            ._read_group(
                [
                    ('commercial_partner_id', 'in', self.ids),
                    ('company_id', 'in', companies.ids),
                    ('state', '=', 'posted'),
                    ('move_type', 'in', ('out_invoice', 'out_refund')),
                    ('invoice_user_id.active', '=', True),
                    ('invoice_user_id.share', '=', False),
                    ('invoice_user_id.all_group_ids', 'in', resolvers.ids),
                ],
                ['commercial_partner_id', 'invoice_user_id'],
                ['invoice_date:max', 'id:max'],
            )
        )
        latest = {}
        for partner, user, date, move_id in groups:
            latest.setdefault(partner, []).append((date, move_id, user))
        return {partner: max(found, key=lambda row: row[:2])[2] for partner, found in latest.items()}
