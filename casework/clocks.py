"""How far a clock is: working days counted one by one, pauses left out. Pure.

The day from which it runs isn't counted. A paused day is one after the day of the pause, up to
the day on which the clock is resumed: on that day somebody can only begin again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum

from casework.workdays import Calendar, Passed

#: From this share of the term on a clock is amber.
_AMBER = (7, 10)
_DAY = timedelta(days=1)


class Level(Enum):
    """How urgent it is, with a word for those who see no colours."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"
    PAUSED = "paused"
    DONE = "done"

    @property
    def label(self) -> str:
        """The Chinese word."""
        return {
            "green": "时限内",
            "amber": "快到期",
            "red": "已超时",
            "paused": "暂停计时",
            "done": "已办结",
        }[self.value]


@dataclass(frozen=True)
class Paused:
    """A pause; `until` None: it goes on."""

    since: date
    until: date | None
    reason: str


@dataclass(frozen=True)
class Counted:
    """A clock as of a day.

    `used` and `left` are working days, `left` below 0 where it is late; `due` None while the
    clock is paused. `days` are those gone by and, unless it is paused, those to come up to the
    due day, each with why it doesn't count.
    """

    working_days: int
    used: int
    due: date | None
    days: tuple[Passed, ...]
    level: Level
    missing_years: tuple[int, ...]
    # Why the day itself doesn't count, where it is in a freeze.
    frozen: str = ""

    @property
    def left(self) -> int:
        """Working days that are left; below 0: so many too late."""
        return self.working_days - self.used


def count(
    started_on: date,
    working_days: int,
    *,
    pauses: Iterable[Paused],
    freezes: Iterable[Paused] = (),
    today: date,
    stopped_on: date | None,
    calendar: Calendar,
) -> Counted:
    """Return how far a clock is.

    :param freezes: days on which every clock stands still; their ends are known.
    :param today: for a clock that was stopped, the day it was stopped counts instead.
    """
    known, frozen = tuple(pauses), tuple(freezes)
    end = stopped_on or today
    used, due, days = 0, None, []
    still = stopped_on is None and any(pause.until is None for pause in known)
    day = started_on
    while day < end or (due is None and not still):
        day += _DAY
        passed = _judge(day, (*known, *frozen), calendar)
        days.append(passed)
        if passed.counted:
            used += day <= end
            if due is None and sum(each.counted for each in days) == working_days:
                due = day
    why = next((each.reason for each in frozen if _covers(each, end)), "")
    level = _level(
        used, working_days, stopped=stopped_on is not None, paused=still, frozen=bool(why)
    )
    return Counted(
        working_days=working_days,
        used=used,
        due=due,
        days=tuple(days),
        level=level,
        missing_years=tuple(
            sorted({each.day.year for each in days if not calendar.knows(each.day)})
        ),
        frozen=why if level is Level.PAUSED else "",
    )


def _covers(pause: Paused, day: date) -> bool:
    return pause.since < day and (pause.until is None or day <= pause.until)


def _judge(day: date, pauses: tuple[Paused, ...], calendar: Calendar) -> Passed:
    for pause in pauses:
        if _covers(pause, day):
            return Passed(day, False, f"暂停：{pause.reason}")
    return calendar.judge(day)


def _level(used: int, working_days: int, *, stopped: bool, paused: bool, frozen: bool) -> Level:
    if stopped:
        return Level.DONE
    if paused:
        return Level.PAUSED
    if used > working_days:
        return Level.RED  # what is late already stays late in a freeze
    if frozen:
        return Level.PAUSED
    share, whole = _AMBER
    return Level.AMBER if used * whole >= working_days * share else Level.GREEN
