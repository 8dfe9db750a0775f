"""Read one policy document from TOML, or refuse it with the line that is wrong.

A document is data with dates and articles: every value names its `clause`, unknown keys are
refused, and inside one document no two values may hold for the same thing in the same month.
"""

import hashlib
import re
import tomllib
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import combinations
from typing import Any

from .tables import BadDocument, Table, tables_of
from .types import (
    ClassRule,
    Confidence,
    CountBy,
    Dated,
    DeclareDay,
    Deferral,
    Document,
    DueDay,
    EmployerClass,
    Estimate,
    LateFeeRate,
    Limit,
    ManualClass,
    ProjectRule,
    Rate,
    SizeData,
    SizeRule,
    Source,
    UnitGroup,
    Waiver,
)

_TOML_LINE = re.compile(r"line (\d+)")


def read(slug: str, text: str) -> Document:
    """Return the document that a TOML text says.

    :param slug: the file's name without its ending; names the document in refusals.
    :raises BadDocument: naming the line, for anything a document may not say.
    """
    try:
        raw = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as wrong:
        found = _TOML_LINE.search(str(wrong))
        line = int(found[1]) if found else len(text.splitlines())
        raise BadDocument(slug, line, f"不是合法的 TOML（{wrong}）") from wrong

    tables = tables_of(slug, raw, text)
    heads = [table for table in tables if table.name == "document"]
    if len(heads) != 1:
        raise BadDocument(slug, 1, "应有且只有一个 [document]")
    head = heads[0]
    _check_keys(head, {"title", "published", "confidence"}, {"number", "note"})
    title, published = head.text("title"), head.day("published")
    number = head.text("number") if "number" in head.values else ""

    rules: list[Dated] = []
    placed: list[tuple[Table, Dated]] = []
    for table in tables:
        if table.name == "document":
            continue
        if table.name not in _SHAPES:
            raise table.refuse(f"不认识的表 [{table.name}]")
        shape = _SHAPES[table.name]
        _check_keys(
            table, shape.required | {"clause"}, shape.optional | {"from", "to", "confidence"}
        )
        span = _span(table)
        confidence = table if "confidence" in table.values else head
        source = Source(
            document=f"{title}（{number}）" if number else title,
            published=published,
            clause=table.text("clause"),
            confidence=confidence.choice("confidence", Confidence),
        )
        made = shape.make(table, {"first": span[0], "last": span[1], "source": source})
        rules += made
        placed += [(table, rule) for rule in made]
    _check_overlaps(placed)
    return Document(
        slug=slug,
        title=title,
        number=number,
        published=published,
        confidence=head.choice("confidence", Confidence),
        note=head.text("note") if "note" in head.values else "",
        digest=hashlib.sha256(text.encode()).hexdigest(),
        text=text,
        rules=tuple(rules),
    )


def key(rule: Dated) -> tuple[object, ...]:
    """Return what a rule is about: of two with one key, only one may hold in a month."""
    match rule:
        case Waiver():
            return (Waiver, rule.employer_class, rule.insurance)
        case Rate() | Limit() | Deferral():
            return (type(rule), rule.insurance)
        case ClassRule():
            return (ClassRule, rule.unit_type)
        case SizeRule():
            return (SizeRule, rule.size)
        case ManualClass() | UnitGroup():
            return (type(rule), rule.name)
    return (type(rule),)


def _check_keys(table: Table, required: Set[str], optional: Set[str]) -> None:
    for name in table.values:
        if name not in required and name not in optional:
            raise table.refuse(f"[{table.name}] 中不认识的项 {name}", name)
    for name in sorted(required):
        table.require(name)


def _span(table: Table) -> tuple[date | None, date | None]:
    first, last = table.month("from"), table.month("to")
    if first and last and last < first:
        raise table.refuse("to 早于 from", "to")
    return first, last


def _check_overlaps(placed: list[tuple[Table, Dated]]) -> None:
    for (before, one), (after, other) in combinations(placed, 2):
        if key(one) == key(other) and _overlap(one, other):
            raise after.refuse(f"与第 {before.line} 行的同一事项在时间上重叠")


def _overlap(one: Dated, other: Dated) -> bool:
    starts = [rule.first for rule in (one, other) if rule.first]
    ends = [rule.last for rule in (one, other) if rule.last]
    return not starts or not ends or max(starts) <= min(ends)


@dataclass(frozen=True)
class _Shape:
    """Which keys a kind of table has, and what it becomes."""

    required: frozenset[str]
    make: Callable[[Table, dict[str, Any]], list[Dated]]
    optional: frozenset[str] = frozenset()


def _waivers(table: Table, common: dict[str, Any]) -> list[Dated]:
    if common["first"] is None or common["last"] is None:
        raise table.refuse("[waiver] 必须写明 from 与 to")
    employer_class = table.choice("class", EmployerClass)
    if employer_class in (EmployerClass.NONE, EmployerClass.PENDING):
        raise table.refuse("只有 sme、large、social 可以减免", "class")
    ratio = table.number("ratio", low="0", high="1")
    return [
        Waiver(**common, employer_class=employer_class, insurance=insurance, ratio=ratio)
        for insurance in table.insurances()
    ]


