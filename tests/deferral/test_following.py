"""From the agreement to the last instalment: by the book, told once, overdue by itself."""

import csv
from datetime import date, datetime
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from casework.models import Notice
from deferral.models import Agreement
from deferral.queries.standing import standing
from deferral.services import following
from deferral.workflow import AgreementState
from relief.calc.late_fee import late_parts
from relief.models import Insurance
from relief.queries import late_fees
from relief.queries.recoveries import owed
from tests.deferral.builders import MARCH, SHANGHAI, Walk
from tests.relief.builders import declare, make_size, pay, recalculate

pytestmark = pytest.mark.django_db

AMOUNTS = {"pension": "1600.00", "unemployment": "60.00", "injury": "40.00"}


def agreed(**filled) -> tuple[Walk, Agreement]:
    walk = Walk(first="2020-03", last="2020-03", **filled).to_decision().decide()
    return walk, walk.agree()


def on(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 9, 0, tzinfo=SHANGHAI)


def follow(agreement: Agreement, day: date) -> str:
    following.settle(agreement_ids=[agreement.pk], at=on(day))
    agreement.refresh_from_db()
    return agreement.state


def now(agreement: Agreement, day: date):
    return standing([agreement], day)[0]


def test_what_is_open_shrinks_with_each_payment_and_paid_up_is_said_once():
    walk, agreement = agreed()
    employer = walk.application.employer
    assert now(agreement, date(2020, 4, 1)).open == Decimal("1700.00")

    pay(employer, "1600.00", arrived_on=date(2020, 5, 10))
    assert now(agreement, date(2020, 5, 10)).open == Decimal("100.00")
    assert follow(agreement, date(2020, 5, 10)) == AgreementState.IN_FORCE
    for fund in ("unemployment", "injury"):
        pay(employer, AMOUNTS[fund], insurance=fund, arrived_on=date(2020, 6, 1))

    assert follow(agreement, date(2020, 6, 1)) == AgreementState.PAID_UP
    assert follow(agreement, date(2020, 6, 1)) == AgreementState.PAID_UP
    assert Notice.objects.filter(title__contains="已缴清").count() == 1


def test_a_unit_is_reminded_ten_and_three_days_before_and_not_twice():
    _walk, agreement = agreed()

    for day in (date(2020, 12, 20), date(2020, 12, 21), date(2020, 12, 22), date(2020, 12, 28)):
        follow(agreement, day)
        follow(agreement, day)

    reminders = Notice.objects.filter(key__startswith="deferral:remind:")
    assert [notice.sent_at.date() for notice in reminders.order_by("pk")] == [
        date(2020, 12, 21),
        date(2020, 12, 28),
    ]


def test_what_is_open_at_the_end_is_overdue_and_asked_for_with_late_fees():
    walk, agreement = agreed()
    employer = walk.application.employer_id
    assert follow(agreement, date(2020, 12, 31)) == AgreementState.IN_FORCE

    assert follow(agreement, date(2021, 1, 1)) == AgreementState.OVERDUE

    fees = late_fees.late_fees(date(2021, 1, 10), employer_ids=[employer])
    assert {fee.insurance.value: fee.fee for fee in fees} == {
        "pension": Decimal("8.00"),  # 1,600.00 × 10 × 0.05 %
        "unemployment": Decimal("0.30"),
        "injury": Decimal("0.20"),
    }
    asked = owed(date(2021, 1, 10), employer_ids=[employer])
    assert {line.insurance: str(line.owed) for line in asked} == AMOUNTS


def test_a_correction_of_the_class_changes_what_is_deferred_by_itself():
    walk, agreement = agreed()
    make_size(walk.application.employer, "SMALL", dated=date(2020, 4, 1))
    recalculate(date(2020, 4, 2))

    assert now(agreement, date(2020, 4, 2)).due == 0
    assert follow(agreement, date(2020, 4, 2)) == AgreementState.PAID_UP
    make_size(walk.application.employer, "LARGE", dated=date(2020, 4, 10))
    recalculate(date(2020, 4, 11))

    assert now(agreement, date(2020, 4, 11)).open == Decimal("1700.00")
    assert follow(agreement, date(2020, 4, 11)) == AgreementState.IN_FORCE


def test_the_employees_part_counts_where_it_is_deferred():
    _walk, agreement = agreed(employee_part=True)

    found = now(agreement, date(2020, 4, 1))

    # 2 × 10,000 × (8 % + 0.4 %)
    assert sum(line.employee_due for line in found.lines) == Decimal("1680.00")
    assert found.due == Decimal("3380.00")


def test_the_public_table_says_each_month_with_its_parts():
    walk, _agreement = agreed()
    pay(walk.application.employer, "600.00", arrived_on=date(2020, 5, 10))
    out = StringIO()

    call_command("export_table", "deferrals", "-", "--as-of", "2020-06-01", stdout=out)

    rows = list(csv.DictReader(StringIO(out.getvalue().removeprefix("\ufeff"))))
    assert [row["insurance"] for row in rows] == ["injury", "pension", "unemployment"]
    pension = rows[1]
    assert pension["receipt"] == walk.application.receipt
    assert (pension["period"], pension["employer_part"], pension["employee_part"]) == (
        "2020-03",
        "1600.00",
        "0.00",
    )
    assert (pension["due"], pension["paid"], pension["open"], pension["state"]) == (
        "1600.00",
        "600.00",
        "1000.00",
        "IN_FORCE",
    )


events = st.lists(
    st.tuples(
        st.sampled_from(["pay", "size", "declare"]),
        st.integers(1, 200_000),
        st.sampled_from(Insurance.values),
    ),
    max_size=5,
)


@settings(max_examples=12, deadline=None)
@given(events=events, asked_after=st.integers(0, 400))
def test_whatever_happens_due_is_paid_and_open_and_fees_equal_a_count_in_python(
    events, asked_after
):
    walk, agreement = agreed()
    employer = walk.application.employer
    paid: dict[str, list[tuple[date, Decimal]]] = {fund: [] for fund in Insurance.values}
    day = date(2020, 4, 1)
    for number, (kind, size, fund) in enumerate(events):
        day = date(2020, 4, 1 + 5 * number)
        if kind == "pay":
            amount = Decimal(size) / 100
            pay(employer, str(amount), insurance=fund, arrived_on=day)
            paid[fund].append((day, amount))
        elif kind == "size":
            make_size(employer, "SMALL" if size % 2 else "LARGE", dated=day)
            recalculate(day)
        else:
            declare(employer, MARCH, (f"{4000 + size % 9000}.00",))
            recalculate(day)
    as_of = date.fromordinal(date(2020, 9, 1).toordinal() + asked_after)

    found = now(agreement, as_of)

    assert found.due == found.paid + found.open
    assert sum(row.amount for row in found.instalments) == found.due
    assert sum(row.paid for row in found.instalments) == found.paid
    fees = late_fees.late_fees(as_of, employer_ids=[employer.pk])
    for line in found.lines:
        expected = late_parts(
            line.employer_due,
            moved=paid[line.insurance],
            due=agreement.ends_on,
            as_of=as_of,
            daily=Decimal("0.0005"),
        )
        assert [(part.first, part.principal, part.fee) for part in expected] == [
            (fee.first, fee.principal, fee.fee)
            for fee in fees
            if fee.insurance.value == line.insurance
        ]
