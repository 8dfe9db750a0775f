"""Late fees as steps that a person can follow: each part of a month that was late, and their sum."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from registry.money import to_fen, total
from relief.policy import Source

from .explain import Parameter, Step, money, percent


@dataclass(frozen=True)
class Late:
    """A part of a month that was late: yuan, days both counted, and the rules that hold for it."""

    label: str
    principal: Decimal
    first: date
    last: date
    days: int
    paid: bool
    due_on: date
    due_rule: Source
    daily: Decimal
    rate_rule: Source


def steps(lates: Sequence[Late], *, day: date) -> Step:
    """Return the sum as a step whose parts add up to it.

    :param day: until when what isn't paid yet was counted.
    """
    parts = tuple(_step(late) for late in lates)
    amount = total(part.amount for part in parts if part.amount is not None)
    return Step("滞纳金", f"截至 {day.isoformat()}，各段相加", amount, parts=parts)


def _step(late: Late) -> Step:
    return Step(
        late.label,
        f"{money(late.principal)} × {late.days} 天 × {percent(late.daily)}",
        to_fen(late.principal * late.days * late.daily),
        parameters=(
            Parameter("缴费截止日", late.due_on.isoformat(), late.due_rule),
            Parameter("每日滞纳金比例", percent(late.daily), late.rate_rule),
        ),
        notes=(
            f"{late.first.isoformat()} 至 {late.last.isoformat()}，"
            + ("次日到账" if late.paid else "还没有到账"),
            "只按减免后的净额计算",
        ),
    )
