"""滞纳金: 0.05 % a day on what is owed after the due day (社会保险法 第八十六条)."""

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
