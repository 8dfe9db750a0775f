"""Answers in every format, ten times each, shuffled, split and merged: they come to the end that
one whole file brings."""

import time
from collections import Counter
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise
from random import Random

import pytest

from refunds.bank import replies
from refunds.bank.interface import FAILED, PAID, RETURNED, AnswerRow
from refunds.fakebank import moods
from refunds.fakebank.bank import SUFFIXES
from refunds.models import Attempt, BankAnswerLine, BankFile, Obligation
from refunds.services import bank
from tests import soaking
from tests.refunds.making import Cast, clock
from tests.refunds.test_delivered_often import assert_book, at_the_bank, the_end

pytestmark = pytest.mark.django_db

LINES, TIMES = soaking.times(6, 3), soaking.times(10, 3)
SEEDS = range(soaking.times(20, 1))
Finding = BankAnswerLine.Finding
#: Files delivered and seconds taken so far, by format.
FILES: Counter[str] = Counter()
SECONDS: Counter[str] = Counter()


def _row(line: Attempt, outcome: str, reason: str = "", *, day: int = 18) -> AnswerRow:
    on = date(2020, 7, day)
    return AnswerRow(
        row=0,
        batch_number=line.batch.number,
        line_no=line.line_no,
        account=line.account,
        amount_text=f"{line.amount:.2f}",
        outcome=outcome,
        reason=reason,
        settled_text=on.isoformat(),
        amount=Decimal(line.amount),
        settled=on,
    )


def told(lines: Sequence[Attempt]) -> list[AnswerRow]:
    """Return what the bank has to say: paid, refused, and paid and then come back."""
    rows = []
    for place, line in enumerate(lines):
        if place % 3 == 1:
            rows.append(_row(line, FAILED, "账号与户名不符"))
            continue
        rows.append(_row(line, PAID))
        if place % 3 == 2:
            rows.append(_row(line, RETURNED, "收款人账户已销户", day=19))
    return rows


def put_down(channel: str, rows: Sequence[AnswerRow], *, number: int) -> None:
    """Let the bank put a whole file down that says so much."""
    content = replies.write(channel, moods.declaring(list(rows)))
    # The same rows again are the same bytes; under another name they come as another file.
    (bank.folder("in") / f"回盘-{number:04d}{SUFFIXES[channel]}").write_bytes(content)


def deliver(channel: str, rows: list[AnswerRow], *, dice: Random) -> int:
    """Put the rows down ten times, in parts and in one, in any order; return how many files."""
    cuts = sorted({0, len(rows), *dice.sample(range(1, len(rows)), k=2)})
    parts = [rows[a:b] for a, b in pairwise(cuts)]
    files = [part for part in [*parts, rows] for _ in range(TIMES)]
    dice.shuffle(files)
    for number, part in enumerate(files):
        put_down(channel, dice.sample(part, len(part)), number=number)
        if dice.random() < 0.3:
            bank.exchange(clock=clock)
    bank.exchange(clock=clock)
    return len(files)


@pytest.mark.parametrize("channel", SUFFIXES)
@pytest.mark.parametrize("seed", SEEDS)
def test_answers_in_every_format_come_to_the_same_end(cast: Cast, channel, seed):
    begun = time.monotonic()
    rows = told(at_the_bank(cast, LINES))
    files = deliver(channel, rows, dice=Random(seed))

    states = sorted(Obligation.objects.values_list("state", flat=True))
    third = LINES // 3
    assert states == ["BOUNCED"] * 2 * third + ["PAID"] * third
    for effect in ({Finding.PAID}, {Finding.BOUNCED, Finding.RETURNED}):
        moved = BankAnswerLine.objects.filter(finding__in=effect).values_list("line_no", flat=True)
        assert max(Counter(moved).values()) == 1
    assert BankAnswerLine.objects.filter(finding=Finding.REPEATED).count() > len(rows)
    assert not BankFile.objects.exclude(refused="", held="").exists()
    assert_book()

    end = the_end()
    for number, other in enumerate(SUFFIXES):
        put_down(other, rows, number=9000 + number)
    bank.exchange(clock=clock)
    assert the_end() == end
    FILES[channel] += files
    SECONDS[channel] += int((time.monotonic() - begun) * 1000)
    soaking.keep(
        f"files of answers as {channel}", count=FILES[channel], seconds=SECONDS[channel] / 1000
    )
