"""Rows out of nothing: for tests that look at one guard while no other one does."""

import itertools
from collections.abc import Iterator
from functools import cache
from typing import Any

from django.db import connection

_numbers: Iterator[int] = itertools.count(900_001)


def fetch(sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        # Without parameters a `%` in the statement is itself.
        cursor.execute(sql, parameters or None)
        return cursor.fetchall() if cursor.description else []


@cache
def _columns(table: str) -> list[tuple[str, str, bool, int | None]]:
    return fetch(
        "SELECT column_name, udt_name, is_nullable = 'YES', character_maximum_length"
        " FROM information_schema.columns WHERE table_name = %s ORDER BY ordinal_position",
        table,
    )


def _made_up(kind: str, length: int | None) -> Any:
    number = next(_numbers)
    text = f"{number}"[-(length or 64) :]
    return {
        "varchar": text,
        "text": text,
        "bpchar": text,
        "numeric": "1.00",
        "date": f"{2000 + number % 900}-02-01",
        "timestamptz": "2020-07-20 12:00:00+08",
        "bool": False,
        "jsonb": "[]",
        "bytea": f"{number}".encode(),
        "int2": number % 30_000,
    }.get(kind, [] if kind.startswith("_") else number)


#: What makes a made-up row a sound one, where a name or a number will not do.
SOUND: dict[str, dict[str, Any]] = {}


def row(table: str, /, **values: Any) -> int:
    """Write a row and return its number; what isn't given is made up, or left out if it may."""
    known = {"id": next(_numbers)} | SOUND.get(table, {}) | values
    for name, kind, nullable, length in _columns(table):
        if name not in known and not nullable:
            known[name] = _made_up(kind, length)
    names = ", ".join(f'"{name}"' for name in known)
    places = ", ".join(["%s"] * len(known))
    fetch(f"INSERT INTO {table} ({names}) VALUES ({places})", *known.values())
    return int(known["id"])


def change(table: str, number: int, /, **values: Any) -> None:
    """Change a row."""
    sets = ", ".join(f'"{name}" = %s' for name in values)
    fetch(f"UPDATE {table} SET {sets} WHERE id = %s", *values.values(), number)


def another(table: str, column: str) -> Any:
    """Return a value of a column that no other row has."""
    kind, length = next((k, n) for name, k, _, n in _columns(table) if name == column)
    if kind == "bool":
        return True
    if kind == "numeric":
        return "7.00"
    if kind == "timestamptz":
        return "2020-07-21 12:00:00+08"
    if kind == "jsonb":
        return '["another"]'
    return _made_up(kind, length)
