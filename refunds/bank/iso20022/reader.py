"""What the bank says: pain.002, camt.054 and camt.053, of any version that has these elements."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from refunds.bank import workbook
from refunds.bank.interface import (
    BACK,
    FAILED,
    OTHER,
    PAID,
    PAYMENT,
    RETURNED,
    Acknowledgement,
    Answer,
    AnswerRow,
    FileRefused,
    Message,
    Statement,
    StatementEntry,
)
from refunds.bank.iso20022.names import (
    CAMT_053,
    CAMT_054,
    KIND_CODES,
    NOT_PROVIDED,
    PAIN_002,
    ROOTS,
)
from refunds.bank.iso20022.reasons import in_words

#: Many times what a batch's answer has; without a limit nested elements fill the memory.
MOST_ELEMENTS = 4_000_000
_DECLARED = re.compile(r"(?<=<Document)\s+xmlns=(\"[^\"<>]*\"|'[^'<>]*')")
_KINDS = {code: kind for kind, code in KIND_CODES.items()}
_COUNT = re.compile(r"[0-9]{1,15}")  # as many digits as the schema allows
_AMOUNT = re.compile(r"[0-9]{1,15}(\.[0-9]{1,2}0*)?")
_REFUSED = "RJCT"
#: Taken over; what becomes of the lines is said later.
_TAKEN = frozenset({"ACTC", "ACCP", "ACSP", "ACSC", "ACWC", "ACCC", "PART"})
_WAITING = frozenset({"RCVD", "PDNG"})
#: A line's last word; any other status leaves it waiting.
_LINE = {"ACSC": PAID, "ACCC": PAID, _REFUSED: FAILED}
_OPENING, _CLOSING = ("OPBD", "PRCD"), ("CLBD",)


def is_xml(content: bytes) -> bool:
    """Return whether a file begins as XML does."""
    return content.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<")


def read(content: bytes) -> Message:
    """Return what a message of the bank says; its version doesn't matter.

    :raises FileRefused: if it can't be read or is none of pain.002, camt.053, camt.054.
    """
    root = parse(content)
    readers: dict[str, Callable[[Element], Message]] = {
        ROOTS[PAIN_002]: _acknowledgement,
        ROOTS[CAMT_053]: _statement,
        ROOTS[CAMT_054]: _answer,
    }
    for child in root:
        if child.tag in readers:
            return readers[child.tag](child)
    raise FileRefused("报文不是pain.002、camt.053或camt.054。")


def parse(content: bytes) -> Element:
    """Return a document, its tags without their namespace.

    :raises FileRefused: if it isn't XML, or defines entities: none of these messages does, and
        a few of them can fill any memory.
    """
    # The usual declaration goes first: a tag without its namespace is cheaper ten times over.
    text = _DECLARED.sub("", _decoded(content), count=1)
    if text.count("<") > 2 * MOST_ELEMENTS:
        raise FileRefused("报文太大，不是批次的回盘文件。")
    try:
        root: Element = fromstring(text, forbid_dtd=True)
    except DefusedXmlException as error:
        raise FileRefused("报文里有不该有的定义（DOCTYPE），没有读取。") from error
    except (ParseError, ValueError) as error:
        raise FileRefused("报文不完整或无法解析，可能没有传完。请银行重新发送。") from error
    if "xmlns" in text:
        for element in root.iter():
            element.tag = element.tag.rpartition("}")[2]
    return root


def _decoded(content: bytes) -> str:
    """Return the text, without its declaration: whatever that says, it is UTF-8 or GB18030."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        text = text.lstrip()
        return text.partition("?>")[2] if text.startswith("<?xml") else text
    raise FileRefused("报文的编码无法识别，或没有传完。请银行重新发送。")


def _text(element: Element, path: str) -> str:
    return (element.findtext(path) or "").strip()


def _first(element: Element, *paths: str) -> str:
    """Return the first text there is."""
    return next((text for path in paths if (text := _text(element, path))), "")


def _reason(element: Element, tag: str) -> str:
    notes = [note.text or "" for note in element.findall(f"{tag}/AddtlInf")]
    return in_words(_first(element, f"{tag}/Rsn/Cd", f"{tag}/Rsn/Prtry"), notes)


