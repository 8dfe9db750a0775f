"""What is delivered again, in another order, in parts or in one: it has one effect."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest
from django.db import connection
from django.utils import timezone

from refunds import tasks
from refunds.models import Approval, Attempt, Batch, Obligation, Submission
from refunds.services import approve, bank, batches, choose
from refunds.workflow import IllegalMove
from relief.ledger import verify
from relief.models import LedgerPosting, PaidBack
from tests.factories import AT
from tests.refunds.making import Cast, clock, offer, overpay, put_down, row

SOAK = bool(os.environ.get("SOAK"))
DELIVERIES = 10_000 if SOAK else 400
ROUNDS = 20
REFUSALS = (
    IllegalMove,
    approve.WrongPost,
    approve.SamePerson,
    batches.NothingToSeal,
    batches.SamePerson,
)


def in_parallel(
    act: Callable[[], object], *, times: int = ROUNDS, threads: int = 20
) -> list[object]:
    """Do the same again and again, many at a time; return what came back, refusals too."""

    def do(_: int) -> object:
        try:
            return act()
        except REFUSALS as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(do, range(times)))


def at_the_bank(cast: Cast, count: int) -> list[Attempt]:
    """Return the lines of one batch that the bank has."""
    for _ in range(count):
        cast.bring("APPROVED", employer=overpay())
    cast.seal()
    bank.exchange(clock=clock)
    return list(Attempt.objects.select_related("batch").order_by("pk"))


def the_end() -> tuple[object, ...]:
    """Return all that an answer may change."""
    return (
        sorted(Obligation.objects.values_list("receipt", "state", "amount")),
        sorted(Attempt.objects.values_list("line_no", "state", "settled_on", "reason")),
        sorted(Batch.objects.values_list("number", "state")),
        sorted(PaidBack.objects.values_list("reference", "amount", "on")),
        LedgerPosting.objects.count(),
    )


def assert_book() -> None:
    report = verify.verify(at=timezone.now())
    assert report.ok, report.problem


def _told(lines: Sequence[Attempt]) -> list[dict[str, str]]:
    """Return the bank's rows: paid, refused, and paid and then come back."""
    rows = []
    for place, line in enumerate(lines):
        if place % 3 == 1:
            rows.append(row(line, outcome="失败", reason="账号与户名不符"))
            continue
        rows.append(row(line))
        if place % 3 == 2:
            rows.append(row(line, outcome="退票", reason="收款人账户已销户", on="2020-07-19"))
    return rows


@pytest.mark.soak("answers read ten times, shuffled, split and merged", 1)
@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(20 if SOAK else 4))
def test_answers_ten_times_shuffled_split_and_merged_come_to_the_same_end(cast, seed):
    random = Random(seed)
    rows = _told(at_the_bank(cast, 6))
    parts = [[one] for one in rows] if seed % 2 else [rows[:4], rows[4:]]
    files = [part for part in parts for _ in range(10)]
    random.shuffle(files)
    for part in files:
        shuffled = random.sample(part, len(part))
        put_down(shuffled)
        if random.random() < 0.3:
            bank.exchange(clock=clock)
    put_down(random.sample(rows, len(rows)))
    bank.exchange(clock=clock)
    end = the_end()
    states = sorted(Obligation.objects.values_list("state", flat=True))
    assert states == ["BOUNCED"] * 4 + ["PAID"] * 2
    assert_book()

    put_down(rows)
    bank.exchange(clock=clock)
    assert the_end() == end


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_what_moves_money_twenty_times_at_once_has_one_effect():
    cast = Cast()
    employer = overpay()
    in_parallel(lambda: offer(employer))
    obligation = Obligation.objects.get()
    member = cast.member(employer)
    in_parallel(lambda: cast.choose(obligation))
    assert Submission.objects.count() == 1
    cast.cool(obligation)
    for officer in (cast.reviewer, cast.cashier):
        in_parallel(
            lambda officer=officer: approve.grant(
                obligation_id=obligation.pk, officer=officer, at=AT
            )
        )
    assert Approval.objects.count() == 2
    cast.register_funds()
    in_parallel(lambda: cast.draft())
    batch = Batch.objects.get()
    cast.clear(batch)
    seen = {"number": batch.number, "seen": batch.lines_sha256, "at": AT}
    in_parallel(lambda: batches.check_batch(officer=cast.accountant, **seen))
    in_parallel(lambda: batches.approve_batch(officer=cast.head, **seen))
    in_parallel(lambda: bank.exchange(clock=clock))
    line = Attempt.objects.select_related("batch").get()
    assert line.state == "SENT"
    put_down([row(line)])
    in_parallel(lambda: bank.exchange(clock=clock))
    in_parallel(lambda: choose.withdraw(member=member, receipt=obligation.receipt, at=AT))
    obligation.refresh_from_db()
    assert (obligation.state, PaidBack.objects.count()) == ("PAID", 1)
    assert_book()


@pytest.mark.soak("deliveries of a hundred tasks to four workers", DELIVERIES)
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_tasks_delivered_again_and_again_by_four_workers():
    cast = Cast()
    lines = at_the_bank(cast, 6)
    put_down(_told(lines))
    for _ in range(4):
        overpay()
    kinds = [tasks.exchange, tasks.offer_due, tasks.end_offsets, tasks.remind_of_choices]
    ids = [kinds[number % len(kinds)] for number in range(100)]
    delivered = [ids[number % 100] for number in range(DELIVERIES)]
    Random(7).shuffle(delivered)
    turn = iter(delivered)
    results = in_parallel(lambda: next(turn)(), times=DELIVERIES, threads=4)
    assert set(results) == {None}
    assert PaidBack.objects.exclude(amount__lt=0).count() == 4
    end = the_end()
    for kind in kinds:
        kind()
    assert the_end() == end
    assert_book()
