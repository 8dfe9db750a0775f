"""Construction projects that are flagged, and that still have to pay: lines for the to-do list."""

from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone

from casework.todo import Todo
from registry import scope
from registry.models import Post
from relief.queries import projects


def todos(viewer: scope.Viewer) -> list[Todo]:
    """Return what waits for this viewer: a handler, or an enterprise whose project has to pay."""
    today = timezone.localdate()  # the clock: a to-do list is of today
    if viewer.membership is not None:
        owed = projects.register(viewer, day=today, show=projects.MISSING).count()
        where = reverse("portal_projects:list")
        return [Todo("应补工伤保险费的建设项目", owed, where, "请与参保地经办机构联系缴纳")]
    officer = viewer.officer
    if officer is None or officer.post != Post.HANDLER:
        return []
    waiting = scope.actionable(projects.unseen(today), officer).count()
    where = urlencode({"show": projects.FLAGGED})
    hint = "减免已按口径计算，请核对合同和总承包单位"
    flagged = Todo("建设项目待核对", waiting, f"{reverse('relief:projects')}?{where}", hint)
    lacking = projects.register(viewer, day=today, show=projects.MISSING)
    where = urlencode({"show": projects.MISSING})
    hint = "缴费少于减免后应缴，请联系单位补缴并更新登记"
    url = f"{reverse('relief:projects')}?{where}"
    return [flagged, Todo("建设项目应补", scope.actionable(lacking, officer).count(), url, hint)]
