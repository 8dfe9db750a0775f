"""Our messages against the official schemas, shipped by the packages of requirements-schemas."""

from dataclasses import replace
from functools import cache
from importlib.metadata import distribution
from xml.etree import ElementTree

import pytest
import xmlschema

from refunds import bank as formats
from refunds.bank.interface import FAILED, PAID, Acknowledgement, Answer
from refunds.bank.replies import write
from tests.refunds.bank.test_golden_orders import order
from tests.refunds.bank.test_hostile_files import ANSWER, DAY, STATEMENT, row

SCHEMAS = {
    "pain.001.001.03": ("pain001", "pain001/templates/pain.001.001.03/pain.001.001.03.xsd"),
    "pain.002.001.03": ("pain001", "pain001/pain002/schemas/pain.002.001.03.xsd"),
    "camt.053.001.02": ("camt053", "camt053/xsd/camt.053.001.02.xsd"),
    "camt.054.001.02": ("camt053", "camt053/xsd/camt.054.001.02.xsd"),
}
LONG = "很长的原因" * 50


@cache
def schema(name: str) -> xmlschema.XMLSchema:
    package, path = SCHEMAS[name]
    return xmlschema.XMLSchema(str(distribution(package).locate_file(path)))


def faults(content: bytes, name: str) -> list[str]:
    root = ElementTree.fromstring(content)
    assert root.tag == f"{{urn:iso:std:iso:20022:tech:xsd:{name}}}Document"
    return [f"{fault.path}: {fault.reason}" for fault in schema(name).iter_errors(root)]


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_does_refuse_what_is_wrong(name):
    root = f"<Document xmlns='urn:iso:std:iso:20022:tech:xsd:{name}'><Wrong/></Document>"

    assert faults(root.encode(), name)


def test_an_order_is_a_valid_pain_001():
    assert faults(formats.write("iso20022", order()), "pain.001.001.03") == []


def test_an_order_without_bank_code_and_purpose_is_valid_too():
    bare = order()
    lines = tuple(replace(line, bank_code="", purpose="") for line in bare.lines)
    odd = replace(lines[0], holder="甲\n乙\x07\ufffe丙", purpose="长" * 300)

    content = formats.write("iso20022", replace(bare, lines=(odd, *lines[1:])))

    assert faults(content, "pain.001.001.03") == []


@pytest.mark.parametrize(
    "receipt",
    [
        Acknowledgement("YL20200720001", True, on=DAY),
        Acknowledgement("YL20200720001", False, "付款账户余额不足（AM04）", on=DAY),
        Acknowledgement("YL20200720001", False, LONG, on=DAY),
        Acknowledgement("YL1", True, lines=(row(1, PAID), row(2, FAILED, LONG)), on=DAY),
    ],
    ids=["taken", "refused by code", "refused in words", "line by line"],
)
def test_a_receipt_is_a_valid_pain_002(receipt):
    assert faults(write("iso20022", receipt), "pain.002.001.03") == []


@pytest.mark.parametrize("account", ["", "0221000000"])
def test_an_answer_is_a_valid_camt_054(account):
    answer = Answer((*ANSWER.rows, row(4, FAILED, LONG)), 4, ANSWER.declared_total, account=account)

    assert faults(write("iso20022", answer), "camt.054.001.02") == []


@pytest.mark.parametrize("statement", [STATEMENT, replace(STATEMENT, entries=())])
def test_a_statement_is_a_valid_camt_053(statement):
    assert faults(write("iso20022", statement), "camt.053.001.02") == []
