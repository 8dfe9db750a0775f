"""Which month's overpayment pays which month's contribution: the arithmetic of an offset (D8). Pure.

All of it is about one employer and one fund. docs/algorithms/offset.md shows it in yuan.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from registry.money import ZERO


@dataclass(frozen=True)
class Used:
    """Money of one month that pays another month's contribution, as far as it still does.

    `key` is whatever the caller knows it by.
    """

    key: int
    from_month: date
    to_month: date
    amount: Decimal


@dataclass(frozen=True)
class Source:
    """What of one month's overpayment may still be used."""

    key: int
    month: date
    left: Decimal


def unwind(open_due: Mapping[date, Decimal], uses: Iterable[Used]) -> dict[int, Decimal]:
    """Return how much of which use must be undone, and not a fen more.

    :param open_due: by month what is due less what is paid, the uses counted in; below zero
        where too much is paid.
    :param uses: the newest first, which is the order of undoing.

    A use is undone where the month it pays for has too much, or the month it comes from too
    little. First those where both hold, so that one undoing heals both.
    """
    now = dict(open_due)
    left = {use.key: use.amount for use in uses}
    order = [use for use in uses if use.amount > 0]

    def too_much(use: Used) -> Decimal:
        return max(-now.get(use.to_month, ZERO), ZERO)

    def too_little(use: Used) -> Decimal:
        return max(now.get(use.from_month, ZERO), ZERO)

    undone: dict[int, Decimal] = {}
    for need in (lambda use: min(too_much(use), too_little(use)), too_much, too_little):
        for use in order:
            amount = min(left[use.key], need(use))
            if amount <= 0:
                continue
            left[use.key] -= amount
            undone[use.key] = undone.get(use.key, ZERO) + amount
            now[use.from_month] = now.get(use.from_month, ZERO) - amount
            now[use.to_month] = now.get(use.to_month, ZERO) + amount
    return undone


def fill(open_due: Mapping[date, Decimal], sources: Sequence[Source]) -> list[Used]:
    """Return what pays for what: the oldest open month first, by the first source first."""
    now = {month: amount for month, amount in sorted(open_due.items()) if amount > 0}
    found = []
    for source in sources:
        left = source.left
        for month, amount in now.items():
            taken = min(left, amount)
            if taken <= 0 or month == source.month:
                continue
            found.append(Used(source.key, source.month, month, taken))
            left -= taken
            now[month] -= taken
    return found
