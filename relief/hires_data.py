"""Which papers new hires need and by when: `data/hires.toml`, read into types. Pure."""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from relief.policy.types import Confidence

_FILE = Path(__file__).parent / "data" / "hires.toml"


@dataclass(frozen=True)
class Paper:
    """A paper that every new hire needs."""

    code: str
    title: str
    hint: str


@dataclass(frozen=True)
class HireRule:
    """What holds for reports from a day on; days are working days.

    `to_confirm`: the figures are ours until the office has confirmed them.
    """

    first: date
    clause: str
    confidence: Confidence
    to_confirm: bool
    note: str
    due_after: int
    remind_before: tuple[int, ...]
    mend_within: int
    papers: tuple[Paper, ...]

    def ground_of(self, what: str) -> str:
        """Return the clause with a figure, and that the figure is to be confirmed."""
        return f"{self.clause}；{what}{'为本地参数，待确认' if self.to_confirm else ''}"

    @property
    def ground(self) -> str:
        """Why papers are due when they are."""
        return self.ground_of(f"报备后 {self.due_after} 个工作日")


def read(text: str) -> tuple[HireRule, ...]:
    """Return the rules of a text, the first one first.

    :raises ValueError: if the text isn't such rules.
    """
    try:
        rules = [_rule(entry) for entry in tomllib.loads(text)["rule"]]
    except (KeyError, TypeError) as wrong:
        raise ValueError(f"hires.toml: {wrong}") from wrong
    if not rules or len({rule.first for rule in rules}) < len(rules):
        raise ValueError("hires.toml: no rule, or two from the same day")
    return tuple(sorted(rules, key=lambda rule: rule.first))


def _rule(entry: dict[str, object]) -> HireRule:
    told = dict(entry)
    papers = told.pop("paper")
    first = told.pop("from")
    steps = told.pop("remind_before")
    confidence = told.pop("confidence")
    if not isinstance(papers, list) or not isinstance(steps, list) or type(first) is not date:
        raise ValueError(f"hires.toml: {entry}")
    rule = HireRule(
        first=first,
        papers=tuple(Paper(**paper) for paper in papers),
        remind_before=tuple(steps),
        confidence=Confidence(str(confidence)),
        **told,  # type: ignore[arg-type]  # an unknown or missing key is a TypeError
    )
    figures = (rule.due_after, rule.mend_within, *rule.remind_before)
    if not rule.papers or not rule.clause or any(type(n) is not int or n < 1 for n in figures):
        raise ValueError(f"hires.toml: {entry}")
    return rule


@cache
def rules() -> tuple[HireRule, ...]:
    """Return the rules that come with the program, the first one first."""
    return read(_FILE.read_text("utf-8"))


def rule_on(day: date) -> HireRule | None:
    """Return the rule for what is reported on a day; None before the first."""
    holding = [rule for rule in rules() if rule.first <= day]
    return holding[-1] if holding else None


def steps(day: date) -> tuple[int, ...]:
    """Return how many working days before a due day employers are reminded."""
    rule = rule_on(day)
    return rule.remind_before if rule else ()


def extension(day: date) -> tuple[int, str]:
    """Return how many working days there are at least after a return, and the ground."""
    rule = rule_on(day) or rules()[0]
    return rule.mend_within, rule.ground_of(f"退回后至少留 {rule.mend_within} 个工作日")
