"""Base limits follow from an average wage, rounded to the yuan (R49)."""

from decimal import ROUND_HALF_UP, Decimal

MONTHS_A_YEAR = 12


def limit_from_average(yearly_average: Decimal, ratio: Decimal) -> Decimal:
    """Return a limit in whole yuan a month: 64717 a year at 50 % gives 2697.

    :param ratio: the share of the monthly average, such as 3 for 300 %.
    """
    monthly = yearly_average * ratio / MONTHS_A_YEAR
    return monthly.quantize(Decimal(1), rounding=ROUND_HALF_UP)
