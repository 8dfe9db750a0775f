"""Refunds as the enterprise sees them: what is offered, choosing, progress, another account."""

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from refunds import accounts, offered, queries, queries_accounts
from refunds.forms import AccountForm, PortalFilter
from refunds.models import Obligation
from refunds.services import choose
from refunds.views import shown
from refunds.workflow import MOVES, Action, IllegalMove
from registry import banks, paging, scope
from registry import queries as registry_queries
from registry.money import total


@require_safe
@scope.member_required
def refund_list(request: HttpRequest) -> HttpResponse:
    """List the employer's refunds."""
    viewer = scope.viewer(request)
    form = PortalFilter(request.GET)
    asked = form.cleaned_data if form.is_valid() else {}
    rows = queries.search(queries.refunds_for(viewer), **asked)
    waiting = queries.undecided_of(scope.member_of(request).employer_id)
    return render(
        request,
        "refunds/portal_list.html",
        {
            "form": form,
            "page": paging.page_of(request, rows),
            "offered": waiting,
            "offered_total": total(found.amount for found in waiting),
        },
    )


def _choices(request: HttpRequest, *, by_offset: bool = False) -> offered.Choices:
    """Return the choices for the refunds named in the request, or for all that wait; `by_offset`:
    only for those that may be offset."""
    employer_id = scope.member_of(request).employer_id
    named = {*request.GET.getlist("receipt"), *request.POST.getlist("receipt")}
    waiting = queries.undecided_of(employer_id)
    chosen = [found for found in waiting if not named or found.receipt in named]
    if by_offset:
        chosen = [found for found in chosen if found.project_id is None]
    return offered.choices(employer_id, chosen, today=timezone.localdate())


@require_safe
@scope.member_required
def offer(request: HttpRequest) -> HttpResponse:
    """Say that there is money to give back: how much, for which months, why, and what each of
    the two choices means."""
    choices = _choices(request)
    return render(
        request,
        "refunds/offer.html",
        {
            "choices": choices,
            "may_sign": scope.may_sign(scope.member_of(request)),
        },
    )


@require_http_methods(["GET", "POST"])
@scope.signer_required
def choose_offset(request: HttpRequest) -> HttpResponse:
    """Show which months would be paid, and hand the choice in."""
    choices = _choices(request, by_offset=True)
    if not choices.refunds or choices.is_over:
        return redirect("portal_refunds:offer")
    refusal = ""
    if request.method == "POST":
        try:
            done = choose.choose_offset(
                member=scope.member_of(request),
                receipts=request.POST.getlist("receipt"),
                at=timezone.now(),
            )
        except (
            choose.NothingToChoose,
            choose.OffsetIsOver,
            choose.OnlyRefunded,
            IllegalMove,
        ) as error:
            refusal = str(error)
        else:
            messages.success(request, "已选择冲抵。用到哪几个月、还剩多少，随时可以在这里查看。")
            if len(done) == 1:
                return redirect("portal_refunds:detail", receipt=done[0].receipt)
            return redirect("portal_refunds:list")
    return render(request, "refunds/choose_offset.html", {"choices": choices, "refusal": refusal})


def _account_form(
    request: HttpRequest, obligations: Sequence[Obligation], *, new_only: bool = False
) -> AccountForm:
    employer = scope.member_of(request).employer
    today = timezone.localdate()
    return AccountForm(
        request.POST or None,
        employer=employer,
        unit_type=queries.unit_type(employer.pk, today=today),
        registered=registry_queries.account_in_force(employer.pk, on=today),
        new_only=new_only,
        paying=queries_accounts.paying_account(employer, obligations, today=today),
    )


def _checked(
    request: HttpRequest, form: AccountForm, *, correcting: bool = False
) -> choose.Account | None:
    """Return the account if it may be paid to; otherwise the form says why not."""
    if not form.is_valid():
        return None
    account = form.account()
    check = choose.check_account if correcting else choose.check_choice
    try:
        check(account, member=scope.member_of(request), at=timezone.now())
    except accounts.BadAccount as refusal:
        form.refuse(refusal.field, str(refusal))
        return None
    return account


@require_http_methods(["GET", "POST"])
@scope.signer_required
def choose_account(request: HttpRequest) -> HttpResponse:
    """Ask for the account, show everything once more, hand it in."""
    member = scope.member_of(request)
    waiting = [refund for refund, _ in _choices(request).refunds]
    if not waiting:
        return redirect("portal_refunds:offer")
    form = _account_form(request, waiting)
    account = _checked(request, form)
    if account and "confirmed" in request.POST:
        try:
            done = choose.choose_refund(
                member=member,
                receipts=request.POST.getlist("receipt"),
                account=account,
                at=timezone.now(),
            )
        except (choose.NothingToChoose, IllegalMove, accounts.BadAccount) as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("portal_refunds:submitted", receipt=done[0].receipt)
    confirming = account if account and form.is_valid() and "change" not in request.POST else None
    return _account_page(request, form, waiting, confirming)


