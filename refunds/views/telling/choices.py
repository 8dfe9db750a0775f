"""What a unit said by telephone, letter or at the counter: noted, and confirmed by another."""

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from casework.papers.files import MEDIA_TYPES, BadFile
from refunds import queries, queries_telling
from refunds.forms_telling import SecondForm, StaffChoiceForm
from refunds.models import StaffChoice
from refunds.services.telling import for_unit
from refunds.workflow import IllegalMove
from registry import paging, scope
from registry import queries as registry_queries
from registry.models import Post

REFUSALS = (for_unit.NotYours, for_unit.SamePerson, for_unit.CannotNote, IllegalMove)


@require_http_methods(["GET", "POST"])
@scope.officer_required(Post.HANDLER)
def note_choice(request: HttpRequest, employer_id: int) -> HttpResponse:
    """Note what a unit has said, with the evidence."""
    viewer, officer = scope.viewer(request), scope.officer_of(request)
    employer = get_object_or_404(registry_queries.employers_for(viewer), pk=employer_id)
    obligations = queries.undecided_of(employer.pk)
    form = StaffChoiceForm(request.POST or None, request.FILES or None, obligations=obligations)
    if obligations and form.is_valid():
        given = form.cleaned_data
        file = given["file"]
        proof = for_unit.Proof(
            evidence=given["evidence"],
            speaker=given["speaker"],
            reference=given["reference"],
            file=file or None,
            name=file.name if file else "",
        )
        try:
            choice = for_unit.note_choice(
                employer_id=employer.pk,
                receipts=given["receipts"],
                wish=given["wish"],
                proof=proof,
                officer=officer,
                at=timezone.now(),
            )
        except BadFile as refusal:
            form.add_error("file", str(refusal))
        except REFUSALS as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "已登记。请另一位同事核对依据后确认，确认以后才生效。")
            return redirect("desk_contacts:choice", choice_id=choice.pk)
    account = registry_queries.account_in_force(employer.pk, on=timezone.localdate())
    return render(
        request,
        "refunds/telling/note_choice.html",
        {"employer": employer, "obligations": obligations, "form": form, "account": account},
    )


@require_safe
@scope.officer_required()
def choice_list(request: HttpRequest) -> HttpResponse:
    """List the choices noted for units, the newest first."""
    page = paging.page_of(request, queries_telling.staff_choices_for(scope.viewer(request)))
    return render(request, "refunds/telling/choices.html", {"page": page})


def _seen(request: HttpRequest, choice_id: int) -> StaffChoice:
    rows = queries_telling.staff_choices_for(scope.viewer(request))
    return get_object_or_404(rows, pk=choice_id)


@require_http_methods(["GET", "POST"])
@scope.officer_required()
def choice(request: HttpRequest, choice_id: int) -> HttpResponse:
    """Show a noted choice; another officer confirms it here, or sends it back."""
    noted, officer = _seen(request, choice_id), scope.officer_of(request)
    why_not, form = "", None
    if noted.state == StaffChoice.State.PROPOSED:
        try:
            for_unit.check_person(noted, officer)
        except (for_unit.NotYours, for_unit.SamePerson) as refusal:
            why_not = str(refusal)
        else:
            form = SecondForm(request.POST or None)
    if form is not None and form.is_valid():
        given, at = form.cleaned_data, timezone.now()
        try:
            if given["decision"] == SecondForm.CONFIRM:
                for_unit.choose_for_unit(choice_id=noted.pk, officer=officer, at=at)
            else:
                for_unit.refuse_choice(
                    choice_id=noted.pk, reason=given["reason"], officer=officer, at=at
                )
        except REFUSALS as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "已办理。")
            return redirect("desk_contacts:choice", choice_id=noted.pk)
    items = noted.items.select_related("obligation__project").order_by("obligation__insurance")
    return render(
        request,
        "refunds/telling/choice.html",
        {"choice": noted, "items": items, "form": form, "why_not": why_not},
    )


@require_safe
@scope.officer_required(Post.HANDLER, Post.REVIEWER, Post.AUDIT)
def evidence(request: HttpRequest, choice_id: int) -> FileResponse:
    """Give the evidence out for download, never to be shown by the browser."""
    noted = _seen(request, choice_id)
    if not noted.file:
        raise Http404
    answer = FileResponse(
        noted.file.open("rb"),
        as_attachment=True,
        filename=f"{noted.pk}.{noted.extension}",
        content_type=MEDIA_TYPES[noted.extension],
    )
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "private, no-store"
    return answer
