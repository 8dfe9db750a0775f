"""Overdue steps reported to the heads: every clock once for each report that is due."""

from collections.abc import Callable, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import DateField, ExpressionWrapper, F
from django.utils import timezone

from casework import matter_kinds, queries_matter
from casework.clocks import Level
from casework.escalation import RULES, Report, To
from casework.models import Clock, Escalation
from casework.queries_matter import Running
from casework.services.matters import SYSTEM, record_move
from registry.models import Agency

#: Clocks looked at in one transaction.
CHUNK = 200


def report_overdue(*, clock: Callable[[], datetime]) -> int:
    """Report what is overdue and hasn't been reported; return how many reports were made.

    Safe to run twice, at the same time, late or never.
    """
    today = timezone.localdate(clock())
    # So many working days are at least so many days: what ends later can't be overdue.
    earliest = ExpressionWrapper(F("started_on") + F("working_days"), output_field=DateField())
    ids = list(
        Clock.objects.filter(stopped_at__isnull=True)
        .annotate(earliest=earliest)
        .filter(earliest__lt=today)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    made = 0
    for first in range(0, len(ids), CHUNK):
        made += report(clock_ids=ids[first : first + CHUNK], at=clock())
    return made


@transaction.atomic
def report(*, clock_ids: Sequence[int], at: datetime) -> int:
    """Make the reports that some clocks need by now; return how many were made.

    A clock that was stopped meanwhile or stands still is left alone.
    """
    rows = list(
        Clock.objects.select_for_update(of=("self",))
        .filter(pk__in=clock_ids, stopped_at__isnull=True)
        .select_related("agency__district")
        .prefetch_related("pauses")
        .order_by("pk")
    )
    late = {
        found.clock.pk: found
        for found in queries_matter.counted(rows, today=timezone.localdate(at))
        if found.level is Level.RED
    }
    known = set(
        Escalation.objects.filter(clock__in=late).values_list("clock", "turn", "agency").order_by()
    )
    told = _Told([found.clock for found in late.values()])
    made = 0
    for found in late.values():
        for due in RULES.due(-found.counted.left):
            fresh = [
                agency
                for agency in told.of(found.clock, due)
                if (found.clock.pk, due.turn, agency.pk) not in known
            ]
            if fresh:
                _write(found, due, fresh, at=at)
                made += len(fresh)
    return made


def _write(found: Running, due: Report, agencies: Sequence[Agency], *, at: datetime) -> None:
    clock, late = found.clock, -found.counted.left
    Escalation.objects.bulk_create(
        Escalation(
            clock=clock, turn=due.turn, agency=agency, late_days=late, clause=RULES.clause, at=at
        )
        for agency in agencies
    )
    names = "、".join(agency.name for agency in agencies)
    step = matter_kinds.step_label(clock.matter_kind, clock.step)
    record_move(
        kind=clock.matter_kind,
        matter_id=clock.matter_id,
        action=f"{step}超期，已报告负责人",
        before="",
        after="",
        by=SYSTEM,
        at=at,
        note=f"{clock.agency.name}超期 {late} 个工作日，已报告{names}的负责人。",
    )


class _Told:
    """The offices that are told of some clocks, found in a query a kind and one for the city."""

    def __init__(self, rows: Sequence[Clock]) -> None:
        waiting: dict[int, int] = {}
        for code in {row.matter_kind for row in rows}:
            kind = matter_kinds.named(code)
            if kind is not None:
                waiting |= kind.waits_for([row for row in rows if row.matter_kind == code])
        self._waiting = waiting
        agencies = Agency.objects.select_related("district")
        self._by_number = agencies.in_bulk(set(waiting.values())) if waiting else {}
        self._city = {each.kind: each for each in agencies.filter(district__is_city=True, zone="")}

    def of(self, clock: Clock, due: Report) -> list[Agency]:
        """Return the offices that one report of a clock goes to, each once."""
        found: dict[int, Agency] = {}
        for to in due.to:
            agency = self._agency(clock, to)
            if agency is not None:
                found.setdefault(agency.pk, agency)
        return list(found.values())

    def _agency(self, clock: Clock, to: To) -> Agency | None:
        if to is To.OWN:
            return clock.agency
        if to is To.CITY:
            return self._city.get(clock.agency.kind)
        number = self._waiting.get(clock.pk)
        return self._by_number.get(number) if number is not None else None
