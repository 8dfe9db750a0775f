"""A bank to practise with: answers the batches it finds. Pure; for the demo and for tests.

What it does with a payment follows from the account number alone, so that a story can be
told: see `RULES`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from pathlib import Path

from xlsxwriter import Workbook

from refunds.bank.workbook import FAILED, IN, OUT, PAID, RETURNED, TOTAL
from registry.workbook import cells
from registry.workbook.reader import has_content, read

#: The last four digits of an account, and what becomes of the payment.
RULES = {
    "0000": (FAILED, "账号与户名不符"),
    "9999": (RETURNED, "账户已销户"),
    "8888": (FAILED, "收款账户状态异常（冻结）"),
}


@dataclass(frozen=True)
class Order:
    """One payment the bank was asked for."""

    batch_number: str
    line_no: str
    account: str
    amount: str


def orders(path: Path) -> Iterator[Order]:
    """Yield the payments of a batch as we sent it."""
    rows = iter(read(path).rows)
    titles = [cells.plain(cell) for cell in next(rows)]
    place = {title: titles.index(title) for title in OUT}
    for row in rows:
        if has_content(row) and cells.plain(row[place["批次号"]]) != TOTAL:
            yield Order(
                batch_number=cells.plain(row[place["批次号"]]),
                line_no=cells.plain(row[place["业务流水号"]]),
                account=cells.plain(row[place["收款账号"]]),
                amount=cells.plain(row[place["金额"]]),
            )


def outcome(account: str) -> tuple[str, str]:
    """Return the result and the reason for a payment to an account."""
    return RULES.get(account[-4:], (PAID, ""))


def answer(path: Path, *, on: date) -> bytes:
    """Return the bank's answer to a batch: every line of it, dealt with on a day."""
    buffer = BytesIO()
    book = Workbook(buffer, {"in_memory": True})
    sheet = book.add_worksheet("回盘")
    sheet.set_column(0, len(IN) - 1, 22)
    for column, title in enumerate(IN):
        sheet.write_string(0, column, title.header)
    for row, order in enumerate(orders(path), start=1):
        result, reason = outcome(order.account)
        texts = (order.batch_number, order.line_no, order.account, order.amount)
        for column, text in enumerate((*texts, result, reason, on.isoformat())):
            sheet.write_string(row, column, text)
    book.close()
    return buffer.getvalue()
