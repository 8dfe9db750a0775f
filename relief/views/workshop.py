"""The policy workshop on the desk: documents, drafts with their cases, differences, parameters."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from registry import paging, scope
from registry.models import Officer
from relief import policy
from relief.models import PolicyDocument, PolicyDraft
from relief.policy import compare
from relief.policy.describe import described
from relief.queries import parameters, policy_money, workshop
from relief.queries import simulations as found
from relief.queries.policies import document_of, published_documents
from relief.services import policy_drafts, simulations

_REFUSALS = (
    policy_drafts.NotYours,
    policy_drafts.CasesFail,
    policy_drafts.NotAsPrepared,
    policy_drafts.AlreadyPublished,
)


@require_safe
@scope.officer_required()
def document_list(request: HttpRequest) -> HttpResponse:
    """List the published documents, those in force and coming, and the drafts beside them."""
    page = paging.page_of(request, workshop.published())
    drafts = workshop.latest_versions(list(workshop.open_drafts()[:50]))
    prepared = workshop.proposed_versions(drafts)
    return render(
        request,
        "relief/policies/list.html",
        {"page": page, "drafts": [(each, each.pk in prepared) for each in drafts]},
    )


@require_safe
@scope.officer_required()
def document_detail(request: HttpRequest, document_slug: str) -> HttpResponse:
    """Show a published document: its rules in words, its cases run now, its text."""
    row = get_object_or_404(workshop.published(), slug=document_slug)
    books = workshop.books_of(row)
    law = published_documents()
    return render(
        request,
        "relief/policies/document.html",
        {
            "row": row,
            "rules": described(document_of(row)),
            "books": [(book, workshop.outcomes_of(book, law)) for book in books],
            "others": workshop.published().exclude(pk=row.pk),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@scope.officer_required()
def draft_detail(request: HttpRequest, draft_slug: str) -> HttpResponse:
    """Show a draft with its cases red and green; prepare it, or publish what was prepared."""
    draft = get_object_or_404(workshop.open_drafts(), slug=draft_slug)
    officer = scope.officer_of(request)
    if request.method == "POST":
        try:
            return _done(request, draft, officer)
        except _REFUSALS as refusal:
            messages.warning(request, str(refusal))
            return redirect("relief:policy_draft", draft.slug)
    state = workshop.state_of(draft)
    theirs = state.proposal is not None and state.proposal.prepared_by_id == officer.pk
    return render(
        request,
        "relief/policies/draft.html",
        {
            "state": state,
            "rules": described(state.document),
            "may_prepare": policy_drafts.may_prepare(officer) and state.proposal is None,
            "may_publish": policy_drafts.may_publish(officer) and state.proposal and not theirs,
            "published": workshop.published(),
            "simulations": policy_money.simulations_of(draft),
            "may_simulate": simulations.may_start(officer),
        },
    )


def _done(request: HttpRequest, draft: PolicyDraft, officer: Officer) -> HttpResponse:
    """Do what the officer asked for, by the button pressed.

    :raises NotYours, CasesFail, NotAsPrepared, AlreadyPublished: as the services say.
    """
    now = timezone.now()
    if request.POST.get("action") == "publish":
        row = policy_drafts.publish(proposal_id=_number(request, "proposal"), by=officer, at=now)
        messages.success(request, "已发布。新政策要重新核定后才改变金额，请安排核定。")
        return redirect("relief:policy", row.slug)
    reasons = {
        name.removeprefix("reason-"): str(text)
        for name, text in request.POST.items()
        if name.startswith("reason-")
    }
    policy_drafts.prepare(
        version_id=_number(request, "version"),
        book_id=_number(request, "book"),
        reasons=reasons,
        by=officer,
        at=now,
    )
    messages.success(request, "已送审，由市级负责人岗发布。")
    return redirect("relief:policy_draft", draft.slug)


def _number(request: HttpRequest, name: str) -> int:
    text = request.POST.get(name, "")
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise policy_drafts.NotAsPrepared("页面已经过期，请重新查看后再办理。")
    return int(text)


@require_safe
@scope.officer_required()
def difference(request: HttpRequest, document_slug: str, other_slug: str) -> HttpResponse:
    """Show two documents side by side, or a draft against a document (`other`)."""
    before = get_object_or_404(PolicyDocument, slug=other_slug)
    after = PolicyDocument.objects.filter(slug=document_slug).first()
    if after is not None:
        new = document_of(after)
    else:
        draft = get_object_or_404(workshop.open_drafts(), slug=document_slug)
        new = policy.read(document_slug, draft.versions.latest("number").text)
    old = document_of(before)
    simulated = None if after else policy_money.latest_done(draft)
    return render(
        request,
        "relief/policies/difference.html",
        {
            "draft": None if after else draft,
            "simulated": simulated,
            "groups": found.groups(simulated) if simulated else [],
            "change": found.net_due(simulated).change if simulated else None,
            "by_runs": policy_money.of_published(after) if after else None,
            "may_simulate": not after and simulations.may_start(scope.officer_of(request)),
            "old": old,
            "new": new,
            "back": "relief:policy" if after else "relief:policy_draft",
            "lines": compare.lines(old.text, new.text),
            "changes": compare.rules(old, new),
        },
    )


@require_safe
@scope.officer_required()
def parameter_list(request: HttpRequest) -> HttpResponse:
    """Show every parameter that counts today, the unconfirmed first, and those nobody has."""
    rows = parameters.parameters(timezone.localdate())
    context = {
        "open": [row for row in rows if not row.rule.attested],
        "attested": [row for row in rows if row.rule.attested],
        "missing": parameters.missing(),
    }
    return render(request, "relief/policies/parameters.html", context)
