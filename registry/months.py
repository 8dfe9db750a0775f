"""Months (费款所属期) are dates: the first day stands for the whole month."""

import re
from collections.abc import Iterator
from datetime import date, timedelta

_MONTH = re.compile(r"(\d{4})-?(\d{2})")


class NotAMonth(ValueError):
    """The text names no month."""


def first_of(day: date) -> date:
    """Return the month a day lies in."""
    return date(day.year, day.month, 1)


def parse(text: str) -> date:
    """Return the month written as `2020-02` or `202002`.

    :raises NotAMonth: for anything else.
    """
    found = _MONTH.fullmatch(text)
    if not found or not 1 <= int(found[2]) <= 12 or int(found[1]) < 1:
        raise NotAMonth(text)
    return date(int(found[1]), int(found[2]), 1)


def label(month: date) -> str:
    """Return a month as public tables carry it: `2020-02`."""
    return f"{month.year:04d}-{month.month:02d}"


def after(month: date, count: int = 1) -> date:
    """Return the month `count` months later; negative counts go back."""
    years, index = divmod(month.year * 12 + month.month - 1 + count, 12)
    return date(years, index + 1, 1)


def last_day(month: date) -> date:
    """Return the last day of a month."""
    return after(month) - timedelta(days=1)


def span(first: date, last: date) -> Iterator[date]:
    """Yield every month from the first to the last, both included."""
    month = first
    while month <= last:
        yield month
        month = after(month)


#: The month from which something holds that was never said to begin.
EVER = date(1900, 1, 1)
