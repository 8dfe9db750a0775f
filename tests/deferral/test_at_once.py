"""Two workers, or two people, at the very same moment: one report, one absence, one voice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier
from uuid import uuid4

import pytest
from django.db import connection

from casework.models import Absence, CaseMessage, Escalation, Move, Notice
from casework.services import absences, escalating
from casework.services.absences import BadAbsence
from deferral.models import Application, Decision
from deferral.services import deciding, writing
from deferral.services.deciding import AlreadyDecided
from registry.models import Officer
from tests.deferral.builders import AT, CITY, EVERY_FINDING, Walk, office
from tests.factories import make_officer

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts: Callable[[], object]) -> list[object]:
    """Do everything at the same moment; return what came back, refusals too."""
    start = Barrier(len(acts))

    def do(act: Callable[[], object]) -> object:
        try:
            connection.ensure_connection()
            start.wait(timeout=10)
            return act()
        except (BadAbsence, AlreadyDecided) as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(do, acts))


def test_workers_that_report_at_once_report_once():
    Walk().submit()
    late = AT.replace(day=27)

    made = at_once(*[lambda: escalating.report_overdue(clock=lambda: late)] * 4)

    assert sum(made) == Escalation.objects.count() == 3
    assert Move.objects.filter(action="受理超期，已报告负责人").count() == 2  # one a turn


def test_of_two_absences_for_the_same_days_one_is_set():
    absent = office("HR", CITY)
    deputies = [make_officer(absent.post, agency=absent.agency) for _ in range(2)]

    def go(deputy: Officer) -> Callable[[], object]:
        return lambda: absences.set_absence(
            officer=absent,
            deputy=deputy,
            from_day=AT.date(),
            to_day=date(2020, 3, 27),
            reason="",
            by=absent,
            at=AT,
        )

    found = at_once(*map(go, deputies))

    assert sum(isinstance(each, BadAbsence) for each in found) == 1
    assert Absence.objects.count() == 1


def test_two_deputies_do_not_leave_at_once_for_each_other():
    one = office("HR", CITY)
    other = make_officer(one.post, agency=one.agency)

    def go(absent: Officer, deputy: Officer) -> Callable[[], object]:
        return lambda: absences.set_absence(
            officer=absent,
            deputy=deputy,
            from_day=AT.date(),
            to_day=AT.date(),
            reason="",
            by=absent,
            at=AT,
        )

    found = at_once(go(one, other), go(other, one))

    assert sum(isinstance(each, BadAbsence) for each in found) == 1


def test_who_is_back_and_the_deputy_at_once_are_one_voice():
    walk = Walk().to_decision()
    Application.objects.filter(pk=walk.application.pk).update(approvers_needed=2)
    deputy = make_officer(walk.decider.post, agency=walk.decider.agency)
    absence = absences.set_absence(
        officer=walk.decider,
        deputy=deputy,
        from_day=AT.date(),
        to_day=AT.date(),
        reason="",
        by=walk.decider,
        at=AT,
    )
    acting = absences.standing_in(deputy, absence)

    def decide(by: Officer) -> Callable[[], object]:
        return lambda: deciding.decide(
            application_id=walk.application.pk,
            grant=True,
            findings=EVERY_FINDING,
            reason="",
            by=by,
            at=AT,
        )

    found = at_once(decide(walk.decider), decide(acting))

    assert sum(isinstance(each, AlreadyDecided) for each in found) == 1
    assert Decision.objects.count() == 1
    assert walk.state == "FOR_DECISION"


def test_a_form_sent_twice_at_once_is_one_message_and_one_notice():
    walk = Walk().submit()
    key = uuid4()

    at_once(
        *[
            lambda: writing.write_as_office(
                application_id=walk.application.pk,
                text="三天内办结",
                given=None,
                key=key,
                by=walk.taker,
                at=AT,
            )
        ]
        * 3
    )

    assert CaseMessage.objects.count() == 1
    assert Notice.objects.filter(title__contains="给您留言").count() == 1
