"""Whatever is declared, raised, lowered, taken back and audited: SQL holds what the rule holds.

A second bookkeeping in plain Python follows each step by `relief.calc.holds`. The cases are drawn
at random from a printed seed; set RELIEF_SEED to replay one.
"""

import os
import random
import sys
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import pytest

from registry import months
from registry.models import Employer, EmployerTerms
from relief import calc, queries
from relief.calc.holds import Held, counting, raised, relief_window
from relief.models import BaseHold, BaseHoldEnd, Declaration
from relief.policy import Insurance
from relief.queries import holds as hold_queries
from relief.run import single
from relief.services import runs, work
from tests.factories import make_terms
from tests.registry.workbooks import make_person
from tests.relief.builders import AT, AUGUST, LAW, clock, in_force, sized_employer
from tests.relief.declaring import auditors, declare_as, end, withdraw

pytestmark = pytest.mark.django_db
CITIES, STEPS, PERSONS = 12, 14, 3
MONTHS = [months.label(month) for month in months.span(date(2019, 12, 1), date(2020, 4, 1))]
WINDOW = relief_window(LAW)
BASES = ["0.00", "2000.00", "5000.00", "5000.01", "6000.00", "8000.00", "17317.00", "20000.00"]
ZERO = Decimal(0)
OPEN, CLEARED, REFUSED = "OPEN", "CLEARED", "REFUSED_BASE"


@dataclass
class Hold:
    """What the second bookkeeping knows of a held base."""

    former: Decimal
    state: str = OPEN


@dataclass
class Version:
    """A person's bases of a month as one import has them."""

    bases: dict[Insurance, Decimal]
    source: int
    held: dict[Insurance, Hold] = field(default_factory=dict)

    def counts(self, insurance: Insurance) -> Decimal:
        hold = self.held.get(insurance)
        return hold.former if hold and hold.state != CLEARED else self.bases[insurance]


class Book:
    """The second bookkeeping of one employer."""

    def __init__(self) -> None:
        # Each version with the one it took the place of.
        self.versions: dict[tuple[str, int], list[Version]] = {}

    def current(self, month: str, person: int) -> Version | None:
        found = self.versions.get((month, person))
        return found[-1] if found else None

    def declare(self, told: dict[str, dict[int, tuple[str, str, str]]], own: bool, source: int):
        for month in sorted(told):
            for person, bases in told[month].items():
                self._declare(month, person, bases, own, source)

    def _declare(self, month, person, bases, own, source) -> None:
        new = Version(dict(zip(Insurance, map(Decimal, bases), strict=True)), source)
        former = self.versions.setdefault((month, person), [])
        if former and former[-1].bases == new.bases:
            return
        for insurance in Insurance if own else ():
            self._hold(new, insurance, month, person)
        former.append(new)

    def _hold(self, new: Version, insurance: Insurance, month: str, person: int) -> None:
        known = [v for v in self.versions[month, person] if v.bases[insurance]]
        earlier = self.current(months.label(months.after(months.parse(month), -1)), person)
        found = raised(
            new.bases[insurance],
            same_month=known[-1].counts(insurance) if known else ZERO,
            month_before=earlier.counts(insurance) if earlier else ZERO,
            in_window=months.parse(month) in WINDOW,
        )
        if found is None:
            return
        new.held[insurance] = Hold(found.former)
        before = known[-1].held.get(insurance) if known else None
        same = known and known[-1].bases[insurance] == new.bases[insurance]
        if before and before.state == REFUSED and same:
            new.held[insurance].state = REFUSED

    def withdraw(self, source: int, by: int) -> None:
        for versions in self.versions.values():
            if versions[-1].source != source:
                continue
            former = versions[-2] if len(versions) > 1 else None
            bases = dict(former.bases) if former else dict.fromkeys(Insurance, ZERO)
            if bases == versions[-1].bases:
                continue
            held = former.held if former else {}
            kept = {i: Hold(h.former, h.state) for i, h in held.items() if h.state != CLEARED}
            versions.append(Version(bases, by, kept))

    def end(self, holds: list[BaseHold], verdict: str) -> None:
        for hold in holds:
            person = PERSON_NUMBERS[hold.person_id]
            version = self.current(months.label(hold.month), person)
            version.held[Insurance(hold.insurance)].state = verdict

    def open(self) -> set[tuple[str, str, str, Decimal, Decimal]]:
        return {
            (
                month,
                make_person(person),
                insurance.value,
                hold.former,
                versions[-1].bases[insurance],
            )
            for (month, person), versions in self.versions.items()
            for insurance, hold in versions[-1].held.items()
            if hold.state == OPEN
        }

    def totals(self, month: str, insurance: Insurance, own_rate: Decimal) -> calc.Totals:
        by = calc.terms(LAW, insurance, months.parse(month), own_rate=own_rate)
        counted = [v[-1].counts(insurance) for (m, _), v in self.versions.items() if m == month]
        return calc.add_up(counted, by)


