"""The bank's formats behind one interface. Pure.

- `interface`: an order out, messages in;
- `workbook`: the xlsx of the contract; `sheets`: what a bank's sheet can be; `pipe`: text between strokes;
- `iso20022`: pain.001 out; pain.002, camt.053 and camt.054 in;
- `replies`: what a bank writes;
- `signing`: how both sides prove who speaks.
"""

from collections.abc import Mapping
from pathlib import Path

from refunds.bank import iso20022, pipe, sheets, workbook
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


#: An answer of 20,000 lines has about 2 MB, as ISO message ten times that.
LARGEST = 50_000_000


def write(channel: str, order: Order) -> bytes:
    """Return the bytes of a batch in a format.

    :raises KeyError: for a format nobody has written.
    """
    return ADAPTERS[channel].write(order)


def read(path: Path) -> Message:
    """Return what the bank put down; the content tells its format, not the name.

    :raises FileRefused: if it is none of its messages.
    """
    if path.stat().st_size > LARGEST:
        raise FileRefused("文件超过50MB，不是批次的回盘文件或对账单。")
    with path.open("rb") as file:
        head = file.read(8)
    if iso20022.is_xml(head):
        return iso20022.read(path.read_bytes())
    if pipe.is_pipe(head):
        return pipe.read(path.read_bytes())
    return sheets.read(path)


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
