"""The bank's text files: fields between upright strokes, GB18030, a header, an end line. Pure.

TFPL|版本|批次号|业务日期|付款账号|付款户名|付款行号|笔数|合计金额      a batch
序号|业务流水号|收款户名|收款账号|收款银行|收款行号|金额|用途
TFHZ|版本|批次号|受理 or 拒绝|原因                                      a receipt
TFHP|版本|笔数|合计金额                                                 answers
序号|批次号|业务流水号|收款账号|金额|结果|原因|处理日期
TFDZ|版本|账号|日期|期初余额|期末余额|笔数                              a statement
序号|业务流水号|金额|日期|类别|对方户名|银行流水号|摘要
END|笔数 or END|笔数|合计金额                                           ends each of them

A stroke in a field is written as its full-width sister ｜, line breaks and other controls as a
blank: no field can end itself or its line. Numbers and words are read in either width.
"""

import re
import unicodedata
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from refunds.bank import workbook
from refunds.bank.interface import (
    BACK,
    OTHER,
    PAYMENT,
    Acknowledgement,
    Answer,
    FileRefused,
    Message,
    Order,
    Statement,
    StatementEntry,
)

ORDER, RECEIPT, ANSWER, STATEMENT, END = "TFPL", "TFHZ", "TFHP", "TFDZ", "END"
VERSION = "1"
ACCEPTED, REFUSED = "受理", "拒绝"
_AMOUNT = re.compile(r"-?[0-9]{1,15}\.[0-9]{2}")
_COUNT = re.compile(r"[0-9]{1,9}")
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_RESEND = "可能没有传完。请银行重新发送。"
_CUT = f"文件没有结束行，{_RESEND}"


class PipeAdapter:
    """Text between strokes, as some banks take it."""

    name = "pipe"
    label = "GB18030 竖线分隔文本"
    suffix = ".txt"

    def write(self, order: Order) -> bytes:
        payer = order.payer
        total = sum((line.amount for line in order.lines), Decimal("0.00"))
        head = [ORDER, VERSION, order.batch_number, f"{order.business_date:%Y%m%d}"]
        head += [payer.number, payer.holder, payer.bank_code, str(len(order.lines)), f"{total:.2f}"]
        rows = [
            [
                *(line.line_no, line.holder, line.account, line.bank, line.bank_code),
                *(f"{line.amount:.2f}", line.purpose),
            ]
            for line in order.lines
        ]
        return written(head, rows, total=total)


def written(
    head: Sequence[str], rows: Sequence[Sequence[str]], *, total: Decimal | None = None
) -> bytes:
    """Return a file: its header, its rows numbered, its end."""
    numbered = [[str(place), *row] for place, row in enumerate(rows, start=1)]
    end = [END, str(len(rows)), *([] if total is None else [f"{total:.2f}"])]
    lines = [head, *numbered, end]
    text = "".join("|".join(_plain(field) for field in line) + "\r\n" for line in lines)
    return text.encode("gb18030")


def _plain(field: str) -> str:
    """Return a field that can't end itself or its line."""
    return _CONTROLS.sub(" ", field.replace("|", "｜")).strip()


def reply(message: Message) -> bytes:
    """Return the bank's file that says a message."""
    match message:
        case Acknowledgement():
            word = ACCEPTED if message.accepted else REFUSED
            return written([RECEIPT, VERSION, message.batch_number, word, message.reason], [])
        case Answer():
            count = len(message.rows) if message.declared_count is None else message.declared_count
            found = sum((row.amount for row in message.rows if row.amount), Decimal("0.00"))
            total = found if message.declared_total is None else message.declared_total
            rows = [
                [
                    *(row.batch_number, row.line_no, row.account, row.amount_text),
                    *(row.outcome, row.reason, row.settled_text),
                ]
                for row in message.rows
            ]
            return written([ANSWER, VERSION, str(count), f"{total:.2f}"], rows, total=total)
        case Statement():
            head = [STATEMENT, VERSION, message.account, message.day.isoformat()]
            head += [f"{message.opening:.2f}", f"{message.closing:.2f}", str(len(message.entries))]
            entries = [
                [
                    *(entry.line_no, f"{entry.amount:.2f}", entry.booked_on.isoformat()),
                    *(entry.kind, entry.counterparty, entry.reference, entry.text),
                ]
                for entry in message.entries
            ]
            return written(head, entries)


