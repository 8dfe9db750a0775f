"""Why a refund is this much, and why an offset pays this month: steps that add up. Pure.

The leaves of a month are signed and add up to what of it goes back; the months add up to the
refund. docs/algorithms/refund.md shows it in yuan.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from registry import months
from registry.money import ZERO, total
from relief.calc.explain import Step, money, percent


@dataclass(frozen=True)
class Elsewhere:
    """What another refund has of the same month, in yuan: paid out already or on its way."""

    receipt: str
    amount: Decimal


@dataclass(frozen=True)
class OfProject:
    """What was found of a construction project, in yuan; `covered` of `total` units count."""

    name: str
    premium: Decimal
    relief: Decimal
    period: str
    unit: str
    total: int
    covered: int
    fraction: Decimal
    varies: bool  # the contractor's class, and with it the fraction, differs by month


@dataclass(frozen=True)
class MonthOwed:
    """One month of a refund as it stood when the refund was opened, in yuan."""

    month: date
    amount: Decimal
    arrived: Decimal
    net_due: Decimal
    clause: str
    elsewhere: tuple[Elsewhere, ...] = ()
    offset_in: Decimal = ZERO  # what other months' overpayments had paid of this one
    #: Of a construction project: all of it stands in one item.
    project: "OfProject | None" = None


@dataclass(frozen=True)
class Use:
    """Money of an overpaid month that pays another one, or its undoing (below zero)."""

    from_month: date
    to_month: date
    amount: Decimal
    on: date


def explain_refund(owed: Sequence[MonthOwed]) -> tuple[Step, ...]:
    """Return the steps to a refund; one step whose parts are its months."""
    parts = tuple(_month(each) for each in owed)
    amounts = " + ".join(money(each.amount) for each in owed)
    notes = ("只退单位缴费部分；三项保险分属三个基金，互不抵减（口径D15）",)
    return (Step("应退金额", amounts, total(each.amount for each in owed), (), parts, notes),)


def _month(owed: MonthOwed) -> Step:
    paid = "一次缴纳的工伤保险费" if owed.project else "已到账（单位部分）"
    parts = [
        Step(paid, f"到账合计 {money(owed.arrived)}", owed.arrived),
        Step("减去减免后应缴", f"依据：{owed.clause}", -owed.net_due, (), _due(owed.project)),
    ]
    if owed.offset_in:
        title = "加上其他月份冲抵到本月的金额"
        parts.append(Step(title, money(owed.offset_in), owed.offset_in))
    parts += [
        Step("减去已在另一笔退费中的金额", f"退费 {other.receipt}", -other.amount)
        for other in owed.elsewhere
    ]
    formula = f"{money(owed.arrived)} − {money(owed.net_due)}"
    if owed.offset_in:
        formula += f" + {money(owed.offset_in)}"
    formula += "".join(f" − {money(other.amount)}" for other in owed.elsewhere)
    title = owed.project.name if owed.project else months.label(owed.month)
    return Step(title, formula, owed.amount, (), tuple(parts))


def _due(project: OfProject | None) -> tuple[Step, ...]:
    """Return the parts of what a project owes after relief, signed as it is: below zero."""
    if project is None:
        return ()
    share = "各月按当月减免比例折算" if project.varies else percent(project.fraction)
    formula = f"{money(project.premium)} × {project.covered} ÷ {project.total} × {share}"
    return (
        Step("减去减免前应缴", "工程总造价对应的工伤保险费，一次缴清", -project.premium),
        Step(
            "加上减免期内各份额的减免",
            formula,
            project.relief,
            notes=(
                f"备案合同施工期 {project.period}，按{project.unit[-1]}平摊到 {project.total} "
                f"{project.unit}，其中 {project.covered} {project.unit}在减免期内（口径D1）",
                "一次计算，一次四舍五入到分",
            ),
        ),
    )


def adds_up(owed: Iterable[MonthOwed]) -> bool:
    """Return whether the parts of every month come to its amount, to the fen."""
    return all(
        each.amount
        == each.arrived
        - each.net_due
        + each.offset_in
        - total(other.amount for other in each.elsewhere)
        for each in owed
    )


def explain_offset(uses: Sequence[Use], *, amount: Decimal) -> tuple[Step, ...]:
    """Return which month was paid by which, and what of a refund's `amount` is left.

    No step if nothing was used.
    """
    if not uses:
        return ()
    used = total(use.amount for use in uses)
    return (
        Step(
            "已用于冲抵",
            " + ".join(money(use.amount) for use in uses).replace("+ -", "− "),
            used,
            (),
            tuple(_use(use) for use in uses),
            (
                "只在同一险种内、只抵单位缴费部分（口径D8）",
                "先抵最早还没有缴清的月份；用最早多缴的月份的钱先抵",
                "核定或缴费有变动、不再需要的，从最近的一笔起撤回",
            ),
        ),
        Step("冲抵后剩余", f"{money(amount)} − {money(used)}", amount - used),
    )


def _use(use: Use) -> Step:
    source, target = months.label(use.from_month), months.label(use.to_month)
    if use.amount < 0:
        title = f"撤回：{source} 的多缴不再抵 {target}"
        why = f"{use.on.isoformat()}，核定或缴费有变动"
    else:
        title = f"{source} 的多缴抵 {target} 的应缴"
        why = f"{use.on.isoformat()}，当时最早还没有缴清的月份是 {target}"
    return Step(title, why, use.amount)
