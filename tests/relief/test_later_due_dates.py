"""Due days moved for one employer: late fees, what is asked for, and what was known before."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from casework.services.matters import SYSTEM
from relief.calc.late_fee import late_parts
from relief.models import LaterDueDate, RecoveryNotice
from relief.queries import late_fees, places
from relief.queries.due_dates import moved_days
from relief.queries.recoveries import owed
from relief.services import recoveries
from relief.services.due_dates import NotLater, Postponed, postpone
from tests.factories import client_for, make_member, make_officer
from tests.guarding import attempt, without
from tests.relief.builders import AT, MARCH, declare, pay, recalculate, sized_employer

pytestmark = pytest.mark.django_db

DECEMBER_END = date(2020, 12, 31)
DECIDED = date(2020, 3, 20)


def large_unit():
    """March of a large unit: pension due 800.00 after half is waived, by the end of March."""
    employer = sized_employer("LARGE")
    declare(employer)
    recalculate()
    return employer


def move(employer, due_on=DECEMBER_END, *, cause="deferral:X", decided_on=DECIDED):
    return postpone(
        lines=[Postponed(employer.pk, MARCH, fund, due_on) for fund in ("pension", "injury")],
        cause=cause,
        clause="人社部发〔2020〕11号 第三条",
        document="缓缴协议 X",
        by=SYSTEM,
        decided_on=decided_on,
        at=AT,
    )


def fees(employer, day):
    found = late_fees.late_fees(day, employer_ids=[employer.pk])
    return {line.insurance.value: (line.first, line.days, line.fee) for line in found}


def test_no_late_fee_runs_before_the_later_day_and_from_the_day_after_it_does():
    employer = large_unit()
    before = fees(employer, date(2020, 12, 31))
    move(employer)

    assert set(before) == {"pension", "unemployment", "injury"}
    assert set(fees(employer, date(2020, 12, 31))) == {"unemployment"}
    # 800.00 yuan, 10 days from 1 January 2021, 0.05 % a day
    assert fees(employer, date(2021, 1, 10))["pension"] == (
        date(2021, 1, 1),
        10,
        Decimal("4.00"),
    )


def test_what_was_known_before_the_decision_stays_as_it_was():
    employer = large_unit()
    known = fees(employer, date(2020, 8, 1))
    move(employer, decided_on=date(2020, 8, 2))

    assert fees(employer, date(2020, 8, 1)) == known
    assert "pension" not in fees(employer, date(2020, 8, 2))


def test_moving_twice_by_one_cause_moves_once_and_a_day_given_back_is_the_ordinary_one():
    employer = large_unit()
    ordinary = fees(employer, date(2020, 12, 31))

    assert (move(employer), move(employer)) == (2, 0)
    move(employer, None, cause="deferral:X:ended", decided_on=date(2020, 9, 1))

    assert "pension" not in fees(employer, date(2020, 8, 31))
    assert fees(employer, date(2020, 12, 31)) == ordinary


def test_a_day_before_the_ordinary_one_is_refused():
    employer = large_unit()

    with pytest.raises(NotLater, match="2020-03-31"):
        move(employer, date(2020, 3, 30))
    assert not LaterDueDate.objects.exists()


def test_nothing_is_asked_for_before_the_later_day_and_a_notice_gives_way():
    employer = large_unit()
    recoveries.settle(employer_ids=[employer.pk], at=AT)
    assert RecoveryNotice.objects.get(state="OPEN").items.count() == 3

    move(employer)
    recoveries.settle(employer_ids=[employer.pk], at=AT)

    asked = RecoveryNotice.objects.get(state="OPEN")
    assert [item.insurance for item in asked.items.all()] == ["unemployment"]
    assert {line.insurance for line in owed(date(2021, 2, 1), employer_ids=[employer.pk])} == {
        "pension",
        "unemployment",
        "injury",
    }


def test_a_deferred_month_is_placed_as_not_due_yet():
    employer = large_unit()
    move(employer)
    recoveries.settle(employer_ids=[employer.pk], at=AT)

    found = {
        line.insurance.value: line
        for line in places.placed(date(2020, 8, 1), employer_ids=[employer.pk])
    }

    assert found["pension"].early == Decimal("800.00")
    assert found["unemployment"].early == 0
    assert not any(line.nowhere for line in found.values())


def test_the_steps_of_a_late_fee_name_the_agreement():
    employer = large_unit()
    move(employer)

    told = late_fees.of_unit(employer.pk, date(2021, 1, 10))

    assert "人社部发〔2020〕11号 第三条" in told.clauses
    assert "缓缴协议 X" in str(told.tree)


def test_later_due_days_are_never_changed():
    move(large_unit())

    def change():
        with connection.cursor() as cursor:  # the owner, whom no missing right stops
            cursor.execute(
                "SET LOCAL ROLE NONE; UPDATE relief_laterduedate SET due_on = '2021-06-30'"
            )

    assert "Cannot update" in attempt(change)
    without("relief_laterduedate", "append_only")
    assert attempt(change) == ""


@settings(max_examples=25, deadline=None)
@given(
    late_by=st.integers(0, 200),
    arrivals=st.lists(
        st.tuples(st.integers(0, 400), st.integers(1, 90_000)), min_size=0, max_size=3
    ),
    asked_after=st.integers(0, 500),
)
def test_late_fees_with_a_later_day_equal_the_count_in_python(late_by, arrivals, asked_after):
    employer = large_unit()
    due = date(2020, 3, 31) + timedelta(days=late_by)
    move(employer, due, cause=f"deferral:{late_by}")
    moved = [(MARCH + timedelta(days=n), Decimal(fen) / 100) for n, fen in arrivals]
    for day, amount in moved:
        pay(employer, str(amount), arrived_on=day)
    as_of = date(2020, 8, 1) + timedelta(days=asked_after)

    found = late_fees.late_fees(as_of, employer_ids=[employer.pk])

    expected = late_parts(
        Decimal("800.00"), moved=moved, due=due, as_of=as_of, daily=Decimal("0.0005")
    )
    assert [(p.principal, p.first, p.last, p.fee) for p in expected] == [
        (line.principal, line.first, line.last, line.fee)
        for line in found
        if line.insurance.value == "pension"
    ]


def test_pages_name_the_day_that_holds_and_by_what():
    employer = large_unit()
    move(employer)
    officer = client_for(make_officer(district=employer.district_id))
    member = client_for(make_member(employer))
    at = "?as_of=2020-09-01"
    pages = [
        officer.get(reverse("relief:account", args=[employer.pk]) + at),
        officer.get(reverse("relief:explain", args=[employer.uscc, "2020-03", "pension"]) + at),
        member.get(reverse("portal_months") + at),
        member.get(reverse("portal_why", args=["2020-03", "pension"]) + at),
    ]

    for page in pages:
        text = page.content.decode()
        assert "缴费截止日有变动" in text
        assert "2020年12月31日" in text
        assert "缓缴协议 X" in text
    (alone,) = pages[1].context["moved"]
    assert (alone.label, alone.ordinary) == ("养老", date(2020, 3, 31))
    other = reverse("portal_why", args=["2020-03", "unemployment"])
    assert "缴费截止日有变动" not in member.get(other + at).content.decode()
    assert moved_days(employer.pk, date(2020, 3, 19)) == []

    move(employer, None, cause="deferral-end:X", decided_on=date(2020, 5, 4))

    text = member.get(reverse("portal_months") + at).content.decode()
    assert "恢复原截止日" in text
