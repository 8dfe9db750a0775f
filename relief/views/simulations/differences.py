"""What a simulation or a run changes: the list by employer and insurance, the months of one
employer, and the list as a workbook."""

from io import BytesIO
from typing import Any

import xlsxwriter
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from registry import paging, scope
from registry import queries as registry_queries
from registry.intake.report import WORKBOOK
from registry.models import WorkState
from registry.workbook.safe import SAFE
from relief.forms_simulations import DifferenceFilter
from relief.models import Run, RunDifference, Simulation
from relief.policy import EmployerClass
from relief.queries import differences
from relief.queries.policies import LawIsGone
from relief.services import changes, simulations
from relief.views.simulations.desk import address, visible

#: A workbook for reading, not for storing: whoever needs more narrows the list.
MOST_EXPORTED = 100_000
_AT_A_TIME = 2000
_HEAD = (
    "单位名称",
    "统一社会信用代码",
    "参保地",
    "险种",
    "最早月份",
    "最晚月份",
    "变动月数",
    "原减免（元）",
    "现减免（元）",
    "原应缴（元）",
    "现应缴（元）",
    "应缴变化（元）",
    "原因",
)


def _of_run(run_id: int) -> Run:
    return get_object_or_404(Run.objects.select_related("by__agency"), pk=run_id)


def _asked(
    request: HttpRequest, found: Run | Simulation
) -> tuple[DifferenceFilter, QuerySet[RunDifference]]:
    viewer = scope.viewer(request)
    form = DifferenceFilter(request.GET, districts=registry_queries.districts_for(viewer))
    asked = form.cleaned_data if form.is_valid() else {}
    return form, differences.listed(found, viewer, **asked)


def _list(request: HttpRequest, found: Run | Simulation, context: dict[str, Any]) -> HttpResponse:
    form, rows = _asked(request, found)
    page = paging.page_of(request, rows)
    for row in page:
        row.why = differences.reasons(row)
    context |= {
        "found": found,
        "form": form,
        "page": page,
        "sums": differences.sums(rows),
        "query": request.GET.urlencode(),
    }
    return render(request, "relief/simulations/differences.html", context)


@require_safe
@scope.officer_required()
def of_simulation(
    request: HttpRequest, simulation_id: int | None = None, share_code: str | None = None
) -> HttpResponse:
    """List what a simulation would change, the largest change first."""
    simulation = visible(request, simulation_id, share_code)
    return _list(
        request,
        simulation,
        {
            "title": f"试算“{simulation.title}”的前后差异",
            "back": address("detail", simulation, share_code),
            "lines": "relief:shared_lines" if share_code else "relief:simulation_lines",
            "key": share_code or simulation.pk,
            "workbook": address("workbook", simulation, share_code),
        },
    )


@require_safe
@scope.officer_required()
def of_run(request: HttpRequest, run_id: int) -> HttpResponse:
    """List what a run has changed, the largest change first."""
    run = _of_run(run_id)
    return _list(
        request,
        run,
        {
            "title": f"第 {run.pk} 次核定的前后差异",
            "back": reverse("relief:run", args=[run.pk]),
            "lines": "relief:run_lines",
            "key": run.pk,
            "workbook": reverse("relief:run_differences_workbook", args=[run.pk]),
        },
    )


@require_safe
@scope.officer_required()
def lines_of_simulation(
    request: HttpRequest,
    employer_id: int,
    simulation_id: int | None = None,
    share_code: str | None = None,
) -> HttpResponse:
    """Show each month of one employer before and after a simulation."""
    simulation = visible(request, simulation_id, share_code)
    context: dict[str, Any] = {
        "title": f"试算“{simulation.title}”",
        "back": address("differences", simulation, share_code),
    }
    return _lines(request, simulation, employer_id, context)


@require_safe
@scope.officer_required()
def lines_of_run(request: HttpRequest, employer_id: int, run_id: int) -> HttpResponse:
    """Show each month of one employer before and after a run."""
    run = _of_run(run_id)
    context: dict[str, Any] = {
        "title": f"第 {run.pk} 次核定",
        "back": reverse("relief:run_differences", args=[run.pk]),
    }
    return _lines(request, run, employer_id, context)


def _lines(
    request: HttpRequest, found: Run | Simulation, employer_id: int, context: dict[str, Any]
) -> HttpResponse:
    employers = registry_queries.employers_for(scope.viewer(request))
    employer = get_object_or_404(employers, pk=employer_id)
    try:
        lines = changes.lines(found, employer_id=employer.pk)
    except (simulations.LawDiffers, LawIsGone) as refusal:
        context["nothing"] = str(refusal)
    else:
        context |= {"lines": lines, "totals": changes.totals(lines)}
    context |= {
        "found": found,
        "employer": employer,
        "classes": {name.value: name.label for name in EmployerClass},
        "in_force": isinstance(found, Run) and found.state == WorkState.DONE,
    }
    return render(request, "relief/simulations/lines.html", context)


@require_safe
@scope.officer_required()
def workbook_of_simulation(
    request: HttpRequest, simulation_id: int | None = None, share_code: str | None = None
) -> HttpResponse:
    """Download the differences of a simulation."""
    simulation = visible(request, simulation_id, share_code)
    return _workbook(request, simulation, f"simulation-{simulation.pk}.xlsx")


@require_safe
@scope.officer_required()
def workbook_of_run(request: HttpRequest, run_id: int) -> HttpResponse:
    """Download the differences of a run."""
    run = _of_run(run_id)
    return _workbook(request, run, f"run-{run.pk}.xlsx")


def _workbook(request: HttpRequest, found: Run | Simulation, name: str) -> HttpResponse:
    _form, rows = _asked(request, found)
    target = BytesIO()
    with xlsxwriter.Workbook(target, {**SAFE, "constant_memory": True}) as book:
        sheet = book.add_worksheet("前后差异")
        bold, yuan = book.add_format({"bold": True}), book.add_format({"num_format": "#,##0.00"})
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(_HEAD) - 1, 18)
        for place, title in enumerate(_HEAD):
            sheet.write_string(0, place, title, bold)
        for number, row in enumerate(rows[:MOST_EXPORTED].iterator(_AT_A_TIME), 1):
            unit = row.employer
            texts = (
                *(unit.name, unit.uscc, unit.district.name, row.get_insurance_display()),
                *(f"{row.first_month:%Y-%m}", f"{row.last_month:%Y-%m}"),
            )
            for place, text in enumerate(texts):
                sheet.write_string(number, place, text)
            sheet.write_number(number, 6, row.lines)
            amounts = (row.before_relief, row.relief, row.before_net_due, row.net_due)
            for place, amount in enumerate((*amounts, row.net_due - row.before_net_due), 7):
                sheet.write_number(number, place, amount, yuan)
            sheet.write_string(number, 12, "、".join(differences.reasons(row)))
    response = HttpResponse(target.getvalue(), content_type=WORKBOOK)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
