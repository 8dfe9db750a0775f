"""A construction project's refunds on its own page: how far each is, and what comes next."""

from collections.abc import Iterator

from django.urls import reverse

from refunds import queries_projects
from refunds.views import shown
from registry.scope import Viewer
from relief.slots import ProjectMoney


def refunds_of(viewer: Viewer, project_id: int) -> Iterator[ProjectMoney]:
    """Yield a project's refunds that the viewer may see, the newest first."""
    page = "desk_refunds:detail" if viewer.officer else "portal_refunds:detail"
    for refund in queries_projects.refunds_of(viewer, project_id):
        yield ProjectMoney(
            what="退费",
            receipt=refund.receipt,
            url=reverse(page, args=[refund.receipt]),
            amount=refund.amount,
            state=refund.state,
            label=refund.get_state_display(),
            following=shown.following(refund),
            at=refund.moved_at,
        )