def _rates(table: Table, common: dict[str, Any]) -> list[Dated]:
    own = table.require("employer") == "own"
    employer = None if own else table.number("employer", low="0", high="1")
    employee = table.number("employee", low="0", high="1")
    return [
        Rate(**common, insurance=insurance, employer=employer, employee=employee)
        for insurance in table.insurances()
    ]


def _limits(table: Table, common: dict[str, Any]) -> list[Dated]:
    lower = table.number("lower", low="0", high="99999999.99")
    upper = table.number("upper", low="0", high="99999999.99")
    if upper < lower:
        raise table.refuse("upper 小于 lower", "upper")
    return [
        Limit(**common, insurance=insurance, lower=lower, upper=upper)
        for insurance in table.insurances()
    ]


def _classes(table: Table, common: dict[str, Any]) -> list[Dated]:
    by_size = table.require("class") == "by_size"
    employer_class = None if by_size else table.choice("class", EmployerClass)
    return [
        ClassRule(**common, unit_type=unit_type, employer_class=employer_class)
        for unit_type in table.texts("unit_types")
    ]


def _sizes(table: Table, common: dict[str, Any]) -> list[Dated]:
    employer_class = table.choice("class", EmployerClass)
    return [
        SizeRule(**common, size=size, employer_class=employer_class)
        for size in table.texts("sizes")
    ]


def _size_data(table: Table, common: dict[str, Any]) -> list[Dated]:
    first_month = table.month("first_month")
    if first_month is None:
        raise table.refuse("[size_data] 缺少 first_month")
    return [SizeData(**common, first_month=first_month)]


def _days(kind: type[DueDay] | type[DeclareDay]) -> Callable[[Table, dict[str, Any]], list[Dated]]:
    def made(table: Table, common: dict[str, Any]) -> list[Dated]:
        last = table.require("day") == "last"
        day = None if last else table.whole("day", low=1, high=28)
        return [kind(**common, day=day, months_after=table.whole("months_after", low=0, high=12))]

    return made


def _manual_classes(table: Table, common: dict[str, Any]) -> list[Dated]:
    industries = table.texts("industries") if "industries" in table.values else []
    unsized = table.flag("unsized")
    return [
        ManualClass(
            **common,
            name=table.text("name"),
            unit_types=tuple(table.texts("unit_types")),
            industries=tuple(industries),
            unsized=unsized,
        )
    ]


def _unit_groups(table: Table, common: dict[str, Any]) -> list[Dated]:
    industries = tuple(table.texts("industries"))
    return [UnitGroup(**common, name=table.text("name"), industries=industries)]


def _late_fees(table: Table, common: dict[str, Any]) -> list[Dated]:
    return [LateFeeRate(**common, daily=table.number("daily", low="0", high="1"))]


def _estimates(table: Table, common: dict[str, Any]) -> list[Dated]:
    return [Estimate(**common, ratio=table.number("ratio", low="0", high="10"))]


def _deferrals(table: Table, common: dict[str, Any]) -> list[Dated]:
    if common["first"] is None or common["last"] is None:
        raise table.refuse("[deferral] 必须写明 from 与 to")
    number = table.whole("months", low=1, high=36)
    pay_by = table.day("pay_by")
    if pay_by < common["first"]:
        raise table.refuse("pay_by 早于 from", "pay_by")
    employee_part = table.flag("employee_part")
    return [
        Deferral(
            **common,
            insurance=insurance,
            months=number,
            pay_by=pay_by,
            employee_part=employee_part,
        )
        for insurance in table.insurances()
    ]


def _projects(table: Table, common: dict[str, Any]) -> list[Dated]:
    started_from, count = table.day("started_from"), table.choice("count", CountBy)
    return [ProjectRule(**common, started_from=started_from, count=count)]


_SHAPES: Mapping[str, _Shape] = {
    "waiver": _Shape(frozenset({"class", "insurances", "from", "to", "ratio"}), _waivers),
    "rate": _Shape(frozenset({"insurances", "employer", "employee"}), _rates),
    "limit": _Shape(frozenset({"insurances", "lower", "upper"}), _limits),
    "class": _Shape(frozenset({"class", "unit_types"}), _classes),
    "size": _Shape(frozenset({"class", "sizes"}), _sizes),
    "size_data": _Shape(frozenset({"first_month"}), _size_data),
    "due_day": _Shape(frozenset({"day", "months_after"}), _days(DueDay)),
    "declare_day": _Shape(frozenset({"day", "months_after"}), _days(DeclareDay)),
    "manual_class": _Shape(
        frozenset({"name", "unit_types", "unsized"}), _manual_classes, frozenset({"industries"})
    ),
    "unit_group": _Shape(frozenset({"name", "industries"}), _unit_groups),
    "late_fee": _Shape(frozenset({"daily"}), _late_fees),
    "estimate": _Shape(frozenset({"ratio"}), _estimates),
    "deferral": _Shape(
        frozenset({"insurances", "from", "to", "months", "pay_by", "employee_part"}), _deferrals
    ),
    "project": _Shape(frozenset({"started_from", "count"}), _projects),
}

#: The tables a document may have, besides its head.
KINDS = frozenset(_SHAPES)
