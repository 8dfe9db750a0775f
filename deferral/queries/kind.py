"""What pages and services of all matters ask of deferrals (`casework.matter_kinds`)."""

from collections.abc import Collection, Mapping

from django.urls import reverse

from casework.matter_kinds import Known, MatterKind
from casework.models import Clock
from deferral import offices
from deferral.models import Application, PersonMatter
from deferral.routes import Route
from deferral.services import early_ends, people, plan_changes
from deferral.services.taking_in import route_of
from registry.models import Agency

_STEPS = {
    "intake": "受理",
    "opinion": "出具意见",
    "report": "上报",
    "decision": "审批",
    plan_changes.STEP: "决定补缴计划变更",
    early_ends.STEP: "审批提前终止",
}


def _applications(numbers: Collection[int]) -> dict[int, Application]:
    rows = Application.objects.select_related("employer__district")
    return {row.pk: row for row in rows.filter(pk__in=numbers)}


def known(numbers: Collection[int]) -> dict[int, Known]:
    """Return applications by their numbers, as lists of several kinds show them."""
    return {
        row.pk: Known(
            receipt=row.receipt,
            employer=row.employer.name,
            desk_path=reverse("desk_deferrals:application", args=[row.receipt]),
        )
        for row in _applications(numbers).values()
    }


def waits_for(clocks: Collection[Clock]) -> Mapping[int, int]:
    """Return the agencies that wait for some clocks, by the clock's number."""
    rows = _applications({clock.matter_id for clock in clocks})
    agencies: dict[tuple[str, Route, str], Agency | None] = {}
    found: dict[int, int] = {}
    for clock in clocks:
        application = rows[clock.matter_id]
        route, employer = route_of(application), application.employer
        same = (employer.district_id, route, clock.step)
        if same not in agencies:
            agencies[same] = offices.waits_for(employer, route, clock.step)
        if (agency := agencies[same]) is not None:
            found[clock.pk] = agency.pk
    return found


DEFERRAL = MatterKind(
    code=Application.KIND, label="缓缴申请", steps=_STEPS, known=known, waits_for=waits_for
)


def known_people(numbers: Collection[int]) -> dict[int, Known]:
    """Return persons' matters by their numbers, naming no person."""
    rows = PersonMatter.objects.select_related("employer").filter(pk__in=numbers)
    return {
        row.pk: Known(
            receipt=row.receipt,
            employer=row.employer.name,
            desk_path=reverse("desk_deferrals:person", args=[row.receipt]),
        )
        for row in rows
    }


PERSON = MatterKind(
    code=PersonMatter.KIND,
    label="一人一事",
    steps={people.STEP: "办结"},
    known=known_people,
    # A person waits, and no other office.
    waits_for=lambda clocks: {},
)
