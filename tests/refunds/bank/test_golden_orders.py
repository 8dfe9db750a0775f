"""One order in each format, byte for byte: a bank tests our files once and relies on them."""

import os
import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import sha256

import pytest

from refunds import bank as formats
from refunds.bank import Order, Payer, PaymentLine

NUMBER = "YL20200720001"
PAYER = Payer("攀枝花市养老保险基金", "农行", "103665002003", "22100000000000")
GOLDEN = {
    "workbook": "b43cec220dca2083c77867af65aec0bd8c0aa88b57c7e4f5dd104773d827cca7",
    "pipe": "0b987483c9283fe8aee394483cc85f4d4495395ca59522456a3fdedcc31f7229",
    "iso20022": "f51a0bcd417314ab34a2efc11f0d641626e1ef129d5b6c7ef7e917e80d1d26d3",
}


def order() -> Order:
    return Order(
        batch_number=NUMBER,
        sealed_at=datetime(2020, 7, 20, 8, tzinfo=UTC),
        business_date=date(2020, 7, 20),
        payer=PAYER,
        lines=tuple(
            PaymentLine(
                batch_number=NUMBER,
                line_no=f"{NUMBER}{place:06d}",
                payer_account=PAYER.number,
                holder=holder,
                account=f"062202000000000{place}",
                bank="中国工商银行攀枝花分行",
                bank_code="102665002000",
                amount=Decimal(f"{place}000.10"),
                purpose="减免政策退养老保险费202002",
            )
            for place, holder in enumerate(["测试企业", "𠮷野家㐱", "甲|乙 <丙> & 丁"], start=1)
        ),
    )


@pytest.mark.parametrize("channel", formats.ADAPTERS)
def test_an_order_is_written_as_ever(channel):
    assert sha256(formats.write(channel, order())).hexdigest() == GOLDEN[channel]


@pytest.mark.parametrize("seed", ["0", "7", "2020"])
def test_an_order_has_the_same_bytes_in_every_process(seed):
    code = (
        "import sys; sys.path[:0] = sys.argv[1:]\n"
        "from test_golden_orders import *\n"
        "for c in formats.ADAPTERS:\n"
        "    assert sha256(formats.write(c, order())).hexdigest() == GOLDEN[c], c"
    )
    folders = [os.path.dirname(__file__), *filter(None, sys.path)]
    done = subprocess.run(
        [sys.executable, "-c", code, *folders],
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr
