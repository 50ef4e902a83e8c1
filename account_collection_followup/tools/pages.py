from collections import namedtuple

#: a heading with the lines under it; ``kind`` says how they are shown, ``more``: it began on the page before
Section = namedtuple('Section', ['kind', 'title', 'lines', 'more'])

#: rows that the heading of a section and the head of its columns take
HEADING = 2


def cut_into_pages(sections, capacity, weigh):
    """Cut lists into pieces that fit on a page each, every piece with its head: programs that make PDF files
    neither repeat the head of a table reliably nor keep rows whole.

    :param sections: :class:`Section` list in the order of reading
    :param int capacity: rows a page has, more than the head of a section takes
    :param weigh: function giving the rows a line takes
    :return: list of pages, each a list of sections
    """
    pages, left = [[]], capacity
    for section in sections:
        piece = []
        # the head and the first line stay together
        if section.lines and left < HEADING + weigh(section.lines[0]) and pages[-1]:
            pages.append([])
            left = capacity
        left -= HEADING
        for line in section.lines:
            weight = weigh(line)
            if left < weight and piece:
                pages[-1].append(section._replace(lines=piece))
                section = section._replace(more=True)
                pages.append([])
                piece, left = [], capacity - HEADING
            piece.append(line)
            left -= weight
        if piece:
            pages[-1].append(section._replace(lines=piece))
    return [page for page in pages if page]


def count_rows(sections, weigh):
    """:return: the rows these sections take on a page of any length"""
    return sum(HEADING + sum(map(weigh, section.lines)) for section in sections)