def fields(content: bytes) -> list[list[str]]:
    """Return the fields of every line, the end line left out.

    :raises FileRefused: if it isn't text, has no end, or another number of lines than that says.
    """
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        break
    else:
        raise FileRefused("文件不是文本，或没有传完。请银行重新发送。")
    # Not splitlines(): a name may hold what Unicode takes for the end of a line.
    lines = [line.removesuffix("\r").split("|") for line in text.split("\n") if line.strip()]
    if not lines or lines[-1][0] != END or text[-1] != "\n":
        raise FileRefused(_CUT)
    *lines, end = lines
    # The header's totals say what the bank meant; this one whether all of it has come.
    if not lines or len(end) < 2 or half(end[1]) != str(len(lines) - 1):
        raise FileRefused(f"结束行写明{(*end, '')[1][:20]}行，实际{len(lines[1:])}行。{_RESEND}")
    return lines


def half(text: str) -> str:
    """Return digits, letters and words in their usual width, blanks around them left out."""
    return unicodedata.normalize("NFKC", text).strip()


def is_pipe(content: bytes) -> bool:
    """Return whether a file calls itself one of these."""
    head = content.removeprefix(b"\xef\xbb\xbf")[:5]
    return head in {f"{kind}|".encode() for kind in (ORDER, RECEIPT, ANSWER, STATEMENT)}


def read(content: bytes) -> Message:
    """Return what the bank's file says.

    :raises FileRefused: if it can't be read or isn't whole.
    """
    head, *rows = fields(content)
    match [half(field) for field in head]:
        case ["TFHZ", "1", number, ("受理" | "拒绝") as word, _] if not rows:
            return Acknowledgement(number, word == ACCEPTED, head[4].strip())
        case ["TFHP", "1", count, total]:
            if not rows:
                raise FileRefused("文件里没有一行答复。")
            if any(len(row) != 8 for row in rows):
                raise FileRefused("有的行不是8栏，文件可能被改动或没有传完。")
            read_rows = [
                workbook.answer_row(
                    place,
                    {column.name: cell for column, cell in zip(workbook.IN, row[1:], strict=True)},
                )
                for place, row in enumerate(rows, start=2)
            ]
            return Answer(tuple(read_rows), int(_count(count)), _money(total))
        case ["TFDZ", "1", account, day, opening, closing, count]:
            if len(rows) != int(_count(count)) or any(len(row) != 8 for row in rows):
                raise FileRefused(f"对账单写明{count}笔，实际{len(rows)}行，或有的行不是8栏。")
            return Statement(
                account=account,
                day=_day(day),
                opening=_money(opening),
                closing=_money(closing),
                entries=tuple(_entry(row) for row in rows),
            )
    raise FileRefused("文件的首行无法识别，应以TFHZ（受理）、TFHP（回盘）或TFDZ（对账单）开头。")


def _entry(row: Sequence[str]) -> StatementEntry:
    _, line_no, amount, on, kind, *words = row
    counterparty, reference, text = (word.strip() for word in words)
    kind = half(kind)
    return StatementEntry(
        line_no=half(line_no),
        amount=_money(half(amount)),
        booked_on=_day(half(on)),
        kind=kind if kind in {PAYMENT, BACK} else OTHER,
        counterparty=counterparty,
        reference=reference,
        text=text,
    )


def _count(text: str) -> str:
    if not _COUNT.fullmatch(text):
        raise FileRefused(f"笔数无法识别：{text[:30]}")
    return text


def _money(text: str) -> Decimal:
    if not _AMOUNT.fullmatch(text):
        raise FileRefused(f"金额无法识别：{text[:30]}")
    return Decimal(text)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise FileRefused(f"日期无法识别：{text[:30]}") from error
