"""Figures of deferral over a period: what came, how it ended, how long offices took, what is open."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from statistics import median

from django.db import connection
from django.db.models import Count, F, Q, QuerySet, Sum
from django.utils import timezone

from casework.models import Clock, Move, OpinionRequest
from casework.queries_matter import counted, with_pauses
from deferral.endings import ending
from deferral.models import Agreement, Application, EarlyEnd, PersonMatter, Submission
from deferral.people_data import people
from deferral.queries import applications
from deferral.queries.standing import LINES
from deferral.routes import routes
from deferral.workflow import ChangeState, State
from registry.money import ZERO
from registry.scope import Viewer, limit
from relief.policy import Insurance

_OUTCOMES: Mapping[str, frozenset[str]] = {
    "granted": frozenset({State.GRANTED, State.AGREED}),
    "refused": frozenset({State.REFUSED}),
    "declined": frozenset({State.DECLINED}),
    "withdrawn": frozenset({State.WITHDRAWN}),
}


@dataclass(frozen=True)
class Route:
    """What was handed in on a route in the period, and how it stands now; amounts in yuan."""

    name: str
    handed_in: int
    granted: int
    refused: int
    declined: int
    withdrawn: int
    pending: int
    asked: Decimal
    asked_of_granted: Decimal


@dataclass(frozen=True)
class Times:
    """How long an office took for a kind of step, in working days; pauses don't count."""

    agency: str
    step: str
    number: int
    middle: Decimal
    nine_of_ten: int
    longest: int
    in_time: int


@dataclass(frozen=True)
class Fund:
    """What is deferred of a fund as of today, in yuan."""

    label: str
    due: Decimal
    paid: Decimal
    open: Decimal
    overdue: Decimal


@dataclass(frozen=True)
class Statistics:
    """All figures of a period."""

    first: date
    last: date
    routes: tuple[Route, ...]
    times: tuple[Times, ...]
    funds: tuple[Fund, ...]
    early_ends: tuple[tuple[str, int], ...]
    people: tuple[tuple[str, int, int, Decimal | None], ...]
    voided: tuple[tuple[str, int], ...]
    returns: int


def statistics(
    viewer: Viewer, *, first: date, last: date, today: date, district: str = ""
) -> Statistics:
    """Return the figures of applications handed in within some days, of those the officer may see.

    Amounts are of the latest round; times of steps that were finished. The same number of
    queries, however many applications.

    :param first: the first day; `last` the last one, both included.
    :param today: what is deferred is as of this day.
    """
    rows = applications.for_desk(viewer).filter(submitted_at__range=_between(first, last))
    if district:
        rows = rows.filter(employer__district=district)
    ids = list(rows.order_by().values_list("pk", flat=True))
    agreements = Agreement.objects.filter(application__in=ids)
    return Statistics(
        first=first,
        last=last,
        routes=_routes(ids),
        times=_times(ids, today),
        funds=_funds(list(agreements.values_list("pk", flat=True)), today),
        early_ends=_early_ends(agreements),
        people=_people(viewer, agreements, today),
        voided=_voided(ids),
        returns=Move.objects.filter(
            matter_kind=Application.KIND, matter_id__in=ids, action="退回受理岗"
        ).count(),
    )


def _between(first: date, last: date) -> tuple[datetime, datetime]:
    zone = timezone.get_current_timezone()
    begin = datetime.combine(first, time.min, zone)
    return begin, datetime.combine(last + timedelta(days=1), time.min, zone) - timedelta(
        microseconds=1
    )


