"""What is overdue and by how much: sums over the book, and the notices that ask for it.

Owed of a month and insurance is what is due less what was paid less what was written off. While
money is still on its way back to the unit it counts as paid, so nothing is asked for twice.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from casework.services import holidays
from casework.workdays import working_days_left
from registry import scope
from registry.money import ZERO, to_fen, total
from registry.scope import Viewer
from relief.ledger.accounts import DUE, PAID_IN, Account, listed_sql
from relief.models import Insurance, RecoveryItem, RecoveryNotice
from relief.policy import EmployerClass
from relief.queries import late_fees
from relief.queries.due_dates import LATER
from relief.queries.policies import policy_as_of
from relief.recovery_data import RULES

State = RecoveryNotice.State
Key = tuple[date, str]

#: What each line of a month and insurance comes to, as of a day; lines nobody assessed have no due.
STANDING = f"""
WITH law AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(%(law)s::jsonb) AS l(month date, due_on date)
),
standing AS (
    SELECT employer_id, month, insurance,
        -sum(amount) FILTER (WHERE account IN {listed_sql(DUE)}) AS net_due,
        coalesce(sum(amount) FILTER (WHERE account IN {listed_sql(PAID_IN)}), 0.00) AS paid,
        coalesce(sum(amount) FILTER (WHERE account = '{Account.WRITTEN_OFF.value}'), 0.00)
            AS written_off
    FROM relief_ledgerleg
    WHERE account IN {listed_sql((*PAID_IN, *DUE, Account.WRITTEN_OFF))}
        AND value_on <= %(as_of)s AND project_id IS NULL
        AND (%(employer_ids)s::bigint[] IS NULL OR employer_id = ANY(%(employer_ids)s::bigint[]))
    GROUP BY employer_id, month, insurance
)
"""
#: Lines whose day has come and that are still open.
OWED = f"""{STANDING},
{LATER},
owed AS (
    SELECT s.*, s.net_due - s.paid - s.written_off AS owed,
        coalesce(d.due_on, l.due_on) AS due_on
    FROM standing s JOIN law l ON l.month = s.month
    LEFT JOIN later d
        ON d.employer_id = s.employer_id AND d.month = s.month AND d.insurance = s.insurance
    WHERE s.net_due - s.paid - s.written_off > 0
        AND coalesce(d.due_on, l.due_on) + %(calm_days)s::integer < %(as_of)s
)
"""


@dataclass(frozen=True)
class Line:
    """One month and insurance as the book has it, in yuan."""

    employer_id: int
    month: date
    insurance: str
    net_due: Decimal
    paid: Decimal
    written_off: Decimal

    @property
    def key(self) -> Key:
        """Month and insurance."""
        return self.month, self.insurance

    @property
    def owed(self) -> Decimal:
        """What is still to be paid; negative where more was paid than is due."""
        return self.net_due - self.paid - self.written_off


def parameters(day: date, *, employer_ids: Iterable[int] | None = None) -> dict[str, Any]:
    """Return what the statements read; those of `late_fees` read no more.

    :raises NoRuleInForce: if a declared month has no due day.
    """
    return {
        **late_fees.parameters(day, employer_ids=employer_ids),
        "calm_days": RULES.calm_days,
    }


def owed(day: date, *, employer_ids: Sequence[int]) -> list[Line]:
    """Return what is overdue and open as of a day; one statement."""
    return _lines(
        OWED
        + """SELECT employer_id, month, insurance, net_due, paid, written_off
        FROM owed ORDER BY employer_id, month, insurance""",
        parameters(day, employer_ids=employer_ids),
    )


def standing(day: date, *, employer_ids: Sequence[int]) -> list[Line]:
    """Return every assessed line of some employers as the book has it on a day."""
    return _lines(
        STANDING
        + """SELECT employer_id, month, insurance, net_due, paid, written_off
        FROM standing WHERE net_due IS NOT NULL ORDER BY employer_id, month, insurance""",
        parameters(day, employer_ids=employer_ids),
    )


def _lines(statement: str, asked: Mapping[str, Any]) -> list[Line]:
    with connection.cursor() as cursor:
        cursor.execute(statement, asked)
        return [Line(*row) for row in cursor.fetchall()]


# Notices


@dataclass(frozen=True)
class Standing:
    """A notice with what is open of it today; amounts in yuan."""

    notice: RecoveryNotice
    open: Decimal
    lines: tuple["ItemStanding", ...]

    @property
    def paid(self) -> Decimal:
        """What has gone from it since: paid, waived or written off."""
        return self.notice.amount - self.open

    def is_overdue(self, today: date) -> bool:
        """Whether its day is past and something of it is open."""
        return self.notice.state == State.OPEN and self.open > 0 and self.notice.due_on < today


@dataclass(frozen=True)
class ItemStanding:
    """One line of a notice, as asked for and as it stands today."""

    item: RecoveryItem
    now: Line | None
    open: Decimal

    @property
    def label(self) -> str:
        """The insurance's Chinese name."""
        return str(Insurance(self.item.insurance).label)


