"""What a workbook must look like: its columns, as data that the checking child can be sent."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """How the cells of a column are read; see `cells`."""

    USCC = "uscc"
    RESIDENT_ID = "resident_id"
    CNAPS = "cnaps"
    DIGITS = "digits"
    CODE = "code"
    TEXT = "text"
    MONEY = "money"
    RATE = "rate"
    MONTH = "month"
    DATE = "date"
    CHOICE = "choice"


@dataclass(frozen=True)
class Column:
    """One column.

    `name` is the staging table's column, `header` the text in row 1. An `optional` column
    may be missing altogether, and then be empty too; `may_be_empty` allows blank cells only.
    `length` bounds the characters of text, codes and digits; `limits` (percent) those of a
    rate; `choices` maps what may be written to what is stored. `example` is a cell as somebody
    would fill it in.
    """

    name: str
    header: str
    kind: Kind
    optional: bool = False
    may_be_empty: bool = False
    length: tuple[int, int] = (1, 200)
    limits: tuple[str, str] = ("0", "100")
    choices: Mapping[str, str] = field(default_factory=dict)
    example: str = ""

    @property
    def allows_blank(self) -> bool:
        return self.optional or self.may_be_empty


@dataclass(frozen=True)
class Schema:
    """One kind of workbook.

    `kind` is the name in `import_workbook KIND`, `title` its Chinese name. No two rows may
    agree in all columns of `unique`; the later one is refused at the last of them.
    The columns of `together` are filled all or not at all.
    """

    kind: str
    title: str
    columns: tuple[Column, ...]
    unique: tuple[str, ...] = ()
    together: tuple[str, ...] = ()

    def column(self, name: str) -> Column:
        """Return the column of a name."""
        return next(column for column in self.columns if column.name == name)

    def header(self, name: str) -> str:
        """Return the header text of a column."""
        return self.column(name).header

    def as_json(self) -> dict[str, Any]:
        """Return the schema as JSON values."""
        return asdict(self)


def from_json(value: Mapping[str, Any]) -> Schema:
    """Return the schema that `as_json` made these values of."""
    columns = (
        Column(
            **{
                **column,
                "kind": Kind(column["kind"]),
                "length": tuple(column["length"]),
                "limits": tuple(column["limits"]),
            }
        )
        for column in value["columns"]
    )
    return Schema(
        kind=value["kind"],
        title=value["title"],
        columns=tuple(columns),
        unique=tuple(value["unique"]),
        together=tuple(value["together"]),
    )
