"""The notices in an enterprise's portal."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from casework import queries, services
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
