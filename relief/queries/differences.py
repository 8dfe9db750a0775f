"""What a run or a simulation changed, by employer and insurance; and whether two came to the same."""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, overload

from django.db import connection
from django.db.models import F, Q, QuerySet, Sum
from django.db.models.functions import Abs

from registry import months, scope
from registry.models import Employer
from registry.scope import Viewer
from relief.models import Run, RunDifference, Simulation
from relief.run.differing import COLUMNS, Reason

_NAMES = ", ".join(COLUMNS)
_COPY = f"COPY relief_rundifference (simulation_id, {_NAMES}) FROM STDIN"
_SAME = "employer_id, insurance, lines, before_relief, relief, before_net_due, net_due, content"
#: What one of two found and the other didn't, or not so.
_DEPARTING = f"""
SELECT employer_id, insurance FROM (
    (SELECT {_SAME} FROM relief_rundifference WHERE run_id = %(run)s
        EXCEPT SELECT {_SAME} FROM relief_rundifference WHERE simulation_id = %(simulation)s)
    UNION ALL
    (SELECT {_SAME} FROM relief_rundifference WHERE simulation_id = %(simulation)s
        EXCEPT SELECT {_SAME} FROM relief_rundifference WHERE run_id = %(run)s)
) other GROUP BY employer_id, insurance ORDER BY employer_id, insurance
"""


def header(found: Run | Simulation) -> list[str]:
    """Return what the digest of differences begins with: the day, the months, the law."""
    first = months.label(found.from_month) if found.from_month else ""
    last = months.label(found.to_month) if found.to_month else ""
    return [found.as_of.isoformat(), first, last, found.policy_sha256]


def projects(found: Run | Simulation) -> str:
    """Return what stands for every construction project that changed; `0` where none did."""
    return str(found.totals.get("projects", {}).get("content", "0"))


def store(rows: Iterable[Sequence[Any]], *, simulation_id: int) -> None:
    """Store the differences of a simulation, rows of `COLUMNS`."""
    text = "".join(
        "\t".join(map(str, (simulation_id, *row))) + "\n"
        for row in rows  # numbers, dates and codes: nothing to escape
    )
    with connection.cursor() as cursor, connection.wrap_database_errors:
        cursor.copy_expert(_COPY, io.StringIO(text))


def departing(*, run_id: int, simulation_id: int) -> list[tuple[int, str]]:
    """Return the employers and insurances for which a run found something else than a simulation."""
    with connection.cursor() as cursor:
        cursor.execute(_DEPARTING, {"run": run_id, "simulation": simulation_id})
        return [(employer, insurance) for employer, insurance in cursor.fetchall()]


def of(found: Run | Simulation) -> QuerySet[RunDifference]:
    """Return the differences of a run or a simulation."""
    if isinstance(found, Run):
        return RunDifference.objects.filter(run=found)
    return RunDifference.objects.filter(simulation=found)


def listed(
    found: Run | Simulation,
    viewer: Viewer,
    *,
    q: str = "",
    district: str = "",
    insurance: str = "",
    reason: int = 0,
    direction: str = "",
) -> QuerySet[RunDifference]:
    """Return the differences that a viewer may see, the largest change of what is due first.

    :param reason: one of `Reason`; 0 is any.
    :param direction: `less` where less is due than before, `more` where more is.
    """
    rows = scope.limit(of(found).select_related("employer__district"), viewer)
    if q := q.strip():
        rows = rows.filter(Q(employer__uscc__startswith=q.upper()) | Q(employer__name__contains=q))
    if district:
        rows = rows.filter(employer__district=district)
    if insurance:
        rows = rows.filter(insurance=insurance)
    if reason:
        rows = rows.extra(where=["reasons & %s <> 0"], params=[reason])
    if direction == "less":
        rows = rows.filter(net_due__lt=F("before_net_due"))
    elif direction == "more":
        rows = rows.filter(net_due__gt=F("before_net_due"))
    change = F("net_due") - F("before_net_due")
    return rows.annotate(change=change).order_by(Abs(change).desc(), "employer_id", "insurance")


@dataclass(frozen=True)
class Departure:
    """An employer and insurance for which a run found something else than was approved; yuan.

    None where one of the two found no change at all.
    """

    employer: Employer
    insurance: str
    approved: RunDifference | None
    found: RunDifference | None


class Departures(Sequence[Departure]):
    """All departures of a run, each page read when it is shown."""

    def __init__(self, run: Run, simulation: Simulation, keys: list[tuple[int, str]]) -> None:
        self.run, self.simulation, self.keys = run, simulation, keys

    def __len__(self) -> int:
        return len(self.keys)

    @overload
    def __getitem__(self, place: int) -> Departure: ...
    @overload
    def __getitem__(self, place: slice) -> list[Departure]: ...
    def __getitem__(self, place: int | slice) -> Departure | list[Departure]:
        if isinstance(place, int):
            return self._read([self.keys[place]])[0]
        return self._read(self.keys[place])

    def _read(self, keys: list[tuple[int, str]]) -> list[Departure]:
        ids = [employer for employer, _ in keys]
        either = Q(run=self.run) | Q(simulation=self.simulation)
        rows = RunDifference.objects.filter(either, employer__in=ids)
        known = {(row.employer_id, row.insurance, row.run_id is not None): row for row in rows}
        employers = Employer.objects.select_related("district").in_bulk(ids)
        return [
            Departure(
                employers[employer],
                insurance,
                known.get((employer, insurance, False)),
                known.get((employer, insurance, True)),
            )
            for employer, insurance in keys
        ]


def departures(run: Run, simulation: Simulation, viewer: Viewer) -> Departures:
    """Return what departs, of the employers that the viewer may see."""
    keys = departing(run_id=run.pk, simulation_id=simulation.pk)
    seen = set(
        scope.limit(
            Employer.objects.filter(pk__in={employer for employer, _ in keys}), viewer, employer=""
        ).values_list("pk", flat=True)
    )
    return Departures(run, simulation, [key for key in keys if key[0] in seen])


@dataclass(frozen=True)
class Sums:
    """What a list of differences adds up to, in yuan."""

    before_relief: Decimal
    relief: Decimal
    before_net_due: Decimal
    net_due: Decimal

    @property
    def change(self) -> Decimal:
        """More (or less) due than before."""
        return self.net_due - self.before_net_due


def sums(rows: QuerySet[RunDifference]) -> Sums:
    """Return what a list of differences adds up to; one query."""
    names = ("before_relief", "relief", "before_net_due", "net_due")
    found = rows.order_by().aggregate(**{f"sum_{name}": Sum(name) for name in names})
    return Sums(*(found[f"sum_{name}"] or Decimal("0.00") for name in names))


def reasons(difference: RunDifference) -> list[str]:
    """Return why a difference came about, in words."""
    return Reason(difference.reasons).labels
