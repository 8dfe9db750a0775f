"""Weeks by ISO 8601: they begin on Monday, and lie in the year of their Thursday. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

_WEEK = re.compile(r"([0-9]{4})-W([0-9]{2})")


class NotAWeek(ValueError):
    """The text names no week."""


@dataclass(frozen=True, order=True)
class Week:
    """A week, by its Monday."""

    monday: date

    @classmethod
    def of(cls, day: date) -> "Week":
        """Return the week a day lies in."""
        return cls(day - timedelta(days=day.weekday()))

    @classmethod
    def parse(cls, text: str) -> "Week":
        """Return the week written as `2020-W30`.

        :raises NotAWeek: for anything else.
        """
        found = _WEEK.fullmatch(text)
        try:
            if found:
                return cls(date.fromisocalendar(int(found[1]), int(found[2]), 1))
        except ValueError:
            pass
        raise NotAWeek(text)

    @property
    def sunday(self) -> date:
        """Return its last day."""
        return self.monday + timedelta(days=6)

    @property
    def before(self) -> "Week":
        """Return the week before it."""
        return Week(self.monday - timedelta(days=7))

    @property
    def after(self) -> "Week":
        """Return the week after it."""
        return Week(self.monday + timedelta(days=7))

    def __str__(self) -> str:
        year, number, _ = self.monday.isocalendar()
        return f"{year:04d}-W{number:02d}"

    @property
    def label(self) -> str:
        """Return it as people read it."""
        year, number, _ = self.monday.isocalendar()
        first, last = (f"{day.month}月{day.day}日" for day in (self.monday, self.sunday))
        return f"{year}年第{number}周（{first}至{last}）"


def back_from(week: Week, count: int) -> Iterator[Week]:
    """Yield a number of weeks, this one first."""
    for _ in range(count):
        yield week
        week = week.before