def in_order(items: Iterable[RecoveryItem]) -> list[RecoveryItem]:
    """Return lines by month, and by insurance as it is always named."""
    funds = list(Insurance.values)
    return sorted(items, key=lambda item: (item.month, funds.index(item.insurance)))


def with_standing(notices: Sequence[RecoveryNotice], *, today: date) -> list[Standing]:
    """Return notices with what is open of them; two queries, however many."""
    employers = sorted({notice.employer_id for notice in notices})
    lines = {
        (line.employer_id, *line.key): line for line in standing(today, employer_ids=employers)
    }
    items: dict[int, list[RecoveryItem]] = {notice.pk: [] for notice in notices}
    rows = RecoveryItem.objects.filter(notice__in=notices).select_related("assessment")
    for item in in_order(rows):
        items[item.notice_id].append(item)
    found = []
    for notice in notices:
        shown = []
        for item in items[notice.pk]:
            now = lines.get((notice.employer_id, item.month, item.insurance))
            left = now.owed if now and now.owed > 0 and notice.state == State.OPEN else ZERO
            # More than was asked for is asked for by the next notice.
            shown.append(ItemStanding(item, now, min(left, item.amount)))
        found.append(Standing(notice, total(row.open for row in shown), tuple(shown)))
    return found


def notices_for(viewer: Viewer) -> QuerySet[RecoveryNotice]:
    """Return the notices that a viewer may see."""
    return scope.limit(
        RecoveryNotice.objects.select_related("employer__district", "deadline"), viewer
    )


def soon(today: date) -> date:
    """Return the last day that counts as coming soon: so many working days from today."""
    far = today + timedelta(days=RULES.soon_before * 2 + 15)
    calendar = holidays.calendar(today, far)
    day = today
    while working_days_left(today, day, calendar) < RULES.soon_before:
        day += timedelta(days=1)
    return day


def listed(
    viewer: Viewer, *, today: date, q: str = "", district: str = "", show: str = ""
) -> QuerySet[RecoveryNotice]:
    """Return notices for the desk's list, those whose day comes first at the top.

    :param show: `open`, `soon`, `overdue`, `over`; empty is all.
    """
    rows = notices_for(viewer)
    if q := q.strip():
        named = Q(employer__uscc__startswith=q.upper()) | Q(employer__name__contains=q)
        rows = rows.filter(named | Q(receipt=q.upper()))
    if district:
        rows = rows.filter(employer__district=district)
    if show == "over":
        return rows.exclude(state=State.OPEN).order_by("-ended_at", "-pk")
    if show:
        rows = rows.filter(state=State.OPEN)
    if show == "soon":
        rows = rows.filter(due_on__gte=today, due_on__lte=soon(today))
    elif show == "overdue":
        rows = rows.filter(due_on__lt=today)
    return rows.order_by("due_on", "pk")


@dataclass(frozen=True)
class Sums:
    """How much a list of notices asks for and how much of it is open, in yuan."""

    count: int
    amount: Decimal
    open: Decimal


