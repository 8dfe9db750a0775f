"""Where an application is, for whoever holds its receipt."""

from django.utils import timezone

from casework import queries as casework_queries
from casework.lookup import Office, Progress
from deferral import offices
from deferral.models import Application, PersonMatter
from deferral.queries import applications, people
from deferral.workflow import PersonState, State


def find(receipt: str, uscc: str) -> Progress | None:
    """Return the progress of an application that was handed in, or None."""
    rows = Application.objects.select_related("employer__district")
    found = rows.filter(receipt=receipt, employer__uscc=uscc, round__gte=1).first()
    if found is None:
        return None
    shown = applications.shown(found, today=timezone.localdate())  # the clock: where it is today
    moves = casework_queries.timeline(Application.KIND, found.pk)
    return Progress(
        kind="缓缴申请",
        state=str(State(found.state).label),
        offices=tuple(Office(agency.name, agency.phone) for agency in shown.offices),
        expected=shown.expected,
        # What each department said is the unit's to read, after it has signed in.
        steps=tuple((move.action.split("：")[0], move.at) for move in moves),
    )


def find_person(receipt: str, uscc: str) -> Progress | None:
    """Return the progress of a person's matter, naming nobody, or None."""
    found = (
        PersonMatter.objects.select_related("agreement__application__employer__district")
        .filter(receipt=receipt, employer__uscc=uscc)
        .first()
    )
    if found is None:
        return None
    application = found.agreement.application
    pending = found.state in (PersonState.TO_PAY, PersonState.PAID)
    office = offices.of_office(application.employer, people.following(found.agreement))
    return Progress(
        kind="一人一事",
        state=str(PersonState(found.state).label),
        offices=(Office(office.name, office.phone),) if pending else (),
        expected=found.pay_by if found.state == PersonState.TO_PAY else None,
        steps=tuple(
            (move.action.split("：")[0], move.at)
            for move in casework_queries.timeline(PersonMatter.KIND, found.pk)
        ),
    )
