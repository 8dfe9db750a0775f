"""What triggers forbid of who agrees: approvals, their rules, and accounts money goes to.

Nothing else looks while it is tried (`alone`), so rows need only what the trigger reads.
"""

from collections.abc import Iterator

from tests.refunds.guards.rows import change, row
from tests.refunds.guards.violations import VIOLATIONS, forbidden_by

_NOON = "2020-07-20 12:00:00+08"
_LATER = "2020-07-21 12:00:00+08"
_DAY = "2020-07-20"


# Approvals


@forbidden_by("refunds_approval.two_people")
def approved_by_who_handed_it_in() -> Iterator[None]:
    officer = row("registry_officer", user_id=7)
    choice = row("refunds_submission", kind="CHOICE", by_user_id=7)
    yield
    row("refunds_approval", submission_id=choice, officer_id=officer, level="FIRST")


@forbidden_by("refunds_approval.two_people")
def a_new_account_confirmed_by_who_released() -> Iterator[None]:
    owed = row("refunds_obligation")
    choice = row("refunds_submission", obligation_id=owed, kind="CHOICE")
    row("refunds_approval", submission_id=choice, level="SECOND", officer_id=7, granted=True)
    correction = row("refunds_submission", obligation_id=owed, kind="CORRECTION")
    yield
    row("refunds_approval", submission_id=correction, level="ACCOUNT", officer_id=7)


def _of_a_wrong_level(kind: str, level: str) -> Iterator[None]:
    submission = row("refunds_submission", kind=kind)
    yield
    row("refunds_approval", submission_id=submission, level=level)


VIOLATIONS["refunds_approval.two_people"] += [
    lambda: _of_a_wrong_level("CHOICE", "ACCOUNT"),
    lambda: _of_a_wrong_level("CORRECTION", "FIRST"),
    lambda: _of_a_wrong_level("CORRECTION", "ACCOUNT2"),
    lambda: _of_a_wrong_level("CHOICE", "SECOND"),
]


@forbidden_by("refunds_approval.valid_decision")
def a_level_whose_turn_it_is_not() -> Iterator[None]:
    owed = row("refunds_obligation", state="PAID")
    choice = row("refunds_submission", obligation_id=owed, kind="CHOICE")
    yield
    row("refunds_approval", submission_id=choice, level="FIRST")


@forbidden_by("refunds_approval.valid_decision")
def a_decision_on_what_was_replaced() -> Iterator[None]:
    owed = row("refunds_obligation", state="CHOSEN")
    former = row("refunds_submission", obligation_id=owed, kind="CHOICE")
    row("refunds_submission", obligation_id=owed, kind="CHOICE")
    yield
    row("refunds_approval", submission_id=former, level="FIRST")


# Rules of approval


@forbidden_by("refunds_approvalrules.publishable")
def published_as_they_are_made() -> Iterator[None]:
    yield
    row("refunds_approvalrules", published_at=_NOON)


@forbidden_by("refunds_approvalrules.publishable")
def published_without_a_tier() -> Iterator[None]:
    rules = row("refunds_approvalrules", from_day="2021-01-01")
    yield
    change("refunds_approvalrules", rules, published_at=_NOON)


@forbidden_by("refunds_approvalrules.publishable")
def published_for_days_gone_by() -> Iterator[None]:
    rules = row("refunds_approvalrules", from_day=_DAY)
    row("refunds_approvaltier", rules_id=rules, amount_from=0)
    yield
    change("refunds_approvalrules", rules, published_at=_NOON)


@forbidden_by("refunds_approvalrules.published_for_good")
def another_name_for_published_rules() -> Iterator[None]:
    rules = row("refunds_approvalrules", published_at=_NOON)
    yield
    change("refunds_approvalrules", rules, name="另一个")


@forbidden_by("refunds_approvaltier.only_before_publication")
def one_more_tier_for_published_rules() -> Iterator[None]:
    rules = row("refunds_approvalrules", published_at=_NOON)
    yield
    row("refunds_approvaltier", rules_id=rules)


# Accounts


@forbidden_by("refunds_accountchange.begins_proposed")
def begun_as_confirmed() -> Iterator[None]:
    yield
    row("refunds_accountchange", state="CONFIRMED")


@forbidden_by("refunds_accountchange.begins_proposed")
def of_somebody_elses_account() -> Iterator[None]:
    correction = row("refunds_submission", kind="CORRECTION")
    yield
    row("refunds_accountchange", state="PROPOSED", submission_id=correction)


@forbidden_by("refunds_accountchange.decided_by_two")
def checked_by_nobody_known() -> Iterator[None]:
    case = row("refunds_accountchange", state="PROPOSED")
    yield
    change("refunds_accountchange", case, state="CHECKED", checked_by_id=1, checked_at=_NOON)


@forbidden_by("refunds_accountchange.decided_by_two")
def checked_by_another_afterwards() -> Iterator[None]:
    case = row("refunds_accountchange", state="CHECKED", checked_by_id=1, checked_at=_NOON)
    yield
    change("refunds_accountchange", case, checked_by_id=2)


@forbidden_by("refunds_accountchange.decided_by_two")
def a_longer_wait_shortened() -> Iterator[None]:
    case = row("refunds_accountchange", state="CONFIRMED", confirmed_by_id=1, cooling_until=_LATER)
    yield
    change("refunds_accountchange", case, cooling_until=_NOON)


@forbidden_by("refunds_accountchange.decided_by_two")
def taken_back_once_it_is_cool() -> Iterator[None]:
    case = row("refunds_accountchange", state="CONFIRMED", cooling_until=_NOON)
    yield
    change("refunds_accountchange", case, state="WITHDRAWN", closed_at=_LATER)


@forbidden_by("refunds_submission.correction_has_a_case")
def a_new_account_without_a_case() -> Iterator[None]:
    yield
    row("refunds_submission", kind="CORRECTION")


@forbidden_by("refunds_submission.new_account_cools")
def an_unknown_account_at_once() -> Iterator[None]:
    owed = row("refunds_obligation")
    yield
    row("refunds_submission", obligation_id=owed, kind="CHOICE")


@forbidden_by("refunds_attempt.cool_account")
def a_line_to_an_account_that_waits() -> Iterator[None]:
    owed = row("refunds_obligation")
    choice = row(
        "refunds_submission", obligation_id=owed, kind="CHOICE", cooling_until=_LATER, at=_NOON
    )
    yield
    row("refunds_attempt", obligation_id=owed, submission_id=choice, sealed_at=_NOON)
