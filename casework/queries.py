"""Shared reads: timelines, notices, papers, letters and messages."""

from datetime import date, datetime

from django.db.models import Case, Count, IntegerField, Min, Q, QuerySet, Value, When

from casework.models import (
    Letter,
    Move,
    Notice,
    OutboxMessage,
    PaperFile,
    PaperSubmission,
    RequiredPaper,
)
from casework.papers.workflow import OPEN_STATES, State
from registry import scope


def timeline(kind: str, matter_id: int) -> QuerySet[Move]:
    """Return a matter's steps, the first one first."""
    return Move.objects.filter(matter_kind=kind, matter_id=matter_id).order_by("pk")


def notices_for(viewer: scope.Viewer) -> QuerySet[Notice]:
    """Return the notices the viewer may see, the newest first."""
    return scope.limit(Notice.objects.all(), viewer).order_by("-pk")


def unread_count(viewer: scope.Viewer) -> int:
    """Return how many notices wait to be read."""
    return notices_for(viewer).filter(read_at__isnull=True).count()


def papers_for(viewer: scope.Viewer, kind: str) -> QuerySet[RequiredPaper]:
    """Return what the viewer may see of the papers of one kind of matter."""
    return scope.limit(RequiredPaper.objects.filter(matter_kind=kind), viewer)


def open_papers(papers: QuerySet[RequiredPaper]) -> QuerySet[RequiredPaper]:
    """Return the papers about which employers have the next say: those sent back, then by due day."""
    sent_back = When(state=State.SENT_BACK, then=Value(0))
    first = Case(sent_back, default=Value(1), output_field=IntegerField())
    wanted = papers.filter(state__in=OPEN_STATES, closed_at__isnull=True)
    return wanted.order_by(first, "due_on", "pk")


def overdue_papers(papers: QuerySet[RequiredPaper], *, today: date) -> QuerySet[RequiredPaper]:
    """Return the open papers whose due day is past, the latest ones first."""
    return open_papers(papers).filter(due_on__lt=today).order_by("due_on", "pk")


def papers_to_review(papers: QuerySet[RequiredPaper]) -> QuerySet[RequiredPaper]:
    """Return the papers that wait for an officer, those that have waited longest first."""
    waiting = papers.filter(state=State.SUBMITTED, closed_at__isnull=True)
    return waiting.order_by("submitted_at", "pk")


def submissions_of(paper: RequiredPaper) -> QuerySet[PaperSubmission]:
    """Return the files handed in for a paper, the latest one, which counts, first."""
    return paper.submissions.select_related("file__member").order_by("-pk")


def paper_files_for(viewer: scope.Viewer, kind: str) -> QuerySet[PaperFile]:
    """Return what the viewer may see of the files of one kind of matter."""
    files = PaperFile.objects.filter(submissions__paper__matter_kind=kind).distinct()
    return scope.limit(files, viewer)


def waiting_with_the_same_file(paper: RequiredPaper) -> QuerySet[RequiredPaper]:
    """Return the other papers that wait for review with the very file of this one."""
    latest = submissions_of(paper).first()
    if latest is None:
        return RequiredPaper.objects.none()
    of_file = RequiredPaper.objects.filter(
        employer=paper.employer_id, matter_kind=paper.matter_kind, submissions__file=latest.file_id
    )
    # Handed in together and not again since: their latest submission is of the same moment.
    same = of_file.filter(submitted_at=latest.at).exclude(pk=paper.pk)
    return papers_to_review(same).distinct()


def letters() -> QuerySet[Letter]:
    """Return the letters without their files, the newest first."""
    return Letter.objects.defer("pdf", "facts").order_by("-pk")


def messages_for(viewer: scope.Viewer) -> QuerySet[OutboxMessage]:
    """Return the messages to units that the viewer may see, the newest first."""
    rows = OutboxMessage.objects.select_related("employer__district")
    return scope.limit(rows, viewer).order_by("-pk")


def search_messages(
    rows: QuerySet[OutboxMessage], *, q: str = "", state: str = "", channel: str = ""
) -> QuerySet[OutboxMessage]:
    """Narrow messages by the unit's credit code or a part of its name, state and channel."""
    if q := q.strip():
        code = "".join(q.split()).upper()
        rows = rows.filter(Q(employer__uscc__startswith=code) | Q(employer__name__icontains=q))
    if state:
        rows = rows.filter(state=state)
    return rows.filter(channel=channel) if channel else rows


def message_counts(rows: QuerySet[OutboxMessage]) -> list[tuple[OutboxMessage.State, int]]:
    """Return how many messages stand in each state, in the order of the way they go."""
    counted = dict(
        rows.order_by()
        .values_list("state")
        .annotate(count=Count("pk"))
        .values_list("state", "count")
    )
    return [(state, counted.get(state.value, 0)) for state in OutboxMessage.State]


def oldest_unsent(rows: QuerySet[OutboxMessage], *, at: datetime) -> datetime | None:
    """Return since when the message that is overdue longest should have gone out; None: none."""
    due = rows.filter(state__in=OutboxMessage.OPEN, due_at__lte=at)
    found: datetime | None = due.aggregate(oldest=Min("due_at"))["oldest"]
    return found


def messages_of(employer_id: int, *, about: str = "") -> QuerySet[OutboxMessage]:
    """Return what went out to a unit, the newest first; `about`: how their kinds begin."""
    rows = OutboxMessage.objects.filter(employer=employer_id).select_related("notice")
    return (rows.filter(kind__startswith=about) if about else rows).order_by("-pk")
