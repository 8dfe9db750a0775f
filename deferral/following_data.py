"""When units are reminded of what is deferred: `data/following.toml`. Pure."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

_FILE = Path(__file__).parent / "data" / "following.toml"


@dataclass(frozen=True)
class Rules:
    """`remind_before`: so many days before a day on which something is to be paid."""

    remind_before: tuple[int, ...]
    clause: str
    confidence: str


def read(text: str) -> Rules:
    """Return the rules that a data file holds."""
    raw = tomllib.loads(text)
    return Rules(tuple(raw["remind_before"]), raw["clause"], raw["confidence"])


RULES = read(_FILE.read_text("utf-8"))
