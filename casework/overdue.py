"""Overdue steps that were reported to the viewer's office: a line for the to-do lists."""

from django.urls import reverse

from casework import queries_matter
from casework.todo import Todo
from registry.models import Agency, Officer, Post
from registry.scope import Viewer


def todos(viewer: Viewer) -> list[Todo]:
    """Return what a head has to look after; everybody where an office has no head."""
    officer = viewer.officer
    if officer is None:
        return []
    count = queries_matter.reported_to(officer.agency_id).count()
    if not count or not answers_for(officer):
        return []
    return [Todo("超期事项报告您", count, reverse("desk_overdue:list"), "看卡在哪一步，督促办理")]


def answers_for(officer: Officer) -> bool:
    """Return whether an officer answers for the office: its head, or anybody where it has none."""
    return officer.post == Post.HEAD or not has_head(officer.agency)


def has_head(agency: Agency) -> bool:
    """Return whether an agency has a head who may sign in."""
    return Officer.objects.filter(agency=agency, post=Post.HEAD, user__is_active=True).exists()
