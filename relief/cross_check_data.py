"""From where on cross-checks name a movement: `data/cross_checks.toml`, read into types. Pure."""

import tomllib
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

_FILE = Path(__file__).parent / "data" / "cross_checks.toml"


@dataclass(frozen=True)
class Thresholds:
    """Ratios are plain (`0.30`), bases are yuan; a movement is named that reaches both."""

    headcount_ratio: Decimal
    headcount_persons: int
    base_ratio: Decimal
    base_yuan: Decimal
    average_ratio: Decimal
    average_yuan: Decimal


@cache
def thresholds() -> Thresholds:
    """Return what the file says."""
    told = tomllib.loads(_FILE.read_text("utf-8"), parse_float=Decimal)
    headcount, base, average = told["headcount_leap"], told["base_leap"], told["average_leap"]
    return Thresholds(
        headcount_ratio=headcount["ratio"],
        headcount_persons=headcount["persons"],
        base_ratio=base["ratio"],
        base_yuan=base["yuan"],
        average_ratio=average["ratio"],
        average_yuan=average["yuan"],
    )
