"""What comes into and goes out of each fund in the months ahead. Pure.

Known amounts stand in the month in which they fall due; what units will declare is expected as they
declared last, under the rules that hold in the month to come. What nobody can know (when a unit
chooses, when somebody pays late) is put into the month in hand, and the page says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from registry.money import ZERO, to_fen, total


@dataclass(frozen=True)
class Base:
    """What one class declared last for a fund, and how much of it is waived in a month to come."""

    gross_due: Decimal
    fractions: Mapping[date, Decimal]


@dataclass(frozen=True)
class Known:
    """What stands in the book for a fund, in yuan.

    `owed`: by the month in which it is due. `going_out`: ordered, at the bank or offered.
    """

    owed: Mapping[date, Decimal]
    going_out: Decimal


@dataclass(frozen=True)
class Month:
    """A month ahead of one fund, in yuan; `after` is what all months up to it come to."""

    month: date
    expected: Decimal
    owed: Decimal
    out: Decimal
    after: Decimal

    @property
    def net(self) -> Decimal:
        """What comes in less what goes out."""
        return self.expected + self.owed - self.out


def ahead(months: Sequence[date], *, bases: Sequence[Base], known: Known) -> list[Month]:
    """Return the months ahead of a fund.

    :param months: calendar months, the one in hand first; what is overdue is expected in it.
    """
    found: list[Month] = []
    after = ZERO
    for place, month in enumerate(months):
        expected = total(
            base.gross_due - to_fen(base.gross_due * base.fractions[month])
            for base in bases
            if month in base.fractions
        )
        if place == 0:
            owed = total(amount for due, amount in known.owed.items() if due <= month)
        else:
            owed = known.owed.get(month, ZERO)
        out = known.going_out if place == 0 else ZERO
        row = Month(month, expected, owed, out, ZERO)
        after += row.net
        found.append(Month(month, expected, owed, out, after))
    return found
