"""Which files are taken in as papers."""

import zlib

import pytest

from casework.papers import files
from tests.casework.papers import JPEG, PNG, pdf


def packed(inside: bytes) -> bytes:
    """A PDF with an object stream, as newer programs write them."""
    stream = zlib.compress(inside)
    head = b"<< /Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /Length %d >>\nstream\n"
    return pdf(head % len(stream) + stream + b"\nendstream\n")


@pytest.mark.parametrize(
    ("data", "name", "found"),
    [
        (pdf(), "合同.pdf", "pdf"),
        (pdf(), "合同.PDF", "pdf"),
        (packed(b"1 0 << /Type /Page >>"), "合同.pdf", "pdf"),
        (JPEG, "身份证.jpg", "jpg"),
        (JPEG, "身份证.jpeg", "jpg"),
        (PNG, "身份证.png", "png"),
        (pdf(b"<< /JSX 1 /Launcher 2 >>"), "名称相近.pdf", "pdf"),
    ],
)
def test_papers_are_told_by_their_bytes(data, name, found):
    assert files.check(data, name=name) == found


@pytest.mark.parametrize(
    ("data", "name", "told"),
    [
        (b"", "合同.pdf", "空的"),
        (b"MZ\x90\x00", "合同.pdf", "不是 PDF、JPG 或 PNG"),
        (b"<html><script>1</script>", "合同.jpg", "不是 PDF、JPG 或 PNG"),
        (b"GIF89a", "照片.gif", "不是 PDF、JPG 或 PNG"),
        (PNG, "照片.jpg", "内容却是 PNG"),
        (pdf(), "合同.html", "内容却是 PDF"),
        (pdf(), "合同", "内容却是 PDF"),
        (pdf()[:-10], "合同.pdf", "不完整"),
        (pdf(b"<< /Encrypt 5 0 R >>"), "合同.pdf", "密码"),
        (pdf(b"<< /S /JavaScript /JS (app.alert(1)) >>"), "合同.pdf", "脚本"),
        (pdf(b"<< /S /J#61vaScript >>"), "合同.pdf", "脚本"),
        (pdf(b"<< /S /Launch /F (cmd.exe) >>"), "合同.pdf", "脚本"),
        (pdf(b"<< /Type /EmbeddedFile >>"), "合同.pdf", "附件"),
        (pdf(b"<< /Names << /EmbeddedFiles 3 0 R >> >>"), "合同.pdf", "附件"),
        (packed(b"1 0 << /S /JavaScript >>"), "合同.pdf", "脚本"),
        (packed(b"0" * 60_000_000), "合同.pdf", "解开后太大"),
        (pdf(b"<< /Type /ObjStm /Filter /FlateDecode >>\nstream\nxx"), "合同.pdf", "损坏"),
        (pdf(b"<< /Type /ObjStm /Filter /LZWDecode >>\nstream\nxx"), "合同.pdf", "少见"),
    ],
)
def test_what_is_no_plain_paper_is_refused_and_says_why(data, name, told):
    with pytest.raises(files.BadFile, match=told):
        files.check(data, name=name)


def test_ten_megabytes_are_taken_and_one_byte_more_is_not():
    room = files.MOST_BYTES - len(pdf())

    assert files.check(pdf(b"x" * room), name="合同.pdf") == "pdf"
    with pytest.raises(files.BadFile, match="超过 10 MB"):
        files.check(pdf(b"x" * (room + 1)), name="合同.pdf")
