"""What a refund and its offset are explained by, as it stood when the refund was opened."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Q, Sum
from django.utils import timezone

from casework.models import Move
from refunds import explaining, queries, queries_offset
from refunds.models import Obligation, ObligationItem, OffsetUse
from refunds.workflow import State
from registry.money import ZERO
from relief.calc.explain import Step
from relief.calc.project import Flag
from relief.models import Payment, ProjectRelief
from relief.policy import CountBy

Month = date


@dataclass(frozen=True)
class Explained:
    """The steps to a refund and to what was offset of it.

    `agrees` is false if they don't come to the refund's amount: a defect to report.
    """

    steps: tuple[Step, ...]
    offset: tuple[Step, ...]
    months: tuple[date, ...]
    agrees: bool


def explain(obligation: Obligation) -> Explained:
    """Return why a refund is this much and what was offset of it; seven queries."""
    items = list(queries.items_of(obligation))
    covered = [item.month for item in items]
    day = timezone.localdate(obligation.opened_at)
    if obligation.project_id is None:
        arrived = _arrived(obligation, covered, day)
        offset_in = _offset_in(obligation, covered)
    else:
        arrived = {item.month: _paid_for(item) for item in items}
        offset_in = {}
    elsewhere = _elsewhere(obligation, covered)
    owed = [
        explaining.MonthOwed(
            month=item.month,
            amount=item.amount,
            arrived=arrived.get(item.month, ZERO),
            net_due=item.ground.net_due,
            clause=item.ground.clause,
            elsewhere=tuple(elsewhere[item.month]),
            offset_in=offset_in.get(item.month, ZERO),
            project=_of_project(item.project_relief),
        )
        for item in items
    ]
    uses = [
        explaining.Use(use.item.month, use.to_month, use.amount, use.on)
        for use in queries_offset.uses_of(obligation)
    ]
    return Explained(
        steps=explaining.explain_refund(owed),
        offset=explaining.explain_offset(uses, amount=obligation.amount),
        months=tuple(covered),
        agrees=explaining.adds_up(owed),
    )


def _paid_for(item: ObligationItem) -> Decimal:
    """Return what was paid for a project by the version that was on file."""
    assert item.project_relief is not None
    return item.project_relief.version.premium


def _of_project(found: ProjectRelief | None) -> explaining.OfProject | None:
    if found is None:
        return None
    by_month = found.count_by == CountBy.MONTH
    version = found.version
    return explaining.OfProject(
        name=f"建设项目 {version.project.code} {version.name}",
        premium=found.premium,
        relief=found.relief,
        period=f"{version.start_on.isoformat()} 至 {version.end_on.isoformat()}",
        unit="个月" if by_month else "天",
        total=found.months_total if by_month else found.days_total,
        covered=found.months_relieved if by_month else found.days_relieved,
        fraction=found.relief_fraction,
        varies=bool(found.flags & Flag.CLASS_CHANGES),
    )


def _arrived(obligation: Obligation, covered: list[date], day: date) -> Mapping[Month, Decimal]:
    """Return the employer part that had arrived and was known when the refund was opened."""
    known = Q(source=None) | Q(source__created_at__lte=obligation.opened_at)
    rows = Payment.objects.filter(
        known,
        employer=obligation.employer_id,
        insurance=obligation.insurance,
        month__in=covered,
        arrived_on__lte=day,
    )
    return dict(rows.order_by().values_list("month").annotate(Sum("employer_amount")))


def _elsewhere(
    obligation: Obligation, covered: list[date]
) -> Mapping[Month, list[explaining.Elsewhere]]:
    """Return what earlier refunds have of the months: all of it, or what was used of an offset."""
    items = ObligationItem.objects.filter(
        obligation__insurance=obligation.insurance,
        obligation__project=obligation.project_id,
        obligation__lt=obligation.pk,
        month__in=covered,
    )
    if obligation.project_id is None:  # what went to a former contractor went from the project
        items = items.filter(obligation__employer=obligation.employer_id)
    rows = list(items.select_related("obligation").order_by("obligation_id"))
    states = _states({row.obligation_id for row in rows}, obligation.opened_at)
    used = _used([row.pk for row in rows], obligation.opened_at)
    found: dict[Month, list[explaining.Elsewhere]] = defaultdict(list)
    for row in rows:
        closed = states.get(row.obligation_id) in {State.OFFSET, State.SUPERSEDED}
        amount = used.get(row.pk, ZERO) if closed else row.amount
        if amount:
            found[row.month].append(explaining.Elsewhere(row.obligation.receipt, amount))
    return found


def _states(obligation_ids: set[int], at: datetime) -> Mapping[int, State]:
    moves = Move.objects.filter(
        matter_kind=Obligation.KIND, matter_id__in=obligation_ids, at__lte=at
    ).exclude(after="")
    return {
        matter: State(after)
        for matter, after in moves.order_by("pk").values_list("matter_id", "after")
    }


def _used(item_ids: list[int], at: datetime) -> Mapping[int, Decimal]:
    uses = OffsetUse.objects.filter(item__in=item_ids, at__lte=at)
    return dict(uses.order_by().values_list("item").annotate(Sum("amount")))


def _offset_in(obligation: Obligation, covered: list[date]) -> Mapping[Month, Decimal]:
    """Return what earlier offsets had paid of the months."""
    uses = OffsetUse.objects.filter(
        obligation__employer=obligation.employer_id,
        obligation__insurance=obligation.insurance,
        obligation__lt=obligation.pk,
        to_month__in=covered,
        at__lte=obligation.opened_at,
    )
    return dict(uses.order_by().values_list("to_month").annotate(Sum("amount")))
