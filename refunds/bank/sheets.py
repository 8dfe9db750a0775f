"""A bank's sheet, `.xlsx` or `.csv`, is a receipt, a statement or answers: its titles tell. Pure.

A receipt: the titles 批次号, 受理结果, 原因 and one row. A statement: the titles of the account, one
row of it, then the titles of the movements and the movements. Anything else is read as answers.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from refunds.bank import workbook
from refunds.bank.interface import (
    BACK,
    OTHER,
    PAYMENT,
    Acknowledgement,
    FileRefused,
    Message,
    Statement,
    StatementEntry,
)
from registry.workbook import cells
from registry.workbook.cells import Cell
from registry.workbook.reader import Unreadable, has_content
from registry.workbook.reader import read as read_rows

RECEIPT = ("批次号", "受理结果", "原因")
ACCOUNT = ("账号", "日期", "期初余额", "期末余额", "笔数")
MOVEMENT = ("业务流水号", "金额", "日期", "类别", "对方户名", "银行流水号", "摘要")
ACCEPTED, REFUSED = "受理", "拒绝"
_AMOUNT = re.compile(r"-?[0-9]{1,13}(\.[0-9]{1,2}0*)?")
_DAY = re.compile(r"([0-9]{4})[-/.年]?([0-9]{1,2})[-/.月]?([0-9]{1,2})日?")
_COUNT = re.compile(r"([0-9]{1,9})(\.0)?")


def read(path: Path) -> Message:
    """Return what a sheet says.

    :raises FileRefused: if it can't be read or is none of the three.
    """
    try:
        found = read_rows(path).rows
        rows: list[Sequence[Cell]] = []
        for row in found:
            if has_content(row):
                rows.append(row)
            titles = {cells.plain(cell) for cell in rows[0]} if rows else set()
            if rows and not (set(RECEIPT) <= titles or set(ACCOUNT) <= titles):
                return workbook.read_answer(path)
    except Unreadable as error:
        raise FileRefused("文件打不开，不是有效的 xlsx 或 csv 文件。") from error
    if not rows:
        raise FileRefused("文件里没有内容。")
    titles = {cells.plain(cell) for cell in rows[0]}
    return _receipt(rows) if set(RECEIPT) <= titles else _statement(rows)


def _receipt(rows: Sequence[Sequence[Cell]]) -> Acknowledgement:
    if len(rows) != 2:
        raise FileRefused("受理回执应只有一行，写明一个批次。")
    said = _named(rows[0], rows[1], RECEIPT)
    number, word = cells.plain(said["批次号"]), cells.plain(said["受理结果"])
    if word not in {ACCEPTED, REFUSED}:
        raise FileRefused(f"受理结果无法识别：{word[:30]}，应为“受理”或“拒绝”。")
    return Acknowledgement(number, word == ACCEPTED, cells.shown(said["原因"]).strip())


def _statement(rows: Sequence[Sequence[Cell]]) -> Statement:
    if len(rows) < 3:
        raise FileRefused(
            f"对账单不完整，可能没有传完。应有账户一行和明细的列：{'、'.join(MOVEMENT)}。"
        )
    said = _named(rows[0], rows[1], ACCOUNT)
    count = _COUNT.fullmatch(cells.plain(said["笔数"]))
    lines = rows[3:]
    if count is None or int(count[1]) != len(lines):
        shown = cells.plain(said["笔数"])[:20]
        raise FileRefused(f"对账单写明{shown}笔，实际{len(lines)}行，可能没有传完。")
    return Statement(
        account=cells.plain(said["账号"]),
        day=_day(said["日期"]),
        opening=_money(said["期初余额"]),
        closing=_money(said["期末余额"]),
        entries=tuple(_entry(_named(rows[2], line, MOVEMENT)) for line in lines),
    )


def _entry(said: Mapping[str, Cell]) -> StatementEntry:
    kind = cells.plain(said["类别"])
    return StatementEntry(
        line_no=cells.plain(said["业务流水号"]),
        amount=_money(said["金额"]),
        booked_on=_day(said["日期"]),
        kind=kind if kind in {PAYMENT, BACK} else OTHER,
        counterparty=cells.shown(said["对方户名"]).strip(),
        reference=cells.plain(said["银行流水号"]),
        text=cells.shown(said["摘要"]).strip(),
    )


def _named(header: Sequence[Cell], row: Sequence[Cell], wanted: Sequence[str]) -> dict[str, Cell]:
    titles = [cells.plain(cell) for cell in header]
    if missing := [title for title in wanted if titles.count(title) != 1]:
        raise FileRefused(f"这些列缺少或重复：{'、'.join(missing)}。")
    places = {title: titles.index(title) for title in wanted}
    return {title: row[at] if at < len(row) else "" for title, at in places.items()}


def _money(cell: Cell) -> Decimal:
    text = cells.plain(cell).replace(",", "")
    if not _AMOUNT.fullmatch(text):
        raise FileRefused(f"金额无法识别：{text[:30]}")
    return Decimal(text).quantize(Decimal("0.01"))


def _day(cell: Cell) -> date:
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    found = _DAY.fullmatch(cells.plain(cell))
    try:
        if found:
            return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        pass
    raise FileRefused(f"日期无法识别：{cells.plain(cell)[:30]}")
