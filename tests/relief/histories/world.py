"""Five hundred lives at once: declared, sized, re-registered, paid, given back, recalculated.

Everything comes in as it does in an office: declarations, sizes and payments by workbook, runs as of
any day in any order, of everybody or of some, for all months or a few. The oracle is told the same.
"""

import random
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from classification.models import Size
from registry import months
from registry.models import Employer, UnitType
from relief import queries
from relief.ledger import services as ledger
from relief.ledger import verify
from relief.models import PaidBack, Run
from relief.services import replays
from tests.factories import make_employer, make_terms
from tests.registry.workbooks import bring_in, headers, make_person, workbook
from tests.relief.builders import AT, recalculate, tell_the_planner
from tests.relief.histories import oracle

MONTHS = list(months.span(date(2019, 12, 1), date(2020, 12, 1)))
#: The days on which anything turns, and those beside them.
DAYS = [
    date(2020, 2, 20),
    date(2020, 3, 3),
    date(2020, 3, 4),
    date(2020, 5, 31),
    date(2020, 7, 16),
    date(2020, 7, 17),
    date(2020, 10, 10),
    date(2020, 12, 31),
]
LABELS = dict(zip(oracle.INSURANCES, ("养老", "失业", "工伤"), strict=True))
EDGES = ["0", "0.01", "2696.99", "2697", "2697.01", "16179", "16179.01", "17317", "17317.01"]
PERSONS = 3


