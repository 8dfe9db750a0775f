"""What one employer owes for one month in one insurance, and what of it is waived.

Written down with an example in docs/algorithms/assessment.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from registry.money import ZERO, to_fen
from relief.policy import Insurance, Limit, Policy, Rate, Ruling


@dataclass(frozen=True)
class Terms:
    """The rates (ratios) and base limits (yuan) of an insurance in a month, and their sources."""

    employer_rate: Decimal
    employee_rate: Decimal
    lower: Decimal
    upper: Decimal
    rate: Rate
    limit: Limit

    def contribution_base(self, declared: Decimal) -> Decimal:
        """Return the base that counts: the declared one within the limits, in yuan (D3)."""
        return min(max(declared, self.lower), self.upper)


@dataclass(frozen=True)
class Totals:
    """An employer's insured persons of a month in one insurance, added up, in yuan."""

    headcount: int
    base_total: Decimal
    gross_due: Decimal
    employee_due: Decimal


@dataclass(frozen=True)
class Assessed:
    """What is due and what is waived, in yuan, with the clause; `gross_due = relief + net_due`."""

    headcount: int
    base_total: Decimal
    gross_due: Decimal
    relief_fraction: Decimal
    relief: Decimal
    net_due: Decimal
    employee_due: Decimal
    clause: str


@dataclass(frozen=True)
class Settled:
    """What was paid against what is due, in yuan; `net_due + overpaid = paid + underpaid`."""

    paid: Decimal
    net_due: Decimal
    overpaid: Decimal
    underpaid: Decimal


def terms(policy: Policy, insurance: Insurance, month: date, *, own_rate: Decimal) -> Terms:
    """Return the terms of a month.

    :param own_rate: the employer's own 工伤 rate as a ratio; read only where the rule says so.
    :raises NoRuleInForce: if the month has no rate or base limit.
    """
    rate = policy.rate(insurance, month)
    limit = policy.limit(insurance, month)
    employer_rate = own_rate if rate.employer is None else rate.employer
    return Terms(employer_rate, rate.employee, limit.lower, limit.upper, rate, limit)


def add_up(declared: Iterable[Decimal], by: Terms) -> Totals:
    """Add up the persons' rounded amounts (D2); a declared base of 0 means not insured (D3).

    :param declared: each person's declared base, in yuan.
    """
    bases = [by.contribution_base(base) for base in declared if base]
    return Totals(
        headcount=len(bases),
        base_total=sum(bases, ZERO),
        gross_due=sum((to_fen(base * by.employer_rate) for base in bases), ZERO),
        employee_due=sum((to_fen(base * by.employee_rate) for base in bases), ZERO),
    )


def reduce_employer_share(totals: Totals, ruling: Ruling) -> Assessed:
    """Apply what is waived to the employer's part; the employees' part is never reduced (R1)."""
    relief = to_fen(totals.gross_due * ruling.fraction)
    return Assessed(
        headcount=totals.headcount,
        base_total=totals.base_total,
        gross_due=totals.gross_due,
        relief_fraction=ruling.fraction,
        relief=relief,
        net_due=totals.gross_due - relief,
        employee_due=totals.employee_due,
        clause=ruling.clause,
    )


def settle(*, paid: Decimal, net_due: Decimal) -> Settled:
    """Compare the employer part paid with what is due; both in yuan."""
    difference = paid - net_due
    if difference > 0:
        return Settled(paid, net_due, overpaid=difference, underpaid=ZERO)
    return Settled(paid, net_due, overpaid=ZERO, underpaid=-difference)
