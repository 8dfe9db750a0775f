"""What every bank format has in common: an order out, messages in. Pure."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

#: What a bank says became of a payment: paid, not paid, paid and come back (退票).
PAID, FAILED, RETURNED = "成功", "失败", "退票"
#: What a statement's line is.
PAYMENT, BACK, OTHER = "付款", "退回", "其他"


class FileRefused(Exception):
    """The file is none of the bank's messages; the message says what it lacks."""


@dataclass(frozen=True)
class Payer:
    """The fund's account that pays."""

    holder: str
    bank: str
    bank_code: str
    number: str


@dataclass(frozen=True)
class PaymentLine:
    """One payment of a batch. `amount` in yuan."""

    batch_number: str
    line_no: str
    payer_account: str
    holder: str
    account: str
    bank: str
    bank_code: str
    amount: Decimal
    purpose: str


@dataclass(frozen=True)
class Order:
    """A sealed batch: everything that its bytes are made from, and nothing else."""

    batch_number: str
    sealed_at: datetime
    business_date: date
    payer: Payer
    lines: tuple[PaymentLine, ...]


@dataclass(frozen=True)
class AnswerRow:
    """One row of the bank's answer: texts as read, values where they make sense.

    `problem` says in Chinese which cell can't be understood; then `amount` and `settled`
    are None.
    """

    row: int
    batch_number: str = ""
    line_no: str = ""
    account: str = ""
    amount_text: str = ""
    outcome: str = ""
    reason: str = ""
    settled_text: str = ""
    problem: str = ""
    amount: Decimal | None = None
    settled: date | None = None


@dataclass(frozen=True)
class Acknowledgement:
    """The bank's receipt for a batch: taken over or refused, with words on single lines.

    `on`: the day it was written, where the format says so.
    """

    batch_number: str
    accepted: bool
    reason: str = ""
    lines: tuple[AnswerRow, ...] = ()
    on: date | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Answer:
    """What became of payments; count and total as the file itself declares them, if it does.

    `account`: which of ours paid, where the format says so.
    """

    rows: tuple[AnswerRow, ...]
    declared_count: int | None = None
    declared_total: Decimal | None = None
    account: str = field(default="", compare=False)


@dataclass(frozen=True)
class StatementEntry:
    """One movement: above zero into the account, below out of it. `line_no`: ours, if named."""

    line_no: str
    amount: Decimal
    booked_on: date
    kind: str
    counterparty: str = ""
    reference: str = ""
    text: str = ""


@dataclass(frozen=True)
class Statement:
    """An account on a day, in yuan."""

    account: str
    day: date
    opening: Decimal
    closing: Decimal
    entries: tuple[StatementEntry, ...]


Message = Acknowledgement | Answer | Statement


class Adapter(Protocol):
    """One format. `write`: the same order, the same bytes."""

    name: str
    label: str
    suffix: str

    def write(self, order: Order) -> bytes:
        """Return the bytes that the bank gets."""
        ...
