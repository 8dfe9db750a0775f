"""A batch as pain.001."""

from collections.abc import Iterable
from decimal import Decimal
from xml.etree.ElementTree import Element, SubElement

from refunds.bank.interface import Order
from refunds.bank.iso20022.names import NOTE, PAIN_001, ROOTS, document, put, put_some


class IsoAdapter:
    """pain.001, as banks with a direct link take it."""

    name = "iso20022"
    label = "ISO 20022 报文"
    suffix = ".xml"

    def write(self, order: Order) -> bytes:
        body = Element(ROOTS[PAIN_001])
        total = f"{_sum(line.amount for line in order.lines):.2f}"
        count = str(len(order.lines))
        head = SubElement(body, "GrpHdr")
        put(head, "MsgId", order.batch_number)
        put(head, "CreDtTm", order.sealed_at.isoformat(timespec="seconds"))
        put(head, "NbOfTxs", count)
        put(head, "CtrlSum", total)
        put(head, "InitgPty/Nm", order.payer.holder)
        block = SubElement(body, "PmtInf")
        put(block, "PmtInfId", order.batch_number)
        put(block, "PmtMtd", "TRF")
        put(block, "NbOfTxs", count)
        put(block, "CtrlSum", total)
        put(block, "ReqdExctnDt", order.business_date.isoformat())
        put(block, "Dbtr/Nm", order.payer.holder)
        put(block, "DbtrAcct/Id/Othr/Id", order.payer.number)
        _agent(SubElement(block, "DbtrAgt"), order.payer.bank_code, order.payer.bank)
        for line in order.lines:
            transfer = SubElement(block, "CdtTrfTxInf")
            put(transfer, "PmtId/EndToEndId", line.line_no)
            put(transfer, "Amt/InstdAmt", f"{line.amount:.2f}").set("Ccy", "CNY")
            _agent(SubElement(transfer, "CdtrAgt"), line.bank_code, line.bank)
            put(transfer, "Cdtr/Nm", line.holder)
            put(transfer, "CdtrAcct/Id/Othr/Id", line.account)
            put_some(transfer, "RmtInf/Ustrd", line.purpose[:NOTE])
        return document(PAIN_001, body)


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, Decimal("0.00"))


def _agent(parent: Element, code: str, name: str) -> None:
    """Name a bank by its CNAPS code (行号), if it is known, and its name."""
    inside = SubElement(parent, "FinInstnId")
    put_some(inside, "ClrSysMmbId/MmbId", code)
    put_some(inside, "Nm", name)
