"""The published policy in plain words: who pays less, how much, in which months. Pure.

Every month, share and clause on the public pages is read from the rules in force.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from registry import months
from registry.money import to_fen
from relief.policy import EmployerClass, Insurance, NoRuleInForce, Policy, Source, Standing

SHOWN = (EmployerClass.SME, EmployerClass.LARGE, EmployerClass.SOCIAL)
NAMES = {
    EmployerClass.SME: "中小微企业、个体工商户",
    EmployerClass.LARGE: "大型企业",
    EmployerClass.SOCIAL: "社会组织",
}
# The order in which people name them; what a later document adds comes behind.
ORDER = (
    "大型",
    "中型",
    "小型",
    "微型",
    "企业",
    "个体工商户",
    "民办非企业单位",
    "社会团体",
    "基金会",
    "其他社会组织",
    "机关",
    "事业单位",
    "事业单位（企业养老）",
)


@dataclass(frozen=True)
class MonthCell:
    """One month of a class: the share that needn't be paid, and its word."""

    month: date
    fraction: Decimal
    word: str

    @property
    def look(self) -> str:
        """Return the cell's look: full, half or none."""
        return "full" if self.fraction == 1 else "half" if self.fraction else "none"


@dataclass(frozen=True)
class PolicyRow:
    """What one class of employers is spared, for the insurances it is spared alike."""

    name: str
    members: str
    insurances: str
    word: str
    first: date
    last: date
    cells: tuple[MonthCell, ...]
    clause: str

    @property
    def count(self) -> int:
        """Return in how many months anything is spared."""
        return sum(1 for cell in self.cells if cell.fraction)


@dataclass(frozen=True)
class Example:
    """One person's employer part of a month in one insurance, in yuan, for the first class."""

    insurance: str
    month: date
    base: Decimal
    gross_due: Decimal
    shares: tuple[tuple[str, Decimal], ...]  # class name, what it still pays


def word_for(fraction: Decimal) -> str:
    """Return how the notices call a share: 免征, 减半, or the percentage."""
    if fraction == 1:
        return "免征"
    if fraction == 0:
        return "照常"
    if fraction * 2 == 1:
        return "减半"
    return f"减 {(fraction * 100).normalize():f}%"


def covered_months(policy: Policy) -> list[date]:
    """Return every month in which any class is spared anything, in order."""
    found = {
        month
        for employer_class in SHOWN
        for insurance in Insurance
        for month in policy.relief_months(employer_class, insurance)
    }
    return sorted(found)


def _ordered(names: Iterable[str]) -> list[str]:
    return sorted(names, key=lambda n: (ORDER.index(n) if n in ORDER else len(ORDER), n))


def _members(policy: Policy, employer_class: EmployerClass, month: date) -> str:
    """Return the unit types and sizes that count as a class, as the rules list them."""
    classes, size_classes = policy.class_rules(month), policy.size_rules(month)
    types = _ordered(name for name, counted in classes.items() if counted is employer_class)
    named = _ordered(name for name, counted in size_classes.items() if counted is employer_class)
    sizes = [f"{name}企业" for name in named]
    return "、".join([*sizes, *types])


def policy_rows(policy: Policy) -> list[PolicyRow]:
    """Return the classes with their months; insurances with the same months share a row."""
    covered = covered_months(policy)
    rows = []
    for employer_class in SHOWN:
        alike: dict[tuple[Decimal, ...], list[Insurance]] = {}
        for insurance in Insurance:
            standing = Standing(employer_class, ())
            shares = tuple(policy.ruling(standing, insurance, m).fraction for m in covered)
            if any(shares):
                alike.setdefault(shares, []).append(insurance)
        for shares, insurances in alike.items():
            spared = [m for m, share in zip(covered, shares, strict=True) if share]
            best = max(shares)
            ruling = policy.ruling(Standing(employer_class, ()), insurances[0], spared[-1])
            rows.append(
                PolicyRow(
                    name=NAMES[employer_class],
                    members=_members(policy, employer_class, spared[0]),
                    insurances="、".join(i.label for i in insurances),
                    word=word_for(best),
                    first=spared[0],
                    last=spared[-1],
                    cells=tuple(
                        MonthCell(m, share, word_for(share))
                        for m, share in zip(covered, shares, strict=True)
                    ),
                    clause=ruling.clause,
                )
            )
    return rows


def left_out(policy: Policy) -> str:
    """Return the unit types that the policy leaves out, as the rules list them."""
    covered = covered_months(policy)
    return _members(policy, EmployerClass.NONE, covered[0]) if covered else ""


def example(policy: Policy, *, base: Decimal) -> Example | None:
    """Return what the classes pay for one person's pension in the first covered month.

    None where no policy is in force.
    """
    covered = covered_months(policy)
    if not covered:
        return None
    month = covered[0]
    rate = policy.rate(Insurance.PENSION, month).employer
    if rate is None:
        return None
    gross_due = to_fen(base * rate)
    shares = []
    for employer_class in SHOWN:
        ruling = policy.ruling(Standing(employer_class, ()), Insurance.PENSION, month)
        shares.append((NAMES[employer_class], gross_due - to_fen(gross_due * ruling.fraction)))
    return Example(Insurance.PENSION.label, month, base, gross_due, tuple(shares))


def sources(policy: Policy) -> list[Source]:
    """Return the documents whose waivers are in force, the latest first, each once."""
    found: dict[str, Source] = {}
    for waiver in policy.waivers():
        found.setdefault(waiver.source.document, waiver.source)
    return list(found.values())


def months_with_rules(policy: Policy, first: date, last: date) -> list[date]:
    """Return the months between two, both included, that can be worked out at all."""
    return [month for month in months.span(first, last) if policy.has_rules(month)]


def unit_types(policy: Policy) -> list[str]:
    """Return the unit types that the rules know, in the usual order."""
    covered = covered_months(policy)
    if not covered:
        raise NoRuleInForce("还没有已公布的减免政策")
    return _ordered(policy.class_rules(covered[0]))


def sizes(policy: Policy) -> list[str]:
    """Return the sizes that the rules know."""
    covered = covered_months(policy)
    return _ordered(policy.size_rules(covered[0])) if covered else []
