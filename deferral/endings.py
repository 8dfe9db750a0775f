"""When an agreement ends before its time, and when what is open is due then. Pure."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from registry.money import total
from relief.calc.late_fee import late_fee

_FILE = Path(__file__).parent / "data" / "endings.toml"


class Due(StrEnum):
    """From when what is open is due."""

    ORDINARY = "ordinary"
    DAYS = "days"


@dataclass(frozen=True)
class Ending:
    """One ground for an early end, with its effect and its source."""

    code: str
    label: str
    due: Due
    days: int
    owed_by: str
    needs_successor: bool
    clause: str
    confidence: str

    def due_on(self, decided_on: date) -> date | None:
        """Return the day by which what is open is to be paid; None: each month's ordinary day."""
        return None if self.due is Due.ORDINARY else decided_on + timedelta(days=self.days)


@dataclass(frozen=True)
class Open:
    """A deferred month as it stands, in yuan: the employer's part open, and both parts."""

    month: date
    insurance: str
    employer_open: Decimal
    open: Decimal
    ordinary_due: date
    daily: Decimal


@dataclass(frozen=True)
class Effect:
    """What an early end does to one month: `fee` is what has run up by the day, in yuan, on the
    employer's part; `a_day` what each further day adds once it is late."""

    month: date
    insurance: str
    open: Decimal
    due_before: date
    due_after: date
    fee: Decimal
    a_day: Decimal


def effects(
    lines: Iterable[Open], *, ends_on: date, due_on: date | None, day: date
) -> tuple[Effect, ...]:
    """Return what an early end does, month by month.

    :param ends_on: until when the agreement defers.
    :param due_on: the new day; None gives each month its ordinary day back.
    :param day: the day of the decision: fees are as they stand at its end.
    """
    found = []
    for line in lines:
        before = max(ends_on, line.ordinary_due)
        after = line.ordinary_due if due_on is None else max(due_on, line.ordinary_due)
        # An end never gives more time than the agreement had.
        after = min(after, before)
        run_up = late_fee(line.employer_open, due=after, arrived=None, as_of=day, daily=line.daily)
        one = late_fee(
            line.employer_open,
            due=after,
            arrived=None,
            as_of=after + timedelta(days=1),
            daily=line.daily,
        )
        found.append(
            Effect(line.month, line.insurance, line.open, before, after, run_up.fee, one.fee)
        )
    return tuple(found)


def totals(rows: Iterable[Effect]) -> tuple[Decimal, Decimal]:
    """Return what is open and the late fees run up, both in yuan."""
    kept = list(rows)
    return total(row.open for row in kept), total(row.fee for row in kept)


def read(text: str) -> tuple[Ending, ...]:
    """Return the endings of a text.

    :raises ValueError: if the text isn't such data.
    """
    try:
        return tuple(_ending(entry) for entry in tomllib.loads(text)["ending"])
    except (KeyError, TypeError) as wrong:
        raise ValueError(f"endings.toml: {wrong}") from wrong


def _ending(entry: dict[str, Any]) -> Ending:
    return Ending(**{**entry, "due": Due(entry["due"])})


@cache
def endings() -> tuple[Ending, ...]:
    """Return the endings that come with the program."""
    return read(_FILE.read_text("utf-8"))


def ending(code: str) -> Ending:
    """Return an ending by its code.

    :raises LookupError: if there is none.
    """
    for each in endings():
        if each.code == code:
            return each
    raise LookupError(code)
