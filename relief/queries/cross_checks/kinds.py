"""What a cross-check is: a statement over the facts, and how its list is to be read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from relief.policy import Policy


class Severity(StrEnum):
    """How pressing a finding is."""

    ALARM = "alarm"  # must never be: a defect of the system or of the data
    MEND = "mend"  # somebody has to do something before money is right
    LOOK = "look"  # may well be right; worth a look

    @property
    def label(self) -> str:
        """The word on the page."""
        return {"alarm": "必须为零", "mend": "需要处理", "look": "请核实"}[self.value]

    @property
    def tone(self) -> str:
        """The tone of its badge."""
        return {"alarm": "bad", "mend": "wait", "look": "quiet"}[self.value]


class Group(StrEnum):
    """On which page a check stands."""

    FITS = "fits"  # 数据核对: what doesn't fit together
    LISTS = "lists"  # 清单: units and months that the notices speak of apart


class Shown(StrEnum):
    """How a column's value is written."""

    TEXT = "text"
    MONTH = "month"
    DAY = "day"
    COUNT = "count"
    MONEY = "money"
    SHARE = "share"
    PERSON = "person"  # a resident ID: in full only for those who may see it
    ACCOUNT = "account"  # a bank account: by its last digits only
    IMPORT = "import"
    # A list of {"employer": id, "text": …}: units outside the viewer's sight are only counted.
    OTHERS = "others"


@dataclass(frozen=True)
class Column:
    """A column of a check's list: a key of `detail`, its head and how it is written."""

    name: str
    label: str
    shown: Shown = Shown.TEXT

    @property
    def is_number(self) -> bool:
        """Whether it is set to the right."""
        return self.shown in (Shown.COUNT, Shown.MONEY, Shown.SHARE)


@dataclass(frozen=True)
class Known:
    """What the statements go by: the day, its law, and the declared months, oldest first."""

    day: date
    policy: Policy
    months: tuple[date, ...]


Statement = tuple[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Check:
    """One cross-check.

    `find` returns a SELECT of `employer_id, month, amount, detail` and its parameters, or None
    where there is nothing to compare yet. `detail` is a jsonb object of `columns`, amounts as
    text. `order` puts the weightiest first. `amount_label` names what `amount` is, "" where
    the check is not about money; `has_month` tells whether its findings are of a month.
    """

    code: str
    title: str
    why: str
    severity: Severity
    columns: tuple[Column, ...]
    find: Callable[[Known], Statement | None]
    order: str = "employer_id, month"
    amount_label: str = ""
    has_month: bool = True
    about_units: bool = True
    group: Group = Group.FITS
