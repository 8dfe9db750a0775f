"""Construction projects: what is in force of them, and what was filed."""

from datetime import date

from django.db.models import Exists, OuterRef, Q, QuerySet

from registry.models import WorkState
from relief.models import ProjectRelief, ProjectVersion, Run


def in_force(day: date) -> QuerySet[ProjectRelief]:
    """Return what holds on a day of each project that stands, as runs have found it by then."""
    finished = Run.objects.filter(state=WorkState.DONE).values("pk")
    known = ProjectRelief.objects.filter(as_of__lte=day, run__in=finished)
    later = known.filter(
        Q(as_of__gt=OuterRef("as_of")) | Q(as_of=OuterRef("as_of"), run_id__gt=OuterRef("run_id")),
        project_id=OuterRef("project_id"),
    )
    return known.filter(~Exists(later), is_gone=False).order_by("project__code")


def versions() -> QuerySet[ProjectVersion]:
    """Return the latest standing version of each project; filter as you like."""
    standing = ProjectVersion.objects.filter(withdraws=None).filter(
        ~Exists(ProjectVersion.objects.filter(withdraws=OuterRef("pk")))
    )
    later = standing.filter(project_id=OuterRef("project_id"), pk__gt=OuterRef("pk"))
    return standing.filter(~Exists(later)).order_by("project__code")
