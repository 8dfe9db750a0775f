"""Due days moved for one employer, and given back (缓缴, R37, R39)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from casework.services.matters import Actor
from registry.models import Employer
from relief.models import LaterDueDate, RecoveryLook
from relief.queries.policies import policy_as_of


class NotLater(Exception):
    """The day isn't later than the ordinary one."""


@dataclass(frozen=True)
class Postponed:
    """A month and insurance of an employer, and the day on which it is due now.

    `due_on` None gives it its ordinary day back.
    """

    employer_id: int
    month: date
    insurance: str
    due_on: date | None


@transaction.atomic
def postpone(
    *,
    lines: Sequence[Postponed],
    cause: str,
    clause: str,
    document: str,
    by: Actor,
    decided_on: date,
    at: datetime,
) -> int:
    """Move due days, or give them back; return how many rows are new. Safe to repeat.

    Late fees and what is asked for follow by themselves.

    :param cause: what moved them, such as an agreement and its version; it moves a month once.
    :raises NotLater: if a day lies before the ordinary one.
    """
    law = policy_as_of(decided_on)
    for line in lines:
        ordinary, _rule = law.due_on(line.month)
        if line.due_on is not None and line.due_on < ordinary:
            raise NotLater(
                f"{line.month:%Y-%m} 应于 {ordinary.isoformat()} 前缴纳，"
                f"{line.due_on.isoformat()} 反而更早。"
            )
    ids = sorted({line.employer_id for line in lines})
    list(Employer.objects.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True))
    before = LaterDueDate.objects.filter(cause=cause).count()
    LaterDueDate.objects.bulk_create(
        [
            LaterDueDate(
                employer_id=line.employer_id,
                month=line.month,
                insurance=line.insurance,
                due_on=line.due_on,
                decided_on=decided_on,
                cause=cause,
                clause=clause,
                document=document,
                posted_by=by.name[:100],
                posted_at=at,
            )
            for line in lines
        ],
        ignore_conflicts=True,
    )
    # The book didn't move, so nobody else notices that less is overdue now, or more.
    RecoveryLook.objects.bulk_create(
        [RecoveryLook(employer_id=number) for number in ids], ignore_conflicts=True
    )
    return LaterDueDate.objects.filter(cause=cause).count() - before
