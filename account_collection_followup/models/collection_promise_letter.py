from collections import namedtuple

from markupsafe import Markup

from odoo import api, fields, models

from ..tools import Section

#: rows that fit beside the text of a letter, and beside that of an agreement with its signatures
FIRST_PAGE_ROWS = {False: 18, True: 14}
#: a row of a list: what is paid when, or for which invoice
Row = namedtuple('Row', ['name', 'date', 'due_date', 'amount', 'currency_id'])


class CollectionPromise(models.Model):
    """The contents of a promise's confirmation, for e-mails and letters (R31)."""

    _inherit = 'collection.promise'  # pylint: disable=consider-merging-classes-inherited

    addressee_id = fields.Many2one('res.partner', compute='_compute_addressee')
    lang = fields.Char(compute='_compute_addressee', help="Of who reads the confirmation.")
    letterhead_id = fields.Many2one('res.company', compute='_compute_letterhead_id')
    sender_id = fields.Many2one('res.users', "Confirmed for us by", compute='_compute_letterhead_id')
    confirmation_reference = fields.Char("Our reference", compute='_compute_confirmation_reference')
    made_on_text = fields.Char(compute='_compute_amounts_html')
    amounts_text = fields.Char(compute='_compute_amounts_html', help="In figures and in words.")
    amounts_html = fields.Html(compute='_compute_amounts_html', sanitize=False)

    @api.depends('contact_id', 'confirmed_to_id')
    @api.depends_context('collection_addressee')
    def _compute_addressee(self):
        chosen = self.env['res.partner'].browse(self.env.context.get('collection_addressee') or [])
        for promise in self:
            record = promise.sudo()
            promise.addressee_id = chosen or record.confirmed_to_id or record.contact_id or record.partner_id
            promise.lang = promise.addressee_id.sudo().lang or record.partner_id.lang or self.env.lang

    @api.depends('line_ids.move_id')
    def _compute_letterhead_id(self):
        """The branch that sold, if it is one; who confirms signs."""
        for promise in self:
            companies = promise.sudo().line_ids.move_id.company_id
            promise.letterhead_id = companies if len(companies) == 1 else promise.company_id
            promise.sender_id = self.env.user

    def _compute_confirmation_reference(self):
        for promise in self:
            promise.confirmation_reference = f'P{promise.id or 0:06d}'

    @api.depends('line_ids.amount', 'line_ids.date', 'line_ids.state')
    @api.depends_context('lang', 'collection_letter')
    def _compute_amounts_html(self):
        letter = self.env['collection.letter']
        for promise in self:
            promise.made_on_text = letter._format_day(promise.made_on)
            promise.amounts_text = promise._get_amounts_text()
            promise.amounts_html = letter._render('promise_amounts', promise._prepare_amounts())

    @api.model
    def mail_allowed_qweb_expressions(self):
        """Placeholders of the texts: an administrator who is no template editor may use these."""
        return super().mail_allowed_qweb_expressions() + (
            'object.lang',
            'object.amounts_html',
            'object.amounts_text',
            'object.made_on_text',
            'object.confirmation_reference',
            'object.addressee_id.name',
            'object.sender_id.name',
            'object.sender_id.phone',
            'object.sender_id.email',
            'object.letterhead_id.name',
            'object.letterhead_id.phone',
            'object.partner_id.name',
        )

    # ------------------------------------------------------------------
    # Amounts
    # ------------------------------------------------------------------
    def _get_amounts_text(self):
        """:return: what is still to come in figures and in words, per currency"""
        texts = []
        for currency, amount in self._get_totals():
            words = currency.amount_to_text(amount)
            texts.append(f'{currency.format(amount)} ({words})' if words else currency.format(amount))
        return ', '.join(texts)

    def _get_confirmed(self):
        """:return: dict {line: what is still to come of it}: nobody acknowledges a debt he has paid meanwhile"""
        running = self.line_ids.filtered(lambda line: line.state == 'running')
        return {line: left for line in running if (left := line._get_left_now())}

    def _get_totals(self):
        """:return: list of (currency, what is still to come)"""
        totals = {}
        for line, left in self._get_confirmed().items():
            totals[line.currency_id] = totals.get(line.currency_id, 0) + left
        return list(totals.items())

    def _get_rows(self, key):
        """:param key: function giving what lines share a row
        :return: list of :class:`Row`, the sums of lines with the same date and invoices, or of the same invoice"""
        rows, left = [], self._get_confirmed()
        lines_left = self.line_ids.filtered(lambda line: line in left)
        for (_key, currency), lines in lines_left.grouped(lambda line: (key(line), line.currency_id)).items():
            move = lines.sudo().move_id
            dates = lines.mapped('date')
            rows.append(
                Row(
                    name=', '.join(dict.fromkeys(filter(None, move.mapped('name')))),
                    date=min(dates) if key is _get_date else move[:1].invoice_date,
                    due_date=min(filter(None, lines.mapped('date_maturity')), default=False),
                    amount=sum(left[line] for line in lines),
                    currency_id=currency,
                )
            )
        return rows

    def _prepare_amounts(self):
        """:return: values of the lists: what is paid when, the total, for a plan also for which invoices;
        on paper beside the text, or on pages of their own if they are long"""
        sections = [Section('dates', self.env._("What you pay, and when"), self._get_rows(_get_date), False)]
        if self.is_plan:
            sections.append(Section('invoices', self.env._("For these invoices"), self._get_rows(_get_item), False))
        annex = []
        if self.env.context.get('collection_letter'):
            sections, annex = self.env['collection.letter']._cut(sections, FIRST_PAGE_ROWS[self.is_plan])
        return {'plan': self.is_plan, 'sections': sections, 'annex': annex, 'totals': self._get_totals()}

    # ------------------------------------------------------------------
    # On paper
    # ------------------------------------------------------------------
    def _get_confirmation_letter(self):
        """:return: the letter or agreement as HTML that needs nothing else, in the language of who reads it"""
        self.ensure_one()
        self.check_access('read')
        promise = self.sudo().with_context(lang=self.lang, collection_letter=True)
        return promise.env['collection.letter']._render(
            'promise_agreement' if self.is_plan else 'promise_letter', promise._prepare_confirmation_letter()
        )

    def _prepare_confirmation_letter(self):
        """:return: values of the templates of the letter and of the agreement"""
        letter, company = self.env['collection.letter'], self.letterhead_id
        message = self._get_confirmation_message('letter')
        contact = letter._get_postal_partner(self.addressee_id, self.partner_id) or self.partner_id
        address = letter._get_address(contact, company, attention=self.addressee_id)
        moves, day = (
            self.line_ids.filtered(lambda line: line.state == 'running').move_id,
            letter._format_day(self.company_id._collection_today()),
        )
        return {
            **letter._prepare_frame(company, address, letter._get_logo_uri(company)),
            'partner': self.partner_id,
            'sender': self.sender_id,
            'registered': False,
            'reference': self.confirmation_reference,
            'customer_reference': self.partner_id.ref,
            'day': day,
            'place': self.env._("%(city)s, %(day)s", city=company.city, day=day),
            'subject': message['subject'],
            'body': message['body_html'],
            'bank': letter._get_bank_account(company, moves),
            'payment_reference': self._get_payment_reference(moves),
            'annex': self._prepare_amounts()['annex'],
        }

    def _get_payment_reference(self, moves):
        """:return: what the customer is asked to write on his payment"""
        if len(moves) == 1:
            return moves.payment_reference or moves.name
        return ', '.join(moves.mapped('name')) if len(moves) <= 6 else self.confirmation_reference

    def _get_confirmation_preview(self, means):
        """:return: what the customer would receive"""
        self.ensure_one()
        parts = [self.sudo()._get_confirmation_message('email')['body_html']] if means == 'email' else []
        if means == 'letter' or self.is_plan:
            parts.append(self._get_confirmation_letter())
        return Markup('<hr/>').join(map(Markup, parts))


def _get_date(line):
    return line.date


def _get_item(line):
    return line.move_id
