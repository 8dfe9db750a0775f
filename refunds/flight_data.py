"""How long money may stand where, and when the bank's files are due: `data/flight.toml`. Pure."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FILE = Path(__file__).parent / "data" / "flight.toml"


@dataclass(frozen=True)
class Place:
    """Somewhere on the way: the states of a refund that stand there, and its account in the book.

    `within`: working days it may take; 0: no limit.
    """

    code: str
    label: str
    states: tuple[str, ...]
    account: str
    within: int
    next: str


@dataclass(frozen=True)
class FlightRules:
    """The whole of it; `ground` says where the figures come from."""

    document: str
    confidence: str
    answer_within: int
    statement_within: int
    slow_after: int
    digest_hour: int
    places: tuple[Place, ...]

    @property
    def ground(self) -> str:
        """Where the figures come from, and that they are to be confirmed."""
        return f"{self.document}（{self.confidence}）"


def read(text: str) -> FlightRules:
    """Return the rules of a text.

    :raises ValueError, KeyError, TypeError: if the text isn't such rules, or a state stands in
        two places.
    """
    found = tomllib.loads(text)
    places = tuple(Place(**{**place, "states": tuple(place["states"])}) for place in found["place"])
    states = [state for place in places for state in place.states]
    if len(states) != len(set(states)):
        raise ValueError("a state stands in two places")
    return FlightRules(
        document=found["document"],
        confidence=found["confidence"],
        answer_within=found["files"]["answer_within"],
        statement_within=found["files"]["statement_within"],
        slow_after=found["jobs"]["slow_after"],
        digest_hour=found["digest"]["hour"],
        places=places,
    )


@cache
def rules() -> FlightRules:
    """Return the rules that come with the program."""
    return read(_FILE.read_text(encoding="utf-8"))
