"""Runs on the desk: the list, starting one, its progress, cancelling it, what it changed."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from registry import locks, paging, scope
from registry.models import Post, WorkState
from relief import queries, tasks
from relief.forms import RunForm
from relief.ledger.services import runs as posting
from relief.models import Run, RunOfSimulation
from relief.policy import NoRuleInForce
from relief.queries import desk
from relief.services import runs, simulations

OPEN = {WorkState.QUEUED, WorkState.RUNNING}
CITY_ONLY = "全市核定由市社会保险经办机构发起。"


@require_safe
@scope.officer_required()
def run_list(request: HttpRequest) -> HttpResponse:
    """List the runs, the latest first."""
    page = paging.page_of(request, desk.recent_runs())
    context = {
        "page": page,
        "may_start": simulations.may_start(scope.officer_of(request)),
        "waiting": desk.waiting(timezone.localdate()),
    }
    return render(request, "relief/run_list.html", context)


@require_http_methods(["GET", "POST"])
@scope.officer_required(Post.HANDLER)
def start_run(request: HttpRequest) -> HttpResponse:
    """Ask what a run is to cover, and start it."""
    officer = scope.officer_of(request)
    if not simulations.may_start(officer):
        raise PermissionDenied(CITY_ONLY)
    form = RunForm(request.POST or None, initial={"as_of": timezone.localdate()})
    if form.is_valid():
        try:
            run = runs.start_run(
                as_of=form.cleaned_data["as_of"],
                from_month=form.cleaned_data["from_month"],
                to_month=form.cleaned_data["to_month"],
                employer_ids=form.cleaned_data["employers"],
                reason=form.cleaned_data["reason"],
                by=officer,
                at=timezone.now(),
            )
        except (
            runs.NothingDeclared,
            runs.WrongMonths,
            NoRuleInForce,
            locks.InputsBusy,
        ) as refusal:
            form.add_error(None, str(refusal))
        else:
            tasks.ring_due()
            return redirect("relief:run", run.pk)
    return render(request, "relief/run_start.html", {"form": form})


@require_safe
@scope.officer_required()
def run_detail(request: HttpRequest, run_id: int) -> HttpResponse:
    """Show a run: its progress while it lasts, and what it changed once it is in force."""
    run = get_object_or_404(Run.objects.select_related("by__agency"), pk=run_id)
    viewer = scope.viewer(request)
    return render(
        request,
        "relief/run_detail.html",
        {
            "run": run,
            "simulation_id": RunOfSimulation.objects.filter(run=run)
            .values_list("simulation_id", flat=True)
            .first(),
            "title": f"第 {run.pk} 次核定",
            "documents": queries.policy_as_of(run.as_of).documents,
            "progress": desk.progress(run),
            "is_open": run.state in OPEN,
            "is_posted": posting.is_posted(run),
            "may_cancel": run.state in OPEN and simulations.may_start(scope.officer_of(request)),
            "differences": desk.differences(run),
            "changes": desk.largest_changes(run, viewer),
        },
    )


@require_safe
@scope.officer_required()
def run_progress(request: HttpRequest, run_id: int) -> HttpResponse:
    """Answer with the progress piece alone; once the run has ended, have the page read anew."""
    run = get_object_or_404(Run, pk=run_id)
    if run.state not in OPEN:
        return HttpResponse(headers={"HX-Refresh": "true"})
    context = {"run": run, "progress": desk.progress(run)}
    return render(request, "relief/run_progress.html", context)


@require_POST
@scope.officer_required(Post.HANDLER)
def cancel_run(request: HttpRequest, run_id: int) -> HttpResponse:
    """End an open run; none of its results comes into force."""
    if not simulations.may_start(scope.officer_of(request)):
        raise PermissionDenied(CITY_ONLY)
    get_object_or_404(Run, pk=run_id)
    try:
        runs.cancel_run(run_id=run_id, at=timezone.now())
    except runs.NotOpen as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, "核定已取消，没有任何结果生效。")
    return redirect("relief:run", run_id)
