"""ISO 20022 messages: pain.001 out; pain.002, camt.054 and camt.053 in. Pure.

Our line number is the EndToEndId, the batch number the MsgId and PmtInfId. A payment that came
back (退票) is a camt.054 credit with a return reason.
"""

import re
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

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
    Order,
    Statement,
    StatementEntry,
)

PAIN_001, PAIN_002 = "pain.001.001.03", "pain.002.001.03"
CAMT_053, CAMT_054 = "camt.053.001.02", "camt.054.001.02"
_SPACE = "urn:iso:std:iso:20022:tech:xsd:"
_ROOTS = {
    PAIN_001: "CstmrCdtTrfInitn",
    PAIN_002: "CstmrPmtStsRpt",
    CAMT_053: "BkToCstmrStmt",
    CAMT_054: "BkToCstmrDbtCdtNtfctn",
}
_OTHERS = {OTHER: "OTHR", PAYMENT: "PMNT", BACK: "RETN"}
_KINDS = {code: kind for kind, code in _OTHERS.items()}
_NOTE = 140  # characters of unstructured text in these versions
_COUNT = re.compile(r"[0-9]{1,15}")  # as many digits as the schema allows


class IsoAdapter:
    """pain.001, as banks with a direct link take it."""

    name = "iso20022"
    label = "ISO 20022 报文"
    suffix = ".xml"

    def write(self, order: Order) -> bytes:
        body = Element(_ROOTS[PAIN_001])
        total = f"{_sum(line.amount for line in order.lines):.2f}"
        count = str(len(order.lines))
        head = SubElement(body, "GrpHdr")
        _put(head, "MsgId", order.batch_number)
        _put(head, "CreDtTm", order.sealed_at.isoformat(timespec="seconds"))
        _put(head, "NbOfTxs", count)
        _put(head, "CtrlSum", total)
        _put(head, "InitgPty/Nm", order.payer.holder)
        block = SubElement(body, "PmtInf")
        _put(block, "PmtInfId", order.batch_number)
        _put(block, "PmtMtd", "TRF")
        _put(block, "NbOfTxs", count)
        _put(block, "CtrlSum", total)
        _put(block, "ReqdExctnDt", order.business_date.isoformat())
        _put(block, "Dbtr/Nm", order.payer.holder)
        _put(block, "DbtrAcct/Id/Othr/Id", order.payer.number)
        _agent(SubElement(block, "DbtrAgt"), order.payer.bank_code, order.payer.bank)
        for line in order.lines:
            transfer = SubElement(block, "CdtTrfTxInf")
            _put(transfer, "PmtId/EndToEndId", line.line_no)
            _put(transfer, "Amt/InstdAmt", f"{line.amount:.2f}").set("Ccy", "CNY")
            _agent(SubElement(transfer, "CdtrAgt"), line.bank_code, line.bank)
            _put(transfer, "Cdtr/Nm", line.holder)
            _put(transfer, "CdtrAcct/Id/Othr/Id", line.account)
            _put(transfer, "RmtInf/Ustrd", line.purpose)
        return _document(PAIN_001, body)


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, Decimal("0.00"))


def _put(parent: Element, path: str, text: str) -> Element:
    """Add an element, with those above it, and return it. What XML can't hold is left out."""
    for tag in path.split("/"):
        parent = SubElement(parent, tag)
    parent.text = "".join(sign for sign in text if sign >= " " or sign == "\t")
    return parent


def _agent(parent: Element, code: str, name: str) -> None:
    inside = SubElement(parent, "FinInstnId")
    if code:
        _put(inside, "ClrSysMmbId/MmbId", code)
    _put(inside, "Nm", name)


def _document(kind: str, body: Element) -> bytes:
    root = Element("Document", {"xmlns": f"{_SPACE}{kind}"})
    root.append(body)
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.encode()


def acknowledge(message: Message) -> bytes:
    """Return a pain.002 about a whole batch."""
    assert isinstance(message, Acknowledgement)
    body = Element(_ROOTS[PAIN_002])
    _put(body, "GrpHdr/MsgId", f"R{message.batch_number}")
    group = SubElement(body, "OrgnlGrpInfAndSts")
    _put(group, "OrgnlMsgId", message.batch_number)
    _put(group, "OrgnlMsgNmId", PAIN_001)
    _put(group, "GrpSts", "ACCP" if message.accepted else "RJCT")
    if message.reason:
        _put(group, "StsRsnInf/AddtlInf", message.reason[:105])
    return _document(PAIN_002, body)


