"""An employer's account by month, and the list of overpayments."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from registry import as_of, money, months, paging, scope
from registry import queries as registry_queries
from relief import queries
from relief.calc.holds import CLAUSE
from relief.forms import OverpaidFilter
from relief.policy import EmployerClass
from relief.queries import desk, holds, late_fees, places, recoveries
from relief.queries.due_dates import moved_days
from relief.services import overpaid

SUMS = ("gross_due", "relief", "net_due", "employee_due", "paid", "overpaid", "underpaid")


@require_safe
@scope.officer_required()
def account(request: HttpRequest, employer_id: int) -> HttpResponse:
    """Show what an employer owes, is spared, has paid and is owed, by month and insurance;
    as of today or of `as_of`."""
    viewer = scope.viewer(request)
    employer = get_object_or_404(registry_queries.employers_for(viewer), pk=employer_id)
    seen = as_of.seen(request, today=timezone.localdate())
    found = queries.account(employer.pk, seen.day)
    asked = recoveries.parameters(seen.day, employer_ids=[employer.pk])
    classes = {
        line.assessment.employer_class for month in found for line in month.lines if line.assessment
    }
    return render(
        request,
        "relief/account.html",
        {
            "employer": employer,
            "seen": seen,
            "form": seen.form,
            "terms": registry_queries.terms_in_force(employer, month=months.first_of(seen.day)),
            "account": found,
            "classes": [EmployerClass(name).label for name in sorted(classes)],
            "held": holds.held_months([employer.pk], until=seen.until),
            "hold_clause": CLAUSE,
            "sizes": queries.size_sources(employer, seen.day),
            "late": late_fees.of_unit(employer.pk, seen.day, asked=asked),
            "moved": moved_days(employer.pk, seen.day),
            # Where money is going is known of today only.
            "placed": [] if seen.past else places.placed(seen.day, asked=asked),
            "totals": {name: money.total(getattr(m, name) for m in found) for name in SUMS},
        },
    )


@require_safe
@scope.officer_required()
def overpaid_list(request: HttpRequest) -> HttpResponse:
    """List what is overpaid, of the employers the officer may see."""
    viewer = scope.viewer(request)
    form = OverpaidFilter(request.GET, districts=registry_queries.districts_for(viewer))
    asked = form.cleaned_data if form.is_valid() else {}
    rows = desk.overpaid_lines(viewer, **asked)
    return render(
        request,
        "relief/overpaid_list.html",
        {
            "form": form,
            "page": paging.page_of(request, rows),
            "sums": desk.overpaid_sums(rows),
            "is_current": overpaid.is_current(timezone.localdate()),
        },
    )
