"""Taking and giving back the lease on a piece of work.

A worker claims a row, keeps the lease alive while it works, and ends it in the same
transaction as its last write. Another worker may take over when the lease has run out;
the first, should it wake up, holds an old token and is refused.
"""

import uuid
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import models, transaction
from django.db.models import Q

from registry.models import Work, WorkState

LEASE = timedelta(seconds=60)
#: Longer than this without a sign of life: nobody is at work at all.
SILENCE = timedelta(minutes=5)
OPEN = (WorkState.QUEUED, WorkState.RUNNING)
W = TypeVar("W", bound=Work)


class LeaseLost(Exception):
    """Somebody else works on this now, or it has ended."""


def _free(at: datetime) -> Q:
    """Return what nobody holds: never leased, run out, or leased into a time that no lease
    reaches. Such a one was given by a clock that has gone back since, and would hold for hours;
    if its holder lives, it is fenced like any other that comes late."""
    return Q(lease_until__isnull=True) | Q(lease_until__lt=at) | Q(lease_until__gt=at + 2 * LEASE)


def claim(model: type[W], pk: int, *, at: datetime) -> W | None:
    """Return the work with a fresh lease, or None if it is done or in another's hands."""
    with transaction.atomic():
        free = model._default_manager.filter(_free(at), pk=pk, state__in=OPEN)
        work = free.select_for_update().first()
        if work is None:
            return None
        work.state = WorkState.RUNNING
        work.lease_token = uuid.uuid4()
        work.lease_until = at + LEASE
        work.attempts += 1
        work.started_at = work.started_at or at
        work.save(update_fields=["state", "lease_token", "lease_until", "attempts", "started_at"])
        return work


def is_silent(work: Work, *, at: datetime) -> bool:
    """Whether open work has shown no sign of life for too long: no worker is running.

    A worker renews its lease while it works, and one that died is taken over in a minute.
    """
    if work.state not in OPEN:
        return False
    signs = [work.created_at, work.started_at, work.lease_until and work.lease_until - LEASE]
    return at - max(sign for sign in signs if sign) > SILENCE


def _held(work: W) -> models.QuerySet[W]:
    return type(work)._default_manager.filter(
        pk=work.pk, lease_token=work.lease_token, state=WorkState.RUNNING
    )


def keep(work: Work, *, at: datetime, **progress: object) -> None:
    """Renew the lease and store progress fields.

    :raises LeaseLost: if another worker has taken over, or the work was ended.
    """
    if not _held(work).update(lease_until=at + LEASE, **progress):
        raise LeaseLost(work.pk)


def hold(work: W) -> W:
    """Lock the row for the rest of the transaction, sure that the lease is still ours.

    :raises LeaseLost: if it is not.
    """
    locked = _held(work).select_for_update().first()
    if locked is None:
        raise LeaseLost(work.pk)
    return locked


def end(work: Work, state: WorkState, *, at: datetime, **results: object) -> None:
    """Close the work with a state and its results; call it inside the writing transaction.

    :raises LeaseLost: if another worker has taken over.
    """
    if not _held(work).update(state=state, lease_until=None, finished_at=at, **results):
        raise LeaseLost(work.pk)


def due(model: type[W], *, at: datetime) -> models.QuerySet[W]:
    """Return the open work that nobody holds: what a sweeper rings for again."""
    return model._default_manager.filter(_free(at), state__in=OPEN).order_by("pk")
