"""Deferral in the enterprise portal: may we, the steps, signing, progress, agreement."""

from typing import Any

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from casework import queries_matter as matter
from casework.forms_messages import MessageForm
from casework.services.freezes import Frozen
from casework.views.files import given_out
from deferral.eligibility import conditions
from deferral.forms import SignForm, WithdrawForm
from deferral.hardship import hardship
from deferral.models import Application
from deferral.queries import applications
from deferral.queries.amounts import picture
from deferral.services import deciding, drafting, handing_in
from deferral.services.moving import NotYours, StaleForm
from deferral.views.shown import (
    agreement_context,
    letter_answer,
    progress_context,
    review_context,
)
from deferral.views.talk import have_read, talk_context
from deferral.workflow import EDITABLE, PENDING, UNSENT, IllegalMove, State
from registry import kept, paging, scope
from registry.models import Membership


def own(request: HttpRequest, receipt: str) -> Application:
    """Return one of the unit's own applications, or 404."""
    rows = applications.of_unit(scope.viewer(request))
    return get_object_or_404(rows, receipt=receipt)


@require_safe
@scope.member_required
def application_list(request: HttpRequest) -> HttpResponse:
    """Whether the unit may apply, and its applications so far."""
    member = scope.member_of(request)
    today = timezone.localdate()
    rows = applications.of_unit(scope.viewer(request))
    page = paging.page_of(request, rows)
    rules = hardship()
    found = picture(member.employer_id, today, arrears_clause=rules.arrears_clause)
    return render(
        request,
        "deferral/portal_list.html",
        {
            "page": page,
            "pending": rows.filter(state__in=sorted(PENDING)).first(),
            "conditions": conditions(
                found, rules, unit_type=handing_in.unit_type_of(member.employer, today)
            ),
            "picture": found,
            "rules": rules,
            "EDITABLE": EDITABLE,
        },
    )


@require_POST
@scope.member_required
def begin(request: HttpRequest) -> HttpResponse:
    """Begin an application, or go on with the one that is under way."""
    member = scope.member_of(request)
    former = None
    if receipt := request.POST.get("copy"):
        former = own(request, receipt)
    try:
        made = drafting.begin(member=member, at=timezone.now(), copy_of=former)
    except drafting.OneAtATime as refusal:
        messages.info(request, str(refusal))
        made = refusal.application
    return redirect("portal_deferrals:detail", made.receipt)


@require_safe
@scope.member_required
def detail(request: HttpRequest, deferral_receipt: str) -> HttpResponse:
    """A draft's task list; of what was handed in, where it is and what is to be done."""
    return page(request, own(request, deferral_receipt))


