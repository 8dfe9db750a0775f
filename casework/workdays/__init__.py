"""Deadlines in working days (工作日) that show their work. Pure.

The day from which a term runs isn't counted; the last counted day is the due day. Holidays and
make-up days come from the State Council's yearly tables. Of a year whose table is missing only
the weekends are known: the count goes on, and says so.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

WEEKEND = "周末"
MAKE_UP = "调休上班"
_DAY = timedelta(days=1)
_SATURDAY = 5


@dataclass(frozen=True)
class Special:
    """A day that differs from the week: a holiday, or a weekend day that is worked."""

    day: date
    name: str
    is_workday: bool


@dataclass(frozen=True)
class Passed:
    """A day of a term: whether it was counted and, where the week doesn't say it, why."""

    day: date
    counted: bool
    why: str


@dataclass(frozen=True)
class Term:
    """A term that was counted: its due day, every day up to it, and years without holidays."""

    start: date
    due: date
    days: tuple[Passed, ...]
    missing_years: tuple[int, ...]


class Calendar:
    """The special days of some years. `years` are those whose yearly table is known."""

    def __init__(self, special: Iterable[Special]) -> None:
        self._special: Mapping[date, Special] = {entry.day: entry for entry in special}
        # The yearly tables run from 元旦 to 国庆节: with the last of it, the year is complete.
        self.years = frozenset(day.year for day in self._special if (day.month, day.day) == (10, 1))

    def knows(self, day: date) -> bool:
        """Return whether the yearly table of the day's year is known."""
        return day.year in self.years

    def judge(self, day: date) -> Passed:
        """Return whether a day is a working day, and why."""
        special = self._special.get(day)
        if special is not None and special.is_workday:
            return Passed(day, True, MAKE_UP if day.weekday() >= _SATURDAY else special.name)
        if special is not None:
            return Passed(day, False, special.name)
        if day.weekday() >= _SATURDAY:
            return Passed(day, False, WEEKEND)
        return Passed(day, True, "")


def _after(day: date) -> Iterator[date]:
    while True:
        day += _DAY
        yield day


def add_working_days(start: date, n: int, calendar: Calendar) -> Term:
    """Return the term of `n` working days that runs from `start`.

    :raises ValueError: if `n` is less than 1.
    """
    if n < 1:
        raise ValueError(f"a term of {n} working days")
    days: list[Passed] = []
    left = n
    for day in _after(start):
        days.append(calendar.judge(day))
        left -= days[-1].counted
        if not left:
            break
    missing = sorted({passed.day.year for passed in days if not calendar.knows(passed.day)})
    return Term(start, days[-1].day, tuple(days), tuple(missing))


def working_days_left(today: date, due: date, calendar: Calendar) -> int:
    """Return how many working days are left after today, the due day included.

    Past the due day: less than 0, by as many working days as have gone by.
    """
    sign, first, last = (1, today, due) if due >= today else (-1, due, today)
    counted = 0
    for day in _after(first):
        if day > last:
            break
        counted += calendar.judge(day).counted
    return sign * counted
