"""What is due and what is overpaid on any day, from facts alone: slow, plain, and written from the
rule book, not from the program. It imports nothing of the program's.

The law stands here a second time on purpose: a figure mistyped in the shipped documents is found.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

PENSION, UNEMPLOYMENT, INJURY = "pension", "unemployment", "injury"
INSURANCES = (PENSION, UNEMPLOYMENT, INJURY)
FEN = Decimal("0.01")
NOTHING = Decimal("0.00")
#: Employer's and employee's rates; None is the employer's own.
RATES = {
    PENSION: (Decimal("0.16"), Decimal("0.08")),
    UNEMPLOYMENT: (Decimal("0.006"), Decimal("0.004")),
    INJURY: (None, Decimal(0)),
}
LOWEST = Decimal(2697)
#: From the month on.
HIGHEST = [(date(2019, 5, 1), Decimal(16179)), (date(2020, 6, 1), Decimal(17317))]
#: Published on, class, first and last month, share waived. Later ones override.
WAIVERS = [
    (date(2020, 3, 4), "sme", date(2020, 2, 1), date(2020, 6, 1), Decimal(1)),
    (date(2020, 3, 4), "large", date(2020, 2, 1), date(2020, 4, 1), Decimal("0.5")),
    (date(2020, 3, 4), "social", date(2020, 2, 1), date(2020, 4, 1), Decimal("0.5")),
    (date(2020, 7, 17), "sme", date(2020, 2, 1), date(2020, 12, 1), Decimal(1)),
    (date(2020, 7, 17), "large", date(2020, 2, 1), date(2020, 6, 1), Decimal("0.5")),
    (date(2020, 7, 17), "social", date(2020, 2, 1), date(2020, 6, 1), Decimal("0.5")),
]
FIRST_SIZED_MONTH = date(2020, 2, 1)
BY_TYPE = {
    "INDIVIDUAL_BUSINESS": "sme",
    "PRIVATE_NON_ENTERPRISE": "social",
    "SOCIAL_GROUP": "social",
    "FOUNDATION": "social",
    "OTHER_SOCIAL": "social",
    "GOVERNMENT": "none",
    "PUBLIC_INSTITUTION": "none",
    "PUBLIC_INSTITUTION_ENTERPRISE": "none",
}


def rounded(amount: Decimal) -> Decimal:
    return amount.quantize(FEN, rounding=ROUND_HALF_UP)


@dataclass(frozen=True)
class Terms:
    """From a month on: type, own injury rate, legal entity's code or ""."""

    since: date
    unit_type: str
    injury_rate: Decimal
    parent: str


@dataclass(frozen=True)
class SizeRow:
    """A row of the province: what size, of which day, from which month on (None: 2020-02)."""

    size: str
    dated: date
    since: date | None


@dataclass(frozen=True)
class Due:
    """What one month and insurance came to, in yuan."""

    headcount: int
    base_total: Decimal
    gross_due: Decimal
    fraction: Decimal
    relief: Decimal
    employee_due: Decimal
    employer_class: str

    @property
    def net_due(self) -> Decimal:
        return self.gross_due - self.relief


@dataclass
class Unit:
    """Everything that is known of one employer."""

    code: str
    terms: list[Terms] = field(default_factory=list)
    #: By month and person: the three bases as declared last.
    declared: dict[date, dict[int, tuple[Decimal, Decimal, Decimal]]] = field(default_factory=dict)
    #: Month, insurance, day, employer's part; what was paid back is negative.
    moved: list[tuple[date, str, date, Decimal]] = field(default_factory=list)

    def terms_in(self, month: date) -> Terms:
        begun = [t for t in self.terms if t.since <= month]
        if not begun:
            earliest = min(t.since for t in self.terms)
            begun = [t for t in self.terms if t.since == earliest]
        latest = max(t.since for t in begun)
        return [t for t in begun if t.since == latest][-1]

    def paid(self, month: date, insurance: str, day: date) -> Decimal:
        found = NOTHING
        for of, kind, on, amount in self.moved:
            if (of, kind) == (month, insurance) and on <= day:
                found += amount
        return found


