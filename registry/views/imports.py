"""Imports on the desk: upload a workbook, watch it, read what came of it."""

from contextlib import suppress
from io import BytesIO

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from registry import doorbell, paging, scope, slots, work
from registry.intake import queries, report, services
from registry.intake.forms import UploadForm
from registry.models import Import, Post
from registry.tasks import work_import
from registry.workbook import template as workbook_template

_WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_ERRORS_PER_PAGE = 50
#: Errors quote resident ID numbers, which these posts see in full.
_POSTS = (Post.HANDLER, Post.REVIEWER, Post.AUDIT)


@require_safe
@scope.officer_required(*_POSTS)
def import_list(request: HttpRequest) -> HttpResponse:
    """List the imports of the officer's agency, or of everybody for the city's."""
    page = paging.page_of(request, queries.imports_for(scope.viewer(request)))
    kinds = slots.import_kinds()
    for row in page:
        row.title = _title(row.kind)
    officer = scope.officer_of(request)
    return render(
        request,
        "registry/imports/list.html",
        {
            "page": page,
            "may_upload": officer.post == Post.HANDLER and bool(queries.kinds_for(officer)),
            "kinds": [kind.schema for kind in kinds.values()],
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@scope.officer_required(Post.HANDLER)
def upload(request: HttpRequest) -> HttpResponse:
    """Take a file and queue its import."""
    officer = scope.officer_of(request)
    if request.method == "POST":
        form = UploadForm(request.POST, request.FILES, officer=officer)
    else:
        form = UploadForm(officer=officer, initial={"kind": request.GET.get("kind", "")})
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            received = services.receive(
                kind=form.cleaned_data["kind"],
                file=file,
                file_name=file.name,
                by=officer,
                at=timezone.now(),
            )
        except (services.NotAllowed, services.FileTooLarge) as refusal:
            form.add_error("file", str(refusal))
        else:
            doorbell.ring(work_import, import_id=received.pk)
            return redirect("desk_imports:detail", received.pk)
    kinds = [kind.schema for kind in queries.kinds_for(officer).values()]
    return render(request, "registry/imports/upload.html", {"form": form, "kinds": kinds})


@require_safe
@scope.officer_required(*_POSTS)
def detail(request: HttpRequest, import_id: int) -> HttpResponse:
    """Show how far an import is, or what came of it with every error and its remedy."""
    found = _find(request, import_id)
    errors = Paginator(found.errors, _ERRORS_PER_PAGE).get_page(request.GET.get("page"))
    officer = scope.officer_of(request)
    return render(
        request,
        "registry/imports/detail.html",
        {
            "import": found,
            "title": _title(found.kind),
            "open": found.state in work.OPEN,
            "summary": report.summary(found),
            "errors": errors,
            "shown": len(found.errors),
            "may_upload": officer.post == Post.HANDLER,
            "poll": reverse("desk_imports:progress", args=[found.pk]),
        },
    )


@require_safe
@scope.officer_required(*_POSTS)
def progress(request: HttpRequest, import_id: int) -> HttpResponse:
    """Answer the page's question every second; once it has ended, have the page drawn anew."""
    found = _find(request, import_id)
    if found.state not in work.OPEN:
        return HttpResponseClientRefresh()
    poll = reverse("desk_imports:progress", args=[found.pk])
    return render(request, "registry/imports/progress.html", {"import": found, "poll": poll})


@require_POST
@scope.officer_required(Post.HANDLER)
def cancel(request: HttpRequest, import_id: int) -> HttpResponse:
    """Ask for the end of an import."""
    found = _find(request, import_id)
    with suppress(services.AlreadyEnded):  # the page says how it ended
        services.request_cancel(import_id=found.pk, at=timezone.now())
    return redirect("desk_imports:detail", found.pk)


@require_safe
@scope.officer_required(*_POSTS)
def error_workbook(request: HttpRequest, import_id: int) -> HttpResponse:
    """Download the errors as a workbook."""
    found = _find(request, import_id)
    target = BytesIO()
    report.write_errors(found, target)
    return _download(target, f"errors-{found.pk}.xlsx")


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


def _find(request: HttpRequest, import_id: int) -> Import:
    imports = queries.imports_for(scope.viewer(request)).defer(None)
    return get_object_or_404(imports.select_related("by__agency"), pk=import_id)


def _title(kind: str) -> str:
    known = slots.import_kinds().get(kind)
    return known.schema.title if known else kind


def _download(target: BytesIO, name: str) -> HttpResponse:
    response = HttpResponse(target.getvalue(), content_type=_WORKBOOK)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
