"""Compares the terms of an add-on, freshly exported from Odoo, with its translations.

    python dev/translations.py check TERMS.pot FOLDER     says what is not translated, doubtful or no longer used
    python dev/translations.py update TERMS.pot FOLDER    takes the terms over into the folder's files, then says the same

French has to be complete; any other language in the folder as well.
"""

import pathlib
import sys

import polib


def update(terms, path):
    """New terms come in without translation, those no longer used go."""
    translation = polib.pofile(path)
    translation.merge(terms)
    for entry in translation.obsolete_entries():
        translation.remove(entry)
    translation.sort(key=lambda entry: entry.msgid)
    translation.save(path)


def problems(terms, path):
    translation = polib.pofile(path)
    used = {(entry.msgctxt, entry.msgid) for entry in terms}
    done = {(entry.msgctxt, entry.msgid) for entry in translation.translated_entries()}
    known = {(entry.msgctxt, entry.msgid) for entry in translation if not entry.obsolete}
    yield from (("not translated", term) for _context, term in sorted(used - done, key=str))
    yield from (("not used", term) for _context, term in sorted(known - used, key=str))
    yield from (("doubtful (fuzzy)", entry.msgid) for entry in translation.fuzzy_entries())
    yield from (("obsolete", entry.msgid) for entry in translation.obsolete_entries())


def main(command, terms_path, folder):
    terms = polib.pofile(terms_path)
    found = []
    for path in sorted({folder / "fr.po", *folder.glob("*.po")}):
        if command == "update":
            update(terms, path)
        found += [f"{path}: {problem}: {term!r}" for problem, term in problems(terms, path)]
    print(*found, sep="\n", end="\n" if found else "")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])))
