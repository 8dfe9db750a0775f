"""What of the book waits for somebody: corrections to decide on, a proof that failed."""

from django.urls import reverse

from casework.todo import Todo
from registry import scope
from registry.models import Post
from relief.ledger import queries
from relief.models import LedgerCorrection


def todos(viewer: scope.Viewer) -> list[Todo]:
    """Return what waits for the city's head, fund finance and audit."""
    officer = viewer.officer
    if officer is None or not officer.agency.district.is_city:
        return []
    found = []
    if officer.post == Post.HEAD and scope.acts_city_wide(officer):
        proposed = LedgerCorrection.objects.filter(state=LedgerCorrection.State.PROPOSED).count()
        found.append(
            Todo("待审批的调账", proposed, f"{reverse('relief:corrections')}?state=PROPOSED")
        )
    if officer.post in (Post.HEAD, Post.FUND_FINANCE, Post.AUDIT):
        last = queries.proofs().first()
        found.append(
            Todo(
                "账簿核对发现问题",
                int(last is not None and not last.ok),
                reverse("relief:ledger_proofs"),
                "账簿与写入时不一致，请立即联系系统管理员和审计人员",
            )
        )
    return found
