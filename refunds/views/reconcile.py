"""Reconciliation on the desk: days of an account, a day's three sums, differences, closing."""

from datetime import date

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from casework.views.letters import letter_file
from refunds import queries_reconcile
from refunds.forms_reconcile import CorrectionForm, VerdictForm
from refunds.models import Correction, DayClose, Difference, FundAccount
from refunds.services import day_close, differences, reconcile
from refunds.views.city import city_officer
from registry import paging, scope
from registry.models import Officer, Post

#: Who looks at the funds' accounts.
LOOKERS = (Post.FUND_FINANCE, Post.HEAD, Post.AUDIT)
REFUSALS = (
    differences.NotYours,
    differences.SamePerson,
    differences.NotOpen,
    differences.CannotBeSo,
    differences.ReasonMissing,
)


@require_safe
@scope.officer_required(*LOOKERS)
def overview(request: HttpRequest) -> HttpResponse:
    """List the accounts with their latest days, and every difference that waits."""
    city_officer(request)
    waiting = queries_reconcile.open_differences()
    now = timezone.now()
    page = paging.page_of(request, waiting)
    names = {account.number: account for account in queries_reconcile.accounts()}
    for difference in page:
        difference.fund = names.get(difference.account)
        difference.age = differences.age_in_days(difference, now=now)
    return render(
        request,
        "refunds/reconcile/overview.html",
        {
            "accounts": [
                (account, queries_reconcile.days(account.number, most=10))
                for account in names.values()
            ],
            "page": page,
        },
    )


def _account(account_id: int) -> FundAccount:
    return get_object_or_404(FundAccount, pk=account_id)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Http404 from error


@require_safe
@scope.officer_required(*LOOKERS)
def day_list(request: HttpRequest, account_id: int) -> HttpResponse:
    """List an account's days: statement, open differences, certificate."""
    city_officer(request)
    account = _account(account_id)
    days = queries_reconcile.days(account.number, most=400)
    page = paging.page_of(request, days)
    return render(request, "refunds/reconcile/days.html", {"account": account, "page": page})


@require_http_methods(["GET", "POST"])
@scope.officer_required(*LOOKERS)
def day_detail(request: HttpRequest, account_id: int, day: str) -> HttpResponse:
    """Show the three sums of a day with its differences; compare anew; close."""
    officer = city_officer(request)
    account, when = _account(account_id), _day(day)
    if request.method == "POST":
        _act(request, officer, account, when)
        return redirect("desk_refunds:reconcile_day", account_id=account_id, day=day)
    found = list(queries_reconcile.differences(account=account.number, day=when))
    figures = day_close.figures(account.number, when)
    open_ones = [each for each in found if each.state in reconcile.OPEN]
    statement = reconcile.statement_of(account.number, when)
    closed = day_close.last_close(account.number, when)
    drafted = day_close.drafted_any(officer, account=account.number, day=when)
    return render(
        request,
        "refunds/reconcile/day.html",
        {
            "account": account,
            "day": when,
            "figures": figures,
            "compared": figures.compared,
            "statement": statement,
            "found": found,
            "open": len(open_ones),
            "closed": closed,
            "moved_since": closed is not None and not figures.same_as(closed),
            "drafted": drafted,
            "may_close": officer.post in day_close.CLOSES
            and not drafted
            and statement is not None
            and not open_ones
            and figures.difference == 0
            and (closed is None or not figures.same_as(closed)),
        },
    )


def _act(request: HttpRequest, officer: Officer, account: FundAccount, when: date) -> None:
    at = timezone.now()
    if request.POST.get("do") == "close":
        try:
            closed = day_close.close_day(account=account.number, day=when, officer=officer, at=at)
        except (
            day_close.NotBalanced,
            day_close.DraftedIt,
            day_close.NothingToClose,
            differences.NotYours,
        ) as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, f"已对平，证书：{closed.certificate.number}。")
        return
    reconcile.reconcile_day(account=account.number, day=when, at=at)
    messages.success(request, "已重新核对。")


