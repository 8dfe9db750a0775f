"""The bytes of a file, spoiled as files get spoiled on their way. Pure."""

import csv
from io import StringIO
from random import Random

from refunds.bank.interface import Answer
from refunds.bank.replies import answer_rows

ENCODINGS = ("gbk", "utf-8", "utf-8-sig")


def cut(content: bytes, throw: Random) -> bytes:
    """Return the beginning of a file whose transfer broke off."""
    return content[: max(1, int(len(content) * throw.uniform(0.3, 0.9)))]


def as_csv(answer: Answer, encoding: str) -> bytes:
    """Return an answer as the text file that somebody saved from the workbook."""
    text = StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(answer_rows(answer))
    return text.getvalue().encode(encoding)


def recoded(content: bytes, *, channel: str, encoding: str) -> bytes:
    """Return a text file in another encoding than its format's; XML says which one."""
    if channel == "iso20022":
        text = content.decode("utf-8-sig")
        said = encoding.removesuffix("-sig").upper()
        text = text.replace('encoding="UTF-8"', f'encoding="{said}"', 1)
        return text.encode(encoding)
    return content.decode("gb18030").encode(encoding)
