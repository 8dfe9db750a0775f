"""Asking for what is overdue: one notice to an employer, kept in line with the book.

Always today's picture, as refunds are offered: what is in force and what has arrived decides.
Running it again, or twice at once, changes nothing.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from casework import services as casework
from casework.receipts import new_receipt
from casework.services import holidays
from registry.models import Employer
from registry.money import total
from relief import recovery_letters as letters
from relief.ledger import chains, touched
from relief.models import RecoveryItem, RecoveryLook, RecoveryMark, RecoveryNotice
from relief.queries import recoveries
from relief.queries.amounts import assessments_in_force
from relief.queries.recoveries import Key, Line
from relief.recovery_data import RULES

State = RecoveryNotice.State
RECEIPT_PREFIX = "BJ"
#: Employers looked at in one transaction.
CHUNK = 500
#: Whose book has moved; beyond this many everybody is looked at.
FEW = 5000

_OF_EVERYBODY = f"""
{recoveries.OWED}
INSERT INTO relief_recoverylook (employer_id)
SELECT DISTINCT employer_id FROM owed
UNION SELECT employer_id FROM relief_recoverynotice WHERE state = 'OPEN'
ORDER BY employer_id ON CONFLICT DO NOTHING
"""
_OF_SOME = """
INSERT INTO relief_recoverylook (employer_id)
SELECT unnest(%(employer_ids)s::bigint[]) ON CONFLICT DO NOTHING
"""


def mark(*, day: date) -> bool:
    """Write down who is to be looked at since the last time; return whether anything was new.

    Those whose book has moved; on a new day everybody who owes something.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        # One at a time: a second caller waits here and then finds nothing new.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('relief.recoveries'))")
        now = RecoveryMark(pk=1, day=day, chains=chains.numbers())
        before = RecoveryMark.objects.filter(pk=1).first()
        if before is not None and (before.day, before.chains) == (now.day, now.chains):
            return False
        ids = None
        if before is not None and before.day == day:
            ids = touched.since(before.chains, now.chains, most=FEW)
        if ids is None:
            cursor.execute(_OF_EVERYBODY, recoveries.parameters(day))
        else:
            cursor.execute(_OF_SOME, {"employer_ids": ids})
        now.save(force_insert=before is None)
    return True


@dataclass
class Asked:
    """How many notices one or more rounds of looking have opened and ended."""

    opened: int = 0
    ended: int = 0

    def add(self, other: "Asked") -> None:
        self.opened += other.opened
        self.ended += other.ended


def work_due(*, clock: Callable[[], datetime], at_most: timedelta | None = None) -> Asked:
    """Look at everybody who is marked, 500 at a time, each time whole by itself.

    :param at_most: then what is left waits for whoever comes next.
    """
    mark(day=timezone.localdate(clock()))
    done, until = Asked(), clock() + at_most if at_most else None
    while until is None or clock() < until:
        with transaction.atomic():
            looks = RecoveryLook.objects.select_for_update(skip_locked=True).order_by("pk")
            ids = list(looks.values_list("pk", flat=True)[:CHUNK])
            if not ids:
                break
            done.add(settle(employer_ids=ids, at=clock()))
            RecoveryLook.objects.filter(pk__in=ids).delete()
    return done


@dataclass(frozen=True)
class _Change:
    """What becomes of one employer's notices."""

    employer_id: int
    ends: RecoveryNotice | None
    ends_as: str
    asks_for: list[Line]


@transaction.atomic
def settle(*, employer_ids: Sequence[int], at: datetime) -> Asked:
    """Bring the notices of some employers into line with what is overdue today.

    A notice of which only a part was paid stays as it is. What grew, was added or is due to
    another amount makes a new notice in its stead; what was asked for before keeps its day.

    :raises NoRuleInForce: if a declared month has no due day.
    """
    today = timezone.localdate(at)
    # Two rounds of one employer wait for each other; who only refers to it doesn't wait.
    ids = sorted(employer_ids)
    list(Employer.objects.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True))
    owed: dict[int, list[Line]] = defaultdict(list)
    for line in recoveries.owed(today, employer_ids=ids):
        owed[line.employer_id].append(line)
    notices = RecoveryNotice.objects.filter(employer__in=ids, state=State.OPEN)
    open_ones = {notice.employer_id: notice for notice in notices.prefetch_related("items")}
    lines = {
        (line.employer_id, *line.key): line
        for line in recoveries.standing(today, employer_ids=list(open_ones))
    }
    changes = [
        change
        for employer_id in sorted({*owed, *open_ones})
        if (
            change := _change(
                employer_id, owed.get(employer_id, []), open_ones.get(employer_id), lines
            )
        )
    ]
    return _write(changes, today=today, at=at)


