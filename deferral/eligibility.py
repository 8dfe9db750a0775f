"""Whether a unit may apply, before it fills in anything: each condition with its clause."""

from dataclasses import dataclass
from enum import Enum

from deferral.hardship import Hardship
from deferral.queries.amounts import Picture


class Mark(Enum):
    """What is known of a condition."""

    MET = "met"
    NOT_MET = "not_met"
    PROOF = "proof"

    @property
    def label(self) -> str:
        """The Chinese word."""
        return {"met": "符合", "not_met": "不符合", "proof": "需要证明"}[self.value]

    @property
    def tone(self) -> str:
        """The tone of its badge."""
        return {"met": "good", "not_met": "bad", "proof": "wait"}[self.value]


@dataclass(frozen=True)
class Condition:
    """One condition: what it is, what is known of it, by which clause, what would change it."""

    label: str
    mark: Mark
    found: str
    clause: str
    change: str = ""


def conditions(found: Picture, rules: Hardship, *, unit_type: str) -> list[Condition]:
    """Return every condition for deferring today, those the data answer first."""
    listed = [_of_unit(rules, unit_type), _of_months(found, rules)]
    listed.append(
        Condition(
            rules.test.label,
            Mark.PROOF,
            "由贵单位说明并附证明，部门审核认定",
            rules.test.clause,
        )
    )
    listed.append(
        Condition(
            "五种严重困难情形",
            Mark.PROOF,
            "、".join(criterion.label for criterion in rules.findings),
            f"{rules.document}；{rules.cumulative}",
            "五种情形须同时具备；有一种不具备的，目前不能批准。",
        )
    )
    return listed


def may_begin(listed: list[Condition]) -> bool:
    """Whether nothing that is known stands against an application."""
    return not any(condition.mark is Mark.NOT_MET for condition in listed)


def _of_unit(rules: Hardship, unit_type: str) -> Condition:
    met = unit_type in rules.unit_types
    return Condition(
        "参保单位的类型",
        Mark.MET if met else Mark.NOT_MET,
        unit_type or "还没有登记",
        rules.units_clause,
        "" if met else "登记的单位类型有误的，请先联系参保地社保经办机构更正。",
    )


def _of_months(found: Picture, rules: Hardship) -> Condition:
    if found.months:
        told = "、".join(f"{month.year}年{month.month}月" for month in found.months)
        clause = next(place.clause for place in found.places if place.can)
        return Condition("有可以缓缴的月份", Mark.MET, told, clause)
    past = [place for place in found.places if "欠费" in place.why_not]
    return Condition(
        "有可以缓缴的月份",
        Mark.NOT_MET,
        past[-1].why_not if past else "没有可以缓缴的金额",
        rules.arrears_clause if past else "缓缴只针对还没有到期的应缴",
        "缴费期还没有过的月份才能申请；政策再次实施时，这里会自动列出可以缓缴的月份。",
    )
