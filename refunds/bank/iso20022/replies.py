"""The bank's side: pain.002, camt.054, camt.053. Only the practice bank and tests write these.

A message has no time of its own, so its CreDtTm is made from its day: the same message, the
same bytes.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from hashlib import sha256
from xml.etree.ElementTree import Element, SubElement

from refunds.bank.interface import (
    FAILED,
    PAID,
    RETURNED,
    Acknowledgement,
    Answer,
    AnswerRow,
    Message,
    Statement,
)
from refunds.bank.iso20022.names import (
    CAMT_053,
    CAMT_054,
    KIND_CODES,
    NOT_PROVIDED,
    NOTE,
    PAIN_001,
    PAIN_002,
    REASON,
    ROOTS,
    document,
    put,
    put_some,
)
from refunds.bank.iso20022.reasons import code_of

_ANSWER_CODES = {PAID: "PMNT", FAILED: "FAIL", RETURNED: "RETN"}
#: The day of a message about nothing that has one.
_NO_DAY = date(2020, 1, 1)


def acknowledge(message: Message) -> bytes:
    """Return a pain.002 about a whole batch, with what is known of single lines."""
    assert isinstance(message, Acknowledgement)
    on = message.on or _NO_DAY
    body = Element(ROOTS[PAIN_002])
    put(body, "GrpHdr/MsgId", f"R{message.batch_number}"[:35])
    put(body[0], "CreDtTm", _evening(on))
    group = SubElement(body, "OrgnlGrpInfAndSts")
    put(group, "OrgnlMsgId", message.batch_number)
    put(group, "OrgnlMsgNmId", PAIN_001)
    accepted = "PART" if message.lines else "ACCP"
    put(group, "GrpSts", accepted if message.accepted else "RJCT")
    _why(group, "StsRsnInf", message.reason)
    if message.lines:
        block = SubElement(body, "OrgnlPmtInfAndSts")
        put(block, "OrgnlPmtInfId", message.batch_number)
        for row in message.lines:
            _line_status(SubElement(block, "TxInfAndSts"), row, on=on)
    return document(PAIN_002, body)


def _line_status(line: Element, row: AnswerRow, *, on: date) -> None:
    put(line, "OrgnlEndToEndId", row.line_no)
    put(line, "TxSts", "ACSC" if row.outcome == PAID else "RJCT")
    _why(line, "StsRsnInf", row.reason)
    put(line, "AccptncDtTm", _evening(row.settled or on))
    original = SubElement(line, "OrgnlTxRef")
    put(original, "Amt/InstdAmt", row.amount_text).set("Ccy", "CNY")
    put(original, "CdtrAcct/Id/Othr/Id", row.account)


def answer(message: Message) -> bytes:
    """Return a camt.054: what was paid, what failed, what came back, and how much in all."""
    assert isinstance(message, Answer)
    number = f"N{sha256(repr(message).encode()).hexdigest()[:24]}"
    made = _evening(max((row.settled for row in message.rows if row.settled), default=_NO_DAY))
    body = Element(ROOTS[CAMT_054])
    put(body, "GrpHdr/MsgId", number)
    put(body[0], "CreDtTm", made)
    note = SubElement(body, "Ntfctn")
    put(note, "Id", number)
    put(note, "CreDtTm", made)
    put(note, "Acct/Id/Othr/Id", message.account or NOT_PROVIDED)
    count = len(message.rows) if message.declared_count is None else message.declared_count
    found = _sum(row.amount for row in message.rows if row.amount is not None)
    total = found if message.declared_total is None else message.declared_total
    summary = SubElement(SubElement(note, "TxsSummry"), "TtlNtries")
    put(summary, "NbOfNtries", str(count))
    put(summary, "Sum", f"{total:.2f}")
    for row in message.rows:
        entry = SubElement(note, "Ntry")
        put(entry, "Amt", row.amount_text).set("Ccy", "CNY")
        put(entry, "CdtDbtInd", "CRDT" if row.outcome == RETURNED else "DBIT")
        put(entry, "Sts", "INFO" if row.outcome == FAILED else "BOOK")
        put(entry, "BookgDt/Dt", row.settled_text)
        put(entry, "BkTxCd/Prtry/Cd", _ANSWER_CODES.get(row.outcome, "OTHR"))
        details = SubElement(SubElement(entry, "NtryDtls"), "TxDtls")
        refs = SubElement(details, "Refs")
        put_some(refs, "MsgId", row.batch_number)
        put_some(refs, "EndToEndId", row.line_no)
        put_some(details, "RltdPties/CdtrAcct/Id/Othr/Id", row.account)
        _why(details, "RtrInf", "" if row.outcome == PAID else row.reason)
    return document(CAMT_054, body)


def state(message: Message) -> bytes:
    """Return a camt.053: a day of an account."""
    assert isinstance(message, Statement)
    number = f"S{sha256(repr(message).encode()).hexdigest()[:24]}"
    body = Element(ROOTS[CAMT_053])
    put(body, "GrpHdr/MsgId", number)
    put(body[0], "CreDtTm", _evening(message.day))
    sheet = SubElement(body, "Stmt")
    put(sheet, "Id", number)
    put(sheet, "CreDtTm", _evening(message.day))
    put(sheet, "Acct/Id/Othr/Id", message.account)
    for code, amount in (("OPBD", message.opening), ("CLBD", message.closing)):
        balance = SubElement(sheet, "Bal")
        put(balance, "Tp/CdOrPrtry/Cd", code)
        put(balance, "Amt", f"{abs(amount):.2f}").set("Ccy", "CNY")
        put(balance, "CdtDbtInd", "DBIT" if amount < 0 else "CRDT")
        put(balance, "Dt/Dt", message.day.isoformat())
    put(sheet, "TxsSummry/TtlNtries/NbOfNtries", str(len(message.entries)))
    for line in message.entries:
        entry = SubElement(sheet, "Ntry")
        put_some(entry, "NtryRef", line.reference[:35])
        put(entry, "Amt", f"{abs(line.amount):.2f}").set("Ccy", "CNY")
        put(entry, "CdtDbtInd", "DBIT" if line.amount < 0 else "CRDT")
        put(entry, "Sts", "BOOK")
        put(entry, "BookgDt/Dt", line.booked_on.isoformat())
        put(entry, "BkTxCd/Prtry/Cd", KIND_CODES.get(line.kind, "OTHR"))
        details = SubElement(SubElement(entry, "NtryDtls"), "TxDtls")
        put(details, "Refs/EndToEndId", line.line_no or NOT_PROVIDED)
        put_some(details, "RltdPties/Cdtr/Nm", line.counterparty[:NOTE])
        put_some(details, "RmtInf/Ustrd", line.text[:NOTE])
    return document(CAMT_053, body)


def _why(parent: Element, tag: str, reason: str) -> None:
    """Say a reason: by its code where it is nothing else, or in pieces as long as allowed."""
    if not reason.strip():
        return
    element = SubElement(parent, tag)
    if code := code_of(reason):
        put(element, "Rsn/Cd", code)
        return
    for start in range(0, len(reason), REASON):
        put(element, "AddtlInf", reason[start : start + REASON])


def _evening(day: date) -> str:
    return f"{day.isoformat()}T18:00:00+08:00"


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, Decimal("0.00"))
