"""What the other triggers forbid: audit's, the bank's word, reconciliation, offsets, the book."""

from collections.abc import Iterator
from hashlib import sha256

from tests.refunds.guards.rows import change, row
from tests.refunds.guards.violations import VIOLATIONS, forbidden_by

_NOON = "2020-07-20 12:00:00+08"
_LATER = "2020-07-21 12:00:00+08"
_DAY, _MARCH, _APRIL = "2020-07-20", "2020-03-01", "2020-04-01"
_SECRET = "s" * 64
_COMMITMENT = sha256(_SECRET.encode()).hexdigest()


# Audit


@forbidden_by("refunds_sampleseed.committed_then_bound_then_revealed")
def a_seed_bound_as_it_is_made() -> Iterator[None]:
    yield
    row("refunds_sampleseed", batch_id=1, secret="")


@forbidden_by("refunds_sampleseed.committed_then_bound_then_revealed")
def a_seed_for_a_known_list() -> Iterator[None]:
    batch = row("refunds_batch", state="DRAFT")
    row("refunds_attempt", batch_id=batch)
    seed = row("refunds_sampleseed", secret="")
    yield
    change("refunds_sampleseed", seed, batch_id=batch)


@forbidden_by("refunds_sampleseed.committed_then_bound_then_revealed")
def another_secret_than_committed() -> Iterator[None]:
    seed = row("refunds_sampleseed", batch_id=1, secret="", commitment=_COMMITMENT)
    yield
    change("refunds_sampleseed", seed, secret="t" * 64, revealed_at=_NOON)


@forbidden_by("refunds_sampleseed.committed_then_bound_then_revealed")
def revealed_twice() -> Iterator[None]:
    seed = row(
        "refunds_sampleseed",
        batch_id=1,
        secret=_SECRET,
        commitment=_COMMITMENT,
        revealed_at=_NOON,
    )
    yield
    change("refunds_sampleseed", seed, revealed_at=_LATER)


@forbidden_by("refunds_sampledraw.drawn_from_a_revealed_seed")
def drawn_before_the_secret_is_known() -> Iterator[None]:
    batch = row("refunds_batch", state="DRAFT")
    row("refunds_sampleseed", batch_id=batch, secret="")
    yield
    row("refunds_sampledraw", batch_id=batch, considered=0)


@forbidden_by("refunds_sampledraw.drawn_from_a_revealed_seed")
def drawn_over_a_part_of_the_lines() -> Iterator[None]:
    batch = row("refunds_batch", state="DRAFT")
    row("refunds_sampleseed", batch_id=batch, secret=_SECRET)
    row("refunds_attempt", batch_id=batch)
    yield
    row("refunds_sampledraw", batch_id=batch, considered=0)


def _drawn_line(*, batch: str, state: str, owed: str = "IN_BATCH") -> int:
    number = row("refunds_batch", state=batch)
    obligation = row("refunds_obligation", state=owed)
    line = row("refunds_attempt", batch_id=number, state=state, obligation_id=obligation)
    return row("refunds_sampleline", attempt_id=line)


@forbidden_by("refunds_samplecheck.checked_by_audit")
def audited_after_the_batch_went_on() -> Iterator[None]:
    line = _drawn_line(batch="CHECKED", state="QUEUED")
    yield
    row("refunds_samplecheck", line_id=line, verdict="CLEAR")


@forbidden_by("refunds_samplecheck.checked_by_audit")
def audited_by_no_auditor() -> Iterator[None]:
    line = _drawn_line(batch="DRAFT", state="QUEUED")
    yield
    row("refunds_samplecheck", line_id=line, verdict="CLEAR")


@forbidden_by("refunds_holdend.ended_by_audit")
def an_end_for_what_is_not_held() -> Iterator[None]:
    line = _drawn_line(batch="DRAFT", state="QUEUED")
    cleared = row("refunds_samplecheck", line_id=line, verdict="CLEAR")
    yield
    row("refunds_holdend", check_made_id=cleared, released=True)


@forbidden_by("refunds_holdend.ended_by_audit")
def released_by_who_held_it() -> Iterator[None]:
    line = _drawn_line(batch="DRAFT", state="RECALLED", owed="HELD")
    held = row("refunds_samplecheck", line_id=line, verdict="HOLD", officer_id=7)
    yield
    row("refunds_holdend", check_made_id=held, released=True, officer_id=7)


