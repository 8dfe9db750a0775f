"""Refunds on the desk: the list, one refund with its decision, many at once."""

from hashlib import sha256

from django.contrib import messages
from django.db.models import Case, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from casework import queries as casework_queries
from refunds import queries, queries_accounts, queries_approval, queries_sampling
from refunds.forms import DecisionForm, RefundFilter
from refunds.models import Approval, Obligation, Submission
from refunds.queries_accounts import SEES_SHARED, WAITS_FOR_BATCH, waiting_of
from refunds.services import approve, ending
from refunds.views import shown
from refunds.workflow import IllegalMove, State
from registry import banks, paging, scope
from registry import queries as registry_queries
from registry.models import Officer, Post
from registry.money import total

Level = Approval.Level
REFUSALS = (
    approve.NotYours,
    approve.WrongPost,
    approve.SamePerson,
    approve.ReasonMissing,
    approve.ForeignPayee,
    approve.NoRules,
    IllegalMove,
)
#: On which level a post decides on many at once, and in which state those are.
BULK = {
    Post.REVIEWER: (Level.FIRST, State.CHOSEN),
    Post.FUND_FINANCE: (Level.SECOND, State.CHECKED),
    Post.HEAD: (Level.THIRD, State.ENDORSED),
}
MOST_AT_ONCE = 500


@require_safe
@scope.officer_required()
def refund_list(request: HttpRequest) -> HttpResponse:
    """List the refunds the officer may see."""
    viewer = scope.viewer(request)
    officer = scope.officer_of(request)
    form = RefundFilter(request.GET, districts=registry_queries.districts_for(viewer))
    asked = form.cleaned_data if form.is_valid() else {}
    page = paging.page_of(request, queries.search(queries.refunds_for(viewer), **asked))
    bulk = BULK.get(Post(officer.post))
    for obligation in page:
        obligation.pickable = bool(
            bulk and obligation.state == bulk[1] and scope.may_act(officer, obligation.employer)
        )
    return render(
        request,
        "refunds/desk_list.html",
        {
            "form": form,
            "page": page,
            "bulk_label": bulk[0].label if bulk else "",
            "any_pickable": any(obligation.pickable for obligation in page),
        },
    )


def _seen(request: HttpRequest, receipt: str) -> Obligation:
    return get_object_or_404(queries.refunds_for(scope.viewer(request)), receipt=receipt)


def _turn(
    obligation: Obligation, submission: Submission | None, officer: Officer
) -> tuple[Approval.Level | None, str]:
    """Return the level on which this officer may decide now; or None and why not."""
    if submission is None or not scope.may_act(officer, obligation.employer):
        return None, ""
    try:
        level = approve.level_of(obligation)
        approve.check_person(level, submission=submission, officer=officer)
    except (approve.WrongPost, IllegalMove):
        return None, ""
    except approve.SamePerson as refusal:
        return None, str(refusal)
    return level, ""


@require_http_methods(["GET", "POST"])
@scope.officer_required()
def refund_detail(request: HttpRequest, receipt: str) -> HttpResponse:
    """Show one refund; the officer whose turn it is decides here."""
    obligation = _seen(request, receipt)
    officer = scope.officer_of(request)
    form = DecisionForm(request.POST or None)
    stale = ""
    if form.is_valid():
        try:
            _decide(obligation, form, officer)
        except approve.Stale as refusal:
            # Nothing of what was typed may be taken for a decision on what stands there now.
            form, stale = DecisionForm(), str(refusal)
            obligation = _seen(request, receipt)
        except REFUSALS as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "已办理。")
            return redirect("desk_refunds:detail", receipt=receipt)
    return _page(request, obligation, officer, form=form, stale=stale)


def _page(
    request: HttpRequest,
    obligation: Obligation,
    officer: Officer,
    *,
    form: DecisionForm,
    stale: str,
) -> HttpResponse:
    submission = queries.latest_submission(obligation)
    level, why_not = _turn(obligation, submission, officer)
    stands = queries_approval.standing(submission) if submission else None
    viewer = scope.viewer(request)
    return render(
        request,
        "refunds/desk_detail.html",
        {
            "obligation": obligation,
            "employer": obligation.employer,
            "items": queries.items_of(obligation),
            "attempts": queries.attempts_of(obligation),
            "submission": submission,
            "waiting": waiting_of(submission, at=timezone.now())
            if submission and obligation.state in WAITS_FOR_BATCH
            else None,
            **_about_account(submission),
            "may_see_shared": officer.post in SEES_SHARED,
            "full_account": scope.may_see_account(viewer, approving=level is not None),
            "timeline": shown.timeline(obligation),
            "progress": shown.progress(obligation),
            "level": level,
            "why_not": why_not,
            "content": stands.content_sha256 if stands else "",
            "levels": shown.levels(stands.levels, submission) if stands and submission else [],
            "samples": queries_sampling.samples_of(obligation) if _looks_closer(officer) else [],
            "following": _following(obligation, officer),
            "form": form,
            "stale": stale,
            "successor": obligation.successors.first(),
            **shown.offset(obligation),
            "explained": shown.explained(obligation),
            "may_end_offset": obligation.state == State.OFFSETTING
            and ending.may_end(officer, obligation),
            "deliveries": casework_queries.messages_of(obligation.employer_id, about="refund")[:10],
        },
    )


