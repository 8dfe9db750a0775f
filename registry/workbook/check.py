"""Check every cell of a workbook and write the good ones down for `COPY`.

The staging file has a line for every row that isn't empty: the row's number, whether the
row is bad, then the columns present in the file, in the schema's order. A cell that was
refused is NULL there, so that the database can look at the rest of its row and all errors
come out at once.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from operator import itemgetter
from pathlib import Path
from typing import Any, TextIO

from registry.workbook import digest, reader, template
from registry.workbook.cells import (
    NULL,
    Cell,
    Memo,
    Refusal,
    escaped,
    is_blank,
    plain,
    shown,
    squeeze,
)
from registry.workbook.mended import sheet_to_read
from registry.workbook.schema import Column, Schema

#: As many errors as anybody will read; the count goes on.
MOST_PROBLEMS = 1_000
LONGEST_FOUND = 100
#: Rows between two signs of life.
_STRIDE = 8_192
#: Wrong cells that are written down; the count goes on.
MOST_WRITTEN = 100_000
#: The columns of the staging file that say which bad row of which import a row brings right.
ORIGIN_COLUMNS = ("origin_import", "origin_row")
_ORIGIN = {digest.IMPORT, digest.ROW}
_OURS = {*_ORIGIN, digest.DIGEST}
#: How far down a header that isn't in row 1 is looked for, to say so.
_HEADER_DEPTH = 10


@dataclass(frozen=True)
class Problem:
    """One wrong cell. `row` and `column` are both None where the whole file is meant."""

    row: int | None
    column: str | None
    code: str
    found: str = ""
    hint: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Checked:
    """What was read: data rows, how many are bad, which columns, the first problems.

    `columns` are those of the staging file; none where the file is refused as a whole. `peak`
    is the memory in bytes that the child took for it, where it lived to tell.
    """

    rows: int = 0
    bad_rows: int = 0
    columns: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    problem_count: int = 0
    warnings: list[Problem] = field(default_factory=list)
    peak: int = field(default=0, compare=False)

    def refuse(self, problem: Problem) -> None:
        """Count a problem, and keep it while there is room."""
        self.problem_count += 1
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(problem)


def written_down(problem: Problem) -> str:
    """Return a problem as a line for `COPY`: row, header, code, found, hint."""
    hint = json.dumps(dict(problem.hint), ensure_ascii=False)
    place = NULL if problem.row is None else str(problem.row)
    header = NULL if problem.column is None else escaped(problem.column)
    return "\t".join((place, header, problem.code, escaped(problem.found), escaped(hint))) + "\n"


def _quoted(cell: Cell) -> str:
    """Return what an error says was found; no database keeps a NUL, so it shows as a gap."""
    return shown(cell).replace("\x00", "\ufffd").strip()[:LONGEST_FOUND]


def _refused(code: str, **hint: str) -> Checked:
    checked = Checked()
    checked.refuse(Problem(None, None, code, hint=hint))
    return checked


def check(
    path: Path,
    schema: Schema,
    *,
    known: Mapping[str, Schema],
    staging: TextIO,
    problems: TextIO | None = None,
    most_rows: int = reader.MOST_ROWS,
    most_unpacked: int = reader.LARGEST_UNPACKED,
    progress: Callable[[int, int | None], None] = lambda row, height: None,
) -> Checked:
    """Read a workbook, write its staging file and return what was found.

    `known` has the schemas of all kinds by name, to recognise a workbook of another kind.
    `problems` takes the first 100,000 wrong cells of rows, a line each for `COPY`; `most_rows` bounds
    the data. `progress` is called now and then with the rows read and the height, if known.
    """
    note = problems.write if problems else None
    try:
        sheet = sheet_to_read(path, most_unpacked=most_unpacked)
        checked = _check_sheet(
            sheet,
            schema,
            known=known,
            staging=staging,
            note=note,
            most_rows=most_rows,
            progress=progress,
        )
    except reader.Unreadable as error:
        checked, sheet = _refused(error.code, **error.hint), None
    if sheet and template.NOTES in sheet.others:
        used, current = template.version_of(path), template.version(schema)
        if used not in (None, current):
            warning = Problem(None, None, "old_template", _quoted(used or ""), {"current": current})
            checked.warnings.append(warning)
    return checked


def _check_sheet(
    sheet: reader.Sheet,
    schema: Schema,
    *,
    known: Mapping[str, Schema],
    staging: TextIO,
    note: Callable[[str], object] | None,
    most_rows: int,
    progress: Callable[[int, int | None], None],
) -> Checked:
    if sheet.height is not None and sheet.height > most_rows + 1:
        return _refused("too_many_rows", most=f"{most_rows:,}")
    rows = iter(sheet.rows)
    header = next(rows, None)
    if header is None:
        return _refused("no_rows")
    layout = _lay_out(header, schema, first_column=sheet.first_column)
    if isinstance(layout, Checked):
        if any(problem.code == "missing_column" for problem in layout.problems):
            return _look_closer(header, rows, schema, known=known, refused=layout)
        return layout
    return _check_rows(rows, schema, layout, sheet.height, staging, note, most_rows, progress)


@dataclass(frozen=True)
class _Layout:
    """Where the columns of the schema stand, which others are ours, and which must stay empty."""

    columns: tuple[Column, ...]
    places: tuple[int, ...]
    ours: tuple[int, ...]
    origin: tuple[int, ...]
    width: int
    nameless: tuple[int, ...]
    first_column: int


def _titles(header: Sequence[Cell]) -> list[str]:
    return [squeeze(shown(cell)).upper() for cell in header]


def _lay_out(header: Sequence[Cell], schema: Schema, *, first_column: int) -> _Layout | Checked:
    """Find the schema's columns in row 1, or say what is wrong with it."""
    titles = _titles(header)
    wanted = {squeeze(column.header).upper(): column for column in schema.columns}
    checked = Checked()
    places: dict[str, int] = {}
    ours: dict[str, int] = {}
    for place, title in enumerate(titles):
        if title in _OURS:
            ours[title] = place
            continue
        written = _quoted(header[place])
        if not title:
            continue
        if title not in wanted:
            listed = "、".join(column.header for column in schema.columns)
            checked.refuse(Problem(1, written, "unknown_column", written, {"columns": listed}))
        elif title in places:
            first = reader.column_letters(first_column + places[title])
            second = reader.column_letters(first_column + place)
            hint = {"first": first, "second": second}
            checked.refuse(Problem(1, wanted[title].header, "repeated_column", written, hint))
        else:
            places[title] = place
    for title, column in wanted.items():
        if title not in places and not column.optional:
            checked.refuse(Problem(1, column.header, "missing_column"))
    if checked.problems:
        return checked
    present = tuple(column for title, column in wanted.items() if title in places)
    return _Layout(
        columns=present,
        places=tuple(places[squeeze(column.header).upper()] for column in present),
        ours=tuple(ours.values()),
        origin=(ours[digest.IMPORT], ours[digest.ROW]) if ours.keys() >= _ORIGIN else (),
        width=len(header),
        nameless=tuple(place for place, title in enumerate(titles) if not title),
        first_column=first_column,
    )


