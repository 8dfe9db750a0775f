"""Who paid what and when: the same rules for everybody, and habits. Pure.

Most stories tell themselves: who pays in February can't know of the relief, who pays on
8 July can't know that it goes on until December.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from config.demo.city import INSURANCES, City, Unit
from config.demo.expected import Book, line
from config.demo.stories import Habit
from registry import months

_JULY = date(2020, 7, 1)


@dataclass(frozen=True)
class Paid:
    """One payment that arrived; money in fen."""

    unit: Unit
    month: date
    insurance: str
    employer: int
    employee: int
    arrived: date
    voucher: str


def _arrival(unit: Unit, month: date, *, waits: bool) -> date:
    """Return the day on which a month's money arrives."""
    if unit.habit is Habit.LATE and month >= date(2020, 3, 1):
        return months.after(month) + timedelta(days=unit.pay_day - 1)
    # In July 2020 most units wait for the extension that is in the news.
    if month == _JULY and waits:
        return month + timedelta(days=unit.pay_day % 10 + 20)
    return month + timedelta(days=unit.pay_day - 1)


def _employer_part(unit: Unit, month: date, insurance: str, *, arrived: date, book: Book) -> int:
    gross = line(unit, month, insurance).gross
    if unit.habit is Habit.IN_FULL:
        return gross
    if unit.habit is Habit.AS_IF_EXEMPT and month >= date(2020, 3, 1):
        return 0
    due = book.due(unit, month, insurance, as_of=arrived)
    # An enterprise nobody has sized yet pays in full.
    return due.net


def every(city: City) -> Iterator[Paid]:
    """Yield the payments in order of arrival."""
    book = Book(city)
    found = []
    for place, unit in enumerate(city.units):
        waits = place % 10 < 7
        for month in city.months:
            arrived = _arrival(unit, month, waits=waits)
            for insurance in INSURANCES:
                declared = line(unit, month, insurance)
                if not declared.headcount:
                    continue
                part = _employer_part(unit, month, insurance, arrived=arrived, book=book)
                found.append((arrived, place, month, insurance, part, declared.employee))
    found.sort(key=lambda row: (row[0], row[1], row[2], INSURANCES.index(row[3])))
    for number, (arrived, place, month, insurance, part, employee) in enumerate(found, start=1):
        voucher = f"SC{arrived:%Y%m}{number:06d}"
        yield Paid(city.units[place], month, insurance, part, employee, arrived, voucher)
