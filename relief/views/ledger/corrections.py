"""Corrections of the book on the desk: fund finance proposes, the head decides."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from registry import money, paging, scope
from registry import queries as registry_queries
from registry.models import Officer, Post
from relief.forms_ledger import CorrectionFilter, CorrectionForm, ReversalForm, VerdictForm
from relief.ledger import queries
from relief.ledger.services import corrections
from relief.models import Insurance, LedgerCorrection

POSTS = (Post.FUND_FINANCE, Post.HEAD, Post.AUDIT)
State, Kind = LedgerCorrection.State, LedgerCorrection.Kind


@require_safe
@scope.officer_required(*POSTS)
def correction_list(request: HttpRequest) -> HttpResponse:
    """List the corrections, the latest first."""
    form = CorrectionFilter(request.GET)
    rows = queries.corrections_for(scope.viewer(request))
    if form.is_valid() and form.cleaned_data["state"]:
        rows = rows.filter(state=form.cleaned_data["state"])
    page = paging.page_of(request, rows)
    return render(request, "relief/ledger/corrections.html", {"form": form, "page": page})


@require_http_methods(["GET", "POST"])
@scope.officer_required(Post.FUND_FINANCE)
def propose(request: HttpRequest, employer_id: int, insurance: str) -> HttpResponse:
    """Ask for a correction of one fund's account of an employer, and store the proposal."""
    viewer = scope.viewer(request)
    employer = get_object_or_404(registry_queries.employers_for(viewer), pk=employer_id)
    fund = Insurance(insurance) if insurance in Insurance.values else Insurance.PENSION
    owed = queries.owed_by_month(employer.pk, fund)
    form = CorrectionForm(request.POST or None, of=[month for month, _ in owed])
    if form.is_valid():
        try:
            found = corrections.propose(
                kind=form.cleaned_data["kind"],
                employer=employer,
                insurance=fund,
                amounts=form.amounts(),
                reason=form.cleaned_data["reason"],
                document=form.cleaned_data["document"],
                by=scope.officer_of(request),
                at=timezone.now(),
            )
        except (
            corrections.NotYours,
            corrections.NothingToCorrect,
            corrections.MoreThanOwed,
        ) as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "已提出，等负责人审批；审批前不记账。")
            return redirect("relief:correction", found.pk)
    fields = [
        (form[name], f"应收余额 {money.text(amount)} 元")
        for name, (_, amount) in zip(form.months, owed, strict=True)
    ]
    return render(
        request,
        "relief/ledger/propose.html",
        {"employer": employer, "fund": fund, "funds": Insurance, "form": form, "fields": fields},
    )


@require_http_methods(["GET", "POST"])
@scope.officer_required(*POSTS)
def detail(request: HttpRequest, correction_id: int) -> HttpResponse:
    """Show a correction; the head decides on a proposal, fund finance may take one back."""
    found = get_object_or_404(queries.corrections_for(scope.viewer(request)), pk=correction_id)
    officer = scope.officer_of(request)
    form, decides = _form(request, found, officer)
    if form is not None and form.is_valid():
        try:
            if decides:
                target = _decide(request, found, form, officer)
            else:
                target = corrections.propose_reversal(
                    correction_id=found.pk, by=officer, at=timezone.now(), **form.cleaned_data
                )
                messages.success(request, "已提出冲正，等负责人审批。")
        except (
            corrections.NotYours,
            corrections.SamePerson,
            corrections.AlreadyDecided,
            corrections.MoreThanOwed,
            corrections.NotReversible,
        ) as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("relief:correction", target.pk)
    amounts = {item.month: item.amount for item in found.items.all()}
    return render(
        request,
        "relief/ledger/correction.html",
        {
            "found": found,
            "legs": corrections.legs_of(found, amounts),
            "form": form,
            "decides": decides,
        },
    )


def _form(
    request: HttpRequest, found: LedgerCorrection, officer: Officer
) -> tuple[VerdictForm | ReversalForm | None, bool]:
    """Return the form for what the officer may do with a correction, and whether it decides."""
    data = request.POST or None
    if not scope.acts_city_wide(officer):
        return None, False
    if officer.post == Post.HEAD and found.state == State.PROPOSED:
        return VerdictForm(data), True
    reversible = found.state == State.APPROVED and found.kind != Kind.REVERSAL
    if officer.post == Post.FUND_FINANCE and reversible:
        return ReversalForm(data), False
    return None, False


def _decide(
    request: HttpRequest, found: LedgerCorrection, form: VerdictForm, officer: Officer
) -> LedgerCorrection:
    at = timezone.now()
    if form.cleaned_data["verdict"] == VerdictForm.APPROVE:
        decided = corrections.approve(correction_id=found.pk, by=officer, at=at)
        messages.success(request, "已审批并记账。")
        return decided
    decided = corrections.refuse(
        correction_id=found.pk, reason=form.cleaned_data["refusal"], by=officer, at=at
    )
    messages.success(request, "已退回。")
    return decided
