"""Audit's third look on the desk: what was drawn of a draft, what is held, who agrees with whom."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from refunds import queries, queries_approval, queries_sampling
from refunds.forms_audit import CheckForm, EndForm
from refunds.models import Batch, SampleCheck, SampleLine, SampleSeed
from refunds.services import approve, sampling
from refunds.workflow import AttemptState, BatchState, IllegalMove
from registry import paging, scope
from registry.models import Officer, Post

REFUSALS = (
    approve.WrongPost,
    approve.SamePerson,
    approve.ReasonMissing,
    sampling.NothingToCheck,
    IllegalMove,
)
#: How far back the pairs are counted.
PERIOD = timedelta(days=90)


def _auditor(request: HttpRequest) -> Officer:
    """Return the auditor of the city level who asks.

    :raises PermissionDenied: if it is not one.
    """
    officer = scope.officer_of(request)
    try:
        sampling.check_auditor(officer)
    except approve.WrongPost as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    return officer


@require_safe
@scope.officer_required(Post.AUDIT)
def overview(request: HttpRequest) -> HttpResponse:
    """List the drafts whose sample waits, and the refunds that are held."""
    _auditor(request)
    return render(
        request,
        "refunds/audit.html",
        {
            "drafts": queries_sampling.drafts(),
            "page": paging.page_of(request, queries_sampling.held()),
            "seed": SampleSeed.objects.filter(batch=None).order_by("-pk").first(),
        },
    )


@require_POST
@scope.officer_required(Post.AUDIT)
def commit_seed(request: HttpRequest) -> HttpResponse:
    """Commit another secret for the next batch."""
    seed = sampling.commit_seed(at=timezone.now(), officer=_auditor(request))
    messages.success(
        request, f"已提交新的抽查密钥，摘要 {seed.commitment[:12]}。下一个批次用它抽取。"
    )
    return redirect("desk_refunds:audit")


@require_http_methods(["GET", "POST"])
@scope.officer_required(Post.AUDIT)
def sample(request: HttpRequest, number: str) -> HttpResponse:
    """Show what was drawn of a batch and why; clear or hold what is ticked."""
    officer = _auditor(request)
    batch = get_object_or_404(Batch.objects.defer("content"), number=number)
    form = CheckForm(request.POST or None)
    if form.is_valid():
        picked = [int(text) for text in request.POST.getlist("pick") if text.isdigit()]
        try:
            done = sampling.check(
                batch_id=batch.pk,
                line_ids=picked,
                verdict=SampleCheck.Verdict(form.cleaned_data["verdict"]),
                reason=form.cleaned_data["reason"],
                officer=officer,
                at=timezone.now(),
            )
        except REFUSALS as refusal:
            form.add_error(None, str(refusal) if picked else "请先勾选要办理的明细。")
        else:
            messages.success(request, f"已办理 {done} 笔。")
            return redirect("desk_refunds:sample", number=number)
    page = paging.page_of(request, queries_sampling.sampled(batch))
    lines = list(page)
    _add_facts(lines)
    waiting = [line for line in lines if _waits(line, batch)]
    return render(
        request,
        "refunds/sample.html",
        {
            "batch": batch,
            "draw": getattr(batch, "sample", None),
            "page": page,
            "waiting": {line.pk for line in waiting},
            "left": sampling.uncleared(batch).count(),
            "form": form,
            "redrawn": _redrawn(request, batch),
        },
    )


def _waits(line: SampleLine, batch: Batch) -> bool:
    return (
        batch.state == BatchState.DRAFT
        and getattr(line, "check_made", None) is None
        and line.attempt.state == AttemptState.QUEUED
    )


def _add_facts(lines: list[SampleLine]) -> None:
    """Put beside each line what it rests on: months, contributions, accounts."""
    refunds = [line.attempt.obligation for line in lines]
    employers = {refund.employer_id for refund in refunds}
    accounts = queries_sampling.accounts_of(employers)
    payments = queries_sampling.payments_of(employers)
    for line, refund in zip(lines, refunds, strict=True):
        facts: Any = line
        facts.accounts = accounts.get(refund.employer_id, [])
        facts.months = [
            (
                item,
                payments.get((refund.employer_id, refund.insurance, item.month), [])
                if refund.project_id is None
                else [],
            )
            for item in refund.items.all()
        ]


def _redrawn(request: HttpRequest, batch: Batch) -> sampling.Redrawn | None:
    if "redraw" not in request.GET or getattr(batch, "sample", None) is None:
        return None
    return sampling.redraw(batch)


@require_http_methods(["GET", "POST"])
@scope.officer_required(Post.AUDIT)
def held(request: HttpRequest, receipt: str) -> HttpResponse:
    """Show a refund that was held, and how it goes on."""
    officer = _auditor(request)
    obligation = get_object_or_404(queries.refunds_for(scope.viewer(request)), receipt=receipt)
    form = EndForm(request.POST or None)
    if form.is_valid():
        try:
            sampling.end_hold(
                obligation_id=obligation.pk,
                released=form.cleaned_data["decision"] == EndForm.RELEASE,
                reason=form.cleaned_data["reason"],
                officer=officer,
                at=timezone.now(),
            )
        except REFUSALS as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "已办理。")
            return redirect("desk_refunds:audit")
    made = queries_sampling.held_by(obligation)
    return render(
        request,
        "refunds/held.html",
        {
            "obligation": obligation,
            "made": made,
            "samples": queries_sampling.samples_of(obligation),
            "own": made is not None and made.officer_id == officer.pk,
            "form": form,
        },
    )


@require_safe
@scope.officer_required(Post.AUDIT, Post.HEAD)
def pairs(request: HttpRequest) -> HttpResponse:
    """Show how often and for how much each two officers agreed one after the other."""
    officer = scope.officer_of(request)
    if not officer.agency.district.is_city:
        raise PermissionDenied(scope.WRONG_AREA)
    today = timezone.localdate()
    found = queries_sampling.pairs(
        since=today - PERIOD, until=today, rules=queries_approval.rules_in_force(on=today)
    )
    return render(
        request,
        "refunds/pairs.html",
        {"page": paging.page_of(request, found), "since": today - PERIOD, "until": today},
    )
