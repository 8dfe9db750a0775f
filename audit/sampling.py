"""A sample that anyone can draw again to the same list (可复核的抽样). Pure.

The frame is fixed and its SHA-256 published; then two people commit to a phrase each, and only when
both have committed do they reveal it. The seed is made of all three, so nobody alone could choose
it, and nobody could after seeing the list. Of each stratum come the units whose SHA-256 of seed and
credit code is smallest.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

#: A phrase shorter than this could be found by trying.
SHORTEST_PHRASE = 16


@dataclass(frozen=True)
class Unit:
    """One unit of a frame: its credit code, its stratum, and the relief it had, in yuan."""

    uscc: str
    stratum: str
    relief: Decimal


@dataclass(frozen=True)
class Design:
    """How many are drawn of a stratum: a share, at least so many; and who is taken for certain.

    `share` is a ratio; `certain_from`: units with at least so much relief, in yuan, are all taken
    beside the others; None takes none for certain.
    """

    share: Decimal
    least: int
    certain_from: Decimal | None = None

    def size(self, units: int) -> int:
        """Return how many of so many units are drawn."""
        part = int((units * self.share).to_integral_value(ROUND_CEILING))
        return min(max(part, self.least), units)


@dataclass(frozen=True)
class Picked:
    """One unit of the sample: its place in its stratum, 0 where it was taken for certain."""

    unit: Unit
    place: int


def frame_digest(units: Iterable[Unit]) -> str:
    """Return the SHA-256 of a frame: one line a unit, by credit code, amounts to the fen."""
    lines = sorted(f"{unit.uscc}\t{unit.stratum}\t{unit.relief:.2f}\n" for unit in units)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def commitment(phrase: str) -> str:
    """Return what somebody shows of a phrase before revealing it."""
    return hashlib.sha256(phrase.encode()).hexdigest()


def seed_of(frame: str, phrases: Sequence[str]) -> str:
    """Return the seed that a frame's digest and both phrases, in the order of committing, make."""
    return hashlib.sha256("\n".join([frame, *phrases]).encode()).hexdigest()


def draw(units: Sequence[Unit], design: Design, seed: str) -> list[Picked]:
    """Return the sample, stratum by stratum; the order of `units` doesn't matter."""
    strata: dict[str, list[Unit]] = {}
    picked = []
    for unit in units:
        if design.certain_from is not None and unit.relief >= design.certain_from:
            picked.append(Picked(unit, 0))
        else:
            strata.setdefault(unit.stratum, []).append(unit)
    for members in strata.values():
        members.sort(key=lambda unit: (_rank(seed, unit.uscc), unit.uscc))
        size = design.size(len(members))
        picked += [Picked(unit, place) for place, unit in enumerate(members[:size], 1)]
    return sorted(picked, key=lambda each: (each.unit.stratum, each.place, each.unit.uscc))


def _rank(seed: str, uscc: str) -> str:
    return hashlib.sha256(f"{seed}\n{uscc}".encode()).hexdigest()


def sizes(units: Iterable[Unit], design: Design) -> Mapping[str, tuple[int, int, int]]:
    """Return for each stratum how many units it has, are taken for certain, and are drawn."""
    certain: dict[str, int] = {}
    rest: dict[str, int] = {}
    for unit in units:
        sure = design.certain_from is not None and unit.relief >= design.certain_from
        rest.setdefault(unit.stratum, 0)
        certain.setdefault(unit.stratum, 0)
        (certain if sure else rest)[unit.stratum] += 1
    return {
        stratum: (certain[stratum] + rest[stratum], certain[stratum], design.size(rest[stratum]))
        for stratum in sorted(rest)
    }
