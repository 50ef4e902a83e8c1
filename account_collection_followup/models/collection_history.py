from odoo import api, fields, models
from odoo.tools import SQL

#: where each kind of event comes from: the model, and the order in which kinds are numbered in ids
SOURCES = {
    'step': 'collection.step',
    'call': 'collection.call',
    'promise': 'collection.promise',
    'dispute': 'collection.dispute',
    'hold': 'collection.hold',
    'receipt': 'account.move.line',
    'consultation': 'collection.consultation',
}
KINDS = [
    ('step', "Message"),
    ('call', "Call"),
    ('promise', "Promise"),
    ('dispute', "Dispute"),
    ('hold', "Hold"),
    ('receipt', "Receipt"),
    ('consultation', "Consultation"),
]
#: ids of the view: the record's own id, told apart by kind
STRIDE = 16


class CollectionHistory(models.Model):
    """All that happened with a customer, in one list: messages, calls, promises, disputes, holds, receipts (R56).

    Nothing is stored: the model is a query on the facts and on the ledger. What an
    event says in words is worked out from its record.
    """

    _name = 'collection.history'
    _description = "History of a Case"
    _auto = False
    _order = 'date desc, id desc'
    _rec_name = 'text'

    date = fields.Date(readonly=True)
    kind = fields.Selection(KINDS, "What", readonly=True)
    res_id = fields.Many2oneReference("Record", model_field='res_model', readonly=True)
    res_model = fields.Char(compute='_compute_res_model')
    case_id = fields.Many2one('collection.case', readonly=True)
    partner_id = fields.Many2one('res.partner', "Customer", readonly=True)
    company_id = fields.Many2one('res.company', readonly=True)
    text = fields.Char("Details", compute='_compute_text')
    amount = fields.Monetary(compute='_compute_text')
    currency_id = fields.Many2one('res.currency', compute='_compute_text')
    status = fields.Char(compute='_compute_text')
    user_id = fields.Many2one('res.users', "By", compute='_compute_text')

    _depends = {
        'collection.step': ['case_id', 'partner_id', 'company_id', 'date', 'takeover'],
        'collection.call': ['case_id', 'partner_id', 'company_id', 'made_on', 'last_try_on', 'state'],
        'collection.promise': ['case_id', 'partner_id', 'company_id', 'made_on'],
        'collection.dispute': ['case_id', 'partner_id', 'company_id', 'opened_on'],
        'collection.consultation': [
            'agreed_on',
            'case_id',
            'company_id',
            'not_asked',
            'objected_on',
            'partner_id',
            'told_on',
        ],
        'collection.hold': ['case_id', 'partner_id', 'company_id', 'date_from'],
        'account.move.line': [
            'account_id',
            'balance',
            'company_id',
            'date',
            'journal_id',
            'parent_state',
            'partner_id',
        ],
        'account.journal': ['type'],
        'res.partner': ['commercial_partner_id'],
        'res.company': ['parent_path'],
        'collection.case': ['partner_id', 'company_id', 'opened_on', 'closed_on'],
    }

    # ------------------------------------------------------------------
    # The query
    # ------------------------------------------------------------------
    @property
    def _table_query(self):
        branches = [
            SQL(
                "SELECT %(id)s AS id, %(kind)s::varchar AS kind, e.* FROM (%(events)s) e",
                id=SQL("e.res_id::bigint * %s + %s", STRIDE, number),
                kind=kind,
                events=events,
            )
            for number, (kind, events) in enumerate(self._get_events().items())
        ]
        return SQL(" UNION ALL ").join(branches)

    @api.model
    def _get_events(self):
        """:return: dict kind → SQL of (res_id, case_id, partner_id, company_id, date)"""
        fact = SQL("SELECT id AS res_id, case_id, partner_id, company_id, ")
        return {
            'step': SQL("%s date FROM collection_step", fact),
            'call': SQL(
                "%s COALESCE(made_on, last_try_on) AS date FROM collection_call WHERE state = 'made' OR last_try_on IS NOT NULL",
                fact,
            ),
            'promise': SQL("%s made_on AS date FROM collection_promise", fact),
            'dispute': SQL("%s opened_on AS date FROM collection_dispute", fact),
            'hold': SQL("%s date_from AS date FROM collection_hold", fact),
            'receipt': self._get_receipts_query(),
            'consultation': SQL(
                "%s COALESCE(objected_on, agreed_on, told_on) AS date FROM collection_consultation WHERE not_asked IS NULL",
                fact,
            ),
        }

    @api.model
    def _get_receipts_query(self):
        """What was received while the case was open, or is there since: bank and cash lines of the customer."""
        return SQL(
            """SELECT l.id AS res_id, k.id AS case_id, k.partner_id, k.company_id, l.date
                 FROM collection_case k
                 JOIN res_partner p ON p.commercial_partner_id = k.partner_id
                 JOIN account_move_line l ON l.partner_id = p.id AND l.account_id = ANY(%s)
                  AND l.parent_state = 'posted' AND l.balance < 0 AND l.date >= k.opened_on
                  AND (k.closed_on IS NULL OR l.date <= k.closed_on)
                 JOIN account_journal j ON j.id = l.journal_id AND j.type IN ('bank', 'cash', 'credit')
                 JOIN res_company c ON c.id = l.company_id
                  AND split_part(c.parent_path, '/', 1)::int = k.company_id""",
            self.env['collection.item']._get_receivable_account_ids(),
        )

    # ------------------------------------------------------------------
    # In words
    # ------------------------------------------------------------------
    @api.depends('kind')
    def _compute_res_model(self):
        for event in self:
            event.res_model = SOURCES.get(event.kind)

    @api.depends('kind', 'res_id')
    def _compute_text(self):
        """What happened, asked of the records of each kind at once.

        As superuser: who may read the case may read what was done in it."""
        for kind, events in self.grouped('kind').items():
            records = self.env[SOURCES[kind]].sudo().browse(events.mapped('res_id'))
            prepare = getattr(self, f'_prepare_{kind}')
            for event, record in zip(events, records, strict=True):
                empty = {'text': False, 'amount': 0, 'currency_id': False, 'status': False, 'user_id': False}
                event.update({**empty, **prepare(record)})

    @api.model
    def _get_label(self, record, name):
        return dict(record._fields[name]._description_selection(self.env)).get(record[name])

    @api.model
    def _format_day(self, day):
        return self.env['collection.run.line']._format_day(day)

    @api.model
    def _prepare_step(self, step):
        text = step.level_id.name
        if step.takeover:
            text = self.env._("%s, as the start of the desk", text)
        elif step.date_given:
            text = self.env._("%(level)s, date given %(date)s", level=text, date=self._format_day(step.date_given))
        if step.cancelled:
            status = self.env._("Cancelled")
        else:
            status = self.env._("Done") if step.complete else self.env._("To do: %s", step.level_id.means)
        return {
            'text': ': '.join(
                filter(None, [text, step.deviation, step.cancel_reason if step.cancelled else step.failure])
            ),
            'amount': step.amount,
            'currency_id': step.currency_id.id,
            'status': status,
            'user_id': step.sender_id.id,
        }

    @api.model
    def _prepare_call(self, call):
        who = call.contact_id.name
        note = ' '.join((call.note or '').split())
        return {
            'text': ': '.join(filter(None, [who, note])) or self._get_label(call, 'channel'),
            'status': self._get_label(call, 'result'),
            'user_id': call.user_id.id,
        }

    @api.model
    def _prepare_promise(self, promise):
        dates = sorted({line.date for line in promise.line_ids})
        return {
            'text': ' · '.join(
                filter(
                    None,
                    [
                        self.env._("For %s", ', '.join(self._format_day(day) for day in dates)),
                        promise.move_text,
                        promise.confirmed_on and promise.confirmation_text,
                        promise.signed_on and self.env._("Signed on %s", self._format_day(promise.signed_on)),
                    ],
                )
            ),
            'amount': promise.amount,
            'currency_id': promise.currency_id.id,
            'status': self._get_label(promise, 'state'),
            'user_id': promise.user_id.id,
        }

    @api.model
    def _prepare_dispute(self, dispute):
        numbers = ', '.join(dict.fromkeys(filter(None, dispute.line_ids.move_id.mapped('name'))))
        said = ' '.join((dispute.reason or '').split())
        return {
            'text': ': '.join(filter(None, [dispute.type_id.name, said or numbers])),
            'amount': dispute.amount,
            'currency_id': dispute.currency_id.id,
            'status': self._get_label(dispute, 'outcome') or self._get_label(dispute, 'state'),
            'user_id': dispute.user_id.id,
        }

    @api.model
    def _prepare_hold(self, hold):
        subject = hold.move_id.name or self.env._("everything")
        return {
            'text': self.env._(
                "%(subject)s until %(date)s: %(reason)s",
                subject=subject,
                date=self._format_day(hold.date_until),
                reason=' '.join(hold.reason.split()),
            ),
            'status': self.env._("Running") if hold.is_running else self.env._("Over"),
            'user_id': hold.user_id.id,
        }

    @api.model
    def _prepare_consultation(self, consultation):
        text = self.env._("%s ahead", consultation.level_id.name)
        return {
            'text': ': '.join(filter(None, [text, ' '.join((consultation.reason or '').split())])),
            'status': self._get_label(consultation, 'state'),
            'user_id': consultation.user_id.id,
        }

    @api.model
    def _prepare_receipt(self, line):
        return {
            'text': ': '.join(filter(None, [line.move_id.name, line.move_id.ref or line.name])),
            'amount': -line.amount_currency,
            'currency_id': line.currency_id.id,
            'status': self.env._("Matched") if line.reconciled else self.env._("To match"),
        }

    # ------------------------------------------------------------------
    # A view is never written
    # ------------------------------------------------------------------
    def action_open(self):
        """Open what the event is about."""
        self.ensure_one()
        record = self.env[self.res_model].browse(self.res_id)
        if self.kind == 'receipt':
            record = record.move_id
        record.check_access('read')
        return record.get_formview_action()