PERSON_NUMBERS = {make_person(number): number for number in range(1, PERSONS + 1)}


def draw_told(draw: random.Random) -> dict[str, dict[int, tuple[str, str, str]]]:
    def three() -> tuple[str, str, str]:
        base = draw.choice(BASES)
        return (base, draw.choice([base, base, draw.choice(BASES)]), base)

    return {
        month: {person: three() for person in draw.sample(range(1, PERSONS + 1), 2)}
        for month in draw.sample(MONTHS, draw.randrange(1, 4))
    }


def step(draw: random.Random, employer: Employer, book: Book, imports: list, two: dict) -> None:
    """Do one thing at random, to the database and to the book."""
    what = draw.choice(["own", "own", "own", "staff", "end", "withdraw"])
    if what == "end":
        waiting = list(hold_queries.open_holds().filter(employer=employer).order_by("pk"))
        if waiting:
            chosen = draw.sample(waiting, draw.randrange(1, len(waiting) + 1))
            verdict = draw.choice([CLEARED, REFUSED])
            end(*chosen, verdict=verdict, **two)
            book.end(chosen, verdict)
    elif what == "withdraw":
        if imports:
            back = imports.pop(draw.randrange(len(imports)))
            book.withdraw(back.pk, withdraw(back, employer).pk)
    else:
        told, own = draw_told(draw), what == "own"
        import_, _ = declare_as(employer, told, own=own)
        imports.append(import_)
        book.declare(told, own, import_.pk)


def assert_same(employer: Employer, book: Book) -> None:
    found = hold_queries.open_holds().filter(employer=employer)
    assert {
        (months.label(h.month), h.person_id, h.insurance, h.former, h.declared) for h in found
    } == book.open()
    own_rate = EmployerTerms.objects.get(employer=employer).injury_rate
    for total in Declaration.objects.filter(employer=employer, replaced_by__isnull=True):
        by_rule = book.totals(months.label(total.month), Insurance(total.insurance), own_rate)
        assert (
            total.headcount,
            total.base_total,
            total.gross_due,
            total.employee_due,
        ) == (
            by_rule.headcount,
            by_rule.base_total,
            by_rule.gross_due,
            by_rule.employee_due,
        ), total


def test_sql_holds_what_the_rule_holds_whatever_happens():
    seed = int(os.environ.get("RELIEF_SEED") or random.SystemRandom().randrange(2**32))
    sys.stdout.write(f"RELIEF_SEED={seed}\n")
    draw = random.Random(seed)
    two = auditors()
    employers = []
    for _ in range(CITIES):
        employer, book = sized_employer("LARGE", account=""), Book()
        imports: list = []
        for _ in range(STEPS):
            step(draw, employer, book, imports, two)
            assert_same(employer, book)
        employers.append(employer)
    assert BaseHold.objects.count() > 50
    assert BaseHoldEnd.objects.exists()

    # Another rate makes the totals stale: the run makes them anew, and Python agrees.
    for employer in employers[::2]:
        make_terms(employer, from_month=date(2019, 1, 1), injury_rate="0.0123")
    assert_run_agrees(employers)


def assert_run_agrees(employers: list[Employer]) -> None:
    policy = queries.policy_as_of(AUGUST)
    run = runs.start_run(as_of=AUGUST, at=AT)
    for shard in run.shards.all():
        work.work_shard(shard_id=shard.pk, clock=clock)
    for employer in employers:
        for line in single.lines(employer, policy):
            if not line.assessed.headcount:
                continue
            stored = in_force(employer, insurance=line.insurance, month=line.month)
            assert (stored.base_total, stored.gross_due, stored.employee_due, stored.relief) == (
                line.assessed.base_total,
                line.assessed.gross_due,
                line.assessed.employee_due,
                line.assessed.relief,
            )


def test_what_counts_is_the_former_base_of_the_held_alone():
    found = counting({Decimal(8000): 3, Decimal(5000): 1}, {Held(Decimal(8000), Decimal(5000)): 2})

    assert found == {Decimal(8000): 1, Decimal(5000): 3}
