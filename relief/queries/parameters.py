"""The parameters in force with how well each is attested, and those that nobody has (口径)."""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from relief.policy.describe import Described, describe
from relief.policy.reader import key
from relief.policy.types import Dated
from relief.queries.policies import policy_as_of


@dataclass(frozen=True)
class Parameter:
    """A rule that counts, in words, and the document that says it."""

    rule: Described
    document: str


@dataclass(frozen=True)
class Missing:
    """A parameter that is in no document: what happens meanwhile, and where to ask."""

    name: str
    meanwhile: str
    amounts: str
    source: str


def parameters(day: date) -> list[Parameter]:
    """Return every rule that counts in some month by the documents published by a day.

    A rule that a later document overrides in all its months is left out.
    """
    found: list[Parameter] = []
    later: dict[tuple[object, ...], list[Dated]] = {}
    for document in reversed(policy_as_of(day).documents):
        mine = [rule for rule in document.rules if not _covered(rule, later.get(key(rule), []))]
        found += [Parameter(describe(rule), str(document.title)) for rule in mine]
        for rule in document.rules:
            later.setdefault(key(rule), []).append(rule)
    return found


def _covered(rule: Dated, by: list[Dated]) -> bool:
    return any(
        (other.first is None or (rule.first is not None and other.first <= rule.first))
        and (other.last is None or (rule.last is not None and rule.last <= other.last))
        for other in by
    )


@cache
def missing() -> tuple[Missing, ...]:
    """Return the parameters that no document obtained has, as data beside the app."""
    path = Path(__file__).resolve().parents[1] / "data" / "missing_parameters.toml"
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    return tuple(Missing(**entry) for entry in raw["missing"])
