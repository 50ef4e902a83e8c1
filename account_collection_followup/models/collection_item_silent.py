from odoo import fields, models
from odoo.tools import SQL

from .collection_item import AS_OF


class CollectionItem(models.Model):
    """Old debts that nobody contests: they often hide a dispute (R17).

    An item is silent when its due date is further back than the company's number of days and no dispute, open or
    closed, was ever entered for its invoice by the date asked for.
    """

    _inherit = 'collection.item'  # pylint: disable=consider-merging-classes-inherited

    is_silent = fields.Boolean(
        "Old, no dispute",
        readonly=True,
        depends_context=AS_OF,
        help="Overdue for long, and nobody ever said why: ask what is behind it.",
    )

    _depends = {
        'collection.dispute': ['opened_on'],
        'collection.dispute.line': ['move_id', 'dispute_id'],
        'res.company': ['collection_silent_debt_days', 'parent_path'],
    }

    def _get_view_query(self, day, past):
        # EXTENDS: as a column of its own, which costs nothing where it is not asked for
        return SQL(
            """SELECT v.*, v.residual_currency > 0 AND v.kind = 'invoice' AND v.due_date < %(day)s - (%(days)s)
                      AND NOT EXISTS (SELECT FROM collection_dispute_line sl
                                        JOIN collection_dispute sd ON sd.id = sl.dispute_id
                                       WHERE sl.move_id = v.move_id AND sd.opened_on <= %(day)s) AS is_silent
                 FROM (%(view)s) v""",
            day=SQL("%s::date", day),
            days=self._get_silent_days(),
            view=super()._get_view_query(day, past),
        )

    def _get_silent_days(self):
        """:return: SQL: the number of days of the company of item ``v``, a setting of its main company"""
        return SQL(
            """SELECT r.collection_silent_debt_days FROM res_company b
                 JOIN res_company r ON r.id = split_part(b.parent_path, '/', 1)::int WHERE b.id = v.company_id"""
        )