def answer(message: Message) -> bytes:
    """Return a camt.054: what was paid, what failed, what came back, and how much in all."""
    assert isinstance(message, Answer)
    body = Element(_ROOTS[CAMT_054])
    _put(body, "GrpHdr/MsgId", "CAMT054")
    note = SubElement(body, "Ntfctn")
    count = len(message.rows) if message.declared_count is None else message.declared_count
    found = _sum(row.amount for row in message.rows if row.amount is not None)
    total = found if message.declared_total is None else message.declared_total
    summary = SubElement(SubElement(note, "TxsSummry"), "TtlNtries")
    _put(summary, "NbOfNtries", str(count))
    _put(summary, "Sum", f"{total:.2f}")
    for row in message.rows:
        entry = SubElement(note, "Ntry")
        _put(entry, "Amt", row.amount_text).set("Ccy", "CNY")
        _put(entry, "CdtDbtInd", "CRDT" if row.outcome == RETURNED else "DBIT")
        _put(entry, "Sts", "INFO" if row.outcome == FAILED else "BOOK")
        _put(entry, "BookgDt/Dt", row.settled_text)
        details = SubElement(SubElement(entry, "NtryDtls"), "TxDtls")
        refs = SubElement(details, "Refs")
        _put(refs, "MsgId", row.batch_number)
        _put(refs, "EndToEndId", row.line_no)
        _put(details, "RltdPties/CdtrAcct/Id/Othr/Id", row.account)
        if row.outcome != PAID:
            _put(details, "RtrInf/AddtlInf", row.reason[:105])
    return _document(CAMT_054, body)


def state(message: Message) -> bytes:
    """Return a camt.053: a day of an account."""
    assert isinstance(message, Statement)
    body = Element(_ROOTS[CAMT_053])
    _put(body, "GrpHdr/MsgId", f"S{message.account}{message.day:%Y%m%d}")
    sheet = SubElement(body, "Stmt")
    _put(sheet, "Acct/Id/Othr/Id", message.account)
    for code, amount in (("OPBD", message.opening), ("CLBD", message.closing)):
        balance = SubElement(sheet, "Bal")
        _put(balance, "Tp/CdOrPrtry/Cd", code)
        _put(balance, "Amt", f"{abs(amount):.2f}").set("Ccy", "CNY")
        _put(balance, "CdtDbtInd", "DBIT" if amount < 0 else "CRDT")
        _put(balance, "Dt/Dt", message.day.isoformat())
    for line in message.entries:
        entry = SubElement(sheet, "Ntry")
        _put(entry, "NtryRef", line.reference)
        _put(entry, "Amt", f"{abs(line.amount):.2f}").set("Ccy", "CNY")
        _put(entry, "CdtDbtInd", "DBIT" if line.amount < 0 else "CRDT")
        _put(entry, "Sts", "BOOK")
        _put(entry, "BookgDt/Dt", line.booked_on.isoformat())
        _put(entry, "BkTxCd/Prtry/Cd", _OTHERS.get(line.kind, "OTHR"))
        details = SubElement(SubElement(entry, "NtryDtls"), "TxDtls")
        _put(details, "Refs/EndToEndId", line.line_no or "NOTPROVIDED")
        _put(details, "RltdPties/Cdtr/Nm", line.counterparty)
        _put(details, "RmtInf/Ustrd", line.text[:_NOTE])
    return _document(CAMT_053, body)


def is_xml(content: bytes) -> bool:
    """Return whether a file begins as XML does."""
    return content.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<")


