"""Shared reads of messages in matters."""

from django.db.models import QuerySet

from casework.models import CaseMessage


def of_matter(kind: str, matter_id: int) -> list[CaseMessage]:
    """Return a matter's messages with their files and who read them, the first one first."""
    rows = CaseMessage.objects.filter(matter_kind=kind, matter_id=matter_id)
    return list(rows.select_related("paper", "office_file", "read").order_by("pk"))


def unread(kind: str, *, from_unit: bool) -> QuerySet[CaseMessage]:
    """Return the messages of one side that the other hasn't read."""
    return CaseMessage.objects.filter(
        matter_kind=kind, member__isnull=not from_unit, read__isnull=True
    )
