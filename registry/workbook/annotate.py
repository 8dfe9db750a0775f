"""The user's own workbook back: wrong cells coloured and commented, and the bad rows by themselves.

- The sheet that was read comes back as it was, its wrong cells marked. A spreadsheet of up to
  20,000 rows is the very same workbook: all its sheets, formats and widths. A larger one, an
  .xls or a .csv comes back as a new workbook with this one sheet: the same cells in the same
  order and of the same types.
- «待更正» has only the bad rows, to be mended there. A workbook that was read from its «待更正»
  is marked there instead: rows that were mended already must not get lost.
- «错误清单» lists every problem.

Formulas come back as the values they had: nothing that a user typed runs on anybody else's
machine, and the workbook reads the same if it is uploaded again without having been opened.
What openpyxl can't keep is lost: shapes, images where Pillow isn't installed, macros, links to
other workbooks, and rules that only newer versions of Excel know.
"""

import warnings
import zipfile
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.styles import PatternFill

from registry.workbook import digest, pens, reader
from registry.workbook.cells import Cell, is_blank, plain
from registry.workbook.marks import Marks, Note, Places
from registry.workbook.mended import sheet_to_read
from registry.workbook.pens import Look, Pen
from registry.workbook.schema import Column, Kind, Schema
from registry.workbook.template import AUTHOR, TEXT_KINDS, WIDTHS

BAD_ROWS = digest.SHEET
PROBLEMS = "错误清单"
#: Up to here a workbook is opened as a whole. openpyxl needs twenty times the room of what is
#: unpacked: at most about 360 MB and 9 seconds.
MOST_KEPT_ROWS = 20_000
MOST_KEPT_BYTES = 16_000_000
MOST_KEPT_NOTES = 5_000
#: Excel refuses to open a workbook with many more.
MOST_COMMENTS = 65_000
_STRIDE = 8_192
#: A number from here on has lost its last digits; as text it would look whole.
_LOST = 10**15
_HIDDEN = 2
_ESCAPED = b"x005F_"
_LIST = (
    ("行号", 8),
    ("列", 20),
    ("原值", 28),
    ("应为", 44),
    ("如何改正", 60),
    ("错误代码", 20),
)
Progress = Callable[[int, int | None], None]


def _silent(row: int, height: int | None) -> None:
    """Tell nobody how far it is."""


@dataclass
class Annotated:
    """What came back: whether it is the very same workbook, and how much of it is marked."""

    kept: bool = False
    marked: int = 0
    bad_rows: int = 0
    problems: int = 0


def annotate(
    source: Path,
    *,
    schema: Schema,
    problems: Iterable[Note],
    import_id: int,
    target: Path,
    progress: Progress = _silent,
) -> Annotated:
    """Write the user's workbook as `target`, its problems marked, with both sheets of ours.

    :raises reader.Unreadable: if the source can't be read as a workbook.
    """
    notes = list(problems)
    if _may_be_kept(source, len(notes)):
        try:
            return _keep(source, schema, notes, import_id, target)
        # openpyxl breaks in many ways on workbooks that spreadsheets and calamine read well;
        # the copy serves then.
        except Exception:  # noqa: BLE001
            target.unlink(missing_ok=True)
    return _copy(source, schema, notes, import_id, target, progress)


def bad_rows(
    source: Path,
    *,
    schema: Schema,
    problems: Iterable[Note],
    import_id: int,
    target: Path,
) -> Annotated:
    """Write a workbook of only the bad rows, and the list of all problems.

    :raises reader.Unreadable: if the source can't be read as a workbook.
    """
    notes = list(problems)
    rows, places, marks, _ = _open(source, schema, notes)
    with pens.new_book(target) as book:
        if marks.bad_rows:
            listed = _BadRows(book.add(BAD_ROWS), places, import_id, _Purse(MOST_COMMENTS))
            for number, row in enumerate(rows, start=1):
                if marks.is_bad(number):
                    listed.add(number, row, marks)
        _write_list(book.add(PROBLEMS), notes)
    return Annotated(bad_rows=marks.bad_rows, problems=len(notes))


def _open(
    source: Path, schema: Schema, notes: Iterable[Note]
) -> tuple[Iterator[Sequence[Cell]], Places, Marks, reader.Sheet]:
    """Return the rows of the sheet that was read, the header included, and what is wrong there."""
    sheet = sheet_to_read(source)
    rows = iter(sheet.rows)
    header = next(rows, None)
    places = Places(header or (), schema, sheet.first_column)
    return chain([] if header is None else [header], rows), places, Marks(notes, places), sheet


def _may_be_kept(source: Path, problems: int) -> bool:
    """Say whether openpyxl may open the source; it holds every cell of every sheet at once."""
    if problems > MOST_KEPT_NOTES or not zipfile.is_zipfile(source):
        return False
    with zipfile.ZipFile(source) as package:
        parts = package.infolist()
        if sum(part.file_size for part in parts) > MOST_KEPT_BYTES:
            return False
        # openpyxl takes the escape off a text that looks like one, and so changes the text.
        if any(_ESCAPED in package.read(part) for part in parts if "xl/" in part.filename):
            return False
    sheet = sheet_to_read(source)
    if sheet.patched:
        return False  # what was mended on our sheet has to be moved to its place
    return sheet.height is not None and sheet.height <= MOST_KEPT_ROWS + 1


