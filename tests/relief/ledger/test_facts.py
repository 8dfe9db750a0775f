"""The book says what the facts say, on every day, and posts differences only."""

from datetime import date
from decimal import Decimal

import pytest

from classification.models import Size
from relief.ledger import services as ledger
from relief.ledger.chains import BLOCK
from relief.ledger.services import runs as posting
from relief.models import LedgerLeg, LedgerPosting, LedgerWork
from relief.services import runs, work
from relief.signals import run_finished
from tests.factories import make_employer
from tests.relief.builders import (
    AT,
    AUGUST,
    clock,
    declare,
    make_size,
    pay,
    pay_back,
    post_facts,
    recalculate,
    sized_employer,
)
from tests.relief.ledger.booking import balances

pytestmark = pytest.mark.django_db


def line(employer, day=None, insurance="pension"):
    """Return what a line of March has been charged, relieved, paid, and is to pay."""
    legs = LedgerLeg.objects.filter(employer=employer, insurance=insurance, month=date(2020, 3, 1))
    if day:
        legs = legs.filter(value_on__lte=day)
    sums = dict.fromkeys(("charged", "relieved", "paid", "receivable"), Decimal("0.00"))
    for account, amount in legs.values_list("account", "amount"):
        sums[account] += amount
    return tuple(str(amount) for amount in sums.values())


def test_a_run_posts_what_it_found():
    employer = sized_employer(Size.LARGE)
    declare(employer)

    recalculate()

    assert line(employer) == ("-1600.00", "800.00", "0.00", "800.00")
    assert line(employer, date(2020, 7, 31)) == ("0.00", "0.00", "0.00", "0.00")
    posted = LedgerPosting.objects.filter(chain__startswith="pension").get()
    assert (posted.entries, posted.legs, posted.cause) == (1, 3, "核定结果")


def test_a_run_that_finds_nothing_new_posts_nothing():
    employer = sized_employer()
    declare(employer)
    recalculate()
    before = LedgerLeg.objects.count()

    again = recalculate()

    assert LedgerLeg.objects.count() == before > 0
    assert not again.ledger_work.exists()


def test_a_later_run_posts_only_the_difference():
    employer = sized_employer(Size.LARGE)
    declare(employer)
    recalculate()
    make_size(employer, Size.SMALL, dated=date(2020, 8, 10))

    recalculate(as_of=date(2020, 8, 15))

    assert line(employer) == ("-1600.00", "1600.00", "0.00", "0.00")
    assert line(employer, date(2020, 8, 14)) == ("-1600.00", "800.00", "0.00", "800.00")
    last = LedgerPosting.objects.filter(chain__startswith="pension").latest("number")
    assert (last.legs, last.debit) == (2, Decimal("800.00"))


def test_a_run_for_an_earlier_day_is_taken_back_on_the_next():
    employer = sized_employer(Size.LARGE)
    declare(employer)
    recalculate(as_of=date(2020, 8, 20))
    declare(employer, bases=["20000.00"])

    recalculate(as_of=date(2020, 8, 1))

    assert line(employer, date(2020, 8, 1)) == (
        "-2588.64",
        "1294.32",
        "0.00",
        "1294.32",
    )  # the base is cut at the limit
    assert line(employer, date(2020, 8, 20)) == ("-1600.00", "800.00", "0.00", "800.00")


def test_of_two_runs_for_one_day_the_later_counts():
    employer = sized_employer(Size.LARGE)
    declare(employer, bases=["5000.00"])
    recalculate()
    declare(employer)

    recalculate()

    assert line(employer) == ("-1600.00", "800.00", "0.00", "800.00")
    assert line(employer, date(2020, 8, 1)) == line(employer)


def test_payments_and_what_went_back_are_posted_by_their_day():
    employer = make_employer()
    pay(employer, "100.00", arrived_on=date(2020, 3, 20))
    pay_back(employer, "30.00", on=date(2020, 7, 20))

    post_facts(employer)
    post_facts(employer)

    assert line(employer, date(2020, 3, 19))[2] == "0.00"
    assert balances(employer, date(2020, 3, 20)) == {
        "paid": Decimal("100.00"),
        "receivable": Decimal("-100.00"),
    }
    assert balances(employer) == {
        "paid": Decimal("100.00"),
        "arrived": Decimal("-30.00"),
        "receivable": Decimal("-70.00"),
    }
    assert LedgerLeg.objects.count() == 4


def test_catching_up_says_before_what_it_would_post():
    employer = make_employer()
    pay(employer, "100.00", posted=False)

    (found,) = ledger.missing(at=AT, block=employer.pk // BLOCK)
    post_facts(employer)

    assert (found.source, found.account, found.lines, found.debit) == (
        "payments",
        "paid",
        1,
        Decimal("100.00"),
    )
    assert not ledger.missing(at=AT, block=employer.pk // BLOCK)


def test_apps_above_hear_of_a_run_when_it_is_posted(django_capture_on_commit_callbacks):
    declare(sized_employer())
    heard = []

    def hear(run_id, **kwargs):
        heard.append((run_id, LedgerLeg.objects.exists()))

    run_finished.connect(hear)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            run = runs.start_run(as_of=AUGUST, at=AT)
            work.work_shard(shard_id=run.shards.get().pk, clock=clock, post=False)
        assert heard == []
        assert not runs.is_over(run)
        with django_capture_on_commit_callbacks(execute=True):
            for work_id in posting.due(at=AT):
                assert posting.work_block(work_id=work_id, clock=clock)
    finally:
        run_finished.disconnect(hear)

    assert heard == [(run.pk, True)]
    assert runs.is_over(run)


def test_a_block_asked_for_twice_is_posted_once():
    declare(sized_employer())
    run = runs.start_run(as_of=AUGUST, at=AT)
    work.work_shard(shard_id=run.shards.get().pk, clock=clock, post=False)
    piece = LedgerWork.objects.get()

    posting.work_block(work_id=piece.pk, clock=clock)
    legs = LedgerLeg.objects.count()
    assert not posting.work_block(work_id=piece.pk, clock=clock)

    assert LedgerLeg.objects.count() == legs > 0
