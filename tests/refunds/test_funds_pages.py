"""The funds' desk: what its lists cost, and who may look at them."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from refunds.bank.interface import OTHER
from refunds.models import Difference
from refunds.services import bank, choose
from registry.models import Post
from tests.factories import client_for, make_officer
from tests.refunds.closing import DAY, charge, entry, state
from tests.refunds.making import clock, offer, overpay, put_down, row
from tests.refunds.test_offset import APRIL, lack

pytestmark = pytest.mark.django_db
LISTS = ["desk_refunds:flight", "desk_refunds:to_clear_up", "desk_refunds:reconcile"]
LOOKERS = {Post.FUND_FINANCE, Post.HEAD, Post.AUDIT}


@pytest.fixture(autouse=True)
def at_the_time_of_the_story(monkeypatch):
    """Pages ask the clock; the story happens in July 2020."""
    from refunds.views import flight, lines, reconcile

    for module in (flight, lines, reconcile):
        monkeypatch.setattr(module.timezone, "now", clock)


def cost(client, name):
    """Return how many statements a page takes, and its text."""
    client.get(reverse(name))  # what is remembered from page to page is remembered now
    with CaptureQueriesContext(connection) as counted:
        response = client.get(reverse(name))
    assert response.status_code == 200
    return len(counted), response.content.decode()


def test_money_in_flight_costs_the_same_for_one_batch_and_for_twenty(cast):
    client = client_for(cast.auditor)
    cast.bring("AT_BANK")
    one, few = cost(client, "desk_refunds:flight")
    for _ in range(19):
        cast.bring("AT_BANK")
    twenty, many = cost(client, "desk_refunds:flight")
    assert "20,000.00" not in few
    assert "20,000.00" in many
    assert many.count("YL20200720") > few.count("YL20200720")
    assert one == twenty


def test_rows_to_clear_up_cost_the_same_for_one_and_for_twenty(cast):
    client = client_for(cast.cashier)
    attempt = cast.bring("AT_BANK").attempts.get()
    put_down([row(attempt, amount="1.00")])
    bank.exchange(clock=clock)
    one, _ = cost(client, "desk_refunds:to_clear_up")
    put_down([row(attempt, amount=f"{place}.00") for place in range(2, 21)])
    bank.exchange(clock=clock)
    twenty, text = cost(client, "desk_refunds:to_clear_up")
    assert text.count("rl-row--bad") == 20
    assert one == twenty


def test_differences_cost_the_same_for_one_and_for_twenty(cast):
    client = client_for(cast.head)
    cast.register_funds()
    strange = [
        entry(None, f"-{place}.00", kind=OTHER, line_no=f"F{place:03}") for place in range(1, 21)
    ]
    state(strange[:1])
    one, few = cost(client, "desk_refunds:reconcile")
    state(strange)
    twenty, many = cost(client, "desk_refunds:reconcile")
    assert many.count("rl-row--bad") - few.count("rl-row--bad") == 19
    assert one == twenty


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("post", Post)
def test_the_funds_posts_of_the_city_look_and_nobody_else(name, post):
    city = client_for(make_officer(post, district="510400"))
    assert city.get(reverse(name)).status_code == (200 if post in LOOKERS else 403)
    district = client_for(make_officer(post, district="510402"))
    assert district.get(reverse(name)).status_code == 403


@pytest.mark.parametrize("post", [Post.REVIEWER, Post.HANDLER, Post.FUND_FINANCE])
def test_a_districts_officer_opens_no_batch_line_or_day(cast, post):
    attempt = cast.bring("PAID").attempts.get()
    account = attempt.batch.account
    client = client_for(make_officer(post))
    for name, args in [
        ("batch", [attempt.batch.number]),
        ("line", [attempt.line_no]),
        ("reconcile_days", [account.pk]),
        ("reconcile_day", [account.pk, DAY.isoformat()]),
    ]:
        assert client.get(reverse(f"desk_refunds:{name}", args=args)).status_code in (403, 404)


def test_what_is_used_of_an_offset_has_left_its_place_in_flight(cast):
    employer = overpay(amount="800.00")
    lack(employer, month=APRIL, amount="300.00")
    offer(employer)
    choose.choose_offset(
        member=cast.member(employer), receipts=[employer.refunds.get().receipt], at=clock()
    )
    page = client_for(cast.auditor).get(reverse("desk_refunds:flight"))
    place = next(stand for stand, _ in page.context["stands"] if "OFFSETTING" in stand.place.states)
    assert (place.count, place.amount) == (1, Decimal("500.00"))
    assert not any(each.difference for each in page.context["book"])


def test_a_movement_without_our_number_is_named_by_its_row_in_chinese(cast):
    cast.register_funds()
    state([charge()])
    difference = Difference.objects.get()
    assert (difference.kind, difference.key) == (Difference.Kind.NOT_OURS, "对账单第1行")
