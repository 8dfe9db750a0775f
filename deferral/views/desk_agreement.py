"""An agreement on the desk: how it stands, another plan, an early end, persons' matters."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from casework.services.freezes import Frozen
from deferral import offices
from deferral.endings import endings as early_end_grounds
from deferral.forms_changes import (
    AnswerForm,
    EarlyEndForm,
    GroundForm,
    PeopleFilter,
    PersonForm,
)
from deferral.models import Agreement, Application, PersonMatter
from deferral.queries import applications
from deferral.queries import people as people_queries
from deferral.queries.standing import endings, standing
from deferral.queries.statement import statement
from deferral.services import early_ends, people, plan_changes
from deferral.services.moving import NotYours, log_refusal
from deferral.services.taking_in import NoReason, route_of
from deferral.views.shown import (
    agreement_context,
    person_context,
    person_letter_answer,
    statement_answer,
)
from deferral.workflow import AgreementState, ChangeState, IllegalMove, PersonState
from registry import kept, paging, scope
from registry import queries as registry_queries
from registry.models import Officer
from registry.money import total

_REFUSALS = (
    Frozen,
    NotYours,
    IllegalMove,
    NoReason,
    early_ends.PreviewChanged,
    early_ends.NoSuccessor,
    people.NotInvolved,
    people.NotAssessed,
)


def _found(request: HttpRequest, receipt: str) -> tuple[Application, Agreement]:
    rows = applications.for_desk(scope.viewer(request))
    application = get_object_or_404(rows, receipt=receipt)
    agreement = get_object_or_404(
        Agreement.objects.select_related("application__employer__district"), application=application
    )
    return application, agreement


def _tried(request: HttpRequest, receipt: str, act: Any, done: str) -> bool:
    """Do something; say how it went. Whether it was done."""
    try:
        act()
    except _REFUSALS as refusal:
        log_refusal(receipt, "agreement", scope.officer_of(request).user.username, refusal)
        messages.error(request, str(refusal))
        return False
    messages.success(request, done)
    return True


@require_safe
@scope.officer_required()
def agreement(request: HttpRequest, deferral_receipt: str) -> HttpResponse:
    """How an agreement stands, and what the officer may do with it."""
    application, found = _found(request, deferral_receipt)
    return _page(request, application, found)


@require_safe
@scope.officer_required()
def ending_list(request: HttpRequest) -> HttpResponse:
    """What becomes due when agreements end, before it happens: by day, and whose."""
    viewer = scope.viewer(request)
    today = timezone.localdate()
    running = Agreement.objects.filter(
        state__in=(AgreementState.IN_FORCE, AgreementState.OVERDUE),
        application__in=applications.for_desk(viewer),
    )
    by_day = endings(list(running.values_list("pk", flat=True)), today)
    rows = running.select_related("application__employer__district").order_by("ends_on", "pk")
    page = paging.page_of(request, rows)
    context = {
        "today": today,
        "by_day": by_day,
        "open": total(row.open for row in by_day),
        "page": page,
        "rows": standing(list(page.object_list), today),
        "grounds": early_end_grounds(),
    }
    return render(request, "deferral/desk_endings.html", context)


@require_safe
@scope.officer_required()
def statement_page(request: HttpRequest, deferral_receipt: str) -> HttpResponse:
    """The agreement's account to the fen, as the unit sees it."""
    application, found = _found(request, deferral_receipt)
    context = {
        "application": application,
        "agreement": found,
        "statement": statement(found, timezone.localdate()),
    }
    return render(request, "deferral/desk_statement.html", context)


@require_safe
@scope.officer_required()
def statement_file(request: HttpRequest, deferral_receipt: str) -> HttpResponse:
    """The account as a letter."""
    _application, found = _found(request, deferral_receipt)
    return statement_answer(found, at=timezone.now())


