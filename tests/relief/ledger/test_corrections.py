"""Corrections by two people, in the services and in the database itself."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from registry.models import Post
from relief.ledger.services import corrections
from relief.ledger.verify import verify
from relief.models import LedgerCorrection, LedgerEntry
from tests.factories import make_employer
from tests.relief.builders import declare, recalculate, sized_employer
from tests.relief.ledger.booking import (
    AT,
    FEBRUARY,
    MARCH,
    balances,
    entry,
    officer,
    post,
    propose,
    say,
)

pytestmark = pytest.mark.django_db
Kind, State = LedgerCorrection.Kind, LedgerCorrection.State


@pytest.fixture
def finance():
    return officer(Post.FUND_FINANCE)


@pytest.fixture
def head():
    return officer(Post.HEAD, name="王负责")


def owing(amount: str = "1600.00"):
    """Return an employer that owes its pension part of March: a government office."""
    employer = sized_employer("LARGE")
    declare(employer)
    recalculate()
    assert balances(employer)["receivable"] > 0
    return employer


@pytest.mark.parametrize(
    ("kind", "debit", "credit"),
    [
        (Kind.WRITE_OFF, "written_off", "receivable"),
        (Kind.RECOVERED, "recovered", "receivable"),
        (Kind.LATE_FEE, "receivable", "late_fee"),
    ],
)
def test_a_correction_is_posted_when_another_person_approves_it(finance, head, kind, debit, credit):
    employer = owing()
    before = balances(employer)

    found = propose(employer, by=finance, kind=kind)
    assert balances(employer) == before
    done = corrections.approve(correction_id=found.pk, by=head, at=AT)

    moved = {
        name: balances(employer).get(name, 0) - before.get(name, 0) for name in (debit, credit)
    }
    assert moved == {debit: Decimal("12.34"), credit: Decimal("-12.34")}
    assert done.state == State.APPROVED
    assert done.entry.document == "攀社发〔2020〕7号"
    assert done.entry.reason == f"{done.get_kind_display()}：逾期缴费"
    assert verify(at=AT).ok


def test_a_correction_is_decided_once(finance, head):
    found = propose(make_employer(), by=finance)
    corrections.approve(correction_id=found.pk, by=head, at=AT)

    with pytest.raises(corrections.AlreadyDecided, match="王负责于08月03日09:00"):
        corrections.approve(correction_id=found.pk, by=head, at=AT)
    with pytest.raises(corrections.AlreadyDecided):
        corrections.refuse(correction_id=found.pk, reason="不对", by=head, at=AT)

    assert LedgerEntry.objects.count() == 1


def test_a_refused_correction_posts_nothing(finance, head):
    found = propose(make_employer(), by=finance)

    done = corrections.refuse(correction_id=found.pk, reason="依据不足", by=head, at=AT)

    assert (done.state, done.refusal) == (State.REFUSED, "依据不足")
    assert not LedgerEntry.objects.exists()


@pytest.mark.parametrize("post_", [each for each in Post if each != Post.FUND_FINANCE])
def test_only_fund_finance_proposes(post_):
    with pytest.raises(corrections.NotYours, match="基金财务"):
        propose(make_employer(), by=officer(post_))


def test_a_districts_fund_finance_proposes_nothing():
    with pytest.raises(corrections.NotYours):
        propose(make_employer(), by=officer(Post.FUND_FINANCE, district="510402"))


@pytest.mark.parametrize("post_", [each for each in Post if each != Post.HEAD])
def test_only_the_head_decides(finance, post_):
    found = propose(make_employer(), by=finance)

    with pytest.raises(corrections.NotYours, match="负责人"):
        corrections.approve(correction_id=found.pk, by=officer(post_), at=AT)


def test_who_became_head_meanwhile_decides_on_nothing_of_their_own(finance):
    found = propose(make_employer(), by=finance)
    finance.post = Post.HEAD
    finance.save()

    with pytest.raises(corrections.SamePerson):
        corrections.approve(correction_id=found.pk, by=finance, at=AT)


@pytest.mark.parametrize("kind", [Kind.WRITE_OFF, Kind.RECOVERED])
def test_no_more_is_written_off_or_recovered_than_is_owed(finance, head, kind):
    employer = owing()
    with pytest.raises(corrections.MoreThanOwed, match=r"2020-03的应收余额是 800\.00 元"):
        propose(employer, by=finance, kind=kind, amounts={MARCH: Decimal("800.01")})
    twice = [
        propose(employer, by=finance, kind=kind, amounts={MARCH: Decimal("800.00")})
        for _ in range(2)
    ]
    corrections.approve(correction_id=twice[0].pk, by=head, at=AT)

    with pytest.raises(corrections.MoreThanOwed):
        corrections.approve(correction_id=twice[1].pk, by=head, at=AT)


@pytest.mark.parametrize(
    "amounts", [{MARCH: Decimal("0")}, {MARCH: Decimal("-1")}, {MARCH: Decimal("0.001")}]
)
def test_an_amount_is_a_positive_number_of_fen(finance, amounts):
    with pytest.raises(corrections.NothingToCorrect):
        propose(make_employer(), by=finance, amounts=amounts)


def test_an_approved_correction_is_taken_back_whole_and_once(finance, head):
    employer = make_employer()
    months = {FEBRUARY: Decimal("1.00"), MARCH: Decimal("2.00")}
    wrong = propose(employer, by=finance, amounts=months)
    with pytest.raises(corrections.NotReversible):
        take_back(wrong, finance)
    corrections.approve(correction_id=wrong.pk, by=head, at=AT)

    back = take_back(wrong, finance)
    with pytest.raises(corrections.NotReversible):
        take_back(wrong, finance)
    corrections.approve(correction_id=back.pk, by=head, at=AT)

    assert balances(employer) == {}
    with pytest.raises(corrections.NotReversible):
        take_back(wrong, finance)
    with pytest.raises(corrections.NotReversible):
        take_back(back, finance)
    assert verify(at=AT).ok


def take_back(wrong, by):
    return corrections.propose_reversal(
        correction_id=wrong.pk, reason="记错月份", document="更正单1", by=by, at=AT
    )


def by_hand(found, **fields) -> None:
    """Change a correction past the services."""
    columns = ", ".join(f"{name} = %s" for name in fields)
    with transaction.atomic():
        say(
            f"UPDATE relief_ledgercorrection SET {columns} WHERE id = %s",
            [*fields.values(), found.pk],
        )


def test_the_database_refuses_one_person_alone(finance, head):
    found = propose(make_employer(), by=finance)
    post(entry(found.employer, "12.34", reference="other", value_on=found.value_on))
    other = LedgerEntry.objects.get()
    approved = {"state": "APPROVED", "decided_at": AT}

    with pytest.raises(IntegrityError, match="does not decide on it"):
        by_hand(found, state="REFUSED", decided_at=AT, decided_by_id=finance.pk, refusal="不")
    with pytest.raises(IntegrityError, match="not that of the correction"):
        by_hand(found, **approved, decided_by_id=head.pk, entry_id=other.pk)
    with pytest.raises(IntegrityError, match=r"not that of the correction|decided_whole"):
        by_hand(found, state="APPROVED")
    with pytest.raises(IntegrityError, match="decided_whole"):
        by_hand(found, state="REFUSED", decided_by_id=head.pk, decided_at=AT)


def test_the_database_refuses_who_became_head_meanwhile(finance):
    found = propose(make_employer(), by=finance)
    finance.post = Post.HEAD
    finance.save()

    with pytest.raises(IntegrityError, match="two_people"):
        by_hand(found, state="REFUSED", decided_by_id=finance.pk, decided_at=AT, refusal="不")


def test_the_database_keeps_what_was_proposed(finance):
    found = propose(make_employer(), by=finance)

    for column, value in (
        ("amount", "1.00"),
        ("reason", "别的"),
        ("prepared_at", AT.replace(day=4)),
    ):
        with pytest.raises(DatabaseError, match=r"(?i)read.?only|cannot"):
            by_hand(found, **{column: value})
    with pytest.raises(DatabaseError), transaction.atomic():
        say("DELETE FROM relief_ledgercorrection")
    with pytest.raises(IntegrityError, match="months exceed"), transaction.atomic():
        found.items.create(month=date(2020, 4, 1), amount="1.00")


def test_the_database_wants_the_sum_of_the_months(finance):
    found = propose(make_employer(), by=finance)
    found.pk, found.receipt, found._state.adding = None, "TZ2", True
    found.save()

    with pytest.raises(IntegrityError, match="not the sum of its months"):
        say("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.parametrize("change", [{"state": "APPROVED"}, {"prepared_by_id": 0}])
def test_the_database_wants_a_proposal_of_fund_finance_first(finance, head, change):
    found = propose(make_employer(), by=finance)
    if "prepared_by_id" in change:
        change = {"prepared_by_id": head.pk}
    for name, value in change.items():
        setattr(found, name, value)
    found.pk, found.receipt, found._state.adding = None, "TZ2", True

    with pytest.raises(IntegrityError, match=r"begins as a proposal|does not prepare it"):
        found.save()
