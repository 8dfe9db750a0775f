"""Reminders that a unit doesn't want by text message or e-mail."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from casework.models import Channel, SwitchedOff
from casework.tell import kinds
from registry import scope
from registry.models import Membership


class MayNotSet(Exception):
    """The member doesn't commit the unit."""


@transaction.atomic
def choose(*, by: Membership, wanted: Collection[tuple[str, str]], at: datetime) -> int:
    """Store which reminders, by kind and channel, the unit wants; return how many it doesn't.

    All others that may be switched off are. What the law has us tell isn't among them, and
    the portal holds everything whatever is chosen here. Safe to repeat.

    :raises MayNotSet: if the member may not sign for the unit.
    """
    if not scope.may_sign(by):
        raise MayNotSet("通知设置由单位管理员或签署人修改。")
    optional = {
        (kind.code, channel.value)
        for kind in kinds.every()
        if not kind.legal
        for channel in Channel
    }
    off = optional - set(wanted)
    rows = SwitchedOff.objects.filter(employer=by.employer_id)
    for row in rows.select_for_update().order_by("pk"):
        if (row.kind, row.channel) not in off:
            row.delete()
    SwitchedOff.objects.bulk_create(
        [
            SwitchedOff(
                employer_id=by.employer_id,
                kind=kind,
                channel=channel,
                by_user_id=by.user_id,
                at=at,
            )
            for kind, channel in sorted(off)
        ],
        ignore_conflicts=True,
    )
    return len(off)
