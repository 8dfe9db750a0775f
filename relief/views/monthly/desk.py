"""What enterprises have declared online, for the agency that works on it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from registry import paging, scope
from registry import queries as registry_queries
from registry.models import Post
from relief.forms import MonthlyFilter
from relief.queries import monthly

#: Waiting ones shown above the list; the desk's to-do list counts them all.
MOST_WAITING = 50


@require_safe
@scope.officer_required(Post.HANDLER, Post.REVIEWER, Post.AUDIT)
def desk_list(request: HttpRequest) -> HttpResponse:
    """List what waits for a second person, and what was accepted, the latest first."""
    viewer = scope.viewer(request)
    form = MonthlyFilter(request.GET, districts=registry_queries.districts_for(viewer))
    asked = form.cleaned_data if form.is_valid() else {}
    rows = monthly.search_submissions(monthly.submissions_for(viewer), **asked)
    today = timezone.localdate()
    return render(
        request,
        "relief/monthly/desk_list.html",
        {
            "form": form,
            "page": paging.page_of(request, rows),
            "waiting": monthly.waiting_for_second(viewer)[:MOST_WAITING],
            "today": today,
            "came_today": monthly.search_submissions(
                monthly.submissions_for(viewer), day=today
            ).count(),
        },
    )
