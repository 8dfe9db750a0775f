"""The rows of a workbook's first sheet, whatever wrote it. The content decides, not the name."""

import codecs
import csv
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from python_calamine import (
    CalamineError,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
)

from registry.workbook.cells import Cell, is_blank

#: A sheet of a million rows unpacks to about 400 MB; more is meant to do harm.
LARGEST_UNPACKED = 1_500_000_000
#: What Excel, WPS and LibreOffice can show; a CSV may not have more either.
MOST_ROWS = 1_048_576

_ZIP = b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")
_BLOCK = 1 << 20


class Unreadable(Exception):
    """The file as a whole can't be read; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


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


def read(path: Path, *, sheet: str | None = None) -> Sheet:
    """Return the first sheet of a workbook, or the sheet of a name that `Sheet.others` gave.

    :raises Unreadable: with `empty_file`, `encrypted`, `unsupported_format`, `too_big`
        or `unreadable`.
    """
    with path.open("rb") as file:
        head = file.read(8)
    if not head:
        raise Unreadable("empty_file")
    if head.startswith((_ZIP, _EMPTY_ZIP)):
        _refuse_other_packages(path)
        return _read_spreadsheet(path, "xlsx", sheet)
    if head == _OLE:
        if _ENCRYPTED_STREAM in path.read_bytes():
            raise Unreadable("encrypted")
        return _read_spreadsheet(path, "xls", sheet)
    return _read_csv(path)


def _refuse_other_packages(path: Path) -> None:
    """Look into the package before anything unpacks it."""
    try:
        with zipfile.ZipFile(path) as package:
            parts = package.infolist()
    except (zipfile.BadZipFile, OSError, NotImplementedError) as error:
        raise Unreadable("unreadable") from error
    if any(part.flag_bits & 1 for part in parts):
        raise Unreadable("encrypted")
    # Some writers begin part names with a slash or use the capitals of their own.
    names = {part.filename.lstrip("/").lower() for part in parts}
    if "xl/workbook.xml" not in names:
        raise Unreadable("unsupported_format")
    if sum(part.file_size for part in parts) > LARGEST_UNPACKED:
        raise Unreadable("too_big")


def _read_spreadsheet(path: Path, ending: str, wanted: str | None) -> Sheet:
    """Open a spreadsheet; calamine goes by the name, so it gets a truthful one."""
    try:
        with TemporaryDirectory() as folder:
            alias = Path(folder) / f"book.{ending}"
            alias.symlink_to(path.resolve())
            book = CalamineWorkbook.from_path(alias)
            names = [
                sheet.name for sheet in book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet
            ]
            if not names:
                raise Unreadable("unreadable")
            name = wanted or names[0]
            others = tuple(other for other in names if other != name)
            sheet = book.get_sheet_by_name(name)
            book.close()
    except PasswordError as error:
        raise Unreadable("encrypted") from error
    except (CalamineError, ValueError) as error:
        raise Unreadable("unreadable") from error
    if sheet.start is None or sheet.end is None:
        return Sheet(rows=iter(()), height=0, name=name, others=others)
    return Sheet(
        rows=sheet.iter_rows(),
        height=sheet.end[0] + 1,
        first_column=sheet.start[1] + 1,
        name=name,
        others=others,
    )


def _encoding(path: Path) -> str:
    """Return the encoding of a text file: UTF-8 if it is that, else GB18030."""
    for encoding in ("utf-8-sig", "gb18030"):
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            with path.open("rb") as file:
                while block := file.read(_BLOCK):
                    if b"\x00" in block:
                        raise Unreadable("unreadable")
                    decoder.decode(block)
                decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return encoding
    raise Unreadable("unreadable")


def _read_csv(path: Path) -> Sheet:
    with path.open("rb") as file:
        head = file.read(_BLOCK)
    if head.startswith(_UTF16):
        raise Unreadable("unsupported_format")
    encoding = _encoding(path)
    # Older systems write a web page or XML and call it .xls.
    if head.removeprefix(codecs.BOM_UTF8).lstrip().startswith((b"<", b"{", b"%PDF")):
        raise Unreadable("unsupported_format")
    return Sheet(rows=_csv_rows(path, encoding), height=None)


def _csv_rows(path: Path, encoding: str) -> Iterator[Sequence[Cell]]:
    with path.open(encoding=encoding, newline="") as file:
        rows = csv.reader(file, strict=True)
        try:
            for count, row in enumerate(rows, start=1):
                if count > MOST_ROWS:
                    raise Unreadable("too_big")
                yield row
        except csv.Error as error:
            raise Unreadable("unreadable") from error


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
