"""What is due in the demo city, worked out apart from the application. Pure.

It decides what the townspeople pay, and the tests hold it against the application's own
results to the fen. That is worth something only as long as it shares nothing with
`relief.calc` and `relief.policy`: whole fen and millionths here, figures of its own
(`figures.toml`), no rounding function but the one below.
"""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from config.demo.city import INSURANCES, City, Unit

MILLION = 1_000_000


@cache
def _figures() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("figures.toml").read_text(encoding="utf-8"))


def share_of(amount: int, millionths: int) -> int:
    """Return a share of an amount in fen, half a fen counting as one."""
    return (amount * millionths * 2 + MILLION) // (2 * MILLION)


@dataclass(frozen=True)
class Line:
    """One unit, month and insurance before relief; money in fen."""

    headcount: int
    base_total: int
    gross: int
    employee: int


@dataclass(frozen=True)
class Due:
    """The same after relief, by what was known on a day."""

    line: Line
    employer_class: str
    share: int
    relief: int

    @property
    def net(self) -> int:
        return self.line.gross - self.relief


def _limits(month: date) -> tuple[int, int]:
    for row in _figures()["limits"]:
        if row["from"] <= month <= row["to"]:
            return row["lower"], row["upper"]
    raise LookupError(month)


@cache
def line(unit: Unit, month: date, insurance: str) -> Line:
    """Return headcount, bases within the limits and amounts rounded per person."""
    lower, upper = _limits(month)
    rates = _figures()["rates"][insurance]
    own = unit.injury_millionths if insurance == "injury" else rates["employer"]
    bases = [
        min(max(base, lower), upper)
        for person in unit.people
        if (base := person.base(month, insurance))
    ]
    return Line(
        headcount=len(bases),
        base_total=sum(bases),
        gross=sum(share_of(base, own) for base in bases),
        employee=sum(share_of(base, rates["employee"]) for base in bases),
    )


class Book:
    """The town's book: what is due of whom, as known on any day."""

    def __init__(self, city: City) -> None:
        self._city = city
        self._sizes: dict[str, list[tuple[date, str]]] = {}
        for row in city.sizes:
            self._sizes.setdefault(row.uscc, []).append((row.dated, row.size))

    def class_of(self, unit: Unit, as_of: date) -> str:
        """Return the class of relief, or "undetermined" for an enterprise without a size."""
        if unit.unit_type != "企业":
            found: str = _figures()["classes"][unit.unit_type]
            return found
        known = [
            (dated, size)
            for dated, size in self._sizes.get(unit.parent_uscc or unit.uscc, ())
            if dated <= as_of
        ]
        if not known:
            return "undetermined"
        size_class: str = _figures()["sizes"][max(known)[1]]
        return size_class

    def due(self, unit: Unit, month: date, insurance: str, as_of: date) -> Due:
        """Return what is due by the documents and sizes known on a day."""
        before = line(unit, month, insurance)
        employer_class = self.class_of(unit, as_of)
        share = 0
        for document in _figures()["relief"]:
            last = document["last"].get(employer_class)
            if document["published"] <= as_of and last and document["from"] <= month <= last:
                share = document["share"][employer_class]
        return Due(before, employer_class, share, share_of(before.gross, share))

    def every(self, as_of: date, *, last: date) -> Iterator[tuple[Unit, date, str, Due]]:
        """Yield all that has an insured person, up to a month."""
        for unit in self._city.units:
            for month in self._city.months:
                if month > last:
                    break
                for insurance in INSURANCES:
                    due = self.due(unit, month, insurance, as_of)
                    if due.line.headcount:
                        yield unit, month, insurance, due
