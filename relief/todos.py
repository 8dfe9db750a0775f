"""What of this app waits for somebody: the lines it adds to the to-do lists."""

from urllib.parse import urlencode

from django.urls import reverse

from casework.todo import Todo
from registry import scope
from registry.models import Post
from relief.queries import holds


def todos(viewer: scope.Viewer) -> list[Todo]:
    """Return what waits for this viewer: for auditors the raised bases of their own employers."""
    officer = viewer.officer
    if officer is None or officer.post != Post.AUDIT:
        return []
    mine = scope.actionable(holds.open_holds(), officer)
    waiting = mine.order_by().values("employer").distinct().count()
    where = urlencode({"district": officer.agency.district_id})
    return [
        Todo(
            "基数上调待稽核单位",
            waiting,
            f"{reverse('relief:holds')}?{where}",
            "申报已受理，稽核办结前按原基数核定",
        )
    ]
