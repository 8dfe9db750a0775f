"""What a bank writes, in each format: the other side of `refunds.bank.read`. Pure.

Only the practice bank and tests write these; the same message gives the same bytes.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from io import BytesIO

from xlsxwriter import Workbook

from refunds.bank import iso20022, pipe, sheets
from refunds.bank.interface import Acknowledgement, Answer, Message, Statement
from refunds.bank.workbook import IN, TOTAL

# A file's own date would make two equal files differ.
_CREATED = datetime(2020, 1, 1, tzinfo=UTC)


class NoSuchReply(Exception):
    """The format has no words for this kind of message."""


def write(channel: str, message: Message) -> bytes:
    """Return a message as the bank's file.

    :raises NoSuchReply: if the format can't say it.
    """
    writer = WRITERS.get((channel, type(message)))
    if writer is None:
        raise NoSuchReply(f"{channel} has no {type(message).__name__}")
    return writer(message)


def answer_rows(answer: Answer) -> list[list[str]]:
    """Return the table of an answer, titles first; its last row declares count and total."""
    rows = [[column.header for column in IN]]
    rows += [
        [
            row.batch_number,
            row.line_no,
            row.account,
            row.amount_text,
            row.outcome,
            row.reason,
            row.settled_text,
        ]
        for row in answer.rows
    ]
    if answer.declared_count is not None and answer.declared_total is not None:
        total = f"{answer.declared_total:.2f}"
        rows.append([TOTAL, str(answer.declared_count), "", total, "", "", ""])
    return rows


def _workbook_answer(message: Message) -> bytes:
    assert isinstance(message, Answer)
    return workbook_of(answer_rows(message))


def _workbook_receipt(message: Message) -> bytes:
    assert isinstance(message, Acknowledgement)
    word = sheets.ACCEPTED if message.accepted else sheets.REFUSED
    return workbook_of([list(sheets.RECEIPT), [message.batch_number, word, message.reason]])


def _workbook_statement(message: Message) -> bytes:
    assert isinstance(message, Statement)
    balances = [f"{message.opening:.2f}", f"{message.closing:.2f}", str(len(message.entries))]
    rows = [
        list(sheets.ACCOUNT),
        [message.account, message.day.isoformat(), *balances],
        list(sheets.MOVEMENT),
    ]
    for entry in message.entries:
        moved = [entry.line_no, f"{entry.amount:.2f}", entry.booked_on.isoformat(), entry.kind]
        rows.append([*moved, entry.counterparty, entry.reference, entry.text])
    return workbook_of(rows)


def workbook_of(rows: list[list[str]]) -> bytes:
    """Return a sheet of texts."""
    buffer = BytesIO()
    book = Workbook(buffer, {"in_memory": True})
    book.set_properties({"created": _CREATED})
    sheet = book.add_worksheet("回盘")
    sheet.set_column(0, len(rows[0]) - 1, 22)
    for place, row in enumerate(rows):
        for column, text in enumerate(row):
            sheet.write_string(place, column, text)
    book.close()
    return buffer.getvalue()


WRITERS: Mapping[tuple[str, type[Message]], Callable[[Message], bytes]] = {
    ("workbook", Acknowledgement): _workbook_receipt,
    ("workbook", Answer): _workbook_answer,
    ("workbook", Statement): _workbook_statement,
    ("pipe", Acknowledgement): pipe.reply,
    ("pipe", Answer): pipe.reply,
    ("pipe", Statement): pipe.reply,
    ("iso20022", Acknowledgement): iso20022.acknowledge,
    ("iso20022", Answer): iso20022.answer,
    ("iso20022", Statement): iso20022.state,
}
