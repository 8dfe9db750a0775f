"""What other pages say of monthly declarations: the lines on the portal's home, and the receipts
on an import's page."""

from django.urls import reverse

from casework.todo import Todo
from registry import scope
from registry.models import Import, Membership, WorkState
from registry.models.intake import Stage
from relief.models import MonthlyDraft, MonthlyFiling

_SHOWN = (Stage.PREVIEW, Stage.REFUSED, Stage.SECOND)


def todos(viewer: scope.Viewer) -> list[Todo]:
    """Return what waits for this member: to be sent, mended, signed, or signed as the second."""
    member = viewer.membership
    if member is None:
        return []
    signs = member.role != Membership.Role.PREPARER
    drafts = MonthlyDraft.objects.filter(employer=member.employer_id, state="OPEN")
    sent = MonthlyFiling.objects.filter(
        employer=member.employer_id,
        import_of__stage__in=_SHOWN,
        import_of__state=WorkState.DONE,
    ).select_related("import_of")
    found: dict[str, list[MonthlyFiling]] = {stage: [] for stage in _SHOWN}
    for filing in sent.order_by("pk"):
        found[filing.import_of.stage].append(filing)
    seconds = [f for f in found[Stage.SECOND] if f.import_of.confirmed_by_id != member.user_id]
    asked = {filing.draft_id for filing in sent if filing.draft_id}
    unsent = [draft for draft in drafts if draft.pk not in asked]
    start = reverse("portal_monthly:start")
    lines = [
        _line("月度申报待签署", found[Stage.PREVIEW], "核对无误，签署后才算申报")
        if signs
        else None,
        _line("月度申报待第二人确认", seconds, "改变了已核定的月份，须由另一人确认")
        if signs
        else None,
        _line("月度申报有错误", found[Stage.REFUSED], "改正后重新核对"),
        Todo("月度申报草稿", len(unsent), start, "已保存，未提交"),
    ]
    return [line for line in lines if line is not None]


def receipts_of(import_: Import) -> list[tuple[str, str]]:
    """Return the receipts that an import was given, for its page on the desk."""
    found = import_.submissions.order_by("month")
    return [
        (f"{each.month.year}年{each.month.month}月回执", f"{each.receipt}（第 {each.version} 版）")
        for each in found
    ]


def _line(label: str, filings: list[MonthlyFiling], hint: str) -> Todo:
    url = reverse("portal_monthly:start")
    if len(filings) == 1:
        url = reverse("portal_monthly:check", args=[filings[0].pk])
    return Todo(label, len(filings), url, hint)
