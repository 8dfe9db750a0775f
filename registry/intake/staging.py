"""A checked workbook inside the database: a temporary table, and the errors found there.

`intake_row` has the row number, whether the row is bad already, and the schema's columns,
typed; a refused or blank cell is NULL, and so is a column that the file has not.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db.backends.utils import CursorWrapper

from registry.models import Import
from registry.workbook.check import LONGEST_FOUND, MOST_PROBLEMS, Problem
from registry.workbook.schema import Kind, Schema

_TYPES = {
    Kind.MONEY: "numeric(10, 2)",
    Kind.RATE: "numeric(7, 6)",
    Kind.MONTH: "date",
    Kind.DATE: "date",
}


@dataclass(frozen=True)
class Merged:
    """Rows newly stored or replaced, rows equal to what was stored, and what to look at."""

    accepted: int
    unchanged: int
    warnings: Sequence[Problem] = ()


@dataclass(frozen=True)
class Staging:
    """The staged rows of one import.

    `columns` are those the file has. `at` is the moment of the import. `district` limits
    what may be touched to one district's employers; None means the whole city.
    """

    cursor: CursorWrapper
    schema: Schema
    columns: Sequence[str]
    import_: Import
    at: datetime
    district: str | None = None

    def load(self, path: Path) -> None:
        """Make the temporary tables and fill them by `COPY`; they go with the transaction."""
        columns = ", ".join(
            f"{column.name} {_TYPES.get(column.kind, 'text')}" for column in self.schema.columns
        )
        self.cursor.execute(
            # A test's transaction holds more than one import.
            f"""
            DROP TABLE IF EXISTS intake_row, intake_problem;
            CREATE TEMP TABLE intake_row ("row" int, bad boolean, {columns}) ON COMMIT DROP;
            CREATE TEMP TABLE intake_problem (
                "row" int, header text, code text, found text, hint jsonb
            ) ON COMMIT DROP;
            """
        )
        with path.open(encoding="utf-8", newline="") as rows:
            self.cursor.copy_expert(
                f'COPY intake_row ("row", bad, {", ".join(self.columns)}) FROM STDIN', rows
            )
        self.cursor.execute("ANALYZE intake_row")

    def refuse(
        self,
        code: str,
        column: str,
        where: str,
        *,
        join: str = "",
        found: str | None = None,
        hint: str = "'{}'::jsonb",
        params: Mapping[str, object] | None = None,
    ) -> None:
        """Refuse the cell of a column in every staged row (`r`) that fulfils `where`.

        `join`, `where`, `found` and `hint` are SQL of the caller's own; whatever comes from
        outside goes into `params`.
        """
        self.cursor.execute(
            f"""
            INSERT INTO intake_problem
            SELECT r."row", %(header)s, %(code)s, coalesce({found or f"r.{column}::text"}, ''),
                   {hint}
            FROM intake_row r {join}
            WHERE r.{column} IS NOT NULL AND ({where})
            """,
            {**(params or {}), "header": self.schema.header(column), "code": code},
        )

    def refused_rows(self) -> int:
        """Return how many rows have an error of any kind."""
        self.cursor.execute(
            'SELECT count(*) FROM (SELECT "row" FROM intake_row WHERE bad'
            ' UNION SELECT "row" FROM intake_problem) AS refused'
        )
        return int(self.cursor.fetchone()[0])

    def problems(self) -> tuple[int, list[Problem]]:
        """Return how many errors were found here, and the first of them by row."""
        self.cursor.execute("SELECT count(*) FROM intake_problem")
        count = int(self.cursor.fetchone()[0])
        self.cursor.execute(
            'SELECT "row", header, code, found, hint FROM intake_problem'
            f' ORDER BY "row", code LIMIT {MOST_PROBLEMS}'
        )
        return count, [
            Problem(row, header, code, found[:LONGEST_FOUND], _loaded(hint))
            for row, header, code, found, hint in self.cursor.fetchall()
        ]


def _loaded(hint: object) -> dict[str, str]:
    value = json.loads(hint) if isinstance(hint, str) else hint
    return {name: str(word) for name, word in dict(value or {}).items()}  # type: ignore[call-overload]


def known_employers(staging: Staging) -> None:
    """Refuse rows of units that are not registered, or not in the officer's district.

    To a district's officer both look alike: a credit code tells nothing about another's.
    """
    staging.refuse(
        "unknown_employer",
        "uscc",
        "e.id IS NULL",
        join="""LEFT JOIN registry_employer e ON e.uscc = r.uscc
            AND (%(district)s::text IS NULL OR e.district_id = %(district)s)""",
        params={"district": staging.district},
    )
