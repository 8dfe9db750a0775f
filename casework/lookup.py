"""The look-up slot: apps register how a matter is found by receipt and credit code. Pure.

lookup.register("DF", finder)             # in AppConfig.ready
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True)
class Office:
    """An office that has a matter now."""

    name: str
    phone: str


@dataclass(frozen=True)
class Progress:
    """Where a matter is, as anybody with both numbers may know it: no names of people, no
    amounts, no reasons."""

    kind: str
    state: str
    offices: tuple[Office, ...]
    expected: date | None
    steps: tuple[tuple[str, datetime], ...]


Finder = Callable[[str, str], Progress | None]
_finders: dict[str, Finder] = {}


def register(prefix: str, finder: Finder) -> None:
    """Fill a slot: `finder(receipt, uscc)` for receipts that begin with two letters."""
    _finders[prefix] = finder


def finder_of(receipt: str) -> Finder | None:
    """Return how matters with such a receipt are found, or None."""
    return _finders.get(receipt[:2])
