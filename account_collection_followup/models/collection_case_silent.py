from odoo import api, fields, models
from odoo.tools import SQL


class CollectionCase(models.Model):
    """What a customer owes for long without ever having said why (R17): who calls asks what is behind it."""

    _inherit = 'collection.case'  # pylint: disable=consider-merging-classes-inherited

    silent_amount = fields.Monetary(
        "Old, no dispute",
        compute='_compute_silent',
        search='_search_silent_amount',
        help="Overdue for long without a dispute on file, in company currency: ask what is behind it.",
    )
    silent_text = fields.Char("What to ask", compute='_compute_silent')

    @api.depends('partner_id', 'company_id', 'state')
    def _compute_silent(self):
        """One query per company for all cases shown."""
        amounts = self._get_silent_amounts()
        for case in self:
            amount, count = amounts.get(case._origin.id, (0.0, 0))
            case.silent_amount = amount
            case.silent_text = self._get_silent_text(case, amount) if count else False

    @api.model
    def _get_silent_text(self, case, amount):
        return self.env._(
            "%(amount)s is overdue for more than %(days)s days and no dispute is on file: ask what is behind it.",
            amount=case.currency_id.format(amount),
            days=case.company_id.sudo().collection_silent_debt_days,
        )

    def _get_silent_amounts(self):
        """:return: dict {case id: (amount in company currency, number of items)} of open cases"""
        result = {}
        for company, cases in self.filtered(lambda case: case.state == 'open').grouped('company_id').items():
            groups = (
                self.env['collection.item']
                .sudo()
                ._read_group(
                    [
                        ('partner_id', 'in', cases.partner_id.ids),
                        ('company_id', 'child_of', company.ids),
                        ('is_silent', '=', True),
                    ],
                    ['partner_id'],
                    ['residual:sum', '__count'],
                )
            )
            figures = {partner.id: (amount, count) for partner, amount, count in groups}
            result.update({case._origin.id: figures.get(case.partner_id.id, (0.0, 0)) for case in cases})
        return result

    def _search_silent_amount(self, operator, value):
        """``silent_amount != 0``, and its contrary: which cases have any."""
        if operator not in ('in', 'not in') or set(value) != {0}:
            return NotImplemented
        self.env['collection.item'].flush_model()
        rows = self.env.execute_query(
            SQL(
                """SELECT DISTINCT k.id FROM collection_case k JOIN (%s) v ON v.partner_id = k.partner_id
                     JOIN res_company b ON b.id = v.company_id
                    WHERE k.state = 'open' AND v.is_silent AND split_part(b.parent_path, '/', 1)::int = k.company_id""",
                self.env['collection.item']._table_query,
            )
        )
        return [('id', 'not in' if operator == 'in' else 'in', [row[0] for row in rows])]

    def _get_silent_debts(self):
        """The old items of these cases that nobody ever contested, for the banner and for who calls (R17).

        :return: dict {case: ``collection.item``, as superuser, the oldest first}; every case has an entry
        """
        result = {case: self.env['collection.item'].sudo() for case in self}
        for company, cases in self.grouped('company_id').items():
            items = (
                self.env['collection.item']
                .sudo()
                .search(
                    [
                        ('partner_id', 'in', cases.partner_id.ids),
                        ('company_id', 'child_of', company.ids),
                        ('is_silent', '=', True),
                    ]
                )
            )
            by_partner = items.grouped('partner_id')
            for case in cases:
                result[case] = by_partner.get(case.partner_id.sudo(), items.browse())
        return result