def _acknowledgement(body: Element) -> Acknowledgement:
    group = body.find("OrgnlGrpInfAndSts")
    if group is None:
        raise FileRefused("受理报文没有写明是哪个批次（OrgnlGrpInfAndSts）。")
    blocks = body.findall("OrgnlPmtInfAndSts")
    number = _text(group, "OrgnlMsgId")
    said = _text(body, "GrpHdr/CreDtTm")[:10]
    rows = tuple(_line_statuses(body, number=number, said=said))
    status, where = _text(group, "GrpSts"), group
    # One batch is one block: its status is the batch's where the group's is left out.
    if not status and len(blocks) == 1:
        status, where = _text(blocks[0], "PmtInfSts"), blocks[0]
    if not status and rows:
        status = "PART"
    if status not in _TAKEN | _WAITING | {_REFUSED}:
        raise FileRefused(f"受理报文的状态无法识别：{status[:30]}。")
    if status == _REFUSED and any(row.outcome == PAID for row in rows):
        raise FileRefused("受理报文自相矛盾：整批被拒绝，却有付款成功的明细。请与银行核对。")
    reason = _reason(where, "StsRsnInf")
    if status in _WAITING and not reason:
        reason = "银行已收到，正在处理"
    on = _day(said) if said else None
    return Acknowledgement(number, status != _REFUSED, reason, rows, on)


def _line_statuses(body: Element, *, number: str, said: str) -> Iterator[AnswerRow]:
    """Yield the lines of which the bank has said its last word."""
    for place, line in enumerate(body.iter("TxInfAndSts"), start=1):
        outcome = _LINE.get(_text(line, "TxSts"))
        if outcome is None:
            continue
        amount = line.find("OrgnlTxRef/Amt/InstdAmt")
        yield workbook.answer_row(
            place,
            {
                "batch_number": number,
                "line_no": _text(line, "OrgnlEndToEndId"),
                "account": _account(line, "OrgnlTxRef/CdtrAcct"),
                "amount": _in_yuan(amount),
                "outcome": outcome,
                "reason": _reason(line, "StsRsnInf"),
                "settled": _text(line, "AccptncDtTm")[:10] or said,
            },
        )


def _answer(body: Element) -> Answer:
    rows: list[AnswerRow] = []
    declared, total = 0, Decimal("0.00")
    whole = True
    notes = body.findall("Ntfctn")
    for note in notes:
        summary = "TxsSummry/TtlNtries/"
        count, amount = _text(note, f"{summary}NbOfNtries"), _text(note, f"{summary}Sum")
        whole = whole and bool(_COUNT.fullmatch(count)) and bool(amount)
        declared += int(count) if _COUNT.fullmatch(count) else 0
        total += _money(amount) if amount else 0
        for entry in note.findall("Ntry"):
            details = entry.findall("NtryDtls/TxDtls") or [Element("TxDtls")]
            found = [_row(len(rows) + at, entry, part) for at, part in enumerate(details, start=1)]
            if len(details) == 1 and not found[0]["amount"]:
                found[0]["amount"] = _in_yuan(entry.find("Amt"))
            rows += [workbook.answer_row(len(rows) + 1 + at, row) for at, row in enumerate(found)]
            # The bank counts entries, we count payments: an entry may be several.
            named = _text(entry, "NtryDtls/Btch/NbOfTxs")
            declared += (int(named) if _COUNT.fullmatch(named) else len(details)) - 1
    if not rows:
        raise FileRefused("报文里没有一笔结果。")
    account = _account(notes[0], "Acct")
    return Answer(
        tuple(rows),
        declared if whole else None,
        total if whole else None,
        "" if account == NOT_PROVIDED else account,
    )


def _row(place: int, entry: Element, details: Element) -> dict[str, str]:
    """Return the texts of one payment; its amount only where the details name one."""
    back = _text(entry, "CdtDbtInd") == "CRDT"
    status = _first(entry, "Sts/Cd", "Sts")
    outcome = {"INFO": FAILED, "BOOK": RETURNED if back else PAID}.get(status, status)
    amount = details.find("AmtDtls/TxAmt/Amt")
    if amount is None:
        amount = details.find("AmtDtls/InstdAmt/Amt")
    return {
        "batch_number": _first(details, "Refs/PmtInfId", "Refs/MsgId"),
        "line_no": _text(details, "Refs/EndToEndId"),
        "account": _account(details, "RltdPties/CdtrAcct"),
        "amount": "" if amount is None else _in_yuan(amount),
        "outcome": outcome,
        "reason": _reason(details, "RtrInf"),
        "settled": _booked(entry),
    }


def _account(element: Element, path: str) -> str:
    return _first(element, f"{path}/Id/Othr/Id", f"{path}/Id/IBAN")


