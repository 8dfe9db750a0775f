"""Changes of account on the desk: list, decision, and accounts that several units use."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from casework import queries as casework_queries
from refunds import accounts, queries_accounts
from refunds.forms_accounts import CaseDecisionForm, CaseFilter
from refunds.models import AccountChange
from refunds.queries_accounts import SEES_SHARED
from refunds.services import account_cases
from registry import banks, paging, scope
from registry.models import Officer, Post

#: Who may open the paper on which a unit asked for its account.
SEES_PAPERS = frozenset({Post.HANDLER, Post.REVIEWER, Post.FUND_FINANCE, Post.AUDIT})


@require_safe
@scope.officer_required()
def case_list(request: HttpRequest) -> HttpResponse:
    """List the changes of account the officer may see."""
    form = CaseFilter(request.GET)
    rows = queries_accounts.changes_for(scope.viewer(request))
    if form.is_valid() and (state := form.cleaned_data["state"]):
        rows = rows.filter(state=state)
    page = paging.page_of(request, rows)
    may_propose = scope.officer_of(request).post in account_cases.PROPOSES
    return render(
        request,
        "refunds/accounts/desk_list.html",
        {"form": form, "page": page, "may_propose": may_propose},
    )


@require_http_methods(["GET", "POST"])
@scope.officer_required()
def case_detail(request: HttpRequest, case_receipt: str) -> HttpResponse:
    """Show one change field by field; the officer whose turn it is decides here."""
    rows = queries_accounts.changes_for(scope.viewer(request))
    case = get_object_or_404(rows, receipt=case_receipt)
    officer = scope.officer_of(request)
    form = CaseDecisionForm(request.POST or None, initial={"seen": case.state})
    if form.is_valid():
        asked = form.cleaned_data
        try:
            account_cases.decide(
                receipt=case.receipt,
                seen=asked["seen"],
                granted=asked["decision"] == CaseDecisionForm.GRANT,
                reason=asked["reason"],
                officer=officer,
                at=timezone.now(),
            )
        except account_cases.Missing as refusal:
            form.add_error(refusal.field, str(refusal))
        except (
            account_cases.NotYours,
            account_cases.SamePerson,
            account_cases.Overtaken,
            accounts.BadAccount,
        ) as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "已办理。")
            return redirect("desk_refunds:account_case", case_receipt=case.receipt)
    turn, why_not = _turn(case, officer)
    viewer = scope.viewer(request)
    return render(
        request,
        "refunds/accounts/desk_case.html",
        {
            "case": case,
            "changed": queries_accounts.differences(case),
            "bank_doubts": banks.doubts(bank=case.bank, code=case.bank_code),
            "may_see_paper": officer.post in SEES_PAPERS,
            "may_see_shared": officer.post in SEES_SHARED,
            "sharers": queries_accounts.sharers_of(case.number, besides=case.employer_id),
            "full_account": scope.may_see_account(viewer, approving=turn),
            "moves": casework_queries.timeline(AccountChange.KIND, case.pk),
            "turn": turn,
            "why_not": why_not,
            "form": form,
        },
    )


def _turn(case: AccountChange, officer: Officer) -> tuple[bool, str]:
    """Return whether this officer decides now; or why not, if it is worth saying."""
    if case.submission_id is not None:
        return False, ""
    try:
        account_cases.check_officer(case, officer)
    except account_cases.SamePerson as refusal:
        return False, str(refusal)
    except (account_cases.NotYours, account_cases.Overtaken):
        return False, ""
    return True, ""


@require_safe
@scope.officer_required(*SEES_SHARED)
def shared(request: HttpRequest) -> HttpResponse:
    """List the accounts that several units use; of the units only those the officer may see."""
    page = paging.page_of(request, queries_accounts.shared_for(scope.viewer(request)))
    return render(request, "refunds/accounts/shared.html", {"page": page})
