"""Flagged construction projects that nobody has looked at: a line for the to-do list."""

from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone

from casework.todo import Todo
from registry import scope
from registry.models import Post
from relief.queries import projects


def todos(viewer: scope.Viewer) -> list[Todo]:
    """Return what waits for this viewer, a handler."""
    officer = viewer.officer
    if officer is None or officer.post != Post.HANDLER:
        return []
    today = timezone.localdate()  # the clock: a to-do list is of today
    waiting = scope.actionable(projects.unseen(today), officer).count()
    where = urlencode({"show": projects.FLAGGED})
    hint = "减免已按口径计算，请核对合同和总承包单位"
    return [Todo("建设项目待核对", waiting, f"{reverse('relief:projects')}?{where}", hint)]
