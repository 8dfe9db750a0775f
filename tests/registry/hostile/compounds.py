"""Old workbooks (.xls): containers and records byte by byte, good ones and hostile ones."""

import struct
from collections.abc import Mapping
from io import BytesIO

from tests.registry.hostile.case import HEADER, ROW, Hostile, named

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SECTOR = 512
_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_LEAST = 4096


def record(kind: int, body: bytes = b"") -> bytes:
    """Return a record of a workbook."""
    return struct.pack("<HH", kind, len(body)) + body


def _label(at: int, column: int, text: str) -> bytes:
    told = text.encode("utf-16-le")
    return record(0x0204, struct.pack("<HHHHB", at, column, 0, len(text), 1) + told)


def workbook(*, books: bytes = b"", kind: int = 0, cells: bytes = b"") -> bytes:
    """Return a workbook of one good row: something among its globals, something in its sheet."""
    begin = struct.pack("<HHHHII", 0x0600, 0x0005, 0x0DBB, 0x07CC, 0, 6)
    sheet = record(0x0809, begin[:2] + b"\x10\x00" + begin[4:])
    for at, texts in enumerate((HEADER, ROW)):
        sheet += b"".join(_label(at, column, text) for column, text in enumerate(texts))
    sheet += cells + record(0x000A)
    head = record(0x0809, begin) + record(0x0042, struct.pack("<H", 1200)) + books
    listed = 4 + 6 + 2 + 6
    at = len(head) + listed + 4
    name = "data"
    told = struct.pack("<IBBBB", at, 0, kind, len(name), 0) + name.encode()
    listing = record(0x0085, told)
    at = len(head) + len(listing) + 4
    told = struct.pack("<IBBBB", at, 0, kind, len(name), 0) + name.encode()
    return head + record(0x0085, told) + record(0x000A) + sheet


