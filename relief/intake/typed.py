"""What was typed into the table on the page, read by the workbook's own readers: one rule set."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from registry.intake import errors
from registry.workbook.cells import Memo, Refusal
from registry.workbook.check import Problem
from relief.intake.declarations import SCHEMA

#: The cells of a person, in the order of the columns.
CELLS = ("person_id", "person_name", "pension_base", "unemployment_base", "injury_base")
BASES = CELLS[2:]
#: What is kept of a cell, however long it was.
LONGEST = 100


@dataclass(frozen=True)
class Read:
    """What the readers made of a person's cells; `problems` by cell."""

    person_id: str
    bases: tuple[Decimal | None, ...]
    problems: Mapping[str, Problem]


@cache
def _memo(name: str) -> Memo:
    return Memo(SCHEMA.column(name))


def clean(text: str) -> str:
    """Return what is kept of a typed cell: all of it, but no more than anybody means."""
    return text.replace("\x00", "")[:LONGEST]


def read(cells: Mapping[str, str]) -> Read:
    """Return what the cells of a person say. A row in which nothing was typed has no problems."""
    problems: dict[str, Problem] = {}
    values: dict[str, str] = {}
    for name in CELLS:
        value = _memo(name)[cells[name]]
        if isinstance(value, Refusal):
            header = SCHEMA.header(name)
            problems[name] = Problem(None, header, value.code, cells[name].strip(), value.hint)
        else:
            values[name] = value
    if not any(cells[name].strip() for name in CELLS):
        problems = {}
    return Read(
        person_id=values.get("person_id", ""),
        bases=tuple(Decimal(values[name]) if name in values else None for name in BASES),
        problems=problems,
    )


def sentence(problem: Problem) -> str:
    """Return what is expected and how to put it right, in the workbook's words."""
    told = errors.as_json(problem)
    return f"应为{told['expected']}。{told['remedy']}"
