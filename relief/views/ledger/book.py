"""The book on the desk: balances by fund and account, an employer's entries, the proofs."""

from datetime import date
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from registry import as_of, paging, scope
from registry import queries as registry_queries
from registry.models import Post
from relief.forms_ledger import EntryFilter, SheetFilter
from relief.ledger import queries
from relief.ledger.accounts import Account
from relief.ledger.services import heads
from relief.models import Insurance, LedgerLeg

#: Who reads the proofs and the corrections.
WATCHERS = (Post.FUND_FINANCE, Post.HEAD, Post.AUDIT)


def _asked(form: forms.Form) -> tuple[date, dict[str, Any]]:
    """Return the day asked for, today by default, and whatever else the form says."""
    asked = form.cleaned_data if form.is_valid() else {}
    return asked.get("day") or timezone.localdate(), asked


@require_safe
@scope.officer_required()
def sheet(request: HttpRequest) -> HttpResponse:
    """Show what stands on every account of every fund as of a day."""
    form = SheetFilter(request.GET)
    day, _ = _asked(form)
    return render(
        request,
        "relief/ledger/sheet.html",
        {
            "form": form,
            "day": day,
            "funds": Insurance,
            "rows": queries.sheet(queries.legs_for(scope.viewer(request)), day),
            "proof": queries.proofs().first(),
            "watches": scope.officer_of(request).post in WATCHERS,
        },
    )


@require_safe
@scope.officer_required()
def holders(request: HttpRequest, insurance: str, account: str) -> HttpResponse:
    """Show whose money stands on an account of a fund as of a day."""
    if account not in Account.values or insurance not in Insurance.values:
        raise Http404
    form = SheetFilter(request.GET)
    day, _ = _asked(form)
    rows = queries.holders(
        scope.viewer(request), account=Account(account), insurance=insurance, day=day
    )
    page = paging.page_of(request, rows)
    return render(
        request,
        "relief/ledger/holders.html",
        {
            "form": form,
            "day": day,
            "account": Account(account),
            "fund": Insurance(insurance),
            "page": page,
            "rows": [(row, queries.Balance(row["balance"])) for row in page],
        },
    )


@require_safe
@scope.officer_required()
def employer_ledger(request: HttpRequest, employer_id: int) -> HttpResponse:
    """Show an employer's entries with both their sides, and what each account held after."""
    viewer = scope.viewer(request)
    employer = get_object_or_404(registry_queries.employers_for(viewer), pk=employer_id)
    seen = as_of.seen(request, today=timezone.localdate(), form=EntryFilter)
    day, insurance = seen.day, seen.form.cleaned_data.get("insurance") or ""
    page = paging.page_of(request, queries.entries_of(employer.pk, day, insurance))
    legs = LedgerLeg.objects.filter(employer=employer.pk)
    if insurance:
        legs = legs.filter(insurance=insurance)
    return render(
        request,
        "relief/ledger/employer.html",
        {
            "employer": employer,
            "seen": seen,
            "form": seen.form,
            "day": day,
            "page": page,
            "entries": queries.with_legs(page, employer_id=employer.pk, day=day),
            "funds": Insurance,
            "rows": queries.sheet(legs, day),
            "may_propose": not seen.past and _may_propose(viewer),
        },
    )


def _may_propose(viewer: scope.Viewer) -> bool:
    officer = viewer.officer
    return (
        officer is not None and officer.post == Post.FUND_FINANCE and scope.acts_city_wide(officer)
    )


@require_safe
@scope.officer_required(*WATCHERS)
def proofs(request: HttpRequest) -> HttpResponse:
    """Show how the proofs ended, and where each chain ends."""
    page = paging.page_of(request, queries.proofs())
    return render(request, "relief/ledger/proofs.html", {"page": page, "heads": heads()})
