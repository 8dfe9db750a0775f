"""What a file is, by its first bytes, before anything opens it; workbooks are looked into.

- `package` looks into an .xlsx, `compound` into an .xls: macros, links, bombs, damage;
- whatever is no workbook is told by what it is, since a clerk knows it by its name only.
"""

from pathlib import Path

from registry.workbook import compound, package
from registry.workbook.unreadable import Unreadable

_HEAD = 4096
ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
#: How files begin that people take for workbooks, or rename to one. Longer beginnings first.
_BEGINNINGS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "pdf_file"),
    (b"\x89PNG", "image_file"),
    (b"\xff\xd8\xff", "image_file"),
    (b"GIF87a", "image_file"),
    (b"GIF89a", "image_file"),
    (b"BM", "image_file"),
    (b"II*\x00", "image_file"),
    (b"MM\x00*", "image_file"),
    (b"Rar!\x1a\x07", "archive_file"),
    (b"7z\xbc\xaf\x27\x1c", "archive_file"),
    (b"\x1f\x8b", "archive_file"),
    (b"BZh", "archive_file"),
    (b"\xfd7zXZ\x00", "archive_file"),
    (b"(\xb5/\xfd", "archive_file"),
    (b"MSCF", "archive_file"),
    (b"MZ", "program_file"),
    (b"\x7fELF", "program_file"),
    (b"\xca\xfe\xba\xbe", "program_file"),
    (b"#!/", "program_file"),
    (b"{\\rtf", "document_file"),
    # The first record of a spreadsheet of Excel 2, 3 and 4; of Excel 5 without its container.
    (b"\x09\x00\x04\x00", "old_excel"),
    (b"\x09\x02\x06\x00", "old_excel"),
    (b"\x09\x04\x06\x00", "old_excel"),
    (b"\x09\x08\x08\x00", "old_excel"),
    (b"\x09\x08\x10\x00", "old_excel"),
    (b"\xff\xfe", "utf16_text"),
    (b"\xfe\xff", "utf16_text"),
)
#: Letters that a CSV may begin with as well: these need something that no text has.
_ALSO_LETTERS = {b"BM", b"MZ", b"BZh"}
_BOM = b"\xef\xbb\xbf"


def look_into(path: Path, *, most_unpacked: int, sheets: frozenset[str]) -> None:
    """Return if the file may be opened: a spreadsheet, or a text for all that can be told.

    `sheets`: names of those that will be read besides the first.

    :raises Unreadable: with a code of its own for each thing that is wrong.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head:
        raise Unreadable("empty_file")
    if head.startswith(ZIP):
        package.look_into(path, most_unpacked=most_unpacked, sheets=sheets)
    elif head.startswith(OLE):
        compound.look_into(path)
    else:
        _look_at_text(head)


def _look_at_text(head: bytes) -> None:
    for beginning, code in _BEGINNINGS:
        if head.startswith(beginning) and (beginning not in _ALSO_LETTERS or _is_binary(head)):
            raise Unreadable(code)
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        raise Unreadable("image_file")
    if _is_binary(head):
        raise Unreadable("binary_file")
    text = head.removeprefix(_BOM).lstrip().lower()
    if text.startswith(b"<"):
        raise Unreadable(_markup(text))
    if text.startswith(b"mime-version:") or b"\ncontent-type: multipart/related" in text:
        raise Unreadable("web_page")
    if text.startswith(b"{"):
        raise Unreadable("unsupported_format")


def _is_binary(head: bytes) -> bool:
    return b"\x00" in head


def _markup(text: bytes) -> str:
    """Return the code of what begins with a tag: by the element that only this kind has."""
    if b"urn:schemas-microsoft-com:office:spreadsheet" in text or b"<?mso-application" in text:
        return "xml_workbook"
    if b"<svg" in text:
        return "image_file"
    if any(tag in text for tag in (b"<html", b"<!doctype html", b"<table", b"<body", b"<meta")):
        return "web_page"
    return "unsupported_format"
