"""What a month is assessed at when the employer declared nothing (社会保险法 第六十二条)."""

from decimal import Decimal

from registry.money import to_fen


def assess_undeclared(last_month: Decimal, *, ratio: Decimal) -> Decimal:
    """Return the amount in yuan, from last month's amount and the law's ratio."""
    return to_fen(last_month * ratio)
