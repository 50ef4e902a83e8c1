from dateutil.relativedelta import relativedelta

from odoo.tools import float_compare, float_round

#: what the dates of an instalment plan are counted in
UNITS = {'month': 'months', 'week': 'weeks', 'day': 'days'}


def spread(amount, count, rounding):
    """Cut an amount into equal instalments; those that come first are larger by one unit, if it does not divide.

    :param float amount: what is spread, not negative, in any currency
    :param int count: number of instalments, 1 or more
    :param float rounding: smallest unit of the currency
    :return: list of ``count`` amounts that sum to ``amount`` exactly; zeros at the end if it has fewer units
    """
    units = int(float_round(amount / rounding, precision_digits=0))
    share, rest = divmod(units, count)
    return [float_round((share + (number < rest)) * rounding, precision_rounding=rounding) for number in range(count)]


def dates(first, count, unit='month', every=1):
    """The dates of instalments, before they are brought to working days.

    Months are counted from the first date, so that the 31st becomes the last day of a shorter month and is
    the 31st again after it.

    :param date first: date of the first instalment
    :param int count: number of instalments
    :param str unit: ``month``, ``week`` or ``day``
    :param int every: so many units apart, 1 or more
    :return: list of ``count`` dates
    """
    return [first + relativedelta(**{UNITS[unit]: number * every}) for number in range(count)]


def share_out(amounts, debts, rounding):
    """Lay instalments over debts in their order: the first instalment pays the first debt, and what is left of it the next.

    :param list amounts: of the instalments, in the order of their dates
    :param list debts: what they pay, the oldest first; the same sum
    :param float rounding: smallest unit of the currency
    :return: list of (number of the instalment, number of the debt, amount), none of them zero
    """
    shares, left, debt = [], list(debts), 0
    for number, amount in enumerate(amounts):
        while float_compare(amount, 0, precision_rounding=rounding) > 0 and debt < len(left):
            part = float_round(min(amount, left[debt]), precision_rounding=rounding)
            if part:
                shares.append((number, debt, part))
            amount -= part
            left[debt] -= part
            if float_compare(left[debt], 0, precision_rounding=rounding) <= 0:
                debt += 1
    return shares
