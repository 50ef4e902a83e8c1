#: no delay of a ladder is longer than a year: more is a slip of the finger
DAYS = (0, 366)


def get_range_problem(record, ranges):
    """Say which number of a record makes no sense, before or when it is saved.

    :param record: one record, stored or under edition
    :param dict ranges: name of an integer field → (lowest, highest), see :data:`DAYS`
    :return: a sentence that names the field as the screens do, or None
    """
    for name, (lowest, highest) in ranges.items():
        if not lowest <= record[name] <= highest:
            return record.env._(
                "“%(field)s” is %(value)s: choose a number from %(lowest)s to %(highest)s.",
                field=record._fields[name].get_description(record.env)['string'],
                value=record[name],
                lowest=lowest,
                highest=highest,
            )
    return None
