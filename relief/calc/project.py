"""Relief of a construction project that paid its 工伤 premium once for the whole project.

川人社发〔2020〕1号 一(三): the premium is spread evenly over the planned construction period, and
the shares that fall into relief months are waived. Computed once and rounded once.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import IntFlag

from registry import months
from registry.money import ZERO, to_fen
from relief.policy import CountBy, EmployerClass, ProjectRule

#: What a project's clause may be long: it names each of several documents.
LONGEST_CLAUSE = 400


class Flag(IntFlag):
    """What somebody should look at; the relief stands nevertheless."""

    PAID_BEFORE = 1
    CLASS_CHANGES = 2
    PENDING = 4
    PRICE_CHANGED = 8

    @property
    def labels(self) -> list[str]:
        """The Chinese names of all that are in it."""
        return [_LABELS[flag] for flag in Flag if flag in self]


_LABELS = {
    Flag.PAID_BEFORE: "缴费在减免起始日之前，开工在其后（口径D14）",
    Flag.CLASS_CHANGES: "施工期内总承包单位类别有变化",
    Flag.PENDING: "总承包单位待划型",
    Flag.PRICE_CHANGED: "工程总造价有变动，已缴的保险费没有随之更新",
}


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
    fractions = dict.fromkeys(relief_months, fraction)
    return project_relief_by_month(premium, start=start, end=end, fractions=fractions, count=count)


def project_relief_by_month(
    premium: Decimal,
    *,
    start: date,
    end: date,
    fractions: Mapping[date, Decimal],
    count: CountBy,
) -> ProjectRelief:
    """Return the relief where each month has a fraction of its own, still rounded once (E15).

    :param fractions: what is waived of a month's share; months left out are not waived.
    :raises ValueError: if the period ends before it starts.
    """
    shares = spread(start, end, count)
    total = sum(shares.values())
    waived = {month: share for month, share in shares.items() if fractions.get(month)}
    weighted = sum((share * fractions[month] for month, share in waived.items()), Decimal(0))
    return ProjectRelief(total, sum(waived.values()), to_fen(premium * weighted / total))


def spread(start: date, end: date, count: CountBy) -> dict[date, int]:
    """Return the share of each month that the contract period touches: 1, or its days.

    :raises ValueError: if the period ends before it starts.
    """
    if end < start:
        raise ValueError("合同竣工日期早于开工日期")
    touched = list(months.span(months.first_of(start), months.first_of(end)))
    if count is CountBy.MONTH:
        return dict.fromkeys(touched, 1)
    return {month: _days(month, start, end) for month in touched}


def _days(month: date, start: date, end: date) -> int:
    return (min(months.last_day(month), end) - max(month, start)).days + 1


def premium_at(price: Decimal, *, former_price: Decimal, paid: Decimal) -> Decimal:
    """Return what is due at a price, at the rate at which `paid` was filed first (R16), in yuan.

    The project rate itself is not known here: it follows from what was filed. A premium above
    the price itself says that one of the prices was mistyped: then what was paid stands.
    """
    due = to_fen(paid * price / former_price)
    return due if due <= price else paid


@dataclass(frozen=True)
class Filed:
    """What was filed of a project, in yuan."""

    paid: Decimal
    paid_on: date
    start: date
    end: date
    #: What is due before relief where the price has changed since `paid` was filed first.
    due: Decimal | None = None

    @property
    def premium(self) -> Decimal:
        """What is due before relief."""
        return self.paid if self.due is None else self.due


@dataclass(frozen=True)
class MonthRuled:
    """What the contractor counts as in one month, and what is waived of its share."""

    month: date
    employer_class: EmployerClass
    fraction: Decimal
    clause: str


@dataclass(frozen=True)
class ProjectLaw:
    """The rule for projects, and what is said of a class whose period lies outside all relief."""

    rule: ProjectRule
    outside: Mapping[str, str]

    @property
    def too_early(self) -> str:
        """What is said of a project that began too early (D14)."""
        return f"开工早于 {self.rule.started_from.isoformat()}，不适用（{self.rule.source.clause}）"


@dataclass(frozen=True)
class ProjectAssessed:
    """What is waived of one project, in yuan, both ways; `relief` is what counts."""

    employer_class: EmployerClass
    by_month: ProjectRelief
    by_day: ProjectRelief
    relief_fraction: Decimal
    relief: Decimal
    clause: str
    flags: Flag


def assess_project(
    filed: Filed, *, law: ProjectLaw, ruled: Sequence[MonthRuled], otherwise: MonthRuled
) -> ProjectAssessed:
    """Return what is waived of a project, with its clause and what should be looked at.

    :param ruled: the months of the contract period that any document speaks of, in order.
    :param otherwise: what the contractor counts as where there is no such month.
    """
    first = ruled[0] if ruled else otherwise
    eligible = filed.start >= law.rule.started_from
    fractions = {each.month: each.fraction for each in ruled if each.fraction and eligible}
    by_month, by_day = (
        project_relief_by_month(
            filed.premium, start=filed.start, end=filed.end, fractions=fractions, count=count
        )
        for count in CountBy
    )
    relief_fraction = ZERO
    if fractions:
        mean = sum(fractions.values(), Decimal(0)) / len(fractions)
        relief_fraction = mean.quantize(Decimal("0.0001"), "ROUND_HALF_UP")
    return ProjectAssessed(
        employer_class=first.employer_class,
        by_month=by_month,
        by_day=by_day,
        relief_fraction=relief_fraction,
        relief=(by_month if law.rule.count is CountBy.MONTH else by_day).relief,
        clause=_clause(law, ruled, first, eligible=eligible),
        flags=_flags(filed, law, ruled, first) if eligible else Flag(0),
    )


def _clause(
    law: ProjectLaw, ruled: Sequence[MonthRuled], first: MonthRuled, *, eligible: bool
) -> str:
    if not eligible:
        return law.too_early
    waiving = dict.fromkeys(each.clause for each in ruled if each.fraction)
    if waiving:
        return "；".join((law.rule.source.clause, *waiving))[:LONGEST_CLAUSE]
    if ruled:
        return first.clause
    return law.outside.get(first.employer_class.value, first.clause)


def _flags(filed: Filed, law: ProjectLaw, ruled: Sequence[MonthRuled], first: MonthRuled) -> Flag:
    found = Flag(0)
    if filed.paid_on < law.rule.started_from:
        found |= Flag.PAID_BEFORE
    if len({each.employer_class for each in ruled}) > 1:
        found |= Flag.CLASS_CHANGES
    if EmployerClass.PENDING in {each.employer_class for each in (*ruled, first)}:
        found |= Flag.PENDING
    if filed.premium != filed.paid:
        found |= Flag.PRICE_CHANGED
    return found
