"""What comes into and goes out of each fund in the months ahead."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from registry import months, scope
from registry import queries as registry_queries
from registry.workbook.lists import list_workbook
from relief.models import Report
from relief.queries import cash
from relief.views.reports.shared import as_workbook
from relief.views.reports.tables import POSTS

_HEAD = (
    *(("险种", 10), ("月份", 12), ("预计新申报收入（元）", 22), ("待收（元）", 18)),
    *(("待付（元）", 18), ("净流入（元）", 18), ("累计（元）", 18)),
)


ASSUMED = (
    "待收、待付来自账簿：逾期的和待退的都算在本月；没有申报的月份按最后申报月的减免前应缴，"
    "用已公布政策在该月的减免比例估算。只含单位缴费部分，不含个人部分和工程建设项目。"
)


def _found(request: HttpRequest) -> tuple[Report | None, dict[str, list[cash.Month]]]:
    report = Report.objects.filter(run=None).first()
    if report is None:
        return None, {}
    codes = {each.code for each in registry_queries.districts_for(scope.viewer(request))}
    flows = cash.flows(report, today=timezone.localdate(), districts=codes)
    return report, {str(fund.label): rows for fund, rows in flows.items()}


@require_safe
@scope.officer_required(*POSTS)
def report_cash(request: HttpRequest) -> HttpResponse:
    """Show the months ahead of each fund, and what is assumed."""
    report, flows = _found(request)
    context = {"report": report, "flows": flows, "current": "cash", "assumed": ASSUMED}
    return render(request, "relief/reports/cash.html", context)


@require_safe
@scope.officer_required(*POSTS)
def report_cash_workbook(request: HttpRequest) -> HttpResponse:
    """Download the months ahead of each fund."""
    report, flows = _found(request)
    if report is None:
        return redirect("relief:report_cash")  # says that there is none yet
    content = list_workbook(
        "基金现金流",
        _HEAD,
        (
            (
                *(fund, months.label(row.month), row.expected, row.owed),
                *(-row.out, row.net, row.after),
            )
            for fund, rows in flows.items()
            for row in rows
        ),
        notes=[("截至", report.day.isoformat()), ("估算方法", ASSUMED)],
    )
    return as_workbook(content, f"cash-{report.day.isoformat()}")
