"""Every trigger refuses, alone, what nothing else would have refused.

Those that look alike on many tables are tried from what they say of themselves; the others stand
in `by_hand`. docs/decisions/obligation-and-attempt.md
"""

from collections.abc import Iterator
from itertools import product

import pytest
from django.apps import apps

from refunds.workflow import (
    AttemptState,
    BatchState,
    State,
    attempt_transitions,
    batch_transitions,
    transitions,
)
from tests.refunds.guards import (
    by_hand,
    by_hand_agreed,
    by_hand_more,
    by_hand_named,
    by_hand_posts,
    by_hand_projects,
)
from tests.refunds.guards.alone import prove, silence
from tests.refunds.guards.catalogue import Guard, standing
from tests.refunds.guards.rows import another, change, fetch, row
from tests.refunds.guards.violations import VIOLATIONS

# They write into it.
for written in (
    by_hand,
    by_hand_agreed,
    by_hand_more,
    by_hand_named,
    by_hand_posts,
    by_hand_projects,
):
    assert written.VIOLATIONS is VIOLATIONS
pytestmark = pytest.mark.django_db

_DECIDED = [("PROPOSED", "CONFIRMED"), ("PROPOSED", "REFUSED")]
_APPROVED = [("PROPOSED", "APPROVED"), ("PROPOSED", "REFUSED")]
_ACCOUNTS = [
    ("PROPOSED", "CHECKED"),
    ("PROPOSED", "REFUSED"),
    ("PROPOSED", "WITHDRAWN"),
    ("CHECKED", "CONFIRMED"),
    ("CHECKED", "REFUSED"),
    ("CHECKED", "WITHDRAWN"),
    ("CONFIRMED", "WITHDRAWN"),
]
#: By trigger: all states, and which may follow which.
MOVES = {
    "refunds_obligation.legal_move": (list(State), transitions()),
    "refunds_attempt.legal_move": (list(AttemptState), attempt_transitions()),
    "refunds_batch.legal_move": (list(BatchState), batch_transitions()),
    "refunds_accountchange.legal_move": (
        ["PROPOSED", "CHECKED", "CONFIRMED", "REFUSED", "WITHDRAWN"],
        _ACCOUNTS,
    ),
    "refunds_staffchoice.decided_once": (["PROPOSED", "CONFIRMED", "REFUSED"], _DECIDED),
    "relief_ledgercorrection.legal_move": (["PROPOSED", "APPROVED", "REFUSED"], _APPROVED),
}


@pytest.fixture(autouse=True)
def triggers_stand_alone(request: pytest.FixtureRequest, db: None) -> None:
    if not request.node.name.startswith(("test_every", "test_list")):
        silence()


def triggers(*names: str) -> list[Guard]:
    return [
        guard for guard in standing().values() if guard.kind == "trigger" and guard.name in names
    ]


def _compared(guard: Guard) -> list[str]:
    """Return the columns that a trigger named `fixed` keeps by its own condition."""
    return guard.columns if guard.name == "fixed" else []


def test_every_trigger_has_a_violation():
    alike = triggers("append_only", "no_truncate", "no_delete")
    known = {guard.key for guard in alike} | set(MOVES) | set(VIOLATIONS)
    known |= {guard.key for guard in triggers("fixed") if _compared(guard)}
    stand = {key for key, guard in standing().items() if guard.kind == "trigger"}
    assert sorted(stand - known) == [], "without a violation"
    assert sorted(known - stand) == [], "of no trigger"


def test_every_table_of_ours_keeps_its_rows():
    kept = {guard.table for guard in triggers("append_only", "no_delete")}
    ours = {
        model._meta.db_table
        for model in apps.get_models()
        if model._meta.db_table.startswith(("refunds_", "relief_ledger"))
    }
    # A list of work to do and what the bank's files became hold no decision.
    assert sorted(ours - kept) == ["refunds_offerwork", "relief_ledgerwork"]


def test_rows_are_never_changed_deleted_nor_truncated():
    for guard in triggers("append_only", "no_delete", "no_truncate"):

        def delete(guard: Guard = guard) -> Iterator[None]:
            number = row(guard.table)
            yield
            fetch(f"DELETE FROM {guard.table} WHERE id = %s", number)

        def update(guard: Guard = guard) -> Iterator[None]:
            number = row(guard.table)
            yield
            fetch(f"UPDATE {guard.table} SET id = id WHERE id = %s", number)

        def truncate(guard: Guard = guard) -> Iterator[None]:
            yield
            fetch(f"TRUNCATE {guard.table} CASCADE")

        if guard.name == "no_truncate":
            prove(guard, truncate)
            continue
        prove(guard, delete)
        if guard.name == "append_only":
            prove(guard, update)


def test_fixed_columns_stay():
    for guard in triggers("fixed"):
        for column in _compared(guard):

            def violate(guard: Guard = guard, column: str = column) -> Iterator[None]:
                number = row(guard.table)
                value = another(guard.table, column)
                yield
                change(guard.table, number, **{column: value})

            prove(guard, violate)


@pytest.mark.parametrize("key", MOVES)
def test_no_state_follows_another_but_as_the_table_says(key):
    states, legal = MOVES[key]
    illegal = [
        (str(before), str(after))
        for before, after in product(states, states)
        if before != after and (str(before), str(after)) not in legal
    ]
    guard = standing()[key]
    for before, after in illegal:

        def violate(before: str = before, after: str = after) -> Iterator[None]:
            number = row(guard.table, state=before)
            yield
            change(guard.table, number, state=after)

        prove(guard, violate)


@pytest.mark.parametrize("key", VIOLATIONS)
def test_what_is_tried_by_hand_is_refused(key):
    for violation in VIOLATIONS[key]:
        prove(standing()[key], violation)
