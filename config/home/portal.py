"""Where an enterprise begins: what waits for it, and its months."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from casework import queries as casework_queries
from casework import todo
from registry import money, months, scope
from registry import queries as registry_queries
from relief import queries as relief_queries
from relief.queries.amounts import AccountMonth

LATEST_NOTICES = 3


@dataclass(frozen=True)
class Totals:
    """Sums over months, in yuan; insurances are never netted against each other (D15)."""

    gross_due: Decimal
    relief: Decimal
    net_due: Decimal
    paid: Decimal
    overpaid: Decimal
    underpaid: Decimal


def totals_of(account: Sequence[AccountMonth]) -> Totals:
    """Return the sums of an account's months."""
    return Totals(
        **{
            name: money.total(getattr(month, name) for month in account)
            for name in Totals.__dataclass_fields__
        }
    )


@require_safe
@scope.member_required
def home(request: HttpRequest) -> HttpResponse:
    """Show what is to be done, what was spared so far, and the unread notices."""
    viewer = scope.viewer(request)
    employer = scope.member_of(request).employer
    today = timezone.localdate()
    account = relief_queries.account(employer.pk, today)
    notices = casework_queries.notices_for(viewer).filter(read_at__isnull=True)
    return render(
        request,
        "portal/home.html",
        {
            "employer": employer,
            "terms": registry_queries.terms_in_force(employer, month=months.first_of(today)),
            "todos": todo.todos(viewer),
            "account": account,
            "totals": totals_of(account),
            "notices": notices[:LATEST_NOTICES],
            "unread": notices.count(),
        },
    )


@require_safe
@scope.member_required
def month_list(request: HttpRequest) -> HttpResponse:
    """Show every month and insurance: due, relief, paid, overpaid, and the clause."""
    employer = scope.member_of(request).employer
    account = relief_queries.account(employer.pk, timezone.localdate())
    return render(
        request,
        "portal/months.html",
        {"employer": employer, "account": account, "totals": totals_of(account)},
    )
