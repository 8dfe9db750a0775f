"""What the database refuses about notices of what is still to be paid, whoever asks.

Each attempt is made twice where a trigger stands in the way: refused as things are, and let
through once it is away.
"""

from decimal import Decimal

import pytest
from django.db import connection

from relief.models import RecoveryItem, RecoveryNotice
from tests.guarding import attempt, without
from tests.relief.builders import AT
from tests.relief.test_recoveries import notice_of, owing, settle

pytestmark = pytest.mark.django_db
TABLE, ITEMS = "relief_recoverynotice", "relief_recoveryitem"


@pytest.fixture
def notice() -> RecoveryNotice:
    employer = owing()
    settle(employer)
    return notice_of(employer)


def change(notice, **fields):
    return lambda: RecoveryNotice.objects.filter(pk=notice.pk).update(**fields)


def now():
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")


@pytest.mark.parametrize("field", ["amount", "due_on", "as_of", "opened_at"])
def test_what_was_asked_for_stays_as_it_was(notice, field):
    other = {"amount": Decimal("1.00"), "opened_at": AT.replace(day=2)}
    write = change(notice, **{field: other.get(field, AT.date().replace(day=9))})

    assert "fixed" in attempt(write) or "read only" in attempt(write).lower()
    without(TABLE, "fixed")
    assert attempt(write) == ""


def test_a_notice_ends_once(notice):
    change(notice, state="SETTLED", ended_at=AT)()
    write = change(notice, state="WITHDRAWN")

    assert "transition" in attempt(write).lower()
    without(TABLE, "ends_once")
    assert attempt(write) == ""


def test_a_notice_never_ends_without_its_time(notice):
    assert "recovery_ended_with_its_time" in attempt(change(notice, state="SETTLED"))


def test_no_notice_is_deleted(notice):
    assert "delete" in attempt(RecoveryNotice.objects.filter(pk=notice.pk).delete).lower()


def test_a_unit_has_one_open_notice(notice):
    def another():
        RecoveryNotice.objects.create(
            receipt="BJ000000000002",
            employer=notice.employer,
            round=9,
            amount=Decimal("1.00"),
            as_of=notice.as_of,
            deadline=notice.deadline,
            due_on=notice.due_on,
            opened_at=AT,
        )

    assert "recovery_one_open" in attempt(another)


def a_line(notice, amount="5.00", **otherwise):
    item = notice.items.first()
    fields = {
        "month": item.month.replace(month=5),
        "net_due": Decimal(amount),
        "paid": Decimal("0.00"),
        "written_off": Decimal("0.00"),
        "amount": Decimal(amount),
        "due_on": item.due_on,
        "assessment": item.assessment,
    }
    return lambda: RecoveryItem.objects.create(
        notice=notice, insurance=item.insurance, **(fields | otherwise)
    )


def test_no_line_comes_to_a_notice_later(notice):
    write = a_line(notice)

    assert "exceed their notice" in attempt(write)
    without(ITEMS, "within_its_notice")
    assert attempt(write) == ""


def test_a_notice_is_the_sum_of_its_lines(notice):
    def bare():
        change(notice, state="REPLACED", ended_at=AT)()
        RecoveryNotice.objects.create(
            receipt="BJ000000000003",
            employer=notice.employer,
            round=9,
            amount=Decimal("1.00"),
            as_of=notice.as_of,
            deadline=notice.deadline,
            due_on=notice.due_on,
            opened_at=AT,
        )
        now()

    assert "is not the sum of its items" in attempt(bare)
    without(TABLE, "amount_is_sum_of_items")
    assert attempt(bare) == ""


@pytest.mark.parametrize(
    ("otherwise", "constraint"),
    [
        ({"paid": Decimal("1.00")}, "recovery_item_adds_up"),
        ({"amount": Decimal("0.00"), "net_due": Decimal("0.00")}, "recovery_item_is_something"),
    ],
)
def test_a_line_adds_up(notice, otherwise, constraint):
    assert constraint in attempt(a_line(notice, **otherwise))


def test_lines_are_never_changed(notice):
    write = RecoveryItem.objects.filter(notice=notice).update

    assert attempt(lambda: write(amount=Decimal("1.00"))) != ""
