"""The numbers of telling units that are due money, read from the data file. Pure."""

import tomllib
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from casework.workdays import Calendar, working_days_left

DATA = Path(__file__).parent / "data" / "telling.toml"


@dataclass(frozen=True)
class Rules:
    """In working days; `most_reminded` in units."""

    choice_days: int
    remind_before: int
    unreached_after: int
    most_reminded: int


def read(text: str) -> Rules:
    """Return the rules that a data file holds."""
    data: dict[str, Any] = tomllib.loads(text)
    return Rules(
        choice_days=data["choice"]["working_days"],
        remind_before=data["choice"]["remind_before"],
        unreached_after=data["contact"]["unreached_after"],
        most_reminded=data["contact"]["most_reminded"],
    )


RULES = read(DATA.read_text("utf-8"))


def latest_start(today: date, working_days: int, calendar: Calendar) -> date:
    """Return the latest day after which so many working days have come by the end of today."""
    day = today
    while working_days_left(day, today, calendar) < working_days:
        day -= timedelta(days=1)
    return day
