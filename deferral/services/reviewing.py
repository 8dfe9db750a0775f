"""Opinions of departments on what they were asked, and what they lead to."""

from datetime import date, datetime
from decimal import Decimal
from typing import BinaryIO

from django.db import transaction

from casework import queries_matter as matter
from casework import services as casework
from casework.models import Opinion
from casework.opinions import Outcome, Verdict, Weight, outcome
from casework.services import absences, attaching, clocks, opinions
from casework.services.opinions import Said
from deferral import offices
from deferral.content import Line
from deferral.models import Application
from deferral.routes import Office, Route
from deferral.services.drafting import KIND
from deferral.services.handing_in import start_intake, write_round
from deferral.services.moving import IllegalMove, NotYours, locked, move
from deferral.services.taking_in import NoReason, current, route_of
from deferral.workflow import Action, State
from registry.models import Officer


@transaction.atomic
def give_opinion(
    *,
    application_id: int,
    by: Officer,
    verdict: Verdict,
    grounds: str,
    conditions: str,
    document_number: str,
    document_date: date,
    file: BinaryIO,
    file_name: str,
    at: datetime,
) -> Opinion:
    """Record a department's written opinion; the one that settles the review moves it on.

    In the city's joint review a refusal or a return settles it at once; in a county's route
    opinions inform, and all of them are waited for.

    :raises NotYours: if the officer's department isn't asked.
    :raises IllegalMove: if the application is not under review.
    :raises opinions.NotAsked, opinions.AlreadyGiven, opinions.Incomplete: see there.
    :raises files.BadFile: if the file isn't taken in.
    """
    application = locked(application_id)
    if application.state != State.UNDER_REVIEW:
        raise IllegalMove("申请不在征求意见中，请刷新后再看。")
    route = route_of(application)
    if not offices.gives_opinion(by, application.employer, route):
        raise NotYours("没有向贵部门征求对这件申请的意见。")
    kept = attaching.keep_office_file(file=file, name=file_name, by=by, at=at)
    said = Said(verdict, grounds, conditions, document_number, document_date, kept)
    opinion = opinions.give(kind=KIND, matter_id=application.pk, said=said, by=by, at=at)
    casework.record_move(
        kind=KIND,
        matter_id=application.pk,
        action=f"出具意见：{verdict.label}",
        before=application.state,
        after=application.state,
        by=casework.officer(by),
        at=at,
        note=f"{document_number.strip()}；{grounds.strip()}".strip("；"),
    )
    clocks.stop(kind=KIND, matter_id=application.pk, step="opinion", agency_id=by.agency_id, at=at)
    _settle(application, route, at=at)
    return opinion


def _settle(application: Application, route: Route, *, at: datetime) -> None:
    given = matter.given(matter.requests_of(KIND, application.pk))
    review = route.opinions
    match outcome(given, required=review.required, weight=review.weight):
        case Outcome.RETURNED:
            _return(application, by=casework.SYSTEM, note="有部门认为需要补正", at=at)
        case Outcome.COMPLETE | Outcome.REFUSED:
            clocks.stop(kind=KIND, matter_id=application.pk, step="opinion", at=at)
            application.opinions_needed = len(review.kinds)
            application.opinions_decide = review.weight is Weight.JOINT
            application.approvers_needed = route.needed(_amount(application))
            move(application, Action.COMPLETE, by=casework.SYSTEM, at=at)
            if route.report is None:
                move(application, Action.REPORT, by=casework.SYSTEM, at=at)
                _start(application, "decision", route.decision, route, at=at)
            else:
                _start(application, "report", route.report, route, at=at)


def _amount(application: Application) -> Decimal:
    found = current(application)
    return found.employer_total + found.employee_total


def _start(
    application: Application, step: str, office: Office, route: Route, *, at: datetime
) -> None:
    clocks.start(
        kind=KIND,
        matter_id=application.pk,
        step=step,
        agency_id=offices.of_office(application.employer, office).pk,
        working_days=office.working_days,
        clause=route.terms_clause,
        at=at,
    )


@transaction.atomic
def report(*, application_id: int, note: str, by: Officer, at: datetime) -> Application:
    """Report to the city's bureau, with every opinion; somebody else than who took it in does.

    :raises NotYours: if the officer's office doesn't report it, or the officer took it in.
    :raises IllegalMove: if the opinions aren't complete.
    """
    application = locked(application_id)
    route = route_of(application)
    if not offices.works_at(by, application.employer, route.report):
        raise NotYours("这件申请不由您上报。")
    if application.accepted_by_id in absences.people(by):
        raise NotYours("上报要由受理人以外的工作人员办理。")
    application.reported_by = by
    move(application, Action.REPORT, by=casework.officer(by), at=at, note=note.strip())
    clocks.stop(kind=KIND, matter_id=application.pk, step="report", at=at)
    _start(application, "decision", route.decision, route, at=at)
    return application


@transaction.atomic
def send_back(*, application_id: int, reason: str, by: Officer, at: datetime) -> Application:
    """Send an application back to the office that took it in, with what is to be cleared up.

    Who reports or decides may; opinions are void, since they are asked for again afterwards.

    :raises NotYours: if the officer neither reports nor decides it.
    :raises NoReason: without a reason.
    :raises IllegalMove: if it isn't there to be reported or decided.
    """
    application = locked(application_id)
    route = route_of(application)
    office = {State.TO_REPORT: route.report, State.FOR_DECISION: route.decision}.get(
        State(application.state)
    )
    if not offices.works_at(by, application.employer, office):
        raise NotYours("这件申请不由您退回。")
    if not reason.strip():
        raise NoReason("请写明退回的原因。")
    _return(application, by=casework.officer(by), note=reason.strip(), at=at)
    return application


def _return(application: Application, *, by: casework.Actor, note: str, at: datetime) -> None:
    opinions.void(
        kind=KIND, matter_id=application.pk, reason="申请已退回受理岗，需要重新征求意见", at=at
    )
    clocks.stop(kind=KIND, matter_id=application.pk, at=at)
    _leave_decisions_behind(application, by=by, at=at)
    application.accepted_by = application.reported_by = None
    move(application, Action.RETURN, by=by, at=at, note=note)
    start_intake(application, at=at)


def _leave_decisions_behind(application: Application, *, by: casework.Actor, at: datetime) -> None:
    """Begin a new round of the same content where somebody has already said yes: that yes was
    said on opinions that are asked for anew, so it must not count for the next decision."""
    former = current(application)
    if not former.decisions.exists():
        return
    lines = [
        Line(
            line.month,
            line.insurance,
            line.employer_part,
            line.employee_part,
            line.assessment_id,
            line.ordinary_due,
        )
        for line in former.lines.all()
    ]
    write_round(
        application,
        lines,
        prepared=former.prepared_name,
        signer=None,
        undertaking=former.undertaking,
        by=by,
        at=at,
    )