def _required(schema: Schema) -> set[str]:
    return {squeeze(column.header).upper() for column in schema.columns if not column.optional}


def _look_closer(
    header: Sequence[Cell],
    rows: Iterator[Sequence[Cell]],
    schema: Schema,
    *,
    known: Mapping[str, Schema],
    refused: Checked,
) -> Checked:
    """Recognise the two usual mistakes behind a wrong header: another kind, a title above."""
    for depth, row in enumerate(chain([header], islice(rows, _HEADER_DEPTH - 1)), start=1):
        titles = set(_titles(row))
        if depth > 1 and _required(schema) <= titles:
            return _refused("header_not_first", row=str(depth))
        for other in known.values():
            if other.kind != schema.kind and _required(other) <= titles:
                return _refused(
                    "wrong_kind", title=schema.title, other=other.title, other_kind=other.kind
                )
    familiar = {
        squeeze(column.header).upper() for other in known.values() for column in other.columns
    }
    if not familiar & set(_titles(header)):
        listed = "、".join(column.header for column in schema.columns if not column.optional)
        return _refused("no_header", title=schema.title, columns=listed)
    return refused


def _check_rows(
    rows: Iterator[Sequence[Cell]],
    schema: Schema,
    layout: _Layout,
    height: int | None,
    staging: TextIO,
    note: Callable[[str], object] | None,
    most_rows: int,
    progress: Callable[[int, int | None], None],
) -> Checked:
    """The tight loop. A row of good cells is joined and written; any other is looked at."""
    names = [column.name for column in layout.columns]
    checked = Checked(columns=[*names, *(ORIGIN_COLUMNS if layout.origin else ())])
    memos = [Memo(column) for column in layout.columns]
    pick = _picker(layout.places)
    identify = _picker([names.index(name) for name in schema.unique]) if schema.unique else None
    together = [names.index(name) for name in schema.together]
    seen: dict[str, int] = {}
    width, nameless, write = layout.width, layout.nameless, staging.write
    empty = [""] * width
    counted = 0

    for number, row in enumerate(rows, start=2):
        if not number % _STRIDE:
            progress(number, height)
        # One cell at the end of a sheet has a million of these before it.
        if row == empty:
            continue
        if not row:  # how an empty line of a CSV comes: a million of them must not take long
            continue
        extra = row[width:]
        if len(row) != width:
            row = [*row[:width], *[""] * (width - len(row))]
        values = [memo[cell] for memo, cell in zip(memos, pick(row), strict=True)]
        try:
            line = "\t".join(values)  # type: ignore[arg-type]  # a Refusal raises TypeError
        except TypeError:
            if not _has_content(row, layout.ours) and not reader.has_content(extra):
                continue
            line = ""
        counted += 1
        if counted > most_rows:
            return _refused("too_many_rows", most=f"{most_rows:,}")
        problems = [] if line else list(_cell_problems(values, pick(row), layout.columns, number))
        if nameless or extra:
            problems += _nameless_problems(row, extra, layout, number)
        if together:
            problems += _together_problems(values, together, layout.columns, number)
        if identify:
            key = identify(values)
            if line or not any(part == NULL or isinstance(part, Refusal) for part in key):
                first = seen.setdefault("\t".join(key), number)
                if first != number:
                    last = schema.column(schema.unique[-1])
                    found = _quoted(row[layout.places[names.index(last.name)]])
                    problems.append(
                        Problem(number, last.header, "repeated_row", found, {"row": str(first)})
                    )
        if problems:
            checked.bad_rows += 1
            for problem in problems:
                checked.refuse(problem)
                if note and checked.problem_count <= MOST_WRITTEN:
                    note(written_down(problem))
            line = "\t".join(NULL if isinstance(value, Refusal) else value for value in values)
        if layout.origin:
            line = "\t".join((line, *(_number(row[place]) for place in layout.origin)))
        write(f"{number}\t{'t' if problems else 'f'}\t{line}\n")

    checked.rows = counted
    if not counted:
        return _refused("no_rows")
    return checked


