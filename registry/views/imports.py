"""Imports on the desk: upload a workbook, watch it, read what it would change and what came of it."""

from contextlib import suppress
from io import BytesIO
from pathlib import PurePath

from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from registry import doorbell, paging, scope, slots, work
from registry.intake import queries, report, rights, services
from registry.intake.forms import UploadForm
from registry.models import Import, Post
from registry.tasks import work_import
from registry.workbook import template as workbook_template

_ERRORS_PER_PAGE = 50
#: Nothing is stored yet; the preview says what would be.
_UNDECIDED = (Import.Stage.REFUSED, Import.Stage.PREVIEW, Import.Stage.SECOND)
#: Errors quote resident ID numbers, which these posts see in full.
_POSTS = (Post.HANDLER, Post.REVIEWER, Post.AUDIT)


@require_safe
@scope.officer_required(*_POSTS)
def import_list(request: HttpRequest) -> HttpResponse:
    """List the imports of the officer's agency, or of everybody for the city's.

    `?waiting=1`: those in which the officer has the next say.
    """
    viewer = scope.viewer(request)
    waiting = bool(request.GET.get("waiting"))
    page = paging.page_of(
        request, queries.waiting_for(viewer) if waiting else queries.imports_for(viewer)
    )
    kinds = slots.import_kinds()
    for row in page:
        row.title = _title(row.kind)
    officer = scope.officer_of(request)
    return render(
        request,
        "registry/imports/list.html",
        {
            "page": page,
            "waiting": waiting,
            "may_upload": officer.post == Post.HANDLER and bool(queries.kinds_for(officer)),
            "kinds": [kind.schema for kind in kinds.values()],
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@scope.officer_required(Post.HANDLER)
def upload(request: HttpRequest) -> HttpResponse:
    """Take a file and queue its check; `?corrects=` names the import that it brings right."""
    officer = scope.officer_of(request)
    mended = _mended(request)
    if request.method == "POST":
        form = UploadForm(request.POST, request.FILES, officer=officer)
    else:
        kind = mended.kind if mended else request.GET.get("kind", "")
        form = UploadForm(officer=officer, initial={"kind": kind})
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            received = services.receive(
                kind=form.cleaned_data["kind"],
                file=file,
                file_name=file.name,
                by=officer,
                at=timezone.now(),
                corrects=mended,
            )
        except (services.NotAllowed, services.FileTooLarge) as refusal:
            form.add_error("file", str(refusal))
        else:
            doorbell.ring(work_import, import_id=received.pk)
            return redirect("desk_imports:detail", received.pk)
    kinds = [kind.schema for kind in queries.kinds_for(officer).values()]
    context = {"form": form, "kinds": kinds, "corrects": mended}
    return render(request, "registry/imports/upload.html", context)


def _mended(request: HttpRequest) -> Import | None:
    """Return the import that an upload corrects, if the address names one the viewer may see."""
    number = request.GET.get("corrects", "")
    return queries.find(scope.viewer(request), int(number)) if number.isdecimal() else None


@require_safe
@scope.officer_required(*_POSTS)
def detail(request: HttpRequest, import_id: int) -> HttpResponse:
    """Show how far an import is, what it would change or has changed, and every error."""
    viewer = scope.viewer(request)
    found = queries.find(viewer, import_id)
    errors = Paginator(found.errors, _ERRORS_PER_PAGE).get_page(request.GET.get("page"))
    officer = scope.officer_of(request)
    waiting = found.parked.filter(ended_at__isnull=True)
    return render(
        request,
        "registry/imports/detail.html",
        {
            "import": found,
            "title": _title(found.kind),
            "open": found.state in work.OPEN,
            "silent": work.is_silent(found, at=timezone.now()),
            "summary": report.summary(found),
            "errors": errors,
            "shown": len(found.errors),
            "may_upload": officer.post == Post.HANDLER,
            "may_confirm": rights.may_confirm(found, viewer),
            "may_second": rights.may_second(found, viewer)
            and found.confirmed_by_id != viewer.user.pk,
            "may_discard": rights.may_discard(found, viewer),
            "may_record_call": rights.may_record_call(viewer),
            "may_withdraw": rights.may_ask_withdrawal(found, viewer),
            "withdrawal": found.withdrawals.exclude(stage=Import.Stage.DISCARDED).first(),
            "good": found.rows - found.rejected,
            "may_still_change": found.stage in _UNDECIDED,
            "waiting": waiting.count(),
            "parked": found.parked.count(),
            "corrections": found.corrections.order_by("pk"),
            "confirmer": queries.name_of(found.confirmed_by),
            "seconder": queries.name_of(found.seconded_by),
            "facts": slots.facts(found),
            "poll": reverse("desk_imports:progress", args=[found.pk]),
        },
    )


@require_safe
@scope.officer_required(*_POSTS)
def progress(request: HttpRequest, import_id: int) -> HttpResponse:
    """Answer the page's question every second; once it has ended, have the page drawn anew."""
    found = queries.find(scope.viewer(request), import_id)
    if found.state not in work.OPEN:
        return HttpResponseClientRefresh()
    poll = reverse("desk_imports:progress", args=[found.pk])
    return render(request, "registry/imports/progress.html", {"import": found, "poll": poll})


@require_POST
@scope.officer_required(Post.HANDLER)
def cancel(request: HttpRequest, import_id: int) -> HttpResponse:
    """Ask for the end of an import."""
    found = queries.find(scope.viewer(request), import_id)
    with suppress(services.AlreadyEnded, services.NotYours):  # the page says how it stands
        services.cancel_by(import_id=found.pk, by=scope.viewer(request), at=timezone.now())
    return redirect("desk_imports:detail", found.pk)


@require_safe
@scope.officer_required(*_POSTS)
def error_workbook(request: HttpRequest, import_id: int) -> HttpResponse:
    """Download the errors as a workbook."""
    found = queries.find(scope.viewer(request), import_id)
    target = BytesIO()
    report.write_errors(found, target)
    return _download(target, f"errors-{found.pk}.xlsx")


@require_safe
@scope.officer_required(*_POSTS)
def marked_workbook(request: HttpRequest, import_id: int) -> FileResponse:
    """Download the user's own workbook with the wrong cells marked and the bad rows apart."""
    found = queries.find(scope.viewer(request), import_id)
    if not found.annotated:
        raise Http404
    name = f"{PurePath(found.file_name).stem}-待更正.xlsx"
    return FileResponse(
        found.annotated.open("rb"), as_attachment=True, filename=name, content_type=report.WORKBOOK
    )


@require_safe
@scope.officer_required(*_POSTS)
def template(request: HttpRequest, kind: str) -> HttpResponse:
    """Download an empty workbook of a kind: just the header, as the schema wants it."""
    known = slots.import_kinds().get(kind)
    if known is None:
        raise Http404
    target = BytesIO()
    workbook_template.write(known.schema, target)
    return _download(target, f"{kind}.xlsx")


def _title(kind: str) -> str:
    known = slots.import_kinds().get(kind)
    return known.schema.title if known else kind


def _download(target: BytesIO, name: str) -> HttpResponse:
    response = HttpResponse(target.getvalue(), content_type=report.WORKBOOK)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
