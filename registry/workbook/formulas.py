"""The cells of a sheet that hold something and show nothing: errors, formulas not worked out.

The reader gives an empty cell for both. In a cell that may be empty that would go unnoticed,
and a row of nothing else would be no row at all. They are looked for in the sheet itself.
"""

import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from xml.parsers import expat

from registry.workbook import ordinary
from registry.workbook.cells import Cell, NoValue
from registry.workbook.unreadable import Unreadable

_BLOCK = 1 << 18
_CARRIED = 512
_LONGEST = 100
_FORMULA_END = rb"(?:</(?:\w+:)?f\s*>|<(?:\w+:)?f(?:\s[^<>]*)?/>)\s*"
_VALUE = rb"<(?:\w+:)?v(?:\s[^<>]*)?"
_NOT_WORKED_OUT = re.compile(
    _FORMULA_END + rb"(?:" + _VALUE + rb"(?:/>|>\s*</(?:\w+:)?v\s*>)\s*)?</(?:\w+:)?c\s*>"
)
#: Programs that write formulas without working them out put a zero there, or nothing.
_ZERO = re.compile(_FORMULA_END + _VALUE + rb">\s*0(?:\.0*)?\s*</")
_ERROR = re.compile(rb"""\bt\s*=\s*["']e["']""")
_PLACE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
Broken = tuple[int, dict[int, Cell]]


def missing(path: Path, sheet: str) -> Iterator[Broken] | None:
    """Return the rows of an .xlsx that have such cells, each with those by column from 0.

    None where the sheet has none, which takes one quick look. The rows come from the top.
    An error is its text (#N/A), a formula not worked out a `NoValue`.

    :raises Unreadable: while the rows are gone through, if they don't stand in order or the
        sheet is no XML.
    """
    with zipfile.ZipFile(path) as package:
        told = ordinary.contents(package)
        part = ordinary.entry(package, told.sheets.get(sheet, ""))
        if part is None or not _has_any(package, part, counts_anew=told.counts_anew):
            return None
    return _rows(path, part, counts_anew=told.counts_anew)


def put_in(
    rows: Iterator[Sequence[Cell]], broken: Iterator[Broken], *, first_column: int
) -> Iterator[Sequence[Cell]]:
    """Yield rows with such cells in their places."""
    number = 0
    for wanted, cells in broken:
        while number < wanted:
            number += 1
            row: Sequence[Cell] = next(rows, ())
            if number == wanted:
                row = _filled(row, cells, first_column)
            yield row
    yield from rows


def _filled(row: Sequence[Cell], cells: Mapping[int, Cell], first_column: int) -> list[Cell]:
    found = {place - first_column + 1: cell for place, cell in cells.items()}
    width = max(len(row), max(found) + 1)
    filled = [*row, *[""] * (width - len(row))]
    for place, cell in found.items():
        # Left of the first column that has a header nothing has a meaning.
        if place >= 0:
            filled[place] = cell
    return filled


def _has_any(package: zipfile.ZipFile, part: str, *, counts_anew: bool) -> bool:
    carried = b""
    with package.open(part) as stream:
        while fresh := stream.read(_BLOCK):
            block = carried + fresh
            if b"='e'" in block or b'="e"' in block or (b"= " in block and _ERROR.search(block)):
                return True
            if (b"<f" in block or b":f" in block) and (
                _NOT_WORKED_OUT.search(block) or (counts_anew and _ZERO.search(block))
            ):
                return True
            carried = block[-_CARRIED:]
    return False


class _Reader:
    """Goes through a sheet and keeps what it has found of the rows that are complete."""

    def __init__(self, *, counts_anew: bool) -> None:
        self.done: list[Broken] = []
        self._counts_anew = counts_anew
        self._row = 0
        self._column = -1
        self._cells: dict[int, Cell] = {}
        self._kind = ""
        self._formula: list[str] | None = None
        self._value: list[str] | None = None
        self._into: list[str] | None = None
        self.parser = expat.ParserCreate(namespace_separator="}")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._begin
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text

    def _begin(self, tag: str, told: Mapping[str, str]) -> None:
        element = tag.rsplit("}", 1)[-1]
        if element == "c":
            self._kind, self._formula, self._value = told.get("t", "n"), None, None
            place = _PLACE.fullmatch(told.get("r", "").upper())
            if place:
                self._column = _number(place[1])
            else:
                self._column += 1
        elif element == "row":
            row = told.get("r", "")
            number = int(row) if row.isascii() and row.isdigit() else self._row + 1
            if number <= self._row:
                raise Unreadable("unreadable")
            self._row, self._column, self._cells = number, -1, {}
        elif element == "f":
            self._into = self._formula = []
        elif element == "v":
            self._into = self._value = []

    def _text(self, text: str) -> None:
        if self._into is not None:
            self._into.append(text)

    def _end(self, tag: str) -> None:
        element = tag.rsplit("}", 1)[-1]
        if element == "c":
            if cell := self._broken():
                self._cells[self._column] = cell
        elif element == "row":
            if self._cells:
                self.done.append((self._row, self._cells))
        elif element in ("f", "v"):
            self._into = None

    def _broken(self) -> Cell | None:
        value = "".join(self._value or ()).strip()
        if self._kind == "e":
            return value or "#N/A"
        if self._formula is None:
            return None
        formula = NoValue("=" + "".join(self._formula)[:_LONGEST])
        if self._kind == "str":
            # A text of no letters is what many a formula comes to: =IF(A2="","",…).
            return formula if self._value is None else None
        if not value or (self._counts_anew and self._kind == "n" and not value.strip("0.")):
            return formula
        return None


def _rows(path: Path, part: str, *, counts_anew: bool) -> Iterator[Broken]:
    reader = _Reader(counts_anew=counts_anew)
    with zipfile.ZipFile(path) as package, package.open(part) as stream:
        while block := stream.read(_BLOCK):
            try:
                reader.parser.Parse(block, False)
            except expat.ExpatError as error:
                # calamine reads on where it must not.
                raise Unreadable("unreadable") from error
            yield from reader.done
            reader.done.clear()


def _number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1