def _has_content(row: Sequence[Cell], ours: Sequence[int]) -> bool:
    """Say whether a row has anything to read besides the columns that are ours."""
    if not ours:
        return reader.has_content(row)
    return reader.has_content([cell for place, cell in enumerate(row) if place not in ours])


def _number(cell: Cell) -> str:
    """Return a number of ours for `COPY`; whatever isn't one says nothing."""
    text = plain(cell)
    return text if text.isascii() and text.isdigit() and len(text) <= 18 else NULL


def _picker(places: Sequence[int]) -> Callable[[Sequence[Any]], tuple[Any, ...]]:
    """Return what takes the cells at some places; `itemgetter` makes no tuple of a single one."""
    if len(places) == 1:
        return lambda row: (row[places[0]],)
    return itemgetter(*places)


def _cell_problems(
    values: Sequence[str | Refusal], cells: Sequence[Cell], columns: Sequence[Column], number: int
) -> Iterator[Problem]:
    for value, cell, column in zip(values, cells, columns, strict=True):
        if isinstance(value, Refusal):
            found = _quoted(cell)
            yield Problem(number, column.header, value.code, found, value.hint)


def _nameless_problems(
    row: Sequence[Cell], extra: Sequence[Cell], layout: _Layout, number: int
) -> Iterator[Problem]:
    """Yield the cells below an empty header, or right of it: nobody can say what they mean."""
    beyond = ((layout.width + place, cell) for place, cell in enumerate(extra))
    for place, cell in chain(((place, row[place]) for place in layout.nameless), beyond):
        if not is_blank(cell):
            column = reader.column_letters(layout.first_column + place)
            found = _quoted(cell)
            yield Problem(number, f"{column} 列", "cell_without_header", found)


def _together_problems(
    values: Sequence[str | Refusal],
    together: Sequence[int],
    columns: Sequence[Column],
    number: int,
) -> Iterator[Problem]:
    """Yield the empty ones among cells that are to be filled all or not at all."""
    empty = [place for place in together if values[place] == NULL]
    if 0 < len(empty) < len(together):
        listed = "、".join(columns[place].header for place in together)
        for place in empty:
            yield Problem(
                number, columns[place].header, "filled_together", hint={"columns": listed}
            )