class World:
    """A city of random employers beside the oracle's."""

    def __init__(self, draw: random.Random, lives: int) -> None:
        self.draw = draw
        self.city = oracle.City()
        self.employers: dict[str, Employer] = {}
        self.vouchers = 0
        self.runs: list[Run] = []
        for _ in range(lives):
            self._found()

    def _found(self) -> None:
        """Found an employer; some have been branches of another from the beginning."""
        draw = self.draw
        unit_type = draw.choice([UnitType.ENTERPRISE] * 6 + list(UnitType))
        rate = Decimal(draw.randrange(5, 500)) / 10000
        parent = ""
        if self.employers and draw.random() < 0.15:
            parent = draw.choice([*self.employers, "91510400MAXX00000X"])
        employer = make_employer(account="", unit_type=unit_type, injury_rate=str(rate))
        if parent:
            make_terms(employer, unit_type=unit_type, injury_rate=str(rate), parent_uscc=parent)
        self.employers[employer.uscc] = employer
        terms = oracle.Terms(date(1, 1, 1), unit_type, rate, parent)
        self.city.units[employer.uscc] = oracle.Unit(employer.uscc, [terms])

    def some(self, share: float) -> list[str]:
        return [code for code in self.employers if self.draw.random() < share]

    def year(self) -> None:
        """Live through one round: news of every kind, then a run."""
        self._declare()
        self._size()
        self._register()
        self._pay()
        self._give_back()
        self._run()

    def _base(self) -> Decimal:
        if self.draw.random() < 0.3:
            return Decimal(self.draw.choice(EDGES))
        return Decimal(self.draw.randrange(1, 3_000_000)) / 100

    def _declare(self) -> None:
        rows = []
        for code in self.some(0.6):
            for month in self.draw.sample(MONTHS, self.draw.randrange(1, 4)):
                for person in self.draw.sample(range(1, PERSONS + 1), self.draw.randrange(1, 3)):
                    bases = (self._base(), self._base(), self._base())
                    if self.draw.random() < 0.1:
                        bases = (Decimal(0),) * 3  # taken out of the month
                    known = self.city.units[code].declared.setdefault(month, {})
                    known[person] = bases
                    rows.append(
                        [code, f"{month:%Y-%m}", make_person(person), "张三", *map(str, bases)]
                    )
        self._bring("declarations", rows)

    def _size(self) -> None:
        """The province sends sizes: corrected, and now and then corrected back."""
        rows = []
        for code in self.some(0.3):
            dated = self.draw.choice(DAYS) - timedelta(days=self.draw.randrange(3))
            since = self.draw.choice([None, None, None, *MONTHS])
            size = self.draw.choice(list(Size))
            name, label = self.employers[code].name, str(Size(size).label)
            rows.append([code, name, label, dated.isoformat(), f"{since:%Y-%m}" if since else ""])
            self.city.sizes.setdefault(code, []).append(oracle.SizeRow(size, dated, since))
        self._bring("sizes", rows, extra=["生效月份"])

    def _register(self) -> None:
        for code in self.some(0.08):
            since = self.draw.choice(MONTHS)
            unit_type = self.draw.choice([UnitType.ENTERPRISE, *UnitType])
            rate = Decimal(self.draw.randrange(5, 500)) / 10000
            parent = self.draw.choice(["", "", *self.employers]) if self.draw.random() < 0.3 else ""
            if parent == code:
                parent = ""
            make_terms(
                self.employers[code],
                from_month=since,
                unit_type=unit_type,
                injury_rate=str(rate),
                parent_uscc=parent,
            )
            self.city.units[code].terms.append(oracle.Terms(since, unit_type, rate, parent))

    def _pay(self) -> None:
        rows = []
        for code in self.some(0.5):
            unit = self.city.units[code]
            month, insurance = self.draw.choice(MONTHS), self.draw.choice(oracle.INSURANCES)
            amount = Decimal(self.draw.randrange(0, 900_000)) / 100
            on = self.draw.choice(DAYS) - timedelta(days=self.draw.randrange(2))
            self.vouchers += 1
            rows.append(
                [
                    *(code, f"{month:%Y-%m}", LABELS[insurance], str(amount), "0"),
                    *(on.isoformat(), f"V{self.vouchers:08d}"),
                ]
            )
            unit.moved.append((month, insurance, on, amount))
        self._bring("payments", rows)

    def _give_back(self) -> None:
        """The bank has paid out some of what was paid."""
        given = []
        for code in self.some(0.1):
            unit = self.city.units[code]
            if not unit.moved:
                continue
            month, insurance, on, amount = self.draw.choice(unit.moved)
            left = unit.paid(month, insurance, date.max)
            back = min(amount, left) / 2
            if back <= 0:
                continue
            back = oracle.rounded(back)
            day = on + timedelta(days=self.draw.randrange(5))
            unit.moved.append((month, insurance, day, -back))
            given.append(
                PaidBack(
                    employer=self.employers[code],
                    month=month,
                    insurance=insurance,
                    amount=back,
                    on=day,
                    reference=f"R{len(given)}-{len(self.runs)}",
                )
            )
        PaidBack.objects.bulk_create(given)
        ledger.bring_up_to_date(employer_ids=[row.employer_id for row in given], at=AT)

    def _run(self) -> None:
        as_of = self.draw.choice(DAYS)
        codes, scope = list(self.employers), {}
        covered = self.city.declared_months()
        if self.draw.random() < 0.25:
            codes = self.some(0.3) or codes[:1]
            scope["employer_ids"] = [self.employers[code].pk for code in codes]
        if self.draw.random() < 0.25:
            first, last = sorted(self.draw.sample(range(len(MONTHS)), 2))
            scope["from_month"], scope["to_month"] = MONTHS[first], MONTHS[last]
            covered = MONTHS[first : last + 1]
        self.runs.append(recalculate(as_of, **scope))
        self.city.run(as_of, covered, codes)

    def _bring(self, kind: str, rows: list[list[str]], extra: Sequence[str] = ()) -> None:
        if rows:
            done = bring_in(kind, workbook([*headers(kind), *extra], *rows))
            assert not done.errors, done.errors[:3]

    # --- what has to be so ---

    def check(self) -> int:
        """Compare every line on every day; return how many were compared."""
        tell_the_planner()
        return sum(self._check_day(day) for day in DAYS)

    def _check_day(self, day: date) -> int:
        expected = {
            key: (
                *(due.headcount, due.base_total, due.gross_due, due.fraction, due.relief),
                *(due.net_due, due.employee_due, due.employer_class),
            )
            for key, due in self.city.in_force(day).items()
            if due.headcount
        }
        found = {
            (uscc, month, insurance): tuple(rest)
            for uscc, month, insurance, *rest in queries.assessments_in_force(day)
            .filter(headcount__gt=0)
            .values_list(
                "employer__uscc",
                "month",
                "insurance",
                "headcount",
                "base_total",
                "gross_due",
                "relief_fraction",
                "relief",
                "net_due",
                "employee_due",
                "employer_class",
            )
        }
        _same(found, expected, day)
        over = {
            (row.uscc, row.month, row.insurance): row.overpaid for row in queries.overpayments(day)
        }
        _same(over, self.city.overpaid(day), day)
        return len(expected) + len(over)

    def prove(self) -> None:
        """Prove the book, and that every past run still comes to what it came to."""
        report = verify.verify(at=AT)
        assert report.ok, report.problem
        for run in self.runs:
            found = replays.replay(run_id=run.pk, readers=0)
            assert found.same, (run.pk, found)


def _same(found: dict, expected: dict, day: date) -> None:
    for key in sorted({*found, *expected}):
        assert found.get(key) == expected.get(key), (day, key, found.get(key), expected.get(key))