@require_http_methods(["GET", "POST"])
@scope.officer_required(*LOOKERS)
def difference(request: HttpRequest, difference_id: int) -> HttpResponse:
    """Show one difference: propose how to settle it, or decide on what was proposed."""
    officer = city_officer(request)
    found = get_object_or_404(Difference.objects.select_related("owner"), pk=difference_id)
    corrections = list(queries_reconcile.corrections_of(found))
    proposed = next((each for each in corrections if each.state == Correction.State.PROPOSED), None)
    ways = differences.ways(found)
    form = CorrectionForm(request.POST or None, ways=ways) if proposed is None else None
    verdict = VerdictForm(request.POST or None) if proposed else None
    active = form or verdict
    if request.method == "POST" and active is not None and active.is_valid():
        try:
            word = _settle(found, proposed, active.cleaned_data, officer)
        except REFUSALS as refusal:
            active.add_error(None, str(refusal))
        else:
            messages.success(request, word)
            return redirect("desk_refunds:difference", difference_id=found.pk)
    account = FundAccount.objects.filter(number=found.account).order_by("-pk").first()
    return render(
        request,
        "refunds/reconcile/difference.html",
        {
            "difference": found,
            "account": account,
            "age": differences.age_in_days(found, now=timezone.now()),
            "corrections": corrections,
            "proposed": proposed,
            "mine": proposed is not None and proposed.prepared_by_id == officer.pk,
            "form": form,
            "verdict": verdict,
            "ways": ways,
            "may_propose": officer.post in differences.PREPARES and found.state == "OPEN",
            "may_decide": officer.post in differences.CONFIRMS,
            "advice": ADVICE[Difference.Kind(found.kind)],
        },
    )


def _settle(
    found: Difference, proposed: Correction | None, asked: dict[str, str], officer: Officer
) -> str:
    at = timezone.now()
    if proposed is None:
        proposal = differences.Proposal(
            Correction.Action(asked["action"]), asked["reason"], asked["document"]
        )
        differences.propose(difference_id=found.pk, proposal=proposal, officer=officer, at=at)
        return "已提出处理办法，等另一位工作人员确认。"
    if asked["verdict"] == VerdictForm.CONFIRM:
        differences.confirm(correction_id=proposed.pk, officer=officer, at=at)
        return "已确认，差异已处理。"
    differences.refuse(correction_id=proposed.pk, reason=asked["refusal"], officer=officer, at=at)
    return "已退回，差异重新待处理。"


@require_POST
@scope.officer_required(Post.FUND_FINANCE, Post.HEAD)
def take_on(request: HttpRequest, difference_id: int) -> HttpResponse:
    """Become the one who looks after a difference."""
    officer = city_officer(request)
    try:
        differences.take_on(difference_id=difference_id, officer=officer)
    except REFUSALS as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "这项差异由您经办。")
    return redirect("desk_refunds:difference", difference_id=difference_id)


@require_safe
@scope.officer_required(*LOOKERS)
def certificate(request: HttpRequest, close_id: int) -> HttpResponse:
    """Give out the certificate of a closed day, as it was issued."""
    city_officer(request)
    closed = get_object_or_404(DayClose.objects.select_related("certificate"), pk=close_id)
    name = f"reconciliation-{closed.day:%Y%m%d}-{closed.account[-4:]}-{closed.round}"
    return letter_file(closed.certificate, name=name)


#: What to do about each kind, in the order of doing it.
ADVICE = {
    Difference.Kind.NOT_ON_STATEMENT: "请银行说明这笔款是否付出、哪一天入账。对账单补来后会自动重新核对。",
    Difference.Kind.NOT_ANSWERED: "对账单显示银行已经付款，但没有回盘。请先向银行索要回盘文件；银行书面确认后，也可以以对账单为准补记。",
    Difference.Kind.OTHER_DAY: "两天的记录金额相同、方向一致，合计为零，不需要处理。",
    Difference.Kind.THERE_AND_BACK: "银行付出后又退回，合计为零，不需要处理。",
    Difference.Kind.AMOUNT: "请立即与银行核对实际付款金额，并取得书面说明。核实以前不会再次付款。",
    Difference.Kind.TWICE: "银行可能重复付款。请立即要求银行追回，并取得书面说明。",
    Difference.Kind.NOT_OURS: "这一笔不是退费业务（例如划拨资金、手续费、利息）。请核对凭证后说明原因。",
    Difference.Kind.LEDGER: "账簿与银行回盘不一致，属于系统内部差错，不能用说明代替。请报告系统管理员，并运行账簿校验。",
    Difference.Kind.BALANCE: "对账单的期初、发生额、期末对不上，可能缺页或缺日。请银行重新提供对账单。",
    Difference.Kind.NO_STATEMENT: "当日有付款结果，但没有收到对账单。请向银行索要。",
}
