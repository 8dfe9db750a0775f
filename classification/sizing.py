"""How large an enterprise is by the published criteria, with the why: for checking oneself.

The province's shared data decide a unit's size (R20); this repeats the published arithmetic and
shows which indicator decides and what would change it. Pure: no Django.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from classification.calc import INDICATORS, LABELS, SIZES, NoSuchIndustry

_FOLDER = Path(__file__).parent / "criteria"
_UNITS = {"persons": "人", "revenue": "万元", "assets": "万元"}


class Edition(StrEnum):
    """Which document's wording is used."""

    OF_2017 = "2017-sizes"
    OF_2011 = "2011-sizes"


@dataclass(frozen=True)
class Document:
    """A document with the sentence by which it sizes."""

    title: str
    number: str
    clause: str
    wording: str
    classification: str
    confidence: str


@dataclass(frozen=True)
class Row:
    """One of the sixteen industries of the table: what it covers, and its lowest values.

    `lowest`: of each indicator the lower bounds of large, medium and small, all inclusive.
    """

    number: int
    name: str
    covers: tuple[str, ...]
    excludes: tuple[str, ...]
    lowest: Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class Unlisted:
    """Industries that the table doesn't size: a class needs a document and two people."""

    covers: tuple[str, ...]
    note: str
    clause: str


@dataclass(frozen=True)
class Table:
    """One document's criteria."""

    document: Document
    rows: tuple[Row, ...]
    unlisted: tuple[Unlisted, ...]

    def row_of(self, code: str) -> Row | None:
        """Return the row that covers an industry code of two to four digits, or None.

        A three-digit group named by a row counts before the two digits it lies in.
        """
        for length in (3, 2):
            for row in self.rows:
                if code[:length] in row.covers and code[:3] not in row.excludes:
                    return row
        return None

    def unlisted_of(self, code: str) -> Unlisted | None:
        """Return what is said of an industry that has no row, or None."""
        for length in (3, 2):
            for each in self.unlisted:
                if code[:length] in each.covers:
                    return each
        return None


@dataclass(frozen=True)
class Reached:
    """One indicator: what was given, and how far it reaches.

    `tier` is 0 (micro) to 3 (large); `down_below` the bound below which it would reach less,
    `up_from` the one from which it would reach more, in persons or ten thousand yuan.
    """

    indicator: str
    given: Decimal
    tier: int
    down_below: int | None
    up_from: int | None
    decides: bool

    @property
    def label(self) -> str:
        """The indicator's name."""
        return LABELS[self.indicator]

    @property
    def unit(self) -> str:
        """In what it is counted."""
        return _UNITS[self.indicator]

    @property
    def size(self) -> str:
        """The size that this indicator alone reaches."""
        return SIZES[self.tier]


@dataclass(frozen=True)
class Judged:
    """A size with its reasons: `up` and `down` say what would change it."""

    row: Row
    size: str
    reached: tuple[Reached, ...]
    up: str
    down: str

    @property
    def is_large(self) -> bool:
        """Whether it is large: the only bound that matters for relief."""
        return self.size == SIZES[-1]


def judge(table: Table, code: str, given: Mapping[str, Decimal]) -> Judged:
    """Return the size of an enterprise of an industry: the smallest tier that its indicators reach.

    :param given: `persons`, and in ten thousand yuan `revenue` and `assets`; those that the
        industry doesn't use may be missing.
    :raises NoSuchIndustry: if no row covers the industry, or an indicator is missing.
    """
    row = table.row_of(code)
    if row is None:
        raise NoSuchIndustry(f"行业 {code} 不在划分表内")
    tiers = {}
    for name, bounds in row.lowest.items():
        if name not in given:
            raise NoSuchIndustry(f"“{row.name}”还需要指标：{LABELS[name]}")
        tiers[name] = sum(given[name] >= bound for bound in bounds)
    lowest = min(tiers.values())
    reached = tuple(
        Reached(
            name,
            given[name],
            tier,
            row.lowest[name][-tier] if tier else None,
            row.lowest[name][-tier - 1] if tier < len(SIZES) - 1 else None,
            decides=tier == lowest,
        )
        for name, tier in tiers.items()
    )
    return Judged(row, SIZES[lowest], reached, _up(reached, lowest), _down(row, lowest))


def _up(reached: tuple[Reached, ...], lowest: int) -> str:
    if lowest == len(SIZES) - 1:
        return ""
    needed = "，且".join(
        f"{each.label.split('（')[0]}达到 {each.up_from} {each.unit}及以上"
        for each in reached
        if each.decides
    )
    return f"{needed}时，为{SIZES[lowest + 1]}或更大"


def _down(row: Row, lowest: int) -> str:
    if not lowest:
        return ""
    bounds = "，或".join(
        f"{LABELS[name].split('（')[0]}不到 {bounds[-lowest]} {_UNITS[name]}"
        for name, bounds in row.lowest.items()
    )
    return f"{bounds}时，为{SIZES[lowest - 1]}或更小"


@dataclass(frozen=True)
class Section:
    """A section of the industry classification with its industries by code."""

    letter: str
    name: str
    industries: tuple[tuple[str, str], ...]


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((_FOLDER / f"{name}.toml").read_text("utf-8"))


@cache
def table(edition: Edition = Edition.OF_2017) -> Table:
    """Return a document's criteria as they come with the program."""
    raw = _read(edition)
    # The older wording has the same bounds: they are written down once.
    rows = raw if "industry" in raw else _read(raw["document"]["thresholds_of"])
    said = {key: value for key, value in raw["document"].items() if key != "thresholds_of"}
    return Table(
        Document(**said),
        tuple(_row(entry) for entry in rows["industry"]),
        tuple(
            Unlisted(tuple(entry["covers"]), entry["note"], entry["clause"])
            for entry in _read("unlisted")["unlisted"]
        ),
    )


def _row(entry: Mapping[str, Any]) -> Row:
    return Row(
        number=entry["number"],
        name=entry["name"],
        covers=tuple(entry["covers"]),
        excludes=tuple(entry.get("excludes", ())),
        lowest={name: tuple(entry[name]) for name in INDICATORS if name in entry},
    )


@cache
def sections() -> tuple[Section, ...]:
    """Return the industries of GB/T 4754-2017 by section, for a list to choose from."""
    return tuple(
        Section(
            entry["letter"],
            entry["name"],
            tuple((each["code"], each["name"]) for each in entry["industries"]),
        )
        for entry in _read("gbt-4754-2017")["section"]
    )
