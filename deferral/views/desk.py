"""Deferral on the desk: the queue, and one application with what the officer may do."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from casework import queries_matter as matter
from casework.forms_messages import MessageForm
from casework.opinions import Verdict
from casework.papers.files import BadFile
from casework.services import absences, opinions, supplements
from casework.services.freezes import Frozen
from casework.services.matters import ActedBefore
from casework.views import acting
from casework.views.files import given_out
from deferral import offices
from deferral.forms_desk import (
    AcceptForm,
    DecisionForm,
    OpinionForm,
    QueueFilter,
    ReasonForm,
    ReportForm,
    SupplementForm,
)
from deferral.hardship import hardship
from deferral.models import Application
from deferral.queries import applications, queue
from deferral.services import deciding, packing, reviewing, taking_in
from deferral.services.moving import NotYours, log_refusal
from deferral.views.shown import letter_answer, progress_context
from deferral.views.talk import have_read, talk_context
from deferral.workflow import IllegalMove
from registry import paging, scope
from registry import queries as registry_queries
from registry.models import Officer

_REFUSALS = (
    NotYours,
    IllegalMove,
    taking_in.NoReason,
    supplements.NothingNamed,
    opinions.NotAsked,
    opinions.AlreadyGiven,
    opinions.Incomplete,
    deciding.NotAgreed,
    deciding.AmountsChanged,
    deciding.AlreadyDecided,
    BadFile,
    Frozen,
    acting.NotDeputy,
    ActedBefore,
)
Act = Callable[[int, Officer, Any], object]


@require_safe
@scope.officer_required()
def application_list(request: HttpRequest) -> HttpResponse:
    """List the applications the officer may see; what waits for them unless asked otherwise."""
    viewer = scope.viewer(request)
    form = QueueFilter(
        request.GET or {"show": "mine"}, districts=registry_queries.districts_for(viewer)
    )
    asked = form.cleaned_data if form.is_valid() else {}
    today = timezone.localdate()
    away = absences.stood_in_for(scope.officer_of(request), today=today)
    rows = queue.listed(viewer, away=away, **asked)
    page = paging.page_of(request, rows)
    return render(
        request,
        "deferral/desk_list.html",
        {
            "form": form,
            "page": page,
            "rows": queue.with_clocks(list(page.object_list), today=today, away=away),
            "counts": queue.counts(viewer, away=away),
            "away": away,
        },
    )


def one(request: HttpRequest, receipt: str) -> Application:
    """Return an application that the officer may see, or 404."""
    rows = applications.for_desk(scope.viewer(request))
    return get_object_or_404(rows, receipt=receipt)


def _form(name: str, request: HttpRequest, found: Application, *, bound: bool) -> forms.Form:
    data, files = (request.POST, request.FILES) if bound else (None, None)
    match name:
        case "supplement":
            return SupplementForm(data, prefix=name)
        case "decline" | "return":
            return ReasonForm(data, prefix=name)
        case "opinion":
            return OpinionForm(data, files, prefix=name)
        case "report":
            return ReportForm(data, prefix=name)
        case "decide":
            return DecisionForm(data, prefix=name, rules=hardship(), answers=found.answers)
    return AcceptForm(data, prefix=name)


def _opinion(form: Any) -> Act:
    said = form.cleaned_data
    return lambda pk, officer, at: reviewing.give_opinion(
        application_id=pk,
        by=officer,
        verdict=Verdict(said["verdict"]),
        grounds=said["grounds"],
        conditions=said["conditions"],
        document_number=said["document_number"],
        document_date=said["document_date"],
        file=said["file"].file,
        file_name=said["file"].name,
        at=at,
    )


def _act(name: str, form: Any) -> tuple[Act, str]:
    """Return what is to be done, and what is said once it is."""
    said = form.cleaned_data
    match name:
        case "accept":
            return lambda pk, by, at: taking_in.accept(
                application_id=pk, by=by, at=at
            ), "已受理，正在同时征求各部门意见。"
        case "supplement":
            return lambda pk, by, at: taking_in.ask_supplement(
                application_id=pk, missing=form.missing(), by=by, at=at
            ), "已一次性告知单位补正，时限暂停计算。"
        case "decline":
            return lambda pk, by, at: taking_in.decline(
                application_id=pk, reason=said["reason"], by=by, at=at
            ), "已作出不予受理，并通知单位。"
        case "refresh":
            return lambda pk, by, at: taking_in.refresh(
                application_id=pk, by=by, at=at
            ), "金额已更新，原来的部门意见失效，受理后重新征求。"
        case "opinion":
            return _opinion(form), "意见已签署。"
        case "report":
            return lambda pk, by, at: reviewing.report(
                application_id=pk, note=said["note"], by=by, at=at
            ), "已上报市人力资源和社会保障局。"
        case "return":
            return lambda pk, by, at: reviewing.send_back(
                application_id=pk, reason=said["reason"], by=by, at=at
            ), "已退回受理岗。"
        case "decide":
            return lambda pk, by, at: deciding.decide(
                application_id=pk,
                grant=said["grant"] == "yes",
                findings=form.found(),
                reason=said["reason"],
                by=by,
                at=at,
            ), "审批已记录。"
    raise Http404


@require_http_methods(["GET", "HEAD", "POST"])
@scope.officer_required()
def application(
    request: HttpRequest, deferral_receipt: str, deferral_action: str = ""
) -> HttpResponse:
    """One application: facts and opinions on the left, what the officer may do on the right."""
    found = one(request, deferral_receipt)
    officer = scope.officer_of(request)
    bound: forms.Form | None = None
    if request.method == "POST":
        allowed, stand_ins = _allowed(found, officer)
        if deferral_action not in allowed:
            log_refusal(found.receipt, deferral_action, officer.user.username, "not allowed now")
            messages.error(request, "这件申请刚刚有了变化，或者不由您办理这一步。请看现在的情况。")
            return redirect("desk_deferrals:application", found.receipt)
        bound = _form(deferral_action, request, found, bound=True)
        if bound.is_valid():
            act, done = _act(deferral_action, bound)
            try:
                by = acting.acting(request, officer, stand_ins, deferral_action)
                act(found.pk, by, timezone.now())
            except _REFUSALS as refusal:
                log_refusal(found.receipt, deferral_action, officer.user.username, refusal)
                bound.add_error(None, str(refusal))
            else:
                messages.success(request, done)
                return redirect("desk_deferrals:application", found.receipt)
        found.refresh_from_db()
    return page(request, found, bound=bound, action=deferral_action)


def _allowed(found: Application, officer: Officer) -> tuple[set[str], list[acting.StandIn]]:
    """Return what an officer may do now, and for whom besides."""
    allowed = applications.may_do(found, officer)
    stand_ins = acting.stand_ins(
        kind=found.KIND,
        matter_id=found.pk,
        officer=officer,
        today=timezone.localdate(),
        may_do=lambda absent: applications.may_do(found, absent) & allowed,
    )
    return allowed, stand_ins


def page(
    request: HttpRequest,
    found: Application,
    *,
    bound: forms.Form | None = None,
    action: str = "",
    message_form: MessageForm | None = None,
) -> HttpResponse:
    """Return the page of one application.

    :param bound: the form of `action`, where it was refused.
    :param message_form: a message that was refused, to be put right.
    """
    officer = scope.officer_of(request)
    allowed, stand_ins = _allowed(found, officer)
    talk = talk_context(found, officer, form=message_form)
    if request.method == "GET":
        have_read(found, officer, talk, timezone.now())
    shown_forms = {
        name: bound
        if bound is not None and name == action
        else _form(name, request, found, bound=False)
        for name in sorted(allowed)
    }
    context = progress_context(found, today=timezone.localdate()) | {
        "forms": shown_forms,
        "form": bound or message_form,
        "talk": talk,
        "allowed": allowed,
        "stand_ins": stand_ins,
        "files": matter.attachments_of(found.KIND, found.pk),
        "rules": hardship(),
        "why_not": deciding.why_not_grant(found) if "decide" in allowed else "",
        "may_open": offices.has_part(officer, taking_in.route_of(found)),
        "next": applications.waiting_for(officer, scope.viewer(request))
        .exclude(pk=found.pk)
        .first(),
    }
    return render(request, "deferral/desk_detail.html", context)


def _check_may_open(found: Application, request: HttpRequest) -> None:
    if not offices.has_part(scope.officer_of(request), taking_in.route_of(found)):
        raise PermissionDenied("材料只给经办和会审这件申请的部门下载。")


@require_safe
@scope.officer_required()
def file(request: HttpRequest, deferral_receipt: str, attachment_id: int) -> FileResponse:
    """Give out a unit's paper to an office that has a part in the application."""
    found = one(request, deferral_receipt)
    _check_may_open(found, request)
    rows = {each.pk: each.file for each in matter.attachments_of(found.KIND, found.pk)}
    return given_out(rows.get(attachment_id))


