"""The bank pays once, whatever dies, and its books say what it paid."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from decimal import Decimal

import pytest

from refunds.bank import ADAPTERS
from refunds.fakebank import orders
from refunds.fakebank.bank import Took
from refunds.fakebank.books import OPENING, yuan
from tests.refunds.fakebank.ordering import DAY, PAYER, make_bank, make_order, order_bytes

KILLS = 40 if os.environ.get("SOAK") else 8


@pytest.mark.parametrize("channel", ADAPTERS)
def test_the_bank_reads_what_we_write(channel):
    order = make_order()
    asked = orders.read(order_bytes(channel))
    assert (asked.channel, asked.batch_number, asked.payer_account) == (
        channel,
        order.batch_number,
        PAYER,
    )
    assert asked.lines == order.lines


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no workbook", b"<a/>", b"<", b"nothing"])
def test_what_is_no_batch_is_refused_in_words(tmp_path, content):
    taken = make_bank(tmp_path).receive(content)
    assert taken.what == Took.REFUSED
    assert taken.reason.endswith("。")


def test_a_batch_is_paid_once_and_another_content_refused(tmp_path):
    bank = make_bank(tmp_path)
    assert bank.receive(order_bytes()).what == Took.ACCEPTED
    truth = bank.books.truth()
    assert bank.receive(order_bytes()).what == Took.KNOWN
    other = bank.receive(order_bytes(amount="2000.00"))
    assert (other.what, other.reason) == (Took.REFUSED, "这个批次号已经送过，内容不同。")
    assert bank.books.truth() == truth
    assert sum(line.paid for line in truth.values()) == Decimal("3000.36")


def test_a_line_number_is_paid_once_in_whatever_batch(tmp_path):
    from refunds import bank as formats

    bank = make_bank(tmp_path)
    bank.receive(order_bytes())
    first = make_order()
    lines = [line.__class__(**{**vars(line), "batch_number": "YL2"}) for line in first.lines]
    again = first.__class__(**{**vars(first), "batch_number": "YL2", "lines": tuple(lines)})
    assert bank.receive(formats.write("workbook", again)).what == Took.REFUSED
    assert bank.books.batch("YL2") is None
    assert len(bank.books.truth()) == 3


def test_statements_add_up_from_day_to_day(tmp_path):
    bank = make_bank(tmp_path, mood="returns_later")
    bank.receive(order_bytes())
    last = DAY.replace(month=8, day=25)
    bank.go_on_to(last)
    day, closing = DAY, yuan(OPENING)
    while day < last:
        statement = bank.books.statement(PAYER, day)
        assert statement.opening == closing
        assert statement.closing - statement.opening == sum(
            entry.amount for entry in statement.entries
        )
        closing = statement.closing
        day = day.fromordinal(day.toordinal() + 1)
    stayed = sum(line.stayed for line in bank.books.truth().values())
    assert closing == yuan(OPENING) - stayed
    assert any(line.returned for line in bank.books.truth().values())


def test_a_fee_stands_on_the_statement_and_leaves_the_balance(tmp_path):
    bank = make_bank(tmp_path)
    bank.receive(order_bytes())
    before = bank.books.statement(PAYER, DAY)
    for _ in range(2):
        bank.charge(PAYER, amount=Decimal("5.00"), text="手续费")
    after = bank.books.statement(PAYER, DAY)
    assert [entry.kind for entry in after.entries[-2:]] == ["其他", "其他"]
    assert len({entry.line_no for entry in after.entries}) == len(after.entries)
    assert after.closing == before.closing - 10
    with pytest.raises(sqlite3.IntegrityError):
        bank.charge("nobody's", amount=Decimal("5.00"), text="手续费")


@pytest.mark.soak("kills of the bank that misbehaves", KILLS)
def test_the_books_survive_a_kill_at_any_moment(tmp_path):
    """Orders, a day's end and files handed out, killed again and again: as if never killed."""
    out = tmp_path / "bank" / "out"
    out.mkdir(parents=True)
    for number in range(1, 13):
        name = f"YL20200720{number:03d}"
        (out / f"{name}.xlsx").write_bytes(
            order_bytes(number=name, accounts=["6222020000000001"] * 40)
        )
    command = [
        *(sys.executable, "-m", "refunds.fakebank", "--seed", "5", "--mood", "returns_later"),
        *("--books", str(tmp_path / "books.sqlite3"), "--folder", str(tmp_path / "bank"), "--once"),
    ]
    throw = random.Random(20200720)
    for _ in range(KILLS):
        process = subprocess.Popen([*command, "--day", "2020-07-20"], stdout=subprocess.DEVNULL)
        time.sleep(throw.uniform(0.2, 0.9))
        process.send_signal(signal.SIGKILL)
        process.wait()
        bank = make_bank(tmp_path, mood="returns_later", seed=5)
        truth = bank.books.truth()
        whole = {batch.number for batch in bank.books.batches()}
        assert len(truth) == 40 * len(whole)
        paid = sum(line.paid for line in truth.values())
        assert bank.books.statement(PAYER, DAY).closing == yuan(OPENING) - paid if whole else True
        bank.close()
    for day in ["2020-07-20", "2020-08-25"]:
        subprocess.run([*command, "--day", day], stdout=subprocess.DEVNULL, check=True)
    bank = make_bank(tmp_path, mood="returns_later", seed=5)
    assert len(bank.books.truth()) == 12 * 40

    calm = make_bank(tmp_path / "calm", mood="returns_later", seed=5)
    for path in sorted(out.iterdir()):
        calm.receive(path.read_bytes())
    calm.go_on_to(DAY.replace(month=8, day=25))
    assert bank.books.truth() == calm.books.truth()
    names = {path.name for path in (tmp_path / "bank" / "in").iterdir() if path.name[0] != "."}
    assert names >= {file.name for file in calm.outbox()}


def test_the_bank_knows_nothing_of_ours_but_the_formats():
    look = (
        "import sys, refunds.fakebank.program;"
        "print([name for name in sys.modules if name.split('.')[0] in"
        " {'django', 'relief', 'casework', 'psycopg2', 'config'}"
        " or name in {'refunds.models', 'refunds.services'}])"
    )
    found = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
