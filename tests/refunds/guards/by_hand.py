"""What triggers forbid that are like no other: what is there before, `yield`, what is tried.

Nothing else looks while it is tried (`alone`), so rows need only what the trigger reads.
"""

from collections.abc import Callable, Iterator

from tests.refunds.guards.alone import Violation
from tests.refunds.guards.rows import change, fetch, row
from tests.refunds.guards.violations import VIOLATIONS, forbidden_by

_NOON = "2020-07-20 12:00:00+08"
_LATER = "2020-07-21 12:00:00+08"
_MARCH = "2020-03-01"


# Lines and batches


@forbidden_by("refunds_attempt.attempt_is_approved")
def to_an_account_nobody_handed_in() -> Iterator[None]:
    obligation = row("refunds_obligation")
    yield
    row("refunds_attempt", obligation_id=obligation)


@forbidden_by("refunds_attempt.attempt_is_approved")
def that_nobody_approved() -> Iterator[None]:
    obligation = row("refunds_obligation", amount=1)
    choice = row("refunds_submission", obligation_id=obligation, kind="CHOICE")
    yield
    row("refunds_attempt", obligation_id=obligation, submission_id=choice)


@forbidden_by("refunds_attempt.joins_a_draft")
def a_line_for_a_checked_batch() -> Iterator[None]:
    batch = row("refunds_batch", state="CHECKED")
    yield
    row("refunds_attempt", batch_id=batch)


@forbidden_by("refunds_attempt.no_line_after_the_draw")
def a_line_once_the_secret_is_known() -> Iterator[None]:
    batch = row("refunds_batch", state="DRAFT")
    row("refunds_sampleseed", batch_id=batch, secret="known")
    yield
    row("refunds_attempt", batch_id=batch)


@forbidden_by("refunds_attempt.recalled_in_time")
def a_line_back_from_the_bank() -> Iterator[None]:
    batch = row("refunds_batch", state="SENT")
    row("refunds_batchsend", batch_id=batch)
    line = row("refunds_attempt", batch_id=batch, state="QUEUED")
    yield
    change("refunds_attempt", line, state="RECALLED")


def _for_each_step(act: Callable[[str], Iterator[None]]) -> list[Violation]:
    return [
        lambda state=state: act(state)  # type: ignore[misc]
        for state in ("CHECKED", "APPROVED", "SEALED")
    ]


def _short_of_a_line(state: str) -> Iterator[None]:
    batch = row("refunds_batch", state="DRAFT", count=2, total="2.00")
    row("refunds_attempt", batch_id=batch, state="QUEUED", amount="1.00")
    row("refunds_attempt", batch_id=batch, state="RECALLED", amount="1.00")
    yield
    change("refunds_batch", batch, state=state)


def _of_another_amount(state: str) -> Iterator[None]:
    batch = row("refunds_batch", state="DRAFT", count=1, total="2.00")
    row("refunds_attempt", batch_id=batch, state="QUEUED", amount="1.00")
    yield
    change("refunds_batch", batch, state=state)


VIOLATIONS["refunds_batch.comes_to_its_lines"] = [
    *_for_each_step(_short_of_a_line),
    *_for_each_step(_of_another_amount),
    lambda: _short_of_a_line("SENT"),
]


@forbidden_by("refunds_batch.no_new_legacy")
def sealed_by_one_person() -> Iterator[None]:
    yield
    row("refunds_batch", state="DRAFT", legacy=True)


@forbidden_by("refunds_batch.no_new_legacy")
def begun_at_the_end() -> Iterator[None]:
    yield
    row("refunds_batch", state="SEALED")


_SIGNED = {
    **dict.fromkeys(("checked_by_id", "approved_by_id", "dissolved_by_id"), (1, 2)),
    **dict.fromkeys(
        (
            "checked_at",
            "approved_at",
            "sealed_at",
            "sent_at",
            "answered_at",
            "closed_at",
            "dissolved_at",
        ),
        (_NOON, _LATER),
    ),
    **dict.fromkeys(("checked_sha256", "approved_sha256", "content_sha256"), ("a" * 64, "b" * 64)),
    "content": (b"a", b"b"),
}


def _signed_anew(column: str, *, emptied: bool) -> Iterator[None]:
    before, after = _SIGNED[column]
    batch = row("refunds_batch", state="SEALED", **{column: before})
    yield
    change("refunds_batch", batch, **{column: None if emptied else after})


def _lines_changed(column: str, value: object) -> Iterator[None]:
    batch = row("refunds_batch", state="CHECKED", count=1, total=1, lines_sha256="a" * 64)
    yield
    change("refunds_batch", batch, **{column: value})


VIOLATIONS["refunds_batch.once_written"] = [
    *(
        lambda column=column, emptied=emptied: _signed_anew(column, emptied=emptied)  # type: ignore[misc]
        for column in _SIGNED
        for emptied in (True, False)
    ),
    lambda: _lines_changed("count", 2),
    lambda: _lines_changed("total", 2),
    lambda: _lines_changed("lines_sha256", "b" * 64),
]


@forbidden_by("refunds_batch.recalled_before_sending")
def a_batch_back_from_the_bank() -> Iterator[None]:
    batch = row("refunds_batch", state="SEALED")
    row("refunds_batchsend", batch_id=batch)
    yield
    change("refunds_batch", batch, state="DISSOLVED")


