"""Raised bases that wait for their special audit: the employers, and one employer's persons."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from registry import as_of, months, paging, scope
from registry import queries as registry_queries
from registry.forms import EmployerSearch
from relief.calc.holds import CLAUSE
from relief.queries import holds


@require_safe
@scope.officer_required()
def hold_list(request: HttpRequest) -> HttpResponse:
    """List the employers that have raised bases nobody has audited yet."""
    viewer = scope.viewer(request)
    form = EmployerSearch(request.GET, districts=registry_queries.districts_for(viewer))
    asked = form.cleaned_data if form.is_valid() else {}
    month = months.first_of(timezone.localdate())
    page = paging.page_of(request, holds.employers_waiting(viewer, month=month, **asked))
    return render(
        request,
        "relief/holds/list.html",
        {
            "form": form,
            "page": page,
            "rows": holds.by_employer(list(page.object_list)),
            "clause": CLAUSE,
        },
    )


@require_safe
@scope.officer_required()
def employer_holds(request: HttpRequest, employer_id: int) -> HttpResponse:
    """Show one employer's raised bases, person by person; those of today or of `as_of`."""
    viewer = scope.viewer(request)
    employer = get_object_or_404(registry_queries.employers_for(viewer), pk=employer_id)
    seen = as_of.seen(request, today=timezone.localdate())
    page = paging.page_of(request, holds.holds_of(employer, until=seen.until))
    return render(
        request,
        "relief/holds/employer.html",
        {
            "employer": employer,
            "seen": seen,
            "form": seen.form,
            "page": page,
            "rows": holds.with_persons(list(page.object_list)),
            "sums": holds.added_up(holds.held_months([employer.pk], until=seen.until)),
            "sees_identity": scope.may_see_identity(viewer),
            "clause": CLAUSE,
        },
    )