def read(content: bytes) -> Message:
    """Return what a message of the bank says; its version doesn't matter.

    :raises FileRefused: if it can't be read or is none of pain.002, camt.053, camt.054.
    """
    root = parse(content)
    readers: dict[str, Callable[[Element], Message]] = {
        _ROOTS[PAIN_002]: _acknowledgement,
        _ROOTS[CAMT_053]: _statement,
        _ROOTS[CAMT_054]: _answer,
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
    text = _decoded(content)
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise FileRefused("报文里有不该有的定义（DOCTYPE），没有读取。")
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 refuses entities, see above
    except ElementTree.ParseError as error:
        raise FileRefused("报文不完整或无法解析，可能没有传完。请银行重新发送。") from error
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


def _acknowledgement(body: Element) -> Acknowledgement:
    group = body.find("OrgnlGrpInfAndSts")
    status = "" if group is None else _text(group, "GrpSts")
    if group is None or status not in {"ACTC", "ACCP", "ACSP", "RJCT"}:
        raise FileRefused(f"受理报文的状态无法识别：{status[:30]}。")
    reason = _text(group, "StsRsnInf/AddtlInf") or _text(group, "StsRsnInf/Rsn/Cd")
    return Acknowledgement(_text(group, "OrgnlMsgId"), status != "RJCT", reason)


def _answer(body: Element) -> Answer:
    rows: list[AnswerRow] = []
    for place, entry in enumerate(body.iter("Ntry"), start=1):
        returned = _text(entry, "CdtDbtInd") == "CRDT"
        status = _text(entry, "Sts")
        outcome = {"INFO": FAILED, "BOOK": RETURNED if returned else PAID}.get(status, status)
        details = "NtryDtls/TxDtls/"
        rows.append(
            workbook.answer_row(
                place,
                {
                    "batch_number": _text(entry, f"{details}Refs/MsgId"),
                    "line_no": _text(entry, f"{details}Refs/EndToEndId"),
                    "account": _text(entry, f"{details}RltdPties/CdtrAcct/Id/Othr/Id"),
                    "amount": _in_yuan(entry),
                    "outcome": outcome,
                    "reason": _text(entry, f"{details}RtrInf/AddtlInf"),
                    "settled": _text(entry, "BookgDt/Dt"),
                },
            )
        )
    if not rows:
        raise FileRefused("报文里没有一笔结果。")
    summary = "Ntfctn/TxsSummry/TtlNtries/"
    count, total = _text(body, f"{summary}NbOfNtries"), _text(body, f"{summary}Sum")
    return Answer(
        tuple(rows),
        int(count) if _COUNT.fullmatch(count) else None,
        _money(total) if total else None,
    )


def _in_yuan(entry: Element) -> str:
    """Return an amount's text; of another currency, a text that is no amount."""
    amount = entry.find("Amt")
    currency = "" if amount is None else amount.get("Ccy", "")
    text = _text(entry, "Amt")
    return text if currency == "CNY" else f"{text} {currency}"


def _statement(body: Element) -> Statement:
    sheets = body.findall("Stmt")
    if len(sheets) != 1:
        raise FileRefused("一个对账单报文应只有一个账户的一天。")
    balances: dict[str, tuple[Decimal, date]] = {}
    for balance in sheets[0].findall("Bal"):
        on = _day(_text(balance, "Dt/Dt"))
        balances[_text(balance, "Tp/CdOrPrtry/Cd")] = (_signed(balance), on)
    if not {"OPBD", "CLBD"} <= balances.keys():
        raise FileRefused("对账单没有期初余额或期末余额。")
    return Statement(
        account=_text(sheets[0], "Acct/Id/Othr/Id"),
        day=balances["CLBD"][1],
        opening=balances["OPBD"][0],
        closing=balances["CLBD"][0],
        entries=tuple(_entry(entry) for entry in sheets[0].findall("Ntry")),
    )


def _entry(entry: Element) -> StatementEntry:
    line_no = _text(entry, "NtryDtls/TxDtls/Refs/EndToEndId")
    return StatementEntry(
        line_no="" if line_no == "NOTPROVIDED" else line_no,
        amount=_signed(entry),
        booked_on=_day(_text(entry, "BookgDt/Dt")),
        kind=_KINDS.get(_text(entry, "BkTxCd/Prtry/Cd"), OTHER),
        counterparty=_text(entry, "NtryDtls/TxDtls/RltdPties/Cdtr/Nm"),
        reference=_text(entry, "NtryRef"),
        text=_text(entry, "NtryDtls/TxDtls/RmtInf/Ustrd"),
    )


def _signed(element: Element) -> Decimal:
    side = _text(element, "CdtDbtInd")
    if side not in {"CRDT", "DBIT"}:
        raise FileRefused(f"借贷方向无法识别：{side[:30]}。")
    amount = _money(_in_yuan(element))
    return amount if side == "CRDT" else -amount


def _money(text: str) -> Decimal:
    whole, _, part = text.partition(".")
    if not (text.isascii() and whole.isdigit() and (part.isdigit() or not part) and len(part) < 3):
        raise FileRefused(f"金额无法识别：{text[:30]}。")
    return Decimal(text).quantize(Decimal("0.01"))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise FileRefused(f"日期无法识别：{text[:30]}。") from error
