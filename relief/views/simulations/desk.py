"""Asking for a simulation, looking at it, agreeing to it, and starting its run."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from registry import locks, paging, scope
from registry.models import Officer, Post, WorkState
from registry.work import OPEN
from relief import policy, tasks
from relief.forms_simulations import ApproveForm, DraftSimulationForm, SimulationForm
from relief.models import RunOfSimulation, Simulation
from relief.policy import BadDocument, NoRuleInForce
from relief.queries import differences, workshop
from relief.queries import simulations as found
from relief.services import runs, simulations

CITY_ONLY = "试算由市社会保险经办机构办理。区县可以查看市里分享的试算。"


def visible(request: HttpRequest, simulation_id: int | None, share_code: str | None) -> Simulation:
    """Return a simulation that the officer may see: of the city's own agency any, others those
    whose shared address they hold."""
    listed = Simulation.objects.select_related("by__agency", "approval__by__agency")
    if share_code is not None:
        return get_object_or_404(listed, share_code=share_code)
    if not scope.of_the_city(scope.officer_of(request)):
        raise PermissionDenied(CITY_ONLY)
    return get_object_or_404(listed, pk=simulation_id)


def address(view: str, simulation: Simulation, share_code: str | None, *more: object) -> str:
    """Return the address of one of a simulation's pages, by its code where it came by that."""
    if view == "detail":
        name, key = (
            ("shared_simulation", share_code) if share_code else ("simulation", simulation.pk)
        )
    else:
        name, key = (
            (f"shared_{view}", share_code) if share_code else (f"simulation_{view}", simulation.pk)
        )
    return reverse(f"relief:{name}", args=[key, *more])


@require_safe
@scope.officer_required()
def simulation_list(request: HttpRequest) -> HttpResponse:
    """List the simulations, the latest first."""
    officer = scope.officer_of(request)
    if not scope.of_the_city(officer):
        raise PermissionDenied(CITY_ONLY)
    context = {
        "page": paging.page_of(request, found.recent()),
        "may_start": simulations.may_start(officer),
    }
    return render(request, "relief/simulations/list.html", context)


@require_http_methods(["GET", "POST"])
@scope.officer_required(Post.HANDLER)
def start(request: HttpRequest) -> HttpResponse:
    """Ask what a simulation is to cover, and queue it."""
    officer = _starter(request)
    form = SimulationForm(
        request.POST or None, request.FILES or None, initial={"as_of": timezone.localdate()}
    )
    if form.is_valid() and (begun := _begin(form, officer, form.cleaned_data["draft"])):
        return begun
    return render(request, "relief/simulations/start.html", {"form": form})


@require_http_methods(["GET", "POST"])
@scope.officer_required(Post.HANDLER)
def start_of_draft(request: HttpRequest, draft_slug: str) -> HttpResponse:
    """Ask for what a draft of the policy workshop is to be tried on, and queue the simulation."""
    officer = _starter(request)
    draft = get_object_or_404(workshop.open_drafts(), slug=draft_slug)
    text = draft.versions.latest("number").text
    document = policy.read(draft.slug, text)
    form = DraftSimulationForm(
        request.POST or None,
        published=document.published,
        initial={
            "title": document.title[:100],
            "as_of": max(timezone.localdate(), document.published),
        },
    )
    if form.is_valid() and (begun := _begin(form, officer, {draft.slug: text})):
        return begun
    context = {"form": form, "document": document}
    return render(request, "relief/simulations/start.html", context)


def _starter(request: HttpRequest) -> Officer:
    officer = scope.officer_of(request)
    if not simulations.may_start(officer):
        raise PermissionDenied(CITY_ONLY)
    return officer


def _begin(form: SimulationForm, officer: Officer, drafts: dict[str, str]) -> HttpResponse | None:
    """Queue what was asked for; None where it was refused, which the form then says."""
    asked = form.cleaned_data
    try:
        simulation = simulations.start(
            title=asked["title"],
            as_of=asked["as_of"],
            from_month=asked["from_month"],
            to_month=asked["to_month"],
            employer_ids=asked["employers"],
            drafts=drafts,
            by=officer,
            at=timezone.now(),
        )
    except (
        runs.NothingDeclared,
        runs.WrongMonths,
        NoRuleInForce,
        BadDocument,
        locks.InputsBusy,
    ) as refusal:
        form.add_error(None, str(refusal))
        return None
    tasks.ring_due()
    return redirect("relief:simulation", simulation.pk)