def _change(
    employer_id: int,
    owed: list[Line],
    notice: RecoveryNotice | None,
    lines: dict[tuple[int, date, str], Line],
) -> _Change | None:
    """Return what is to be written, or None where the notice says what is so."""
    if notice is None:
        return _Change(employer_id, None, "", owed)
    asked = {(item.month, item.insurance): item for item in notice.items.all()}
    now = {line.key: line for line in owed}
    grown = any(key not in asked or line.owed > asked[key].amount for key, line in now.items())
    less_due = any(
        (line := lines.get((employer_id, *key))) is None
        or line.net_due < item.net_due
        # Open still, and not overdue any more: it was given a later day.
        or (line.owed > 0 and key not in now)
        for key, item in asked.items()
    )
    if owed:
        changed = grown or less_due
        return _Change(employer_id, notice, State.REPLACED, owed) if changed else None
    ends_as = State.WITHDRAWN if less_due else State.SETTLED
    return _Change(employer_id, notice, ends_as, [])


def _write(changes: Sequence[_Change], *, today: date, at: datetime) -> Asked:
    ended = [change for change in changes if change.ends is not None]
    for change in ended:
        assert change.ends is not None
        change.ends.state, change.ends.ended_at = change.ends_as, at
        change.ends.save(update_fields=["state", "ended_at"])
        casework.record_move(
            kind=RecoveryNotice.KIND,
            matter_id=change.ends.pk,
            action=change.ends.get_state_display(),
            before=State.OPEN,
            after=change.ends_as,
            by=casework.SYSTEM,
            at=at,
        )
    opened = _open([change for change in changes if change.asks_for], today=today, at=at)
    told = [
        letters.asked(notice, items, replaces=notice.supersedes_id is not None)
        for notice, items in opened
    ]
    told += [letters.over(change.ends) for change in ended if change.ends and not change.asks_for]
    casework.send_notices(told, at=at)
    return Asked(opened=len(opened), ended=len(ended))


def _open(
    changes: Sequence[_Change], *, today: date, at: datetime
) -> list[tuple[RecoveryNotice, list[RecoveryItem]]]:
    if not changes:
        return []
    deadline = holidays.open_deadline(
        start=today, working_days=RULES.working_days, clause=RULES.document, at=at
    )
    ids = [change.employer_id for change in changes]
    rounds = dict(
        RecoveryNotice.objects.filter(employer__in=ids)
        .order_by()
        .values_list("employer")
        .annotate(Max("round"))
    )
    assessments = {
        (found.employer_id, found.month, found.insurance): found
        for found in assessments_in_force(today).filter(employer__in=ids)
    }
    opened = []
    for change in changes:
        before = _days_before(change.ends)
        items = [
            RecoveryItem(
                month=line.month,
                insurance=line.insurance,
                net_due=line.net_due,
                paid=line.paid,
                written_off=line.written_off,
                amount=line.owed,
                due_on=_due_on(line, before, deadline.due_on),
                assessment=assessments[line.employer_id, line.month, line.insurance],
            )
            for line in change.asks_for
        ]
        notice = RecoveryNotice.objects.create(
            receipt=new_receipt(RECEIPT_PREFIX),
            employer_id=change.employer_id,
            round=rounds.get(change.employer_id, 0) + 1,
            amount=total(item.amount for item in items),
            as_of=today,
            deadline=deadline,
            due_on=min(item.due_on for item in items),
            supersedes=change.ends,
            opened_at=at,
        )
        for item in items:
            item.notice = notice
        opened.append((notice, items))
    RecoveryItem.objects.bulk_create([item for _, items in opened for item in items])
    casework.record_moves(
        kind=RecoveryNotice.KIND,
        matter_ids=[notice.pk for notice, _ in opened],
        action="发出补缴通知",
        before="",
        after=State.OPEN,
        by=casework.SYSTEM,
        at=at,
    )
    return opened


def _days_before(notice: RecoveryNotice | None) -> dict[Key, RecoveryItem]:
    if notice is None:
        return {}
    return {(item.month, item.insurance): item for item in notice.items.all()}


def _due_on(line: Line, before: dict[Key, RecoveryItem], due_on: date) -> date:
    """Return until when a line is asked for: as before, unless it is more than before."""
    former = before.get(line.key)
    return former.due_on if former and line.owed <= former.amount else due_on