@dataclass
class City:
    """All units, the province's rows by code, and every run with what it found."""

    units: dict[str, Unit] = field(default_factory=dict)
    sizes: dict[str, list[SizeRow]] = field(default_factory=dict)
    runs: list[tuple[date, dict[tuple[str, date, str], Due]]] = field(default_factory=list)

    def size_of(self, code: str, month: date, as_of: date) -> str | None:
        holding = [
            (row.dated, place, row.size)
            for place, row in enumerate(self.sizes.get(code, []))
            if row.dated <= as_of
            and (row.since or FIRST_SIZED_MONTH) <= max(month, FIRST_SIZED_MONTH)
        ]
        return max(holding)[2] if holding else None

    def class_of(self, unit: Unit, month: date, as_of: date) -> str:
        terms = unit.terms_in(month)
        unit_type, code = terms.unit_type, unit.code
        if terms.parent:
            code = terms.parent
            if code in self.units:
                unit_type = self.units[code].terms_in(month).unit_type
        if unit_type in BY_TYPE:
            return BY_TYPE[unit_type]
        size = self.size_of(code, month, as_of)
        return {None: "pending", "LARGE": "large"}.get(size, "sme")

    def due(self, unit: Unit, month: date, insurance: str, as_of: date) -> Due:
        """Work one line out, person by person."""
        employer_rate, employee_rate = RATES[insurance]
        if employer_rate is None:
            employer_rate = unit.terms_in(month).injury_rate
        highest = [limit for since, limit in HIGHEST if since <= month][-1]
        headcount, base_total, gross, employees = 0, NOTHING, NOTHING, NOTHING
        for bases in unit.declared.get(month, {}).values():
            declared = bases[INSURANCES.index(insurance)]
            if declared == 0:
                continue
            base = min(max(declared, LOWEST), highest)
            headcount += 1
            base_total += base
            gross += rounded(base * employer_rate)
            employees += rounded(base * employee_rate)
        employer_class = self.class_of(unit, month, as_of)
        fraction = Decimal(0)
        for published, of, first, last, share in WAIVERS:
            if published <= as_of and of == employer_class and first <= month <= last:
                fraction = share
        return Due(
            headcount,
            base_total,
            gross,
            fraction,
            rounded(gross * fraction),
            employees,
            employer_class,
        )

    def declared_months(self) -> list[date]:
        """Return what a run covers that names no months: from the first to the last declared."""
        declared = sorted({month for unit in self.units.values() for month in unit.declared})
        first, last = declared[0], declared[-1]
        count = (last.year - first.year) * 12 + last.month - first.month + 1
        places = range(first.month - 1, first.month - 1 + count)
        return [date(first.year + place // 12, place % 12 + 1, 1) for place in places]

    def run(self, as_of: date, months: list[date], codes: list[str]) -> None:
        """Note what a run finds for some months of some units."""
        found = {}
        for code in codes:
            unit = self.units[code]
            for month in months:
                for insurance in INSURANCES:
                    found[code, month, insurance] = self.due(unit, month, insurance, as_of)
        self.runs.append((as_of, found))

    def in_force(self, day: date) -> dict[tuple[str, date, str], Due]:
        """Return what holds on a day: of the runs up to the day the one of the latest date, of
        those the last. Lines that nobody was ever declared for aren't there."""
        best: dict[tuple[str, date, str], tuple[date, int, Due]] = {}
        ever = set()
        for number, (as_of, found) in enumerate(self.runs):
            if as_of > day:
                continue
            for key, due in found.items():
                if due.headcount:
                    ever.add(key)
                known = best.get(key)
                if known is None or (as_of, number) > known[:2]:
                    best[key] = (as_of, number, due)
        return {key: best[key][2] for key in ever}

    def overpaid(self, day: date) -> dict[tuple[str, date, str], Decimal]:
        """Return what is paid above what is due, line by line, never netted."""
        found = {}
        for (code, month, insurance), due in self.in_force(day).items():
            over = self.units[code].paid(month, insurance, day) - due.net_due
            if over > 0:
                found[code, month, insurance] = over
        return found
