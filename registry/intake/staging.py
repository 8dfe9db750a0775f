"""A checked workbook inside the database: a temporary table, and the errors found there.

`intake_row` has the row number, whether the row is bad already, and the schema's columns,
typed; a refused or blank cell is NULL, and so is a column that the file has not.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db.backends.utils import CursorWrapper

from registry.models import Import
from registry.workbook.check import LONGEST_FOUND, MOST_PROBLEMS, Problem
from registry.workbook.schema import Kind, Schema

#: Wrong cells of one import that are kept; the counts go on.
MOST_KEPT = 100_000
_IN_ORDER = """
SELECT "row", header, code, coalesce(found, '') AS found, coalesce(hint, '{}') AS hint
FROM intake_problem
ORDER BY "row" NULLS FIRST, array_position(%(headers)s::text[], header) NULLS LAST, code
"""
_TYPES = {
    Kind.MONEY: "numeric(10, 2)",
    Kind.RATE: "numeric(7, 6)",
    Kind.MONTH: "date",
    Kind.DATE: "date",
}


#: Changes that a preview shows; the counts say the rest.
MOST_CHANGES = 50


@dataclass(frozen=True)
class Change:
    """One thing that an import changes, for people: whose, which, from what, to what."""

    row: int
    subject: str
    what: str
    before: str
    after: str


@dataclass(frozen=True)
class Total:
    """A figure before and after an import, for people."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Merged:
    """What became of the rows: stored for the first time, stored in place of others, the same.

    `changes` and `totals` are filled only where `Staging.detailed` asks for them, and so are
    `facts`: JSON values that a kind wants shown with the preview.
    """

    new: int
    changed: int
    unchanged: int
    warnings: Sequence[Problem] = ()
    changes: Sequence[Change] = ()
    totals: Sequence[Total] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def accepted(self) -> int:
        """Rows newly stored or replaced, as the contract counts them."""
        return self.new + self.changed


@dataclass(frozen=True)
class Staging:
    """The staged rows of one import.

    `columns` are those the file has. `at` is the moment of the import. `district` limits
    what may be touched to one district's employers, `employer_id` to one enterprise; None
    means no limit. `detailed`: somebody wants to read what changes.
    """

    cursor: CursorWrapper
    schema: Schema
    columns: Sequence[str]
    import_: Import
    at: datetime
    district: str | None = None
    detailed: bool = False

    @property
    def employer_id(self) -> int | None:
        """The enterprise that brings the workbook in, and speaks for itself only."""
        return self.import_.employer_id

    @property
    def withdrawn(self) -> int:
        """The number of the import that this one takes back."""
        assert self.import_.withdraws_id is not None
        return self.import_.withdraws_id

    def prepare(self) -> None:
        """Make the temporary tables; they go with the transaction."""
        columns = ", ".join(
            f"{column.name} {_TYPES.get(column.kind, 'text')}" for column in self.schema.columns
        )
        self.cursor.execute(
            # A test's transaction holds more than one import.
            f"""
            DROP TABLE IF EXISTS intake_row, intake_problem, intake_touched;
            CREATE TEMP TABLE intake_row (
                "row" int, bad boolean, {columns}, origin_import numeric, origin_row numeric
            ) ON COMMIT DROP;
            CREATE TEMP TABLE intake_problem (
                "row" int, header text, code text, found text, hint jsonb
            ) ON COMMIT DROP;
            -- What the merge touches, for who must know whether it has been decided.
            CREATE TEMP TABLE intake_touched (
                employer_id bigint, first date, last date
            ) ON COMMIT DROP;
            """
        )

    def load(self, rows: Path | None, problems: Path) -> None:
        """Fill the tables by `COPY` with what the checking child has written."""
        if rows is not None:
            with rows.open(encoding="utf-8", newline="") as file:
                self.cursor.copy_expert(
                    f'COPY intake_row ("row", bad, {", ".join(self.columns)}) FROM STDIN', file
                )
        with problems.open(encoding="utf-8", newline="") as file:
            self.cursor.copy_expert("COPY intake_problem FROM STDIN", file)
        self.cursor.execute("ANALYZE intake_row")

    def drop_bad(self) -> None:
        """Leave the good rows only."""
        self.cursor.execute(
            """
            DELETE FROM intake_row r WHERE bad
                OR EXISTS (SELECT FROM intake_problem p WHERE p."row" = r."row");
            """
        )

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

    def problem_count(self) -> int:
        """Return how many wrong cells there are in the table of problems."""
        self.cursor.execute("SELECT count(*) FROM intake_problem")
        return int(self.cursor.fetchone()[0])

    def problems(self, most: int = MOST_PROBLEMS) -> list[Problem]:
        """Return the first problems by row, and in a row as the contract lists the columns."""
        self.cursor.execute(f"{_IN_ORDER} LIMIT %(most)s", {"headers": self._headers, "most": most})
        return [
            Problem(row, header, code, found[:LONGEST_FOUND], _loaded(hint))
            for row, header, code, found, hint in self.cursor.fetchall()
        ]

    def keep_problems(self, *, check_number: int) -> None:
        """Store the problems, the first 100,000, in the order in which they are read."""
        self.cursor.execute(
            f"""
            INSERT INTO registry_importproblem
                (import_of_id, check_number, "row", header, code, found, hint)
            SELECT %(import)s, %(number)s, "row", header, code, left(found, {LONGEST_FOUND}), hint
            FROM ({_IN_ORDER} LIMIT {MOST_KEPT}) p
            """,
            {
                "import": self.import_.pk,
                "number": check_number,
                "headers": self._headers,
            },
        )

    @property
    def _headers(self) -> list[str]:
        return [column.header for column in self.schema.columns]


def _loaded(hint: object) -> dict[str, str]:
    value = json.loads(hint) if isinstance(hint, str) else hint
    return {name: str(word) for name, word in dict(value or {}).items()}  # type: ignore[call-overload]


def known_employers(staging: Staging) -> None:
    """Refuse rows of units that are not registered, or not in the officer's district.

    To a district's officer both look alike: a credit code tells nothing about another's. An
    enterprise's workbook may name itself only.
    """
    if staging.employer_id is not None:
        staging.refuse(
            "not_own_unit",
            "uscc",
            "r.uscc <> (SELECT e.uscc FROM registry_employer e WHERE e.id = %(employer)s)",
            params={"employer": staging.employer_id},
        )
        return
    staging.refuse(
        "unknown_employer",
        "uscc",
        "e.id IS NULL",
        join="""LEFT JOIN registry_employer e ON e.uscc = r.uscc
            AND e.withdrawn_at IS NULL
            AND (%(district)s::text IS NULL OR e.district_id = %(district)s)""",
        params={"district": staging.district},
    )