@require_safe
@scope.officer_required()
def opinion_file(request: HttpRequest, deferral_receipt: str, opinion_id: int) -> FileResponse:
    """Give out a written opinion to an office that has a part in the application."""
    found = one(request, deferral_receipt)
    _check_may_open(found, request)
    rows = {
        said.pk: said.file
        for each in matter.requests_of(found.KIND, found.pk)
        if (said := matter.said(each)) is not None
    }
    return given_out(rows.get(opinion_id))


@require_safe
@scope.officer_required()
def letter(request: HttpRequest, deferral_receipt: str, deferral_letter: str) -> HttpResponse:
    """Download one of the letters of an application."""
    found = one(request, deferral_receipt)
    _check_may_open(found, request)
    return letter_answer(found, deferral_letter)


@require_POST
@scope.officer_required()
def case_file(request: HttpRequest, deferral_receipt: str) -> HttpResponse:
    """Download everything of an application as one zip; it is noted who took it."""
    found = one(request, deferral_receipt)
    _check_may_open(found, request)
    data = packing.packed(application_id=found.pk, by=scope.officer_of(request), at=timezone.now())
    answer = HttpResponse(data, content_type="application/zip")
    answer["Content-Disposition"] = f'attachment; filename="case-{found.receipt}.zip"'
    answer["Cache-Control"] = "private, no-store"
    return answer
