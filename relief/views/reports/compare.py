"""Two reports beside each other."""

from dataclasses import dataclass
from decimal import Decimal

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from registry import scope
from registry.workbook.lists import list_workbook
from relief.forms_reports import CompareForm, named
from relief.models import Report
from relief.reports.cube import COUNTED, DIMENSIONS, SHOWN, Table, label, order
from relief.views.reports.shared import Page, as_workbook, notes, page_of
from relief.views.reports.tables import POSTS


@dataclass(frozen=True)
class Compared:
    """One row before and after."""

    label: str
    before: Decimal | int
    after: Decimal | int

    @property
    def change(self) -> Decimal | int:
        """After less before."""
        return self.after - self.before


def _other(page: Page) -> Report | None:
    """Return the report before: the one named, or the next one in the list."""
    listed = [pk for pk, _ in page.form.fields["report"].choices]
    named_pk = page.form.cleaned_data.get("other") if page.form.is_valid() else None
    if named_pk is None and page.report is not None:
        after = listed[listed.index(page.report.pk) + 1 :]
        named_pk = after[-1] if after else None
    return Report.objects.select_related("run").filter(pk=named_pk).first() if named_pk else None


def _rows(page: Page, before: Report, after: Report) -> list[Compared]:
    rows, measure = page.value("rows", "kind"), page.value("measure", "relief")
    was, is_now = page.table(before, rows=rows), page.table(after, rows=rows)
    values = sorted({*was.rows, *is_now.rows}, key=lambda value: order(rows, value))
    found = [
        _compared(was, is_now, row, label(rows, row, districts=page.names), measure)
        for row in values
    ]
    return [*found, _compared(was, is_now, None, "合计", measure)]


def _compared(was: Table, is_now: Table, row: str | None, name: str, measure: str) -> Compared:
    return Compared(name, was.at(row).of(measure), is_now.at(row).of(measure))


@require_safe
@scope.officer_required(*POSTS)
def report_compare(request: HttpRequest) -> HttpResponse:
    """Show one amount of two reports and what it changed by."""
    page = page_of(request, CompareForm)
    context: dict[str, object] = {"form": page.form, "current": "compare"}
    if page.report is not None:
        before = _other(page)
        measure = page.value("measure", "relief")
        context |= {
            "report": page.report,
            "before": named(before) if before else "",
            "after": named(page.report),
            "rows": DIMENSIONS[page.value("rows", "kind")],
            "measure": SHOWN[measure],
            "is_money": measure not in COUNTED,
            "lines": _rows(page, before, page.report) if before else [],
            "query": request.GET.urlencode(),
        }
    return render(request, "relief/reports/compare.html", context)


@require_safe
@scope.officer_required(*POSTS)
def report_compare_workbook(request: HttpRequest) -> HttpResponse:
    """Download the comparison."""
    page = page_of(request, CompareForm)
    before = _other(page) if page.report else None
    if page.report is None or before is None:
        return redirect("relief:report_compare")  # says that there is none yet
    content = list_workbook(
        "两次比较",
        [
            (DIMENSIONS[page.value("rows", "kind")], 26),
            ("前一次", 20),
            ("后一次", 20),
            ("变化", 20),
        ],
        (
            (row.label, row.before, row.after, row.change)
            for row in _rows(page, before, page.report)
        ),
        notes=[("前一次", named(before)), *notes(page)],
    )
    return as_workbook(content, f"report-compared-{page.report.day.isoformat()}")
