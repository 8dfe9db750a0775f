"""The unit's own accounts: in force, changes on their way, history; propose and take back."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from casework import queries as casework_queries
from refunds import queries, queries_accounts
from refunds.forms_accounts import ChangeForm
from refunds.models import AccountChange
from refunds.services import account_cases, account_withdrawals
from refunds.views import proposing
from registry import paging, scope
from registry import queries as registry_queries


@require_safe
@scope.member_required
def overview(request: HttpRequest) -> HttpResponse:
    """Show the account in force, the changes and the former accounts."""
    member = scope.member_of(request)
    today = timezone.localdate()
    return render(
        request,
        "refunds/accounts/portal.html",
        {
            "account": registry_queries.account_in_force(member.employer_id, on=today),
            "page": paging.page_of(request, queries_accounts.changes_for(scope.viewer(request))),
            "history": registry_queries.accounts_history(member.employer, on=today)[:20],
            "may_sign": scope.may_sign(member),
        },
    )


@require_http_methods(["GET", "POST"])
@scope.signer_required
def propose(request: HttpRequest) -> HttpResponse:
    """Ask for another account, show what changes, hand it in."""
    member = scope.member_of(request)
    today, at = timezone.localdate(), timezone.now()
    form = ChangeForm(
        request.POST or None,
        employer=member.employer,
        unit_type=queries.unit_type(member.employer_id, today=today),
    )
    looked_over = proposing.looked_over(form, member.employer, at=at)
    if looked_over and "confirmed" in request.POST:
        try:
            case = account_cases.propose(
                member=member,
                account=form.account(),
                reason=form.cleaned_data["reason"],
                at=at,
            )
        except proposing.REFUSALS as refusal:
            proposing.say(form, refusal)
        else:
            messages.success(
                request, f"变更已提交，办件编号{case.receipt}。由两位工作人员核对后生效。"
            )
            return redirect("portal_refunds:account_case", case_receipt=case.receipt)
    if looked_over and form.is_valid() and "change" not in request.POST:
        return render(request, "refunds/accounts/propose_check.html", {"form": form, **looked_over})
    return render(request, "refunds/accounts/propose.html", {"form": form})


def _mine(request: HttpRequest, receipt: str) -> AccountChange:
    return get_object_or_404(queries_accounts.changes_for(scope.viewer(request)), receipt=receipt)


@require_safe
@scope.member_required
def case_detail(request: HttpRequest, case_receipt: str) -> HttpResponse:
    """Show one change: what, by whom, how far."""
    case = _mine(request, case_receipt)
    return render(
        request,
        "refunds/accounts/portal_case.html",
        {
            "case": case,
            "changed": queries_accounts.differences(case),
            "moves": casework_queries.timeline(AccountChange.KIND, case.pk),
            "may_withdraw": scope.may_sign(scope.member_of(request))
            and account_cases.may_withdraw(case, at=timezone.now()),
        },
    )


@require_http_methods(["GET", "POST"])
@scope.signer_required
def withdraw(request: HttpRequest, case_receipt: str) -> HttpResponse:
    """Ask whether the change is really to be taken back, and take it back."""
    case = _mine(request, case_receipt)
    if request.method == "POST":
        try:
            account_withdrawals.withdraw(
                member=scope.member_of(request), receipt=case.receipt, at=timezone.now()
            )
        except (account_cases.Overtaken, account_cases.NotYours) as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, "变更已撤回，不会向这个账户付款。")
        return redirect("portal_refunds:account_case", case_receipt=case.receipt)
    return render(request, "refunds/accounts/withdraw.html", {"case": case})
