"""Look into an .xlsx as a stream before anything unpacks it: never more than a block in memory.

What its table of contents says of sizes is not believed: bytes are counted as they come out.

Measured: a worksheet of 100,000 rows and 7 columns unpacks to 32 MB, 11 times its packed size;
one of 300,000 rows of nothing but borders to 12 times; 200,000 times the same row of seven ones
to 14 times. Nothing honest comes near a hundred times; a bomb is near a thousand.
"""

import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from xml.parsers import expat

from registry.workbook import parts
from registry.workbook.sheets import LONGEST_TEXT, Look, Strings
from registry.workbook.unreadable import Unreadable

#: Parts that aren't pictures or settings of printers. A workbook has three or four a sheet.
MOST_PARTS = 500
MOST_ENTRIES = 3_000
#: Times its packed size that a part may unpack to, counted only above as many bytes.
MOST_RATIO = 100
RATIO_FROM = 10_000_000
#: Excel allows 64,000 formats for cells.
MOST_FORMATS = 70_000
BLOCK = LONGEST_TEXT
_KEPT = 512
Take = Callable[[bytes, bytes], object]
_STRINGS, _STYLES, _LINKS = "xl/sharedstrings.xml", "xl/styles.xml", "xl/externallinks/"
_STORED_OR_DEFLATED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_LOCAL_HEADER = 30
#: The flag that a name is in UTF-8.
_UTF8 = 0x800
_END = b"PK\x05\x06"
_END_LENGTH = 22
_MOST_COMMENT = 255
_PACKED = (b"PK\x03\x04", b"Rar!\x1a\x07", b"7z\xbc\xaf", b"\x1f\x8b\x08")
_DTD = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_ENCODING = re.compile(rb"""<\?xml[^>]*\bencoding\s*=\s*["']([^"']*)["']""")
_ENCODINGS = {b"utf-8", b"utf8", b"us-ascii", b"ascii"}


@dataclass(frozen=True)
class Part:
    """An entry of the package; `name` with forward slashes, in small letters, without the first."""

    name: str
    info: zipfile.ZipInfo

    @property
    def is_xml(self) -> bool:
        return self.name.endswith((".xml", ".rels"))


def look_into(path: Path, *, most_unpacked: int, sheets: frozenset[str]) -> None:
    """Return if an .xlsx may be opened.

    :raises Unreadable: otherwise, with the code of the first thing that is wrong.
    """
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as package:
            entries = package.infolist()
            if len(entries) > MOST_ENTRIES:
                raise Unreadable("too_many_parts", most=str(MOST_PARTS))
            _refuse_tampered(file, package, entries)
            found = [Part(_plain(info.filename), info) for info in entries if not info.is_dir()]
            _refuse_strangers(found)
            _look_at_contents(package, found, most_unpacked=most_unpacked, sheets=sheets)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
        raise Unreadable("damaged_archive") from error
    except expat.ExpatError as error:
        raise Unreadable("unreadable") from error
    except (RuntimeError, ValueError) as error:
        raise Unreadable("tampered_package") from error


