"""What the preview of a monthly declaration says, made ready to be shown. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from registry.money import ZERO, total
from registry.templatetags.relief_formats import month, percent
from relief.models import Insurance

_AMOUNTS = ("gross_due", "relief", "net_due", "employee_due")


@dataclass(frozen=True)
class Amounts:
    """What a month comes to, in one insurance or in all, in yuan; and last month's net due."""

    label: str
    headcount: int
    base_total: Decimal
    gross_due: Decimal
    relief: Decimal
    net_due: Decimal
    employee_due: Decimal
    last_net_due: Decimal
    clause: str = ""


@dataclass(frozen=True)
class People:
    """A list of the preview: whom it names, how many there are, how it is to be read."""

    name: str
    title: str
    count: int
    people: list[dict[str, Any]]

    @property
    def unnamed(self) -> int:
        """How many the list leaves out."""
        return self.count - len(self.people)


@dataclass(frozen=True)
class MonthFacts:
    """One month of the preview."""

    told: Mapping[str, Any]
    amounts: list[Amounts]
    overall: Amounts
    warnings: list[People]
    corrections: list[People]

    @property
    def last_label(self) -> str:
        """The month that this one is compared with, as its headcount is called."""
        return f"{month(self.told['last'])}人数"


_WARNINGS = (
    ("joined", "本月新增（{last}没有申报）"),
    ("left", "本月不再申报（{last}申报过）"),
    ("moved", "基数比{last}变动 {share} 以上"),
    ("below", "低于基数下限，按下限计算"),
    ("above", "高于基数上限，按上限计算"),
)
_CORRECTIONS = (
    ("added", "更正后增加的人"),
    ("removed", "更正后减掉的人"),
    ("changed", "更正后基数改变的人"),
)


def months_of(preview: Mapping[str, Any]) -> list[MonthFacts]:
    """Return the months of an import's preview; none where it was no enterprise's."""
    return [_month(told) for told in preview.get("facts", {}).get("months", [])]


def _month(told: Mapping[str, Any]) -> MonthFacts:
    rows = amounts_of(told["estimate"], told["last_estimate"])
    corrections = _lists(told, _CORRECTIONS) if told["former_headcount"] else []
    return MonthFacts(told, rows, overall(rows), _lists(told, _WARNINGS), corrections)


def _lists(told: Mapping[str, Any], wanted: tuple[tuple[str, str], ...]) -> list[People]:
    words = {"last": month(told["last"]), "share": percent(told["share"])}
    found = [
        People(name, title.format(**words), told[name]["count"], told[name]["people"])
        for name, title in wanted
    ]
    return [people for people in found if people.count]


def amounts_of(estimate: Mapping[str, Any], last: Mapping[str, Any] | None = None) -> list[Amounts]:
    """Return what an estimate says, a row an insurance."""
    rows = []
    for insurance, label in Insurance.choices:
        if found := estimate.get(insurance):
            before = (last or {}).get(insurance, {})
            rows.append(
                Amounts(
                    label=str(label),
                    headcount=found["headcount"],
                    base_total=Decimal(found["base_total"]),
                    **{name: Decimal(found[name]) for name in _AMOUNTS},
                    last_net_due=Decimal(before.get("net_due", "0.00")),
                    clause=found["clause"],
                )
            )
    return rows


def overall(rows: list[Amounts]) -> Amounts:
    """Return the sums over the insurances; persons are those of the largest."""
    sums = {name: total(getattr(row, name) for row in rows) for name in _AMOUNTS}
    return Amounts(
        label="合计",
        headcount=max((row.headcount for row in rows), default=0),
        base_total=ZERO,
        **sums,
        last_net_due=total(row.last_net_due for row in rows),
    )
