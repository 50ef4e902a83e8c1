from collections import namedtuple

from markupsafe import Markup

from odoo import models

from ..tools import Section

#: rows of a list that fit beside the text on the first page
FIRST_PAGE_ROWS = 18
#: a total shown in a list of items
Total = namedtuple('Total', ['name', 'currency_id', 'asked'])


class CollectionStep(models.Model):
    """The text of a letter, as HTML that needs nothing else (R70, R78)."""

    _inherit = 'collection.step'  # pylint: disable=consider-merging-classes-inherited

    # ------------------------------------------------------------------
    # Writing
    # ------------------------------------------------------------------
    def _write_letters(self, day, anywhere=False):
        """Date, write and keep the letters of these steps. The steps of one company.

        :param date day: the day on the letter
        :param anywhere: also without a usable postal address
        :return: dict step → why it could not be written
        """
        failures = {}
        writable = self.browse()
        for step in self:
            if not anywhere and not step._get_letter_contact():
                failures[step] = self.env._("No usable postal address: street and town are needed")
            else:
                writable |= step
        logos = {company: self.env['collection.letter']._get_logo_url(company) for company in writable.letterhead_id}
        for step in writable:
            try:
                with self.env.cr.savepoint():
                    step._write_letter(day, logos[step.letterhead_id])
            except Exception as error:  # noqa: BLE001 - one broken text stops no other letter
                self.env.invalidate_all()
                failures[step] = self.env._("The letter cannot be written: %s", str(error))
        return failures

    def _write_letter(self, day, logo):
        self.ensure_one()
        address = self._get_letter_address()
        given = self._get_date_given(day)
        if not self._is_dated():
            # fixed when it is posted
            self.act_on = False
        self.write(
            {
                'date_given': given,
                'printed_on': day,
                'letter_address': '\n'.join(address),
                'letter_html': self._render_letter(day, address, logo),
            }
        )
        self._set_letter_state('todo')
        if self.email_state != 'failed':
            self.failure = False

    def _get_letter_to_print(self):
        """:return: the letter as printed with its logo in it, else as it would be printed today"""
        self.ensure_one()
        self.check_access('read')
        step = self.sudo()
        letter = self.env['collection.letter']
        if step.letter_html:
            return letter._inline_logos(step.letter_html)
        if step.letter_state == step.registered_state == 'none':
            return Markup()
        day = max(step.company_id._collection_today(), step.date) if step.letter_waits else step.date
        return step._render_letter(day, step._get_letter_address(), letter._get_logo_uri(step.letterhead_id))

    def _get_file(self):
        """:return: what a file of these letters is made of, in this order: ``style`` with each logo once, ``letters``"""
        self.check_access('read')
        kept = [step.letter_html or step._get_letter_to_print() for step in self.sudo()]
        style, letters = self.env['collection.letter']._share_logos(kept)
        return {'style': style, 'letters': letters}

    def _get_preview(self):
        """:return: all that the customer would receive: the e-mail, then the letter"""
        self.ensure_one()
        level = self.level_id
        parts = []
        if level.mail_template_id and (level.by_email or not (level.by_letter or level.by_registered)):
            parts.append(self._get_message()['body_html'])
        parts.append(self._get_letter_to_print())
        return Markup('<hr/>').join(filter(None, parts)) or self.with_context(lang=self.lang).items_html

    # ------------------------------------------------------------------
    # Contents
    # ------------------------------------------------------------------
    def _render_letter(self, day, address, logo):
        """:return: the letter in the language of its reader"""
        self.ensure_one()
        step = self.with_context(lang=self.lang, collection_letter=day)
        return step.env['collection.letter']._render('letter_document', step._prepare_letter(day, address, logo))

    def _prepare_letter(self, day, address, logo):
        """:return: values of the template of a letter; the language is the one of the context

        :param date day: the day on the letter
        :param list address: its lines
        :param str logo: what the image shows
        """
        self.ensure_one()
        letter = self.env['collection.letter']
        company = self.letterhead_id or self.company_id
        message = self._get_letter_message(day)
        moves = self.line_ids.filtered(lambda line: line.role == 'asked').move_id
        return {
            **letter._prepare_frame(company, address, logo),
            'partner': self.partner_id,
            'sender': self.sender_id,
            'registered': self.registered_state != 'none',
            'reference': self.letter_reference,
            'customer_reference': self.partner_id.ref,
            'day': letter._format_day(day),
            'place': self.env._("%(city)s, %(day)s", city=company.city, day=letter._format_day(day)),
            'subject': message['subject'],
            'body': message['body_html'],
            'bank': letter._get_bank_account(company, moves),
            'payment_reference': self._get_payment_reference(moves),
            'annex': self._prepare_letter_items()['annex'],
        }

    def _get_date_given(self, day=None):
        """:return: the date given; as long as none is fixed, the one of a letter dated ``day``"""
        self.ensure_one()
        if not day or self._is_dated() or self.track == 'litigation':
            return self.date_given
        working = self.env['collection.holiday']._working_days(self.company_id)
        return self._prepare_dates(day, working, self._get_act_days())['date_given']

    def _get_letter_message(self, day):
        """:return: dict with the rendered ``subject`` and ``body_html`` of the letter of a day"""
        self.ensure_one()
        template = self.level_id.letter_template_id or self.level_id.mail_template_id
        if not template:
            return {'subject': self.level_id.name, 'body_html': self.items_html}
        template = template.sudo().with_context(collection_letter=day)
        return template._generate_template(self.ids, ('subject', 'body_html'))[self.id]

    def _get_payment_reference(self, moves):
        """:return: what the customer is asked to write on his payment, so that it finds its invoices"""
        moves = moves.sudo()
        if len(moves) == 1:
            return moves.payment_reference or moves.name
        return ', '.join(moves.mapped('name')) if 0 < len(moves) <= 6 else self.letter_reference

    def _get_letter_contact(self):
        """:return: whose address the letter goes to: the addressee's, else the customer's; empty if neither has one"""
        self.ensure_one()
        return self.env['collection.letter']._get_postal_partner(self.recipient_id, self.partner_id)

    def _get_letter_address(self):
        """:return: the lines of the address"""
        self.ensure_one()
        return self.env['collection.letter']._get_address(
            self._get_letter_contact() or self.recipient_id or self.partner_id,
            self.letterhead_id or self.company_id,
            attention=self.recipient_id,
        )

    # ------------------------------------------------------------------
    # Items
    # ------------------------------------------------------------------
    def _get_letter_sections(self):
        """:return: the lists of a letter: what is asked for, by level, its total, what was received, what is apart"""
        values = self._get_items_values()
        sections = [Section('asked', level.heading or level.name, lines, False) for level, lines in values['groups']]
        totals = [Total('', currency, amount) for currency, amount in values['totals'].items()]
        sections += [
            Section('total', self.env._("Total to pay"), totals, False),
            Section('received', self.env._("To your credit, not yet allocated"), values['received'], False),
            Section('apart', self.env._("Not asked for in this letter"), values['apart'], False),
        ]
        return [section for section in sections if section.lines]

    def _prepare_letter_items(self):
        """:return: values of the items in a letter: ``sections`` beside the text, ``annex`` on pages of their own"""
        sections = self._get_letter_sections()
        body, annex = self.env['collection.letter']._cut(sections, FIRST_PAGE_ROWS)
        asked = sum(len(section.lines) for section in sections if section.kind == 'asked')
        return {
            'sections': body or [section for section in sections if section.kind == 'total'],
            'annex': annex,
            'count': asked,
        }