_OPEN_OF = f"""{STANDING}
SELECT coalesce(sum(least(i.amount, s.net_due - s.paid - s.written_off)), 0.00)
FROM relief_recoverynotice n JOIN relief_recoveryitem i ON i.notice_id = n.id
JOIN standing s ON s.employer_id = n.employer_id AND s.month = i.month
    AND s.insurance = i.insurance
WHERE n.id = ANY(%(notices)s::bigint[]) AND n.state = 'OPEN'
    AND s.net_due - s.paid - s.written_off > 0
"""


def sums(rows: QuerySet[RecoveryNotice], *, today: date) -> Sums:
    """Return what a list adds up to; three queries."""
    known = list(rows.order_by().values_list("pk", "employer_id", "amount", "state"))
    waiting = [row for row in known if row[3] == State.OPEN]
    with connection.cursor() as cursor:
        asked = parameters(today, employer_ids=sorted({row[1] for row in waiting}))
        cursor.execute(_OPEN_OF, {**asked, "notices": [row[0] for row in waiting]})
        (left,) = cursor.fetchone()
    return Sums(len(known), total(row[2] for row in known), left)


# Late fees of a notice


@dataclass(frozen=True)
class Fees:
    """The late fees that what is open of a notice has come to by a day, in yuan.

    `daily` is what each further day adds.
    """

    day: date
    fee: Decimal
    daily: Decimal
    rules: list[str]


def fees_of(found: Standing, *, today: date) -> Fees:
    """Return the late fees of what is open of a notice; 0.00 where nothing is open."""
    keys = {(row.item.month, row.item.insurance) for row in found.lines if row.open}
    return _fees(found.notice.employer_id, keys, day=today)


def fees_as_asked(notice: RecoveryNotice, items: Iterable[RecoveryItem]) -> Fees:
    """Return the late fees of what a notice asked for, as of its own day."""
    keys = {(item.month, item.insurance) for item in items}
    return _fees(notice.employer_id, keys, day=notice.as_of)


def _fees(employer_id: int, keys: set[Key], *, day: date) -> Fees:
    parts = [
        part
        for part in late_fees.late_fees(day, employer_ids=[employer_id])
        if not part.paid and (part.month, part.insurance.value) in keys
    ]
    law = policy_as_of(day)
    rates = {part.month: law.late_fee_rate(part.month) for part in parts}
    return Fees(
        day=day,
        fee=total(part.fee for part in parts),
        daily=to_fen(sum((part.principal * rates[part.month].daily for part in parts), ZERO)),
        rules=list(dict.fromkeys(rate.source.clause for rate in rates.values())),
    )


_FORMER = """
SELECT i.id, p.net_due, p.employer_class
FROM relief_recoveryitem i JOIN relief_assessment a ON a.id = i.assessment_id
CROSS JOIN LATERAL (
    SELECT net_due, employer_class FROM relief_assessment b
    WHERE b.employer_id = a.employer_id AND b.month = a.month AND b.insurance = a.insurance
        AND (b.as_of, b.run_id) < (a.as_of, a.run_id)
        AND b.run_id IN (SELECT id FROM relief_run WHERE state = 'DONE')
    ORDER BY b.as_of DESC, b.run_id DESC LIMIT 1
) p
WHERE i.notice_id = %s
"""


@dataclass(frozen=True)
class Former:
    """What a line had been assessed at before: yuan due, and the class."""

    net_due: Decimal
    employer_class: str


def former(notice_id: int) -> dict[int, Former]:
    """Return for each line of a notice what was in force before its assessment, if anything."""
    with connection.cursor() as cursor:
        cursor.execute(_FORMER, [notice_id])
        return {item: Former(net_due, name) for item, net_due, name in cursor.fetchall()}


def reason(item: RecoveryItem, before: Former | None) -> str:
    """Return in a few words why a line has to be paid."""
    now = item.assessment
    if before is None:
        return "核定后没有缴清"
    if before.employer_class != now.employer_class:
        was, is_now = (
            EmployerClass(name).label for name in (before.employer_class, now.employer_class)
        )
        return f"归类由“{was}”改为“{is_now}”"
    return "重新核定后金额变动" if before.net_due != item.net_due else "核定后没有缴清"
