"""The bank's formats behind one interface. Pure.

- `interface`: an order out, messages in;
- `workbook`: the xlsx of the contract;
- `replies`: what a bank writes;
- `signing`: how both sides prove who speaks.
"""

from collections.abc import Mapping
from pathlib import Path

from refunds.bank import workbook
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
    adapter.name: adapter for adapter in (workbook.WorkbookAdapter(),)
}


def write(channel: str, order: Order) -> bytes:
    """Return the bytes of a batch in a format.

    :raises KeyError: for a format nobody has written.
    """
    return ADAPTERS[channel].write(order)


def read(path: Path) -> Message:
    """Return what the bank put down.

    :raises FileRefused: if it is none of its messages.
    """
    return workbook.read_answer(path)


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
