"""What waits in the policy workshop: a draft to publish, a published document not yet run."""

from django.urls import reverse

from casework.todo import Todo
from registry import scope
from registry.models import Post
from relief.queries import workshop
from relief.services import policy_drafts


def todos(viewer: scope.Viewer) -> list[Todo]:
    """Return what waits for this viewer: the city's handlers run, its head publishes."""
    officer = viewer.officer
    if officer is None or not scope.of_the_city(officer):
        return []
    if officer.post == Post.HANDLER:
        waiting = workshop.not_yet_run().count()
        hint = "发布以后金额不会自己改变，请发起一次全市核定"
        return [Todo("新政策已发布，尚未重新核定", waiting, reverse("relief:run_start"), hint)]
    if policy_drafts.may_publish(officer):
        waiting = workshop.waiting_to_be_published()
        return [Todo("政策文件待发布", waiting, reverse("relief:policies"), "案例已全部通过")]
    return []
