"""The steps of an application, one page each: «save and go on», and back to the task list."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from casework import queries_matter as matter
from casework.papers.files import BadFile
from casework.services.attaching import TooMany
from deferral import answers as filled
from deferral.answers import Step
from deferral.forms import HardshipForm, MonthsForm, PaperForm, PlanForm
from deferral.hardship import hardship
from deferral.models import Application
from deferral.services import drafting, handing_in
from deferral.services.moving import NotYours, StaleForm
from deferral.views.portal import own
from deferral.views.shown import daily_fee
from deferral.workflow import EDITABLE, IllegalMove
from registry import kept, scope

_REFUSALS = (StaleForm, IllegalMove, NotYours, drafting.NotOpen)
_NEXT = {
    Step.HARDSHIP: "portal_deferrals:months",
    Step.MONTHS: "portal_deferrals:plan",
    Step.PLAN: "portal_deferrals:papers",
}


def _closed(application: Application) -> HttpResponse | None:
    if application.state in EDITABLE:
        return None
    return redirect("portal_deferrals:detail", application.receipt)


def _save(
    request: HttpRequest, application: Application, step: Step, form: Any, data: dict[str, Any]
) -> HttpResponse | None:
    """Keep a step and lead on; None where it is refused, with the reason on the form."""
    try:
        version = int(request.POST.get("version", "0"))
    except ValueError:
        version = 0
    try:
        drafting.save_step(
            application_id=application.pk,
            member=scope.member_of(request),
            step=step,
            data=data,
            version=version,
            at=timezone.now(),
        )
    except _REFUSALS as refusal:
        form.add_error(None, str(refusal))
        application.refresh_from_db()
        return None
    messages.success(request, f"“{step.label}”已保存，还没有提交。")
    # What a one-time notice opened is answered step by step from the task list.
    again = matter.open_supplement(application.KIND, application.pk) is not None
    where = "portal_deferrals:detail" if again or "stay" in request.POST else _NEXT[step]
    return redirect(where, application.receipt)


def _check_meanwhile(application: Application, form: forms.Form) -> None:
    """Say that an application was changed since the form was filled in that is put back."""
    if form.data.get("version") != str(application.version):
        form.add_error(None, drafting.CHANGED_MEANWHILE)


def _page(
    request: HttpRequest, application: Application, step: Step, form: forms.Form, **more: Any
) -> HttpResponse:
    if request.method != "POST" and form.is_bound:
        _check_meanwhile(application, form)
    notice = matter.open_supplement(application.KIND, application.pk)
    notes = [
        item
        for item in (notice.items.all() if notice else ())
        if item.target == f"step:{step.value}"
    ]
    return render(
        request,
        f"deferral/step_{step.value}.html",
        {"application": application, "form": form, "step": step, "notes": notes, **more},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@kept.keeps_entries
@scope.member_required
def hardship_step(request: HttpRequest, deferral_receipt: str) -> HttpResponse:
    """Why the unit can't pay."""
    application = own(request, deferral_receipt)
    if away := _closed(application):
        return away
    rules = hardship()
    unit_type = handing_in.unit_type_of(application.employer, timezone.localdate())
    form = HardshipForm(
        kept.said(request),
        rules=rules,
        unit_type=unit_type,
        initial=HardshipForm.initial_of(application.answers),
    )
    if request.method == "POST" and form.is_valid():
        done = _save(request, application, Step.HARDSHIP, form, form.cleaned_data)
        if done is not None:
            return done
    return _page(request, application, Step.HARDSHIP, form, rules=rules)


@require_http_methods(["GET", "HEAD", "POST"])
@kept.keeps_entries
@scope.member_required
def months_step(request: HttpRequest, deferral_receipt: str) -> HttpResponse:
    """Which insurances and months."""
    application = own(request, deferral_receipt)
    if away := _closed(application):
        return away
    today = timezone.localdate()
    found = handing_in.checked(application, application.employer, today=today).picture
    form = MonthsForm(
        kept.said(request), picture=found, initial=MonthsForm.initial_of(application.answers)
    )
    if request.method == "POST" and form.is_valid():
        done = _save(request, application, Step.MONTHS, form, form.answers())
        if done is not None:
            return done
    return _page(request, application, Step.MONTHS, form, picture=found)


@require_http_methods(["GET", "HEAD", "POST"])
@kept.keeps_entries
@scope.member_required
def plan_step(request: HttpRequest, deferral_receipt: str) -> HttpResponse:
    """How it is paid back."""
    application = own(request, deferral_receipt)
    if away := _closed(application):
        return away
    today = timezone.localdate()
    found = handing_in.checked(application, application.employer, today=today)
    if not found.places or found.pay_by is None:
        messages.info(request, "请先选择险种和月份。")
        return redirect("portal_deferrals:months", application.receipt)
    form = PlanForm(
        kept.said(request),
        amount=found.amount,
        today=today,
        latest=found.pay_by,
        initial=PlanForm.initial_of(application.answers, latest=found.pay_by),
    )
    if request.method == "POST" and form.is_valid():
        done = _save(request, application, Step.PLAN, form, form.answers())
        if done is not None:
            return done
    daily = daily_fee(found.lines[0].month, today)
    return _page(request, application, Step.PLAN, form, found=found, daily=daily)


@require_http_methods(["GET", "HEAD", "POST"])
@scope.member_required
def papers_step(request: HttpRequest, deferral_receipt: str) -> HttpResponse:
    """The papers that follow from the answers; one file at a time, each kept at once."""
    application = own(request, deferral_receipt)
    if away := _closed(application):
        return away
    rules = hardship()
    asked = filled.papers_asked(application.answers, rules)
    form = PaperForm(request.POST or None, request.FILES or None)
    paper = request.POST.get("paper", "")
    if request.method == "POST" and paper in {each.code for each in asked} and form.is_valid():
        given = form.cleaned_data["file"]
        try:
            drafting.attach(
                application_id=application.pk,
                member=scope.member_of(request),
                paper=paper,
                file=given.file,
                name=given.name,
                at=timezone.now(),
            )
        except (BadFile, TooMany, *_REFUSALS) as refusal:
            form.add_error("file", str(refusal))
        else:
            messages.success(request, f"“{rules.paper(paper).title}”已上传，还没有提交。")
            return redirect("portal_deferrals:papers", application.receipt)
    there = matter.attachments_of(application.KIND, application.pk)
    rows = [
        (each, [file for file in there if file.slot == each.code], each.code == paper)
        for each in asked
    ]
    return _page(request, application, Step.PAPERS, form, rows=rows, blank=PaperForm())


@require_POST
@scope.member_required
def detach(request: HttpRequest, deferral_receipt: str, attachment_id: int) -> HttpResponse:
    """Take a file out again."""
    application = own(request, deferral_receipt)
    try:
        drafting.detach(
            application_id=application.pk,
            member=scope.member_of(request),
            attachment_id=attachment_id,
            at=timezone.now(),
        )
    except _REFUSALS as refusal:
        messages.error(request, str(refusal))
    return redirect("portal_deferrals:papers", application.receipt)
