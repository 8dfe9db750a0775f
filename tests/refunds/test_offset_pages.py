"""Both choices as the enterprise and the desk see them."""

from datetime import date

import pytest
from django.urls import reverse

from refunds.models import Obligation
from registry.models import Membership, Post
from tests import factories
from tests.factories import client_for
from tests.refunds.making import clock, offer, overpay
from tests.refunds.test_offset import APRIL, MAY, choose_offset, lack, states
from tests.refunds.test_pages import page

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_the_time_of_the_story(monkeypatch):
    from django.utils import timezone

    monkeypatch.setattr(timezone, "now", clock)


@pytest.fixture
def employer():
    employer = overpay()
    lack(employer, month=APRIL, amount="300.00")
    lack(employer, month=MAY, amount="200.00")
    offer(employer)
    return employer


@pytest.fixture
def client(cast, employer):
    return client_for(cast.member(employer))


def test_the_offer_says_what_both_choices_mean_in_dates_and_months(client, employer):
    shown = " ".join(page(client, "portal_refunds:offer").split())
    assert "今天选择，预计 10 个工作日左右、2020年8月3日 前后到账" in shown
    assert "现在就能抵 500.00 元 ：养老 2020年4月 300.00 元，养老 2020年5月 200.00 元" in shown
    assert "还剩 500.00 元，抵以后月份，到 2020年12月 为止" in shown


def test_the_offset_is_looked_over_and_handed_in(client, employer):
    shown = page(client, "portal_refunds:choose_offset")
    assert "请核对后选择冲抵" in shown
    assert states(employer) == [("OFFERED", "1000.00")]
    done = client.post(
        reverse("portal_refunds:choose_offset"),
        {"receipt": [employer.refunds.get().receipt]},
        follow=True,
    ).content.decode()
    assert "已选择冲抵" in done
    assert "冲抵了哪几个月" in done
    assert states(employer) == [("OFFSETTING", "1000.00")]


def test_one_fund_is_offset_and_the_other_refunded(client, employer):
    overpay(employer, insurance="injury", amount="20.00")
    offer(employer)
    injury = Obligation.objects.get(insurance="injury")
    shown = page(client, "portal_refunds:choose_offset", receipt=injury.receipt)
    assert "工伤保险" in shown
    assert "养老保险" not in shown
    client.post(reverse("portal_refunds:choose_offset"), {"receipt": [injury.receipt]})
    assert states(employer) == [("OFFERED", "1000.00"), ("OFFSETTING", "20.00")]
    assert "共退 1,000.00 元" in " ".join(page(client, "portal_refunds:choose").split())


def test_chosen_twice_is_told_kindly(client, employer, cast):
    receipt = employer.refunds.get().receipt
    overpay(employer, insurance="injury", amount="20.00")
    choose_offset(cast, employer)
    offer(employer)
    again = client.post(
        reverse("portal_refunds:choose_offset"), {"receipt": [receipt]}, follow=True
    )
    assert again.status_code == 200
    assert states(employer)[0] == ("OFFSETTING", "1000.00")


def test_after_the_period_only_the_refund_is_offered(client, settings):
    settings.OFFSET_LAST_DAY = date(2020, 7, 1)
    shown = page(client, "portal_refunds:offer")
    assert "可以冲抵的期限到 2020年7月1日 为止" in shown
    assert client.get(reverse("portal_refunds:choose_offset")).status_code == 302


def test_a_preparer_sees_both_and_chooses_neither(employer):
    preparer = factories.make_member(employer, role=Membership.Role.PREPARER)
    client = client_for(preparer)
    assert "请转告他们" in page(client, "portal_refunds:offer")
    assert client.get(reverse("portal_refunds:choose_offset")).status_code == 403


def test_the_rest_of_a_used_offset_is_chosen_anew(client, employer, cast):
    (refund,) = choose_offset(cast, employer)
    asked = page(client, "portal_refunds:withdraw", refund.receipt)
    assert "已经用于冲抵的 500.00 元 不再退回" in " ".join(asked.split())
    client.post(reverse("portal_refunds:withdraw", args=[refund.receipt]))
    assert states(employer) == [("OFFSET", "1000.00"), ("OFFERED", "500.00")]


def test_the_months_page_shows_what_went_out_and_came_in(client, employer, cast):
    choose_offset(cast, employer)
    shown = " ".join(page(client, "portal_months").split())
    assert "冲抵转出、转入" in shown
    assert "转入，抵本月应缴" in shown
    assert "转出，抵其他月份" in shown


def test_a_reviewer_ends_an_offset_and_says_why(employer, cast):
    (refund,) = choose_offset(cast, employer)
    client = client_for(cast.reviewer)
    assert "终止冲抵" in page(client, "desk_refunds:detail", refund.receipt)
    url = reverse("desk_refunds:end_offset", args=[refund.receipt])
    assert "请写明终止冲抵的原因" in client.post(url, {"reason": ""}).content.decode()
    client.post(url, {"reason": "单位已注销"})
    assert states(employer) == [("OFFSET", "1000.00"), ("OFFERED", "500.00")]
    shown = page(client, "desk_refunds:detail", refund.receipt)
    assert "单位已注销" in shown


def test_nobody_ends_the_offset_of_another_district(employer, cast):
    (refund,) = choose_offset(cast, employer)
    stranger = client_for(factories.make_officer(Post.REVIEWER, district="510403"))
    url = reverse("desk_refunds:end_offset", args=[refund.receipt])
    assert stranger.post(url, {"reason": "单位已注销"}).status_code == 404
