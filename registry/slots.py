"""Named slots that the apps above fill in `AppConfig.ready`: what a page or a command of this
app needs from them without knowing them.

- the kinds of `import_workbook`: `add_import_kind`
- what an import changes of what has been decided: `add_decided`
- why an import can't be taken back: `add_objection`
- what else is said on an import's page: `add_facts`
- the tables of `export_table`: `add_table`
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from django.db.backends.utils import CursorWrapper

from registry.workbook.schema import Schema

if TYPE_CHECKING:
    from registry.intake.staging import Merged, Staging
    from registry.models import Import


@dataclass(frozen=True)
class ImportKind:
    """One kind of workbook that may be brought in.

    `examine` refuses rows that can't be right by what is stored (`Staging.refuse`); `merge`
    stores the rows that are left. `withdraw` writes new versions that bring back what held
    before the import `Staging.withdrawn`, for what is still in force of it. All run in the
    import's transaction. Imports of one `family` wait for each other. `city_wide`: not for a
    district's officers. `portal`: an enterprise may bring it in for itself.
    """

    schema: Schema
    examine: "Callable[[Staging], None]"
    merge: "Callable[[Staging], Merged]"
    withdraw: "Callable[[Staging], Merged]"
    family: str
    order: int
    city_wide: bool = False
    portal: bool = False


_import_kinds: dict[str, ImportKind] = {}


def add_import_kind(kind: ImportKind) -> None:
    """Fill a slot; filling it again with the same kind replaces it."""
    _import_kinds[kind.schema.kind] = kind


def import_kinds() -> dict[str, ImportKind]:
    """Return the kinds by name, in the order in which a newcomer would bring them in."""
    return dict(sorted(_import_kinds.items(), key=lambda item: item[1].order))


@dataclass(frozen=True)
class Decided:
    """How much of what has been decided an import touches."""

    employers: int = 0
    months: int = 0


DecidedCounter = Callable[[CursorWrapper], Decided]
_decided: dict[str, DecidedCounter] = {}


def add_decided(name: str, count: DecidedCounter) -> None:
    """Fill the slot: `count` reads the temporary table `intake_touched` of an import.

    It has `employer_id`, `first` and `last` month, both open where NULL.
    """
    _decided[name] = count


def decided(cursor: CursorWrapper) -> Decided:
    """Return the decided months that an import touches, the greatest that any app knows of."""
    found = [count(cursor) for count in _decided.values()]
    return max(found, key=lambda each: each.months, default=Decided())


Objection = Callable[["Import"], str | None]
_objections: dict[str, Objection] = {}


def add_objection(name: str, objection: Objection) -> None:
    """Fill the slot: why an import can't be taken back, in a sentence, or None."""
    _objections[name] = objection


def objections(import_: "Import") -> list[str]:
    """Return every reason why an import can't be taken back."""
    return [reason for ask in _objections.values() if (reason := ask(import_))]


Facts = Callable[["Import"], Iterable[tuple[str, str]]]
_facts: dict[str, Facts] = {}


def add_facts(name: str, facts: Facts) -> None:
    """Fill the slot: what else an import's page says of it, as pairs of label and value."""
    _facts[name] = facts


def facts(import_: "Import") -> list[tuple[str, str]]:
    """Return what the apps above say of an import."""
    return [fact for tell in _facts.values() for fact in tell(import_)]


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
