"""The clock jumps in the middle of a refund's way: the money leaves once, and nothing is stuck.

Twenty-four cases: a day that is special or a jump, and the step before which it happens. What
cannot be done while the clock is wrong is refused in words; once it is right, it goes on.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from casework.models import Holiday
from refunds.models import Attempt, Batch, Obligation
from refunds.services import bank, batches, offers
from registry import work as leases
from registry.models import Employer
from relief.ledger import verify
from relief.models import PaidBack
from tests.refunds import making
from tests.refunds.making import Cast, overpay, put_down, row
from tests.refunds.test_delivered_often import the_end
from tests.refunds.test_offset import APRIL, choose_offset, lack

pytestmark = pytest.mark.django_db

CHINA = ZoneInfo("Asia/Shanghai")
MOMENT = timedelta(minutes=1)


class Clock:
    """What everybody reads the time from; it goes on by a minute with each step."""

    def __init__(self, start: datetime, patch: pytest.MonkeyPatch) -> None:
        self.at = start
        self.patch = patch
        self.tick()

    def __call__(self) -> datetime:
        return self.at

    def tick(self, by: timedelta = MOMENT) -> None:
        self.at += by
        self.patch.setattr(making, "AT", self.at)


def _july() -> datetime:
    return datetime(2020, 7, 20, 10, 0, tzinfo=CHINA)


def _just_before(year: int, month: int, day: int) -> datetime:
    """Return the last second but some of a day, so that midnight falls into the way."""
    return datetime(year, month, day, 23, 59, 59, tzinfo=CHINA) - MOMENT


@dataclass(frozen=True)
class Case:
    """When it begins, and by how much the clock jumps before which step."""

    start: datetime
    by: timedelta
    before: str


HOUR, DAY = timedelta(hours=1), timedelta(days=1)
JUMPS = {
    "+1h": HOUR,
    "-1h": -HOUR,
    "+1d": DAY,
    "-1d": -DAY,
    "+400d": 400 * DAY,
    "-400d": -400 * DAY,
}
#: A day of which the payments' months and everybody's registrations were known before.
SPECIAL = {
    "29 February": _just_before(2024, 2, 29),
    "New Year's Eve": _just_before(2020, 12, 31),
    "end of a month": _just_before(2020, 8, 31),
    "a year without its table of holidays": datetime(2036, 1, 29, 10, tzinfo=CHINA),
}
CASES = {
    **{
        f"{name} before {step}": Case(_july(), by, step)
        for name, by in JUMPS.items()
        for step in ("draft", "seal", "answer")
    },
    **{name: Case(start, timedelta(), "offer") for name, start in SPECIAL.items()},
    "midnight of New Year between draft and signing": Case(
        _just_before(2020, 12, 31) - 5 * MOMENT, timedelta(), "offer"
    ),
    "back an hour over midnight before sending": Case(
        datetime(2020, 9, 1, 0, 5, tzinfo=CHINA), -HOUR, "send"
    ),
}


def way(cast: Cast, clock: Clock, refund: Obligation) -> dict[str, Callable[[], object]]:
    """Return what is done with a refund, step by step; each may be done again."""

    def batch() -> Batch:
        return Batch.objects.get(attempts__obligation=refund, attempts__state="QUEUED")

    def sign() -> None:
        cast.clear(batch())
        cast.sign(batch())

    def answer() -> None:
        line = Attempt.objects.select_related("batch").get(obligation=refund)
        # The bank has a clock of its own.
        put_down([row(line, on=f"{clock.at:%Y-%m-%d}")])
        bank.exchange(clock=clock)

    return {
        "choose": lambda: cast.choose(refund),
        "check": lambda: (cast.cool(refund), cast.check(refund)),
        "approve": lambda: cast.approve(refund),
        "draft": lambda: cast.draft(),
        "sign": sign,
        "seal": lambda: batches.seal_batch(number=batch().number, at=clock()),
        "send": lambda: bank.exchange(clock=clock),
        "answer": answer,
    }


def _said_no(problem: Exception) -> bool:
    """Return whether it is a refusal in words, for people."""
    ours = type(problem).__module__.startswith(("refunds.", "casework."))
    return ours and any("一" <= letter <= "鿿" for letter in str(problem))


def go(case: Case, clock: Clock, cast: Cast) -> tuple[Obligation, list[str]]:
    """Take a refund its whole way; return it, and what was refused while the clock was wrong."""
    employer = overpay()
    offers.settle(employer_ids=[employer.pk], at=clock())
    refund = Obligation.objects.get(employer=employer)
    refused = []
    for name, act in way(cast, clock, refund).items():
        clock.tick()
        if name == case.before:
            clock.tick(case.by)
        try:
            act()
        except Exception as problem:
            if not _said_no(problem) or not case.by:
                raise
            refused.append(name)
            clock.tick(-case.by)  # somebody sets it right
            act()
        refund.refresh_from_db()
    return refund, refused


@pytest.mark.parametrize("name", CASES)
def test_the_clock_jumps_and_the_money_leaves_once(name, cast, monkeypatch):
    case = CASES[name]
    clock = Clock(case.start, monkeypatch)
    if "holidays" in name:
        assert not Holiday.objects.filter(day__year=case.start.year).exists()

    refund, refused = go(case, clock, cast)

    assert refund.state == "PAID", refused
    line = Attempt.objects.get()
    assert line.number == 1
    assert [each.amount for each in PaidBack.objects.all()] == [refund.amount]
    assert Batch.objects.get().number == line.line_no[:13]
    end = the_end()
    for jump in (timedelta(), -case.by, -DAY, -400 * DAY, 400 * DAY):
        offers.settle(employer_ids=[refund.employer_id], at=clock() + jump)
        bank.exchange(clock=lambda jump=jump: clock() + jump)
        assert the_end() == end, jump
    report = verify.verify(at=clock())
    assert report.ok, report.problem


def test_there_are_twenty_four_cases():
    assert len(CASES) == 24


@pytest.mark.parametrize("state", ["OFFERED", "CHOSEN", "APPROVED"])
def test_a_clock_that_has_gone_back_drops_no_refund_on_its_way(cast, state):
    refund = cast.bring(state)
    for days in (1, 2, 400):
        offers.settle(employer_ids=[refund.employer_id], at=making.AT - timedelta(days=days))
    assert list(Obligation.objects.values_list("pk", "state")) == [(refund.pk, state)]


def test_a_clock_that_has_gone_back_offers_nothing_twice(cast):
    """The bank's day lies after ours: what it paid has gone back all the same."""
    refund = cast.bring("PAID", employer=long_overpaid())
    before = the_end()
    for days in range(1, 32):
        offers.settle(employer_ids=[refund.employer_id], at=making.AT - timedelta(days=days))
    assert the_end() == before


