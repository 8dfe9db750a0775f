"""The file as a whole and its header."""

import io
import zipfile

from registry.intake.services.reading import MOST_PORTAL_ROWS
from registry.workbook import reader
from tests.factories import make_member
from tests.registry.error_fixtures.case import Case, Maker, book, filled_in, plain_book

GOOD = filled_in("sizes")
HEADER, ROW = list(GOOD), list(GOOD.values())
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def whole(wrong: bytes) -> Maker:
    """A file that is refused as such; mended it is a workbook of one good row."""
    return lambda: Case("sizes", wrong, book(GOOD), row=None)


def header(wrong: list[object], column: str, found: str = "") -> Maker:
    """A header with one mistake in it, over a row that has a cell for each of its columns."""
    cells = [GOOD.get(str(name), "甲") for name in wrong]
    return lambda: Case(
        "sizes", plain_book(wrong, cells), book(GOOD), row=1, column=column, found=found
    )


def swollen() -> bytes:
    """A workbook whose table of contents says that it unpacks to more than any of ours."""
    target = io.BytesIO(book(GOOD))
    with zipfile.ZipFile(target, "a") as package:
        package.writestr("xl/media/image1.png", b"0")
        package.filelist[-1].file_size = reader.LARGEST_UNPACKED
    return target.getvalue()


def too_many_rows() -> Case:
    member = make_member()
    row = filled_in("declarations", uscc=member.employer.uscc)
    line = ",".join(map(str, row.values())) + "\n"
    text = ",".join(row) + "\n" + line * (MOST_PORTAL_ROWS + 1)
    return Case("declarations", text.encode(), book(row), row=None, by=member)


FILES: dict[str, Maker] = {
    "unreadable": whole(OLE + b" no container"),
    "unsupported_format": whole(b'{"rows": []}'),
    "encrypted": whole(OLE + "EncryptedPackage".encode("utf-16-le")),
    "empty_file": whole(b""),
    "too_big": whole(swollen()),
    "too_many_rows": too_many_rows,
    "no_rows": whole(plain_book(HEADER)),
    "wrong_kind": whole(book(filled_in("payments"))),
    "header_not_first": whole(plain_book(["2020年划型表"], HEADER, ROW)),
    "no_header": whole(plain_book(["品名", "单价"], ["梨", 3])),
    "missing_column": header(HEADER[:-1], HEADER[-1]),
    "unknown_column": header([*HEADER, "备注"], "备注", "备注"),
    "repeated_column": header([*HEADER, HEADER[0]], HEADER[0], HEADER[0]),
    "cell_without_header": lambda: Case(
        "sizes", plain_book(HEADER, [*ROW, "待核实"]), book(GOOD), column="E 列", found="待核实"
    ),
}
