"""Where an application is, for whoever holds its receipt."""

from django.utils import timezone

from casework import queries as casework_queries
from casework.lookup import Office, Progress
from deferral.models import Application
from deferral.queries import applications
from deferral.workflow import State


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
