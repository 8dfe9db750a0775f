"""Raised bases that wait for their special audit: whose, which, and what they would add (D18)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import connection
from django.db.models import Case, Exists, Min, OuterRef, QuerySet, Subquery, When

from registry import queries as registry_queries
from registry.models import Employer
from registry.money import ZERO
from registry.scope import Viewer
from relief.calc.holds import Added, Held, added
from relief.models import BaseHold, Declaration, DeclarationLine, Insurance

_NOTHING = Added(ZERO, ZERO)
# 养老, 失业, 工伤: the order of every list, which isn't that of the words.
_AS_LISTED = Case(
    *(When(insurance=insurance.value, then=place) for place, insurance in enumerate(Insurance))
)


def in_force(*, until: datetime | None = None) -> QuerySet[BaseHold]:
    """Return the holds whose line no later declaration has replaced; `until`: by then."""
    line = DeclarationLine.objects.filter(pk=OuterRef("line_id"), month=OuterRef("month"))
    if until is None:
        return BaseHold.objects.filter(Exists(line.filter(replaced_by__isnull=True)))
    by_then = DeclarationLine.objects.filter(
        pk=OuterRef("replaced_by"), month=OuterRef("month"), source__created_at__lt=until
    )
    return BaseHold.objects.filter(Exists(line.exclude(Exists(by_then))), opened_at__lt=until)


def open_holds(*, until: datetime | None = None) -> QuerySet[BaseHold]:
    """Return the raised bases that wait for their special audit; `until`: that waited then."""
    if until is None:
        return in_force().filter(end__isnull=True)
    return in_force(until=until).exclude(end__ended_at__lt=until)


def employers_waiting(
    viewer: Viewer, *, month: date, q: str = "", district: str = ""
) -> QuerySet[Employer]:
    """Return the employers with raised bases that wait, those the viewer may see.

    Each with `held_since`, the longest waiting first. `month`: as `search_employers` takes it.
    """
    waiting = open_holds().filter(employer=OuterRef("pk")).order_by().values("employer")
    found = registry_queries.employers_for(viewer).filter(
        pk__in=open_holds().order_by().values("employer")
    )
    found = registry_queries.search_employers(found, month=month, q=q, district=district)
    since = Subquery(waiting.annotate(first=Min("since")).values("first"))
    return found.annotate(held_since=since).order_by("held_since", "uscc")


@dataclass(frozen=True)
class HeldMonth:
    """What waits of one employer, month and insurance, in yuan.

    `used_gross` is what the totals stand on, before relief; `declared_gross` what they would
    come to with the bases as declared.
    """

    employer_id: int
    month: date
    insurance: Insurance
    persons: int
    since: datetime
    base_more: Decimal
    gross_more: Decimal
    employee_more: Decimal
    used_gross: Decimal

    @property
    def declared_gross(self) -> Decimal:
        """The employer's part before relief with the bases as declared."""
        return self.used_gross + self.gross_more


# Amounts are rounded per person, like the totals themselves (D2), under the totals' own stamp.
_MONTHS = """
SELECT h.employer_id, h.month, h.insurance, count(*), min(h.since),
    sum(h.declared - h.former),
    sum(round(least(greatest(h.declared, d.lower), d.upper) * d.employer_rate, 2)
        - round(least(greatest(h.former, d.lower), d.upper) * d.employer_rate, 2)),
    sum(round(least(greatest(h.declared, d.lower), d.upper) * d.employee_rate, 2)
        - round(least(greatest(h.former, d.lower), d.upper) * d.employee_rate, 2)),
    max(d.gross_due)
FROM relief_basehold h
JOIN relief_declarationline n ON n.month = h.month AND n.id = h.line_id
JOIN relief_declaration d
    ON d.employer_id = h.employer_id AND d.month = h.month AND d.insurance = h.insurance
    AND d.replaced_by IS NULL
WHERE h.employer_id = ANY(%(employers)s)
    AND h.opened_at < %(until)s::timestamptz
    AND (n.replaced_by IS NULL OR isfinite(%(until)s::timestamptz) AND NOT EXISTS (
        SELECT FROM relief_declarationline r JOIN registry_import i ON i.id = r.source_id
        WHERE r.month = n.month AND r.id = n.replaced_by
            AND i.created_at < %(until)s::timestamptz))
    AND NOT EXISTS (SELECT FROM relief_baseholdend e
        WHERE e.hold_id = h.id AND e.ended_at < %(until)s::timestamptz)
GROUP BY h.employer_id, h.month, h.insurance
ORDER BY h.employer_id, h.month, array_position(%(insurances)s, h.insurance)
"""


