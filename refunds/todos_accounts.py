"""What of changes of account waits for somebody."""

from django.urls import reverse

from casework.todo import Todo
from refunds.models import AccountChange
from registry import scope
from registry.models import Post

_TURNS = {
    Post.REVIEWER: (AccountChange.State.PROPOSED, "收款账户变更待核对", "与单位核实后核对"),
    Post.FUND_FINANCE: (AccountChange.State.CHECKED, "收款账户变更待确认", "已核对，由另一人确认"),
}


def todos(viewer: scope.Viewer) -> list[Todo]:
    """Return what waits for this viewer."""
    if officer := viewer.officer:
        if Post(officer.post) not in _TURNS:
            return []
        state, label, hint = _TURNS[Post(officer.post)]
        rows = scope.actionable(AccountChange.objects.filter(state=state), officer)
        return [
            Todo(
                label,
                rows.count(),
                f"{reverse('desk_refunds:account_cases')}?state={state.value}",
                hint,
            )
        ]
    if viewer.membership:
        rows = AccountChange.objects.filter(state__in=AccountChange.OPEN)
        count = scope.limit(rows, viewer).count()
        return [
            Todo(
                "收款账户正在变更",
                count,
                reverse("portal_refunds:accounts"),
                "请核对是不是贵单位的意思",
            )
        ]
    return []
