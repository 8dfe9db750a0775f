"""The statement of account: to the fen, each late fee explained, on paper the same for all."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from casework.models import Letter
from deferral.queries.statement import statement
from deferral.services.statements import statement_letter
from tests.deferral.test_following import agreed, on
from tests.factories import client_for
from tests.relief.builders import pay

pytestmark = pytest.mark.django_db

LATE = date(2021, 1, 10)


@pytest.fixture
def half_paid():
    """Pension of 1,600.00 of which 600.00 came in time, the rest of the injury fund too late."""
    walk, agreement = agreed()
    pay(walk.application.employer, "600.00", arrived_on=date(2020, 5, 10))
    pay(walk.application.employer, "40.00", insurance="injury", arrived_on=date(2021, 1, 6))
    return walk, agreement


def test_it_adds_up_to_the_fen(half_paid):
    _walk, agreement = half_paid

    found = statement(agreement, LATE)

    assert (found.standing.due, found.standing.paid, found.standing.open) == (
        Decimal("1700.00"),
        Decimal("640.00"),
        Decimal("1060.00"),
    )
    # 1,000.00 and 60.00 for ten days, 40.00 for the five before it came: 5.00 + 0.30 + 0.10.
    assert [(entry.label, str(entry.fee)) for entry in found.entries] == [
        ("养老", "5.00"),
        ("失业", "0.30"),
        ("工伤", "0.10"),
    ]
    assert found.to_pay == Decimal("1065.40")
    assert [row.voucher for row in found.entries[0].payments] == ["V00000001"]


def test_on_paper_it_explains_each_late_fee_and_is_one_letter_a_day(half_paid):
    _walk, agreement = half_paid

    first = statement_letter(agreement, at=on(LATE))

    assert statement_letter(agreement, at=on(LATE)) == first
    assert statement_letter(agreement, at=on(date(2021, 1, 11))) != first
    assert Letter.objects.filter(kind="deferral_statement").count() == 2
    text = str(first.facts)
    assert "2021-01-01 至 2021-01-10 共 10 天 × 0.05% = 5.00 元" in text
    assert "2021-01-01 至 2021-01-05 共 5 天 × 0.05% = 0.10 元（次日到账）" in text


def test_both_sides_read_the_same_page(half_paid, monkeypatch):
    walk, _agreement = half_paid
    monkeypatch.setattr(timezone, "now", lambda: on(LATE))
    portal = reverse("portal_deferrals:statement", args=[walk.application.receipt])
    desk = reverse("desk_deferrals:statement", args=[walk.application.receipt])

    mine = client_for(walk.member).get(portal).content.decode()
    theirs = client_for(walk.decider).get(desk).content.decode()

    for text in (mine, theirs):
        assert "1,000.00 元 × 10 天 × 0.05% = 5.00 元" in text
        assert "1,060.00" in text


def test_more_payments_cost_no_more_queries(half_paid, django_assert_num_queries):
    walk, agreement = half_paid
    statement(agreement, LATE)  # the law is read once and kept
    with CaptureQueriesContext(connection) as few:
        statement(agreement, LATE)
    for number in range(5):
        pay(walk.application.employer, "10.00", arrived_on=date(2020, 6, 1 + number))

    with django_assert_num_queries(len(few)):
        assert len(statement(agreement, LATE).entries[0].payments) == 6
