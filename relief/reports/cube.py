"""Turning a report's cells about any two of its dimensions. Pure.

A cell is one kind, insurance, district and month. Amounts and person-months add up over any of
them; units don't, so they are counted from patterns: how many units of a district have the very same
months in each kind and insurance.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from registry import months
from registry.money import ZERO
from relief.policy import EmployerClass, Insurance


class Kind(StrEnum):
    """Whom the relief is reported for (R60): classes, individual businesses apart."""

    LARGE = "large"
    SME = "sme"
    INDIVIDUAL = "individual"
    SOCIAL = "social"
    NONE = "none"
    PENDING = "pending"

    @property
    def label(self) -> str:
        """The Chinese name."""
        return {
            "large": "大型企业",
            "sme": "中小微企业",
            "individual": "个体工商户",
            "social": "社会组织及其他参保单位",
            "none": "不在减免范围",
            "pending": "待划型",
        }[self.value]


#: What is added up of a cell, in their order there behind its four keys.
MEASURES = {
    "persons": "参保人次",
    "gross_due": "减免前应缴（元）",
    "relief": "减免（元）",
    "net_due": "减免后应缴（元）",
    "paid": "已缴（元）",
    "overpaid": "多缴（元）",
    "underpaid": "少缴（元）",
    "waiting": "待退（元）",
    "arrived": "已退到账（元）",
    "offset": "已冲抵（元）",
    "written_off": "已核销（元）",
}
UNITS = "units"
#: These are numbers of something; the others are yuan.
COUNTED = frozenset({UNITS, "persons"})
SHOWN = {UNITS: "单位（户）", **MEASURES}
DIMENSIONS = {
    "kind": "类别",
    "class": "减免归类",
    "insurance": "险种",
    "district": "参保地",
    "month": "所属期",
}
_PLACES = ("kind", "insurance", "district", "month")


def class_of(kind: str) -> str:
    """Return the class that a kind belongs to."""
    return EmployerClass.SME.value if kind == Kind.INDIVIDUAL else kind


@dataclass(frozen=True)
class Asked:
    """What a table is narrowed to; nothing named means all. Values as in the cells."""

    kinds: frozenset[str] = frozenset()
    insurances: frozenset[str] = frozenset()
    districts: frozenset[str] = frozenset()
    first: str = ""
    last: str = ""

    def takes(self, kind: str, insurance: str, district: str, month: str) -> bool:
        """Whether a cell is asked for."""
        return (
            (not self.kinds or kind in self.kinds)
            and (not self.insurances or insurance in self.insurances)
            and (not self.districts or district in self.districts)
            and (not self.first or month >= self.first)
            and (not self.last or month <= self.last)
        )


@dataclass
class Sums:
    """What a row, a column or a cell of a table comes to."""

    units: int = 0
    amounts: dict[str, Decimal] = field(default_factory=dict)

    def of(self, measure: str) -> Decimal | int:
        """Return one measure: a number, or yuan."""
        if measure == UNITS:
            return self.units
        found = self.amounts.get(measure, ZERO)
        return int(found) if measure in COUNTED else found


@dataclass(frozen=True)
class Table:
    """A report's cells by a dimension of rows and, if any, one of columns."""

    rows: Sequence[str]
    columns: Sequence[str]
    sums: Mapping[tuple[str | None, str | None], Sums]

    def at(self, row: str | None = None, column: str | None = None) -> Sums:
        """Return what stands somewhere; None is the sum over all."""
        return self.sums.get((row, column), Sums())


Keys = Callable[[str, str, str, str], tuple[str | None, str | None]]


