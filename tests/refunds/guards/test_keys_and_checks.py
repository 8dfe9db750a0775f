"""Every check and every key refuses, alone, and nothing else would have.

docs/decisions/obligation-and-attempt.md
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.refunds.guards.alone import prove
from tests.refunds.guards.catalogue import Guard, standing
from tests.refunds.guards.checks import BROKEN, PARTIAL
from tests.refunds.guards.rows import another, row

pytestmark = pytest.mark.django_db

_NOT_NEGATIVE = re.compile(r'CHECK \(\("?(\w+)"? >= 0\)\)')


def guards(*kinds: str) -> list[Guard]:
    return [guard for guard in standing().values() if guard.kind in kinds]


def _broken(guard: Guard) -> list[dict[str, Any]]:
    if plain := _NOT_NEGATIVE.fullmatch(guard.definition):
        return [{plain[1]: -1}]
    return BROKEN.get(guard.key, [])


def test_every_check_refuses_alone():
    checks = guards("check")
    assert [guard.key for guard in checks if not _broken(guard)] == [], "without a violation"
    for guard in checks:
        for values in _broken(guard):

            def violate(guard: Guard = guard, values: dict[str, Any] = values) -> Iterator[None]:
                yield
                row(guard.table, **values)

            prove(guard, violate)


def test_every_key_refuses_alone():
    keys = guards("unique", "index")
    assert len(keys) > 30
    for guard in keys:
        chosen = PARTIAL.get(guard.key, [{}])
        if guard.kind == "index":
            assert guard.key in PARTIAL, f"{guard.key}: of which rows?"
        for values in chosen:

            def violate(guard: Guard = guard, values: dict[str, Any] = values) -> Iterator[None]:
                same = _same(guard) | values
                row(guard.table, **same)
                yield
                row(guard.table, **same)

            prove(guard, violate)


def _same(guard: Guard) -> dict[str, Any]:
    return {name: another(guard.table, name) for name in guard.columns}


def test_every_violation_is_of_a_guard_that_stands():
    known = standing()
    assert [key for key in [*BROKEN, *PARTIAL] if key not in known] == []
