"""滞纳金: 0.05 % a day on what is owed after the due day (社会保险法 第八十六条)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from registry.money import ZERO, to_fen


@dataclass(frozen=True)
class LateFee:
    """A late fee in yuan; `first` and `last` are both counted, None where there is no day."""

    first: date | None
    last: date | None
    days: int
    fee: Decimal


def late_fee(
    principal: Decimal, *, due: date, arrived: date | None, as_of: date, daily: Decimal
) -> LateFee:
    """Return the late fee on one sum.

    It runs from the day after the due day to the day before arrival (D9); what hasn't arrived by
    the as-of date runs on to that date, included.

    :param principal: the net amount that is late, in yuan; relief is never arrears.
    :param daily: the rate a day, as a ratio.
    """
    first = due + timedelta(days=1)
    last = as_of if arrived is None or arrived > as_of else arrived - timedelta(days=1)
    days = (last - first).days + 1
    if days <= 0:
        return LateFee(None, None, 0, ZERO)
    return LateFee(first, last, days, to_fen(principal * days * daily))


@dataclass(frozen=True)
class LatePart:
    """A part of what a month owes that was late: `principal` and `fee` in yuan.

    `first` and `last` are both counted; `paid` is false where it is still open.
    """

    principal: Decimal
    first: date
    last: date
    days: int
    fee: Decimal
    paid: bool


def late_parts(
    net_due: Decimal,
    *,
    moved: Iterable[tuple[date, Decimal]],
    due: date,
    as_of: date,
    daily: Decimal,
) -> list[LatePart]:
    """Return what was or is late of one month and insurance, the oldest first; fees above 0 only.

    Money pays what has been open longest. Money that went back opens again what it had paid, from
    the day after it went: until then the employer owed nothing.

    :param net_due: what is due after relief, in yuan; relief is never arrears (D9).
    :param moved: day and amount of what arrived (above 0) or went back (below 0), by the as-of date.
    :param due: the month's due day; `daily` the fee a day, as a ratio.
    """
    by_day: dict[date, Decimal] = {}
    for day, amount in moved:
        if day <= as_of:
            by_day[day] = by_day.get(day, ZERO) + amount
    paid = sum((amount for day, amount in by_day.items() if day <= due), ZERO)
    lots = [(due, max(net_due - paid, ZERO))]  # open since the end of that day
    parts: list[LatePart] = []
    for day in sorted(day for day in by_day if day > due):
        open_before = max(net_due - paid, ZERO)
        paid += by_day[day]
        settled = open_before - max(net_due - paid, ZERO)
        if settled < 0:
            lots.append((day, -settled))
        while settled > 0 and lots:
            since, amount = lots[0]
            part = min(amount, settled)
            parts += _part(part, since=since, arrived=day, as_of=as_of, daily=daily)
            settled -= part
            lots[0] = (since, amount - part)
            if lots[0][1] == 0:
                lots.pop(0)
    for since, amount in lots:
        parts += _part(amount, since=since, arrived=None, as_of=as_of, daily=daily)
    return parts


def _part(
    principal: Decimal, *, since: date, arrived: date | None, as_of: date, daily: Decimal
) -> list[LatePart]:
    found = late_fee(principal, due=since, arrived=arrived, as_of=as_of, daily=daily)
    if not found.fee or found.first is None or found.last is None:
        return []
    paid = arrived is not None
    return [LatePart(principal, found.first, found.last, found.days, found.fee, paid)]
