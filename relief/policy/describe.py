"""A document's rules in words, for tables that staff read. Pure."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from .kinds import KINDS
from .types import (
    ClassRule,
    Confidence,
    CountBy,
    Dated,
    DeclareDay,
    Deferral,
    Document,
    DueDay,
    Estimate,
    LateFeeRate,
    Limit,
    ManualClass,
    ProjectRule,
    Rate,
    SizeData,
    SizeRule,
    UnitGroup,
    Waiver,
)

#: Tags under which the city's own wording or the document itself was seen.
ATTESTED = frozenset({Confidence.SEEN, Confidence.NOTICE})
_KIND_OF: dict[type[Dated], str] = {
    Waiver: "waiver",
    Rate: "rate",
    Limit: "limit",
    ClassRule: "class",
    SizeRule: "size",
    SizeData: "size_data",
    DueDay: "due_day",
    DeclareDay: "declare_day",
    ManualClass: "manual_class",
    UnitGroup: "unit_group",
    LateFeeRate: "late_fee",
    Estimate: "estimate",
    Deferral: "deferral",
    ProjectRule: "project",
}


@dataclass(frozen=True)
class Described:
    """One rule: what it is about, its value in words, its months, its source."""

    matter: str
    value: str
    months: str
    clause: str
    tag: str
    attested: bool
    decides: str


def described(document: Document) -> list[Described]:
    """Return the rules of a document in words, in its order."""
    return [describe(rule) for rule in document.rules]


def describe(rule: Dated) -> Described:
    """Return one rule in words."""
    about, value = _words(rule)
    kind = KINDS[_KIND_OF[type(rule)]]
    confidence = rule.source.confidence
    return Described(
        matter=f"{kind.label}：{about}" if about else kind.label,
        value=value,
        months=_span(rule.first, rule.last),
        clause=rule.source.clause,
        tag=confidence.label,
        attested=confidence in ATTESTED,
        decides=kind.decides,
    )


def _words(rule: Dated) -> tuple[str, str]:
    match rule:
        case Waiver():
            about = f"{rule.employer_class.label}，{rule.insurance.label}"
            return about, f"减免单位缴费部分的 {percent(rule.ratio)}"
        case Rate():
            employer = "单位自己的费率" if rule.employer is None else percent(rule.employer)
            return rule.insurance.label, f"单位 {employer}，个人 {percent(rule.employee)}"
        case Limit():
            return rule.insurance.label, f"下限 {rule.lower:,.2f} 元，上限 {rule.upper:,.2f} 元"
        case ClassRule():
            by_class = rule.employer_class.label if rule.employer_class else "按省级共享的划型"
            return rule.unit_type, by_class
        case SizeRule():
            return rule.size, rule.employer_class.label
        case SizeData():
            return "", f"没有写明的自 {rule.first_month:%Y-%m} 起适用"
        case DueDay() | DeclareDay():
            later = f"之后第 {rule.months_after} 个月" if rule.months_after else "当月"
            return "", f"所属期{later}{f'{rule.day} 日' if rule.day else '最后一日'}"
        case ManualClass():
            listed = "、".join(rule.industries) or "不限"
            only = "，只限没有划型的" if rule.unsized else ""
            return rule.name, f"{'、'.join(rule.unit_types)}；行业代码 {listed}{only}"
        case UnitGroup():
            return rule.name, f"行业代码 {'、'.join(rule.industries)}"
        case LateFeeRate():
            return "", f"每日 {percent(rule.daily)}"
        case Estimate():
            return "", f"上月的 {percent(rule.ratio)}"
        case Deferral():
            parts = "单位和个人部分" if rule.employee_part else "单位部分"
            value = f"{parts}，最多 {rule.months} 个月，{rule.pay_by.isoformat()} 前缴清"
            return rule.insurance.label, value
        case ProjectRule():
            spread = "按月" if rule.count is CountBy.MONTH else "按日"
            return "", f"{rule.started_from.isoformat()} 及以后开工，{spread}分摊"
    raise TypeError(f"no words for {type(rule).__name__}")


def percent(ratio: Decimal) -> str:
    """Return a ratio as a percentage without trailing zeros."""
    return f"{ratio * 100:.4f}".rstrip("0").rstrip(".") + "%"


def _span(first: date | None, last: date | None) -> str:
    if first is None and last is None:
        return "各月"
    start = f"{first:%Y-%m}" if first else "不限"
    return f"{start} 至 {f'{last:%Y-%m}' if last else '另有规定前'}"
