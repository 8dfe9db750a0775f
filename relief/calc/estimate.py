"""What a month is assessed at when the employer declared nothing (社会保险法 第六十二条)."""

from dataclasses import dataclass
from decimal import Decimal

from registry.money import to_fen

from .assess import Totals


@dataclass(frozen=True)
class LastMonth:
    """What a month is assessed from that wasn't declared: the month before, in yuan."""

    totals: Totals
    ratio: Decimal
    clause: str

    @property
    def assessed(self) -> Totals:
        """What the month is assessed at; heads and bases are the month before's."""
        return Totals(
            headcount=self.totals.headcount,
            base_total=self.totals.base_total,
            gross_due=assess_undeclared(self.totals.gross_due, ratio=self.ratio),
            employee_due=assess_undeclared(self.totals.employee_due, ratio=self.ratio),
        )


def assess_undeclared(last_month: Decimal, *, ratio: Decimal) -> Decimal:
    """Return the amount in yuan, from last month's amount and the law's ratio."""
    return to_fen(last_month * ratio)