def table(
    cells: Iterable[Sequence[Any]],
    patterns: Iterable[Sequence[Any]],
    *,
    first_month: date,
    asked: Asked,
    rows: str,
    columns: str = "",
) -> Table:
    """Return the table of two dimensions; amounts in yuan.

    :param cells: kind, insurance, district, month, then `MEASURES` as text.
    :param patterns: district, units, then a list of kind, insurance, months as bits.
    """
    sums: dict[tuple[str | None, str | None], Sums] = {}
    seen: tuple[dict[str, None], dict[str, None]] = ({}, {})
    for cell in cells:
        kind, insurance, district, month = cell[:4]
        if not asked.takes(kind, insurance, district, month):
            continue
        values = {"kind": kind, "class": class_of(kind), "insurance": insurance}
        values |= {"district": district, "month": month}
        row, column = values[rows], values[columns] if columns else None
        seen[0][row] = None
        if column is not None:
            seen[1][column] = None
        amounts = list(map(Decimal, cell[4:]))
        for key in _sums_of(row, column):
            found = sums.setdefault(key, Sums())
            for measure, amount in zip(MEASURES, amounts, strict=True):
                found.amounts[measure] = found.amounts.get(measure, ZERO) + amount
    for key, units in _units(patterns, first_month, asked, rows, columns).items():
        sums.setdefault(key, Sums()).units = units
    return Table(
        rows=sorted(seen[0], key=lambda value: order(rows, value)),
        columns=sorted(seen[1], key=lambda value: order(columns, value)),
        sums=sums,
    )


def _sums_of(row: str, column: str | None) -> list[tuple[str | None, str | None]]:
    if column is None:
        return [(row, None), (None, None)]
    return [(row, column), (row, None), (None, column), (None, None)]


def _units(
    patterns: Iterable[Sequence[Any]], first_month: date, asked: Asked, rows: str, columns: str
) -> dict[tuple[str | None, str | None], int]:
    """Count units once wherever they are counted: a unit of a pattern is in a sum if any of its
    kinds, insurances and months is."""
    labels = _months(patterns, first_month)
    wanted = 0
    for place, label in enumerate(labels):
        if (not asked.first or label >= asked.first) and (not asked.last or label <= asked.last):
            wanted |= 1 << place
    counted: dict[tuple[str | None, str | None], int] = {}
    for district, units, parts in patterns:
        if asked.districts and district not in asked.districts:
            continue
        keys: set[tuple[str | None, str | None]] = set()
        for kind, insurance, mask in parts:
            if asked.kinds and kind not in asked.kinds:
                continue
            if asked.insurances and insurance not in asked.insurances:
                continue
            bits = mask & wanted
            if not bits:
                continue
            values = {"kind": [kind], "class": [class_of(kind)], "insurance": [insurance]}
            values["district"] = [district]
            if "month" in (rows, columns):
                values["month"] = [label for place, label in enumerate(labels) if bits >> place & 1]
            for row in values[rows]:
                for column in values[columns] if columns else [None]:
                    keys.update(_sums_of(row, column))
        for key in keys:
            counted[key] = counted.get(key, 0) + units
    return counted


def _months(patterns: Iterable[Sequence[Any]], first_month: date) -> list[str]:
    most = max((mask.bit_length() for _, _, parts in patterns for _, _, mask in parts), default=0)
    found = []
    month = first_month
    for _ in range(most):
        found.append(month.isoformat())
        month = months.after(month)
    return found


def order(dimension: str, value: str) -> tuple[int, str]:
    """Return where a value stands among its dimension's: as it is always named, months by time."""
    listed: dict[str, list[str]] = {
        "kind": [kind.value for kind in Kind],
        "class": [name.value for name in (EmployerClass.LARGE, *EmployerClass)],
        "insurance": [name.value for name in Insurance],
    }
    known = listed.get(dimension, [])
    return (known.index(value) if value in known else len(known), value)


def label(dimension: str, value: str, *, districts: Mapping[str, str]) -> str:
    """Return a value's Chinese name."""
    if dimension == "kind":
        return Kind(value).label
    if dimension == "class":
        return EmployerClass(value).label
    if dimension == "insurance":
        return str(Insurance(value).label)
    if dimension == "district":
        return districts.get(value, value)
    found = date.fromisoformat(value)
    return f"{found.year}年{found.month}月"
