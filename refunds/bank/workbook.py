"""The bank's workbook: payments out, answers in. Pure.

Out: one file per fund and batch, the same bytes whenever it is made of the same lines.
In: `.xlsx` or GB18030 `.csv`, any name, any order of rows and columns.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path

from xlsxwriter import Workbook

from refunds.bank.interface import (
    FAILED,
    PAID,
    RETURNED,
    Answer,
    AnswerRow,
    FileRefused,
    Order,
    PaymentLine,
)
from registry.money import total
from registry.workbook import cells
from registry.workbook.cells import Cell
from registry.workbook.reader import Unreadable, has_content, read
from registry.workbook.schema import Column, Kind

OUT = (
    "批次号",
    "业务流水号",
    "付款账号",
    "收款户名",
    "收款账号",
    "收款银行",
    "收款行号",
    "金额",
    "用途",
)
TOTAL = "合计"
# A file's own date would make two equal files differ.
_CREATED = datetime(2020, 1, 1, tzinfo=UTC)

OUTCOMES = {PAID: PAID, FAILED: FAILED, RETURNED: RETURNED}
IN = (
    Column("batch_number", "批次号", Kind.CODE, length=(1, 60)),
    Column("line_no", "业务流水号", Kind.CODE, length=(1, 60)),
    Column("account", "收款账号", Kind.DIGITS, length=(1, 60)),
    Column("amount", "金额", Kind.CODE, length=(1, 60)),
    Column("outcome", "结果", Kind.CHOICE, choices=OUTCOMES),
    Column("reason", "原因", Kind.CODE, optional=True, length=(0, 200)),
    Column("settled", "处理日期", Kind.DATE),
)


class _Memo(cells.Memo):
    """Days and outcomes repeat, numbers don't: a small memory does."""

    LARGEST = 1_000


_MEMOS = {column.name: _Memo(column) for column in IN}
_AMOUNT = re.compile(r"[0-9]{1,13}(\.[0-9]{1,2}0*)?|[0-9]{1,3}(,[0-9]{3})+(\.[0-9]{1,2}0*)?")
_COMPACT_DATE = re.compile(r"([0-9]{4})[/.年]?([0-9]{1,2})[/.月]?([0-9]{1,2})日?")


def write(lines: Sequence[PaymentLine]) -> bytes:
    """Return the workbook of one batch: header, a line a payment, the total line."""
    buffer = BytesIO()
    book = Workbook(buffer, {"in_memory": True})
    book.set_properties({"created": _CREATED})
    money = book.add_format({"num_format": "0.00"})
    sheet = book.add_worksheet("退费")
    sheet.set_column(0, len(OUT) - 1, 22)
    for column, title in enumerate(OUT):
        sheet.write_string(0, column, title)
    for row, line in enumerate(lines, start=1):
        parties = (line.payer_account, line.holder, line.account, line.bank, line.bank_code)
        texts = (line.batch_number, line.line_no, *parties)
        for column, text in enumerate(texts):
            sheet.write_string(row, column, text)
        sheet.write_number(row, len(texts), line.amount, money)
        sheet.write_string(row, len(texts) + 1, line.purpose)
    last = len(lines) + 1
    sheet.write_string(last, OUT.index("批次号"), TOTAL)
    sheet.write_number(last, OUT.index("业务流水号"), len(lines))
    sheet.write_number(last, OUT.index("金额"), total(line.amount for line in lines), money)
    book.close()
    return buffer.getvalue()


class WorkbookAdapter:
    """The format of the contract."""

    name = "workbook"
    label = "银行 xlsx 模板"
    suffix = ".xlsx"

    def write(self, order: Order) -> bytes:
        return write(order.lines)


def read_answer(path: Path) -> Answer:
    """Return what a file from the bank says, empty rows left out.

    A total line (批次号 = 合计) declares how many lines there are and what they come to.

    :raises FileRefused: if it can't be read, or has other columns than the bank's answer.
    """
    try:
        rows = iter(read(path).rows)
        header = next(rows, None)
        if header is None or not has_content(header):
            raise FileRefused("文件里没有内容。")
        places = _places(header)
        answers = []
        count: int | None = None
        amount: Decimal | None = None
        for number, row in enumerate(rows, start=2):
            if has_content(row):
                found = {name: _cell(row, place) for name, place in places.items()}
                if cells.plain(found["batch_number"]) == TOTAL:
                    count, amount = _declared(found)
                else:
                    answers.append(answer_row(number, found))
    except Unreadable as error:
        raise FileRefused("文件打不开，不是有效的 xlsx 或 csv 文件。") from error
    if not answers:
        raise FileRefused("文件只有表头，没有一行答复。")
    return Answer(tuple(answers), count, amount)


def read_answers(path: Path) -> list[AnswerRow]:
    """Return the rows of `read_answer`."""
    return list(read_answer(path).rows)


def _declared(found: Mapping[str, Cell]) -> tuple[int | None, Decimal | None]:
    """Return count and total of the total line; what can't be read declares nothing."""
    count = cells.plain(found["line_no"]).removesuffix(".0")
    amount = _value(next(column for column in IN if column.name == "amount"), found["amount"])
    return (
        int(count) if re.fullmatch("[0-9]{1,15}", count) else None,
        Decimal(amount) if isinstance(amount, str) and amount else None,
    )


def _places(header: Sequence[Cell]) -> dict[str, int]:
    titles = [cells.plain(cell) for cell in header]
    missing = [column.header for column in IN if column.header not in titles]
    if missing:
        wanted = "、".join(column.header for column in IN)
        raise FileRefused(f"缺少列：{'、'.join(missing)}。回盘文件应有列：{wanted}。")
    repeated = [column.header for column in IN if titles.count(column.header) > 1]
    if repeated:
        raise FileRefused(f"列名重复：{'、'.join(repeated)}。")
    return {column.name: titles.index(column.header) for column in IN}


def _cell(row: Sequence[Cell], place: int) -> Cell:
    return row[place] if place < len(row) else ""


def _value(column: Column, cell: Cell) -> str | cells.Refusal:
    """Return what a cell says, in our own form. Banks write dates in many ways."""
    if column.name == "reason":
        return " ".join(cells.shown(cell).split())
    if column.name == "settled" and not isinstance(cell, date):
        found = _COMPACT_DATE.fullmatch(cells.plain(cell))
        if found:
            cell = f"{found[1]}-{found[2]:0>2}-{found[3]:0>2}"
    value = _MEMOS[column.name][cell]
    if column.name == "amount" and isinstance(value, str):
        return value.replace(",", "") if _AMOUNT.fullmatch(value) else cells.Refusal("not_a_number")
    return value


def answer_row(number: int, found: Mapping[str, Cell]) -> AnswerRow:
    texts: dict[str, str] = {}
    problems = []
    for column in IN:
        cell = found[column.name]
        value = _value(column, cell)
        if isinstance(value, cells.Refusal):
            shown = " ".join(cells.shown(cell).split())[:60]
            texts[column.name] = shown
            problems.append(
                f"“{column.header}”无法识别：{shown}" if shown else f"“{column.header}”是空的"
            )
        else:
            texts[column.name] = value
    good = not problems
    return AnswerRow(
        row=number,
        batch_number=texts["batch_number"],
        line_no=texts["line_no"],
        account=texts["account"],
        amount_text=texts["amount"],
        outcome=texts["outcome"],
        reason=texts["reason"][:200],
        settled_text=texts["settled"],
        problem="；".join(problems),
        amount=Decimal(texts["amount"]) if good else None,
        settled=date.fromisoformat(texts["settled"]) if good else None,
    )
