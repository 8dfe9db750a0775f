"""One guard alone: all others silenced, so that only it can refuse; and the same without it.

What is tried is refused while the guard stands and passes once it is dropped. So a database
that lost the guard turns the test red, and no other guard hides that it is gone.
"""

from collections.abc import Callable, Iterator

import pytest
from django.db import DatabaseError, transaction

from tests.refunds.guards.catalogue import Guard, standing
from tests.refunds.guards.rows import fetch

#: What is there before, then `yield`, then what the guard forbids.
Violation = Callable[[], Iterator[None]]


def prove(guard: Guard, violation: Violation) -> None:
    """Assert that a guard, and it alone, refuses what is tried.

    For triggers call `silence` before, once in a test.
    """
    refused = _tried(guard, violation, dropped=False)
    assert refused is not None, f"{guard.key} lets it pass"
    assert _names(guard, refused), f"{guard.key} should refuse, but: {refused}"
    passed = _tried(guard, violation, dropped=True)
    assert passed is None, f"refused without {guard.key} as well: {passed}"


def silence() -> None:
    """Drop every key and check of ours, until the transaction ends: triggers stand alone then."""
    fetch("SET LOCAL ROLE NONE")
    drops = [guard.drop for guard in standing().values() if guard.kind != "trigger"]
    if drops:
        fetch("; ".join(drops))


def _tried(guard: Guard, violation: Violation, *, dropped: bool) -> DatabaseError | None:
    with transaction.atomic():
        try:
            _silence_beside(guard)
            steps = violation()
            next(steps)
            if guard.kind == "trigger" and not dropped:
                fetch(f'ALTER TABLE {guard.table} ENABLE ALWAYS TRIGGER "{guard.sql_name}"')
            if dropped:
                fetch(guard.drop)
            try:
                with transaction.atomic():
                    for _ in steps:
                        pytest.fail("a violation yields once")
                    fetch("SET CONSTRAINTS ALL IMMEDIATE")
            except DatabaseError as refusal:
                return refusal
            return None
        finally:
            transaction.set_rollback(True)


def _silence_beside(guard: Guard) -> None:
    fetch("SET LOCAL ROLE NONE")
    # Triggers and foreign keys sleep, but for those that are made to fire always.
    fetch("SET LOCAL session_replication_role = replica")
    drops = [
        other.drop
        for other in standing().values()
        if guard.kind != "trigger"
        and other.kind != "trigger"
        and other != guard
        and other.table == guard.table
    ]
    if drops:
        fetch("; ".join(drops))


def _names(guard: Guard, refusal: DatabaseError) -> bool:
    found = getattr(refusal.__cause__, "diag", None)
    assert found is not None, refusal
    if guard.kind == "trigger":
        # The innermost frame: the guard's own function raised it.
        return f"function {guard.sql_name}()" in (found.context or "").splitlines()[-1]
    return bool(found.constraint_name == guard.sql_name)
