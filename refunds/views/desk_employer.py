"""One employer's refunds on the desk, as of today or of a past day."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from refunds import queries_as_of
from registry import as_of, paging, scope
from registry import queries as registry_queries


@require_safe
@scope.officer_required()
def refunds_of_employer(request: HttpRequest, employer_id: int) -> HttpResponse:
    """Show an employer's refunds with their months and steps; as of today or of `as_of`."""
    viewer = scope.viewer(request)
    employer = get_object_or_404(registry_queries.employers_for(viewer), pk=employer_id)
    seen = as_of.seen(request, today=timezone.localdate())
    page = paging.page_of(request, queries_as_of.refunds_of(employer, until=seen.until))
    return render(
        request,
        "refunds/desk_employer.html",
        {
            "employer": employer,
            "seen": seen,
            "form": seen.form,
            "page": page,
            "rows": queries_as_of.as_stood(page, until=seen.until),
        },
    )
