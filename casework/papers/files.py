"""Which files are taken in as papers, told by their bytes. Pure.

A PDF, a JPEG or a PNG whose first bytes and whose name both say so, of 10 MB at most. A PDF is
refused if it is damaged at the end, encrypted, or holds what acts by itself (scripts, programs
to start, attached files, forms of XFA); object streams are unpacked and looked through too.

This is no virus scanner: it doesn't read what is inside pictures or fonts, unpacks no other
streams, and doesn't know the defects of readers. So nothing is ever shown in the browser: files
are served for download only, under a name and a type of ours.
"""

import re
import zlib
from collections.abc import Mapping
from pathlib import PurePath

MOST_BYTES = 10 * 1024 * 1024
#: What the object streams of one PDF may come to, unpacked.
_MOST_UNPACKED = 50 * 1024 * 1024

MEDIA_TYPES: Mapping[str, str] = {
    "pdf": "application/pdf",
    "jpg": "image/jpeg",
    "png": "image/png",
}
#: For a file field's `accept`.
ACCEPTED = ".pdf,.jpg,.jpeg,.png"

_MAGIC = {
    "pdf": b"%PDF-",
    "jpg": b"\xff\xd8\xff",
    "png": b"\x89PNG\r\n\x1a\n",
}
_SPELT = {"jpeg": "jpg"}

_NAME_END = rb"(?![A-Za-z0-9])"
_ACTIVE = re.compile(
    rb"/(?:JavaScript|JS|Launch|EmbeddedFiles?|RichMedia|XFA|ImportData|SubmitForm|GoToE)"
    + _NAME_END
)
_ENCRYPTED = re.compile(rb"/Encrypt" + _NAME_END)
_STREAM = re.compile(rb"/ObjStm" + _NAME_END + rb"[^\x00]{0,2000}?stream\r?\n")
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")


class BadFile(Exception):
    """The file isn't taken in; says what was found and what to do, in Chinese."""


def check(data: bytes, *, name: str) -> str:
    """Return the format of a file: `pdf`, `jpg` or `png`.

    :raises BadFile: if it is none of these, too large, damaged or active.
    """
    if not data:
        raise BadFile("文件是空的（0 字节），请重新选择。")
    if len(data) > MOST_BYTES:
        raise BadFile(
            f"文件有 {len(data) / 1024 / 1024:.1f} MB，超过 10 MB。请压缩，或者降低扫描分辨率后再传。"
        )
    found = next((kind for kind, magic in _MAGIC.items() if data.startswith(magic)), None)
    if found is None:
        raise BadFile("文件内容不是 PDF、JPG 或 PNG。请把材料扫描或拍照成这三种格式再传。")
    ending = PurePath(name).suffix.removeprefix(".").lower()
    if _SPELT.get(ending, ending) != found:
        shown = f"“.{ending}”" if ending else "没有写"
        raise BadFile(
            f"文件扩展名{shown}，内容却是 {found.upper()}。请用原来的软件重新保存后再传。"
        )
    if found == "pdf":
        _check_pdf(data)
    return found


def _check_pdf(data: bytes) -> None:
    if b"%%EOF" not in data[-2048:]:
        raise BadFile("PDF 文件不完整，可能没有传完或没有存好。请重新保存后再传。")
    if _ENCRYPTED.search(data):
        raise BadFile("PDF 文件加了密码。请去掉密码后再传。")
    unpacked = _unpacked(data)
    if any(_ACTIVE.search(_plain(part)) for part in (data, *unpacked)):
        raise BadFile(
            "PDF 文件里带有脚本、附件或可以自动执行的内容。请打印成新的 PDF，或拍照后再传。"
        )


def _plain(data: bytes) -> bytes:
    """Return the bytes with names written out: /J#61vaScript is /JavaScript."""
    return _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), data)


def _unpacked(data: bytes) -> list[bytes]:
    """Return what the object streams hold.

    :raises BadFile: if one can't be unpacked, or they come to too much.
    """
    parts, room = [], _MOST_UNPACKED
    for found in _STREAM.finditer(data):
        if b"/FlateDecode" not in found[0] and b"/Filter" in found[0]:
            raise BadFile("PDF 文件的压缩方式少见，无法检查。请打印成新的 PDF 后再传。")
        packed = data[found.end() :]
        if b"/FlateDecode" not in found[0]:
            continue  # plain: the bytes of the file show it
        try:
            part = zlib.decompressobj().decompress(packed, room + 1)
        except zlib.error:
            raise BadFile("PDF 文件有损坏，无法检查。请重新保存后再传。") from None
        room -= len(part)
        if room < 0:
            raise BadFile("PDF 文件解开后太大，无法检查。请打印成新的 PDF 后再传。")
        parts.append(part)
    return parts
