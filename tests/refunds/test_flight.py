"""Money in flight: every fen in one place, what is missing said, buttons that can be pressed."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse

from refunds import queries_flight as queries
from refunds.flight_data import read, rules
from refunds.models import Digest, FlightAction
from refunds.services import flight
from refunds.workflow import State
from registry.models import Post
from tests import factories
from tests.refunds.closing import DAY, paid_out, state

pytestmark = pytest.mark.django_db

#: A Monday morning, and the day after.
MONDAY = datetime(2020, 7, 20, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))


def stands(at=MONDAY):
    today = at.date()
    return {
        stand.place.code: stand
        for stand in queries.stands(rules(), today=today, calendar=queries.year_around(today))
    }


def test_every_state_stands_in_one_place_or_is_over():
    placed = {state for place in rules().places for state in place.states}
    assert placed == {state.value for state in State} - {State.OFFSET, State.SUPERSEDED}


def test_two_places_for_one_state_are_refused():
    text = '[[place]]\ncode="a"\nlabel="a"\nstates=["PAID"]\naccount="arrived"\nwithin=0\nnext=""\n'
    head = 'document="d"\nconfidence="待确认"\n[files]\nanswer_within=1\nstatement_within=1\n'
    head += "[jobs]\nslow_after=1\n[digest]\nhour=8\n"
    assert read(head + text).places
    with pytest.raises(ValueError, match="two places"):
        read(head + text * 2)


@pytest.mark.parametrize(
    ("reached", "code"),
    [
        ("OFFERED", "choice"),
        ("CHECKED", "approval"),
        ("APPROVED", "approved"),
        ("IN_BATCH", "batch"),
        ("AT_BANK", "bank"),
        ("PAID", "arrived"),
        ("BOUNCED", "bounced"),
    ],
)
def test_the_fen_stand_in_one_place_and_the_book_agrees(cast, reached, code):
    cast.bring(reached)
    found = stands()
    assert {key: stand.amount for key, stand in found.items() if stand.count} == {
        code: Decimal("1000.00")
    }
    book = queries.book(list(found.values()), queries.balances())
    assert [each for each in book if each.difference] == []


def test_what_stands_too_long_is_late(cast):
    cast.bring("CHECKED")
    assert stands()["approval"].late == 0
    late = stands(MONDAY + timedelta(days=7))["approval"]
    assert (late.late, late.late_amount) == (1, Decimal("1000.00"))


def test_an_answer_that_does_not_come_turns_red(cast):
    cast.bring("AT_BANK")
    calendar = queries.year_around(MONDAY.date())

    def late(day):
        found = queries.expected(rules(), today=day, calendar=calendar)
        return [(each.what, each.late) for each in found]

    assert late(date(2020, 7, 21)) == [("回盘文件", False)]
    assert late(date(2020, 7, 22)) == [("回盘文件", True)]


def test_a_statement_that_does_not_come_turns_red_and_one_that_came_does_not(cast):
    attempt = cast.bring("PAID").attempts.get()
    calendar = queries.year_around(MONDAY.date())

    def statement():
        found = queries.expected(rules(), today=date(2020, 7, 22), calendar=calendar)
        return next(each for each in found if each.what == "对账单")

    assert statement().late
    state(paid_out(attempt), day=DAY)
    assert not statement().late
    assert statement().came


def test_from_choice_to_arrival_in_working_days_the_slowest_first(cast):
    slow, fast = cast.bring("PAID"), cast.bring("PAID")
    ways = queries.ways(since=date(2020, 1, 1))
    assert [way.obligation for way in ways] == [slow, fast]
    assert [way.days for way in ways] == [0, 0]
    assert queries.middle(ways) == queries.middle(ways, 90) == 0
    assert queries.middle([]) is None


def test_a_digest_is_made_once_and_only_when_something_is_wrong(cast):
    assert flight.make_digest(now=MONDAY) is None
    cast.bring("CHECKED")
    morning = MONDAY + timedelta(days=7)
    digest = flight.make_digest(now=morning)
    assert "审核中：1笔超过2个工作日" in digest.text
    assert flight.make_digest(now=morning) is None
    assert Digest.objects.count() == 1


def test_no_digest_before_the_hour_or_on_a_holiday(cast):
    cast.bring("CHECKED")
    morning = MONDAY + timedelta(days=7)
    assert flight.make_digest(now=morning.replace(hour=6)) is None
    assert flight.make_digest(now=morning + timedelta(days=5)) is None  # a Saturday


def test_the_board_says_where_the_money_is_and_a_press_is_kept(client, cast):
    cast.bring("CHECKED")
    client.force_login(cast.cashier.user)
    page = client.get(reverse("desk_refunds:flight")).text
    assert "审核中" in page
    assert "1,000.00" in page
    for _ in range(2):
        client.post(reverse("desk_refunds:flight_press"))
    assert FlightAction.objects.filter(by=cast.cashier).count() == 2


def test_a_refusal_is_kept_too(cast):
    def refuse():
        raise ValueError("已送出")

    pressed = flight.pressed(
        kind=FlightAction.Kind.RECALL,
        subject="批次1",
        act=refuse,
        by=cast.cashier,
        at=MONDAY,
        refusals=(ValueError,),
    )
    assert pressed == (False, "没有办成：已送出")
    assert FlightAction.objects.get().outcome == pressed.outcome


def test_only_the_citys_money_posts_see_the_board(client):
    for post in Post:
        client.force_login(factories.make_officer(post).user)
        assert client.get(reverse("desk_refunds:flight")).status_code == 403


@pytest.mark.parametrize("rows", [1, 8])
def test_the_board_costs_the_same_whatever_it_shows(
    client, cast, rows, django_assert_max_num_queries
):
    for _ in range(rows):
        cast.bring("AT_BANK")
    client.force_login(cast.auditor.user)
    client.get(reverse("desk_refunds:flight"))
    with django_assert_max_num_queries(40):
        client.get(reverse("desk_refunds:flight"))
