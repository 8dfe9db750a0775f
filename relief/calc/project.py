"""Relief of a construction project that paid its 工伤 premium once for the whole project.

川人社发〔2020〕1号 一(三): the premium is spread evenly over the planned construction period, and
the shares that fall into relief months are waived. Computed once and rounded once.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from registry import months
from registry.money import to_fen
from relief.policy import CountBy


@dataclass(frozen=True)
class ProjectRelief:
    """The relief in yuan, and how many months (or days) of the period it covers."""

    total: int
    relieved: int
    relief: Decimal


def project_relief(
    premium: Decimal,
    *,
    start: date,
    end: date,
    relief_months: Iterable[date],
    fraction: Decimal,
    count: CountBy,
) -> ProjectRelief:
    """Return `round(premium × k / n × fraction)` (D1).

    :param premium: what the project pays in all, in yuan.
    :param start: first day of the filed contract period; `end` its last day.
    :param relief_months: the months in which the contractor's class is waived.
    :param fraction: what is waived of a covered share.
    :raises ValueError: if the period ends before it starts.
    """
    if end < start:
        raise ValueError("合同竣工日期早于开工日期")
    relieved = set(relief_months)
    touched = list(months.span(months.first_of(start), months.first_of(end)))
    if count is CountBy.MONTH:
        shares = dict.fromkeys(touched, 1)
    else:
        shares = {month: _days(month, start, end) for month in touched}
    total = sum(shares.values())
    covered = sum(share for month, share in shares.items() if month in relieved)
    return ProjectRelief(total, covered, to_fen(premium * covered * fraction / total))


def _days(month: date, start: date, end: date) -> int:
    return (min(months.last_day(month), end) - max(month, start)).days + 1