def _account_page(
    request: HttpRequest,
    form: AccountForm,
    obligations: Sequence[Obligation],
    account: choose.Account | None,
    *,
    correcting: bool = False,
) -> HttpResponse:
    """Show the form, or what was filled in, to be looked over."""
    return render(
        request,
        "refunds/check_answers.html" if account else "refunds/account.html",
        {
            "form": form,
            "obligations": obligations,
            "total": total(found.amount for found in obligations),
            "account": account,
            "bank_doubts": banks.doubts(bank=account.bank, code=account.bank_code)
            if account
            else [],
            "correcting": correcting,
            "last": queries.attempts_of(obligations[0]).last() if correcting else None,
        },
    )


def _mine(request: HttpRequest, receipt: str) -> Obligation:
    return get_object_or_404(queries.refunds_for(scope.viewer(request)), receipt=receipt)


@require_safe
@scope.member_required
def submitted(request: HttpRequest, receipt: str) -> HttpResponse:
    """Confirm what was handed in: receipt numbers, and what comes next."""
    obligation = _mine(request, receipt)
    submission = queries.latest_submission(obligation)
    together = queries.refunds_for(scope.viewer(request)).filter(
        submissions__at=submission.at if submission else None
    )
    return render(
        request,
        "refunds/submitted.html",
        {"obligation": obligation, "obligations": together, "submission": submission},
    )


@require_safe
@scope.member_required
def refund_detail(request: HttpRequest, receipt: str) -> HttpResponse:
    """Show one refund: how far it is, who has it, which months, what the bank said."""
    obligation = _mine(request, receipt)
    submission = queries.latest_submission(obligation)
    return render(
        request,
        "refunds/portal_detail.html",
        {
            "obligation": obligation,
            "items": queries.items_of(obligation),
            "attempts": queries.attempts_of(obligation),
            "submission": submission,
            "waiting": queries_accounts.waiting_of(submission, at=timezone.now())
            if submission and obligation.state in queries_accounts.WAITS_FOR_BATCH
            else None,
            "timeline": shown.timeline(obligation),
            "progress": shown.progress(obligation),
            "may_sign": scope.may_sign(scope.member_of(request)),
            "may_choose": obligation.state in MOVES[Action.CHOOSE].sources,
            "may_withdraw": obligation.state in MOVES[Action.WITHDRAW].sources,
            "may_correct": obligation.state in MOVES[Action.CORRECT].sources,
            "successor": obligation.successors.first(),
            **shown.offset(obligation),
            "explained": shown.explained(obligation),
        },
    )


@require_http_methods(["GET", "POST"])
@scope.signer_required
def correct_account(request: HttpRequest, receipt: str) -> HttpResponse:
    """Ask for another account after the bank has sent the money back."""
    obligation = _mine(request, receipt)
    if obligation.state not in MOVES[Action.CORRECT].sources:
        return redirect("portal_refunds:detail", receipt=receipt)
    form = _account_form(request, [obligation], new_only=True)
    account = _checked(request, form, correcting=True)
    if account and "confirmed" in request.POST:
        try:
            choose.correct_account(
                member=scope.member_of(request), receipt=receipt, account=account, at=timezone.now()
            )
        except (choose.NothingToChoose, IllegalMove) as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(
                request, "新账户已提交。工作人员确认后会重新付款，进度可以在本页查看。"
            )
            return redirect("portal_refunds:detail", receipt=receipt)
    confirming = account if account and form.is_valid() and "change" not in request.POST else None
    return _account_page(request, form, [obligation], confirming, correcting=True)


@require_http_methods(["GET", "POST"])
@scope.signer_required
def withdraw(request: HttpRequest, receipt: str) -> HttpResponse:
    """Ask whether the choice is really to be taken back, and take it back."""
    obligation = _mine(request, receipt)
    if request.method == "POST":
        try:
            choose.withdraw(member=scope.member_of(request), receipt=receipt, at=timezone.now())
        except IllegalMove as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, "选择已撤回。这笔钱仍为您保留，可以随时重新选择。")
            return redirect("portal_refunds:offer")
        return redirect("portal_refunds:detail", receipt=receipt)
    return render(
        request, "refunds/withdraw.html", {"obligation": obligation, **shown.offset(obligation)}
    )
