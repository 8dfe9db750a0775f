"""A construction project's refund on the pages of desk and portal, and in the API."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from casework import todo
from classification.models import Size
from refunds.models import Batch
from registry import scope
from registry.models import Employer, Post
from tests.factories import client_for, make_member, make_officer
from tests.refunds.making import account, offer, overpay
from tests.refunds.test_projects import INJURY, built, contractor, refunds_of
from tests.relief.builders import sized_employer
from tests.relief.building import make_project

pytestmark = pytest.mark.django_db


def read(who, name: str, *args: object, **query: object) -> str:
    answer = client_for(who).get(reverse(name, args=args), query)
    assert answer.status_code == 200, answer
    return answer.content.decode()


def test_the_offer_names_the_project_its_share_and_only_a_refund():
    employer = contractor()
    page = read(make_member(employer), "portal_refunds:offer")

    for said in ("建设项目XM1", "XM1工程", "10 / 12 个月", "50,000.00", "只能退费"):
        assert said in page
    for not_said in ("两种办法", "选择冲抵", "改选冲抵"):
        assert not_said not in page


def test_beside_months_only_the_months_may_be_offset(settings):
    settings.OFFSET_LAST_DAY = date.max
    employer = contractor()
    overpay(employer, amount="40.00")
    offer(employer)
    member = make_member(employer)
    months = employer.refunds.get(project=None)

    page = read(member, "portal_refunds:offer")

    assert "两种办法" in page
    path = reverse("portal_refunds:choose_offset")
    assert f'{path}?receipt={months.receipt}"' in page
    chosen = read(member, "portal_refunds:choose_offset")
    assert months.receipt in chosen
    assert refunds_of()[0].receipt not in chosen


def test_who_insists_on_offsetting_a_project_is_told_why_not(settings):
    settings.OFFSET_LAST_DAY = date.max
    employer = contractor()
    (refund,) = refunds_of()
    overpay(employer, amount="40.00")
    offer(employer)
    url = reverse("portal_refunds:choose_offset")

    answer = client_for(make_member(employer)).post(
        f"{url}?receipt={employer.refunds.get(project=None).receipt}", {"receipt": refund.receipt}
    )

    refund.refresh_from_db()
    assert refund.state == "OFFERED"
    assert "没有以后月份可以冲抵" in answer.content.decode()


def test_desk_and_portal_show_how_far_it_is_and_link_both_ways(cast):
    employer = contractor()
    refund = cast.bring("CHECKED", employer=employer)
    (member, officer) = make_member(employer), cast.reviewer

    for who, area, page in ((member, "portal", "portal_projects"), (officer, "desk", "relief")):
        of_refund = read(who, f"{area}_refunds:detail", refund.receipt)
        of_project = read(who, f"{page}:project", refund.project_id)
        assert reverse(f"{page}:project", args=[refund.project_id]) in of_refund
        assert "60,000.00 × 10 ÷ 12 × 100%" in of_refund
        assert refund.receipt in of_project
        assert "等基金财务岗复审" in of_project
    assert "建设项目" in read(officer, "desk_refunds:list")
    assert "XM1" in read(member, "portal_refunds:list")


def test_another_enterprise_sees_nothing_of_it():
    employer = contractor()
    second = sized_employer()
    make_project(second, "XM2")
    built(second)
    (refund,) = refunds_of()
    stranger = client_for(make_member(second))
    for name, args in (
        ("portal_refunds:detail", refund.receipt),
        ("portal_projects:project", refund.project_id),
    ):
        assert stranger.get(reverse(name, args=[args])).status_code == 404
    assert employer.refunds.count() == 1


def test_a_flagged_project_says_that_its_money_waits_for_a_look():
    employer = contractor(paid_on="2020-01-17")
    project = employer.projectversion_set.get().project_id
    assert "核对上面的提示以后，应退的 50,000.00 元" in read(
        make_officer(Post.HANDLER), "relief:project", project
    )


def test_audit_sees_what_the_project_paid_and_not_the_months_payments(cast):
    employer = contractor()
    cast.bring("APPROVED", employer=employer)
    batch = cast.draft(INJURY)
    page = read(cast.auditor, "desk_refunds:sample", Batch.objects.get(pk=batch.pk).number)
    assert "一次缴纳 60,000.00 元" in page


def test_the_employers_refunds_are_shown_with_their_project(cast):
    employer = contractor()
    page = read(cast.reviewer, "desk_refunds:of_employer", employer.pk)
    assert "工伤保险（建设项目XM1）" in page
    assert "10 / 12 个月" in page


def test_choosing_the_account_names_the_project():
    employer = contractor()
    (refund,) = refunds_of()
    given = account(employer)
    answer = client_for(make_member(employer)).post(
        reverse("portal_refunds:choose"),
        {
            "which": "new",
            "holder": given.holder,
            "bank": given.bank,
            "bank_code": given.bank_code,
            "number": given.number,
            "receipt": refund.receipt,
        },
    )
    assert "XM1" in answer.content.decode()


def test_the_api_names_the_project(cast):
    employer = contractor()
    (refund,) = refunds_of()
    client = client_for(make_member(employer))

    found = client.get(f"/api/v1/refunds/{refund.receipt}/").json()
    why = client.get(f"/api/v1/refunds/{refund.receipt}/explanation/").json()

    assert found["project"] == "XM1"
    (month,) = found["months"]
    assert (month["gross_due"], month["relief"], month["net_due"], month["amount"]) == (
        "60000.00",
        "50000.00",
        "10000.00",
        "50000.00",
    )
    assert why["agrees"]


@pytest.mark.parametrize(
    "page", ["portal_refunds:list", "portal_refunds:offer", "portal_projects:list", "api:projects"]
)
def test_lists_cost_the_same_whatever_their_length(page):
    def cost(employer: Employer) -> int:
        client = client_for(make_member(employer))
        args = [employer.uscc] if page.startswith("api") else []
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert client.get(reverse(page, args=args)).status_code == 200
        return len(asked)

    few, many = sized_employer(), sized_employer()
    make_project(few, "XM-1")
    for number in range(8):
        make_project(many, f"XM-{number + 2}")
    built(few, many)

    assert cost(few) == cost(many)


def test_what_a_project_lacks_is_on_the_list_its_page_and_the_to_dos_of_both_sides():
    employer = sized_employer(Size.LARGE)
    version = make_project(employer)
    make_project(employer, price="500000000.00")
    built(employer)
    officer, member = make_officer(Post.HANDLER), make_member(employer)

    listed = read(officer, "relief:projects", show="missing")
    assert "应补 440,000.00" in listed
    assert "应补 440,000.00" not in read(officer, "relief:projects", show="none")
    assert "应补 440,000.00 元" in read(member, "portal_projects:project", version.project_id)
    for who, label in ((officer, "建设项目应补"), (member, "应补工伤保险费的建设项目")):
        counts = {item.label: item.count for item in todo.todos(scope.viewer_of(who.user))}
        assert counts[label] == 1
    stranger = {each.label for each in todo.todos(scope.viewer_of(make_member().user))}
    assert "应补工伤保险费的建设项目" not in stranger
