"""The run that the system starts by itself, for units about which news came in (policy D6, D7)."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, Max, Min, OuterRef, QuerySet
from django.utils import timezone

from registry import locks
from registry.models import WorkState
from registry.work import OPEN
from relief.models import Assessment, ProjectVersion, ReassessmentDue, Run
from relief.services import due, runs

#: A series of imports makes one run: wait until nothing came in for a while,
QUIET = timedelta(seconds=20)
#: but not for ever.
LONGEST_WAIT = timedelta(minutes=10)
#: After that many failed runs somebody has to look; a run started by hand takes the unit along.
MOST_FAILURES = 3


def _waiting(at: datetime) -> QuerySet[ReassessmentDue]:
    return due.waiting(timezone.localtime(at).date()).filter(failures__lt=MOST_FAILURES)


def _is_time(at: datetime) -> bool:
    marked = _waiting(at).aggregate(first=Min("marked_at"), last=Max("marked_at"))
    if marked["first"] is None:
        return False
    return bool(marked["last"] <= at - QUIET or marked["first"] <= at - LONGEST_WAIT)


def start_due_run(*, at: datetime) -> Run | None:
    """Start one run as of today for all units that wait, once their imports have calmed down.

    Returns None if it isn't time, or a run is open: what it doesn't cover is due after it. The
    run and the end of the waiting are one transaction. The caller rings.

    :raises NoRuleInForce: if a declared month has no rate, limit or class rule today.
    :raises registry.locks.InputsBusy: if an import takes too long to store its rows.
    """
    if not _is_time(at):
        return None
    with transaction.atomic():
        locks.freeze_inputs()  # first: a second caller then finds nothing waiting
        if Run.objects.filter(state__in=OPEN).exists():
            return None
        assessed = Assessment.objects.filter(
            employer=OuterRef("employer"), run__state=WorkState.DONE
        )
        # A contractor may have declared nothing here: its projects are assessed all the same.
        known = Exists(assessed) | Exists(
            ProjectVersion.objects.filter(employer=OuterRef("employer"))
        )
        marks = _waiting(at).annotate(assessed=known)
        # Marked while a run was open that then came to nothing: the first run is for them.
        due.waiting(timezone.localtime(at).date()).filter(~known).delete()
        found = marks.filter(assessed=True)
        ids = sorted(set(found.values_list("employer_id", flat=True)))
        if not ids:
            return None
        reasons = set(found.values_list("reason", flat=True))
        return runs.start_run(
            as_of=timezone.localtime(at).date(),
            employer_ids=ids,
            reason="、".join(str(r.label) for r in due.Reason if r.value in reasons),
            automatic=True,
            at=at,
        )