def _page(
    request: HttpRequest,
    application: Application,
    found: Agreement,
    bound: dict[str, forms.Form] | None = None,
) -> HttpResponse:
    officer = scope.officer_of(request)
    route = route_of(application)
    today = timezone.localdate()
    change = found.plan_changes.filter(state=ChangeState.ASKED).first()
    end = found.early_ends.order_by("-pk").first()
    follows = offices.works_at(officer, application.employer, route.following)
    decides = offices.works_at(officer, application.employer, route.decision)
    running = found.state in (AgreementState.IN_FORCE, AgreementState.OVERDUE)
    waits = end is not None and end.state == ChangeState.ASKED
    context = agreement_context(application, today=today) | {
        "change": change,
        "changes": list(found.plan_changes.exclude(state=ChangeState.ASKED).order_by("-pk")),
        "end": end,
        "follows": follows,
        "may_decide_plan": follows and change is not None,
        "may_propose": follows and running and not waits,
        "may_decide_end": bool(end and waits and decides and end.proposed_by_id != officer.pk),
        "may_begin_person": follows,
        "people": list(found.people.order_by("-pk")),
    }
    if end is not None and waits:
        context["end_preview"] = early_ends.preview(found, end.ground, day=today)
    context |= {
        "plan_form": AnswerForm(prefix="plan"),
        "end_form": AnswerForm(prefix="end"),
        "ground_form": GroundForm(),
        "person_form": PersonForm(prefix="person"),
    }
    return render(request, "deferral/desk_agreement.html", context | (bound or {}))


@require_POST
@scope.officer_required()
def decide_plan(request: HttpRequest, deferral_receipt: str) -> HttpResponse:
    """Agree to another plan, or not."""
    application, found = _found(request, deferral_receipt)
    change = found.plan_changes.filter(state=ChangeState.ASKED).first()
    form = AnswerForm(request.POST, prefix="plan")
    if change is None:
        messages.error(request, "没有等决定的变更申请，请看现在的情况。")
    elif not form.is_valid():
        return _page(request, application, found, {"plan_form": form, "form": form})
    else:
        _tried(
            request,
            application.receipt,
            lambda: plan_changes.decide(
                change_id=change.pk,
                grant=form.cleaned_data["grant"] == "yes",
                answer=form.cleaned_data["answer"],
                by=scope.officer_of(request),
                at=timezone.now(),
            ),
            "决定已记录，并通知单位。",
        )
    return redirect("desk_deferrals:agreement", application.receipt)


@require_http_methods(["GET", "HEAD", "POST"])
@kept.keeps_entries
@scope.officer_required()
def early_end(request: HttpRequest, deferral_receipt: str) -> HttpResponse:
    """See what an early end on a ground would do, month by month; then propose it."""
    application, found = _found(request, deferral_receipt)
    ground = GroundForm(request.GET)
    if not ground.is_valid():
        return redirect("desk_deferrals:agreement", application.receipt)
    officer = scope.officer_of(request)
    if not offices.works_at(officer, application.employer, route_of(application).following):
        messages.error(request, "提前终止由负责这份协议的经办机构提出。")
        return redirect("desk_deferrals:agreement", application.receipt)
    code = ground.cleaned_data["ground"]
    shown = early_ends.preview(found, code, day=timezone.localdate())
    form = EarlyEndForm(kept.said(request), initial={"content": shown.content})
    if request.method == "POST" and form.is_valid():
        try:
            early_ends.propose(
                application_id=application.pk,
                ground=code,
                by=officer,
                at=timezone.now(),
                **form.cleaned_data,
            )
        except _REFUSALS as refusal:
            log_refusal(application.receipt, "early_end", officer.user.username, refusal)
            form.add_error(None, str(refusal))
            form.data = form.data.copy()
            form.data["content"] = shown.content
        else:
            messages.success(request, "已提出，等市人社局审批。")
            return redirect("desk_deferrals:agreement", application.receipt)
    context = {
        "application": application,
        "agreement": found,
        "preview": shown,
        "form": form,
        "today": timezone.localdate(),
    }
    return render(request, "deferral/early_end.html", context)


@require_POST
@scope.officer_required()
def decide_end(request: HttpRequest, deferral_receipt: str) -> HttpResponse:
    """End an agreement as proposed, or not."""
    application, found = _found(request, deferral_receipt)
    end = found.early_ends.filter(state=ChangeState.ASKED).first()
    form = AnswerForm(request.POST, prefix="end")
    if end is None:
        messages.error(request, "没有等审批的提议，请看现在的情况。")
    elif not form.is_valid():
        return _page(request, application, found, {"end_form": form, "form": form})
    else:
        _tried(
            request,
            application.receipt,
            lambda: early_ends.decide(
                early_end_id=end.pk,
                grant=form.cleaned_data["grant"] == "yes",
                answer=form.cleaned_data["answer"],
                by=scope.officer_of(request),
                at=timezone.now(),
            ),
            "审批已记录。",
        )
    return redirect("desk_deferrals:agreement", application.receipt)


