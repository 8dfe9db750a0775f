"""The public pages: the policy in plain words, and the trial calculator."""

from decimal import Decimal

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from config.home import plain_policy, trial
from config.home.forms import TrialForm
from registry.models import Agency
from relief import queries as relief_queries
from relief.policy import Policy

EXAMPLE_BASE = Decimal("5000.00")


def _policy_today() -> Policy:
    return relief_queries.policy_as_of(timezone.localdate())


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Say who pays less for which months, how money comes back, and whom to ask."""
    policy = _policy_today()
    offices = (
        Agency.objects.filter(kind=Agency.Kind.SOCIAL_INSURANCE)
        .select_related("district")
        .order_by("district__code")
    )
    return render(
        request,
        "public/home.html",
        {
            "policy_rows": plain_policy.policy_rows(policy),
            "example": plain_policy.example(policy, base=EXAMPLE_BASE),
            "left_out": plain_policy.left_out(policy),
            "sources": plain_policy.sources(policy),
            "offices": offices,
        },
    )


@require_safe
def calculator(request: HttpRequest) -> HttpResponse:
    """Work out what a unit would be spared; the figures stand in the address, nothing is kept."""
    policy = _policy_today()
    if not plain_policy.covered_months(policy):
        return render(request, "public/no_policy.html")
    asked = "unit_type" in request.GET
    form = TrialForm(request.GET if asked else None, policy=policy)
    result = trial.calculate(policy, **form.chosen()) if asked and form.is_valid() else None
    return render(
        request,
        "public/calculator.html",
        {
            "form": form,
            "result": result,
            "as_of": policy.as_of,
            "sources": plain_policy.sources(policy),
        },
    )
