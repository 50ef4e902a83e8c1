from datetime import timedelta

ONE_DAY = timedelta(days=1)
SATURDAY = 5


class WorkingDays:
    """Calendar of a company: weekdays less its holidays (R54).

    Pure and cheap: built once from a set of dates, asked as often as needed.
    """

    def __init__(self, holidays=()):
        """:param holidays: dates nobody works on, besides Saturdays and Sundays"""
        self.holidays = frozenset(holidays)

    def is_working(self, day):
        """:return: whether messages and calls may happen on ``day``"""
        return day.weekday() < SATURDAY and day not in self.holidays

    def add(self, day, n):
        """The ``n``-th working day after ``day``.

        :param date day: a day, working or not; it is never counted itself
        :param int n: working days; negative counts backward, 0 gives ``day`` as it is
        :rtype: date
        """
        step = ONE_DAY if n > 0 else -ONE_DAY
        left = abs(n)
        while left:
            day += step
            left -= self.is_working(day)
        return day

    def roll_forward(self, day):
        """:return: ``day`` if it is a working day, else the next one: for delays"""
        while not self.is_working(day):
            day += ONE_DAY
        return day

    def roll_backward(self, day):
        """:return: ``day`` if it is a working day, else the one before: for limits ("at most")"""
        while not self.is_working(day):
            day -= ONE_DAY
        return day

    def cutoff(self, day, n):
        """The earliest date ``c`` for which ``add(c, n) >= day``.

        Turns "held until ``n`` working days after a fact" into a comparison that
        SQL can make without a calendar: held on ``day`` if and only if the fact's
        date is ``>= cutoff(day, n)``.

        :rtype: date
        """
        if n >= 0:
            return self.add(day, -n)
        # the -n-th working day counted from ``day`` itself must lie before c
        return self.add(day - ONE_DAY, -n) + ONE_DAY
