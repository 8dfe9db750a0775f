"""Money in flight (在途资金): where every fen stands, how long, and what should have come.

Amounts in yuan. A constant number of queries, whatever the number of refunds.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.apps import apps
from django.db import connection
from django.db.models import Count, Min, Q, QuerySet, Sum
from django.utils import timezone

from casework.services import holidays
from casework.workdays import Calendar, add_working_days, working_days_left
from refunds import queries_reconcile
from refunds.flight_data import FlightRules, Place
from refunds.models import (
    Attempt,
    BankStatement,
    Batch,
    Digest,
    FlightAction,
    FundAccount,
    Obligation,
    OffsetUse,
)
from refunds.workflow import BEFORE_SENDING, AttemptState, BatchState, State
from registry.models import Work, WorkState
from registry.money import ZERO
from registry.work import OPEN
from relief.ledger.accounts import Account
from relief.ledger.models import LedgerLeg
from relief.ledger.models.book import EVERYDAY


@dataclass(frozen=True)
class Stand:
    """One place: how many refunds, how much, since when, and how many too long."""

    place: Place
    count: int
    amount: Decimal
    oldest: datetime | None
    late: int
    late_amount: Decimal


@dataclass(frozen=True)
class Book:
    """One account of the book beside the places that should come to it."""

    account: Account
    places: Decimal
    ledger: Decimal

    @property
    def difference(self) -> Decimal:
        """What the two differ by; 0.00 or something is wrong."""
        return self.places - self.ledger


def _moment(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def back(today: date, working_days: int, calendar: Calendar) -> date:
    """Return the latest day from which more than so many working days have passed by today."""
    day, left = today, working_days
    while left >= 0:
        left -= calendar.judge(day).counted
        day -= timedelta(days=1)
    return day + timedelta(days=1)


def year_around(today: date) -> Calendar:
    """Return the calendar of this year and the last."""
    return holidays.calendar(today - timedelta(days=366), today + timedelta(days=30))


def stands(rules: FlightRules, *, today: date, calendar: Calendar) -> list[Stand]:
    """Return every place with what stands there; two queries.

    What is used of an offset that goes on has left its place.
    """
    cuts = {place.code: _moment(back(today, place.within, calendar)) for place in rules.places}
    sums: dict[str, Count | Sum | Min] = {}
    for place in rules.places:
        there = Q(state__in=place.states)
        late = there & Q(moved_at__lt=cuts[place.code]) if place.within else Q(pk__in=[])
        sums |= {
            f"{place.code}_n": Count("pk", filter=there),
            f"{place.code}_sum": Sum("amount", filter=there, default=ZERO),
            f"{place.code}_old": Min("moved_at", filter=there),
            f"{place.code}_late": Count("pk", filter=late),
            f"{place.code}_late_sum": Sum("amount", filter=late, default=ZERO),
        }
    found = Obligation.objects.aggregate(**sums)
    going_on = OffsetUse.objects.filter(obligation__state=State.OFFSETTING)
    used = going_on.aggregate(sum=Sum("amount", default=ZERO))["sum"]
    return [
        Stand(
            place,
            found[f"{place.code}_n"],
            found[f"{place.code}_sum"] - (used if State.OFFSETTING in place.states else ZERO),
            found[f"{place.code}_old"],
            found[f"{place.code}_late"],
            found[f"{place.code}_late_sum"],
        )
        for place in rules.places
    ]


def balances() -> dict[str, Decimal]:
    """Return what stands on each account that refunds pass through: credits above zero."""
    # All but the everyday accounts: the condition of the index that has the few others.
    few = LedgerLeg.objects.exclude(account__in=EVERYDAY)
    rows = few.values("account").annotate(sum=Sum("amount"))
    return {row["account"]: -row["sum"] for row in rows}


def offset_used() -> Decimal:
    """Return what has been used to offset other months, by the book."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT coalesce(-sum(amount), 0) FROM (
                SELECT sum(amount) AS amount FROM relief_ledgerleg WHERE account = %s
                GROUP BY employer_id, insurance, month HAVING sum(amount) < 0) given""",
            [Account.OFFSET],
        )
        (used,) = cursor.fetchone()
    return Decimal(used)


def book(found: Sequence[Stand], held: dict[str, Decimal]) -> list[Book]:
    """Return the accounts of the book beside the places that should come to them."""
    accounts = dict.fromkeys(stand.place.account for stand in found)
    return [
        Book(
            Account(account),
            sum((each.amount for each in found if each.place.account == account), ZERO),
            held.get(account, ZERO),
        )
        for account in accounts
    ]


@dataclass(frozen=True)
class Expected:
    """A file of the bank's that is due: come, waited for, or late."""

    what: str
    subject: str
    due: date
    came: datetime | None
    late: bool
    batch: Batch | None = None
    account: FundAccount | None = None


def expected(
    rules: FlightRules, *, today: date, calendar: Calendar, days: int = 14
) -> list[Expected]:
    """Return the bank's files of the last days, the missing ones first; four queries."""
    since = today - timedelta(days=days)
    found = [*_answers(rules, since, today, calendar), *_statements(rules, since, today, calendar)]
    return sorted(found, key=lambda each: (not each.late, each.came is not None, each.due))


