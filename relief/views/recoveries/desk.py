"""Notices of what is still to be paid, on the desk: the list, one notice, workbook and letter."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from casework.views.letters import letter_file
from registry import paging, scope
from registry import queries as registry_queries
from registry.intake.report import WORKBOOK
from registry.models import Post
from registry.workbook.lists import list_workbook
from relief.forms_recoveries import RecoveryFilter
from relief.models import RecoveryNotice
from relief.queries import recoveries
from relief.recovery_data import RULES
from relief.services.recovery_letters import letter_of
from relief.views.recoveries.shown import details

#: A workbook for reading: whoever needs more narrows the list.
MOST_EXPORTED = 20_000
_HEAD = (
    ("单位名称", 34),
    ("统一社会信用代码", 22),
    ("参保地", 12),
    ("通知编号", 18),
    ("状态", 14),
    ("发出日期", 12),
    ("截止日期", 12),
    ("逾期天数", 10),
    ("应补（元）", 16),
    ("还差（元）", 16),
    ("联系人", 12),
    ("联系电话", 16),
)


def _asked(request: HttpRequest) -> tuple[RecoveryFilter, dict[str, str]]:
    districts = registry_queries.districts_for(scope.viewer(request))
    form = RecoveryFilter(request.GET or {"show": "open"}, districts=districts)
    return form, form.cleaned_data if form.is_valid() else {}


@require_safe
@scope.officer_required()
def recovery_list(request: HttpRequest) -> HttpResponse:
    """List the notices the officer may see; those whose day comes first at the top."""
    form, asked = _asked(request)
    today = timezone.localdate()
    rows = recoveries.listed(scope.viewer(request), today=today, **asked)
    page = paging.page_of(request, rows)
    shown = recoveries.with_standing(list(page.object_list), today=today)
    return render(
        request,
        "relief/recoveries/list.html",
        {
            "form": form,
            "page": page,
            "rows": [(found, found.is_overdue(today)) for found in shown],
            "sums": recoveries.sums(rows, today=today),
            "rules": RULES,
            "query": request.GET.urlencode(),
        },
    )


@require_safe
@scope.officer_required()
def recovery_workbook(request: HttpRequest) -> HttpResponse:
    """Download the list, as it is narrowed; the tax bureau gets the overdue ones like this."""
    form, asked = _asked(request)
    today = timezone.localdate()
    rows = recoveries.listed(scope.viewer(request), today=today, **asked)[:MOST_EXPORTED]
    found = recoveries.with_standing(list(rows), today=today)
    show = dict(form.fields["show"].choices)[asked.get("show", "")]  # type: ignore[attr-defined]
    content = list_workbook(
        "补缴通知",
        _HEAD,
        (
            (
                row.notice.employer.name,
                row.notice.employer.uscc,
                row.notice.employer.district.name,
                row.notice.receipt,
                row.notice.get_state_display(),
                timezone.localtime(row.notice.opened_at).date(),
                row.notice.due_on,
                (today - row.notice.due_on).days if row.is_overdue(today) else None,
                row.notice.amount,
                row.open,
                row.notice.employer.contact,
                row.notice.employer.phone,
            )
            for row in found
        ),
        notes=[("截至", today.isoformat()), ("显示", str(show)), ("期限的依据", RULES.document)],
    )
    response = HttpResponse(content, content_type=WORKBOOK)
    name = f"recoveries-{today.isoformat()}.xlsx"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _notice(request: HttpRequest, receipt: str) -> RecoveryNotice:
    return get_object_or_404(recoveries.notices_for(scope.viewer(request)), receipt=receipt)


@require_safe
@scope.officer_required()
def recovery(request: HttpRequest, recovery_receipt: str) -> HttpResponse:
    """Show one notice: what was asked for, what is open, why, and what it costs to wait."""
    officer = scope.officer_of(request)
    context = details(_notice(request, recovery_receipt))
    context["may_correct"] = officer.post == Post.FUND_FINANCE and scope.acts_city_wide(officer)
    return render(request, "relief/recoveries/detail.html", context)


@require_safe
@scope.officer_required()
def recovery_letter(request: HttpRequest, recovery_receipt: str) -> HttpResponse:
    """Download the letter of a notice."""
    notice = _notice(request, recovery_receipt)
    return letter_file(letter_of(notice_id=notice.pk), name=f"notice-{notice.receipt}")