def test_a_clock_that_has_gone_back_undoes_no_offset(cast):
    employer = overpay()
    lack(employer, month=APRIL, amount="400.00")
    offers.settle(employer_ids=[employer.pk], at=making.AT)
    (refund,) = choose_offset(cast, employer)
    before = sorted(PaidBack.objects.values_list("reference", "amount"))
    assert before
    for days in (1, 30, 400):
        offers.settle(employer_ids=[employer.pk], at=making.AT - timedelta(days=days))
    assert sorted(PaidBack.objects.values_list("reference", "amount")) == before
    assert Obligation.objects.filter(employer=employer).exclude(pk=refund.pk).count() == 0


def long_overpaid() -> Employer:
    """Return a firm of which it was known a month ago already."""
    employer = overpay()
    making.assess(employer, as_of=making.TODAY - timedelta(days=30))
    return employer


def test_batch_numbers_never_repeat_though_the_day_comes_again(cast, monkeypatch):
    clock = Clock(_july(), monkeypatch)
    numbers = []
    for jump in (timedelta(), DAY, -DAY, -DAY, DAY, DAY):
        clock.tick(jump)
        cast.bring("APPROVED", employer=long_overpaid())
        numbers.append(cast.seal().number)
    assert len(set(numbers)) == len(numbers)
    assert sorted(numbers) == [
        "YL20200719001",
        "YL20200720001",
        "YL20200720002",
        "YL20200720003",
        "YL20200721001",
        "YL20200721002",
    ]


def test_an_answer_of_a_day_to_come_waits_for_people_and_settles_when_sent_again(cast):
    refund = cast.bring("AT_BANK")
    done = cast.answer(refund, on="2020-07-21")
    assert done.unknown == 1
    refund.refresh_from_db()
    assert refund.state == "AT_BANK"

    put_down([row(Attempt.objects.get(), on="2020-07-21", reason="补发")])
    bank.exchange(clock=lambda: making.AT + DAY)

    refund.refresh_from_db()
    assert refund.state == "PAID"


def test_a_lease_of_a_clock_that_has_gone_back_holds_nobody_up():
    offers.mark_due(at=making.AT, employer_ids=[0], reason="测试")
    (work,) = leases.due(offers.OfferWork, at=making.AT)
    ahead = leases.claim(offers.OfferWork, work.pk, at=making.AT + timedelta(days=400))
    assert ahead is not None

    taken = leases.claim(offers.OfferWork, work.pk, at=making.AT)

    assert taken is not None
    with pytest.raises(leases.LeaseLost):
        leases.keep(ahead, at=making.AT)
    leases.keep(taken, at=making.AT)
    # Two machines' clocks are never quite the same: that is no reason to take anything away.
    assert leases.claim(offers.OfferWork, work.pk, at=making.AT - timedelta(seconds=30)) is None
