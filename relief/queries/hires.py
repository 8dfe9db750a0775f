"""New hires and their papers: what is missing, what waits for review, what is late."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet

from casework import queries as casework_queries
from casework.models import Deadline, RequiredPaper
from casework.services import holidays
from casework.workdays import working_days_left
from registry import scope
from registry.models import District
from relief.models import Hire
from relief.services.hires import HIRE

#: What the lists may show.
OPEN, REVIEW, OVERDUE, ALL = "open", "review", "overdue", "all"


@dataclass(frozen=True)
class PaperRow:
    """A paper with the hire it is for, and how many working days are left (less than 0: late)."""

    paper: RequiredPaper
    hire: Hire
    left: int
    standing: str

    @property
    def late_by(self) -> int:
        """How many working days it is late."""
        return max(-self.left, 0)


def papers(viewer: scope.Viewer) -> QuerySet[RequiredPaper]:
    """Return the papers of new hires that the viewer may see."""
    return casework_queries.papers_for(viewer, HIRE).select_related(
        "employer__district", "deadline"
    )


def search(
    rows: QuerySet[RequiredPaper],
    *,
    today: date,
    show: str = OPEN,
    q: str = "",
    district: District | str = "",
    person: str = "",
) -> QuerySet[RequiredPaper]:
    """Return what a list asks for, in the order in which it is to be worked on."""
    if q:
        rows = rows.filter(Q(employer__uscc=q.upper()) | Q(employer__name__icontains=q))
    if district:
        rows = rows.filter(employer__district=district)
    if person:
        rows = rows.filter(subject__icontains=person)
    if show == REVIEW:
        return casework_queries.papers_to_review(rows)
    if show == OVERDUE:
        return casework_queries.overdue_papers(rows, today=today)
    if show == ALL:
        return rows.order_by("-pk")
    return casework_queries.open_papers(rows)


def with_hires(found: Sequence[RequiredPaper], *, today: date) -> list[PaperRow]:
    """Return papers with their hires and what is left of their time; two queries."""
    if not found:
        return []
    hires = Hire.objects.in_bulk({paper.matter_id for paper in found})
    days = {paper.due_on for paper in found}
    calendar = holidays.calendar(min(today, *days), max(today, *days))
    left = {day: working_days_left(today, day, calendar) for day in days}
    return [
        PaperRow(paper, hires[paper.matter_id], left[paper.due_on], paper.standing(today))
        for paper in found
    ]


def deadlines_of(found: Sequence[PaperRow]) -> list[Deadline]:
    """Return the different deadlines of some rows, the first due one first."""
    different = {row.paper.deadline_id: row.paper.deadline for row in found}
    return sorted(different.values(), key=lambda deadline: (deadline.due_on, deadline.pk))