def _keep(
    source: Path, schema: Schema, notes: Sequence[Note], import_id: int, target: Path
) -> Annotated:
    """Mark the very same workbook."""
    rows, places, marks, sheet = _open(source, schema, notes)
    with warnings.catch_warnings(), source.open("rb") as file:
        warnings.simplefilter("ignore")  # openpyxl tells of what it can't keep
        book = openpyxl.load_workbook(file, data_only=True, rich_text=True, keep_links=False)
        own = book[sheet.name]
        marked = _mark(own, places, marks)
        _put_aside(book, own)
        at = book.index(own) + 1
        if marks.bad_rows and own.title != BAD_ROWS:
            pen = pens.OwnPen(book.create_sheet(BAD_ROWS, at))
            listed = _BadRows(pen, places, import_id, _Purse(MOST_COMMENTS))
            for number, row in enumerate(rows, start=1):
                if marks.is_bad(number):
                    listed.add(number, row, marks)
            at += 1
        _write_list(pens.OwnPen(book.create_sheet(PROBLEMS, at)), notes)
        _select(book, own)
        book.save(target)
    return Annotated(True, marked, marks.bad_rows, len(notes))


def _mark(sheet: Any, places: Places, marks: Marks) -> int:
    """Colour and comment the wrong cells; take away what we marked another time."""
    red = PatternFill("solid", fgColor=pens.WRONG)
    # `iter_rows` would make a cell for every empty one between the first and the last.
    for cell in sheet._cells.values():
        if cell.comment and cell.comment.author == AUTHOR and _is_red(cell):
            cell.comment, cell.fill = None, PatternFill()
    said: dict[tuple[int, int], str] = {}
    rows = list(marks.rows())
    merged = _merged(sheet, rows)
    for number in rows:
        for place, text in marks.of(number).items():
            at = (number, place + places.first_column)
            for area in merged.get(number, ()):
                if area.min_col <= at[1] <= area.max_col:
                    at = (area.min_row, area.min_col)  # only the first of merged cells is seen
            said[at] = f"{said[at]}\n\n{text}" if at in said else text
    for at, text in said.items():
        cell = sheet.cell(*at)
        cell.fill = red
        if cell.comment:
            text = f"{text}\n\n原批注：{cell.comment.text}"
        cell.comment = pens.own_comment(text)
    return len(said)


def _is_red(cell: Any) -> bool:
    return cell.fill.fill_type == "solid" and str(cell.fill.fgColor.rgb)[-6:] == pens.WRONG


def _merged(sheet: Any, rows: Sequence[int]) -> dict[int, list[Any]]:
    """Return the areas of merged cells that reach into each of some rows, given in order."""
    found: dict[int, list[Any]] = defaultdict(list)
    for area in sheet.merged_cells.ranges:
        for number in rows[bisect_left(rows, area.min_row) : bisect_right(rows, area.max_row)]:
            found[number].append(area)
    return found


def _put_aside(book: Any, own: Any) -> None:
    """Remove the sheets that we added another time; call others of these names differently.

    Names that reach into other workbooks or programs go too.
    """
    for title in (BAD_ROWS, PROBLEMS):
        if title in book.sheetnames and book[title] is not own:
            sheet = book[title]
            first = [sheet.cell(1, place).value for place in range(1, 4)]
            if first == [title for title, _ in _LIST[:3]] or digest.ROW in first:
                book.remove(sheet)
            else:
                sheet.title = f"原{title}"
    for names in (book.defined_names, *(sheet.defined_names for sheet in book.worksheets)):
        for name in [name for name, meant in names.items() if set("[|") & set(meant.value or "")]:
            del names[name]


def _select(book: Any, own: Any) -> None:
    """Open the workbook on the marked sheet; two selected sheets would be edited at once."""
    book.active = book.index(own)
    for sheet in book.worksheets:
        sheet.sheet_view.tabSelected = sheet is own


def _copy(
    source: Path,
    schema: Schema,
    notes: Sequence[Note],
    import_id: int,
    target: Path,
    progress: Progress,
) -> Annotated:
    """Write the sheet anew with its marks, and ours beside it."""
    rows, places, marks, sheet = _open(source, schema, notes)
    title = sheet.name or schema.title
    shift = places.first_column - 1
    marked = 0
    with pens.new_book(target) as book:
        pen = book.add(title)
        listed = None
        if marks.bad_rows and title != BAD_ROWS:
            listed = _BadRows(book.add(BAD_ROWS), places, import_id, _Purse(MOST_COMMENTS))
        # Both sheets have comments if there is room for them; else «待更正» alone.
        purse = _Purse(MOST_COMMENTS - (len(notes) if listed else 0))
        widths = [_width(places.columns.get(place)) for place in range(len(places.header))]
        pen.lay_out([8] * shift + widths, hidden=_HIDDEN if title == BAD_ROWS else 0)
        looks = _Looks(places)
        for number, row in enumerate(rows, start=1):
            if not number % _STRIDE:
                progress(number, sheet.height)
            comments = marks.of(number)
            for place, cell in enumerate(row):
                if cell != "" or place in comments:
                    look = looks.of(place, cell, place in comments, number == 1)
                    pen.write(number, place + shift, cell, look)
            for place, text in comments.items():
                if place >= len(row):
                    pen.write(number, place + shift, "", Look(wrong=True))
                purse.comment(pen, number, place + shift, text)
            marked += len(comments)
            if listed and marks.is_bad(number):
                listed.add(number, row, marks)
        _write_list(book.add(PROBLEMS), notes)
    return Annotated(False, marked, marks.bad_rows, len(notes))


