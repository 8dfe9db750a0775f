"""The hashes of the book: SHA-256 of every row, made in SQL, and SM3 of every posting.

A row's text names every column in one fixed way, whatever the server's date style or language,
so no change of a single byte leaves it the same. A posting's digest covers its predecessor's,
its own columns and the hashes of its rows in the order of their numbers.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

#: Before the first posting of a chain.
NOTHING = bytes(32)


def _day(column: str) -> str:
    """Return SQL for a day as a number: its text would depend on the session."""
    return f"({column} - DATE '2000-01-01')"


def _text(column: str) -> str:
    """Return SQL for free text with its length, so that it can't run into its neighbour."""
    return f"coalesce(length({column}) || ':' || {column}, '-')"


def _sha256(parts: Iterable[str]) -> str:
    return f"sha256(convert_to(concat_ws('|', {', '.join(parts)}), 'UTF8'))"


def leg_sha256(row: str) -> str:
    """Return SQL for the hash of a leg's row.

    A project stands last and only where there is one: legs of months have the hash they had
    before there were projects.
    """
    day, month = _day(f"{row}.value_on"), _day(f"{row}.month")
    names = ("id", "posting_id", "entry_id", "employer_id", "insurance", "account")
    parts = [*(f"{row}.{name}" for name in names), month, day, f"{row}.amount"]
    return _sha256([*parts, f"'P' || {row}.project_id"])


def entry_sha256(row: str) -> str:
    """Return SQL for the hash of an entry's row."""
    names = ("id", "posting_id", "employer_id", "insurance")
    texts = (_text(f"{row}.{name}") for name in ("reason", "document", "reference"))
    return _sha256([*(f"{row}.{name}" for name in names), _day(f"{row}.value_on"), *texts])


@dataclass(frozen=True)
class Header:
    """A posting's own columns, without its digest."""

    id: int
    chain: str
    number: int
    entries: int
    legs: int
    debit: Decimal
    cause: str
    at: datetime

    def text(self) -> bytes:
        """Return the columns in one fixed way."""
        at = self.at.astimezone(UTC).isoformat(timespec="microseconds")
        parts = (self.id, self.number, self.entries, self.legs, f"{self.debit:.2f}", at)
        chain, cause = (f"{len(text)}:{text}" for text in (self.chain, self.cause))
        return "|".join([*map(str, parts), chain, cause]).encode()


def sm3(previous: bytes, header: Header, entries: bytes, legs: bytes) -> bytes:
    """Return a posting's digest; `entries` and `legs` are the rows' hashes joined by number."""
    found = hashlib.new("sm3")
    for part in (previous, header.text(), b"|", entries, legs):
        found.update(part)
    return found.digest()
