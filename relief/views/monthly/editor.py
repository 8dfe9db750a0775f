"""The table of a month: fifty persons a page, saved with every button, errors beside the cells.

One form holds the page, so that whatever button is pressed nothing typed is lost, with a script
or without one.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from registry import doorbell, scope
from registry.tasks import work_import
from relief.intake.typed import CELLS
from relief.models import MonthlyDraft
from relief.queries import monthly, monthly_table
from relief.services import monthly as services
from relief.services.monthly import Act, Typed
from relief.views.monthly.start import month_of

_PLAIN = {act.value for act in Act}


def _typed(posted: QueryDict) -> list[Typed]:
    """Return the rows of the page as they came back."""
    rows = []
    for written in posted.getlist("row"):
        if not written.isdecimal():
            continue
        names = {name: posted.get(f"{name}-{written}") for name in CELLS}
        cells = {name: value for name, value in names.items() if value is not None}
        rows.append(Typed(int(written), posted.get(f"was-{written}", ""), cells))
    return rows


def _asked(given: Mapping[str, Any]) -> dict[str, str]:
    """Return which part of the table is looked at."""
    wanted = {name: str(given.get(name, "")).strip()[:60] for name in ("q", "show", "page", "row")}
    return {name: value for name, value in wanted.items() if value}


@require_http_methods(["GET", "HEAD", "POST"])
@scope.member_required
def edit(request: HttpRequest, month: str) -> HttpResponse:
    """Show a page of the table; save what was typed and do what the button says."""
    period = month_of(request, month)
    draft = monthly.open_draft(scope.member_of(request).employer_id, period)
    if draft is None:
        if request.method == "POST":
            messages.error(request, "这份草稿已提交或已放弃，刚才的修改没有保存。")
        return redirect("portal_monthly:month", month)
    if request.method == "POST":
        return _save(request, draft, month)
    return _page(request, draft, month, _asked(request.GET), outdated=_outdated(draft))


def _outdated(draft: MonthlyDraft) -> bool:
    """Whether the month was declared from elsewhere after the draft was begun."""
    return bool(draft.newest_line != draft.lines_mark)  # type: ignore[attr-defined]  # annotated


def _page(
    request: HttpRequest,
    draft: MonthlyDraft,
    month: str,
    asked: dict[str, str],
    *,
    outdated: bool,
    conflicts: Mapping[int, services.Conflict] | None = None,
) -> HttpResponse:
    table = monthly_table.page_of(
        draft,
        q=asked.get("q", ""),
        show=asked.get("show", ""),
        number=asked.get("page", ""),
        row_id=asked.get("row", ""),
        typed={pk: conflict.mine for pk, conflict in (conflicts or {}).items()},
    )
    lines = [
        (
            f"#{cell.name}-{row.pk}",
            f"第 {row.position} 行 {row.called}，{cell.header}：{cell.error}",
        )
        for row in table.rows
        for cell in row.cells
        if cell.error
    ]
    lines += [(f"#row-{row.pk}", row.clash) for row in table.rows if row.clash]
    return render(
        request,
        "relief/monthly/edit.html",
        {
            "draft": draft,
            "month": draft.month,
            "written": month,
            "title": f"{draft.month.year}年{draft.month.month}月申报表",
            "table": table,
            "sums": monthly_table.sums(draft),
            "asked": asked,
            "shows": monthly_table.SHOWS,
            "lines": lines,
            "conflicts": bool(conflicts),
            "outdated": outdated,
            "focus": asked.get("row", ""),
        },
    )


def _save(request: HttpRequest, draft: MonthlyDraft, month: str) -> HttpResponse:
    pressed, _, number = request.POST.get("do", "save").partition(":")
    asked = _asked(request.POST)
    asked.pop("row", None)
    try:
        edited = services.edit(
            draft_id=draft.pk,
            member=scope.member_of(request),
            rows=_typed(request.POST),
            act=Act(pressed) if pressed in _PLAIN else Act.SAVE,
            row_id=int(number) if number.isdecimal() else None,
            at=timezone.now(),
        )
    except (services.NotOpen, services.AlreadyOnItsWay) as refusal:
        messages.error(request, f"{refusal}刚才的修改没有保存。")
        return redirect("portal_monthly:month", month)
    if edited.conflicts:
        conflicts = {conflict.row_id: conflict for conflict in edited.conflicts}
        outdated = _outdated(draft)
        return _page(request, edited.draft, month, asked, outdated=outdated, conflicts=conflicts)
    if pressed == "check":
        return _check(request, edited.draft, month)
    if edited.added is not None:
        # The new row is on the last page, whatever was looked for before.
        asked = {"row": str(edited.added.pk)}
    elif pressed == "page" and number.isdecimal():
        asked["page"] = number
    elif pressed == "find":
        asked.pop("page", None)
    elif pressed == "save":
        messages.success(request, "已保存，还没有提交。填好后请点“核对并提交”。")
    anchor = f"#row-{number}" if pressed in {"remove", "restore", "copy_base"} else ""
    if "row" in asked:
        anchor = f"#row-{asked['row']}"
    query = f"?{urlencode(asked)}" if asked else ""
    return redirect(reverse("portal_monthly:edit", args=[month]) + query + anchor)


def _check(request: HttpRequest, draft: MonthlyDraft, month: str) -> HttpResponse:
    """Hand the draft in to be checked, unless the page itself can say what is wrong."""
    if monthly_table.sums(draft).faulty:
        return redirect(reverse("portal_monthly:edit", args=[month]) + "?show=faulty")
    try:
        filing = services.send_draft(
            draft_id=draft.pk,
            member=scope.member_of(request),
            viewer=scope.viewer(request),
            at=timezone.now(),
        )
    except (services.NotOpen, services.NothingToSend, services.AlreadyOnItsWay) as refusal:
        messages.error(request, str(refusal))
        return redirect("portal_monthly:edit", month)
    doorbell.ring(work_import, import_id=filing.import_of_id)
    return redirect("portal_monthly:check", filing.pk)


@require_POST
@scope.member_required
def totals(request: HttpRequest, month: str) -> HttpResponse:
    """Answer with the sums as they would be with what stands in the page, saving nothing."""
    period = month_of(request, month)
    draft = monthly.open_draft(scope.member_of(request).employer_id, period)
    if draft is None:
        return redirect("portal_monthly:month", month)
    found = monthly_table.sums(draft, typed=_typed(request.POST))
    return render(request, "relief/monthly/sums.html", {"sums": found})
