"""The rows of a workbook's first sheet, whatever wrote it. The content decides, not the name."""

import codecs
import csv
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TextIO
from xml.parsers import expat

from python_calamine import (
    CalamineError,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from registry.workbook import digest, formulas, ordinary, prescan
from registry.workbook.cells import Cell, is_blank
from registry.workbook.sheets import MOST_COLUMNS
from registry.workbook.unreadable import Unreadable

#: A sheet of a million rows unpacks to about 400 MB; more is meant to do harm.
LARGEST_UNPACKED = 1_500_000_000
#: What Excel, WPS and LibreOffice can show; a CSV may not have more either.
MOST_ROWS = 1_048_576

#: Characters of one row of a CSV, however many lines its quoted cells go over.
MOST_IN_A_ROW = 1 << 20
_BLOCK = 1 << 20
_SEPARATORS = (",", ";", "\t")
_TOLD_SEPARATOR = re.compile(r'"?sep=([,;\t])"?[\r\n]*', re.IGNORECASE)
_IN_QUOTES = re.compile(r'"[^"]*"?')
_SHIELDED = re.compile(r'\s*="([^"]*)"\s*')
_DOS_END = "\x1a"

__all__ = ["MOST_ROWS", "Sheet", "Unreadable", "column_letters", "has_content", "read"]


@dataclass(frozen=True)
class Sheet:
    """Rows as the spreadsheet shows them, the first one first, and their number if known.

    `first_column` is 1 where the leftmost cell is in column A. A CSV has no `name`.
    `others` are the workbook's further sheets; `patched`: rows of one of them stand in it.
    """

    rows: Iterator[Sequence[Cell]]
    height: int | None
    first_column: int = 1
    name: str = ""
    others: tuple[str, ...] = ()
    patched: bool = False


def read(path: Path, *, sheet: str | None = None, most_unpacked: int = LARGEST_UNPACKED) -> Sheet:
    """Return the first sheet of a workbook, or the sheet of a name that `Sheet.others` gave.

    The file is looked into before anything opens it; once is enough, so that it isn't done
    again for another sheet.

    :raises Unreadable: with the code of what is wrong; `prescan` has the list.
    """
    if sheet is None:
        sheets = frozenset({digest.SHEET})
        prescan.look_into(path, most_unpacked=most_unpacked, sheets=sheets)
    with path.open("rb") as file:
        head = file.read(8)
    if head.startswith(prescan.ZIP):
        return _read_spreadsheet(path, "xlsx", sheet)
    if head.startswith(prescan.OLE):
        return _read_spreadsheet(path, "xls", sheet)
    return _read_csv(path)


def _read_spreadsheet(path: Path, ending: str, wanted: str | None) -> Sheet:
    """Open a spreadsheet; calamine goes by the name, so it gets a truthful one."""
    try:
        with TemporaryDirectory() as folder:
            alias = Path(folder) / f"book.{ending}"
            if ending != "xlsx" or not _put_in_order(path, alias):
                alias.symlink_to(path.resolve())
            book = CalamineWorkbook.from_path(alias)
            sheets = [
                sheet for sheet in book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet
            ]
            if not sheets:
                raise Unreadable("unreadable")
            names = [sheet.name for sheet in sheets]
            # The first sheet is the first that people see: lists of choices hide before it.
            seen = [sheet.name for sheet in sheets if sheet.visible == SheetVisibleEnum.Visible]
            name = wanted or (seen or names)[0]
            others = tuple(other for other in names if other != name)
            sheet = book.get_sheet_by_name(name)
            book.close()
        broken = formulas.missing(path, name) if ending == "xlsx" else None
    except PasswordError as error:
        raise Unreadable("encrypted") from error
    except (CalamineError, ValueError, expat.ExpatError, zipfile.BadZipFile) as error:
        raise Unreadable("unreadable") from error
    if sheet.start is None or sheet.end is None:
        return Sheet(rows=iter(()), height=0, name=name, others=others)
    if sheet.end[1] >= MOST_COLUMNS:  # cells that don't say where they stand
        cell = f"{column_letters(sheet.end[1] + 1)} 列"
        raise Unreadable("too_many_columns", most=str(MOST_COLUMNS), cell=cell)
    first_column = sheet.start[1] + 1
    rows: Iterator[Sequence[Cell]] = sheet.iter_rows()
    if broken is not None:
        rows = formulas.put_in(rows, broken, first_column=first_column)
    return Sheet(
        rows=rows,
        height=sheet.end[0] + 1,
        first_column=first_column,
        name=name,
        others=others,
    )


def _put_in_order(path: Path, target: Path) -> bool:
    """Write a copy of an .xlsx that the reader finds its way in; say whether it needs one."""
    with zipfile.ZipFile(path) as package:
        contents = ordinary.contents(package)
        if contents.in_order:
            return False
        ordinary.put_in_order(package, contents, target)
    # Its parts have other names now, and what a part is was judged by its name.
    prescan.look_into(target, most_unpacked=LARGEST_UNPACKED, sheets=frozenset({digest.SHEET}))
    return True


def _encoding(path: Path) -> str:
    """Return the encoding of a text file: UTF-8 if it is that, else GB18030."""
    for encoding in ("utf-8-sig", "gb18030"):
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            with path.open("rb") as file:
                while block := file.read(_BLOCK):
                    if b"\x00" in block:
                        raise Unreadable("binary_file")
                    decoder.decode(block)
                decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return encoding
    raise Unreadable("mixed_encoding")


def _read_csv(path: Path) -> Sheet:
    return Sheet(rows=_csv_rows(path, _encoding(path)), height=None)


def _csv_rows(path: Path, encoding: str) -> Iterator[Sequence[Cell]]:
    with path.open(encoding=encoding, newline="") as file:
        separator = _separator(file)
        lines = _Lines(file)
        rows = csv.reader(lines, strict=True, delimiter=separator)
        count = 0
        try:
            for row in rows:
                count += 1
                if count > MOST_ROWS:
                    raise Unreadable("too_big")
                if len(row) > MOST_COLUMNS and not all(map(is_blank, row[MOST_COLUMNS:])):
                    where = f"第 {count} 行"
                    raise Unreadable("too_many_columns", most=str(MOST_COLUMNS), cell=where)
                # An empty row is passed over fast: a million of them must not take long.
                yield (_as_text(row) if lines.shielded else row) if any(row) else ()
                lines.begin_row()
        except csv.Error as error:
            code = "broken_quotes" if lines.quoted else "huge_cell"
            raise Unreadable(code, row=str(count + 1)) from error


def _separator(file: TextIO) -> str:
    """Return what stands between the cells, by the first line; leave the file where rows begin.

    A line `sep=;` says it, to Excel and to us, and is no row. Else it is what the line has most
    of outside of quotes; a title of one cell has none.
    """
    line = file.readline(MOST_IN_A_ROW)
    told = _TOLD_SEPARATOR.fullmatch(line)
    if told:
        return told[1]
    file.seek(0)
    bare = _IN_QUOTES.sub("", line)
    # The first of equals: a comma.
    return max(_SEPARATORS, key=bare.count)


def _as_text(row: list[str]) -> list[str]:
    """Return a row in which ="0012" is 0012: so programs keep a spreadsheet from counting."""
    return [found[1] if (found := _SHIELDED.fullmatch(cell)) else cell for cell in row]


class _Lines:
    """The lines of a text, counted together as long as they belong to one row."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._taken = 0
        self.quoted = False
        self.shielded = False

    def begin_row(self) -> None:
        """Say that the lines so far made a whole row."""
        self._taken = 0
        self.quoted = self.shielded = False

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._file.readline(MOST_IN_A_ROW)
        # Programs from the days of DOS end a text with a sign of its own.
        if not line or line == _DOS_END:
            raise StopIteration
        self._taken += len(line)
        self.quoted = self.quoted or '"' in line
        self.shielded = self.shielded or '="' in line
        if self._taken >= MOST_IN_A_ROW:
            raise Unreadable("line_too_long")
        return line


def column_letters(number: int) -> str:
    """Return the letters a spreadsheet shows over a column: 1 is A, 27 is AA."""
    letters = ""
    while number:
        number, place = divmod(number - 1, 26)
        letters = chr(ord("A") + place) + letters
    return letters


def has_content(row: Sequence[Cell]) -> bool:
    """Say whether a row has anything to read."""
    return not all(is_blank(cell) for cell in row)
