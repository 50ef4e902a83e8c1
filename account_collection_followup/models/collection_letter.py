import re
from base64 import b64decode
from functools import partial

from markupsafe import Markup

from odoo import api, models
from odoo.tools.image import image_data_uri

from ..tools import count_rows, cut_into_pages

#: codes of the countries whose window envelopes show the address on the right (NF Z 11-001 and its like); elsewhere left
WINDOW_RIGHT = frozenset({
    'FR', 'BE', 'LU', 'MC', 'ES', 'IT', 'PT', 'MA', 'DZ', 'TN', 'SN', 'CI', 'GP', 'MQ', 'GF', 'RE', 'YT', 'NC', 'PF',
})  # fmt: skip
#: characters of a number that fit in a row of a table
ROW_CHARACTERS = 30
ADDRESS_LINES = 7
LOGO_NAME = 'collection-letterhead'
LOGO_URL = re.compile(r'src="/web/image/(\d+)"')


class CollectionLetter(models.AbstractModel):
    """What a letter and a statement of account share: letterhead, address in the window of the envelope, pages.

    The frame has no header or footer and needs no style sheet of the server, so that it looks the same
    with every build of wkhtmltopdf.
    """

    _name = 'collection.letter'
    _description = "Letters on Paper"

    @api.model
    def _prepare_frame(self, company, address, logo):
        """:return: values of the template ``letter_frame``

        :param company: ``res.company``, whose letterhead it is
        :param list address: lines of the address
        :param logo: what the image shows, see :meth:`_get_logo_url` and :meth:`_get_logo_uri`
        """
        return {
            'company': company,
            'sender_address': self._get_address(company.partner_id, company)[1:],
            'address': address[:ADDRESS_LINES],
            'logo': logo,
            'window': company.sudo()._collection_root()._get_collection_window(),
            'direction': self.env['res.lang']._get_data(code=self.env.lang).direction or 'ltr',
        }

    @api.model
    def _render(self, template, values):
        """:return: a template of this add-on rendered in the language of the context"""
        return self.env['ir.qweb']._render(
            f'account_collection_followup.{template}', values, minimal_qcontext=True, raise_if_not_found=True
        )

    @api.model
    def _format_day(self, day):
        """:return: a date in full, in the language of the context"""
        return self.env['ir.qweb.field.date'].value_to_html(day, {'format': 'd MMMM y'}) if day else ''

    # ------------------------------------------------------------------
    # Addresses
    # ------------------------------------------------------------------
    @api.model
    def _get_postal_partner(self, *partners):
        """:return: the first of these contacts a letter can be posted to, empty if none"""
        empty = self.env['res.partner']
        return next((partner for partner in partners if partner and self._is_postal(partner)), empty)

    @api.model
    def _is_postal(self, partner):
        """:return: whether a postman would find this contact: a street or box, and a town"""
        partner = partner.sudo()
        return bool((partner.street or partner.street2) and (partner.city or partner.zip))

    @api.model
    def _get_address(self, partner, company, attention=None):
        """:return: the lines of an address as its country writes it; the country itself only abroad

        :param partner: ``res.partner`` with the address
        :param company: ``res.company`` that writes
        :param attention: the contact it is meant for, when the address is somebody else's
        """
        partner = partner.sudo()
        customer = partner.commercial_partner_id
        names = [customer.name, partner.name, attention and attention.sudo().name]
        address_format, values = partner._prepare_display_address(without_company=True)
        if partner.country_id == company.sudo().partner_id.country_id:
            values['country_name'] = ''
        lines = (address_format % values).splitlines()
        lines = [' '.join(line.split()) for line in [*dict.fromkeys(filter(None, names)), *lines]]
        return [line for line in lines if line.strip(' ,')]

    @api.model
    def _get_bank_account(self, company, moves=None):
        """:return: the bank account (sudo) the customer pays to: the one of these invoices, else the company's first

        :param moves: ``account.move``
        """
        own = company.sudo().partner_id.bank_ids
        named = moves.sudo().partner_bank_id & own if moves else own.browse()
        return named if len(named) == 1 else own[:1]

    # ------------------------------------------------------------------
    # Logo
    # ------------------------------------------------------------------
    @api.model
    def _get_logo(self, company):
        # the web client reads forms with the sizes of images instead of the images
        return company.sudo().with_context(bin_size=False).partner_id.image_512

    @api.model
    def _get_logo_uri(self, company):
        """:return: the logo itself, to be put in a text that is not kept"""
        logo = self._get_logo(company)
        return image_data_uri(logo) if logo else False

    @api.model
    def _get_logo_url(self, company):
        """:return: where the logo of today stays, whatever becomes of the company's: one copy for all letters that show it"""
        logo = self._get_logo(company)
        if not logo:
            return False
        Attachment = self.env['ir.attachment'].sudo()
        found = Attachment.search(
            [
                ('res_model', '=', 'res.company'),
                ('res_id', '=', company.id),
                ('res_field', '=', False),
                ('name', '=', LOGO_NAME),
                ('checksum', '=', Attachment._compute_checksum(b64decode(logo))),
            ],
            limit=1,
        ) or Attachment.create({'name': LOGO_NAME, 'datas': logo, 'res_model': 'res.company', 'res_id': company.id})
        return f'/web/image/{found.id}'

    @api.model
    def _inline_logos(self, html):
        """:return: a text that is kept, with its logo in it: no server is asked for it"""
        html = str(html or '')
        for number, uri in self._get_logo_uris([html]).items():
            html = html.replace(f'src="/web/image/{number}"', f'src="{uri}"')
        return Markup(html)

    @api.model
    def _share_logos(self, texts):
        """Texts that go into one file, with each logo in it once: a logo per letter makes a file of a thousand letters
        too large for wkhtmltopdf.

        :param list texts: as they are kept
        :return: style sheet with the logos, texts that show them
        """
        texts = [str(text or '') for text in texts]
        uris = self._get_logo_uris(texts)
        style = ''.join(f'.{LOGO_NAME}-{number}{{content:url("{uri}");}}' for number, uri in uris.items())
        return Markup(style), [Markup(LOGO_URL.sub(partial(self._name_logo, uris), text)) for text in texts]

    @staticmethod
    def _name_logo(uris, found):
        number = int(found[1])
        return f'class="{LOGO_NAME}-{number}"' if number in uris else found[0]

    @api.model
    def _get_logo_uris(self, texts):
        """:return: dict number of the attachment → the logo itself, of all logos these texts show"""
        numbers = {int(number) for text in texts for number in LOGO_URL.findall(text)}
        logos = self.env['ir.attachment'].sudo().with_context(bin_size=False).browse(numbers).exists()
        return {logo.id: image_data_uri(logo.datas) for logo in logos if logo.name == LOGO_NAME}

    # ------------------------------------------------------------------
    # Pages
    # ------------------------------------------------------------------
    @api.model
    def _cut(self, sections, first, capacity=46):
        """Cut lists into pages.

        :param int first: rows that fit beside the text of a letter; more of them go on pages of their own
        :return: (sections beside the text, list of pages of sections); one of them is empty
        """
        if count_rows(sections, self._weigh) <= first:
            return sections, []
        return [], cut_into_pages(sections, capacity, self._weigh)

    @api.model
    def _weigh(self, line):
        """:return: rows a line of a list takes"""
        return 1 + len(line.name or '') // ROW_CHARACTERS
