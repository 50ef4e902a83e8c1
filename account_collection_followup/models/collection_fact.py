from collections import defaultdict

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

#: cannot travel through RPC, unlike any value a client could put in its context
SENTINEL = object()
CONTEXT_KEY = 'collection_internal'


def internal(records):
    """:return: the same records, allowed to write what only methods may write. Never returned to a caller."""
    return records.with_context(**{CONTEXT_KEY: SENTINEL})


def is_internal(records):
    """:return: whether the records come from :func:`internal`"""
    return records.env.context.get(CONTEXT_KEY) is SENTINEL


class CollectionFact(models.AbstractModel):
    """A dated fact about a customer: a dispute, a promise, a call, a hold.

    Facts are append-only: what happened is not rewritten, so that any past day
    can be asked. They belong to the commercial partner and to the root company,
    and creating one opens a case if the customer has none.

    A model that inherits this names in ``_guarded_fields`` the fields that only
    its own methods may write, and in ``_frozen_fields`` those fixed at creation.
    Its methods write them through :func:`internal`.
    """

    _name = 'collection.fact'
    _description = "Collection Fact"

    _guarded_fields = frozenset()
    _frozen_fields = frozenset({'case_id', 'partner_id', 'company_id'})

    # not required, so that a form may leave it to create()
    case_id = fields.Many2one('collection.case', index=True, ondelete='restrict', copy=False, readonly=True)
    partner_id = fields.Many2one('res.partner', string="Customer", required=True, index=True, ondelete='restrict')
    company_id = fields.Many2one(
        'res.company', required=True, index=True, default=lambda self: self.env.company._collection_root()
    )

    # ------------------------------------------------------------------
    # Guard
    # ------------------------------------------------------------------
    @api.model
    def _check_guarded(self, names):
        """:raise AccessError: if one of the fields is only written by this model's methods"""
        refused = self._guarded_fields.intersection(names)
        if refused and not is_internal(self):
            raise AccessError(
                self.env._(
                    "%(fields)s of a %(document)s cannot be written directly: use its buttons.",
                    fields=', '.join(sorted(refused)),
                    document=self._description,
                )
            )

    @api.model
    def _check_guarded_creation(self, vals_list):
        # a default in the context is a value like any other
        defaults = {key.removeprefix('default_') for key in self.env.context if key.startswith('default_')}
        self._check_guarded(defaults.union(*vals_list))

    def _check_frozen(self, names):
        """:raise UserError: if one of the fields is fixed since creation"""
        refused = self._frozen_fields.intersection(names)
        if refused and self and not is_internal(self):
            raise UserError(
                self.env._(
                    "%(fields)s of a %(document)s cannot be changed afterwards: history is kept as it was.",
                    fields=', '.join(
                        self._fields[name].get_description(self.env)['string'] for name in sorted(refused)
                    ),
                    document=self._description,
                )
            )

    # ------------------------------------------------------------------
    # Creation
    # ------------------------------------------------------------------
    @api.model_create_multi
    def create(self, vals_list):
        self._check_guarded_creation(vals_list)
        # read at once: a run plans hundreds of calls
        self.env['res.partner'].sudo().browse(
            {vals['partner_id'] for vals in vals_list if vals.get('partner_id')}
        ).fetch(['commercial_partner_id'])
        vals_list = [self._prepare_fact(dict(vals)) for vals in vals_list]
        self._prepare_cases(vals_list)
        facts = super().create(vals_list)
        facts._mark_dirty()
        return facts

    @api.model
    def _prepare_fact(self, vals):
        """Bring customer and company of new values to the commercial partner and the root company (R69)."""
        move = self._get_first_move(vals)
        company = self.env['res.company'].browse(
            vals.get('company_id')
            or move.company_id.id
            or self.env.context.get('default_company_id')
            or self.env.company.id
        )
        vals['company_id'] = company.sudo()._collection_root().id
        partner_id = (
            vals.get('partner_id') or move.commercial_partner_id.id or self.env.context.get('default_partner_id')
        )
        if partner_id:
            vals['partner_id'] = self.env['res.partner'].sudo().browse(partner_id).commercial_partner_id.id
        return vals

    @api.model
    def _get_first_move(self, vals):
        """:return: an invoice (sudo) the new fact is about, which tells its customer and company"""
        move_ids = [vals.get('move_id')] + [
            command[2].get('move_id') for command in vals.get('line_ids') or () if command[0] == 0
        ]
        return self.env['account.move'].sudo().browse(next(filter(None, move_ids), False) or [])

    @api.model
    def _prepare_cases(self, vals_list):
        """Put the open case of its customer in every new value, in one pass per company."""
        waiting = defaultdict(list)
        for vals in vals_list:
            if vals.get('partner_id'):
                waiting[vals['company_id']].append(vals)
        for company_id, batch in waiting.items():
            company = self.env['res.company'].sudo().browse(company_id)
            partners = self.env['res.partner'].sudo().browse({vals['partner_id'] for vals in batch})
            cases = self.env['collection.case'].sudo()._open_for(partners, company)
            for vals in batch:
                vals['case_id'] = cases[partners.browse(vals['partner_id'])].id

    # ------------------------------------------------------------------
    # Afterwards
    # ------------------------------------------------------------------
    def write(self, vals):
        self._check_guarded(vals)
        self._check_frozen(vals)
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        if not is_internal(self):
            raise UserError(
                self.env._("A %s is part of the history of its customer and cannot be deleted.", self._description)
            )

    def _mark_dirty(self, later=False):
        """Have the figures of these customers' cases worked out again.

        :param bool later: by the scheduled action, not before commit
        """
        for company, facts in self.sudo().grouped('company_id').items():
            facts.env['collection.case']._mark_dirty(facts.partner_id.ids, company.ids, later=later)

    @api.model
    def _get_rules(self, partners, company):
        """The delays that apply to customers: their policy in force, else the standard ones.

        :return: dict {partner: ``collection.policy``, never empty}
        """
        standard = self.env['collection.policy'].sudo().new({})
        return {
            partner: policy.sudo() or standard
            for partner, policy in partners.sudo()._get_collection_policies(company).items()
        }

    def _log_on_case(self, bodies):
        """Note facts in the chatter of their cases, internally.

        :param dict bodies: {fact: sentence}; several facts of a case share a note
        """
        notes = defaultdict(list)
        for fact, body in bodies.items():
            notes[fact.sudo().case_id.id].append(body)
        cases = self.env['collection.case'].browse(notes)
        author = self.env.user.partner_id
        cases.sudo()._message_log_batch(
            bodies={case_id: Markup("<br/>").join(sentences) for case_id, sentences in notes.items()},
            author_id=author.id,
        )

    def _log_on_customer(self, bodies):
        """Note facts in the chatter of their customers, internally: a log note tells nobody.
        It is read by colleagues without accounting rights: name no amounts.

        :param dict bodies: {fact: sentence}, one per customer
        """
        author = self.env.user.partner_id
        for fact, body in bodies.items():
            fact.sudo().partner_id._message_log(body=body, author_id=author.id)
