"""What has to be paid for a person before their matter goes on: `data/people.toml`. Pure."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FILE = Path(__file__).parent / "data" / "people.toml"


@dataclass(frozen=True)
class Kind:
    """One sort of matter; without insurances nothing has to be paid first."""

    code: str
    label: str
    insurances: tuple[str, ...]
    clause: str
    confidence: str


@dataclass(frozen=True)
class People:
    """All sorts, and the terms in working days."""

    pay_within: int
    certify_within: int
    terms_clause: str
    confidence: str
    kinds: tuple[Kind, ...]

    def kind(self, code: str) -> Kind:
        """Return a sort by its code.

        :raises LookupError: if there is none.
        """
        for each in self.kinds:
            if each.code == code:
                return each
        raise LookupError(code)


def read(text: str) -> People:
    """Return what a text says.

    :raises ValueError: if the text isn't such data.
    """
    raw = tomllib.loads(text)
    try:
        return People(
            pay_within=raw["pay_within"],
            certify_within=raw["certify_within"],
            terms_clause=raw["terms_clause"],
            confidence=raw["confidence"],
            kinds=tuple(
                Kind(**{**entry, "insurances": tuple(entry["insurances"])})
                for entry in raw["matter"]
            ),
        )
    except (KeyError, TypeError) as wrong:
        raise ValueError(f"people.toml: {wrong}") from wrong


@cache
def people() -> People:
    """Return what comes with the program."""
    return read(_FILE.read_text("utf-8"))
