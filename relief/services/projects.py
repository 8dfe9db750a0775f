"""Looking at what is flagged of a construction project."""

from datetime import date, datetime

from django.db import transaction

from registry import scope
from registry.models import Officer, Post
from relief.models import ProjectLook
from relief.queries import projects
from relief.signals import project_looked_at


class NothingToLookAt(Exception):
    """Nothing is flagged of the project just now, or somebody has looked already."""


class NotYourPost(Exception):
    """The officer's post doesn't look at projects, or not of this district."""


def may_look(officer: Officer | None) -> bool:
    """Whether an officer records that a flagged project was looked at."""
    return officer is not None and officer.post == Post.HANDLER


@transaction.atomic
def look(*, project_id: int, by: Officer, note: str, day: date, at: datetime) -> ProjectLook:
    """Record that somebody has looked at what is flagged of a project.

    :raises NotYourPost: unless it is a handler who acts for the contractor's district.
    :raises NothingToLookAt: if nothing is flagged that nobody has looked at.
    """
    if not may_look(by):
        raise NotYourPost("建设项目由经办岗核对。")
    mine = scope.actionable(projects.unseen(day), by)
    found = mine.filter(project=project_id).first()
    if found is None:
        raise NothingToLookAt("这个项目没有待核对的提示，或已经有人核对。")
    looked, new = ProjectLook.objects.get_or_create(
        version_id=found.version_id,
        flags=found.flags,
        defaults={"note": note.strip(), "by": by, "at": at},
    )
    if not new:  # two at once
        raise NothingToLookAt("这个项目没有待核对的提示，或已经有人核对。")
    project_looked_at.send(
        ProjectLook, employer_ids=[found.employer_id], project=found.project_id, at=at
    )
    return looked
