"""To whom an overdue step is reported, and when: `data/escalation.toml`, read into types. Pure."""

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

_FILE = Path(__file__).parent / "data" / "escalation.toml"


class To(StrEnum):
    """An office that is told."""

    OWN = "own"
    WAITING = "waiting"
    CITY = "city"

    @property
    def label(self) -> str:
        """Who that is, in Chinese."""
        return {
            "own": "办理机构",
            "waiting": "等这一步办完的机构",
            "city": "市级同类机构",
        }[self.value]


@dataclass(frozen=True)
class Report:
    """One report: its place in the order (0 is the first), from how many working days past the
    due day on it is made, and to whom."""

    turn: int
    late: int
    to: tuple[To, ...]


@dataclass(frozen=True)
class Rules:
    """Every report, those made first first, with where the numbers come from."""

    reports: tuple[Report, ...]
    clause: str
    confidence: str

    def due(self, late: int) -> tuple[Report, ...]:
        """Return the reports that a clock so many working days late has to have."""
        return tuple(report for report in self.reports if late >= report.late)


def read(text: str) -> Rules:
    """Return the rules that a data file holds.

    :raises ValueError: if it has no report, none of them grows later, or an office isn't known.
    """
    raw = tomllib.loads(text)
    reports = tuple(
        Report(turn, entry["late"], tuple(To(name) for name in entry["to"]))
        for turn, entry in enumerate(raw["report"])
    )
    days = [report.late for report in reports]
    if not days or days[0] < 1 or sorted(set(days)) != days or not all(r.to for r in reports):
        raise ValueError("escalation.toml: each report is made later than the one before it")
    if not raw["clause"]:
        raise ValueError("escalation.toml: no clause")
    return Rules(reports, raw["clause"], raw["confidence"])


RULES = read(_FILE.read_text("utf-8"))
