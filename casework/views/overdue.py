"""Overdue steps that were reported to an officer's office."""

from collections import defaultdict

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from casework import matter_kinds, queries_matter
from casework.escalation import RULES
from casework.models import Escalation
from registry import paging, scope


@require_safe
@scope.officer_required()
def overdue(request: HttpRequest) -> HttpResponse:
    """List the overdue steps reported to the officer's office, those begun first first."""
    officer = scope.officer_of(request)
    page = paging.page_of(request, queries_matter.reported_to(officer.agency_id))
    return render(
        request,
        "casework/overdue.html",
        {"page": page, "rows": _rows(list(page.object_list)), "rules": RULES, "officer": officer},
    )


def _rows(reports: list[Escalation]) -> list[dict[str, object]]:
    numbers = defaultdict(set)
    for report in reports:
        numbers[report.clock.matter_kind].add(report.clock.matter_id)
    known = {
        code: kind.known(found)
        for code, found in numbers.items()
        if (kind := matter_kinds.named(code)) is not None
    }
    running = {
        each.clock.pk: each
        for each in queries_matter.counted(
            queries_matter.with_pauses(report.clock_id for report in reports),
            today=timezone.localdate(),
        )
    }
    return [
        {
            "report": report,
            "running": running[report.clock_id],
            "step": matter_kinds.step_label(report.clock.matter_kind, report.clock.step),
            "matter": known.get(report.clock.matter_kind, {}).get(report.clock.matter_id),
        }
        for report in reports
    ]
