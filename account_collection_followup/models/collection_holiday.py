from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import format_date, ormcache

from ..tools import WorkingDays

#: so many years back and ahead: any other year is a slip of the finger
YEARS = (5, 10)


class CollectionHoliday(models.Model):
    """A day, besides Saturdays and Sundays, on which no customer is written to or called (R54)."""

    _name = 'collection.holiday'
    _description = "Collection Holiday"
    _order = 'date desc, id desc'

    name = fields.Char(required=True, translate=True)
    date = fields.Date(required=True, help="Enter moveable feasts every year: a day counts in its own year only.")
    company_id = fields.Many2one(
        'res.company',
        index=True,
        ondelete='cascade',
        domain=[('parent_id', '=', False)],
        help="Leave empty for all companies. Branches share the holidays of their main company.",
    )

    _date_unique = models.UniqueIndex("(date, COALESCE(company_id, 0))", "This day is already a holiday.")

    @api.constrains('date')
    def _check_date(self):
        today = fields.Date.context_today(self)
        first, last = today - relativedelta(years=YEARS[0]), today + relativedelta(years=YEARS[1])
        for holiday in self:
            if not first <= holiday.date <= last:
                raise ValidationError(
                    self.env._(
                        "%(holiday)s is entered for %(date)s: choose a day from %(first)s to %(last)s.",
                        holiday=holiday.name,
                        date=format_date(self.env, holiday.date),
                        first=format_date(self.env, first),
                        last=format_date(self.env, last),
                    )
                )

    @api.constrains('company_id')
    def _check_company_is_root(self):
        for holiday in self:
            if holiday.company_id != holiday.company_id._collection_root():
                raise ValidationError(
                    self.env._(
                        "%(branch)s is a branch: enter the holiday for %(company)s.",
                        branch=holiday.company_id.name,
                        company=holiday.company_id._collection_root().name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        holidays = super().create(vals_list)
        self._clear_dates()
        return holidays

    def write(self, vals):
        result = super().write(vals)
        self._clear_dates()
        return result

    def unlink(self):
        result = super().unlink()
        self._clear_dates()
        return result

    @api.model
    def _clear_dates(self):
        self.env.registry.clear_cache()

    @api.model
    @ormcache('root_id')
    def _get_dates(self, root_id):
        """:return: frozenset of the holidays of a root company, those of all companies included"""
        holidays = self.sudo().search_fetch(Domain('company_id', 'in', [False, root_id]), ['date'])
        return frozenset(holidays.mapped('date'))

    @api.model
    def _working_days(self, company):
        """The calendar delays and limits of a company are counted in (R54).

        :param company: a ``res.company``; a branch uses its root company's calendar
        :rtype: WorkingDays
        """
        return WorkingDays(self._get_dates(company._collection_root().id))

    @api.model
    def _check_working_day(self, company, day):
        """A day agreed with a customer, or given to him, is a working day (R54).

        :param company: a ``res.company``
        :param date day: what somebody typed
        :raise UserError: if it is none, with the next one
        """
        working = self._working_days(company)
        if not working.is_working(day):
            raise UserError(
                self.env._(
                    "%(day)s is no working day: the next one is %(next)s.",
                    day=format_date(self.env, day, date_format='EEEE d MMMM y'),
                    next=format_date(self.env, working.roll_forward(day), date_format='EEEE d MMMM y'),
                )
            )
