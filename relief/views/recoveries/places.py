"""Where each difference between paid and due is, over the whole city."""

from datetime import date
from decimal import Decimal

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from registry import scope
from registry.models import Employer, Post
from relief.models import Insurance, PlaceCheck
from relief.queries import places
from relief.services.places import is_current


@require_safe
@scope.officer_required(Post.HANDLER, Post.REVIEWER, Post.FUND_FINANCE, Post.HEAD, Post.AUDIT)
def place_list(request: HttpRequest) -> HttpResponse:
    """Show what the last look through the book has found: lines and yuan by place, and what has
    none. For the city's officers."""
    if not scope.of_the_city(scope.officer_of(request)):
        raise PermissionDenied("全市的差额去向由市社会保险经办机构查看。")
    check = PlaceCheck.objects.order_by("-pk").first()
    rows = []
    if check is not None:
        employers = Employer.objects.in_bulk({line[0] for line in check.nowhere})
        rows = [
            (employers[employer], date.fromisoformat(month), Insurance(fund).label, Decimal(amount))
            for employer, month, fund, amount in check.nowhere
        ]
    return render(
        request,
        "relief/recoveries/places.html",
        {
            "check": check,
            "sums": places.shown(check.totals) if check else [],
            "difference": Decimal(check.totals["difference"]) if check else None,
            "nowhere": check.totals["nowhere"]["lines"] if check else 0,
            "rows": rows,
            "is_current": is_current(check, at=timezone.now()),
        },
    )
