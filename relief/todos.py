"""What of this app waits for somebody: the lines it adds to the to-do lists."""

from urllib.parse import urlencode

from django.urls import reverse

from casework.todo import Todo
from registry import scope
from registry.models import Agency, Officer, Post
from relief.queries import holds
from relief.queries.cross_checks import listed
from relief.queries.cross_checks.kinds import Severity

_ALARM = {Severity.ALARM: "数据或系统有问题，请立即联系系统管理员"}
#: Lists of units that somebody has to work through.
_HINTS = {"unsized-units": "没有划型先不减免，请向省级数据补取，或凭文书人工归类"}


def todos(viewer: scope.Viewer) -> list[Todo]:
    """Return what waits for this viewer: data that can't be right, and for auditors the raised
    bases of their own employers."""
    officer = viewer.officer
    if officer is None or officer.agency.kind != Agency.Kind.SOCIAL_INSURANCE:
        return []
    return [*_alarms(viewer, officer), *_raised_bases(officer)]


def _alarms(viewer: scope.Viewer, officer: Officer) -> list[Todo]:
    if officer.post not in (Post.HANDLER, Post.REVIEWER, Post.AUDIT):
        return []
    return [
        Todo(row.check.title, row.findings, reverse("relief:check", args=[row.check.code]), hint)
        for row in listed.overview(viewer)
        if (hint := _HINTS.get(row.check.code) or _ALARM.get(row.check.severity))
    ]


def _raised_bases(officer: Officer) -> list[Todo]:
    if officer.post != Post.AUDIT:
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
