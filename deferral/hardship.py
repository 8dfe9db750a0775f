"""What a unit has to show, and which papers follow from it: `data/hardship.toml`. Pure."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_FILE = Path(__file__).parent / "data" / "hardship.toml"


@dataclass(frozen=True)
class Undertaking:
    """What the signer agrees to, and which wording of it."""

    version: str
    text: str


@dataclass(frozen=True)
class Test:
    """The notice's own test: the unit can't pay in full in time."""

    label: str
    hint: str
    clause: str
    paper: str


@dataclass(frozen=True)
class Criterion:
    """One of the findings; `may_not_apply` are the unit types for which it may not fit."""

    code: str
    label: str
    hint: str
    figure: str
    paper: str
    may_not_apply: tuple[str, ...]


@dataclass(frozen=True)
class Paper:
    """A paper of the application."""

    code: str
    title: str
    example: str
    only_with_employee_part: bool = False


@dataclass(frozen=True)
class Hardship:
    """Everything the file says."""

    document: str
    cumulative: str
    confidence: str
    unit_types: tuple[str, ...]
    units_clause: str
    arrears_clause: str
    remedy: str
    remedy_clause: str
    undertaking: Undertaking
    test: Test
    findings: tuple[Criterion, ...]
    papers: tuple[Paper, ...]

    def criterion(self, code: str) -> Criterion:
        """Return a finding by its code."""
        return next(found for found in self.findings if found.code == code)

    def paper(self, code: str) -> Paper:
        """Return a paper by its code."""
        return next(found for found in self.papers if found.code == code)


def read(text: str) -> Hardship:
    """Return what a text says.

    :raises ValueError: if the text isn't such data, or a finding asks for an unknown paper.
    """
    raw: dict[str, Any] = tomllib.loads(text)
    try:
        found = Hardship(
            document=raw["document"],
            cumulative=raw["cumulative"],
            confidence=raw["confidence"],
            unit_types=tuple(raw["unit_types"]),
            units_clause=raw["units_clause"],
            arrears_clause=raw["arrears_clause"],
            remedy=raw["remedy"],
            remedy_clause=raw["remedy_clause"],
            undertaking=Undertaking(
                raw["undertaking"]["version"], raw["undertaking"]["text"].strip()
            ),
            test=Test(**raw["test"]),
            findings=tuple(
                Criterion(**{**entry, "may_not_apply": tuple(entry["may_not_apply"])})
                for entry in raw["finding"]
            ),
            papers=tuple(Paper(**entry) for entry in raw["paper"]),
        )
    except (KeyError, TypeError) as wrong:
        raise ValueError(f"hardship.toml: {wrong}") from wrong
    known = {paper.code for paper in found.papers}
    asked = {found.test.paper, *(criterion.paper for criterion in found.findings)}
    if not asked <= known:
        raise ValueError(f"hardship.toml: {sorted(asked - known)}")
    return found


@cache
def hardship() -> Hardship:
    """Return what comes with the program."""
    return read(_FILE.read_text("utf-8"))
