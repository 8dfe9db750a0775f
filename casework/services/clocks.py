"""Clocks started, stopped, paused and resumed; each safe to repeat."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from casework.models import Clock, Pause
from casework.services.matters import Actor


def start(
    *,
    kind: str,
    matter_id: int,
    step: str,
    agency_id: int,
    working_days: int,
    clause: str,
    at: datetime,
) -> Clock:
    """Start an office's clock for a step; the one that runs already stays as it is."""
    clock, _new = Clock.objects.get_or_create(
        matter_kind=kind,
        matter_id=matter_id,
        step=step,
        agency_id=agency_id,
        stopped_at=None,
        defaults={
            "working_days": working_days,
            "clause": clause,
            "started_on": timezone.localdate(at),
            "started_at": at,
        },
    )
    return clock


@transaction.atomic
def stop(
    *,
    kind: str,
    matter_id: int,
    at: datetime,
    step: str | None = None,
    agency_id: int | None = None,
) -> int:
    """Stop what runs of a matter, or of one step, or of one office; return how many."""
    running = Clock.objects.select_for_update().filter(
        matter_kind=kind, matter_id=matter_id, stopped_at__isnull=True
    )
    if step is not None:
        running = running.filter(step=step)
    if agency_id is not None:
        running = running.filter(agency=agency_id)
    ids = list(running.values_list("pk", flat=True))
    _resume(ids, at=at)
    return Clock.objects.filter(pk__in=ids).update(stopped_at=at)


@transaction.atomic
def pause(*, kind: str, matter_id: int, reason: str, by: Actor, at: datetime) -> int:
    """Pause every running clock of a matter; return how many were running."""
    running = Clock.objects.select_for_update().filter(
        matter_kind=kind, matter_id=matter_id, stopped_at__isnull=True
    )
    paused = set(
        Pause.objects.filter(clock__in=running, until_at__isnull=True).values_list(
            "clock", flat=True
        )
    )
    fresh = [
        Pause(
            clock=clock,
            reason=reason[:100],
            by_name=by.name[:100],
            since=timezone.localdate(at),
            since_at=at,
        )
        for clock in running
        if clock.pk not in paused
    ]
    Pause.objects.bulk_create(fresh)
    return len(fresh)


@transaction.atomic
def resume(*, kind: str, matter_id: int, at: datetime) -> int:
    """Let every paused clock of a matter go on; return how many."""
    running = Clock.objects.select_for_update().filter(
        matter_kind=kind, matter_id=matter_id, stopped_at__isnull=True
    )
    return _resume(list(running.values_list("pk", flat=True)), at=at)


def _resume(clock_ids: list[int], *, at: datetime) -> int:
    open_ = Pause.objects.filter(clock__in=clock_ids, until_at__isnull=True)
    return open_.update(until=timezone.localdate(at), until_at=at)
