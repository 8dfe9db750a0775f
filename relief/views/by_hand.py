"""What people have decided instead of a rule, a month at a time, and as a workbook."""

from datetime import date

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from registry import months, scope
from registry.intake.report import WORKBOOK
from registry.models import Post
from registry.workbook.lists import list_workbook
from relief.forms import MonthField
from relief.queries import by_hand

POSTS = (Post.HANDLER, Post.REVIEWER, Post.FUND_FINANCE, Post.HEAD, Post.AUDIT)
_HEAD = (
    *(("时间", 18), ("类别", 16), ("对象", 34), ("决定", 34), ("事由", 40), ("文书", 24)),
    *(("提出", 14), ("决定人", 14), ("金额（元）", 16)),
)


class MonthForm(forms.Form):
    """Which calendar month to look at."""

    month = MonthField(label="月份", required=False, help_text="例如 2020-08；不填为本月")


def _month(request: HttpRequest) -> tuple[MonthForm, date]:
    form = MonthForm(request.GET or None)
    asked = form.cleaned_data["month"] if form.is_valid() else None
    return form, asked or months.first_of(timezone.localdate())


@require_safe
@scope.officer_required(*POSTS)
def by_hand_list(request: HttpRequest) -> HttpResponse:
    """List what was decided by hand in a month, of what the officer may see."""
    form, month = _month(request)
    rows = by_hand.of_month(scope.viewer(request), month)
    return render(
        request,
        "relief/by_hand.html",
        {
            "form": form,
            "month": month,
            "rows": [(row, reverse(row.url_name, args=[row.key])) for row in rows],
        },
    )


@require_safe
@scope.officer_required(*POSTS)
def by_hand_workbook(request: HttpRequest) -> HttpResponse:
    """Download what was decided by hand in a month."""
    _, month = _month(request)
    content = list_workbook(
        "人工决定",
        _HEAD,
        (
            (
                f"{timezone.localtime(row.at):%Y-%m-%d %H:%M}",
                *(row.kind, row.about, row.what, row.reason, row.document),
                *(row.prepared_by, row.decided_by, row.amount),
            )
            for row in by_hand.of_month(scope.viewer(request), month)
        ),
        notes=[("月份", months.label(month))],
    )
    response = HttpResponse(content, content_type=WORKBOOK)
    name = f"by-hand-{months.label(month)}.xlsx"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
