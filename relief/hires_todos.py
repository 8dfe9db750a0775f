"""What of new hires' papers waits for somebody: lines for the to-do lists."""

from django.urls import reverse
from django.utils import timezone

from casework import queries as casework_queries
from casework.models import RequiredPaper
from casework.todo import Todo
from registry import scope
from registry.models import Post
from relief.queries import hires
from relief.services.hires import HIRE


def todos(viewer: scope.Viewer) -> list[Todo]:
    """Return what waits for this viewer."""
    today = timezone.localdate()  # the clock: a to-do list is of today
    mine = RequiredPaper.objects.filter(matter_kind=HIRE)
    if viewer.membership:
        mine = mine.filter(employer=viewer.membership.employer_id)
        waiting = casework_queries.open_papers(mine).count()
        late = casework_queries.overdue_papers(mine, today=today).count()
        hint = f"其中 {late} 份已逾期" if late else "先报备、后补材料，请在期限前上传"
        return [Todo("增员材料待补", waiting, reverse("portal_hires:list"), hint)]
    officer = viewer.officer
    if officer is None or officer.post != Post.HANDLER:
        return []
    mine = scope.actionable(mine, officer)
    where = reverse("relief:hires")
    return [
        Todo(
            "增员材料待审",
            casework_queries.papers_to_review(mine).count(),
            f"{where}?show={hires.REVIEW}",
            "通过，或者写明原因退回",
        ),
        Todo(
            "增员材料逾期未补",
            casework_queries.overdue_papers(mine, today=today).count(),
            f"{where}?show={hires.OVERDUE}",
            "已提醒单位，可以电话联系",
        ),
    ]
