"""The bank's formats behind one interface. Pure.

- `interface`: an order out, messages in;
- `workbook`: the xlsx of the contract; `pipe`: text between strokes;
- `iso20022`: pain.001 out; pain.002, camt.053 and camt.054 in;
- `replies`: what a bank writes;
- `signing`: how both sides prove who speaks.
"""

from collections.abc import Mapping
from pathlib import Path

from refunds.bank import iso20022, pipe, workbook
from refunds.bank.interface import (
    Acknowledgement,
    Adapter,
    Answer,
    AnswerRow,
    FileRefused,
    Message,
    Order,
    Payer,
    PaymentLine,
    Statement,
    StatementEntry,
)

ADAPTERS: Mapping[str, Adapter] = {
    adapter.name: adapter
    for adapter in (workbook.WorkbookAdapter(), pipe.PipeAdapter(), iso20022.IsoAdapter())
}


#: An answer of 3,000 lines has about 0.5 MB; an ISO message four times that.
LARGEST_TEXT = 20_000_000


def write(channel: str, order: Order) -> bytes:
    """Return the bytes of a batch in a format.

    :raises KeyError: for a format nobody has written.
    """
    return ADAPTERS[channel].write(order)


def read(path: Path) -> Message:
    """Return what the bank put down; the content tells its format, not the name.

    :raises FileRefused: if it is none of its messages.
    """
    with path.open("rb") as file:
        head = file.read(8)
    if iso20022.is_xml(head):
        return iso20022.read(_whole(path))
    if pipe.is_pipe(head):
        return pipe.read(_whole(path))
    return workbook.read_answer(path)


def _whole(path: Path) -> bytes:
    """Return a text file's content.

    :raises FileRefused: if it is longer than any batch's answer can be.
    """
    if path.stat().st_size > LARGEST_TEXT:
        raise FileRefused("文件太大，不是批次的回盘文件。")
    return path.read_bytes()


__all__ = [
    "ADAPTERS",
    "Acknowledgement",
    "Adapter",
    "Answer",
    "AnswerRow",
    "FileRefused",
    "Message",
    "Order",
    "Payer",
    "PaymentLine",
    "Statement",
    "StatementEntry",
    "read",
    "write",
]
