"""What a batch asks the bank for, read from the bytes of each format. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from io import BytesIO
from typing import Any
from xml.etree.ElementTree import Element
from zipfile import BadZipFile

from python_calamine import CalamineError, CalamineWorkbook

from refunds.bank import iso20022, pipe
from refunds.bank.interface import FileRefused, PaymentLine
from refunds.bank.workbook import OUT, TOTAL
from registry.workbook import cells

ZIP = b"PK\x03\x04"


class NoOrder(Exception):
    """The bytes are no batch that the bank can carry out; the message says why, in Chinese."""


@dataclass(frozen=True)
class Asked:
    """A batch as the bank reads it: nothing but its lines counts."""

    channel: str
    batch_number: str
    payer_account: str
    lines: tuple[PaymentLine, ...]


def read(content: bytes) -> Asked:
    """Return what a batch asks for; the content tells the format, not the name.

    :raises NoOrder: if it can't be read, or does not agree with itself.
    """
    if content.startswith(ZIP):
        return _agreeing("workbook", *_of_workbook(content))
    if iso20022.is_xml(content):
        return _agreeing("iso20022", *_of_pain001(content))
    if pipe.is_pipe(content):
        return _agreeing("pipe", *_of_pipe(content))
    raise NoOrder("报盘文件的格式无法识别。")


def _agreeing(channel: str, lines: Sequence[PaymentLine], count: int, total: Decimal) -> Asked:
    """Return the batch if it is one: one number, one payer, its lines once, its own totals."""
    if not lines:
        raise NoOrder("报盘文件没有明细。")
    if len(lines) != count:
        raise NoOrder(f"报盘文件写明{count}笔，实际{len(lines)}笔。")
    if sum(line.amount for line in lines) != total:
        raise NoOrder("报盘文件的合计金额与明细不符。")
    if len({line.batch_number for line in lines}) != 1:
        raise NoOrder("报盘文件里有几个批次号。")
    if len({line.payer_account for line in lines}) != 1:
        raise NoOrder("报盘文件里有几个付款账号。")
    if len({line.line_no for line in lines}) != len(lines):
        raise NoOrder("报盘文件里有重复的业务流水号。")
    if any(line.amount <= 0 for line in lines):
        raise NoOrder("报盘文件里有不大于零的金额。")
    first = lines[0]
    return Asked(channel, first.batch_number, first.payer_account, tuple(lines))


def _of_workbook(content: bytes) -> tuple[list[PaymentLine], int, Decimal]:
    try:
        book = CalamineWorkbook.from_filelike(BytesIO(content))
        rows = book.get_sheet_by_index(0).to_python()
    except (CalamineError, BadZipFile, IndexError) as error:
        raise NoOrder("报盘文件打不开。") from error
    titles = [cells.plain(cell) for cell in rows[0]] if rows else []
    if missing := [title for title in OUT if title not in titles]:
        raise NoOrder(f"报盘文件缺少列：{'、'.join(missing)}。")
    lines: list[PaymentLine] = []
    for row in rows[1:]:
        said = {title: row[titles.index(title)] for title in OUT}
        if cells.plain(said["批次号"]) == TOTAL:
            return lines, int(_number(said["业务流水号"])), _money(said["金额"])
        text = {title: cells.plain(cell) for title, cell in said.items()}
        lines.append(
            PaymentLine(
                batch_number=text["批次号"],
                line_no=text["业务流水号"],
                payer_account=text["付款账号"],
                holder=text["收款户名"],
                account=text["收款账号"],
                bank=text["收款银行"],
                bank_code=text["收款行号"],
                amount=_money(said["金额"]),
                purpose=text["用途"],
            )
        )
    raise NoOrder("报盘文件没有合计行，可能没有传完。")


def _of_pipe(content: bytes) -> tuple[list[PaymentLine], int, Decimal]:
    try:
        head, *rows = pipe.fields(content)
    except FileRefused as refusal:
        raise NoOrder(str(refusal)) from refusal
    if head[0] != pipe.ORDER or len(head) != 9 or any(len(row) != 8 for row in rows):
        raise NoOrder("报盘文件的栏数不对。")
    number, payer, count, total = head[2], head[4], head[7], head[8]
    lines = [
        PaymentLine(
            batch_number=number,
            line_no=line_no,
            payer_account=payer,
            holder=holder,
            account=account,
            bank=bank,
            bank_code=bank_code,
            amount=_money(amount),
            purpose=purpose,
        )
        for _, line_no, holder, account, bank, bank_code, amount, purpose in rows
    ]
    return lines, int(_number(count)), _money(total)


def _of_pain001(content: bytes) -> tuple[list[PaymentLine], int, Decimal]:
    try:
        root = iso20022.parse(content)
    except FileRefused as refusal:
        raise NoOrder(str(refusal)) from refusal
    if root.find("CstmrCdtTrfInitn") is None:
        raise NoOrder("报文不是pain.001。")
    header = "CstmrCdtTrfInitn/GrpHdr/"
    number = _text(root, f"{header}MsgId")
    lines = [
        PaymentLine(
            batch_number=number,
            line_no=_text(transfer, "PmtId/EndToEndId"),
            payer_account=_text(block, "DbtrAcct/Id/Othr/Id"),
            holder=_text(transfer, "Cdtr/Nm"),
            account=_text(transfer, "CdtrAcct/Id/Othr/Id"),
            bank=_text(transfer, "CdtrAgt/FinInstnId/Nm"),
            bank_code=_text(transfer, "CdtrAgt/FinInstnId/ClrSysMmbId/MmbId"),
            amount=_money(_text(transfer, "Amt/InstdAmt")),
            purpose=_text(transfer, "RmtInf/Ustrd"),
        )
        for block in root.iter("PmtInf")
        for transfer in block.iter("CdtTrfTxInf")
    ]
    return (
        lines,
        int(_number(_text(root, f"{header}NbOfTxs"))),
        _money(_text(root, f"{header}CtrlSum")),
    )


def _text(element: Element, path: str) -> str:
    return (element.findtext(path) or "").strip()


def _number(value: Any) -> Decimal:
    try:
        return Decimal(str(value))
    except InvalidOperation as error:
        raise NoOrder(f"报盘文件里的数字无法识别：{str(value)[:30]}") from error


def _money(value: Any) -> Decimal:
    """Return an amount in yuan; a workbook's floating-point cell is rounded to its fen.

    The text of a double has 15 digits or more, so that no amount below ten thousand billion
    yuan is changed by this.
    """
    return _number(value).quantize(Decimal("0.01"))
