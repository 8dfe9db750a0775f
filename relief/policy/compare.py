"""Two documents side by side: as text, words marked, and rule by rule. Pure."""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from .describe import Described, described
from .types import Document

_WORDS = re.compile(r"[A-Za-z_]+|[0-9.]+(?:-[0-9]+)*|\s+|.", re.DOTALL)


@dataclass(frozen=True)
class Piece:
    """Part of a line; `changed` where the other side has something else."""

    text: str
    changed: bool


@dataclass(frozen=True)
class Pair:
    """A line before and after with their numbers; an empty side has no number."""

    before_number: int | None
    before: tuple[Piece, ...]
    after_number: int | None
    after: tuple[Piece, ...]
    changed: bool


@dataclass(frozen=True)
class RuleChange:
    """What holds of one matter before and after; an empty list: nothing was said of it."""

    matter: str
    before: tuple[Described, ...]
    after: tuple[Described, ...]

    @property
    def changed(self) -> bool:
        """Whether the two sides differ in months, value or clause."""
        return self.before != self.after


def lines(before: str, after: str) -> list[Pair]:
    """Return both texts line by line, equal lines beside each other, changed words marked."""
    old, new = before.splitlines(), after.splitlines()
    found: list[Pair] = []
    for tag, i, j, k, m in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        for offset in range(max(j - i, m - k)):
            one = old[i + offset] if i + offset < j else None
            other = new[k + offset] if k + offset < m else None
            left, right = _marked(one or "", other or "", whole=one is None or other is None)
            found.append(
                Pair(
                    None if one is None else i + offset + 1,
                    left,
                    None if other is None else k + offset + 1,
                    right,
                    tag != "equal",
                )
            )
    return found


def _marked(one: str, other: str, *, whole: bool) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    if one == other or whole:
        mark = one != other
        return _piece(one, mark), _piece(other, mark)
    a, b = _WORDS.findall(one), _WORDS.findall(other)
    left: list[Piece] = []
    right: list[Piece] = []
    for tag, i, j, k, m in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        left += _piece("".join(a[i:j]), tag != "equal")
        right += _piece("".join(b[k:m]), tag != "equal")
    return tuple(left), tuple(right)


def _piece(text: str, changed: bool) -> tuple[Piece, ...]:
    return (Piece(text, changed),) if text else ()


def rules(before: Document, after: Document) -> list[RuleChange]:
    """Return every matter that either document speaks of, in a steady order."""
    old, new = _by_matter(described(before)), _by_matter(described(after))
    return [
        RuleChange(matter, old.get(matter, ()), new.get(matter, ()))
        for matter in dict.fromkeys([*old, *new])
    ]


def _by_matter(rows: Iterable[Described]) -> dict[str, tuple[Described, ...]]:
    found: dict[str, tuple[Described, ...]] = {}
    for row in rows:
        found[row.matter] = (*found.get(row.matter, ()), row)
    return found
