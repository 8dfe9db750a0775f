"""Which offices an application goes through: `data/routes.toml`, read into types. Pure."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from casework.opinions import Weight

_FILE = Path(__file__).parent / "data" / "routes.toml"
DISTRICT, CITY = "district", "city"


@dataclass(frozen=True)
class Office:
    """One office's part: its kind of agency, whose it is, who works there, in how many days."""

    kind: str
    level: str
    posts: frozenset[str]
    working_days: int


@dataclass(frozen=True)
class Review:
    """Departments asked at the same time, and what their opinions are for."""

    kinds: tuple[str, ...]
    level: str
    posts: frozenset[str]
    working_days: int
    weight: Weight

    @property
    def required(self) -> frozenset[str]:
        """Without these nothing is complete."""
        return frozenset(self.kinds)


@dataclass(frozen=True)
class Route:
    """One route; `report` is the office that reports to the one that decides, if there is one,
    `following` the one that looks after the agreement.

    `approvers` are pairs of a sum in yuan and how many people above it have to say yes.
    """

    code: str
    name: str
    first: date
    level: str
    clause: str
    confidence: str
    terms_clause: str
    intake: Office
    opinions: Review
    report: Office | None
    decision: Office
    following: Office
    approvers: tuple[tuple[Decimal, int], ...]

    def needed(self, amount: Decimal) -> int:
        """Return how many different officers have to approve a sum in yuan."""
        return max(number for above, number in self.approvers if amount >= above)


def read(text: str) -> tuple[Route, ...]:
    """Return the routes of a text.

    :raises ValueError: if the text isn't such routes.
    """
    try:
        return tuple(_route(entry) for entry in tomllib.loads(text)["route"])
    except (KeyError, TypeError) as wrong:
        raise ValueError(f"routes.toml: {wrong}") from wrong


def _office(entry: Mapping[str, Any]) -> Office:
    return Office(
        kind=entry["office"],
        level=entry["level"],
        posts=frozenset(entry["posts"]),
        working_days=entry["working_days"],
    )


def _route(entry: Mapping[str, Any]) -> Route:
    asked = entry["opinions"]
    route = Route(
        code=entry["code"],
        name=entry["name"],
        first=entry["from"],
        level=entry["level"],
        clause=entry["clause"],
        confidence=entry["confidence"],
        terms_clause=entry["terms_clause"],
        intake=_office(entry["intake"]),
        opinions=Review(
            kinds=tuple(asked["offices"]),
            level=asked["level"],
            posts=frozenset(asked["posts"]),
            working_days=asked["working_days"],
            weight=Weight(asked["weight"]),
        ),
        report=_office(entry["report"]) if "report" in entry else None,
        decision=_office(entry["decision"]),
        following=_office(entry["following"]),
        approvers=tuple(
            (Decimal(step["above"]), int(step["number"])) for step in entry["approvers"]
        ),
    )
    numbers = [number for _above, number in route.approvers]
    if not route.clause or not numbers or min(numbers) < 1 or min(a for a, _ in route.approvers):
        raise ValueError(f"routes.toml: {entry['code']}")
    return route


@cache
def routes() -> tuple[Route, ...]:
    """Return the routes that come with the program."""
    return read(_FILE.read_text("utf-8"))


def named(code: str, day: date) -> Route:
    """Return a route as it holds for what is handed in on a day.

    :raises LookupError: if there is none.
    """
    holding = [route for route in routes() if route.code == code and route.first <= day]
    if not holding:
        raise LookupError(f"no route {code} on {day.isoformat()}")
    return max(holding, key=lambda route: route.first)


def code_for(*, of_city_level: bool) -> str:
    """Return the route of a unit by where it is insured."""
    level = CITY if of_city_level else DISTRICT
    return next(route.code for route in routes() if route.level == level)
