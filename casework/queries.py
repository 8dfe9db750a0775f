"""Shared reads: timelines and notices."""

from django.db.models import QuerySet

from casework.models import Move, Notice
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
