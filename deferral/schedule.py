"""Plans of repayment (补缴计划): how a sum is spread over days. Pure; amounts in yuan."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from registry import months
from registry.money import ZERO, to_fen, total


class Kind(StrEnum):
    """How a unit wants to pay."""

    ONCE = "once"
    MONTHLY = "monthly"
    OWN = "own"

    @property
    def label(self) -> str:
        """The Chinese name."""
        return {"once": "期满一次缴清", "monthly": "按月分期", "own": "自定日期"}[self.value]


@dataclass(frozen=True)
class Instalment:
    """What is to be paid by a day."""

    due_on: date
    amount: Decimal


class BadPlan(ValueError):
    """A plan that can't stand; says why, in Chinese."""


def once(amount: Decimal, *, on: date) -> tuple[Instalment, ...]:
    """Return the plan that pays everything on one day."""
    return (Instalment(on, amount),)


def monthly(amount: Decimal, *, first: date, ends_on: date) -> tuple[Instalment, ...]:
    """Return equal instalments at the ends of months, the last one on `ends_on`.

    What doesn't divide by the fen goes to the last one.

    :param first: the first instalment's month is this day's.
    """
    days = [
        day
        for month in months.span(first.replace(day=1), ends_on.replace(day=1))
        if (day := months.last_day(month)) < ends_on
    ] + [ends_on]
    part = to_fen(amount / len(days) - Decimal("0.005")) if amount else ZERO
    rows = [Instalment(day, part) for day in days[:-1]]
    return (*rows, Instalment(ends_on, amount - total(row.amount for row in rows)))


def check(
    plan: Sequence[Instalment], *, amount: Decimal, after: date, latest: date
) -> tuple[Instalment, ...]:
    """Return a plan in order of days, or refuse it.

    :param after: every instalment is due later than this day.
    :param latest: and not later than this one (D11).
    :raises BadPlan: if it can't stand.
    """
    if not plan:
        raise BadPlan("请至少填写一期。")
    rows = tuple(sorted(plan, key=lambda row: row.due_on))
    if len({row.due_on for row in rows}) < len(rows):
        raise BadPlan("两期的日期相同，请合并成一期。")
    if rows[0].due_on <= after:
        raise BadPlan(f"{rows[0].due_on.isoformat()} 不晚于今天，请改成以后的日期。")
    if rows[-1].due_on > latest:
        raise BadPlan(
            f"{rows[-1].due_on.isoformat()} 晚于最迟缴清日 {latest.isoformat()}，请提前。"
        )
    if any(row.amount < 0 for row in rows):
        raise BadPlan("金额不能是负数。")
    planned = total(row.amount for row in rows)
    if planned != amount:
        gap = amount - planned
        word = "还差" if gap > 0 else "多了"
        raise BadPlan(
            f"各期合计 {planned:,.2f} 元，申请缓缴 {amount:,.2f} 元，{word} {abs(gap):,.2f} 元。"
        )
    return rows


@dataclass(frozen=True)
class Standing:
    """One instalment as it stands: planned, what it is after corrections, and what is paid."""

    due_on: date
    planned: Decimal
    amount: Decimal
    paid: Decimal

    @property
    def open(self) -> Decimal:
        """What is still to be paid of it."""
        return self.amount - self.paid


def schedule_of(
    plan: Sequence[Instalment], *, due: Decimal, paid: Decimal
) -> tuple[tuple[Standing, ...], Decimal]:
    """Return the instalments as they stand, and what was paid above what is due.

    What is due less than planned (a correction, a person taken out) comes off the last
    instalments first, what is due more is added to the last one; payments pay the earliest
    first. The instalments' amounts always add up to `due`, what is paid of them and the rest
    to `paid`.

    :param due: what the book says is due of the deferred months, in yuan.
    :param paid: what has been paid of them.
    """
    amounts = [row.amount for row in plan]
    change = due - total(amounts)
    if amounts and change > 0:
        amounts[-1] += change
    for place in reversed(range(len(amounts))):
        if change >= 0:
            break
        taken = min(amounts[place], -change)
        amounts[place] -= taken
        change += taken
    left, rows = paid, []
    for row, amount in zip(plan, amounts, strict=True):
        part = min(left, amount)
        left -= part
        rows.append(Standing(row.due_on, row.amount, amount, part))
    return tuple(rows), left