def _routes(ids: Collection[int]) -> tuple[Route, ...]:
    latest = Submission.objects.filter(
        application__in=ids, round=F("application__round")
    ).order_by()
    found: dict[str, dict[str, int]] = {}
    sums: dict[str, list[Decimal]] = {}
    summed = latest.values("application__route", "application__state").annotate(
        number=Count("pk"), asked=Sum(F("employer_total") + F("employee_total"))
    )
    for row in summed:
        code, state = row["application__route"], row["application__state"]
        counts = found.setdefault(code, {})
        name = next((key for key, states in _OUTCOMES.items() if state in states), "pending")
        counts[name] = counts.get(name, 0) + row["number"]
        pair = sums.setdefault(code, [ZERO, ZERO])
        pair[0] += row["asked"]
        pair[1] += row["asked"] if name == "granted" else ZERO
    names = {route.code: route.name for route in routes()}
    return tuple(
        Route(
            name=names[code],
            handed_in=sum(counts.values()),
            granted=counts.get("granted", 0),
            refused=counts.get("refused", 0),
            declined=counts.get("declined", 0),
            withdrawn=counts.get("withdrawn", 0),
            pending=counts.get("pending", 0),
            asked=sums[code][0],
            asked_of_granted=sums[code][1],
        )
        for code, counts in sorted(found.items())
    )


def _times(ids: Collection[int], today: date) -> tuple[Times, ...]:
    done = Clock.objects.filter(
        matter_kind=Application.KIND, matter_id__in=ids, stopped_at__isnull=False
    )
    used: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for running in counted(with_pauses(done.values_list("pk", flat=True)), today=today):
        key = running.clock.agency.name, running.clock.step
        used.setdefault(key, []).append((running.counted.used, running.counted.left))
    return tuple(_summary(agency, step, rows) for (agency, step), rows in sorted(used.items()))


def _summary(agency: str, step: str, rows: Sequence[tuple[int, int]]) -> Times:
    days = sorted(used for used, _left in rows)
    # The smallest number of days within which nine of ten were done.
    place = (9 * len(days) + 9) // 10 - 1
    return Times(
        agency=agency,
        step=step,
        number=len(days),
        middle=Decimal(str(median(days))),
        nine_of_ten=days[place],
        longest=days[-1],
        in_time=sum(left >= 0 for _used, left in rows),
    )


def _funds(agreement_ids: Sequence[int], today: date) -> tuple[Fund, ...]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"""{LINES} SELECT insurance, sum(due), sum(paid), sum(open),
                coalesce(sum(open) FILTER (WHERE coalesce(ended_on, ends_on) < %(as_of)s), 0.00)
            FROM standing GROUP BY insurance""",
            {"as_of": today, "agreement_ids": list(agreement_ids)},
        )
        found = {row[0]: row[1:] for row in cursor.fetchall()}
    return tuple(
        Fund(str(each.label), *found[each.value]) for each in Insurance if each.value in found
    )


def _early_ends(agreements: QuerySet[Agreement]) -> tuple[tuple[str, int], ...]:
    rows = (
        EarlyEnd.objects.filter(agreement__in=agreements, state=ChangeState.GRANTED)
        .order_by()
        .values_list("ground")
        .annotate(Count("pk"))
    )
    return tuple(sorted((ending(ground).label, number) for ground, number in rows))


def _people(
    viewer: Viewer, agreements: QuerySet[Agreement], today: date
) -> tuple[tuple[str, int, int, Decimal | None], ...]:
    """Return for each kind of matter how many came, are certified, and the middle of days waited."""
    rows = limit(PersonMatter.objects.filter(agreement__in=agreements), viewer)
    waited: dict[str, list[int]] = {}
    numbers: dict[str, list[int]] = {}
    for kind, state, opened, moved in rows.values_list("kind", "state", "opened_at", "moved_at"):
        pair = numbers.setdefault(kind, [0, 0])
        pair[0] += 1
        if state == "CERTIFIED":
            pair[1] += 1
            days = timezone.localdate(moved) - timezone.localdate(opened)
            waited.setdefault(kind, []).append(days.days)
    return tuple(
        (
            people().kind(kind).label,
            came,
            certified,
            Decimal(str(median(waited[kind]))) if kind in waited else None,
        )
        for kind, (came, certified) in sorted(numbers.items())
    )


def _voided(ids: Collection[int]) -> tuple[tuple[str, int], ...]:
    rows = (
        OpinionRequest.objects.filter(
            Q(matter_kind=Application.KIND, matter_id__in=ids), voided_at__isnull=False
        )
        .order_by()
        .values_list("void_reason")
        .annotate(Count("pk"))
    )
    return tuple(sorted(rows))
