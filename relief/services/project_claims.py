"""Telling contractors what a construction project still has to pay, as the book has it.

Not a notice of `recoveries`: those ask for months and their due days; a project has none, and no
document was found that sets a day for what is due after its price has changed. Running it again,
or twice at once, tells nobody twice.
"""

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from casework import services as casework
from casework.models import Notice
from casework.services import Message
from relief.models import ProjectRelief
from relief.queries import projects

_MISSING, _OVER = "project.missing.", "project.over."


@transaction.atomic
def tell(*, at: datetime) -> int:
    """Tell what is missing to whom it is news, and whoever was told that nothing is any more.

    What is flagged and nobody has looked at is told to nobody. Returns how many were told.
    """
    day = timezone.localdate(at)
    missing = projects.missing(day)
    found = list(projects.in_force(day).select_related("project", "version"))
    unseen = set(projects.unseen(day).values_list("project", flat=True))
    last = _last_told([each.project_id for each in found])
    told = []
    for relief in found:
        before = last.get(relief.project_id)
        amount = missing.get(relief.project_id)
        if amount and relief.project_id not in unseen:
            message = _asked(relief, amount)
            if before is None or before.key != message.key:
                told.append(message)
        elif not amount and before is not None and before.employer_id == relief.employer_id:
            told.append(_over(relief, before))
    known = set(
        Notice.objects.filter(key__in=[each.key for each in told]).values_list("key", flat=True)
    )
    news = [each for each in told if each.key not in known]
    casework.send_notices(news, at=at)
    return len(news)


def _last_told(project_ids: list[int]) -> dict[int, Notice]:
    """Return by project the last notice of something missing."""
    rows = Notice.objects.filter(key__startswith=_MISSING).order_by("pk")
    wanted = set(project_ids)
    told = {int(notice.key.removeprefix(_MISSING).split(".")[0]): notice for notice in rows}
    return {key: notice for key, notice in told.items() if key in wanted}


def _asked(relief: ProjectRelief, amount: Decimal) -> Message:
    version = relief.version
    changed = ""
    if relief.premium != version.premium:
        changed = (
            f"工程总造价变为{version.price:,.2f}元，按原费率减免前应缴{relief.premium:,.2f}元；"
        )
    return Message(
        employer_id=relief.employer_id,
        key=f"{_MISSING}{relief.project_id}.{relief.pk}.{amount}",
        title=f"建设项目{relief.project.code}的工伤保险费应补{amount:,.2f}元",
        body=(
            f"项目：{version.name}（{relief.project.code}）。{changed}"
            f"减免{relief.relief:,.2f}元，减免后应缴{relief.net_due:,.2f}元，应补{amount:,.2f}元。\n"
            f"依据：{relief.clause}。\n"
            "没有查到这类补缴期限的规定，请与参保地经办机构联系缴纳。缴清并更新登记后，会重新核定。"
            "造价或缴费登记有误的，也请联系经办机构更正。"
        ),
        path=f"/portal/projects/{relief.project_id}/",
    )


def _over(relief: ProjectRelief, before: Notice) -> Message:
    return Message(
        employer_id=relief.employer_id,
        key=f"{_OVER}{before.pk}",
        title=f"建设项目{relief.project.code}的工伤保险费不用再补",
        body=f"项目：{relief.version.name}（{relief.project.code}）。此前通知的应补金额已经缴清，或者重新核定后不再需要。",
        path=f"/portal/projects/{relief.project_id}/",
    )
