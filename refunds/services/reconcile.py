"""Comparing the ledger, the bank's answers and the statement of a day, and keeping the list of
differences in line with what is found. Safe to repeat: without news nothing changes."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import connection, transaction

from refunds.models import BankStatement, Difference, FundAccount
from refunds.reconcile import three_way
from registry.money import ZERO

Kind, State = Difference.Kind, Difference.State
#: The other side of the pair stands on another day: nobody need explain it.
PAIRED = frozenset({Kind.OTHER_DAY, Kind.THERE_AND_BACK})
OPEN = frozenset({State.OPEN, State.PROPOSED})


@dataclass(frozen=True)
class Compared:
    """A day of an account: lines, how many agree, and the three sums in yuan."""

    account: str
    day: date
    lines: int
    matched: int
    ledger: Decimal
    answers: Decimal
    statement: Decimal


@dataclass(frozen=True)
class Found:
    """One difference as it is now."""

    kind: str
    key: str
    ledger: Decimal
    answers: Decimal
    statement: Decimal

    @property
    def place(self) -> tuple[str, str]:
        return (self.kind, self.key)

    def is_as(self, known: Difference) -> bool:
        return (self.ledger, self.answers, self.statement) == (
            known.ledger,
            known.answers,
            known.statement,
        )


def fund_of(account: str) -> str:
    """Return the insurance whose fund pays from an account."""
    found = FundAccount.objects.filter(number=account).order_by("-pk").first()
    return found.insurance if found else ""


def statement_of(account: str, day: date) -> BankStatement | None:
    """Return the statement of a day that counts."""
    return BankStatement.objects.filter(account=account, day=day).order_by("-version").first()


def compare(account: str, day: date) -> Compared:
    """Return the three sums of a day, and how many lines agree."""
    parameters = {"account": account, "day": day, "fund": fund_of(account)}
    with connection.cursor() as cursor:
        cursor.execute(three_way.TOTALS, parameters)
        return Compared(account, day, *cursor.fetchone())


def days_of(account: str) -> list[date]:
    """Return the days of an account on which anything moved or a statement came, latest first."""
    with connection.cursor() as cursor:
        cursor.execute(three_way.DAYS, {"account": account, "fund": fund_of(account)})
        return sorted((row[0] for row in cursor.fetchall()), reverse=True)


def _found(account: str, day: date) -> Iterator[Found]:
    parameters = {"account": account, "day": day, "fund": fund_of(account)}
    with connection.cursor() as cursor:
        cursor.execute(three_way.DIFFERENCES, parameters)
        rows = [Found(*row) for row in cursor.fetchall()]
    statement = statement_of(account, day)
    if statement is None:
        totals = compare(account, day)
        if totals.lines:
            yield Found(Kind.NO_STATEMENT, "", totals.ledger, totals.answers, ZERO)
        # Without a statement nothing can be said of the lines but what the ledger lacks.
        rows = [row for row in rows if row.kind == Kind.LEDGER]
    elif gap := _gap(statement):
        yield Found(Kind.BALANCE, "", ZERO, ZERO, gap)
    yield from rows


def _gap(statement: BankStatement) -> Decimal:
    """Return by how much a statement does not follow from the one before, or from itself."""
    earlier = BankStatement.objects.filter(account=statement.account, day__lt=statement.day)
    before = earlier.order_by("-day", "-version").first()
    jump = statement.opening - before.closing if before else ZERO
    return jump + statement.closing - statement.opening - statement.moved


@transaction.atomic
def reconcile_day(*, account: str, day: date, at: datetime) -> list[Difference]:
    """Bring a day's differences up to date and return those that stand, settled ones too."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext('refunds.reconcile'), hashtext(%s))", [account]
        )
    found = {each.place: each for each in _found(account, day)}
    standing = []
    gone = []
    known = Difference.objects.filter(account=account, day=day).exclude(state=State.CLEARED)
    for difference in known.select_for_update().order_by("pk"):
        now = found.pop((difference.kind, difference.key), None)
        if now is not None and now.is_as(difference):
            standing.append(difference)
            continue
        gone.append(difference.pk)
        if now is not None:
            found[now.place] = now
    Difference.objects.filter(pk__in=gone).update(state=State.CLEARED, ended_at=at)
    standing += Difference.objects.bulk_create(
        [_difference(each, account=account, day=day, at=at) for each in found.values()],
        batch_size=1000,
    )
    return standing


def take_news(*, account: str, day: date, at: datetime) -> None:
    """Compare a day of which something new has come, and those that wait for their other half."""
    open_days = Difference.objects.filter(account=account, state__in=OPEN).values_list("day")
    for each in sorted({day, *(row[0] for row in open_days.distinct())}):
        reconcile_day(account=account, day=each, at=at)


def _difference(found: Found, *, account: str, day: date, at: datetime) -> Difference:
    paired = found.kind in PAIRED
    return Difference(
        account=account,
        day=day,
        kind=found.kind,
        key=found.key,
        ledger=found.ledger,
        answers=found.answers,
        statement=found.statement,
        state=State.SETTLED if paired else State.OPEN,
        found_at=at,
        ended_at=at if paired else None,
    )


def reconcile_all(*, at: datetime, since: date | None = None) -> int:
    """Look at every account's days again, from a day on; return how many differences are open."""
    accounts = set(FundAccount.objects.values_list("number", flat=True))
    for account in sorted(accounts):
        for day in days_of(account):
            if since is None or day >= since:
                reconcile_day(account=account, day=day, at=at)
    return Difference.objects.filter(state__in=OPEN).count()
