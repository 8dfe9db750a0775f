"""The notices in an enterprise's portal, and the public question whether a letter is genuine."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from casework import queries, receipts, services
from registry import paging, scope


@require_safe
@scope.member_required
def notice_list(request: HttpRequest) -> HttpResponse:
    """List the notices, the newest first."""
    viewer = scope.viewer(request)
    page = paging.page_of(request, queries.notices_for(viewer))
    return render(request, "casework/notice_list.html", {"page": page})


@require_safe
@scope.member_required
def read_notice(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Show one notice; it counts as read from now on."""
    notice = get_object_or_404(queries.notices_for(scope.viewer(request)), pk=notice_id)
    services.mark_read(notice_id=notice.pk, user_id=request.user.pk, at=timezone.now())
    return render(request, "casework/notice.html", {"notice": notice})


@require_safe
def check_letter(request: HttpRequest, letter_code: str) -> HttpResponse:
    """Say whether we issued the letter with this code, and what its file's digest is.

    Public: the code has 60 random bits and is printed on the letter; nothing of the letter's
    content is shown, only what whoever holds it can compare.
    """
    letter = get_object_or_404(queries.letters(), code=receipts.as_typed(letter_code))
    return render(request, "casework/check_letter.html", {"letter": letter})