def page(
    request: HttpRequest, application: Application, *, message_form: MessageForm | None = None
) -> HttpResponse:
    """Return the page of one application.

    :param message_form: a message that was refused, to be put right.
    """
    member = scope.member_of(request)
    today = timezone.localdate()
    context: dict[str, Any] = progress_context(application, today=today)
    context["talk"] = talk_context(application, member, form=message_form)
    if request.method == "GET":
        have_read(application, member, context["talk"], timezone.now())
    context["may_sign"] = scope.may_sign(member)
    context["may_withdraw"] = drafting.may_withdraw(application, member)
    if application.state in EDITABLE | UNSENT:
        context |= review_context(application, today=today)
        return render(request, "deferral/task_list.html", context)
    return render(request, "deferral/portal_detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@scope.member_required
def review(request: HttpRequest, deferral_receipt: str) -> HttpResponse:
    """Everything on one page; signed here, or given to somebody who may sign."""
    application = own(request, deferral_receipt)
    member = scope.member_of(request)
    today = timezone.localdate()
    if application.state not in EDITABLE | UNSENT:
        return redirect("portal_deferrals:detail", application.receipt)
    rules = hardship()
    form = SignForm(
        request.POST or None,
        initial={"undertaking": rules.undertaking.version, "version": application.version},
    )
    if request.method == "POST" and form.is_valid():
        if refusal := _signed(request, application, member, form):
            form.add_error(None, refusal)
        else:
            messages.success(request, "申请已提交。")
            return redirect("portal_deferrals:detail", application.receipt)
        application.refresh_from_db()
        form.data = form.data.copy()
        form.data["version"] = application.version
    context = review_context(application, today=today) | {
        "form": form,
        "rules": rules,
        "may_sign": scope.may_sign(member),
        "application": application,
    }
    return render(request, "deferral/review.html", context)


def _signed(
    request: HttpRequest, application: Application, member: Membership, form: SignForm
) -> str:
    try:
        handing_in.submit(
            application_id=application.pk,
            member=member,
            version=form.cleaned_data["version"],
            undertaking=form.cleaned_data["undertaking"],
            at=timezone.now(),
        )
    except (
        NotYours,
        StaleForm,
        IllegalMove,
        handing_in.NotReady,
        handing_in.NoUndertaking,
        Frozen,
    ) as refusal:
        return str(refusal)
    return ""


@require_POST
@scope.member_required
def ask_signature(request: HttpRequest, deferral_receipt: str) -> HttpResponse:
    """Put the draft before those who may sign, or open it to changes again."""
    application = own(request, deferral_receipt)
    act = drafting.ask_signature if application.state == State.DRAFT else drafting.take_back
    try:
        act(application_id=application.pk, member=scope.member_of(request), at=timezone.now())
    except (NotYours, IllegalMove) as refusal:
        messages.error(request, str(refusal))
    else:
        asked = act is drafting.ask_signature
        messages.success(
            request, "已请签署人签署，还没有提交。" if asked else "已退回修改，还没有提交。"
        )
    return redirect("portal_deferrals:detail", application.receipt)


@require_http_methods(["GET", "HEAD", "POST"])
@kept.keeps_entries
@scope.member_required
def withdraw(request: HttpRequest, deferral_receipt: str) -> HttpResponse:
    """Take an application back, once asked again."""
    application = own(request, deferral_receipt)
    form = WithdrawForm(kept.said(request))
    if request.method == "POST" and form.is_valid():
        try:
            handing_in.withdraw(
                application_id=application.pk,
                member=scope.member_of(request),
                reason=form.cleaned_data["reason"],
                at=timezone.now(),
            )
        except (NotYours, IllegalMove) as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "申请已撤回。")
            return redirect("portal_deferrals:detail", application.receipt)
    return render(request, "deferral/withdraw.html", {"application": application, "form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@scope.member_required
def agreement(request: HttpRequest, deferral_receipt: str) -> HttpResponse:
    """The agreement: to be read and signed once it is granted, to be read afterwards."""
    application = own(request, deferral_receipt)
    if application.state not in (State.GRANTED, State.AGREED):
        return redirect("portal_deferrals:detail", application.receipt)
    member = scope.member_of(request)
    refusal = ""
    if request.method == "POST":
        try:
            deciding.sign_agreement(application_id=application.pk, member=member, at=timezone.now())
        except (NotYours, IllegalMove, Frozen) as refused:
            refusal = str(refused)
        else:
            messages.success(request, "缓缴协议已签订，即日生效。")
            return redirect("portal_deferrals:agreement", application.receipt)
    context = agreement_context(application, today=timezone.localdate()) | {
        "may_sign": scope.may_sign(member),
        "refusal": refusal,
    }
    return render(request, "deferral/agreement.html", context)


@require_safe
@scope.member_required
def file(request: HttpRequest, deferral_receipt: str, attachment_id: int) -> FileResponse:
    """Give the unit back a file that it put in."""
    application = own(request, deferral_receipt)
    rows = {each.pk: each for each in matter.attachments_of(application.KIND, application.pk)}
    if attachment_id not in rows:
        return given_out(None)
    return given_out(rows[attachment_id].file)


@require_safe
@scope.member_required
def letter(request: HttpRequest, deferral_receipt: str, deferral_letter: str) -> HttpResponse:
    """Download one of the letters of an application."""
    return letter_answer(own(request, deferral_receipt), deferral_letter)