def _answers(
    rules: FlightRules, since: date, today: date, calendar: Calendar
) -> Iterator[Expected]:
    waiting = Q(attempts__state__in=[AttemptState.SENT, AttemptState.QUEUED])
    sent = Batch.objects.filter(sent_at__isnull=False).filter(
        Q(state=BatchState.SENT) | Q(sent_at__gte=_moment(since))
    )
    rows = sent.defer("content").annotate(left=Count("attempts", filter=waiting))
    for batch in rows.order_by("sent_at"):
        due = add_working_days(
            timezone.localtime(batch.sent_at).date(), rules.answer_within, calendar
        ).due
        some = f"，还差{batch.left}笔" if 0 < batch.left < batch.count else ""
        yield Expected(
            "回盘文件",
            f"批次{batch.number}{some}",
            due,
            batch.answered_at if not batch.left else None,
            bool(batch.left) and today > due,
            batch=batch,
        )


def _statements(
    rules: FlightRules, since: date, today: date, calendar: Calendar
) -> Iterator[Expected]:
    accounts = {account.number: account for account in queries_reconcile.accounts()}
    moved = (
        Attempt.objects.filter(settled_on__gte=since, settled_on__lt=today)
        .exclude(state=AttemptState.RECALLED)
        .values_list("batch__payer_account", "settled_on")
        .distinct()
        .order_by("settled_on")
    )
    came = {
        (account, day): at
        for account, day, at in BankStatement.objects.filter(day__gte=since)
        .order_by("version")
        .values_list("account", "day", "stored_at")
    }
    for number, day in moved:
        due = add_working_days(day, rules.statement_within, calendar).due
        there = came.get((number, day))
        account = accounts.get(number)
        yield Expected(
            "对账单",
            f"{account or number[-4:]}　{day.month}月{day.day}日",
            due,
            there,
            there is None and today > due,
            account=account,
        )


@dataclass(frozen=True)
class Job:
    """Work behind the pages that has not ended as it should."""

    label: str
    pk: int
    state: str
    since: datetime
    failure: str


def unfinished(rules: FlightRules, *, now: datetime, most: int = 50) -> list[Job]:
    """Return work that takes too long or has failed this week; one query a kind of work."""
    slow = now - timedelta(minutes=rules.slow_after)
    stuck = Q(state__in=OPEN, created_at__lt=slow)
    failed = Q(state=WorkState.FAILED, finished_at__gte=now - timedelta(days=7))
    found = []
    kinds = [model for model in apps.get_models() if issubclass(model, Work)]
    for model in sorted(kinds, key=lambda each: each._meta.label):
        for work in model._default_manager.filter(stuck | failed).order_by("pk")[:most]:
            name = str(model._meta.verbose_name)
            found.append(Job(name, work.pk, work.state, work.created_at, work.failure))
    return found


def unknown_lines() -> QuerySet[Attempt]:
    """Return the payments of which nobody knows what the bank did, the oldest first."""
    rows = Attempt.objects.filter(state=AttemptState.UNKNOWN)
    return (
        rows.select_related("obligation__employer", "batch").defer("batch__content").order_by("pk")
    )


def unsent() -> QuerySet[Batch]:
    """Return the batches that can still be taken back whole, the oldest first."""
    rows = Batch.objects.filter(state__in=BEFORE_SENDING, sends__isnull=True)
    return rows.defer("content").order_by("pk")


def actions(most: int = 20) -> QuerySet[FlightAction]:
    """Return what was pressed last."""
    return FlightAction.objects.select_related("by").order_by("-pk")[:most]


def digests(most: int = 10) -> QuerySet[Digest]:
    """Return the latest mornings on which something was wrong."""
    return Digest.objects.order_by("-day")[:most]


@dataclass(frozen=True)
class Way:
    """How long one refund took from the choice to the arrival, in working days."""

    obligation: Obligation
    chosen: date
    arrived: date
    days: int


def ways(*, since: date, most: int = 5000) -> list[Way]:
    """Return the refunds that arrived since a day, the slowest first: «及时» measured.

    From the day of the first choice to the bank's day, both as they are recorded; a choice and an
    arrival on one day are 0 working days.
    """
    rows = (
        Attempt.objects.filter(state=AttemptState.PAID, settled_on__gte=since)
        .select_related("obligation__employer")
        .annotate(
            chosen=Min(
                "obligation__submissions__at", filter=Q(obligation__submissions__kind="CHOICE")
            )
        )
        .filter(chosen__isnull=False, obligation__state=State.PAID)
        .order_by("-settled_on", "pk")[:most]
    )
    found = list(rows)
    if not found:
        return []
    first = min(timezone.localtime(row.chosen).date() for row in found)
    last = max(row.settled_on for row in found)
    calendar = holidays.calendar(first, last)
    measured = [
        Way(
            row.obligation,
            day := timezone.localtime(row.chosen).date(),
            row.settled_on,
            max(working_days_left(day, row.settled_on, calendar), 0),
        )
        for row in found
    ]
    return sorted(measured, key=lambda way: (-way.days, way.obligation.pk))


def middle(found: Sequence[Way], percent: int = 50) -> int | None:
    """Return the working days within which so many in a hundred refunds arrived."""
    if not found:
        return None
    days = sorted(way.days for way in found)
    return days[min(len(days) * percent // 100, len(days) - 1)]
