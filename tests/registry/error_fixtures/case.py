"""What a fixture of an error code is: a smallest wrong workbook, and the same one mended."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from registry import slots
from registry.models import Membership, Officer
from registry.workbook.schema import Schema
from tests.registry.workbooks import workbook


@dataclass(frozen=True)
class Case:
    """A workbook of a kind that has just one mistake; `mended` is what its remedy leads to.

    `row`, `column` and `found` are what is told of the mistake. `by`: who brings it in, an
    officer or an enterprise's member; None: a command.
    """

    kind: str
    wrong: bytes
    mended: bytes
    row: int | None = 2
    column: str | None = None
    found: str = ""
    by: Officer | Membership | None = None


#: Makes a case, and what has to be stored before.
Maker = Callable[[], Case]


def schema_of(kind: str) -> Schema:
    """Return the schema of a kind."""
    return slots.import_kinds()[kind].schema


def filled_in(kind: str, **cells: object) -> dict[str, object]:
    """Return a row that is right, by headers: the schema's own examples, some cells otherwise."""
    schema = schema_of(kind)
    row = {c.header: c.example for c in schema.columns if not c.optional}
    return {**row, **{schema.header(name): cell for name, cell in cells.items()}}


def book(*rows: dict[str, object]) -> bytes:
    """Return a workbook of rows that have the same headers."""
    return workbook(list(rows[0]), *(list(row.values()) for row in rows)).getvalue()


def plain_book(*rows: Sequence[object]) -> bytes:
    """Return a workbook of rows, the first being row 1."""
    return workbook(*rows).getvalue()
