"""Shared reads of what is worked on a matter: clocks, opinions, attachments, supplements."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from casework.clocks import Counted, Level, Paused, count
from casework.models import (
    Attachment,
    Clock,
    Escalation,
    Opinion,
    OpinionRequest,
    Supplement,
)
from casework.opinions import Verdict
from casework.services import freezes, holidays


@dataclass(frozen=True)
class Running:
    """A clock with how far it is today."""

    clock: Clock
    counted: Counted

    @property
    def level(self) -> Level:
        """How urgent it is."""
        return self.counted.level


def clocks_of(kind: str, matter_ids: Collection[int], *, today: date) -> dict[int, list[Running]]:
    """Return the clocks of matters with how far they are; four queries, however many."""
    rows = _fetched(Clock.objects.filter(matter_kind=kind, matter_id__in=matter_ids))
    found: dict[int, list[Running]] = {number: [] for number in matter_ids}
    for running in counted(rows, today=today):
        found[running.clock.matter_id].append(running)
    return found


def _fetched(rows: QuerySet[Clock]) -> list[Clock]:
    return list(rows.select_related("agency").prefetch_related("pauses").order_by("pk"))


def with_pauses(clock_ids: Iterable[int]) -> list[Clock]:
    """Return clocks by their numbers, with what `counted` needs; two queries."""
    return _fetched(Clock.objects.filter(pk__in=list(clock_ids)))


def counted(rows: Sequence[Clock], *, today: date) -> list[Running]:
    """Return clocks, their pauses fetched, with how far they are; two queries for the calendar."""
    if not rows:
        return []
    longest = max(row.working_days for row in rows)
    first, last = min(row.started_on for row in rows), today + timedelta(days=longest * 2 + 60)
    calendar = holidays.calendar(first, last)
    frozen = freezes.pauses(first, last)
    found = []
    for row in rows:
        stopped = timezone.localdate(row.stopped_at) if row.stopped_at else None
        so_far = count(
            row.started_on,
            row.working_days,
            pauses=[Paused(p.since, p.until, p.reason) for p in row.pauses.all()],
            freezes=frozen,
            today=today,
            stopped_on=stopped,
            calendar=calendar,
        )
        found.append(Running(row, so_far))
    return found


def requests_of(kind: str, matter_id: int) -> list[OpinionRequest]:
    """Return every request for an opinion with its opinion, the standing ones last."""
    rows = OpinionRequest.objects.filter(matter_kind=kind, matter_id=matter_id)
    return list(rows.select_related("agency", "opinion", "opinion__file").order_by("round", "pk"))


def given(requests: Iterable[OpinionRequest]) -> dict[str, Verdict]:
    """Return what the departments have said of the content as it is now, by their kind."""
    return {
        request.agency.kind: Verdict(request.opinion.verdict)
        for request in requests
        if request.voided_at is None and said(request) is not None
    }


def said(request: OpinionRequest) -> Opinion | None:
    """Return the opinion on a request, if it was given."""
    return getattr(request, "opinion", None)


def asked_of(agency_id: int, kind: str) -> QuerySet[OpinionRequest]:
    """Return what an agency is asked about and hasn't answered, the oldest first."""
    return OpinionRequest.objects.filter(
        agency=agency_id, matter_kind=kind, voided_at__isnull=True, opinion__isnull=True
    ).order_by("asked_at", "pk")


def attachments_of(kind: str, matter_id: int) -> list[Attachment]:
    """Return the files that stand in an application, in the order they came."""
    rows = Attachment.objects.filter(matter_kind=kind, matter_id=matter_id, removed_at__isnull=True)
    return list(rows.select_related("file").order_by("pk"))


def open_supplement(kind: str, matter_id: int) -> Supplement | None:
    """Return the one-time notice that the unit hasn't answered, with its items."""
    rows = Supplement.objects.filter(
        matter_kind=kind, matter_id=matter_id, answered_at__isnull=True
    )
    return rows.prefetch_related("items").first()


def supplements_of(kind: str, matter_id: int) -> list[Supplement]:
    """Return every one-time notice of a matter with its items, the first one first."""
    rows = Supplement.objects.filter(matter_kind=kind, matter_id=matter_id)
    return list(rows.select_related("officer").prefetch_related("items").order_by("pk"))


def escalations_of(kind: str, matter_id: int) -> list[Escalation]:
    """Return to whom the steps of a matter that still run were reported, the first one first."""
    rows = Escalation.objects.filter(
        clock__matter_kind=kind, clock__matter_id=matter_id, clock__stopped_at__isnull=True
    )
    return list(rows.select_related("clock__agency", "agency").order_by("pk"))


def reported_to(agency_id: int) -> QuerySet[Escalation]:
    """Return the overdue steps that still run and were reported to an agency: of each the latest
    report, those begun first first."""
    latest = (
        Escalation.objects.filter(agency=agency_id, clock__stopped_at__isnull=True)
        .order_by("clock", "-turn")
        .distinct("clock")
    )
    rows = Escalation.objects.filter(pk__in=latest.values("pk"))
    return rows.select_related("clock__agency").order_by("clock__started_on", "pk")
