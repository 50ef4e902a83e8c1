import re

#: as people write it: digits in groups, an extension after them
_WRITTEN = re.compile(r'[\d\s+\-.()/]+(?:\s*(?:x|ext)\.?\s*\d+)?', re.IGNORECASE)
_DIGITS = 5


def is_phone(text):
    """Tell a telephone number from something else that stands in its place.

    :param str text: as typed, possibly empty
    :return: whether it can be dialled: five digits or more, and nothing but what numbers are written with
    """
    number = (text or '').strip()
    return bool(_WRITTEN.fullmatch(number)) and sum(map(str.isdigit, number)) >= _DIGITS
