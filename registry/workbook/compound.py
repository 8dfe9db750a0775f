"""Look into an .xls: the names of what its container has, and the records of its workbook.

The container (OLE) is a little file system of sectors in chains. Only what is needed here is
read: the directory, and one stream. A chain that bites its own tail ends with the file's size.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from registry.workbook.sheets import MOST_COLUMNS
from registry.workbook.unreadable import Unreadable

_LAST = 0xFFFFFFFA
_ENTRY = 128
_STORAGE, _STREAM, _ROOT = 1, 2, 5
_ENCRYPTED = "EncryptedPackage"
_DOCUMENTS = frozenset(
    {"WordDocument", "PowerPoint Document", "VisioDocument", "__properties_version1.0"}
)
_MACROS = frozenset({"_VBA_PROJECT_CUR", "_VBA_PROJECT", "Macros", "VBA"})
_WORKBOOKS = ("Workbook", "WORKBOOK", "Book", "BOOK")

# Records of the workbook stream, see [MS-XLS] 2.3.
_BOF, _EOF, _LOCKED, _SHEET, _BOOK = 0x0809, 0x000A, 0x002F, 0x0085, 0x01AE
_OLD_BOFS = frozenset({0x0009, 0x0209, 0x0409})
#: Cells with content: formula, number, label, truth value, RK, shared string, rich string.
_CELLS = frozenset({0x0006, 0x0203, 0x0204, 0x0205, 0x027E, 0x00FD, 0x00D6})
_SEVERAL = 0x00BD  # numbers in a row, from one column to another
_OWN_SHEETS, _ADD_INS = 0x0401, 0x3A01
#: A sheet can be a macro sheet, or a module of Visual Basic.
_ACTING = frozenset({1, 6})


@dataclass(frozen=True)
class _Entry:
    name: str
    kind: int
    start: int
    size: int


class _Container:
    """The sectors of a container."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        (shift, mini_shift) = struct.unpack_from("<HH", data, 30)
        if shift not in (9, 12) or mini_shift > shift:
            raise Unreadable("unreadable")
        self._size, self._mini = 1 << shift, 1 << mini_shift
        first, self._cutoff, mini_first = struct.unpack_from("<I4xII", data, 48)
        more = struct.unpack_from("<I", data, 68)[0]
        tables = [at for at in struct.unpack_from("<109I", data, 76) if at < _LAST]
        while more < _LAST and len(tables) <= len(data) // self._size:
            told = struct.unpack(f"<{self._size // 4}I", self._sector(more))
            tables += [at for at in told[:-1] if at < _LAST]
            more = told[-1]
        fat = b"".join(map(self._sector, tables[: len(data) // self._size + 1]))
        self._next = struct.unpack(f"<{len(fat) // 4}I", fat)
        self.entries = list(self._directory(first))
        mini = b"".join(self._chain(mini_first))
        self._mini_next = struct.unpack(f"<{len(mini) // 4}I", mini)

    def _sector(self, number: int) -> bytes:
        at = (number + 1) * self._size
        if at >= len(self._data):
            raise Unreadable("unreadable")
        return self._data[at : at + self._size].ljust(self._size, b"\x00")

    def _chain(self, number: int) -> Iterator[bytes]:
        for _ in range(len(self._next)):
            if number >= len(self._next):
                return
            yield self._sector(number)
            number = self._next[number]

    def _directory(self, first: int) -> Iterator[_Entry]:
        for sector in self._chain(first):
            for at in range(0, self._size, _ENTRY):
                length, kind = struct.unpack_from("<HB", sector, at + 64)
                start, size = struct.unpack_from("<II", sector, at + 116)
                if kind in (_STORAGE, _STREAM, _ROOT):
                    name = sector[at : at + max(0, min(length, 64) - 2)]
                    yield _Entry(name.decode("utf-16-le", "replace"), kind, start, size)

    def stream(self, entry: _Entry) -> bytes:
        """Return the bytes of a stream; short ones lie in a stream of their own."""
        if entry.size >= self._cutoff:
            return b"".join(self._chain(entry.start))[: entry.size]
        root = next((other for other in self.entries if other.kind == _ROOT), None)
        small = b"".join(self._chain(root.start)) if root else b""
        found, number = [], entry.start
        for _ in range(len(self._mini_next)):
            if number >= len(self._mini_next):
                break
            found.append(small[number * self._mini : (number + 1) * self._mini])
            number = self._mini_next[number]
        return b"".join(found)[: entry.size]


def look_into(path: Path) -> None:
    """Return if an .xls may be opened.

    :raises Unreadable: otherwise, with the code of the first thing that is wrong.
    """
    data = path.read_bytes()
    if _ENCRYPTED.encode("utf-16-le") in data:
        raise Unreadable("encrypted")
    try:
        container = _Container(data)
        names = {entry.name for entry in container.entries}
        book = next(
            (
                entry
                for wanted in _WORKBOOKS
                for entry in container.entries
                if entry.name == wanted and entry.kind == _STREAM
            ),
            None,
        )
        if book is None:
            raise Unreadable("document_file" if names & _DOCUMENTS else "unreadable")
        if names & _MACROS:
            raise Unreadable("has_macros")
        if any(name.startswith("MBD") or name == "\x01Ole10Native" for name in names):
            raise Unreadable("embedded_objects")
        _look_at_records(container.stream(book))
    except (struct.error, IndexError, OverflowError) as error:
        raise Unreadable("unreadable") from error


def _look_at_records(stream: bytes) -> None:
    if len(stream) < 4:
        raise Unreadable("unreadable")
    if int.from_bytes(stream[:2], "little") in _OLD_BOFS:
        raise Unreadable("old_excel")
    at, end = 0, len(stream)
    header = place = struct.Struct("<HH").unpack_from
    while at + 4 <= end:
        record, length = header(stream, at)
        body = at + 4
        at = body + length
        if record in _CELLS or record == _SEVERAL:
            row, column = place(stream, body)
            if record == _SEVERAL:
                column = header(stream, at - 2)[0]
            if column >= MOST_COLUMNS:
                raise Unreadable(
                    "too_many_columns", most=str(MOST_COLUMNS), cell=f"第 {row + 1} 行"
                )
        elif record == _LOCKED:
            raise Unreadable("encrypted")
        elif record == _SHEET and length >= 6 and stream[body + 5] in _ACTING:
            raise Unreadable("has_macros")
        elif record == _BOOK:
            _refuse_link(stream[body:at])


def _refuse_link(told: bytes) -> None:
    """Refuse a link to another workbook, or to a program."""
    if len(told) < 4:
        return
    count, kind = struct.unpack_from("<HH", told)
    if kind in (_OWN_SHEETS, _ADD_INS):
        return
    # Program and topic of a DDE link stand with a sign between them that no path has.
    raise Unreadable("dde_link" if b"\x03" in told[4:] and not count else "external_links")