# The bank's word and reconciliation


def _changed(table: str, state: str, column: str, value: object) -> Iterator[None]:
    number = row(table, state=state)
    yield
    change(table, number, **{column: value})


_PREPARED: dict[str, object] = {
    "reason": "另一个",
    "document": "另一个",
    "prepared_by_id": 7,
    "prepared_at": _LATER,
}
_FIXED: dict[str, dict[str, object]] = {
    "refunds_bankword": _PREPARED | {"attempt_id": 7, "outcome": "X", "settled_on": _DAY},
    "refunds_correction": _PREPARED | {"difference_id": 7, "action": "X"},
}
for _table, _columns in _FIXED.items():
    VIOLATIONS[f"{_table}.fixed"] = [
        *(
            lambda table=_table, column=column, value=value: _changed(  # type: ignore[misc]
                table, "PROPOSED", column, value
            )
            for column, value in _columns.items()
        ),
        lambda table=_table: _changed(table, "CONFIRMED", "state", "REFUSED"),  # type: ignore[misc]
    ]


def _closed_over(state: str) -> Iterator[None]:
    row("refunds_difference", account="22", day=_DAY, state=state)
    yield
    row("refunds_dayclose", account="22", day=_DAY)


VIOLATIONS["refunds_dayclose.closes_at_nothing"] = [
    lambda: _closed_over("OPEN"),
    lambda: _closed_over("PROPOSED"),
]


@forbidden_by("refunds_dayclose.closes_at_nothing")
def closed_by_who_drafted() -> Iterator[None]:
    batch = row("refunds_batch", payer_account="22", drafted_by_id=7)
    row("refunds_attempt", batch_id=batch, settled_on=_DAY)
    yield
    row("refunds_dayclose", account="22", day=_DAY, closed_by_id=7)


# Offsets


def _offsetting(state: str = "OFFSETTING") -> tuple[int, int]:
    owed = row("refunds_obligation", state=state, employer_id=7, insurance="pension")
    return owed, row("refunds_obligationitem", obligation_id=owed, month=_MARCH, amount=5)


@forbidden_by("refunds_offsetuse.use_is_covered")
def used_beyond_what_it_holds() -> Iterator[None]:
    owed, item = _offsetting()
    row("refunds_offsetuse", obligation_id=owed, item_id=item, to_month=_APRIL, amount=3)
    yield
    row("refunds_offsetuse", obligation_id=owed, item_id=item, to_month=_APRIL, amount=3)


@forbidden_by("refunds_offsetuse.use_is_covered")
def used_while_it_waits_for_the_bank() -> Iterator[None]:
    owed, item = _offsetting("APPROVED")
    yield
    row("refunds_offsetuse", obligation_id=owed, item_id=item, to_month=_APRIL, amount=3)


@forbidden_by("refunds_offsetuse.use_is_covered")
def used_for_its_own_month() -> Iterator[None]:
    owed, item = _offsetting()
    yield
    row("refunds_offsetuse", obligation_id=owed, item_id=item, to_month=_MARCH, amount=3)


@forbidden_by("refunds_offsetuse.use_is_covered")
def undone_beyond_what_was_used() -> Iterator[None]:
    owed, item = _offsetting()
    same = {"obligation_id": owed, "item_id": item, "to_month": _APRIL}
    used = row("refunds_offsetuse", amount=3, **same)
    yield
    row("refunds_offsetuse", amount=-4, undoes_id=used, **same)


@forbidden_by("refunds_offsetuse.use_is_open")
def given_to_a_month_that_lacks_nothing() -> Iterator[None]:
    owed, item = _offsetting()
    yield
    row("refunds_offsetuse", obligation_id=owed, item_id=item, to_month=_APRIL, amount=1)


@forbidden_by("refunds_offsetuse.use_is_posted")
def used_without_money() -> Iterator[None]:
    owed, item = _offsetting()
    yield
    row("refunds_offsetuse", obligation_id=owed, item_id=item, to_month=_APRIL, amount=1)


# The book


