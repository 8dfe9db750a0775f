"""«算给你看»: one page a unit, for itself and for officers, and as a workbook."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from registry import as_of, scope
from registry import queries as registry_queries
from registry.intake.report import WORKBOOK
from registry.models import Employer
from relief import reduction_book
from relief.queries import reduction

TITLE = "算给你看"


def _page(request: HttpRequest, employer: Employer, area: str) -> HttpResponse:
    seen = as_of.seen(request, today=timezone.localdate())
    context: dict[str, Any] = {
        "area": area,
        "base": f"{area}/base.html",
        "employer": employer,
        "found": reduction.reduction_of(employer, seen.day),
        "title": TITLE,
        "seen": seen,
        "form": seen.form,
    }
    return render(request, "relief/reduction.html", context)


def _download(request: HttpRequest, employer: Employer) -> HttpResponse:
    seen = as_of.seen(request, today=timezone.localdate())
    if seen.form.errors:
        raise Http404  # a file can't say that it is of another day than was asked for
    content = reduction_book.workbook(reduction.reduction_of(employer, seen.day))
    response = HttpResponse(content, content_type=WORKBOOK)
    name = f"reduction-{employer.uscc}-{seen.day.isoformat()}.xlsx"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require_safe
@scope.member_required
def of_member(request: HttpRequest) -> HttpResponse:
    """Show an enterprise its own reduction."""
    return _page(request, scope.member_of(request).employer, "portal")


@require_safe
@scope.member_required
def workbook_of_member(request: HttpRequest) -> HttpResponse:
    """Download an enterprise's own reduction."""
    return _download(request, scope.member_of(request).employer)


@require_safe
@scope.officer_required()
def of_employer(request: HttpRequest, employer_id: int) -> HttpResponse:
    """Show an officer the reduction of a unit, as the unit sees it."""
    employers = registry_queries.employers_for(scope.viewer(request))
    return _page(request, get_object_or_404(employers, pk=employer_id), "desk")


@require_safe
@scope.officer_required()
def workbook_of_employer(request: HttpRequest, employer_id: int) -> HttpResponse:
    """Download the reduction of a unit."""
    employers = registry_queries.employers_for(scope.viewer(request))
    return _download(request, get_object_or_404(employers, pk=employer_id))
