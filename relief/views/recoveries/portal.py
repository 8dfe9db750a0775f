"""Notices of what is still to be paid, in the enterprise portal."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from casework.views.letters import letter_file
from registry import paging, scope
from relief.models import RecoveryNotice
from relief.queries import recoveries
from relief.services.recovery_letters import letter_of
from relief.views.recoveries.shown import details


@require_safe
@scope.member_required
def recovery_list(request: HttpRequest) -> HttpResponse:
    """List the enterprise's own notices, the latest first."""
    rows = recoveries.notices_for(scope.viewer(request)).order_by("-pk")
    page = paging.page_of(request, rows)
    today = timezone.localdate()
    shown = recoveries.with_standing(list(page.object_list), today=today)
    return render(
        request,
        "relief/recoveries/portal_list.html",
        {"page": page, "rows": [(found, found.is_overdue(today)) for found in shown]},
    )


def _notice(request: HttpRequest, receipt: str) -> RecoveryNotice:
    return get_object_or_404(recoveries.notices_for(scope.viewer(request)), receipt=receipt)


@require_safe
@scope.member_required
def recovery(request: HttpRequest, recovery_receipt: str) -> HttpResponse:
    """Show the enterprise one notice: how much, why, until when, and what can be done."""
    return render(
        request, "relief/recoveries/portal_detail.html", details(_notice(request, recovery_receipt))
    )


@require_safe
@scope.member_required
def recovery_letter(request: HttpRequest, recovery_receipt: str) -> HttpResponse:
    """Download the letter of a notice."""
    notice = _notice(request, recovery_receipt)
    return letter_file(letter_of(notice_id=notice.pk), name=f"notice-{notice.receipt}")
