"""The rules of approval on the desk: what is in force, what is prepared, publishing by another."""

from decimal import Decimal

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from refunds import queries_approval
from refunds.forms_audit import RulesForm
from refunds.models import ApprovalRules
from refunds.services import tiers
from registry import paging, scope
from registry.models import Post

REFUSALS = (tiers.NotYourTask, tiers.BadRules, tiers.SamePerson)
_POSTS = (Post.REVIEWER, Post.FUND_FINANCE, Post.AUDIT, Post.HEAD)


@require_safe
@scope.officer_required(*_POSTS)
def rule_list(request: HttpRequest) -> HttpResponse:
    """Show every set of rules, which is in force, and which waits to be published."""
    officer = scope.officer_of(request)
    rows = ApprovalRules.objects.select_related("prepared_by", "published_by")
    page = paging.page_of(request, rows.prefetch_related("tiers").order_by("-pk"))
    return render(
        request,
        "refunds/rules.html",
        {
            "page": page,
            "in_force": queries_approval.rules_in_force(on=timezone.localdate()),
            "may_prepare": tiers.may_prepare(officer),
            "may_publish": tiers.may_publish(officer),
            "officer": officer,
        },
    )


@require_http_methods(["GET", "POST"])
@scope.officer_required(Post.FUND_FINANCE, Post.AUDIT, Post.HEAD)
def prepare(request: HttpRequest) -> HttpResponse:
    """Prepare a set of rules, beginning from the one in force."""
    officer = scope.officer_of(request)
    if not tiers.may_prepare(officer):
        raise PermissionDenied(scope.WRONG_POST)
    known = queries_approval.rules_in_force(on=timezone.localdate())
    form = RulesForm(request.POST or None, initial=_initial(known))
    if form.is_valid():
        try:
            _prepare(form, known, request)
        except REFUSALS as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "已拟定，等负责人岗的另一人发布。发布前不起作用。")
            return redirect("desk_refunds:rules")
    return render(request, "refunds/rules_prepare.html", {"form": form})


def _initial(known: ApprovalRules | None) -> dict[str, object]:
    if known is None:
        return {"random_percent": 5}
    head = [tier.amount_from for tier in known.tiers.all() if "THIRD" in tier.levels]
    risks = known.risks
    return {
        "head_from": min(head) if head else None,
        "random_percent": known.random_share * 100,
        "large": risks.get("LARGE", {}).get("amount"),
        "first_refund": risks.get("FIRST_REFUND", {}).get("amount"),
        "account_days": risks.get("ACCOUNT_CHANGED", {}).get("days"),
    }


def _prepare(form: RulesForm, known: ApprovalRules | None, request: HttpRequest) -> None:
    asked = form.cleaned_data
    head_from = asked["head_from"]
    steps = [tiers.Tier(Decimal(0), head=head_from == 0)]
    if head_from:
        steps.append(tiers.Tier(head_from, head=True))
    # What the page does not ask stays as it is.
    risks = dict(known.risks) if known else {}
    risks |= {
        "LARGE": {"amount": asked["large"]},
        "FIRST_REFUND": {"amount": asked["first_refund"]},
        "ACCOUNT_CHANGED": {"days": asked["account_days"]},
    }
    tiers.prepare(
        title=asked["title"],
        from_day=asked["from_day"],
        document=asked["document"],
        clause=asked["clause"],
        confidence="市级规定",
        random_share=asked["random_percent"] / 100,
        tiers=steps,
        risks_asked=risks,
        officer=scope.officer_of(request),
        at=timezone.now(),
    )


@require_POST
@scope.officer_required(Post.HEAD)
def publish(request: HttpRequest, rules_id: int) -> HttpResponse:
    """Put a prepared set into force from its day on."""
    officer = scope.officer_of(request)
    if not tiers.may_publish(officer):
        raise PermissionDenied(scope.WRONG_POST)
    try:
        rules = tiers.publish(rules_id=rules_id, officer=officer, at=timezone.now())
    except ApprovalRules.DoesNotExist:
        messages.error(request, "没有找到这套规则。")
    except REFUSALS as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"《{rules.title}》已发布，从施行日期起生效。")
    return redirect("desk_refunds:rules")
