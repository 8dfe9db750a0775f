"""Ending offsets: by choice, by an officer, or with the period. The rest is offered anew."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from casework import services as casework
from refunds import letters_offset, queries_offset
from refunds.models import Obligation
from refunds.services import offers, offsets
from refunds.services.locking import hold_money
from registry import scope
from registry.models import Officer, Post
from registry.money import total
from relief.ledger import services as ledger

#: Employers worked through in one transaction.
CHUNK = 500
PERIOD_OVER = "可以冲抵的期限已过"


class NotYours(Exception):
    """The officer has no part in this unit's refunds."""


class ReasonMissing(Exception):
    """Nobody ends another's offset without saying why."""


def end(obligation: Obligation, *, by: casework.Actor, at: datetime, reason: str) -> None:
    """End an offset; what is left becomes a new offer. The caller holds the money lock and the
    row's lock. The last write of the transaction.

    :raises IllegalMove: if it isn't being offset.
    """
    _end([obligation], by=by, at=at, reason=reason)


def _end(obligations: list[Obligation], *, by: casework.Actor, at: datetime, reason: str) -> None:
    used = queries_offset.used_of(each.pk for each in obligations)
    entries = offsets.end(obligations, by=by, at=at, reason=reason)
    letters = []
    for each in obligations:
        gone = total(used.get(item.pk, Decimal("0.00")) for item in each.items.all())
        letters.append(letters_offset.ended(each, used=gone, reason=reason))
    casework.send_notices(letters, at=at)
    offers.settle(employer_ids=sorted({each.employer_id for each in obligations}), at=at)
    ledger.post(entries=entries, at=at)


def may_end(officer: Officer, obligation: Obligation) -> bool:
    """Return whether this officer may end an offset, say because the unit is deregistered."""
    return officer.post == Post.REVIEWER and scope.may_act(officer, obligation.employer)


@transaction.atomic
def end_by_officer(*, receipt: str, officer: Officer, reason: str, at: datetime) -> Obligation:
    """End a unit's offset, say because the unit is deregistered.

    :raises NotYours: if the officer is no reviewer of the unit's agency.
    :raises ReasonMissing: without a reason; the unit reads it.
    :raises IllegalMove: if it isn't being offset.
    """
    if not (reason := reason.strip()):
        raise ReasonMissing("请写明终止冲抵的原因，单位会看到。")
    hold_money()
    rows = Obligation.objects.select_for_update(of=["self"]).select_related("employer__district")
    obligation = rows.get(receipt=receipt)
    if not may_end(officer, obligation):
        raise NotYours("只有参保地经办机构的复核岗可以终止冲抵。")
    end(obligation, by=casework.officer(officer), at=at, reason=reason)
    return obligation


def end_all_over(*, clock: Callable[[], datetime]) -> int:
    """End every offset once the period is over; return how many. Safe to repeat and to kill."""
    count = 0
    while queries_offset.is_over(today=timezone.localdate(at := clock())):
        employers = queries_offset.offsetting_now().order_by("employer").values("employer")
        ids = [row["employer"] for row in employers.distinct()[:CHUNK]]
        if not ids:
            break
        with transaction.atomic():
            hold_money()
            rows = queries_offset.offsetting_now().filter(employer__in=ids).order_by("pk")
            found = list(rows.select_for_update().prefetch_related("items"))
            _end(found, by=casework.SYSTEM, at=at, reason=PERIOD_OVER)
        count += len(found)
    return count
