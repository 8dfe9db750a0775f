"""Named slots that the apps above fill in `AppConfig.ready`: what a page or a command of this
app needs from them without knowing them.

- the kinds of `import_workbook`: `add_import_kind`
- the tables of `export_table`: `add_table`
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from registry.workbook.schema import Schema

if TYPE_CHECKING:
    from registry.intake.staging import Merged, Staging


@dataclass(frozen=True)
class ImportKind:
    """One kind of workbook that may be brought in.

    `examine` refuses rows that can't be right by what is stored (`Staging.refuse`); `merge`
    is called if nothing was refused and stores the rows. Both run in the import's transaction.
    Imports of one `family` wait for each other. `city_wide`: not for a district's officers.
    """

    schema: Schema
    examine: "Callable[[Staging], None]"
    merge: "Callable[[Staging], Merged]"
    family: str
    order: int
    city_wide: bool = False


_import_kinds: dict[str, ImportKind] = {}


def add_import_kind(kind: ImportKind) -> None:
    """Fill a slot; filling it again with the same kind replaces it."""
    _import_kinds[kind.schema.kind] = kind


def import_kinds() -> dict[str, ImportKind]:
    """Return the kinds by name, in the order in which a newcomer would bring them in."""
    return dict(sorted(_import_kinds.items(), key=lambda item: item[1].order))


@dataclass(frozen=True)
class ExportTable:
    """One table of `export_table`: its columns, and the rows in force on a day.

    `rows(day)` returns a SELECT with exactly `columns`, and its parameters; it is read by a
    server-side cursor, so a table may be larger than memory. Columns in `money` are written
    with two decimals, in `months` as `2020-02`.
    """

    name: str
    columns: tuple[str, ...]
    rows: Callable[[date], tuple[str, Mapping[str, Any]]]
    money: frozenset[str] = frozenset()
    months: frozenset[str] = frozenset()


_tables: dict[str, ExportTable] = {}


def add_table(table: ExportTable) -> None:
    """Fill a slot of `export_table`; filling it again with the same name replaces it."""
    _tables[table.name] = table


def tables() -> dict[str, ExportTable]:
    """Return the tables by name, sorted."""
    return dict(sorted(_tables.items()))