@require_POST
@scope.officer_required()
def begin_person(request: HttpRequest, deferral_receipt: str) -> HttpResponse:
    """Open a person's matter where the person came to the office."""
    application, found = _found(request, deferral_receipt)
    form = PersonForm(request.POST, prefix="person")
    if form.is_valid():
        try:
            made = people.begin(
                application_id=application.pk,
                by=scope.officer_of(request),
                at=timezone.now(),
                **form.cleaned_data,
            )
        except _REFUSALS as refusal:
            log_refusal(
                application.receipt, "person", scope.officer_of(request).user.username, refusal
            )
            form.add_error(None, str(refusal))
        else:
            return redirect("desk_deferrals:person", made.receipt)
    return _page(request, application, found, {"person_form": form, "form": form})


@require_safe
@scope.officer_required()
def people_list(request: HttpRequest) -> HttpResponse:
    """List persons' matters: a person waits behind each, so what can be certified comes first."""
    viewer = scope.viewer(request)
    form = PeopleFilter(
        request.GET or {"show": "open"}, districts=registry_queries.districts_for(viewer)
    )
    asked = form.cleaned_data if form.is_valid() else {}
    rows = people_queries.for_desk(viewer, **asked)
    page = paging.page_of(request, rows)
    context = {
        "form": form,
        "page": page,
        "rows": people_queries.with_clocks(list(page.object_list), today=timezone.localdate()),
        "today": timezone.localdate(),
    }
    return render(request, "deferral/desk_people.html", context)


def _person(request: HttpRequest, receipt: str) -> PersonMatter:
    return get_object_or_404(people_queries.for_desk(scope.viewer(request)), receipt=receipt)


@require_http_methods(["GET", "HEAD", "POST"])
@scope.officer_required()
def person(request: HttpRequest, person_receipt: str) -> HttpResponse:
    """One person's matter, and what the officer may do: certify, renew the amounts, take back."""
    matter = _person(request, person_receipt)
    officer = scope.officer_of(request)
    if request.method == "POST":
        _act(request, matter, officer)
        return redirect("desk_deferrals:person", matter.receipt)
    today = timezone.localdate()
    follows = people_queries.looked_after_by(officer, matter.agreement)
    pending = matter.state in (PersonState.TO_PAY, PersonState.PAID)
    context = person_context(matter, today=today) | {
        "follows": follows,
        "may_certify": follows and matter.state == PersonState.PAID,
        "may_renew": follows and pending,
        "why_not": people.why_not_certify(matter, day=today)
        if matter.state == PersonState.PAID
        else "",
        "next": people_queries.for_desk(scope.viewer(request), show="open")
        .filter(state=PersonState.PAID)
        .exclude(pk=matter.pk)
        .first(),
    }
    return render(request, "deferral/desk_person.html", context)


def _act(request: HttpRequest, matter: PersonMatter, officer: Officer) -> None:
    now = timezone.now()
    said = request.POST
    if "certify" in said:
        _tried(
            request,
            matter.receipt,
            lambda: people.certify(matter_id=matter.pk, by=officer, at=now),
            "已办结，证明已开具。",
        )
    elif "renew" in said:
        _tried(
            request,
            matter.receipt,
            lambda: people.renew(matter_id=matter.pk, by=officer, at=now),
            "金额已更新。",
        )
    elif "withdraw" in said:
        _tried(
            request,
            matter.receipt,
            lambda: people.withdraw(
                matter_id=matter.pk, reason=said.get("reason", ""), by=officer, at=now
            ),
            "已撤回。",
        )


@require_safe
@scope.officer_required()
def letter(request: HttpRequest, person_receipt: str, person_letter: str) -> HttpResponse:
    """Download one of the letters of a person's matter."""
    return person_letter_answer(_person(request, person_receipt), person_letter)