@require_safe
@scope.officer_required()
def detail(
    request: HttpRequest, simulation_id: int | None = None, share_code: str | None = None
) -> HttpResponse:
    """Show a simulation: its progress while it lasts, then what it would change."""
    simulation = visible(request, simulation_id, share_code)
    context = _shown(simulation, scope.officer_of(request), share_code)
    context["form"] = ApproveForm(initial={"digest": simulation.digest})
    context["shared_at"] = request.build_absolute_uri(
        reverse("relief:shared_simulation", args=[simulation.share_code])
    )
    return render(request, "relief/simulations/detail.html", context)


def _shown(simulation: Simulation, officer: Officer, share_code: str | None) -> dict[str, Any]:
    done = simulation.state == WorkState.DONE
    approval = getattr(simulation, "approval", None)
    started = list(found.runs_of(simulation))
    standing = [run for run in started if run.state in (*OPEN, WorkState.DONE)]
    return {
        "simulation": simulation,
        "title": simulation.title,
        "documents": simulations.documents_of(simulation),
        "drafts": simulations.drafts_of(simulation),
        "is_open": simulation.state in OPEN,
        "done": done,
        "groups": found.groups(simulation) if done else [],
        "net_due": found.net_due(simulation) if done else None,
        "approval": approval,
        "runs": started,
        "differences_url": address("differences", simulation, share_code),
        "is_shared": share_code is not None,
        "may_cancel": share_code is None
        and simulation.state in OPEN
        and simulations.may_start(officer),
        "may_approve": share_code is None
        and done
        and approval is None
        and simulations.may_approve(officer)
        and simulation.by_id != officer.pk,
        "may_run": share_code is None
        and approval is not None
        and not standing
        and simulations.may_start(officer),
    }


@require_safe
@scope.officer_required()
def progress(request: HttpRequest, simulation_id: int) -> HttpResponse:
    """Answer with the progress piece alone; once it has ended, have the page read anew."""
    simulation = visible(request, simulation_id, None)
    if simulation.state not in OPEN:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "relief/simulations/_progress.html", {"simulation": simulation})


@require_POST
@scope.officer_required(Post.HANDLER)
def cancel(request: HttpRequest, simulation_id: int) -> HttpResponse:
    """End a simulation that isn't done."""
    if not simulations.may_start(scope.officer_of(request)):
        raise PermissionDenied(CITY_ONLY)
    get_object_or_404(Simulation, pk=simulation_id)
    try:
        simulations.cancel(simulation_id=simulation_id, at=timezone.now())
    except simulations.NotApprovable as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, "试算已取消。")
    return redirect("relief:simulation", simulation_id)


@require_POST
@scope.officer_required(Post.REVIEWER, Post.HEAD)
def approve(request: HttpRequest, simulation_id: int) -> HttpResponse:
    """Agree to what a simulation found."""
    simulation = visible(request, simulation_id, None)
    form = ApproveForm(request.POST)
    if form.is_valid():
        try:
            simulations.approve(
                simulation_id=simulation.pk,
                by=scope.officer_of(request),
                at=timezone.now(),
                **form.cleaned_data,
            )
        except (simulations.NotYours, simulations.NotApprovable) as refusal:
            messages.warning(request, str(refusal))
        else:
            messages.success(request, "已批准。按这次试算发起的核定，结果必须与它一致。")
    else:
        messages.warning(request, "没有收到结果摘要，请从试算页面批准。")
    return redirect("relief:simulation", simulation.pk)


@require_POST
@scope.officer_required(Post.HANDLER)
def start_run(request: HttpRequest, simulation_id: int) -> HttpResponse:
    """Start the run that has to come to what was approved."""
    simulation = visible(request, simulation_id, None)
    try:
        run = simulations.start_run(
            simulation_id=simulation.pk, by=scope.officer_of(request), at=timezone.now()
        )
    except (
        simulations.NotYours,
        simulations.NotApproved,
        simulations.LawDiffers,
        runs.NothingDeclared,
        NoRuleInForce,
        locks.InputsBusy,
    ) as refusal:
        messages.warning(request, str(refusal))
        return redirect("relief:simulation", simulation.pk)
    tasks.ring_due()
    return redirect("relief:run", run.pk)


@require_safe
@scope.officer_required()
def departures(request: HttpRequest, stopped_run_id: int) -> HttpResponse:
    """Show where a run came to something else than what was approved, and what came in between."""
    if not scope.of_the_city(scope.officer_of(request)):
        raise PermissionDenied(CITY_ONLY)
    of = get_object_or_404(
        RunOfSimulation.objects.select_related("run", "simulation"), run=stopped_run_id
    )
    run, simulation = of.run, of.simulation
    rows = differences.departures(run, simulation, scope.viewer(request))
    return render(
        request,
        "relief/simulations/departures.html",
        {
            "simulation": simulation,
            "run": run,
            "page": paging.page_of(request, rows),
            "imports": found.imports_between(simulation, run)[:20],
            "runs": found.runs_between(simulation, run)[:20],
        },
    )