def held_months(employer_ids: Iterable[int], *, until: datetime | None = None) -> list[HeldMonth]:
    """Return what waits of some employers, by month and insurance; one query.

    :param until: what waited then; rates, limits and `used_gross` are those of the totals now.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _MONTHS,
            {
                "employers": list(employer_ids),
                "insurances": [i.value for i in Insurance],
                "until": until or "infinity",
            },
        )
        return [
            HeldMonth(employer, month, Insurance(insurance), *rest)
            for employer, month, insurance, *rest in cursor.fetchall()
        ]


@dataclass(frozen=True)
class HeldInsurance:
    """What waits of an employer in one insurance, over its months, in yuan."""

    label: str
    persons: int  # person-months
    base_more: Decimal
    gross_more: Decimal
    employee_more: Decimal


@dataclass(frozen=True)
class WaitingEmployer:
    """An employer with what waits of it; insurances are never netted (D15)."""

    employer: Employer
    first_month: date
    last_month: date
    since: datetime
    persons: int
    insurances: tuple[HeldInsurance, ...]


def by_employer(employers: Sequence[Employer]) -> list[WaitingEmployer]:
    """Return what waits of each of some employers, in their order; two queries."""
    ids = [employer.pk for employer in employers]
    found: dict[int, list[HeldMonth]] = {pk: [] for pk in ids}
    for line in held_months(ids):
        found[line.employer_id].append(line)
    persons: dict[int, set[str]] = {pk: set() for pk in ids}
    for pk, person in (
        open_holds().filter(employer__in=ids).order_by().values_list("employer", "person_id")
    ):
        persons[pk].add(person)
    return [
        WaitingEmployer(
            employer=employer,
            first_month=found[employer.pk][0].month,
            last_month=found[employer.pk][-1].month,
            since=min(line.since for line in found[employer.pk]),
            persons=len(persons[employer.pk]),
            insurances=tuple(added_up(found[employer.pk])),
        )
        for employer in employers
        if found[employer.pk]  # decided between two queries
    ]


def added_up(lines: Iterable[HeldMonth]) -> list[HeldInsurance]:
    """Return what waits by insurance, all months together."""
    rows = list(lines)
    return [
        HeldInsurance(
            label=str(insurance.label),
            persons=sum(line.persons for line in of),
            base_more=sum((line.base_more for line in of), ZERO),
            gross_more=sum((line.gross_more for line in of), ZERO),
            employee_more=sum((line.employee_more for line in of), ZERO),
        )
        for insurance in Insurance
        if (of := [line for line in rows if line.insurance is insurance])
    ]


@dataclass(frozen=True)
class HeldPerson:
    """One raised base with the person's name and what it would add, in yuan."""

    hold: BaseHold
    name: str
    more: Added

    @property
    def base_more(self) -> Decimal:
        """How much higher the declared base is."""
        return self.hold.declared - self.hold.former


def holds_of(employer: Employer, *, until: datetime | None = None) -> QuerySet[BaseHold]:
    """Return what waits (`until`: waited then) of one employer, by month, person, insurance."""
    return (
        open_holds(until=until).filter(employer=employer).order_by("month", "person_id", _AS_LISTED)
    )


def with_persons(holds: Sequence[BaseHold]) -> list[HeldPerson]:
    """Return holds of one employer with names and amounts; two queries."""
    if not holds:
        return []
    covered = {hold.month for hold in holds}
    lines = DeclarationLine.objects.filter(
        month__in=covered, pk__in={hold.line_id for hold in holds}
    )
    names = dict(lines.values_list("pk", "person_name"))
    stamps = {
        (total.month, total.insurance): total
        for total in Declaration.objects.filter(
            employer=holds[0].employer_id, month__in=covered, replaced_by__isnull=True
        )
    }
    return [HeldPerson(hold, names.get(hold.line_id, ""), _more(hold, stamps)) for hold in holds]


def _more(hold: BaseHold, stamps: dict[tuple[date, str], Declaration]) -> Added:
    total = stamps.get((hold.month, hold.insurance))
    if total is None:
        return _NOTHING
    return added(
        Held(hold.declared, hold.former),
        employer_rate=total.employer_rate,
        employee_rate=total.employee_rate,
        lower=total.lower,
        upper=total.upper,
    )
