"""What all messages share: their names, and how an element is written."""

import re
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from refunds.bank.interface import BACK, OTHER, PAYMENT

PAIN_001, PAIN_002 = "pain.001.001.03", "pain.002.001.03"
CAMT_053, CAMT_054 = "camt.053.001.02", "camt.054.001.02"
ROOTS = {
    PAIN_001: "CstmrCdtTrfInitn",
    PAIN_002: "CstmrPmtStsRpt",
    CAMT_053: "BkToCstmrStmt",
    CAMT_054: "BkToCstmrDbtCdtNtfctn",
}
#: The bank's own transaction codes for what a movement is.
KIND_CODES = {OTHER: "OTHR", PAYMENT: "PMNT", BACK: "RETN"}
NOT_PROVIDED = "NOTPROVIDED"
#: As many characters as the schemas allow.
NOTE, REASON = 140, 105
_SPACE = "urn:iso:std:iso:20022:tech:xsd:"
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_NO_XML = re.compile("[\ud800-\udfff\ufffe\uffff]")


def put(parent: Element, path: str, text: str) -> Element:
    """Add an element, with those above it, and return it.

    Line breaks and other controls become one space; what XML can't hold is left out.
    """
    for tag in path.split("/"):
        parent = SubElement(parent, tag)
    parent.text = _NO_XML.sub("", _CONTROLS.sub(" ", text))
    return parent


def put_some(parent: Element, path: str, text: str) -> None:
    """Add an element unless it would be empty, which the schemas don't allow."""
    if text.strip():
        put(parent, path, text)


def document(kind: str, body: Element) -> bytes:
    """Return a message as UTF-8; the same elements, the same bytes."""
    root = Element("Document", {"xmlns": f"{_SPACE}{kind}"})
    root.append(body)
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.encode()
