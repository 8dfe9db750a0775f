"""Figures of deferral on the desk, as a page and as a workbook."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from casework.matter_kinds import step_label
from deferral.forms_desk import PeriodForm
from deferral.models import Application
from deferral.queries.statistics import Statistics, statistics
from registry import queries as registry_queries
from registry import scope
from registry.intake.report import WORKBOOK
from registry.workbook.lists import list_workbook

_HEAD = (("分组", 18), ("项目", 40), ("件数或份数", 12), ("金额（元）或天数", 18))


def _asked(request: HttpRequest) -> tuple[PeriodForm, Statistics | None]:
    viewer = scope.viewer(request)
    today = timezone.localdate()
    year = {"first": date(today.year, 1, 1), "last": today}
    form = PeriodForm(
        request.GET if "first" in request.GET else year,
        districts=registry_queries.districts_for(viewer),
    )
    if not form.is_valid():
        return form, None
    return form, statistics(viewer, today=today, **form.cleaned_data)


@require_safe
@scope.officer_required()
def page(request: HttpRequest) -> HttpResponse:
    """What came in a period, how it ended, how long it took, what is open."""
    form, found = _asked(request)
    times = (
        [(each, step_label(Application.KIND, each.step)) for each in found.times] if found else []
    )
    context = {"form": form, "found": found, "times": times, "query": request.GET.urlencode()}
    return render(request, "deferral/statistics.html", context)


@require_safe
@scope.officer_required()
def workbook(request: HttpRequest) -> HttpResponse:
    """The same figures as a workbook."""
    _form, found = _asked(request)
    rows = list(_rows(found)) if found else []
    notes = [("期间", f"{found.first} 至 {found.last} 提交的申请")] if found else []
    answer = HttpResponse(
        list_workbook("缓缴统计", _HEAD, rows, notes=notes), content_type=WORKBOOK
    )
    answer["Content-Disposition"] = 'attachment; filename="deferral-statistics.xlsx"'
    return answer


def _rows(found: Statistics) -> Iterator[tuple[str, str, int | None, Decimal | int | None]]:
    for route in found.routes:
        yield route.name, "申请", route.handed_in, route.asked
        yield route.name, "批准", route.granted, route.asked_of_granted
        yield route.name, "不予批准", route.refused, None
        yield route.name, "不予受理", route.declined, None
        yield route.name, "撤回", route.withdrawn, None
        yield route.name, "在办", route.pending, None
    for each in found.times:
        step = step_label(Application.KIND, each.step)
        yield each.agency, f"{step}：中位数（工作日）", each.number, each.middle
        yield each.agency, f"{step}：九成在几个工作日内", each.number, each.nine_of_ten
        yield each.agency, f"{step}：最长（工作日）", each.number, each.longest
        yield each.agency, f"{step}：按时", each.in_time, None
    for fund in found.funds:
        yield fund.label, "缓缴", None, fund.due
        yield fund.label, "已缴", None, fund.paid
        yield fund.label, "还差", None, fund.open
        yield fund.label, "其中已过期满或终止日", None, fund.overdue
    for label, number in found.early_ends:
        yield "提前终止", label, number, None
    for label, came, certified, waited in found.people:
        yield "一人一事", label, came, None
        yield "一人一事", f"{label}：已办结，等待天数中位数", certified, waited
    for reason, number in found.voided:
        yield "失效的部门意见", reason, number, None
    yield "退回", "退回受理岗", found.returns, None
