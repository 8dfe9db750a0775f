"""Messages in an application: written and read by the unit and the office in charge."""

from typing import Any

from django.contrib import messages as told
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from casework import queries_messages
from casework.forms_messages import MessageForm
from casework.papers.files import BadFile
from casework.services.messages import BadMessage, Given
from casework.views.files import given_out
from deferral.models import Application
from deferral.services import writing
from deferral.services.moving import NotYours
from deferral.views import desk, portal
from deferral.views.talk import reads_messages
from registry import scope

_REFUSALS = (NotYours, writing.Closed, BadMessage, BadFile)


def _given(form: MessageForm) -> Given | None:
    file: Any = form.cleaned_data["file"]
    return (file.file, file.name) if file else None


@require_POST
@scope.member_required
def write_as_unit(request: HttpRequest, deferral_receipt: str) -> HttpResponse:
    """Write to the office in charge; what is wrong is said on the same page, nothing typed is lost."""
    application = portal.own(request, deferral_receipt)
    form = MessageForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            writing.write_as_unit(
                application_id=application.pk,
                text=form.cleaned_data["text"],
                given=_given(form),
                key=form.cleaned_data["key"],
                member=scope.member_of(request),
                at=timezone.now(),
            )
        except _REFUSALS as refusal:
            form.add_error("text", str(refusal))
        else:
            told.success(request, "留言已发给经办机构。")
            return redirect("portal_deferrals:detail", application.receipt)
    return portal.page(request, application, message_form=form)


@require_POST
@scope.officer_required()
def write_as_office(request: HttpRequest, deferral_receipt: str) -> HttpResponse:
    """Write to the unit."""
    application = desk.one(request, deferral_receipt)
    form = MessageForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            writing.write_as_office(
                application_id=application.pk,
                text=form.cleaned_data["text"],
                given=_given(form),
                key=form.cleaned_data["key"],
                by=scope.officer_of(request),
                at=timezone.now(),
            )
        except _REFUSALS as refusal:
            form.add_error("text", str(refusal))
        else:
            told.success(request, "留言已发给单位，并通知了单位。")
            return redirect("desk_deferrals:application", application.receipt)
    return desk.page(request, application, message_form=form)


def _file(application: Application, message_id: int) -> FileResponse:
    rows = {each.pk: each for each in queries_messages.of_matter(application.KIND, application.pk)}
    return given_out(rows[message_id].file if message_id in rows else None)


@require_safe
@scope.member_required
def file_of_unit(request: HttpRequest, deferral_receipt: str, case_message_id: int) -> FileResponse:
    """Give out what was sent with a message, to the unit."""
    return _file(portal.own(request, deferral_receipt), case_message_id)


@require_safe
@scope.officer_required()
def file_of_office(
    request: HttpRequest, deferral_receipt: str, case_message_id: int
) -> FileResponse:
    """Give out what was sent with a message, to an office that has a part in the application."""
    application = desk.one(request, deferral_receipt)
    if not reads_messages(application, scope.officer_of(request)):
        raise Http404
    return _file(application, case_message_id)
