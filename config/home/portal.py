"""Where an enterprise begins: what waits for it, its months, and why an amount is what it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from casework import queries as casework_queries
from casework import todo
from refunds import queries_offset
from registry import as_of, money, months, scope
from registry import queries as registry_queries
from relief import queries as relief_queries
from relief.calc.holds import CLAUSE
from relief.calc.tree import node
from relief.policy import Insurance, NoRuleInForce
from relief.queries import explanations, holds, late_fees
from relief.queries.amounts import AccountMonth
from relief.queries.due_dates import moved_days

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
    """Show every month and insurance: due, relief, paid, overpaid, and the clause; as of today
    or of `as_of`."""
    employer = scope.member_of(request).employer
    seen = as_of.seen(request, today=timezone.localdate())
    account = relief_queries.account(employer.pk, seen.day)
    return render(
        request,
        "portal/months.html",
        {
            "employer": employer,
            "seen": seen,
            "form": seen.form,
            "account": account,
            "totals": totals_of(account),
            "held": holds.held_months([employer.pk], until=seen.until),
            "hold_clause": CLAUSE,
            "offsets": queries_offset.moved_by_month(employer.pk, day=seen.day),
            "late": late_fees.of_unit(employer.pk, seen.day),
            "moved": moved_days(employer.pk, seen.day),
        },
    )


@require_safe
@scope.member_required
def why(request: HttpRequest, month: str, insurance: str) -> HttpResponse:
    """Show the steps from what was declared to what is owed, as of today or of `as_of`."""
    employer = scope.member_of(request).employer
    try:
        period, kind = months.parse(month), Insurance(insurance)
    except ValueError:
        raise Http404 from None
    seen = as_of.seen(request, today=timezone.localdate())
    context: dict[str, Any] = {
        "employer": employer,
        "seen": seen,
        "form": seen.form,
        "month": period,
        "insurance": kind,
        "title": f"{period.year}年{period.month}月{kind.label}保险是怎样算的",
    }
    try:
        found = explanations.why(employer, period, kind, seen.day)
    except (explanations.NothingDeclared, NoRuleInForce) as nothing:
        context["nothing"] = str(nothing)
    else:
        context |= {
            "found": found,
            "steps": [node(step) for step in found.explanation.steps],
            "moved": moved_days(employer.pk, seen.day, place=(period, kind.value)),
        }
    return render(request, "portal/why.html", context)
