"""Making reports: one of today, and one of every run of everybody, when it has ended."""

from datetime import datetime

from django.db import connection, transaction
from django.utils import timezone

from registry.models import EmployerTerms, WorkState
from relief.ledger import chains
from relief.models import Report, Run
from relief.queries import reports

#: So many runs are looked back for: what an older one came to may have been made otherwise.
LOOK_BACK = 3
_ALL_RUNS = 2**62


def make_due(*, at: datetime) -> int:
    """Make what is missing: of the last runs of everybody, and of today; return how many.

    Seconds for a city: a worker's task. Safe to run twice, late or never.
    """
    made = 0
    whole = Run.objects.filter(state=WorkState.DONE, employer_ids=[])
    unposted = list(whole.filter(ledger_work__state__in=("QUEUED", "RUNNING")).values("pk"))
    lately = whole.exclude(pk__in=[row["pk"] for row in unposted]).order_by("-pk")[:LOOK_BACK]
    for run in sorted(lately, key=lambda found: found.pk):
        if not Report.objects.filter(run=run).exists():
            made += _make(run=run, at=at)
    return made + _make(run=None, at=at)


@transaction.atomic
def _make(*, run: Run | None, at: datetime) -> int:
    with connection.cursor() as cursor:
        # One at a time: a second caller waits here and then finds it made.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('relief.reports'))")
    before = Report.objects.filter(run=run).first()
    day = run.as_of if run else timezone.localdate(at)
    reached = chains.numbers()
    if before is not None and (run or (before.day, before.chains) == (day, reached)):
        return 0
    last_terms = EmployerTerms.objects.order_by("-pk").values_list("pk", flat=True).first()
    found = reports.read(day=day, run=run.pk if run else _ALL_RUNS, terms=last_terms or 0)
    if found is None:
        return 0
    if before is not None:
        before.delete()
    is_last = run is None or not Run.objects.filter(state=WorkState.DONE, pk__gt=run.pk).exists()
    report = Report.objects.create(
        run=run,
        day=day,
        first_month=found.first_month,
        last_month=found.last_month,
        chains=reached,
        cells=found.cells,
        patterns=found.patterns,
        book=found.book if is_last else {},
        made_at=at,
    )
    reports.keep_lines(report)
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE report_line")
    return 1