def _looks_closer(officer: Officer) -> bool:
    """Whether an officer sees why a refund was drawn: not whose work was looked at first."""
    return officer.post in {Post.AUDIT, Post.FUND_FINANCE, Post.HEAD}


def _following(obligation: Obligation, officer: Officer) -> Obligation | None:
    """Return the next refund that waits for this officer, the oldest again after the newest."""
    bulk = BULK.get(Post(officer.post))
    if bulk is None:
        return None
    waiting = queries.pickable(officer, level=bulk[0].value).exclude(pk=obligation.pk)
    return waiting.order_by(Case(When(pk__gt=obligation.pk, then=0), default=1), "pk").first()


def _decide(obligation: Obligation, form: DecisionForm, officer: Officer) -> None:
    level, content = form.cleaned_data["level"], form.cleaned_data["content"]
    if form.cleaned_data["decision"] == DecisionForm.GRANT:
        approve.grant(
            obligation_id=obligation.pk,
            level=level,
            content=content,
            officer=officer,
            at=timezone.now(),
        )
    else:
        approve.refuse(
            obligation_id=obligation.pk,
            level=level,
            content=content,
            reason=form.cleaned_data["reason"],
            officer=officer,
            at=timezone.now(),
        )


def _about_account(submission: Submission | None) -> dict[str, object]:
    """Return what an approver should know of the account: how it differs from the registered
    one, who else uses it, what is odd about its bank."""
    if submission is None:
        return {}
    former = submission.former
    parts = {
        "holder": submission.holder,
        "bank": submission.bank,
        "bank_code": submission.bank_code,
        "number": submission.account,
    }
    return {
        "changed": queries_accounts.parts_changed(former, **parts) if former else [],
        "sharers": queries_accounts.sharers_of(
            submission.account, besides=submission.obligation.employer_id
        ),
        "bank_doubts": banks.doubts(bank=submission.bank, code=submission.bank_code),
    }


def _contents(rows: list[Obligation]) -> dict[int, str | None]:
    """Return, by refund, the digest of what its officer sees."""
    latest = queries_approval.latest_ids(row.pk for row in rows)
    stands = queries_approval.standings(latest.values())
    return {key: stands[submission].content_sha256 for key, submission in latest.items()}


def _digest(rows: list[Obligation], contents: dict[int, str | None]) -> str:
    text = ";".join(f"{row.pk}:{contents[row.pk]}:{row.moved_at.isoformat()}" for row in rows)
    return sha256(text.encode()).hexdigest()


@require_POST
@scope.officer_required(Post.REVIEWER, Post.FUND_FINANCE, Post.HEAD)
def decide_many(request: HttpRequest) -> HttpResponse:
    """Show what was picked with count and total; agree to exactly that once confirmed."""
    officer = scope.officer_of(request)
    level = BULK[Post(officer.post)][0]
    ids = [int(text) for text in request.POST.getlist("pick") if text.isdigit()][:MOST_AT_ONCE]
    rows = list(queries.pickable(officer, level=level, ids=ids))
    if not rows:
        messages.error(request, "没有选中可以办理的退费。请在列表中勾选后再试。")
        return redirect("desk_refunds:list")
    contents = _contents(rows)
    digest = _digest(rows, contents)
    if request.POST.get("digest") == digest:
        done = approve.grant_many(
            contents=contents, level=level, officer=officer, at=timezone.now()
        )
        named = {row.pk: row for row in rows}
        return render(
            request,
            "refunds/bulk_done.html",
            {
                "level": level,
                "done": done,
                "left": [(named[key], reason) for key, reason in done.left],
            },
        )
    return render(
        request,
        "refunds/bulk_preview.html",
        {
            "level": level,
            "rows": rows,
            "total": total(row.amount for row in rows),
            "digest": digest,
            "stale": "digest" in request.POST,
            "dropped": len(set(ids)) - len(rows),
        },
    )
