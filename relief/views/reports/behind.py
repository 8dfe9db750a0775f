"""The employers behind a figure of a report."""

from dataclasses import replace
from typing import Any

from django.core.paginator import Page as Paged
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from registry import paging, scope
from registry.workbook.lists import list_workbook
from relief.forms_reports import NarrowedForm
from relief.models import Report
from relief.queries import reports
from relief.reports.cube import DIMENSIONS, Asked, Kind, class_of, label
from relief.views.reports.shared import Page, as_workbook, notes, page_of
from relief.views.reports.tables import POSTS

#: A workbook for reading: whoever needs more narrows the figure.
MOST_EXPORTED = 20_000
_HEAD = (
    *(("单位名称", 34), ("统一社会信用代码", 22), ("参保地", 14)),
    *(("减免前应缴（元）", 18), ("减免（元）", 16), ("减免后应缴（元）", 18), ("已缴（元）", 16)),
    *(("多缴（元）", 16), ("少缴（元）", 16)),
)


def _asked(request: HttpRequest, report_id: int) -> tuple[Page, Asked, Report]:
    report = get_object_or_404(Report, pk=report_id)
    page = page_of(request, NarrowedForm, {**request.GET.dict(), "report": str(report.pk)})
    asked = page.asked
    if name := request.GET.get("class"):  # a class is one kind or two
        of_class = frozenset(kind.value for kind in Kind if class_of(kind) == name)
        asked = replace(asked, kinds=of_class & (asked.kinds or of_class))
    return page, asked, report


class _Counted(Paginator):
    """Pages of which only the one shown was read."""

    def __init__(self, rows: list[Any], number: int) -> None:
        super().__init__(rows, paging.PER_PAGE)
        self.number = number

    @property
    def count(self) -> int:
        return self.number


@require_safe
@scope.officer_required(*POSTS)
def report_behind(request: HttpRequest, report_id: int) -> HttpResponse:
    """List the employers behind a figure, those with the most first; their sum is the figure."""
    page, asked, report = _asked(request, report_id)
    wanted = request.GET.get("page", "1")
    number = max(int(wanted), 1) if wanted.isdigit() else 1
    sort = request.GET.get("sort", "relief")
    rows, count, sums = reports.behind(
        report, asked, sort=sort, start=(number - 1) * paging.PER_PAGE, count=paging.PER_PAGE
    )
    pages = _Counted(rows, count)
    return render(
        request,
        "relief/reports/behind.html",
        {
            "report": report,
            "rows": rows,
            "sums": sums,
            "net_due": sums["gross_due"] - sums["relief"],
            "count": count,
            "page": Paged(rows, number, pages),
            "sort": sort,
            "sorts": reports.SORTS,
            "chosen": _chosen(request, page),
            "query": request.GET.urlencode(),
        },
    )


def _chosen(request: HttpRequest, page: Page) -> list[tuple[str, str]]:
    """Return what the figure was narrowed to, in words."""
    said = [
        (DIMENSIONS[name], label(name, request.GET[name], districts=page.names))
        for name in ("class", "kind", "insurance", "district")
        if request.GET.get(name) and (name == "class" or page.value(name))
    ]
    first, last = page.value("first"), page.value("last")
    if first or last:
        named = [label("month", month, districts={}) for month in (first, last) if month]
        said.append((DIMENSIONS["month"], " 至 ".join(dict.fromkeys(named))))
    return said


@require_safe
@scope.officer_required(*POSTS)
def report_behind_workbook(request: HttpRequest, report_id: int) -> HttpResponse:
    """Download the employers behind a figure."""
    page, asked, report = _asked(request, report_id)
    sort = request.GET.get("sort", "relief")
    rows, _, _ = reports.behind(report, asked, sort=sort, start=0, count=MOST_EXPORTED)
    content = list_workbook(
        "单位名单",
        _HEAD,
        (
            (
                *(row.employer.name, row.employer.uscc, row.employer.district.name),
                *(row.gross_due, row.relief, row.net_due, row.paid, row.overpaid, row.underpaid),
            )
            for row in rows
        ),
        notes=[*notes(page), *_chosen(request, page)],
    )
    return as_workbook(content, f"report-units-{report.day.isoformat()}")
