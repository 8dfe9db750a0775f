"""Lists of the desk: runs, what a run changed, and what is overpaid."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from registry import scope
from registry.models import Employer, WorkState
from registry.money import ZERO
from registry.scope import Viewer
from relief.models import Insurance, Overpaid, Run, RunShard
from relief.policy import EmployerClass
from relief.services import due, reassess


def recent_runs() -> QuerySet[Run]:
    """Return every run, the latest first, with how many shards are done."""
    done = Count("shards", filter=Q(shards__state=WorkState.DONE))
    listed = Run.objects.select_related("by__agency").annotate(shards_done=done)
    return listed.defer("employer_ids").order_by("-pk")


@dataclass(frozen=True)
class Waiting:
    """How many assessed units wait for a recalculation, by who has to start it."""

    by_itself: int
    by_hand: int  # the system's own runs have failed too often


def waiting(day: date) -> Waiting:
    """Return how many assessed units wait for a recalculation on a day; one query."""
    left = Q(failures__gte=reassess.MOST_FAILURES)
    found = due.waiting(day).aggregate(
        by_itself=Count("employer", filter=~left, distinct=True),
        by_hand=Count("employer", filter=left, distinct=True),
    )
    return Waiting(**found)


@dataclass(frozen=True)
class Progress:
    """How far a run is."""

    done: int
    total: int
    held: int  # shards that a worker has in hand


def progress(run: Run) -> Progress:
    """Return how many of a run's shards are done and in hand; one query."""
    counts = RunShard.objects.filter(run=run).aggregate(
        done=Count("pk", filter=Q(state=WorkState.DONE)),
        held=Count("pk", filter=Q(state=WorkState.RUNNING)),
    )
    return Progress(counts["done"], run.steps_total, counts["held"])


@dataclass(frozen=True)
class Difference:
    """Relief before and after a run, for one class and insurance or for all; in yuan."""

    label: str
    before: Decimal
    after: Decimal

    @property
    def delta(self) -> Decimal:
        """What the run added to the relief, or took from it."""
        return self.after - self.before


def differences(run: Run) -> list[dict[str, Any]]:
    """Return relief before and after a finished run, by class and insurance, and in all."""
    rows = [
        Difference(
            f"{EmployerClass(group['employer_class']).label} · {Insurance(group['insurance']).label}",
            Decimal(group["before_relief"]),
            Decimal(group["relief"]),
        )
        for group in run.totals.get("groups", [])
    ]
    total = Difference(
        "合计", sum((r.before for r in rows), ZERO), sum((r.after for r in rows), ZERO)
    )
    return [
        {"label": row.label, "before": row.before, "after": row.after, "delta": row.delta}
        for row in [*rows, total]
    ]


@dataclass(frozen=True)
class Change:
    """What a run changed for one employer: the employer part after relief, in yuan."""

    employer: Employer
    before: Decimal
    after: Decimal

    @property
    def delta(self) -> Decimal:
        """More (or less) to pay."""
        return self.after - self.before


def largest_changes(run: Run, viewer: Viewer) -> list[Change]:
    """Return the employers whose dues a run changed most, those that the viewer may see."""
    found = {change["employer_id"]: change for change in run.totals.get("largest", [])}
    seen = scope.limit(Employer.objects.filter(pk__in=found), viewer, employer="")
    changes = [
        Change(
            employer,
            Decimal(found[employer.pk]["before_net_due"]),
            Decimal(found[employer.pk]["net_due"]),
        )
        for employer in seen
    ]
    return sorted(changes, key=lambda change: (-abs(change.delta), change.employer.pk))


def overpaid_lines(
    viewer: Viewer, *, q: str = "", district: str = "", insurance: str = ""
) -> QuerySet[Overpaid]:
    """Return what is overpaid, of the employers the viewer may see, by month within employer."""
    rows = scope.limit(Overpaid.objects.select_related("employer__district"), viewer)
    if q := q.strip():
        rows = rows.filter(Q(employer__uscc__startswith=q.upper()) | Q(employer__name__contains=q))
    if district:
        rows = rows.filter(employer__district=district)
    if insurance:
        rows = rows.filter(insurance=insurance)
    return rows.order_by("employer_id", "month", "insurance")


def overpaid_sums(rows: QuerySet[Overpaid]) -> dict[str, Decimal]:
    """Return the sums of a list of overpayments by insurance: three funds, never netted (D15)."""
    sums = rows.order_by().values_list("insurance").annotate(total=Sum("overpaid"))
    found = dict(sums.values_list("insurance", "total"))
    return {insurance.value: found.get(insurance.value, ZERO) for insurance in Insurance}
