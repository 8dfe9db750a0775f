"""Shared reads about offsets: what months lack, what is used, and what would be."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet, Sum

from refunds import offsetting
from refunds.models import Obligation, ObligationItem, OffsetUse
from refunds.workflow import State
from registry import months
from registry.money import ZERO, total
from relief.queries import policies

Fund = tuple[int, str]

# What is in force less what has arrived and stayed: the sums of `queries.overpayments`, for every
# assessed month, covered or not, of some employers.
_OPEN = """
SELECT f.employer_id, f.insurance, f.month, f.net_due - coalesce((
        SELECT sum(p.employer_amount) FROM relief_payment p
        WHERE p.employer_id = f.employer_id AND p.month = f.month
            AND p.insurance = f.insurance AND p.arrived_on <= %(as_of)s
    ), 0) + coalesce((
        SELECT sum(b.amount) FROM relief_paidback b
        WHERE b.employer_id = f.employer_id AND b.month = f.month
            AND b.insurance = f.insurance AND b."on" <= %(as_of)s
    ), 0)
FROM (
    SELECT DISTINCT ON (a.employer_id, a.month, a.insurance)
        a.employer_id, a.month, a.insurance, a.net_due
    FROM relief_assessment a
    WHERE a.as_of <= %(as_of)s AND a.employer_id = ANY(%(employers)s)
        AND a.run_id IN (SELECT id FROM relief_run WHERE state = 'DONE')
    ORDER BY a.employer_id, a.month, a.insurance, a.as_of DESC, a.run_id DESC
) f
ORDER BY f.employer_id, f.insurance, f.month
"""


def open_due(*, as_of: date, employer_ids: Collection[int]) -> dict[Fund, dict[date, Decimal]]:
    """Return what each month still lacks, by what is in force on a day; below zero: has too much."""
    found: dict[Fund, dict[date, Decimal]] = defaultdict(dict)
    if not employer_ids:
        return found
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, {"as_of": as_of, "employers": sorted(employer_ids)})
        for employer_id, insurance, month, amount in cursor.fetchall():
            found[employer_id, insurance][month] = amount
    return found


def used_of(obligation_ids: Iterable[int]) -> dict[int, Decimal]:
    """Return by item how much of it stands in other months now."""
    rows = OffsetUse.objects.filter(obligation__in=list(obligation_ids))
    sums = rows.order_by().values_list("item").annotate(Sum("amount"))
    return {item: amount for item, amount in sums if amount}


def used_among(obligations: Iterable[Obligation]) -> dict[int, Decimal]:
    """Return the same of those that are being offset; no query if none is."""
    being_offset = [each.pk for each in obligations if each.state == State.OFFSETTING]
    return used_of(being_offset) if being_offset else {}


def uses_of(obligation: Obligation) -> QuerySet[OffsetUse]:
    """Return what was used of a refund and what was undone, in order."""
    return obligation.uses.select_related("item", "obligation").order_by("number")


def last_day(*, today: date) -> date | None:
    """Return the last day on which money may be offset: the end of the last waived month, by
    the documents published so far, unless the installation names another. None: without end, or
    before the first waiver."""
    named: date | None = settings.OFFSET_LAST_DAY
    if named:
        return named if named < date.max else None
    ends = [waiver.last for waiver in policies.policy_as_of(today).waivers() if waiver.last]
    return months.last_day(max(ends)) if ends else None


def is_over(*, today: date) -> bool:
    """Return whether money is no longer offset, only refunded."""
    last = last_day(today=today)
    return last is not None and today > last


@dataclass(frozen=True)
class Preview:
    """What choosing the offset would do to one refund today."""

    obligation: Obligation
    uses: tuple[offsetting.Used, ...]
    left: Decimal

    @property
    def used(self) -> Decimal:
        """How much of it pays other months at once."""
        return total(use.amount for use in self.uses)


def previews(obligations: Iterable[Obligation], *, today: date) -> dict[int, Preview]:
    """Return by refund what choosing the offset would do; their items are loaded."""
    chosen = list(obligations)
    lacks = open_due(as_of=today, employer_ids={each.employer_id for each in chosen})
    found = {}
    for obligation in chosen:
        fund = (obligation.employer_id, obligation.insurance)
        # A project pays once: it has no other months.
        sources = [] if obligation.project_id else sources_of(obligation, {})
        uses = offsetting.fill(lacks.get(fund, {}), sources)
        left = obligation.amount - total(use.amount for use in uses)
        found[obligation.pk] = Preview(obligation, tuple(uses), left)
    return found


def sources_of(obligation: Obligation, used: dict[int, Decimal]) -> list[offsetting.Source]:
    """Return what of a refund's months may still be used, the oldest first."""
    items: list[ObligationItem] = sorted(obligation.items.all(), key=lambda item: item.month)
    return [
        offsetting.Source(item.pk, item.month, item.amount - used.get(item.pk, ZERO))
        for item in items
    ]


def moved_by_month(employer_id: int, *, day: date) -> list[dict[str, object]]:
    """Return what offsets by a day took from and gave to each month of an employer, newest first.

    Each: `month`, `insurance`, `amount` (above zero: given to it), `receipt` of the refund.
    """
    sums: dict[tuple[date, str, str], Decimal] = defaultdict(lambda: ZERO)
    rows = OffsetUse.objects.filter(obligation__employer=employer_id, on__lte=day)
    for receipt, insurance, source, target, amount in rows.values_list(
        "obligation__receipt", "obligation__insurance", "item__month", "to_month", "amount"
    ):
        sums[source, insurance, receipt] -= amount
        sums[target, insurance, receipt] += amount
    return [
        {"month": month, "insurance": insurance, "receipt": receipt, "amount": amount}
        for (month, insurance, receipt), amount in sorted(sums.items(), reverse=True)
        if amount
    ]


def offsetting_now() -> QuerySet[Obligation]:
    """Return the refunds that are being offset."""
    return Obligation.objects.filter(state=State.OFFSETTING)
