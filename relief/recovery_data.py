"""The numbers of asking for what is still to be paid: `data/recovery.toml`. Pure."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).parent / "data" / "recovery.toml"


@dataclass(frozen=True)
class Rules:
    """`working_days` and `soon_before` in working days, `calm_days` in days."""

    working_days: int
    soon_before: int
    calm_days: int
    document: str
    confidence: str


def read(text: str) -> Rules:
    """Return the rules that a data file holds."""
    return Rules(**tomllib.loads(text)["notice"])


RULES = read(DATA.read_text("utf-8"))
