"""Why an amount is what it is, for one employer, month and insurance; made to be printed."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from casework.views.letters import letter_file
from registry import as_of, months, scope
from registry import queries as registry_queries
from registry.models import Employer
from relief.calc.tree import node
from relief.policy import Insurance, NoRuleInForce
from relief.queries import explanations
from relief.queries.due_dates import moved_days
from relief.services import explanation_letters


@require_safe
@scope.officer_required()
def explain(request: HttpRequest, uscc: str, month: str, insurance: str) -> HttpResponse:
    """Show the steps from what was declared to what is owed, as of today or of `as_of`."""
    viewer = scope.viewer(request)
    employer = get_object_or_404(registry_queries.employers_for(viewer), uscc=uscc)
    try:
        period, kind = months.parse(month), Insurance(insurance)
    except ValueError:
        raise Http404 from None
    seen = as_of.seen(request, today=timezone.localdate())
    context: dict[str, Any] = {
        "employer": employer,
        "month": period,
        "title": f"{period.year}年{period.month}月{kind.label}保险是怎样算的",
        "insurance": kind,
        "seen": seen,
        "form": seen.form,
        "previous": months.label(months.after(period, -1)),
        "following": months.label(months.after(period)),
    }
    try:
        found = explanations.why(employer, period, kind, seen.day)
    except (explanations.NothingDeclared, NoRuleInForce) as nothing:
        context["nothing"] = str(nothing)
    else:
        context |= {
            "found": found,
            "result": found.explanation.result,
            "settled": found.explanation.settled,
            "steps": [node(step) for step in found.explanation.steps],
            "moved": moved_days(employer.pk, seen.day, place=(period, kind.value)),
        }
    return render(request, "relief/explain.html", context)


@require_safe
@scope.officer_required()
def letter(request: HttpRequest, uscc: str, month: str, insurance: str) -> HttpResponse:
    """Download the same as a letter; where no assessment stands, back to the page that says so."""
    employers = registry_queries.employers_for(scope.viewer(request))
    page = reverse("relief:explain", args=[uscc, month, insurance])
    return _letter(request, get_object_or_404(employers, uscc=uscc), month, insurance, page=page)


@require_safe
@scope.member_required
def letter_of_member(request: HttpRequest, month: str, insurance: str) -> HttpResponse:
    """Download why the enterprise itself owes what it owes, as a letter."""
    employer = scope.member_of(request).employer
    page = reverse("portal_why", args=[month, insurance])
    return _letter(request, employer, month, insurance, page=page)


def _letter(
    request: HttpRequest, employer: Employer, month: str, insurance: str, *, page: str
) -> HttpResponse:
    try:
        period, kind = months.parse(month), Insurance(insurance)
    except ValueError:
        raise Http404 from None
    seen = as_of.seen(request, today=timezone.localdate())
    try:
        found = explanation_letters.of_month(
            employer=employer,
            month=period,
            insurance=kind,
            day=seen.day,
            past=seen.past,
            at=timezone.now(),
        )
    except explanation_letters.NothingStands as nothing:
        messages.warning(request, str(nothing))
        return redirect(f"{page}{seen.query}")
    return letter_file(found, name=f"why-{employer.uscc}-{month}-{insurance}")
