"""Shared reads about reconciliation: days, differences, closings."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Case, Count, QuerySet, When

from refunds.models import BankStatement, Correction, DayClose, Difference, FundAccount
from refunds.services import reconcile

State = Difference.State


@dataclass(frozen=True)
class Day:
    """One day of an account on the list: is the statement there, what is open, is it closed."""

    account: str
    day: date
    statement: BankStatement | None
    open: int
    closed: DayClose | None


def accounts() -> list[FundAccount]:
    """Return the accounts that funds pay from, each number once, as registered last."""
    latest: dict[str, FundAccount] = {}
    for account in FundAccount.objects.order_by("pk"):
        latest[account.number] = account
    return list(latest.values())


def days(account: str, *, most: int = 60) -> list[Day]:
    """Return the latest days of an account; a constant number of queries."""
    listed = reconcile.days_of(account)[:most]
    in_force = BankStatement.objects.filter(account=account, day__in=listed)
    statements = {found.day: found for found in in_force.order_by("version")}
    counted = (
        Difference.objects.filter(account=account, day__in=listed, state__in=reconcile.OPEN)
        .values_list("day")
        .annotate(count=Count("pk"))
    )
    opened = dict(counted.values_list("day", "count"))
    closings = DayClose.objects.filter(account=account, day__in=listed)
    closed = {
        found.day: found
        for found in closings.select_related("certificate", "closed_by")
        .defer("certificate__pdf", "certificate__facts", "facts")
        .order_by("round")
    }
    return [
        Day(account, day, statements.get(day), opened.get(day, 0), closed.get(day))
        for day in listed
    ]


def differences(*, account: str = "", day: date | None = None) -> QuerySet[Difference]:
    """Return differences that stand, the open ones first, the oldest of them first."""
    rows = Difference.objects.exclude(state=State.CLEARED).select_related("owner")
    if account:
        rows = rows.filter(account=account)
    if day:
        rows = rows.filter(day=day)
    settled_last = Case(When(state=State.SETTLED, then=1), default=0)
    return rows.order_by(settled_last, "day", "pk")


def open_differences() -> QuerySet[Difference]:
    """Return what waits for people, the oldest first."""
    rows = Difference.objects.filter(state__in=reconcile.OPEN).select_related("owner")
    return rows.order_by("day", "pk")


def corrections_of(difference: Difference) -> QuerySet[Correction]:
    """Return how people wanted to settle a difference, the latest first."""
    return difference.corrections.select_related("prepared_by", "decided_by").order_by("-pk")
