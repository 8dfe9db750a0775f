"""Money is `Decimal` yuan with two places; this is the only place where it is rounded."""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

FEN = Decimal("0.01")
ZERO = Decimal("0.00")


def to_fen(amount: Decimal) -> Decimal:
    """Return an amount in yuan rounded half up to the fen.

    The rule is inferred from published tables: 1125.605 is charged as 1125.61.
    """
    return amount.quantize(FEN, rounding=ROUND_HALF_UP)


def total(amounts: Iterable[Decimal]) -> Decimal:
    """Return the sum of amounts that are rounded already, in yuan."""
    return sum(amounts, ZERO)


def text(amount: Decimal) -> str:
    """Return an amount as public tables and JSON carry it: two decimals, no separators."""
    return f"{amount:.2f}"
