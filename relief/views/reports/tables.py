"""The table of a report by one or two dimensions, and the form that is reported (R60)."""

from decimal import Decimal
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from registry import scope
from registry.models import Post
from registry.workbook.lists import list_workbook
from relief.forms_reports import NarrowedForm, TableForm
from relief.queries import reports
from relief.reports.cube import COUNTED, DIMENSIONS, SHOWN, UNITS, Kind, Table, label
from relief.views.reports.shared import Page, as_workbook, notes, page_of

POSTS = (Post.HANDLER, Post.REVIEWER, Post.FUND_FINANCE, Post.HEAD, Post.AUDIT)
#: Columns of the table with one dimension.
_PLAIN = (
    *(UNITS, "persons", "gross_due", "relief", "net_due", "paid"),
    *("overpaid", "underpaid", "waiting", "arrived", "offset"),
)
#: What the form of R60 asks for.
_FORM = (UNITS, "persons", "gross_due", "relief", "waiting", "arrived", "offset")
_OF_FORM = (Kind.LARGE, Kind.SME, Kind.INDIVIDUAL, Kind.SOCIAL)


def _head(page: Page, found: Table, columns: str) -> list[tuple[str, str]]:
    """Return the columns' values with their names."""
    if not columns:
        return [(name, SHOWN[name]) for name in _PLAIN]
    return [(value, label(columns, value, districts=page.names)) for value in found.columns]


def _lines(
    page: Page, found: Table, rows: str, columns: str, measure: str
) -> list[tuple[str, str, list[tuple[Decimal | int, str]]]]:
    """Return each row: value, name, and its figures with the address of who is behind each."""
    lines = []
    for row in [*found.rows, None]:
        if columns:
            figures = [
                (found.at(row, column).of(measure), _behind(page, rows, row, columns, column))
                for column in [*found.columns, None]
            ]
        else:
            address = _behind(page, rows, row, "", None)
            figures = [(found.at(row).of(name), address) for name in _PLAIN]
        name = "合计" if row is None else label(rows, row, districts=page.names)
        lines.append((row or "", name, figures))
    return lines


def _behind(page: Page, rows: str, row: str | None, columns: str, column: str | None) -> str:
    asked = {
        name: page.value(name)
        for name in ("kind", "insurance", "district", "first", "last")
        if page.value(name)
    }
    for dimension, value in ((rows, row), (columns, column)):
        if value is None:
            continue
        if dimension == "month":
            asked |= {"first": value, "last": value}
        else:
            asked[dimension] = value
    assert page.report is not None
    return f"{reverse('relief:report_behind', args=[page.report.pk])}?{urlencode(asked)}"


@require_safe
@scope.officer_required(*POSTS)
def report_table(request: HttpRequest) -> HttpResponse:
    """Show a report by one dimension with all amounts, or by two with one."""
    page = page_of(request, TableForm)
    context: dict[str, object] = {"form": page.form, "page": page, "current": "table"}
    if page.report is not None:
        rows, columns = page.value("rows", "kind"), page.value("columns")
        columns = "" if columns == rows else columns
        measure = page.value("measure", "relief")
        found = page.table(page.report, rows=rows, columns=columns)
        context |= {
            "report": page.report,
            "rows": DIMENSIONS[rows],
            "columns": columns,
            "measure": SHOWN[measure],
            "is_money": measure not in COUNTED,
            "head": _head(page, found, columns),
            "lines": _lines(page, found, rows, columns, measure),
            "all": {name: found.at().of(name) for name in SHOWN},
            "agrees": reports.agrees(page.report.book) if page.whole_city else None,
            "projects": reports.projects(page.report.day),
            "query": request.GET.urlencode(),
            "by_time": rows == "month",
        }
    return render(request, "relief/reports/table.html", context)


@require_safe
@scope.officer_required(*POSTS)
def report_workbook(request: HttpRequest) -> HttpResponse:
    """Download the table as it is shown."""
    page = page_of(request, TableForm)
    if page.report is None:
        return redirect("relief:reports")  # says that there is none yet
    rows, columns = page.value("rows", "kind"), page.value("columns")
    columns = "" if columns == rows else columns
    measure = page.value("measure", "relief")
    found = page.table(page.report, rows=rows, columns=columns)
    head = [name for _, name in _head(page, found, columns)] + (["合计"] if columns else [])
    lines = _lines(page, found, rows, columns, measure)
    content = list_workbook(
        "统计报表",
        [(DIMENSIONS[rows], 24), *((name, 18) for name in head)],
        ([name, *(figure for figure, _ in figures)] for _, name, figures in lines),
        notes=notes(page),
    )
    return as_workbook(content, f"report-{page.report.day.isoformat()}")


@require_safe
@scope.officer_required(*POSTS)
def report_form(request: HttpRequest) -> HttpResponse:
    """Show the form that is reported upwards: who was relieved by how much, by kind and fund."""
    page = page_of(request, NarrowedForm)
    context: dict[str, object] = {"form": page.form, "page": page, "current": "form"}
    if page.report is not None:
        context |= {
            "report": page.report,
            "head": [SHOWN[name] for name in _FORM],
            "lines": _form_lines(page),
            "query": request.GET.urlencode(),
            "projects": reports.projects(page.report.day),
        }
    return render(request, "relief/reports/form.html", context)


@require_safe
@scope.officer_required(*POSTS)
def report_form_workbook(request: HttpRequest) -> HttpResponse:
    """Download the form that is reported upwards."""
    page = page_of(request, NarrowedForm)
    if page.report is None:
        return redirect("relief:reports")  # says that there is none yet
    content = list_workbook(
        "减免情况统计表",
        [("类别", 26), ("险种", 10), *((SHOWN[name], 18) for name in _FORM)],
        ([kind, fund, *figures] for kind, fund, figures in _form_lines(page)),
        notes=notes(page),
    )
    return as_workbook(content, f"relief-form-{page.report.day.isoformat()}")


def _form_lines(page: Page) -> list[tuple[str, str, list[Decimal | int]]]:
    assert page.report is not None
    found = page.table(page.report, rows="kind", columns="insurance")
    lines = []
    for kind in _OF_FORM:
        for fund in [*found.columns, None]:
            name = label("insurance", fund, districts={}) if fund else "小计"
            sums = found.at(kind, fund)
            lines.append((kind.label, name, [sums.of(measure) for measure in _FORM]))
    return lines