def _booked(entry: Element) -> str:
    return _first(entry, "BookgDt/Dt", "BookgDt/DtTm", "ValDt/Dt", "ValDt/DtTm")[:10]


def _in_yuan(amount: Element | None) -> str:
    """Return an amount's text; of another currency, a text that is no amount."""
    if amount is None:
        return ""
    text, currency = (amount.text or "").strip(), amount.get("Ccy", "")
    return text if currency == "CNY" else f"{text} {currency}"


def _statement(body: Element) -> Statement:
    sheets = body.findall("Stmt")
    if len(sheets) != 1:
        raise FileRefused("一个对账单报文应只有一个账户的一天。")
    sheet = sheets[0]
    balances: dict[str, tuple[Decimal, date]] = {}
    for balance in sheet.findall("Bal"):
        on = _day(_first(balance, "Dt/Dt", "Dt/DtTm")[:10])
        balances[_text(balance, "Tp/CdOrPrtry/Cd")] = (_signed(balance), on)
    opening, closing = _balance(balances, _OPENING), _balance(balances, _CLOSING)
    # What isn't booked is in no balance.
    booked = [entry for entry in sheet.findall("Ntry") if _first(entry, "Sts/Cd", "Sts") == "BOOK"]
    declared = _text(sheet, "TxsSummry/TtlNtries/NbOfNtries")
    if declared and declared != str(len(sheet.findall("Ntry"))):
        raise FileRefused(f"对账单写明{declared[:20]}笔，实际{len(booked)}笔，可能没有传完。")
    return Statement(
        account=_account(sheet, "Acct"),
        day=closing[1],
        opening=opening[0],
        closing=closing[0],
        entries=tuple(line for entry in booked for line in _movements(entry)),
    )


def _balance(
    balances: Mapping[str, tuple[Decimal, date]], codes: Sequence[str]
) -> tuple[Decimal, date]:
    for code in codes:
        if code in balances:
            return balances[code]
    raise FileRefused("对账单没有期初余额或期末余额。")


def _movements(entry: Element) -> Iterator[StatementEntry]:
    """Yield what an entry is made of; a bank may book a batch as one.

    :raises FileRefused: if an entry of several payments doesn't say how much each is.
    """
    whole = _signed(entry)
    details = entry.findall("NtryDtls/TxDtls") or [Element("TxDtls")]
    amounts = [whole]
    if len(details) > 1:
        sign = -1 if whole < 0 else 1
        amounts = [sign * _money(_in_yuan(part.find("AmtDtls/TxAmt/Amt"))) for part in details]
        if sum(amounts) != whole:
            raise FileRefused(f"对账单里一笔{abs(whole)}元的记账与其明细合计不符。")
    for part, amount in zip(details, amounts, strict=True):
        line_no = _text(part, "Refs/EndToEndId")
        yield StatementEntry(
            line_no="" if line_no == NOT_PROVIDED else line_no,
            amount=amount,
            booked_on=_day(_booked(entry)),
            kind=_kind(entry, part, amount),
            counterparty=_first(
                part,
                *("RltdPties/Cdtr/Nm", "RltdPties/Cdtr/Pty/Nm"),
                *("RltdPties/Dbtr/Nm", "RltdPties/Dbtr/Pty/Nm"),
            ),
            reference=_first(entry, "NtryRef", "AcctSvcrRef"),
            text=_text(part, "RmtInf/Ustrd"),
        )


def _kind(entry: Element, part: Element, amount: Decimal) -> str:
    own = _first(part, "BkTxCd/Prtry/Cd") or _text(entry, "BkTxCd/Prtry/Cd")
    if own in _KINDS:
        return _KINDS[own]
    if amount > 0:
        returned = part.find("RtrInf") is not None or _text(entry, "RvslInd") == "true"
        return BACK if returned else OTHER
    named = _text(part, "Refs/EndToEndId") not in {"", NOT_PROVIDED}
    return PAYMENT if named else OTHER


def _signed(element: Element) -> Decimal:
    side = _text(element, "CdtDbtInd")
    if side not in {"CRDT", "DBIT"}:
        raise FileRefused(f"借贷方向无法识别：{side[:30]}。")
    amount = _money(_in_yuan(element.find("Amt")))
    return amount if side == "CRDT" else -amount


def _money(text: str) -> Decimal:
    if not _AMOUNT.fullmatch(text):
        raise FileRefused(f"金额无法识别：{text[:30]}。")
    return Decimal(text).quantize(Decimal("0.01"))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise FileRefused(f"日期无法识别：{text[:30]}。") from error
