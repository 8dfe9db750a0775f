"""Undeclared months on the desk: one officer has units assessed, another agrees (R50a)."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from registry import months, paging, scope
from registry.models import Agency, Officer
from relief import queries
from relief.forms_classes import ClassVerdictForm
from relief.forms_estimates import EstimateForm, EstimateMonth
from relief.models import EstimateOrder
from relief.models.estimates import AGREES, STARTS
from relief.policy import NoRuleInForce
from relief.queries import estimates as asked
from relief.services import estimates

_REFUSALS = (
    estimates.NotYours,
    estimates.SamePerson,
    estimates.CannotAssess,
    NoRuleInForce,
)


def _starts(officer: Officer) -> bool:
    return officer.post == STARTS and officer.agency.kind == Agency.Kind.SOCIAL_INSURANCE


@require_http_methods(["GET", "HEAD", "POST"])
@scope.officer_required()
def undeclared(request: HttpRequest) -> HttpResponse:
    """List who didn't declare a month with last month's amounts, and start their assessment."""
    officer, today = scope.officer_of(request), timezone.localdate()
    asked_for = EstimateMonth(request.GET or None)
    latest = asked.last_month_past(queries.policy_as_of(today), today=today)
    month = (asked_for.is_valid() and asked_for.cleaned_data["month"]) or latest
    form = EstimateForm(request.POST or None) if _starts(officer) else None
    if request.method == "POST" and form is None:
        messages.error(request, scope.WRONG_POST)
        return redirect("relief:estimates")
    if form is not None and form.is_valid():
        try:
            made = estimates.start(
                kind=estimates.Kind.ASSESS,
                month=month,
                employer_ids=[int(pk) for pk in request.POST.getlist("units") if pk.isdecimal()],
                reason=form.cleaned_data["reason"],
                by=officer,
                at=timezone.now(),
            )
        except _REFUSALS as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "已发起，等另一人复核；复核以前不核定。")
            return redirect("relief:estimate", made.pk)
    units = asked.with_last_month(asked.units_of(officer, month), month)
    return render(
        request,
        "relief/estimates/list.html",
        {
            "asked": EstimateMonth(initial={"month": months.label(month)}),
            "month": month,
            "page": paging.page_of(request, units.select_related("district")),
            "orders": asked.orders_for(officer)[:20],
            "form": form,
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@scope.officer_required()
def order(request: HttpRequest, order_id: int) -> HttpResponse:
    """Show what was started, unit by unit; another officer decides."""
    officer = scope.officer_of(request)
    found = get_object_or_404(asked.orders_for(officer), pk=order_id)
    form = None
    if _may_decide(officer, found):
        form = ClassVerdictForm(request.POST or None)
        if form.is_valid():
            agreed = form.cleaned_data["verdict"] == form.AGREE
            try:
                estimates.decide(
                    order_id=found.pk,
                    agreed=agreed,
                    reason=form.cleaned_data["reason"],
                    by=officer,
                    at=timezone.now(),
                )
            except _REFUSALS as refusal:
                form.add_error(None, str(refusal))
            else:
                told = "已同意，系统会自动核定。" if agreed else "已记下不同意，不核定。"
                messages.success(request, told)
                return redirect("relief:estimate", found.pk)
    lines = found.lines.select_related("employer").order_by("employer__uscc", "insurance")
    return render(
        request,
        "relief/estimates/order.html",
        {
            "found": found,
            "page": paging.page_of(request, lines),
            "form": form,
            "withdrawing": EstimateForm() if _may_withdraw(officer, found) else None,
        },
    )


@require_POST
@scope.officer_required()
def withdraw(request: HttpRequest, order_id: int) -> HttpResponse:
    """Start taking an assessment back, of the units it still holds for; another officer agrees."""
    officer = scope.officer_of(request)
    found = get_object_or_404(asked.orders_for(officer), pk=order_id)
    form = EstimateForm(request.POST)
    if not _may_withdraw(officer, found):
        messages.error(request, "只有已经同意、还在起作用的核定，由同一机构的经办岗发起撤销。")
    elif not form.is_valid():
        messages.error(request, "撤销要写明事由。")
    else:
        try:
            made = estimates.start(
                kind=estimates.Kind.WITHDRAW,
                month=found.month,
                employer_ids=asked.still_standing(found),
                reason=form.cleaned_data["reason"],
                by=officer,
                at=timezone.now(),
            )
        except _REFUSALS as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, "已发起撤销，等另一人复核；复核以前仍按原核定。")
            return redirect("relief:estimate", made.pk)
    return redirect("relief:estimate", found.pk)


def _may_withdraw(officer: Officer, found: EstimateOrder) -> bool:
    decision = getattr(found, "decision", None)
    return (
        _starts(officer)
        and officer.agency_id == found.agency_id
        and found.kind == EstimateOrder.Kind.ASSESS
        and decision is not None
        and decision.agreed
        and bool(asked.still_standing(found))
    )


def _may_decide(officer: Officer, found: EstimateOrder) -> bool:
    return (
        not hasattr(found, "decision")
        and officer.post in AGREES
        and officer.agency_id == found.agency_id
        and officer.pk != found.started_by_id
    )
