"""What is overdue, and differences without a place: lines for the to-do list."""

from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone

from casework.todo import Todo
from registry import scope
from registry.models import Post
from relief.queries import recoveries


def todos(viewer: scope.Viewer) -> list[Todo]:
    """Return what waits for this viewer: a handler's overdue units, an enterprise's own notice."""
    today = timezone.localdate()  # the clock: a to-do list is of today
    if viewer.membership is not None:
        open_ones = recoveries.listed(viewer, today=today, show="open").count()
        return [
            Todo(
                "待补缴的通知", open_ones, reverse("portal_recoveries:list"), "请在截止日期以前缴纳"
            )
        ]
    officer = viewer.officer
    if officer is None or officer.post != Post.HANDLER:
        return []
    overdue = scope.actionable(recoveries.listed(viewer, today=today, show="overdue"), officer)
    where = f"{reverse('relief:recoveries')}?{urlencode({'show': 'overdue'})}"
    return [Todo("补缴已逾期的单位", overdue.count(), where, "请联系单位，或移送税务、核销")]
