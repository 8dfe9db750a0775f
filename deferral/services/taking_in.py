"""What the office that takes applications in does: take in, tell once what is missing, decline."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from casework import services as casework
from casework.models import Supplement
from casework.services import clocks, opinions, supplements
from casework.services.supplements import Missing
from deferral import answers as filled
from deferral import offices, routes
from deferral.answers import Step
from deferral.content import Line
from deferral.hardship import hardship
from deferral.models import Application, Submission
from deferral.routes import Route
from deferral.schedule import schedule_of
from deferral.services.drafting import KIND
from deferral.services.handing_in import checked, start_intake, write_round
from deferral.services.moving import IllegalMove, NotYours, locked, move
from deferral.workflow import IN_REVIEW, Action, State
from registry.models import Officer
from registry.money import ZERO, total


class NoReason(Exception):
    """A refusal without its grounds."""


def route_of(application: Application) -> Route:
    """Return the route an application goes, as it held when it was first handed in.

    :raises NotYours: if it wasn't handed in: then it is nobody's but the unit's.
    """
    if application.submitted_at is None:
        raise NotYours("这件申请还没有提交。")
    return routes.named(application.route, timezone.localdate(application.submitted_at))


def current(application: Application) -> Submission:
    """Return the round that is judged now."""
    return application.submissions.get(round=application.round)


def _of_intake(application_id: int, by: Officer) -> tuple[Application, Route]:
    application = locked(application_id)
    route = route_of(application)
    if not offices.works_at(by, application.employer, route.intake):
        raise NotYours("这件申请不由您受理。")
    return application, route


@transaction.atomic
def accept(*, application_id: int, by: Officer, at: datetime) -> Application:
    """Take an application in and ask the departments for their opinions, all at the same time.

    :raises NotYours: if the officer's office doesn't take it in.
    :raises IllegalMove: if it doesn't wait to be taken in.
    """
    application, route = _of_intake(application_id, by)
    application.accepted_by = by
    application.reported_by = None
    move(application, Action.ACCEPT, by=casework.officer(by), at=at)
    clocks.stop(kind=KIND, matter_id=application.pk, step="intake", at=at)
    asked = offices.asked(application.employer, route.opinions)
    opinions.ask(
        kind=KIND,
        matter_id=application.pk,
        round=application.round,
        content=current(application).content,
        agencies=asked,
        by=casework.officer(by),
        at=at,
    )
    for agency in asked:
        clocks.start(
            kind=KIND,
            matter_id=application.pk,
            step="opinion",
            agency_id=agency.pk,
            working_days=route.opinions.working_days,
            clause=route.terms_clause,
            at=at,
        )
    return application


@transaction.atomic
def ask_supplement(
    *, application_id: int, missing: Sequence[Missing], by: Officer, at: datetime
) -> Supplement:
    """Tell the unit once of everything that has to be put right; the clock stands still.

    :raises NotYours, IllegalMove: as `accept`.
    :raises supplements.NothingNamed: if nothing is named, or not how to mend it.
    """
    application, _route = _of_intake(application_id, by)
    notes = "\n".join(f"{item.label}：{item.note.strip()}" for item in missing)
    before = application.round
    move(application, Action.ASK_SUPPLEMENT, by=casework.officer(by), at=at, note=notes)
    made = supplements.tell(
        kind=KIND, matter_id=application.pk, round=before, missing=missing, by=by, at=at
    )
    clocks.pause(
        kind=KIND, matter_id=application.pk, reason="单位补正", by=casework.officer(by), at=at
    )
    return made


@transaction.atomic
def decline(*, application_id: int, reason: str, by: Officer, at: datetime) -> Application:
    """Don't take an application in, with the grounds.

    :raises NotYours, IllegalMove: as `accept`.
    :raises NoReason: without grounds.
    """
    application, _route = _of_intake(application_id, by)
    if not reason.strip():
        raise NoReason("请写明不予受理的理由，单位会看到。")
    application.reason = reason.strip()
    move(application, Action.DECLINE, by=casework.officer(by), at=at, note=reason.strip())
    clocks.stop(kind=KIND, matter_id=application.pk, at=at)
    return application


@transaction.atomic
def refresh(*, application_id: int, by: Officer, at: datetime) -> Application:
    """Renew the amounts of an application under review from today's assessments.

    The new amounts make a new round: opinions on the former one are void and asked for again.
    A plan that no longer adds up has its difference in the last instalment.

    :raises NotYours, IllegalMove: as `accept`; also if nothing has changed.
    """
    application, _route = _of_intake(application_id, by)
    if application.state not in IN_REVIEW:
        raise IllegalMove(f"“{State(application.state).label}”的申请不能更新金额。")
    former = current(application)
    lines = refreshed(application, at=at)
    if lines is None:
        raise IllegalMove("金额没有变化，不用更新。")
    answers = dict(application.answers)
    answers[Step.PLAN.value] = _replanned(answers, lines)
    application.answers = answers
    write_round(
        application,
        lines,
        prepared=former.prepared_name,
        signer=None,
        undertaking=former.undertaking,
        by=casework.officer(by),
        at=at,
    )
    application.accepted_by = application.reported_by = None
    clocks.stop(kind=KIND, matter_id=application.pk, at=at)
    move(application, Action.REFRESH, by=casework.officer(by), at=at)
    start_intake(application, at=at)
    return application


def refreshed(application: Application, *, at: datetime) -> list[Line] | None:
    """Return the lines of the round with today's amounts, or None where they are the same."""
    former = list(current(application).lines.order_by("month", "insurance"))
    found = checked(application, application.employer, today=timezone.localdate(at)).picture
    with_employees = bool(application.answers[Step.MONTHS.value]["employee_part"])
    today = {
        (place.line.month, place.line.insurance): place.line
        for place in found.chosen(
            {line.insurance for line in former},
            {line.month for line in former},
            employee_part=with_employees,
        )
    }
    lines = [today[line.month, line.insurance] for line in former]
    same = all(
        (new.employer_part, new.employee_part) == (old.employer_part, old.employee_part)
        for old, new in zip(former, lines, strict=True)
    )
    return None if same else lines


def _replanned(answers: dict[str, Any], lines: Sequence[Line]) -> dict[str, Any]:
    plan = filled.plan(answers)
    rows, _rest = schedule_of(plan, due=total(line.amount for line in lines), paid=ZERO)
    return {
        **answers[Step.PLAN.value],
        "lines": [[row.due_on.isoformat(), str(row.amount)] for row in rows],
    }


def criteria_of() -> list[tuple[str, str]]:
    """Return what a one-time notice may name, by target: steps, then papers."""
    rules = hardship()
    return [
        *((f"step:{step.value}", step.label) for step in Step if step is not Step.PAPERS),
        *((f"paper:{paper.code}", paper.title) for paper in rules.papers),
    ]
