"""Samples as pages show them, and whose turn it is."""

from decimal import Decimal

from django.db.models import QuerySet
from django.urls import reverse

from audit.models import Draw, FrameUnit
from audit.sampling import Design, Unit
from casework.todo import Todo
from registry.models import Agency, Officer, Post
from registry.scope import Viewer

#: Who draws samples: auditors, and the head who may be the second.
POSTS = (Post.AUDIT, Post.HEAD)


def draws_for(viewer: Viewer) -> QuerySet[Draw]:
    """Return the samples an officer may see: the agency's own; the city's agency sees all."""
    officer = viewer.officer
    if officer is None or officer.agency.kind != Agency.Kind.SOCIAL_INSURANCE:
        return Draw.objects.none()
    rows = Draw.objects.select_related("agency__district", "prepared_by", "follows")
    if not officer.agency.district.is_city:
        rows = rows.filter(agency=officer.agency_id)
    return rows.order_by("-pk")


def may_take_part(officer: Officer, draw: Draw) -> bool:
    """Return whether an officer may be one of the two of a sample."""
    return officer.agency_id == draw.agency_id and officer.post in POSTS


def design_of(draw: Draw) -> Design:
    """Return how many are drawn of each stratum."""
    return Design(Decimal(draw.share), draw.least, draw.certain_from)


def units_of(draw: Draw) -> list[Unit]:
    """Return a sample's frame."""
    rows = FrameUnit.objects.filter(draw=draw).order_by("pk")
    return [Unit(*row) for row in rows.values_list("uscc", "stratum", "relief")]


def todos(viewer: Viewer) -> list[Todo]:
    """Return the samples in which the officer still has to commit or to reveal."""
    officer = viewer.officer
    if officer is None or officer.post not in POSTS:
        return []
    found = []
    rows = draws_for(viewer).filter(agency=officer.agency_id, seed="")
    for draw in rows.prefetch_related("commitments")[:20]:
        if what := next_step(draw, officer):
            path = reverse("desk_audit:draw", args=[draw.number])
            found.append(Todo(f"稽核抽样：{what}", 1, path, draw.title))
    return found


def next_step(draw: Draw, officer: Officer) -> str:
    """Return what an officer has to do in a sample; empty where nothing."""
    if draw.seed or not may_take_part(officer, draw):
        return ""
    made = list(draw.commitments.all())
    mine = next((each for each in made if each.officer_id == officer.pk), None)
    if mine is None:
        return "作出承诺" if len(made) < 2 else ""
    return "公开口令" if len(made) == 2 and not mine.phrase else ""
