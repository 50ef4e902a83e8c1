from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date

from .collection_fact import internal, is_internal

CALLER = 'account_collection_followup.group_collection_caller'
RESOLVER = 'account_collection_followup.group_collection_resolver'

STAGES = [
    ('received', "Received"),
    ('validated', "Approved"),
    ('with_payables', "With accounts payable"),
    ('scheduled', "Payment scheduled"),
    ('rejected', "Rejected"),
]


class CollectionCircuitStage(models.Model):
    """Where an invoice stands at the customer's, as somebody there said on a day (R21).

    Append-only: the latest one counts. Written by :meth:`_record` alone, so that sales and operations, who
    cannot read invoices, fill it in for those of their customers. A scheduled payment is no promise by itself.
    """

    _name = 'collection.circuit.stage'
    _description = "Stage of an Invoice"
    _order = 'date desc, id desc'
    _rec_name = 'stage'

    move_id = fields.Many2one(
        'account.move',
        "Document",
        required=True,
        index=True,
        ondelete='cascade',
        groups='account.group_account_invoice,account.group_account_readonly',
    )
    invoice = fields.Char(compute='_compute_invoice', compute_sudo=True, help="Number of the invoice.")
    partner_id = fields.Many2one('res.partner', "Customer", required=True, index=True, ondelete='cascade')
    company_id = fields.Many2one('res.company', required=True, index=True)
    stage = fields.Selection(STAGES, required=True)
    date = fields.Date("Said on", required=True)
    scheduled_for = fields.Date(help="The day the customer says the payment leaves. A promise is entered apart.")
    contact_id = fields.Many2one('res.partner', "Said by", ondelete='set null')
    user_id = fields.Many2one('res.users', "Noted by", required=True)
    note = fields.Char(help="Facts only: the customer may ask to read it.")
    text = fields.Char("Stands", compute='_compute_text')

    @api.depends('move_id')
    def _compute_invoice(self):
        for stage in self:
            stage.invoice = stage.move_id.name

    @api.depends('stage', 'date', 'scheduled_for', 'note')
    def _compute_text(self):
        labels = dict(self._fields['stage']._description_selection(self.env))
        for stage in self:
            words = [labels.get(stage.stage, '')]
            if stage.scheduled_for:
                words.append(self.env._("for %s", format_date(self.env, stage.scheduled_for)))
            words.append(f"({format_date(self.env, stage.date)})" if stage.date else '')
            stage.text = ' '.join(filter(None, words))

    # ------------------------------------------------------------------
    # Guard
    # ------------------------------------------------------------------
    @api.model_create_multi
    def create(self, vals_list):
        if not is_internal(self):
            raise AccessError(self.env._("Where an invoice stands is noted by its dialog."))
        return super().create(vals_list)

    def write(self, vals):
        if not is_internal(self):
            raise AccessError(self.env._("What was said of an invoice stays as it was said: note what is new."))
        return super().write(vals)

    # ------------------------------------------------------------------
    # Writing
    # ------------------------------------------------------------------
    @api.model
    def _record(self, moves, stage, date=None, contact=None, note=None, scheduled_for=None):
        """Note where invoices of one customer stand at his, by who may: see :meth:`_get_recordable_moves`.

        :param moves: ``account.move``, open invoices
        :param str stage: one of ``STAGES``
        :param date date: when it was said, today if left out
        :param contact: ``res.partner`` who said it
        :param str note: facts
        :param date scheduled_for: the day of payment, of the stage "scheduled"
        :return: the stages, one per invoice
        :raise UserError: if an invoice is paid
        :raise AccessError: if an invoice is not among those the user may speak of
        """
        moves = moves.sudo()
        for partner, group in moves.grouped('commercial_partner_id').items():
            company = group[0].company_id._collection_root()
            if group - self._get_open_invoices(partner, company):
                raise UserError(self.env._("Choose among the open invoices of this customer."))
            if group - self._get_recordable_moves(partner, company):
                raise AccessError(self.env._("Choose among the invoices of your customers, disputes and calls."))
        root_today = moves.company_id[:1]._collection_today() if moves else None
        stages = internal(self.sudo()).create(
            [
                {
                    'move_id': move.id,
                    'partner_id': move.commercial_partner_id.id,
                    'company_id': move.company_id._collection_root().id,
                    'stage': stage,
                    'date': date or root_today,
                    'scheduled_for': scheduled_for if stage == 'scheduled' else False,
                    'contact_id': contact.id if contact else False,
                    'user_id': self.env.uid,
                    'note': note,
                }
                for move in moves
            ]
        )
        return stages.with_env(self.env)

    @api.model
    def _get_recordable_moves(self, partner, company):
        """:param partner: ``res.partner``
        :return: open invoices (``account.move``, sudo) of a customer the user may say something of: all of them for
            who works the list and for the customer's sales rep, those of their disputes and calls for others
        """
        if not self.env.su and not self.env.user.has_group(RESOLVER):
            raise AccessError(self.env._("Only who has a role in Collections can note where an invoice stands."))
        root = company.sudo()._collection_root()
        if not self.env.su and root not in self.env.user.company_ids.sudo().root_id:
            raise AccessError(self.env._("These invoices belong to %s, where you do not work.", root.display_name))
        customer = partner.sudo().commercial_partner_id
        moves = self._get_open_invoices(customer, root)
        if self.env.su or self.env.user.has_group(CALLER) or customer.user_id == self.env.user:
            return moves
        return moves & self._get_concerned_moves(customer, root)

    @api.model
    def _get_open_invoices(self, customer, root):
        """:return: the customer's open invoices (sudo), the oldest first"""
        domain = [('partner_id', '=', customer.id), ('company_id', 'child_of', root.id), ('kind', '=', 'invoice')]
        return self.env['collection.item'].sudo().search(domain).sorted('due_date').move_id

    @api.model
    def _get_concerned_moves(self, customer, root):
        """:return: invoices (sudo) of the disputes and calls with a customer that the user sees"""
        domain = [('partner_id', '=', customer.id), ('company_id', '=', root.id)]
        disputes = self.env['collection.dispute'].search([*domain, ('state', '=', 'open')])
        calls = self.env['collection.call'].search([*domain, ('state', '=', 'planned')])
        return disputes.sudo().line_ids.move_id | calls.sudo().move_ids

    # ------------------------------------------------------------------
    # Reading
    # ------------------------------------------------------------------
    @api.model
    def _get_latest(self, moves, day=None):
        """:param date day: as of when, now if left out
        :return: dict {id of an invoice: what was said of it last (sudo)}, for who sees these invoices"""
        domain = [('move_id', 'in', moves.ids)] + ([('date', '<=', day)] if day else [])
        latest = {}
        for stage in self.sudo().search(domain) if moves else ():
            latest.setdefault(stage.move_id.id, stage)
        return latest