class _Purse:
    """The comments that are left to be written."""

    def __init__(self, left: int) -> None:
        self._left = left

    def comment(self, pen: Pen, number: int, place: int, text: str) -> None:
        if self._left > 0:
            self._left -= 1
            pen.comment(number, place, text)


class _Looks:
    """How the cells of each column look; asked for every cell, so each look is made once."""

    def __init__(self, places: Places) -> None:
        self._texts = {
            place for place, column in places.columns.items() if column.kind in TEXT_KINDS
        }
        self._plain = {
            (text, wrong): Look("@" if text else "General", wrong)
            for text in (True, False)
            for wrong in (True, False)
        }

    def of(self, place: int, cell: Cell, wrong: bool, header: bool = False) -> Look:
        if header:
            return Look("@", wrong, header=True)
        if isinstance(cell, str):
            return self._plain[place in self._texts, wrong]
        if isinstance(cell, int | float):
            return self._plain[False, wrong]
        return Look(pens.number_format(cell), wrong)


def _width(column: Column | None) -> int:
    return WIDTHS[column.kind] if column else 12


class _BadRows:
    """The sheet of only the bad rows: whence each comes, then the user's own columns."""

    def __init__(self, pen: Pen, places: Places, import_id: int, purse: _Purse) -> None:
        self._pen, self._places, self._import_id, self._purse = pen, places, import_id, purse
        self._looks, self._written = _Looks(places), 1
        self._codes = {
            place
            for place, column in places.columns.items()
            if column.kind in TEXT_KINDS - {Kind.TEXT}
        }
        head = Look("@", header=True)
        titles = [digest.IMPORT, digest.DIGEST, digest.ROW]
        header = [*titles, *(places.header[place] for place in places.users)]
        for place, title in enumerate(header):
            pen.write(1, place, title, head)
        widths = [_width(places.columns.get(place)) for place in places.users]
        pen.lay_out([12, 12, 8, *widths], hidden=_HIDDEN)

    def add(self, number: int, row: Sequence[Cell], marks: Marks) -> None:
        """Write the next bad row."""
        self._written += 1
        at, comments = self._written, marks.of(number)
        width = len(self._places.header)
        cells = {place: row[place] if place < len(row) else "" for place in self._places.users}
        # Cells right of the header are wrong, and have to be seen to be cleared.
        cells |= {place: row[place] for place in range(width, len(row))}
        told = {place: self._as_text(place, cell) for place, cell in cells.items()}
        whence, origin = self._whence(number, row)
        digested = digest.of(list(told.values()))
        for place, cell in enumerate((whence, digested, origin)):
            self._pen.write(at, place, cell, Look())
        for place, (source, cell) in enumerate(told.items(), start=3):
            wrong = source in comments
            self._pen.write(at, place, cell, self._looks.of(source, cell, wrong))
            if wrong:
                self._purse.comment(self._pen, at, place, comments[source])

    def _whence(self, number: int, row: Sequence[Cell]) -> tuple[Cell, Cell]:
        """Return import and row that this one first was; a row that was mended in vain keeps them."""
        wanted = [self._places.ours.get(title) for title in (digest.IMPORT, digest.ROW)]
        told = [row[at] for at in wanted if at is not None and at < len(row)]
        if len(told) < len(wanted) or any(map(is_blank, told)):
            return self._import_id, number
        return told[0], told[1]

    def _as_text(self, place: int, cell: Cell) -> Cell:
        """Return a code that was kept as a number as text, so that it can be mended as one."""
        if place not in self._codes or isinstance(cell, bool) or not isinstance(cell, int | float):
            return cell
        return plain(cell) if abs(cell) < _LOST else cell


def _write_list(pen: Pen, notes: Iterable[Note]) -> None:
    """Write every problem on a line of its own."""
    head = Look("@", header=True)
    for place, (title, _) in enumerate(_LIST):
        pen.write(1, place, title, head)
    pen.lay_out([width for _, width in _LIST])
    text = Look("@")
    for number, note in enumerate(notes, start=2):
        words = (note.row, note.header, note.found, note.expected, note.remedy, note.code)
        for place, word in enumerate(words):
            if word is not None:
                pen.write(number, place, word, text if isinstance(word, str) else Look())
