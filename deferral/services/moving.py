"""The one way in which an application changes its state: checked, logged, told."""

import logging
from datetime import datetime

from django.urls import reverse

from casework import services as casework
from casework.services.matters import Actor
from deferral import telling
from deferral.models import Application
from deferral.workflow import UNSENT, Action, IllegalMove, State, next_state
from registry.models import Membership

__all__ = ["IllegalMove", "NotYours", "StaleForm", "locked", "locked_for", "move"]


logger = logging.getLogger("deferral.refused")


def log_refusal(receipt: str, action: str, who: str, why: object) -> None:
    """Write down that somebody tried what isn't theirs or isn't possible now; names no amounts."""
    logger.warning("refused: %s of %s by %s: %s", action, receipt, who, why)


class NotYours(Exception):
    """The application isn't in these hands."""


class StaleForm(Exception):
    """Somebody has changed the application since the form was opened."""


def locked(application_id: int) -> Application:
    """Return an application under its lock."""
    rows = Application.objects.select_for_update(of=("self",)).select_related("employer__district")
    return rows.get(pk=application_id)


def locked_for(application_id: int, member: Membership) -> Application:
    """Return a unit's own application under its lock.

    :raises NotYours: if it isn't the member's unit's, or the member no longer acts for it.
    """
    application = locked(application_id)
    if application.employer_id != member.employer_id or not member.active:
        raise NotYours("这件申请不属于贵单位。")
    return application


def move(
    application: Application, action: Action, *, by: Actor, at: datetime, note: str = ""
) -> State:
    """Make one move, log it, and tell the unit of it; return the state before.

    The caller holds the row's lock and has set what else changes; all of it is saved here.

    :raises IllegalMove: if the action may not start from the state.
    """
    before = State(application.state)
    application.state = next_state(before, action)
    application.moved_at = application.changed_at = at
    application.version += 1
    application.full_clean(validate_unique=False, validate_constraints=True)
    application.save()
    made = casework.record_move(
        kind=Application.KIND,
        matter_id=application.pk,
        action=str(action.label),
        before=before,
        after=application.state,
        by=by,
        at=at,
        note=note,
    )
    # What nobody but the unit has seen is no news to it.
    if not (before in UNSENT and application.state in (*UNSENT, State.WITHDRAWN)):
        casework.send_notice(
            at=at,
            employer_id=application.employer_id,
            key=f"deferral:{application.pk}:{made.pk}",
            title=telling.title(action, application.receipt),
            body=telling.body(action, note),
            path=reverse("portal_deferrals:detail", args=[application.receipt]),
        )
    return before
