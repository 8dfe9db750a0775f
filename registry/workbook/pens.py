"""Two ways of writing a sheet of marked cells: into a new workbook, or into the user's own.

What a user typed stays text: no pen ever writes a formula, a link or a number by its looks.
"""

import datetime as dt
import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import openpyxl
import xlsxwriter
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill

from registry.workbook.cells import Cell, shown
from registry.workbook.safe import SAFE
from registry.workbook.template import AUTHOR

#: Pale red below a wrong cell, as spreadsheets' own «bad» style has it.
WRONG = "FFC7CE"
_HEAD = "DCE6F1"
#: What a cell, and a comment worth reading, may hold.
LONGEST_CELL = 32_767
LONGEST_COMMENT = 2_000
_COMMENT_WIDTH = 300
_LINE_HEIGHT = 18
_CHARACTERS_A_LINE = 21
#: Typed anew, these would begin a formula.
_OPENINGS = frozenset("=+-@\t\r")
#: What XML can't hold is written as `_x0001_`; a text that looks so already is kept apart.
_UNFIT = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
#: Spreadsheets count days from here.
_FIRST_YEAR = 1900
_HOLLOW = re.compile(r"[\[\]:*?/\\]")


class Look(NamedTuple):
    """How a cell of a sheet of ours looks: its number format, whether wrong, whether a header."""

    number_format: str = "General"
    wrong: bool = False
    header: bool = False


class Pen(Protocol):
    """Writes one sheet, row by row from the top."""

    def write(self, number: int, place: int, cell: Cell, look: Look) -> None: ...

    def comment(self, number: int, place: int, text: str) -> None: ...

    def lay_out(self, widths: list[int], *, hidden: int = 0) -> None: ...


def number_format(cell: Cell, otherwise: str = "General") -> str:
    """Return how a date or a time is shown; anything else is shown `otherwise`."""
    if isinstance(cell, dt.datetime):
        return "yyyy-mm-dd" if cell.time() == dt.time() else "yyyy-mm-dd hh:mm:ss"
    if isinstance(cell, dt.date):
        return "yyyy-mm-dd"
    if isinstance(cell, dt.time):
        return "hh:mm:ss"
    return "[h]:mm:ss" if isinstance(cell, dt.timedelta) else otherwise


def _storable(cell: Cell) -> Cell:
    """Return a cell that a spreadsheet can hold; what it can't becomes text."""
    if isinstance(cell, float) and not math.isfinite(cell):
        return shown(cell)
    if isinstance(cell, dt.date) and cell.year < _FIRST_YEAR:
        return shown(cell)
    return cell[:LONGEST_CELL] if isinstance(cell, str) else cell


def _height(text: str) -> int:
    lines = sum(1 + len(line) // _CHARACTERS_A_LINE for line in text.split("\n"))
    return _LINE_HEIGHT * (lines + 1)


def _comment(text: str) -> str:
    """Return a comment that fits and that XML can hold: nobody unescapes a comment."""
    text = text[:LONGEST_COMMENT]
    return _UNFIT.sub(lambda found: "_" if found[0] == "_" else "\ufffd", text)


def sheet_title(title: str) -> str:
    """Return a title that a spreadsheet accepts."""
    return _HOLLOW.sub(" ", title).strip("' ")[:31] or "Sheet1"


class NewBook:
    """A workbook written anew in constant memory, its sheets side by side."""

    def __init__(self, target: Path) -> None:
        self._book = xlsxwriter.Workbook(target, {**SAFE, "constant_memory": True})
        self._looks: dict[Look, Any] = {}
        self._quoted: dict[Look, Any] = {}

    def add(self, title: str) -> "NewPen":
        return NewPen(self, self._book.add_worksheet(sheet_title(title)))

    def close(self) -> None:
        self._book.close()

    def look(self, look: Look, *, quoted: bool = False) -> Any:
        """Return the workbook's own format for a look, made once."""
        known = self._quoted if quoted else self._looks
        found = known.get(look)
        if found is None:
            wanted: dict[str, Any] = {"num_format": look.number_format}
            if quoted:
                wanted["quote_prefix"] = True
            if look.header:
                wanted |= {"bold": True, "bg_color": f"#{_HEAD}", "text_wrap": True}
            if look.wrong:
                wanted["bg_color"] = f"#{WRONG}"
            found = known[look] = self._book.add_format(wanted)
        return found


class NewPen:
    """Writes a sheet of a new workbook."""

    def __init__(self, book: NewBook, sheet: Any) -> None:
        self._book, self._sheet = book, sheet

    def write(self, number: int, place: int, cell: Cell, look: Look) -> None:
        sheet = self._sheet
        if type(cell) is not str:
            cell = _storable(cell)
        if isinstance(cell, str):
            style = self._book.look(look, quoted=cell[:1] in _OPENINGS)
            if cell:
                sheet.write_string(number - 1, place, cell[:LONGEST_CELL], style)
            elif look.wrong:
                sheet.write_blank(number - 1, place, None, style)
            return
        style = self._book.look(look)
        if isinstance(cell, bool):
            sheet.write_boolean(number - 1, place, cell, style)
        elif isinstance(cell, int | float):
            sheet.write_number(number - 1, place, cell, style)
        else:
            sheet.write_datetime(number - 1, place, cell, style)

    def comment(self, number: int, place: int, text: str) -> None:
        text = _comment(text)
        options = {"author": AUTHOR, "width": _COMMENT_WIDTH, "height": _height(text)}
        self._sheet.write_comment(number - 1, place, text, options)

    def lay_out(self, widths: list[int], *, hidden: int = 0) -> None:
        for place, width in enumerate(widths):
            self._sheet.set_column(place, place, width, None, {"hidden": place < hidden})
        self._sheet.freeze_panes(1, 0)


@contextmanager
def new_book(target: Path) -> Iterator[NewBook]:
    """Write a new workbook; it is on disk when the block ends."""
    book = NewBook(target)
    yield book
    book.close()


class OwnPen:
    """Writes a sheet of a workbook that openpyxl holds."""

    def __init__(self, sheet: Any) -> None:
        self._sheet = sheet
        self._fill = PatternFill("solid", fgColor=WRONG)
        self._head = PatternFill("solid", fgColor=_HEAD)

    def write(self, number: int, place: int, cell: Cell, look: Look) -> None:
        cell = _storable(cell)
        if cell == "" and not look.wrong:
            return
        target = self._sheet.cell(number, place + 1)
        if isinstance(cell, str):
            if cell:
                target.value = _UNFIT.sub(lambda found: f"_x{ord(found[0]):04X}_", cell)
                # openpyxl takes a text for a formula by its first character.
                target.data_type = "s"
            if cell[:1] in _OPENINGS:
                target.quotePrefix = True
        else:
            target.value = cell
        target.number_format = look.number_format
        if look.header:
            target.font, target.fill = Font(bold=True), self._head
            target.alignment = Alignment(wrap_text=True)
        if look.wrong:
            target.fill = self._fill

    def comment(self, number: int, place: int, text: str) -> None:
        self._sheet.cell(number, place + 1).comment = own_comment(text)

    def lay_out(self, widths: list[int], *, hidden: int = 0) -> None:
        for place, width in enumerate(widths, start=1):
            dimension = self._sheet.column_dimensions[openpyxl.utils.get_column_letter(place)]
            dimension.width, dimension.hidden = width, place <= hidden
        self._sheet.freeze_panes = "A2"


def own_comment(text: str) -> Any:
    """Return a comment of ours for openpyxl."""
    text = _comment(text)
    return Comment(text, AUTHOR, width=_COMMENT_WIDTH, height=_height(text))
