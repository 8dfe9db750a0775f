"""Plans of repayment: they add up, and what stands of them always comes to what is due and paid."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deferral.schedule import BadPlan, Instalment, check, monthly, once, schedule_of

fen = st.integers(0, 10**9).map(lambda number: Decimal(number) / 100)
DAY = date(2020, 4, 30)


@given(amount=fen, months_on=st.integers(0, 9), day=st.integers(1, 28))
def test_a_monthly_plan_adds_up_and_ends_on_its_last_day(amount, months_on, day):
    ends_on = date(2020, 4 + months_on if months_on < 9 else 12, day)

    rows = monthly(amount, first=date(2020, 4, 1), ends_on=ends_on)

    assert sum(row.amount for row in rows) == amount
    assert rows[-1].due_on == ends_on
    assert [row.due_on for row in rows] == sorted({row.due_on for row in rows})
    assert all(row.amount >= 0 for row in rows)
    assert rows[-1].amount - rows[0].amount < Decimal("0.10")


def test_a_hundred_yuan_in_three_parts():
    rows = monthly(Decimal("100.00"), first=date(2020, 4, 1), ends_on=date(2020, 6, 30))

    assert [str(row.amount) for row in rows] == ["33.33", "33.33", "33.34"]


@given(
    planned=st.lists(fen, min_size=1, max_size=6),
    due=fen,
    paid=fen,
)
def test_what_stands_of_a_plan_adds_up_to_what_is_due_and_paid(planned, due, paid):
    plan = [Instalment(DAY + timedelta(days=n), amount) for n, amount in enumerate(planned)]

    rows, rest = schedule_of(plan, due=due, paid=paid)

    assert sum(row.amount for row in rows) == due
    assert sum(row.paid for row in rows) + rest == paid
    assert all(0 <= row.paid <= row.amount for row in rows)
    assert rest == 0 or all(row.open == 0 for row in rows)


def test_less_due_comes_off_the_last_instalment_and_payments_pay_the_first():
    plan = [Instalment(DAY, Decimal(100)), Instalment(DAY + timedelta(days=30), Decimal(100))]

    rows, rest = schedule_of(plan, due=Decimal(150), paid=Decimal(120))

    assert [(row.amount, row.paid, row.open) for row in rows] == [
        (Decimal(100), Decimal(100), Decimal(0)),
        (Decimal(50), Decimal(20), Decimal(30)),
    ]
    assert rest == 0


@pytest.mark.parametrize(
    ("plan", "says"),
    [
        ([], "至少填写一期"),
        ([Instalment(DAY, Decimal(60)), Instalment(DAY, Decimal(40))], "日期相同"),
        (once(Decimal(100), on=date(2020, 3, 20)), "不晚于今天"),
        (once(Decimal(100), on=date(2021, 1, 1)), "晚于最迟缴清日"),
        (once(Decimal(99), on=DAY), "还差 1.00 元"),
        (once(Decimal(101), on=DAY), "多了 1.00 元"),
    ],
)
def test_a_plan_that_can_not_stand_is_refused_with_its_reason(plan, says):
    with pytest.raises(BadPlan, match=says):
        check(plan, amount=Decimal(100), after=date(2020, 3, 20), latest=date(2020, 12, 31))