def container(streams: Mapping[str, bytes], *, lies: Mapping[int, int] | None = None) -> bytes:
    """Return a container of streams; names that end in a slash are folders.

    `lies` are entries of the table of sectors to be otherwise.
    """
    target, table, entries = BytesIO(), [], []
    for name, content in streams.items():
        folder = name.endswith("/")
        whole = content.ljust(_LEAST, b"\x00")
        whole += bytes(-len(whole) % _SECTOR)
        start = len(table)
        if not folder:
            count = len(whole) // _SECTOR
            table += [*range(start + 1, start + count), _END]
            target.write(whole)
        size = 0 if folder else max(len(content), _LEAST)
        entries.append((name.rstrip("/"), 1 if folder else 2, _END if folder else start, size))
    directory = b""
    root = ("Root Entry", 5, _END, 0)
    listed = [root, *entries]
    for number, (name, kind, start, size) in enumerate(listed):
        text = name.encode("utf-16-le").ljust(64, b"\x00")
        right = number + 1 if 0 < number < len(listed) - 1 else _FREE
        child = 1 if number == 0 and len(listed) > 1 else _FREE
        told = struct.pack("<HBBIII", 2 * len(name) + 2, kind, 1, _FREE, right, child)
        directory += text + told + bytes(36) + struct.pack("<IQ", start, size)
    directory += bytes(-len(directory) % _SECTOR)
    first = len(table)
    count = len(directory) // _SECTOR
    table += [*range(first + 1, first + count), _END]
    target.write(directory)
    sectors = 1
    while (len(table) + sectors) * 4 > sectors * _SECTOR:
        sectors += 1
    fat = list(range(len(table), len(table) + sectors))
    table += [_FAT] * sectors
    for at, value in (lies or {}).items():
        table[at] = value
    table += [_FREE] * (sectors * _SECTOR // 4 - len(table))
    head = OLE + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    head += struct.pack("<IIIIIIIII", 0, sectors, first, 0, _LEAST, _END, 0, _END, 0)
    head += struct.pack("<109I", *(fat + [_FREE] * 109)[:109])
    return head + target.getvalue() + struct.pack(f"<{len(table)}I", *table)


def xls(more: Mapping[str, bytes] | None = None, **parts: bytes | int) -> bytes:
    """Return an .xls of one good row, with more streams or records."""
    return container({"Workbook": workbook(**parts), **(more or {})})  # type: ignore[arg-type]


def _number(at: int, column: int) -> bytes:
    return record(0x0203, struct.pack("<HHHd", at, column, 0, 1.0))


def _several(first: int, last: int) -> bytes:
    values = struct.pack("<HI", 0, 2) * (last - first + 1)
    return record(0x00BD, struct.pack("<HH", 2, first) + values + struct.pack("<H", last))


def _link(path: str, *, sheets: int = 1) -> bytes:
    told = struct.pack("<HHB", sheets, len(path), 0) + path.encode("latin-1")
    return record(0x01AE, told)


_LOCKED = record(0x002F, struct.pack("<HHH", 1, 1, 1) + bytes(48))

COMPOUNDS: list[Hostile] = [
    *named(
        "encrypted",
        xls_locked=lambda: xls(books=_LOCKED),
        xls_locked_by_xor=lambda: xls(books=record(0x002F, b"\x00\x00\x12\x34\x56\x78")),
        xlsx_with_a_password=lambda: container(
            {"EncryptionInfo": b"\x04\x00", "EncryptedPackage": b"\x00" * 9_000}
        ),
        only_the_name_of_encryption=OLE + "EncryptedPackage".encode("utf-16-le"),
    ),
    *named(
        "has_macros",
        xls_with_macros=lambda: xls({"_VBA_PROJECT_CUR/": b""}),
        xls_with_a_project=lambda: xls({"VBA/": b"", "dir": b"x"}),
        xls_macro_sheet=lambda: xls(kind=1),
        xls_module=lambda: xls(kind=6),
    ),
    *named(
        "embedded_objects",
        xls_with_a_document=lambda: xls({"MBD0018D4CE/": b""}),
        xls_with_a_package=lambda: xls({"\x01Ole10Native": b"calc.exe"}),
    ),
    *named(
        "external_links",
        xls_links_to_a_workbook=lambda: xls(books=_link("\x01C:other.xls")),
        xls_links_to_the_web=lambda: xls(books=_link("\x01\x05http://e/x.xls")),
    ),
    *named(
        "dde_link",
        xls_links_to_a_program=lambda: xls(books=_link("cmd\x03/c calc", sheets=0)),
    ),
    *named(
        "too_many_columns",
        xls_last_column=lambda: xls(cells=_number(2, 255)),
        xls_last_cell=lambda: xls(cells=_number(65_535, 255)),
        xls_column_61=lambda: xls(cells=_number(2, 60)),
        xls_numbers_up_to_column_100=lambda: xls(cells=_several(0, 99)),
    ),
    *named(
        "document_file",
        doc=lambda: container({"WordDocument": b"\xec\xa5", "1Table": b""}),
        ppt=lambda: container({"PowerPoint Document": b"\x00", "Current User": b""}),
        mail=lambda: container({"__properties_version1.0": b"\x00"}),
    ),
    *named(
        "old_excel",
        excel_4_in_a_container=lambda: container({"Book": record(0x0409, bytes(6))}),
        excel_3_in_a_container=lambda: container({"Workbook": record(0x0209, bytes(6))}),
    ),
    *named(
        "unreadable",
        ole_head_alone=OLE,
        ole_without_container=OLE + b" no compound file",
        ole_of_zeros=OLE + bytes(5_000),
        ole_of_noise=OLE + bytes(range(256)) * 40,
        ole_without_streams=lambda: container({}),
        installer=lambda: container({"\u4840\u3f3f": b"x"}),
        xls_half=lambda: xls()[:2_000],
        xls_that_bites_its_tail=lambda: container({"Workbook": b"\x00" * 9_000}, lies={1: 0}),
        xls_directory_in_a_circle=lambda: container({"Summary": b"x"}, lies={8: 8}),
        xls_of_zeros=lambda: container({"Workbook": bytes(5_000)}),
        xls_of_noise=lambda: container({"Workbook": bytes(range(1, 255)) * 40}),
    ),
]
