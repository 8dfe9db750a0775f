"""Our lines that an answer of the bank is about: held while it is read, and what it did to them.

By statements over all lines of a file: it may answer thousands.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from django.db import connection

from casework import services as casework
from refunds import letters
from refunds.models import Attempt, Batch, Obligation
from refunds.services.moving import move_all
from refunds.workflow import Action, State
from relief.services import paid_back


class How(StrEnum):
    """How a line ended, as the causes in the ledger name it."""

    PAID = "paid"
    BOUNCED = "bounced"
    #: It had arrived and came back (退票).
    RETURNED = "returned"


@dataclass(slots=True)
class Line:
    """A line as it stands while the file is read, with its batch and its refund."""

    id: int
    line_no: str
    account: str
    amount: Decimal
    state: str
    reason: str
    settled_on: date | None
    batch_id: int
    batch_number: str
    batch_state: str
    obligation_id: int
    receipt: str
    employer_id: int
    insurance: str
    stands: str
    #: Of a construction project's money; "" of declared months.
    project_code: str


@dataclass(frozen=True, slots=True)
class End:
    """One end of a line that the bank reports, on its day; the reason in the bank's words."""

    line: Line
    how: How
    on: date
    reason: str
    said: str


_LINES = """
SELECT t.id, t.line_no, t.account, t.amount, t.state, t.reason, t.settled_on, b.id, b.number,
    b.state, o.id, o.receipt, o.employer_id, o.insurance, o.state, coalesce(p.code, '')
FROM refunds_attempt t
JOIN refunds_batch b ON b.id = t.batch_id
JOIN refunds_obligation o ON o.id = t.obligation_id
LEFT JOIN relief_project p ON p.id = o.project_id
WHERE t.line_no = ANY(%s::text[])
ORDER BY t.id FOR UPDATE OF t
"""
_UPDATE = """
UPDATE refunds_attempt t SET state = v.state, reason = left(v.reason, 200), settled_on = v.day
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::date[]) AS v(id, state, reason, day)
WHERE t.id = v.id
"""
# What arrived left its months; what came back is there again.
_PAID_BACK = """
SELECT o.employer_id, i.month, o.insurance, i.amount * w.sign AS amount, w.day AS "on",
    concat_ws('.', t.line_no, to_char(i.month, 'YYYYMM'), w.how) AS reference, o.project_id
FROM unnest(%(lines)s::bigint[], %(days)s::date[], %(hows)s::text[], %(signs)s::int[])
    AS w(line, day, how, sign)
JOIN refunds_attempt t ON t.id = w.line
JOIN refunds_obligation o ON o.id = t.obligation_id
JOIN refunds_obligationitem i ON i.obligation_id = o.id
ORDER BY w.line, w.how, i.month
"""


def lock(line_numbers: Collection[str]) -> dict[str, Line]:
    """Return our lines among some numbers, by number; locked with their batches and refunds."""
    asked = Attempt.objects.filter(line_no__in=line_numbers)
    # Sealing, sending and reading all lock batches before obligations before attempts.
    batches = Batch.objects.filter(pk__in=asked.values("batch")).order_by("pk")
    list(batches.select_for_update().values_list("pk", flat=True))
    refunds = Obligation.objects.filter(pk__in=asked.values("obligation")).order_by("pk")
    list(refunds.select_for_update().values_list("pk", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(_LINES, [sorted(line_numbers)])
        found = [Line(*row) for row in cursor.fetchall()]
    return {line.line_no: line for line in found}


def write(
    touched: Sequence[Line], ends: Sequence[End], *, at: datetime
) -> Mapping[str, Sequence[int]]:
    """Store lines as they stand now, and what their ends mean for refunds, units and facts.

    Money that came back is posted before its refund is open again, as the database's own sum
    demands. The ledger is the caller's (`answers_book`). Returns by batch the refunds of which
    the answer proves that they were sent, where we died before we could note it.
    """
    if not touched:
        return {}
    moved = [end for end in ends if end.how != How.BOUNCED]
    paid_back.post_moved(
        _PAID_BACK,
        {
            "lines": [end.line.id for end in moved],
            "days": [end.on for end in moved],
            "hows": [end.how for end in moved],
            "signs": [1 if end.how == How.PAID else -1 for end in moved],
        },
    )
    with connection.cursor() as cursor:
        columns = [(line.id, line.state, line.reason, line.settled_on) for line in touched]
        cursor.execute(_UPDATE, [list(column) for column in zip(*columns, strict=True)])
    unnoted = _move(ends, at=at)
    casework.send_notices((_message(end) for end in ends), at=at)
    return unnoted


def _move(ends: Iterable[End], *, at: datetime) -> Mapping[str, Sequence[int]]:
    """Move the refunds: what was paid first, since what is paid may come back."""
    unnoted: dict[str, list[int]] = defaultdict(list)
    groups: dict[tuple[Action, str], list[End]] = defaultdict(list)
    for end in sorted(ends, key=lambda end: end.how != How.PAID):
        line = end.line
        if line.stands == State.IN_BATCH:
            unnoted[line.batch_number].append(line.obligation_id)
        action = Action.PAY if end.how == How.PAID else Action.BOUNCE
        groups[action, line.stands].append(end)
        line.stands = State.PAID if end.how == How.PAID else State.BOUNCED
    for (action, before), found in groups.items():
        move_all(
            [end.line.obligation_id for end in found],
            action,
            before=State(before),
            by=casework.BANK,
            at=at,
            note=[_note(end) for end in found],
            reasons=[end.reason for end in found],
        )
    return unnoted


def _note(end: End) -> str:
    day = f"银行处理日期{end.on}"
    return day if end.how == How.PAID else f"{end.said}：{end.reason}（{day}）"


def _message(end: End) -> casework.Message:
    line = end.line
    if end.how == How.PAID:
        return letters.paid(line, line_no=line.line_no, account=line.account)
    return letters.bounced(line, line_no=line.line_no, account=line.account, reason=end.reason)
