"""The trial calculation (减免试算): the law's own arithmetic over figures a visitor typed. Pure.

Nothing is stored and nobody is looked up; the result binds nobody.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from registry.money import ZERO, total
from relief.calc import Assessed, Totals, add_up, reduce_employer_share, terms
from relief.policy import Insurance, Policy


@dataclass(frozen=True)
class Line:
    """One month in one insurance."""

    month: date
    insurance: Insurance
    assessed: Assessed


@dataclass(frozen=True)
class Sums:
    """What lines add up to, in yuan; `gross_due = relief + net_due`."""

    label: str
    gross_due: Decimal
    relief: Decimal
    net_due: Decimal
    employee_due: Decimal


@dataclass(frozen=True)
class Trial:
    """Every line, and its sums per insurance and over all."""

    lines: tuple[Line, ...]
    by_insurance: tuple[Sums, ...]
    overall: Sums
    standing: str
    headcount: int


def _sums(label: str, lines: Sequence[Line]) -> Sums:
    return Sums(
        label=label,
        gross_due=total(line.assessed.gross_due for line in lines),
        relief=total(line.assessed.relief for line in lines),
        net_due=total(line.assessed.net_due for line in lines),
        employee_due=total(line.assessed.employee_due for line in lines),
    )


def _times(totals: Totals, count: int) -> Totals:
    """Return the totals of so many persons alike: each person's amount is rounded, then taken."""
    return Totals(
        headcount=totals.headcount * count,
        base_total=totals.base_total * count,
        gross_due=totals.gross_due * count,
        employee_due=totals.employee_due * count,
    )


def calculate(
    policy: Policy,
    *,
    unit_type: str,
    size: str | None,
    months: Sequence[date],
    people: Sequence[tuple[Decimal, int]],
    injury_rate: Decimal | None,
) -> Trial:
    """Return what a unit would pay in the given months, and what it is spared.

    :param size: as in the province's data; None where it isn't known.
    :param people: monthly bases in yuan, each with how many persons have it.
    :param injury_rate: the unit's own 工伤 rate as a ratio; None leaves 工伤 out.
    :raises NoRuleInForce: if a month, the unit type or the size is in no document.
    """
    insurances = [i for i in Insurance if i is not Insurance.INJURY or injury_rate is not None]
    lines = []
    for month in months:
        standing = policy.standing(unit_type, size, month)
        for insurance in insurances:
            by = terms(policy, insurance, month, own_rate=injury_rate or ZERO)
            groups = [_times(add_up([base], by), count) for base, count in people]
            totals = Totals(
                headcount=sum(group.headcount for group in groups),
                base_total=total(group.base_total for group in groups),
                gross_due=total(group.gross_due for group in groups),
                employee_due=total(group.employee_due for group in groups),
            )
            ruling = policy.ruling(standing, insurance, month)
            lines.append(Line(month, insurance, reduce_employer_share(totals, ruling)))
    return Trial(
        lines=tuple(lines),
        by_insurance=tuple(
            _sums(i.label, [line for line in lines if line.insurance is i]) for i in insurances
        ),
        overall=_sums("合计", lines),
        standing=policy.standing(unit_type, size, months[0]).employer_class.label,
        headcount=sum(count for _, count in people),
    )
