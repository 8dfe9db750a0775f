"""The statistical size of an enterprise (国统字〔2017〕213号): to check examples, never to rule.

The province's shared data decide a unit's size; this only repeats the published arithmetic.
Pure: no Django.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

SIZES = ("微型", "小型", "中型", "大型")
INDICATORS = ("persons", "revenue", "assets")


class NoSuchIndustry(LookupError):
    """The table has no such industry, or an indicator that it needs isn't given."""


@dataclass(frozen=True)
class Criteria:
    """The lowest values, by industry and indicator, of large, medium and small; and the clause."""

    lowest: Mapping[str, Mapping[str, tuple[int, ...]]]
    clause: str


@cache
def shipped() -> Criteria:
    """Return the table that comes with the release."""
    path = Path(__file__).parent / "criteria" / "2017-sizes.toml"
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    return Criteria(
        {
            row["name"]: {name: tuple(row[name]) for name in INDICATORS if name in row}
            for row in raw["industry"]
        },
        raw["document"]["clause"],
    )


def size_of(industry: str, given: Mapping[str, Decimal], *, by: Criteria) -> str:
    """Return the size: the smallest of the tiers that the indicators reach, bounds included.

    :param given: `persons`, and in ten thousand yuan `revenue` and `assets`.
    :raises NoSuchIndustry: if the industry is unknown or an indicator is missing.
    """
    if industry not in by.lowest:
        raise NoSuchIndustry(f"行业“{industry}”不在划分表内")
    tiers = []
    for name, lowest in by.lowest[industry].items():
        if name not in given:
            raise NoSuchIndustry(f"“{industry}”还需要指标：{LABELS[name]}")
        tiers.append(sum(given[name] >= bound for bound in lowest))
    return SIZES[min(tiers)]


LABELS = {"persons": "从业人员", "revenue": "营业收入（万元）", "assets": "资产总额（万元）"}
