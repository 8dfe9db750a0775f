"""What leaves us never starts a formula, whatever somebody once typed. Pure.

A spreadsheet takes a text that begins with one of a few signs for a formula when it opens a
CSV, or when somebody edits the cell of a workbook: then it could read files or call programs.
"""

import re

#: For xlsxwriter: a text is a text, however it looks.
SAFE = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
#: What a spreadsheet takes for the beginning of a formula; full-width signs count in some.
OPENINGS = frozenset("=+-@\t\r\n＝＋－＠")
_PLAIN_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
#: What no cell of ours holds: it can't be seen, and XML can't keep it.
_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def opens_formula(text: str) -> bool:
    """Say whether a spreadsheet might take a text for a formula. A plain number is none."""
    return text[:1] in OPENINGS and not _PLAIN_NUMBER.fullmatch(text)


def seen(text: str) -> str:
    """Return a text without characters that can't be seen."""
    return _UNSEEN.sub("", text)


def for_csv(value: object) -> object:
    """Return what may stand in a CSV cell: texts that open a formula get an apostrophe before."""
    if not isinstance(value, str):
        return value
    text = seen(value)
    return f"'{text}" if opens_formula(text) else text
