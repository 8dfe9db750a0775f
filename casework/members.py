"""What of employers' accounts waits for somebody. `registry` lies below the to-do lists."""

from django.urls import reverse
from django.utils import timezone

from casework.todo import Todo
from registry import queries, scope
from registry.models import Post


def todos(viewer: scope.Viewer) -> list[Todo]:
    """Return what waits for this viewer."""
    if viewer.officer:
        if viewer.officer.post != Post.REVIEWER:
            return []
        now = timezone.now()  # the clock: a to-do list is part of a page
        waiting = queries.waiting_replacements(viewer.officer, at=now).count()
        return [
            Todo(
                "更换单位管理员待复核",
                waiting,
                reverse("desk_registry:replacements"),
                "核对更换原因和证明材料",
            )
        ]
    if viewer.membership:
        pending = queries.open_handover_of(viewer.membership.employer)
        mine = pending is not None and pending.taker_id == viewer.membership.pk
        return [
            Todo(
                "请您接任单位管理员",
                int(mine),
                reverse("portal_members:confirm_hand_over"),
                "现管理员请您接任，请确认或谢绝",
            )
        ]
    return []