@forbidden_by("refunds_batch.recalled_before_sending")
def dissolved_with_live_lines() -> Iterator[None]:
    batch = row("refunds_batch", state="DRAFT")
    row("refunds_attempt", batch_id=batch, state="QUEUED")
    yield
    change("refunds_batch", batch, state="DISSOLVED")


def _not_drawn(state: str) -> Iterator[None]:
    batch = row("refunds_batch", state="DRAFT")
    yield
    change("refunds_batch", batch, state=state)


def _not_cleared(state: str, verdict: str = "") -> Iterator[None]:
    batch = row("refunds_batch", state="DRAFT")
    line = row("refunds_attempt", batch_id=batch, state="QUEUED")
    draw = row("refunds_sampledraw", batch_id=batch)
    drawn = row("refunds_sampleline", draw_id=draw, attempt_id=line)
    if verdict:
        row("refunds_samplecheck", line_id=drawn, verdict=verdict)
    yield
    change("refunds_batch", batch, state=state)


VIOLATIONS["refunds_batch.sample_cleared"] = [
    *_for_each_step(_not_drawn),
    *_for_each_step(_not_cleared),
    lambda: _not_cleared("CHECKED", "HOLD"),
]


@forbidden_by("refunds_batch.seed_bound")
def a_draft_without_a_seed() -> Iterator[None]:
    fetch("DELETE FROM refunds_sampleseed WHERE batch_id IS NULL")
    yield
    row("refunds_batch", state="DRAFT")


@forbidden_by("refunds_batchsend.of_a_sealed_batch")
def sent_before_it_was_sealed() -> Iterator[None]:
    batch = row("refunds_batch", state="APPROVED")
    yield
    row("refunds_batchsend", batch_id=batch)


# What is owed


@forbidden_by("refunds_obligation.amount_is_sum_of_items")
def owed_without_months() -> Iterator[None]:
    yield
    row("refunds_obligation")


@forbidden_by("refunds_obligation.amount_is_sum_of_items")
def owed_more_than_its_months() -> Iterator[None]:
    yield
    owed = row("refunds_obligation", amount=2)
    row("refunds_obligationitem", obligation_id=owed, amount=1)


def _left_with_a_part_used(state: str) -> Iterator[None]:
    owed = row("refunds_obligation", state="OFFSETTING")
    row("refunds_offsetuse", obligation_id=owed, amount=1)
    yield
    change("refunds_obligation", owed, state=state)


VIOLATIONS["refunds_obligation.left_unused"] = [
    lambda: _left_with_a_part_used("OFFERED"),
    lambda: _left_with_a_part_used("SUPERSEDED"),
]


def _moved(before: str, after: str) -> Iterator[None]:
    owed = row("refunds_obligation", state=before, amount=1)
    row("refunds_submission", obligation_id=owed, kind="CHOICE", at=_NOON)
    yield
    change("refunds_obligation", owed, state=after)


VIOLATIONS["refunds_obligation.moved_by_approval"] = [
    lambda: _moved("CHOSEN", "CHECKED"),
    lambda: _moved("CHECKED", "ENDORSED"),
    lambda: _moved("CHECKED", "APPROVED"),
    lambda: _moved("ENDORSED", "APPROVED"),
    lambda: _moved("CHOSEN", "APPROVED"),
]
VIOLATIONS["refunds_obligation.moved_by_audit"] = [
    lambda: _moved("IN_BATCH", "HELD"),
    lambda: _moved("HELD", "APPROVED"),
    lambda: _moved("HELD", "RETURNED"),
]


@forbidden_by("refunds_obligation.recalled_when_held")
def held_and_in_a_batch() -> Iterator[None]:
    owed = row("refunds_obligation", state="IN_BATCH")
    row("refunds_attempt", obligation_id=owed, state="QUEUED")
    yield
    change("refunds_obligation", owed, state="HELD")


def _owed_for_march(state: str) -> int:
    owed = row("refunds_obligation", state=state, amount=5, employer_id=7, insurance="pension")
    row("refunds_obligationitem", obligation_id=owed, month=_MARCH, amount=5)
    return owed


@forbidden_by("refunds_obligation.reopened_within_arrived")
def paid_money_back_that_never_arrived() -> Iterator[None]:
    owed = _owed_for_march("PAID")
    yield
    change("refunds_obligation", owed, state="BOUNCED")


@forbidden_by("refunds_obligationitem.items_within_arrived")
def more_than_arrived() -> Iterator[None]:
    owed = row("refunds_obligation", amount=5, employer_id=7, insurance="pension", state="OFFERED")
    row("relief_payment", employer_id=7, insurance="pension", month=_MARCH, employer_amount=4)
    yield
    row("refunds_obligationitem", obligation_id=owed, month=_MARCH, amount=5)


@forbidden_by("refunds_obligationitem.items_within_arrived")
def more_than_is_owed() -> Iterator[None]:
    owed = row("refunds_obligation", amount=4, employer_id=7, insurance="pension", state="OFFERED")
    row("relief_payment", employer_id=7, insurance="pension", month=_MARCH, employer_amount=9)
    yield
    row("refunds_obligationitem", obligation_id=owed, month=_MARCH, amount=5)
