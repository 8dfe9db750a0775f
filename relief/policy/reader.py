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
from typing import Any, TypeVar

from registry import months

from .types import (
    ClassRule,
    Confidence,
    CountBy,
    Dated,
    DeclareDay,
    Document,
    DueDay,
    EmployerClass,
    Estimate,
    Insurance,
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

_HEADER = re.compile(r"^\s*\[\[?\s*([A-Za-z0-9_-]+)\s*\]\]?")
_TOML_LINE = re.compile(r"line (\d+)")
T = TypeVar("T")


class BadDocument(ValueError):
    """The text is no acceptable policy document; says where and why, in Chinese."""

    def __init__(self, slug: str, line: int, reason: str) -> None:
        self.slug, self.line, self.reason = slug, line, reason
        super().__init__(f"{slug} 第 {line} 行：{reason}")


@dataclass(frozen=True)
class _Table:
    """One table of the text: what it says and where it stands."""

    slug: str
    name: str
    values: Mapping[str, Any]
    line: int
    key_lines: Mapping[str, int]

    def refuse(self, reason: str, key: str | None = None) -> BadDocument:
        return BadDocument(self.slug, self.key_lines.get(key or "", self.line), reason)

    def require(self, key: str) -> Any:
        if key not in self.values:
            raise self.refuse(f"[{self.name}] 缺少 {key}")
        return self.values[key]

    def text(self, key: str) -> str:
        value = self.require(key)
        if not isinstance(value, str) or not value.strip():
            raise self.refuse(f"{key} 应为文字，不能为空", key)
        return value.strip()

    def texts(self, key: str) -> list[str]:
        value = self.require(key)
        if not isinstance(value, list) or not value or not all(isinstance(v, str) for v in value):
            raise self.refuse(f"{key} 应为文字列表，不能为空", key)
        if len(set(value)) != len(value):
            raise self.refuse(f"{key} 中有重复项", key)
        return value

    def day(self, key: str) -> date:
        value = self.require(key)
        if type(value) is not date:  # a date-time is a date too, but not here
            raise self.refuse(f"{key} 应为日期，如 2020-03-04", key)
        return value

    def month(self, key: str) -> date | None:
        if key not in self.values:
            return None
        try:
            return months.parse(self.text(key))
        except months.NotAMonth:
            raise self.refuse(f"{key} 应为月份，如 2020-02", key) from None

    def number(self, key: str, *, low: str, high: str) -> Decimal:
        value = self.require(key)
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise self.refuse(f"{key} 应为数字", key)
        number = Decimal(value)
        if not Decimal(low) <= number <= Decimal(high):
            raise self.refuse(f"{key} 应在 {low} 与 {high} 之间", key)
        return number

    def whole(self, key: str, *, low: int, high: int) -> int:
        value = self.require(key)
        if type(value) is not int or not low <= value <= high:
            raise self.refuse(f"{key} 应为 {low} 到 {high} 的整数", key)
        return value

    def choice(self, key: str, choices: Callable[[str], T]) -> T:
        try:
            return choices(self.text(key))
        except ValueError:
            raise self.refuse(f"{key} 的值“{self.values[key]}”不认识", key) from None

    def insurances(self) -> list[Insurance]:
        try:
            return [Insurance(name) for name in self.texts("insurances")]
        except ValueError:
            raise self.refuse(
                "insurances 只能是 pension、unemployment、injury", "insurances"
            ) from None


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

    tables = _tables(slug, raw, text)
    heads = [table for table in tables if table.name == "document"]
    if len(heads) != 1:
        raise BadDocument(slug, 1, "应有且只有一个 [document]")
    head = heads[0]
    _check_keys(head, {"title", "published", "confidence"}, {"number", "note"})
    title, published = head.text("title"), head.day("published")
    number = head.text("number") if "number" in head.values else ""

    rules: list[Dated] = []
    placed: list[tuple[_Table, Dated]] = []
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
        case Rate() | Limit():
            return (type(rule), rule.insurance)
        case ClassRule():
            return (ClassRule, rule.unit_type)
        case SizeRule():
            return (SizeRule, rule.size)
        case ManualClass() | UnitGroup():
            return (type(rule), rule.name)
    return (type(rule),)


def _tables(slug: str, raw: Mapping[str, Any], text: str) -> list[_Table]:
    """Return every table with its line; tomllib keeps none, so the text is scanned beside it."""
    places = _places(text)
    tables = []
    for name, value in raw.items():
        entries = value if isinstance(value, list) else [value]
        if not all(isinstance(entry, dict) for entry in entries):
            line = next(
                (n for n, row in enumerate(text.splitlines(), 1) if row.lstrip().startswith(name)),
                1,
            )
            raise BadDocument(slug, line, f"{name} 不在任何表内")
        spots = places.get(name, [])
        for index, entry in enumerate(entries):
            line, keys = spots[index] if index < len(spots) else (1, {})
            tables.append(_Table(slug, name, entry, line, keys))
    return tables


def _places(text: str) -> dict[str, list[tuple[int, dict[str, int]]]]:
    """Return, by table name, the lines of its headers and of the keys below each."""
    places: dict[str, list[tuple[int, dict[str, int]]]] = {}
    keys: dict[str, int] = {}
    for number, row in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(row):
            keys = {}
            places.setdefault(header[1], []).append((number, keys))
        elif "=" in row:
            keys.setdefault(row.split("=", 1)[0].strip(), number)
    return places


def _check_keys(table: _Table, required: Set[str], optional: Set[str]) -> None:
    for name in table.values:
        if name not in required and name not in optional:
            raise table.refuse(f"[{table.name}] 中不认识的项 {name}", name)
    for name in sorted(required):
        table.require(name)


def _span(table: _Table) -> tuple[date | None, date | None]:
    first, last = table.month("from"), table.month("to")
    if first and last and last < first:
        raise table.refuse("to 早于 from", "to")
    return first, last


def _check_overlaps(placed: list[tuple[_Table, Dated]]) -> None:
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
    make: Callable[[_Table, dict[str, Any]], list[Dated]]
    optional: frozenset[str] = frozenset()


def _waivers(table: _Table, common: dict[str, Any]) -> list[Dated]:
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


def _rates(table: _Table, common: dict[str, Any]) -> list[Dated]:
    own = table.require("employer") == "own"
    employer = None if own else table.number("employer", low="0", high="1")
    employee = table.number("employee", low="0", high="1")
    return [
        Rate(**common, insurance=insurance, employer=employer, employee=employee)
        for insurance in table.insurances()
    ]


def _limits(table: _Table, common: dict[str, Any]) -> list[Dated]:
    lower = table.number("lower", low="0", high="99999999.99")
    upper = table.number("upper", low="0", high="99999999.99")
    if upper < lower:
        raise table.refuse("upper 小于 lower", "upper")
    return [
        Limit(**common, insurance=insurance, lower=lower, upper=upper)
        for insurance in table.insurances()
    ]


def _classes(table: _Table, common: dict[str, Any]) -> list[Dated]:
    by_size = table.require("class") == "by_size"
    employer_class = None if by_size else table.choice("class", EmployerClass)
    return [
        ClassRule(**common, unit_type=unit_type, employer_class=employer_class)
        for unit_type in table.texts("unit_types")
    ]


def _sizes(table: _Table, common: dict[str, Any]) -> list[Dated]:
    employer_class = table.choice("class", EmployerClass)
    return [
        SizeRule(**common, size=size, employer_class=employer_class)
        for size in table.texts("sizes")
    ]


def _size_data(table: _Table, common: dict[str, Any]) -> list[Dated]:
    first_month = table.month("first_month")
    if first_month is None:
        raise table.refuse("[size_data] 缺少 first_month")
    return [SizeData(**common, first_month=first_month)]


def _days(kind: type[DueDay] | type[DeclareDay]) -> Callable[[_Table, dict[str, Any]], list[Dated]]:
    def made(table: _Table, common: dict[str, Any]) -> list[Dated]:
        last = table.require("day") == "last"
        day = None if last else table.whole("day", low=1, high=28)
        return [kind(**common, day=day, months_after=table.whole("months_after", low=0, high=12))]

    return made


def _manual_classes(table: _Table, common: dict[str, Any]) -> list[Dated]:
    industries = table.texts("industries") if "industries" in table.values else []
    unsized = table.require("unsized")
    if type(unsized) is not bool:
        raise table.refuse("unsized 只能是 true 或 false", "unsized")
    return [
        ManualClass(
            **common,
            name=table.text("name"),
            unit_types=tuple(table.texts("unit_types")),
            industries=tuple(industries),
            unsized=unsized,
        )
    ]


def _unit_groups(table: _Table, common: dict[str, Any]) -> list[Dated]:
    industries = tuple(table.texts("industries"))
    return [UnitGroup(**common, name=table.text("name"), industries=industries)]


def _late_fees(table: _Table, common: dict[str, Any]) -> list[Dated]:
    return [LateFeeRate(**common, daily=table.number("daily", low="0", high="1"))]


def _estimates(table: _Table, common: dict[str, Any]) -> list[Dated]:
    return [Estimate(**common, ratio=table.number("ratio", low="0", high="10"))]


def _projects(table: _Table, common: dict[str, Any]) -> list[Dated]:
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
    "project": _Shape(frozenset({"started_from", "count"}), _projects),
}

#: The tables a document may have, besides its head.
KINDS = frozenset(_SHAPES)
