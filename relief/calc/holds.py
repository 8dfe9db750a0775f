"""Which base counts while a raised one waits for its special audit (policy D18).

Written down with an example in docs/algorithms/base-hold.md. `relief.services.holds` finds the
raises of a whole workbook in SQL; a test holds both equal.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from registry import months
from registry.money import to_fen
from relief.policy import Policy

#: The article that has raises accepted, and audited before they take effect.
CLAUSE = "《关于做好全市阶段性减免企业社会保险费有关工作的通知》四（三）"


class HoldKind(StrEnum):
    """Against what a base was raised."""

    SAME_MONTH = "SAME_MONTH"
    MONTH_BEFORE = "MONTH_BEFORE"


@dataclass(frozen=True)
class Raise:
    """A raised base: the base that is used meanwhile, in yuan, and what it was raised against."""

    former: Decimal
    kind: HoldKind


@dataclass(frozen=True, order=True)
class Held:
    """One person's base that doesn't count as declared, in yuan.

    `refused`: the audit has ended and the former base stays; else it hasn't ended yet.
    """

    declared: Decimal
    former: Decimal
    refused: bool = False


def raised(
    declared: Decimal, *, same_month: Decimal, month_before: Decimal, in_window: bool
) -> Raise | None:
    """Return what an enterprise's own declaration raises, or None; bases in yuan, 0 for none.

    A base that the month has already is what a new one is measured by; only where it has none,
    and within the relief window, the month before is. Where neither has any the person is new.

    :param same_month: the base that counts of the person's latest version of the month that
        has one.
    :param month_before: the base that counts of the person in the month before.
    """
    if same_month:
        former, kind = same_month, HoldKind.SAME_MONTH
    elif in_window:
        former, kind = month_before, HoldKind.MONTH_BEFORE
    else:
        return None
    return Raise(former, kind) if declared > former > 0 else None


def counting(declared: Mapping[Decimal, int], held: Mapping[Held, int]) -> Counter[Decimal]:
    """Return how many persons count with each base: the held ones with their former."""
    found = Counter(declared)
    for each, count in held.items():
        found[each.declared] -= count
        found[each.former] += count
    return +found


@dataclass(frozen=True)
class Added:
    """What a raise would add to one person's month, in yuan: the employer's part before relief
    and the employee's."""

    employer: Decimal
    employee: Decimal


def added(
    held: Held, *, employer_rate: Decimal, employee_rate: Decimal, lower: Decimal, upper: Decimal
) -> Added:
    """Return what a raise would add; the bases within the limits, each amount rounded (D2)."""
    declared = min(max(held.declared, lower), upper)
    former = min(max(held.former, lower), upper)
    return Added(
        *(
            to_fen(declared * rate) - to_fen(former * rate)
            for rate in (employer_rate, employee_rate)
        )
    )


def relief_window(policy: Policy) -> frozenset[date]:
    """Return the months from the first to the last that any published document waives."""
    waivers = policy.waivers()
    first = min((waiver.first for waiver in waivers if waiver.first), default=None)
    last = max((waiver.last for waiver in waivers if waiver.last), default=None)
    return frozenset(months.span(first, last)) if first and last else frozenset()
