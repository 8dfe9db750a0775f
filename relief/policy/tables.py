"""One TOML text as tables that know their lines, for refusals that name them. Pure."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from registry import months

from .types import Insurance

_HEADER = re.compile(r"^\s*\[\[?\s*([A-Za-z0-9_-]+)\s*\]\]?")
T = TypeVar("T")


class BadDocument(ValueError):
    """The text is no acceptable policy document; says where and why, in Chinese."""

    def __init__(self, slug: str, line: int, reason: str) -> None:
        self.slug, self.line, self.reason = slug, line, reason
        super().__init__(f"{slug} 第 {line} 行：{reason}")


@dataclass(frozen=True)
class Table:
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

    def flag(self, key: str) -> bool:
        value = self.require(key)
        if type(value) is not bool:
            raise self.refuse(f"{key} 只能是 true 或 false", key)
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


def tables_of(slug: str, raw: Mapping[str, Any], text: str) -> list[Table]:
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
            tables.append(Table(slug, name, entry, line, keys))
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
