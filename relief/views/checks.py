"""数据核对: what doesn't fit together in the data, on one page and a list each."""

from io import BytesIO
from itertools import islice

import xlsxwriter
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from registry import doorbell, months, paging, scope
from registry import queries as registry_queries
from registry.forms import EmployerSearch
from registry.intake.report import WORKBOOK
from registry.models import Agency, Officer, Post
from registry.workbook.template import SAFE
from relief.queries.cross_checks import CHECKS, Check, Group, listed
from relief.services import cross_checks
from relief.tasks import look_again

#: Rows of one workbook: more takes longer than a page may, and nobody works through more.
MOST_EXPORTED = 10_000
_AT_A_TIME = 500
_POSTS = (Post.HANDLER, Post.REVIEWER, Post.AUDIT)


def _may_ask(officer: Officer) -> bool:
    return officer.agency.kind == Agency.Kind.SOCIAL_INSURANCE and officer.post in _POSTS


@require_safe
@scope.officer_required()
def check_list(request: HttpRequest) -> HttpResponse:
    """List the checks with what they found in the officer's area."""
    return _overview(request, Group.FITS, "relief/checks/list.html")


@require_safe
@scope.officer_required()
def unit_lists(request: HttpRequest) -> HttpResponse:
    """Show the lists of units and months apart, with counts and the money at stake."""
    return _overview(request, Group.LISTS, "relief/checks/lists.html")


def _overview(request: HttpRequest, group: Group, template: str) -> HttpResponse:
    rows = listed.overview(scope.viewer(request), group=group)
    return render(
        request,
        template,
        {
            "rows": rows,
            "complete": all(row.checked_at for row in rows),
            "waiting": any(row.waiting for row in rows),
            "may_ask": _may_ask(scope.officer_of(request)),
        },
    )


def _check(code: str) -> Check:
    if code not in CHECKS:
        raise Http404
    return CHECKS[code]


def _form(request: HttpRequest) -> EmployerSearch:
    viewer = scope.viewer(request)
    return EmployerSearch(request.GET, districts=registry_queries.districts_for(viewer))


@require_safe
@scope.officer_required()
def finding_list(request: HttpRequest, check_code: str) -> HttpResponse:
    """List what one check found, the weightiest first."""
    check, viewer, form = _check(check_code), scope.viewer(request), _form(request)
    asked = form.cleaned_data if form.is_valid() else {}
    page = paging.page_of(request, listed.findings(check, viewer, **asked))
    overall = {row.check.code: row for row in listed.overview(viewer)}[check.code]
    return render(
        request,
        "relief/checks/findings.html",
        {
            "check": check,
            "is_list": check.group is Group.LISTS,
            "form": form,
            "page": page,
            "rows": listed.rows_of(check, page.object_list, viewer),
            "overall": overall,
            "is_cut": cross_checks.is_cut(check.code),
            "most_kept": cross_checks.MOST_KEPT,
            "most_exported": MOST_EXPORTED,
            "may_ask": _may_ask(scope.officer_of(request)),
        },
    )


@require_safe
@scope.officer_required()
def finding_workbook(request: HttpRequest, check_code: str) -> HttpResponse:
    """Download the list as a workbook of text cells: nothing in it is a formula."""
    check, viewer, form = _check(check_code), scope.viewer(request), _form(request)
    asked = form.cleaned_data if form.is_valid() else {}
    found = listed.findings(check, viewer, **asked)[:MOST_EXPORTED].iterator(_AT_A_TIME)
    target = BytesIO()
    with xlsxwriter.Workbook(target, {**SAFE, "constant_memory": True}) as book:
        sheet = book.add_worksheet("数据核对")
        bold = book.add_format({"bold": True})
        sheet.freeze_panes(1, 0)
        head = [*(["单位名称", "统一社会信用代码", "参保地"] if check.about_units else [])]
        head += ["所属期"] if check.has_month else []
        head += [column.label for column in check.columns]
        head += [f"{check.amount_label}（元）"] if check.amount_label else []
        sheet.set_column(0, len(head) - 1, 20)
        for place, title in enumerate(head):
            sheet.write_string(0, place, title, bold)
        number = 0
        while batch := list(islice(found, _AT_A_TIME)):
            for row in listed.rows_of(check, batch, viewer):
                number += 1
                for place, text in enumerate(_texts(check, row)):
                    sheet.write_string(number, place, text)
    response = HttpResponse(target.getvalue(), content_type=WORKBOOK)
    response["Content-Disposition"] = f'attachment; filename="{check.code}.xlsx"'
    return response


def _texts(check: Check, row: listed.Row) -> list[str]:
    finding = row.finding
    texts = []
    if check.about_units and finding.employer:
        unit = finding.employer
        texts += [unit.name, unit.uscc, unit.district.name]
    if check.has_month:
        texts.append(months.label(finding.month) if finding.month else "")
    texts += [listed.plain(cell) for cell in row.cells]
    if check.amount_label:
        texts.append("" if finding.amount is None else f"{finding.amount:.2f}")
    return texts


@require_POST
@scope.officer_required(*_POSTS)
def look_now(request: HttpRequest) -> HttpResponse:
    """Have every check look again."""
    if not _may_ask(scope.officer_of(request)):
        raise PermissionDenied(scope.WRONG_AREA)
    cross_checks.ask(at=timezone.now())
    doorbell.ring(look_again)
    messages.success(request, "已开始重新核对，通常一两分钟完成，稍后刷新本页查看。")
    return redirect("relief:lists" if request.POST.get("page") == "lists" else "relief:checks")
