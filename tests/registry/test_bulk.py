"""Many rows at once: what is stored is what one at a time would have stored."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from casework.models import Holiday, Move, Notice
from registry import bulk
from registry.models import Import, WorkState
from relief.models import PaidBack
from tests.factories import AT, make_employer

pytestmark = pytest.mark.django_db

ODD = "制表\t换行\n回车\r反斜杠\\N 引号'\" 与\\x41 𠮷"


def move(**fields):
    return Move(
        matter_kind="try",
        matter_id=1,
        action="办理",
        by_user_id=None,
        by_name="系统",
        at=AT,
        **fields,
    )


def test_odd_texts_come_back_as_they_went_in():
    (stored,) = bulk.store([move(note=ODD)])
    assert Move.objects.get(pk=stored.pk).note == ODD


def test_numbers_are_given_in_the_order_of_the_objects():
    stored = bulk.store([move(note=str(turn)) for turn in range(50)])
    assert list(
        Move.objects.filter(pk__in=[one.pk for one in stored])
        .order_by("pk")
        .values_list("note", flat=True)
    ) == [str(turn) for turn in range(50)]


def test_amounts_days_and_moments_are_exact():
    employer = make_employer()
    (stored,) = bulk.store(
        [
            PaidBack(
                employer=employer,
                month=date(2020, 2, 1),
                insurance="pension",
                amount=Decimal("0.01"),
                on=date(2020, 7, 1),
                reference="R1",
            )
        ]
    )
    found = PaidBack.objects.get(pk=stored.pk)
    assert (found.amount, found.on, found.employer_id) == (
        Decimal("0.01"),
        date(2020, 7, 1),
        employer.pk,
    )


def test_json_and_truth_values_are_stored():
    (stored,) = bulk.store(
        [
            Import(
                kind="employers",
                file_name=ODD[:50],
                file_sha256="0" * 64,
                state=WorkState.DONE,
                preview={"字": ["\\", '"', None, True]},
                created_at=AT,
            )
        ]
    )
    found = Import.objects.get(pk=stored.pk)
    assert found.preview == {"字": ["\\", '"', None, True]}
    assert found.partial is False


def test_the_constraints_hold_as_ever():
    row = {
        "employer": make_employer(),
        "month": date(2020, 2, 1),
        "insurance": "pension",
        "on": date(2020, 7, 1),
    }
    with pytest.raises(IntegrityError), transaction.atomic():
        bulk.store([PaidBack(**row, amount=Decimal("1.00"), reference="twice") for _ in range(2)])


def test_nothing_to_store_is_no_mistake():
    assert bulk.store([]) == []
    assert bulk.change([], ["name"]) == 0


def test_only_the_named_fields_of_the_named_rows_change():
    employer = make_employer()
    notices = Notice.objects.bulk_create(
        Notice(employer=employer, key=f"k{turn}", title="题", body="文", sent_at=AT)
        for turn in range(3)
    )
    later = datetime(2020, 8, 1, tzinfo=UTC)
    for notice in notices[:2]:
        notice.title, notice.read_at, notice.body = ODD, later, "不写"
    notices[1].read_at = None
    assert bulk.change(notices[:2], ["title", "read_at"]) == 2
    found = list(Notice.objects.order_by("pk").values_list("title", "read_at", "body"))
    assert found == [(ODD, later, "文"), (ODD, None, "文"), ("题", None, "文")]


def test_dates_change_too():
    holiday = Holiday.objects.order_by("pk")[0]
    holiday.day = date(1999, 1, 1)
    assert bulk.change([holiday], ["day"]) == 1
    assert Holiday.objects.get(pk=holiday.pk).day == date(1999, 1, 1)
