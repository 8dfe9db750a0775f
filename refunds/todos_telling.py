"""What of telling units waits for somebody: the lines of it on the to-do lists."""

from django.urls import reverse
from django.utils import timezone

from casework.todo import Todo
from refunds import queries_telling
from refunds.services.telling.for_unit import CONFIRMS
from registry import scope
from registry.models import Agency, Post
from registry.paging import COUNTED


def todos(viewer: scope.Viewer) -> list[Todo]:
    """Return whom to telephone, and what was noted by others and waits for a second officer."""
    officer = viewer.officer
    if officer is None or officer.agency.kind != Agency.Kind.SOCIAL_INSURANCE:
        return []
    found = []
    if officer.post == Post.HANDLER:
        today = timezone.localdate()  # the clock: a home page is about today
        waiting = queries_telling.to_contact(viewer, today=today).order_by()
        found.append(
            Todo(
                "待联系单位",
                waiting[:COUNTED].count(),
                reverse("desk_contacts:list"),
                "有钱要退、没有回音，请打电话",
            )
        )
    if officer.post in CONFIRMS:
        noted = scope.actionable(queries_telling.open_staff_choices(viewer), officer)
        found.append(
            Todo(
                "代为登记的选择待确认",
                noted.exclude(recorded_by=officer).count(),
                reverse("desk_contacts:choices"),
                "听录音或看文件，核对后确认",
            )
        )
    return found