def _into_a_closed_posting(table: str) -> Iterator[None]:
    posting = row("relief_ledgerposting")
    row("relief_ledgerentry", posting_id=posting)
    yield
    row(table, posting_id=posting)


@forbidden_by("relief_ledgerentry.not_after_its_posting")
def one_more_entry() -> Iterator[None]:
    return _into_a_closed_posting("relief_ledgerentry")


@forbidden_by("relief_ledgerleg.not_after_its_posting")
def one_more_leg() -> Iterator[None]:
    return _into_a_closed_posting("relief_ledgerleg")


@forbidden_by("relief_ledgerleg.not_after_its_posting")
def a_leg_without_an_entry() -> Iterator[None]:
    yield
    row("relief_ledgerleg")


_SAME = {"employer_id": 7, "insurance": "pension", "value_on": _DAY}


def _posted(**changed: object) -> Iterator[None]:
    """Try a posting of one entry over 5.00, put wrong in one place."""
    wrong = {
        "entries": 1,
        "legs": 2,
        "debit": "5.00",
        "credit": "-5.00",
        "chain": "pension-00",
        "strays": {},
    } | changed
    entry = row("relief_ledgerentry", posting_id=7, **_SAME)
    leg = {"posting_id": 7, "entry_id": entry, "account": "overpaid"} | _SAME
    row("relief_ledgerleg", amount="5.00", **leg)
    row("relief_ledgerleg", **(leg | {"amount": wrong["credit"]} | wrong["strays"]))  # type: ignore[operator]
    yield
    row(
        "relief_ledgerposting",
        id=7,
        chain=wrong["chain"],
        entries=wrong["entries"],
        legs=wrong["legs"],
        debit=wrong["debit"],
    )


VIOLATIONS["relief_ledgerposting.balances"] = [
    lambda: _posted(credit="-4.99"),
    lambda: _posted(entries=2),
    lambda: _posted(legs=3),
    lambda: _posted(debit="4.99"),
    lambda: _posted(chain="injury-00"),
    lambda: _posted(strays={"employer_id": 8}),
    lambda: _posted(strays={"insurance": "injury"}),
    lambda: _posted(strays={"value_on": "2020-07-21"}),
    lambda: _posted(strays={"entry_id": 8}),
]


def _chained(number: int, previous: bytes) -> Iterator[None]:
    first = b"\1" * 32
    row("relief_ledgerposting", chain="pension-77", number=1, digest=first)
    yield
    row("relief_ledgerposting", chain="pension-77", number=number, previous=previous or first)


VIOLATIONS["relief_ledgerposting.follows_its_chain"] = [
    lambda: _chained(3, b""),
    lambda: _chained(1, b""),
    lambda: _chained(2, b"\2" * 32),
]


# Corrections of the book


@forbidden_by("relief_ledgercorrection.amount_is_sum_of_items")
def corrected_without_months() -> Iterator[None]:
    yield
    row("relief_ledgercorrection")


@forbidden_by("relief_ledgercorrection.entry_is_its_own")
def approved_without_an_entry() -> Iterator[None]:
    correction = row("relief_ledgercorrection", state="PROPOSED")
    yield
    change("relief_ledgercorrection", correction, state="APPROVED")


@forbidden_by("relief_ledgercorrection.entry_is_its_own")
def approved_with_an_entry_of_another_amount() -> Iterator[None]:
    same = {"employer_id": 7, "insurance": "pension", "value_on": _DAY}
    entry = row("relief_ledgerentry", posting_id=7, reference="GZ1.APPROVED", **same)
    row("relief_ledgerleg", posting_id=7, entry_id=entry, amount=4, **same)
    correction = row("relief_ledgercorrection", receipt="GZ1", amount=5, state="PROPOSED", **same)
    yield
    change("relief_ledgercorrection", correction, state="APPROVED", entry_id=entry)


@forbidden_by("relief_ledgercorrection.proposed_first")
def approved_from_the_start() -> Iterator[None]:
    yield
    row("relief_ledgercorrection", state="APPROVED")


@forbidden_by("relief_ledgercorrectionitem.items_within_amount")
def one_more_month() -> Iterator[None]:
    correction = row("relief_ledgercorrection", amount=5)
    yield
    row("relief_ledgercorrectionitem", correction_id=correction, amount=6)
