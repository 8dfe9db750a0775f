"""What triggers forbid about the money of construction projects (as `by_hand`)."""

from collections.abc import Iterator
from typing import Any

from tests.refunds.guards.rows import change, row
from tests.refunds.guards.violations import VIOLATIONS, forbidden_by

__all__ = ["VIOLATIONS"]

_MARCH = "2020-03-01"
_OWED = {"employer_id": 7, "insurance": "injury"}


_COUNTED = {
    "premium": 9,
    "relief_by_day": 0,
    "count_by": "by_month",
    **dict.fromkeys(("months_total", "months_relieved", "days_total", "days_relieved"), 1),
}


def _paid(*, premium: int, project: int = 5, **version: Any) -> int:
    return row(
        "relief_projectversion", project_id=project, employer_id=7, premium=premium, **version
    )


def _owed(*, amount: int, state: str = "OFFERED", project: int | None = 5) -> int:
    return row("refunds_obligation", amount=amount, state=state, project_id=project, **_OWED)


def _found(
    *, project: int = 5, state: str = "DONE", flags: int = 0, **values: Any
) -> dict[str, int]:
    """Write what a run found of a project; return what an item says of it."""
    run = row("relief_run", state=state)
    known: dict[str, Any] = {"employer_id": 7, "relief": 4, "version_id": 3, **_COUNTED} | values
    known["relief_by_month"] = known["relief"]
    found = row("relief_projectrelief", project_id=project, run_id=run, flags=flags, **known)
    return {"project_relief_id": found, "run_id": run}


def _item(owed: int, amount: int, **ground: int) -> int:
    return row("refunds_obligationitem", obligation_id=owed, month=_MARCH, amount=amount, **ground)


@forbidden_by("refunds_obligationitem.items_within_arrived")
def more_than_the_project_paid() -> Iterator[None]:
    _paid(premium=4)
    owed = _owed(amount=5)
    yield
    _item(owed, 5)


@forbidden_by("refunds_obligationitem.items_within_arrived")
def out_of_a_version_taken_back() -> Iterator[None]:
    version = _paid(premium=9)
    _paid(premium=9, withdraws_id=version)
    owed = _owed(amount=5)
    yield
    _item(owed, 5)


@forbidden_by("refunds_obligationitem.items_within_arrived")
def what_a_former_contractor_has_had() -> Iterator[None]:
    _paid(premium=9)
    row("relief_projectpaidback", project_id=5, employer_id=8, amount=5)
    owed = _owed(amount=5)
    yield
    _item(owed, 5)


@forbidden_by("refunds_obligationitem.items_within_arrived")
def what_is_owed_of_the_project_already() -> Iterator[None]:
    _paid(premium=9)
    _item(_owed(amount=5, state="AT_BANK"), 5)
    owed = _owed(amount=5)
    yield
    _item(owed, 5)


@forbidden_by("refunds_obligation.reopened_within_arrived")
def paid_back_for_a_project_that_never_paid() -> Iterator[None]:
    owed = _owed(amount=5, state="PAID")
    _item(owed, 5)
    yield
    change("refunds_obligation", owed, state="BOUNCED")


@forbidden_by("refunds_obligationitem.items_of_their_kind")
def a_project_by_an_assessment() -> Iterator[None]:
    owed = _owed(amount=4)
    yield
    _item(owed, 4, assessment_id=1)


@forbidden_by("refunds_obligationitem.items_of_their_kind")
def months_by_a_project() -> Iterator[None]:
    found = _found()
    owed = _owed(amount=4, project=None)
    yield
    _item(owed, 4, **found)


@forbidden_by("refunds_obligationitem.items_of_their_kind")
def by_another_project() -> Iterator[None]:
    found = _found(project=6)
    owed = _owed(amount=4)
    yield
    _item(owed, 4, **found)


@forbidden_by("refunds_obligationitem.items_of_their_kind")
def by_what_was_found_of_another_contractor() -> Iterator[None]:
    found = _found(employer_id=8)
    owed = _owed(amount=4)
    yield
    _item(owed, 4, **found)


@forbidden_by("refunds_obligationitem.items_of_their_kind")
def by_a_run_that_is_not_through() -> Iterator[None]:
    found = _found(state="RUNNING")
    owed = _owed(amount=4)
    yield
    _item(owed, 4, **found)


@forbidden_by("refunds_obligationitem.items_of_their_kind")
def by_a_finding_that_waives_nothing() -> Iterator[None]:
    found = _found(relief=0)
    owed = _owed(amount=4)
    yield
    _item(owed, 4, **found)


@forbidden_by("refunds_obligationitem.items_of_their_kind")
def a_part_of_a_project() -> Iterator[None]:
    found = _found()
    owed = _owed(amount=4)
    yield
    _item(owed, 3, **found)


@forbidden_by("refunds_obligationitem.items_of_their_kind")
def what_nobody_has_looked_at() -> Iterator[None]:
    found = _found(flags=1)
    row("relief_projectlook", version_id=3, flags=2)
    owed = _owed(amount=4)
    yield
    _item(owed, 4, **found)
