"""Packages by hand: good workbooks part by part, and archives that no program writes."""

import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO

from tests.registry.hostile.case import HEADER, ROW

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_REL = "http://schemas.openxmlformats.org/package/2006/relationships"
DOC = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def cell(reference: str, text: str) -> str:
    """Return a cell with its text in it."""
    return f'<c r="{reference}" t="inlineStr"><is><t>{text}</t></is></c>'


def row(number: int, texts: Sequence[str], more: str = "") -> str:
    """Return a row of texts from column A on."""
    cells = "".join(cell(f"{'ABCDEFGH'[at]}{number}", text) for at, text in enumerate(texts))
    return f'<row r="{number}">{cells}{more}</row>'


GOOD_ROWS = row(1, HEADER) + row(2, ROW)


def sheet(rows: str = GOOD_ROWS, more: str = "") -> str:
    """Return a worksheet."""
    return f'{XML}<worksheet xmlns="{_MAIN}"><sheetData>{rows}</sheetData>{more}</worksheet>'


def relations(*told: tuple[str, str, str], main: str = DOC) -> str:
    """Return relationships: kind, target, and whatever else stands with them."""
    listed = "".join(
        f'<Relationship Id="rId{number}" Type="{main}/{kind}" Target="{target}" {more}/>'
        for number, (kind, target, more) in enumerate(told, start=1)
    )
    return f'{XML}<Relationships xmlns="{_REL}">{listed}</Relationships>'


def strings(*texts: str) -> str:
    """Return shared strings."""
    listed = "".join(f"<si><t>{text}</t></si>" for text in texts)
    return f'{XML}<sst xmlns="{_MAIN}">{listed}</sst>'


def styles(formats: int = 1) -> str:
    """Return the formats of cells."""
    return f'{XML}<styleSheet xmlns="{_MAIN}"><cellXfs>{"<xf />" * formats}</cellXfs></styleSheet>'


_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
TYPES = (
    f'{XML}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}"/></Types>'
)
PARTS: dict[str, str] = {
    "[Content_Types].xml": TYPES,
    "_rels/.rels": relations(("officeDocument", "xl/workbook.xml", "")),
    "xl/workbook.xml": f'{XML}<workbook xmlns="{_MAIN}" xmlns:r="{DOC}"><sheets>'
    '<sheet name="数据" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": relations(
        ("worksheet", "worksheets/sheet1.xml", ""),
        ("styles", "styles.xml", ""),
        ("sharedStrings", "sharedStrings.xml", ""),
    ),
    "xl/styles.xml": styles(),
    "xl/sharedStrings.xml": strings("甲"),
    "xl/worksheets/sheet1.xml": sheet(),
}


def book(more: Mapping[str, str | bytes] | None = None, *, without: Sequence[str] = ()) -> bytes:
    """Return a workbook of one good row, some of its parts otherwise."""
    parts = {name: text for name, text in PARTS.items() if name not in without}
    return zipped({**parts, **(more or {})})


def zipped(parts: Mapping[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return an archive."""
    target = BytesIO()
    with zipfile.ZipFile(target, "w", method, compresslevel=1) as package:
        for name, text in parts.items():
            package.writestr(name, text)
    return target.getvalue()


@dataclass
class Entry:
    """An entry of an archive, and what is said of it against the truth."""

    name: bytes
    data: bytes
    lies: dict[str, int | bytes] = field(default_factory=dict)


def good_entries() -> list[Entry]:
    """Return the entries of a good workbook."""
    return [Entry(name.encode(), text.encode()) for name, text in PARTS.items()]


def archive(entries: Sequence[Entry], *, before: bytes = b"", after: bytes = b"") -> bytes:
    """Return an archive byte by byte: nothing here minds what it says."""
    body, central = bytearray(before), bytearray()
    for entry in entries:
        lies = entry.lies
        squeezer = zlib.compressobj(1, zlib.DEFLATED, -15)
        packed = squeezer.compress(entry.data) + squeezer.flush()
        told = struct.pack(
            "<HHHHHIII",
            20,
            lies.get("flags", 0),
            lies.get("method", 8),
            0,
            0x21,
            lies.get("crc", zlib.crc32(entry.data)),
            lies.get("packed", len(packed)),
            lies.get("size", len(entry.data)),
        )
        at = lies.get("at", len(body))
        local = lies.get("local_name", entry.name)
        assert isinstance(local, bytes)
        body += b"PK\x03\x04" + told + struct.pack("<HH", len(local), 0) + local + packed
        names = struct.pack("<HHHHHII", len(entry.name), 0, 0, 0, 0, 0, at)
        central += b"PK\x01\x02\x14\x00" + told + names + entry.name
    end = struct.pack("<4H2IH", 0, 0, len(entries), len(entries), len(central), len(body), 0)
    return bytes(body + central) + b"PK\x05\x06" + end + after
