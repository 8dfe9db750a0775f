"""Construction projects: the register and one project, on the desk and in the portal."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from casework.views.letters import letter_file
from registry import paging, scope
from registry import queries as registry_queries
from registry.models import Post
from relief import slots
from relief.calc.tree import node
from relief.forms_projects import LookForm, ProjectFilter
from relief.queries import projects
from relief.queries.policies import LawIsGone
from relief.services import explanation_letters
from relief.services import projects as services


@require_safe
@scope.officer_required()
def project_list(request: HttpRequest) -> HttpResponse:
    """List the projects that the officer may see."""
    viewer = scope.viewer(request)
    form = ProjectFilter(request.GET, districts=registry_queries.districts_for(viewer))
    asked = form.cleaned_data if form.is_valid() else {}
    day = timezone.localdate()
    rows = projects.register(viewer, day=day, **asked)
    page = paging.page_of(request, rows)
    return render(
        request,
        "relief/projects/list.html",
        {"form": form, "page": page, "rows": projects.with_relief(page.object_list, day=day)},
    )


@require_safe
@scope.officer_required()
def project_detail(request: HttpRequest, project_id: int) -> HttpResponse:
    """Show what was filed of a project, what is waived of it and why, and who looked at it."""
    return render(request, "relief/projects/detail.html", _detail(request, project_id))


def _detail(request: HttpRequest, project_id: int) -> dict[str, Any]:
    viewer, day = scope.viewer(request), timezone.localdate()
    found = get_object_or_404(projects.register(viewer, day=day), project=project_id)
    (row,) = projects.with_relief([found], day=day)
    back = projects.paid_back(project_id, day)
    waits_for_look = projects.unseen(day).filter(project=project_id).exists()
    context: dict[str, Any] = {
        "row": row,
        "version": row.version,
        "relief": row.relief,
        "day": day,
        "form": LookForm(),
        "price_change": projects.price_change(row.version),
        "money": row.settled,
        "paid_back": back,
        "paid_in": row.settled.paid + back,
        "looks": projects.looks(project_id),
        "may_look": viewer.officer is not None
        and services.may_look(viewer.officer)
        and scope.may_act(viewer.officer, row.version.employer)
        and waits_for_look,
        "waits_for_look": waits_for_look,
        "refunds": slots.project_money(viewer, project_id),
        "history": projects.history(project_id),
        "results": projects.results(project_id),
    }
    if row.relief:
        try:
            explained = projects.explain(row.relief)
        except LawIsGone as gone:
            context["nothing"] = str(gone)
        else:
            context["agrees"] = explained.agrees
            context["steps"] = [node(step) for step in explained.steps]
    return context


@require_POST
@scope.officer_required(Post.HANDLER)
def look(request: HttpRequest, project_id: int) -> HttpResponse:
    """Record what came of looking at a flagged project."""
    form = LookForm(request.POST)
    viewer = scope.viewer(request)
    get_object_or_404(projects.register(viewer, day=timezone.localdate()), project=project_id)
    if form.is_valid():
        try:
            services.look(
                project_id=project_id,
                by=scope.officer_of(request),
                note=form.cleaned_data["note"],
                day=timezone.localdate(),
                at=timezone.now(),
            )
        except (services.NothingToLookAt, services.NotYourPost) as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "已记录核对情况。")
            return redirect("relief:project", project_id)
    context = _detail(request, project_id) | {"form": form}
    return render(request, "relief/projects/detail.html", context, status=422)


@require_safe
@scope.member_required
def portal_list(request: HttpRequest) -> HttpResponse:
    """List the enterprise's own projects."""
    day = timezone.localdate()
    rows = projects.register(scope.viewer(request), day=day)
    page = paging.page_of(request, rows)
    return render(
        request,
        "relief/projects/portal_list.html",
        {"page": page, "rows": projects.with_relief(page.object_list, day=day)},
    )


@require_safe
@scope.member_required
def portal_detail(request: HttpRequest, project_id: int) -> HttpResponse:
    """Show the enterprise one of its projects: what is waived, and why."""
    return render(request, "relief/projects/portal_detail.html", _detail(request, project_id))


@require_safe
@scope.officer_required()
def letter(request: HttpRequest, project_id: int) -> HttpResponse:
    """Download why this much of a project's premium is waived, as a letter."""
    return _letter(request, project_id, page="relief:project")


@require_safe
@scope.member_required
def portal_letter(request: HttpRequest, project_id: int) -> HttpResponse:
    """Download the letter of one of the enterprise's own projects."""
    return _letter(request, project_id, page="portal_projects:project")


def _letter(request: HttpRequest, project_id: int, *, page: str) -> HttpResponse:
    day = timezone.localdate()
    rows = projects.register(scope.viewer(request), day=day)
    (row,) = projects.with_relief([get_object_or_404(rows, project=project_id)], day=day)
    if row.relief is None:
        return redirect(page, project_id)
    try:
        found = explanation_letters.of_project(relief=row.relief, day=day, at=timezone.now())
    except explanation_letters.NothingStands as nothing:
        messages.warning(request, str(nothing))
        return redirect(page, project_id)
    return letter_file(found, name=f"why-project-{project_id}")
