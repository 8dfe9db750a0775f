"""Broken files of the bank: refused in words or recognisably incomplete, never a crash."""

import random
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from refunds import bank as formats
from refunds.bank import Acknowledgement, Answer, AnswerRow, FileRefused, Statement, StatementEntry
from refunds.bank.interface import BACK, FAILED, OTHER, PAID, PAYMENT, RETURNED, Message
from refunds.bank.replies import WRITERS, write

DAY = date(2020, 7, 20)
FLIPS = 500


def row(place: int, outcome: str, reason: str = "") -> AnswerRow:
    return AnswerRow(
        row=place,
        batch_number="YL20200720001",
        line_no=f"YL20200720001{place:06d}",
        account=f"062202000000000{place}",
        amount_text=f"{place}000.10",
        outcome=outcome,
        reason=reason,
        settled_text="2020-07-20",
        amount=Decimal(f"{place}000.10"),
        settled=DAY,
    )


ANSWER = Answer(
    (row(1, PAID), row(2, FAILED, "户名不符：𠮷𪚥"), row(3, RETURNED, "账户冻结")),
    3,
    Decimal("6000.30"),
)
STATEMENT = Statement(
    account="0221000000",
    day=DAY,
    opening=Decimal("9000.00"),
    closing=Decimal("7000.15"),
    entries=(
        StatementEntry("YL1", Decimal("-3000.00"), DAY, PAYMENT, "𠮷野家㐱", "R1", "退费"),
        StatementEntry("YL2", Decimal("1000.10"), DAY, BACK, "测试企业", "R2", "退票"),
        StatementEntry("", Decimal("0.05"), DAY, OTHER, "银行", "R3", "利息"),
    ),
)
MESSAGES: dict[type, Message] = {
    Acknowledgement: Acknowledgement("YL20200720001", False, "付款账号有误"),
    Answer: ANSWER,
    Statement: STATEMENT,
}
KINDS = pytest.mark.parametrize(
    ("channel", "kind"), WRITERS, ids=[f"{channel}-{kind.__name__}" for channel, kind in WRITERS]
)


@pytest.fixture
def heard(tmp_path: Path) -> Callable[[bytes], Message | None]:
    """Return what a file says, or None when it is refused in words."""

    def hear(content: bytes) -> Message | None:
        path = tmp_path / "file"
        path.write_bytes(content)
        try:
            return formats.read(path)
        except FileRefused as refusal:
            said = str(refusal)
        assert said
        return None

    return hear


@KINDS
def test_what_a_bank_writes_is_what_we_read(heard, channel, kind):
    found = heard(write(channel, MESSAGES[kind]))

    if isinstance(found, Answer):
        told = [(r.line_no, r.account, r.amount, r.outcome, r.reason) for r in found.rows]
        meant = [(r.line_no, r.account, r.amount, r.outcome, r.reason) for r in ANSWER.rows]
        assert told == meant
        assert (found.declared_count, found.declared_total) == (3, Decimal("6000.30"))
    else:
        assert found == MESSAGES[kind]


@KINDS
def test_a_file_cut_anywhere_is_never_a_silent_shorter_one(heard, channel, kind):
    content = write(channel, MESSAGES[kind])
    whole = heard(content)

    for length in range(len(content)):
        found = heard(content[:length])
        if found is None or found == whole:  # only white space of the end is gone
            continue
        assert isinstance(found, Answer), f"cut at {length}"
        assert found.declared_count != len(found.rows), f"cut at {length}"


@KINDS
def test_flipped_bytes_never_crash_the_reader(heard, channel, kind):
    content = write(channel, MESSAGES[kind])
    chance = random.Random(20200720)

    for _ in range(FLIPS):
        spoilt = bytearray(content)
        for _ in range(chance.randint(1, 4)):
            spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
        heard(bytes(spoilt))


@pytest.mark.parametrize(
    "content",
    [
        '<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;&b;">]><Document>&c;</Document>',
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><Document>&x;</Document>',
        '<?xml version="1.0"?>\n<!DOCTYPE Document SYSTEM "http://127.0.0.1/x.dtd"><Document/>',
    ],
    ids=["bomb", "outside entity", "outside definition"],
)
def test_definitions_in_xml_are_refused(heard, content):
    assert heard(content.encode()) is None
    assert heard(content.encode("utf-16")) is None


def test_a_count_of_thousands_of_digits_is_no_crash(heard):
    content = write("iso20022", ANSWER).replace(
        b"<NbOfNtries>3<", b"<NbOfNtries>" + b"9" * 5000 + b"<"
    )
    found = heard(content)
    assert found is None or (isinstance(found, Answer) and found.declared_count != 3)
