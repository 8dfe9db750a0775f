"""Who sees which applications, whose turn it is, and everything a page shows of one."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import F, Q, QuerySet

from casework import queries as casework_queries
from casework import queries_matter as matter
from casework import queries_messages
from casework.models import Escalation, OpinionRequest, Supplement
from casework.queries_matter import Running
from deferral import offices
from deferral.models import Agreement, Application, Decision, Submission
from deferral.routes import CITY, Office, Route, routes
from deferral.services.taking_in import current, route_of
from deferral.workflow import IN_REVIEW, UNSENT, State
from registry import scope
from registry.models import Agency, Officer
from registry.scope import Viewer

KIND = Application.KIND
_ROWS = Application.objects.select_related("employer__district")


def of_unit(viewer: Viewer) -> QuerySet[Application]:
    """Return a unit's own applications, the newest first."""
    return scope.limit(_ROWS.all(), viewer).order_by("-pk")


def for_desk(viewer: Viewer) -> QuerySet[Application]:
    """Return what an officer may see: nothing that a unit hasn't handed in."""
    if viewer.officer is None:
        return Application.objects.none()
    seen = scope.limit(_ROWS.all(), viewer)
    return seen.filter(round__gte=1).exclude(state__in=sorted(UNSENT))


def waiting_for(officer: Officer, viewer: Viewer) -> QuerySet[Application]:
    """Return the applications in which the officer has the next say, the oldest move first."""
    turn = Q(pk__in=[])
    for route in routes():
        if fits(officer, route.intake):
            turn |= Q(route=route.code, state=State.SUBMITTED)
        if route.report is not None and fits(officer, route.report):
            turn |= Q(route=route.code, state=State.TO_REPORT) & ~Q(accepted_by=officer)
        if fits(officer, route.decision):
            decided = Decision.objects.filter(
                officer=officer, submission__round=F("submission__application__round")
            ).values("submission__application")
            turn |= Q(route=route.code, state=State.FOR_DECISION) & ~Q(pk__in=decided)
    asked = OpinionRequest.objects.filter(
        agency=officer.agency_id,
        matter_kind=KIND,
        voided_at__isnull=True,
        opinion__isnull=True,
    )
    turn |= Q(state=State.UNDER_REVIEW, pk__in=asked.values("matter_id"))
    return for_desk(viewer).filter(turn).order_by("moved_at", "pk")


def in_charge(officer: Officer) -> Q:
    """Return which applications an officer's office speaks with the unit about, of those that the
    officer may see (`offices.in_charge`, as a condition)."""
    found = Q(pk__in=[])
    for route in routes():
        own = Q(route=route.code)
        if fits(officer, route.intake):
            found |= own
        for state, office in (
            (State.TO_REPORT, route.report),
            (State.FOR_DECISION, route.decision),
            (State.AGREED, route.following),
        ):
            if office is not None and fits(officer, office):
                found |= own & Q(state=state)
    return found


def unread(viewer: Viewer) -> QuerySet[Application]:
    """Return the applications with messages that the viewer's side hasn't read: a unit's own, and
    those about which an officer's office speaks with the unit."""
    theirs = queries_messages.unread(KIND, from_unit=viewer.officer is not None)
    rows = for_desk(viewer) if viewer.officer else of_unit(viewer)
    rows = rows.filter(pk__in=theirs.values("matter_id"))
    return rows.filter(in_charge(viewer.officer)) if viewer.officer else rows


def fits(officer: Officer, office: Office) -> bool:
    """Return whether an officer's agency and post are those of an office of some employers."""
    mine = officer.agency
    return (
        officer.post in office.posts
        and mine.kind == office.kind
        and not mine.zone
        and mine.district.is_city == (office.level == CITY)
    )


@dataclass(frozen=True)
class Shown:
    """One application as its page shows it to the unit and to offices alike."""

    application: Application
    route: Route | None
    submission: Submission | None
    former: Submission | None
    requests: list[OpinionRequest]
    clocks: list[Running]
    supplement: Supplement | None
    reports: list[Escalation]
    agreement: Agreement | None

    @property
    def running(self) -> list[Running]:
        """The clocks that have not been stopped."""
        return [each for each in self.clocks if each.clock.stopped_at is None]

    @property
    def expected(self) -> date | None:
        """The day by which the present step is to be done, or None while it is paused."""
        days = [each.counted.due for each in self.running]
        known = [day for day in days if day is not None]
        return max(known) if days and len(known) == len(days) else None

    @property
    def offices(self) -> list[Agency]:
        """Who has it now."""
        return [each.clock.agency for each in self.running]


def shown(application: Application, *, today: date) -> Shown:
    """Return everything of an application that its pages show; nine queries."""
    rounds = list(application.submissions.order_by("-round")[:2])
    return Shown(
        application=application,
        route=route_of(application) if application.round else None,
        submission=rounds[0] if rounds else None,
        former=rounds[1] if len(rounds) > 1 else None,
        requests=matter.requests_of(KIND, application.pk),
        clocks=matter.clocks_of(KIND, [application.pk], today=today)[application.pk],
        supplement=matter.open_supplement(KIND, application.pk),
        reports=matter.escalations_of(KIND, application.pk),
        agreement=Agreement.objects.filter(application=application).first(),
    )


def timeline(application: Application) -> list[dict[str, Any]]:
    """Return the steps of an application, as pages show them."""
    return [
        {"what": move.action, "at": move.at, "who": move.by_name, "text": move.note}
        for move in casework_queries.timeline(KIND, application.pk)
    ]


def may_do(application: Application, officer: Officer) -> set[str]:
    """Return what an officer may do with an application as it stands now."""
    if not application.round:
        return set()
    route, employer = route_of(application), application.employer
    found: set[str] = set()
    state = application.state
    if offices.works_at(officer, employer, route.intake):
        if state == State.SUBMITTED:
            found |= {"accept", "supplement", "decline"}
        if state in IN_REVIEW:
            found.add("refresh")
    if state == State.UNDER_REVIEW and offices.gives_opinion(officer, employer, route):
        asked = matter.asked_of(officer.agency_id, KIND).filter(matter_id=application.pk)
        if asked.exists():
            found.add("opinion")
    if state == State.TO_REPORT and offices.works_at(officer, employer, route.report):
        found.add("return")
        if application.accepted_by_id != officer.pk:
            found.add("report")
    if (
        state == State.FOR_DECISION
        and offices.works_at(officer, employer, route.decision)
        and officer.pk not in (application.accepted_by_id, application.reported_by_id)
        and not current(application).decisions.filter(officer=officer).exists()
    ):
        found |= {"decide", "return"}
    return found