def _plain(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").lower()


def _refuse_tampered(
    file: BinaryIO, package: zipfile.ZipFile, infos: list[zipfile.ZipInfo]
) -> None:
    """Refuse what no program writes and what two programs would read differently."""
    if any(info.flag_bits & 0x41 for info in infos):
        raise Unreadable("encrypted")
    names = [_plain(info.filename) for info in infos]
    if (
        len(set(names)) < len(names)
        or any(".." in name.split("/") or ":" in name for name in names)
        or any(info.orig_filename.find("\x00") >= 0 for info in infos)
        or any(info.compress_type not in _STORED_OR_DEFLATED for info in infos)
    ):
        raise Unreadable("tampered_package")
    placed = sorted(infos, key=lambda info: info.header_offset)
    ends = [*(info.header_offset for info in placed[1:]), package.start_dir]
    for info, end in zip(placed, ends, strict=False):
        file.seek(info.header_offset)
        head = file.read(_LOCAL_HEADER)
        if len(head) < _LOCAL_HEADER:
            raise Unreadable("damaged_archive")
        length, extra = struct.unpack_from("<HH", head, 26)
        name = file.read(length).decode("utf-8" if info.flag_bits & _UTF8 else "cp437", "replace")
        begins = info.header_offset + _LOCAL_HEADER + length + extra
        if name != info.orig_filename or begins + info.compress_size > end:
            raise Unreadable("tampered_package")
    if placed and placed[0].header_offset:
        raise Unreadable("tampered_package")
    _refuse_appendix(file, len(package.comment))


def _refuse_appendix(file: BinaryIO, comment: int) -> None:
    """Refuse a second file behind this one; a line end that mail programs add is none."""
    size = file.seek(0, 2)
    file.seek(max(0, size - _END_LENGTH - _MOST_COMMENT))
    tail = file.read()
    if comment > _MOST_COMMENT or _END not in tail:
        raise Unreadable("tampered_package")
    if tail[tail.rfind(_END) + _END_LENGTH + comment :].strip(b"\x00\r\n "):
        raise Unreadable("tampered_package")


def _refuse_strangers(found: list[Part]) -> None:
    """Refuse other packages than workbooks, and workbooks with something that acts by itself."""
    names = {part.name for part in found}
    if code := parts.stranger(names):
        raise Unreadable(code)
    if sum(not parts.is_ignored(name) for name in names) > MOST_PARTS:
        raise Unreadable("too_many_parts", most=str(MOST_PARTS))


def _look_at_contents(
    package: zipfile.ZipFile, found: list[Part], *, most_unpacked: int, sheets: frozenset[str]
) -> None:
    if sum(part.info.file_size for part in found) > most_unpacked:
        raise Unreadable("too_big")
    contents = parts.Contents()
    for part in found:
        if parts.is_table_of_contents(part.name):
            reader = contents.reader(part.name)
            for _, fresh in _blocks(package, part):
                reader.Parse(fresh, False)
            reader.Parse(b"", True)
    wanted = contents.worksheets(sheets)
    strings = Strings()
    looks: list[tuple[Part, Look]] = []
    left = most_unpacked
    for part in found:
        if parts.is_worksheet(part.name) if wanted is None else part.name in wanted:
            looks.append((part, Look()))
            left = _stream(package, part, left, looks[-1][1].take)
        elif part.name == _STRINGS:
            left = _stream(package, part, left, lambda _, fresh: strings.take(fresh))
        elif part.name == _STYLES:
            left = _stream(package, part, left, _formats_counter())
        elif part.name.startswith(_LINKS):
            _stream(package, part, left, _refuse_program)
            if part.is_xml and "/_rels/" not in part.name:
                raise Unreadable("external_links")
        else:
            left = _stream(package, part, left, None)
    for part, look in looks:
        if look.is_suspect():
            look.measure(block for block, _ in _blocks(package, part))
        if strings.is_suspect(look):
            texts = next(part for part in found if part.name == _STRINGS)
            strings.weigh(
                (fresh for _, fresh in _blocks(package, texts)),
                (block for block, _ in _blocks(package, part)),
            )


def _stream(package: zipfile.ZipFile, part: Part, left: int, take: Take | None) -> int:
    """Go through a part; return how many bytes the others may still unpack to."""
    for block, fresh in _blocks(package, part):
        left -= len(fresh)
        if left < 0:
            raise Unreadable("too_big")
        if take:
            take(block, fresh)
    return left


def _formats_counter() -> Take:
    count = 0

    def take(block: bytes, fresh: bytes) -> None:
        nonlocal count
        count += fresh.count(b"xf ")
        if count > MOST_FORMATS:
            raise Unreadable("too_many_formats", most=f"{MOST_FORMATS:,}")

    return take


def _refuse_program(block: bytes, fresh: bytes) -> None:
    if b"ddeLink" in block:
        raise Unreadable("dde_link")


def _blocks(package: zipfile.ZipFile, part: Part) -> Iterator[tuple[bytes, bytes]]:
    """Yield what a part unpacks to: with a little of what came before, and by itself."""
    taken, before = 0, b""
    most = max(RATIO_FROM, part.info.compress_size * MOST_RATIO)
    with package.open(part.info) as stream:
        while fresh := stream.read(BLOCK):
            if not taken:
                if fresh.startswith(_PACKED):
                    raise Unreadable("nested_archive")
                if part.is_xml:
                    _refuse_encoding(fresh)
            taken += len(fresh)
            if taken > most:
                raise Unreadable("zip_bomb")
            block = before + fresh
            if part.is_xml:
                _refuse_definitions(block)
            yield block, fresh
            before = fresh[-_KEPT:]
    if taken != part.info.file_size:
        raise Unreadable("damaged_archive")


def _refuse_definitions(block: bytes) -> None:
    if b"\x00" in block:
        raise Unreadable("odd_xml")
    if b"<!" in block and _DTD.search(block):
        raise Unreadable("dtd_in_xml")


def _refuse_encoding(text: bytes) -> None:
    """Refuse XML in any encoding but UTF-8: no spreadsheet writes it, and it can hide a DTD."""
    declared = _ENCODING.search(text[:_KEPT])
    if text.startswith((b"\xff\xfe", b"\xfe\xff")) or (
        declared and declared[1].strip().lower() not in _ENCODINGS
    ):
        raise Unreadable("odd_xml")
