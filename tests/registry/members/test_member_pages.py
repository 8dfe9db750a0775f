"""Pages of an employer's accounts, and whom they let in."""

import re

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from registry import scope
from registry.models import ActivationCode
from tests.factories import client_for, make_employer, make_member
from tests.registry.members.joining import CODE, OWN, Role, accept, ask, invite, owners

pytestmark = pytest.mark.django_db


# --- guards ---


def test_preparers_look_at_refunds_but_dont_choose_them(employer, owner):
    preparer = client_for(make_member(employer, role=Role.PREPARER))
    signer = client_for(make_member(employer, role=Role.SIGNER))
    address = reverse("portal_refunds:choose")

    assert preparer.get(reverse("portal_refunds:offer")).status_code == 200
    assert preparer.get(address).status_code == 403
    assert signer.get(address).status_code == 302  # nothing is offered


def test_a_guard_may_name_roles():
    @scope.member_required(Role.OWNER)
    def page(request):
        raise AssertionError

    class Request:
        pass

    employer = make_employer()
    make_member(employer)
    request = Request()
    request.user = make_member(employer, role=Role.PREPARER).user
    with pytest.raises(PermissionDenied, match="请由单位管理员办理"):
        page(request)
    assert page.guard == ("member", frozenset({Role.OWNER}))


# --- pages ---


def test_a_colleague_comes_in_through_the_pages(employer, owner):
    client = client_for(owner)
    fields = {"name": "李四", "phone": "0812-1234567", "role": "SIGNER"}
    slip = client.post(reverse("portal_members:invite"), fields)
    text = slip.content.decode()
    code = re.search(CODE, text).group()
    assert slip["Cache-Control"] == "no-store"
    assert "不发短信和邮件" in text
    assert f"/activate/?uscc={employer.uscc}" in text
    twice = client.post(reverse("portal_members:invite"), fields).content.decode()
    assert "已经邀请过" in twice
    listed = client.get(reverse("portal_members:list")).content.decode()
    assert "待使用" in listed
    assert code not in listed

    visitor = Client()
    assert employer.uscc in visitor.get(f"/activate/?uscc={employer.uscc}").content.decode()
    person = {
        "uscc": employer.uscc,
        "code": code,
        "name": "王五",
        "phone": "0812-1234567",
        "username": "lisi",
        "password": OWN,
        "repeated": OWN,
    }
    wrong = visitor.post("/activate/", person).content.decode()
    assert 'href="#id_name"' in wrong
    answer = visitor.post("/activate/", {**person, "name": "李四"}, follow=True)
    assert answer.redirect_chain == [("/portal/", 302)]
    seen = visitor.get(reverse("portal_members:list")).content.decode()
    assert "李四" in seen
    assert "账号变动记录" not in seen


def test_handing_over_through_the_pages(employer, owner):
    taker = make_member(employer, name="何签署")
    giver_browser, taker_browser = client_for(owner), client_for(taker)
    page = giver_browser.post(
        reverse("portal_members:hand_over"), {"taker": taker.pk, "afterwards": "PREPARER"}
    )
    assert page["Location"] == reverse("portal_members:list")
    assert "请您接任单位管理员" in taker_browser.get("/portal/").content.decode()

    taker_browser.post(reverse("portal_members:confirm_hand_over"))

    assert owners(employer) == ["何签署"]
    assert giver_browser.get(reverse("portal_members:invite")).status_code == 403
    assert "请您接任" not in taker_browser.get("/portal/").content.decode()


def test_removing_asks_first(employer, owner):
    person, client = make_member(employer), client_for(owner)
    address = reverse("portal_members:remove", args=[person.pk])
    assert "要移除这个人吗" in client.get(address).content.decode()
    person.refresh_from_db()
    assert person.active

    answer = client.post(address, {"reason": "离职"}, follow=True)

    assert "已从所有设备退出" in answer.content.decode()
    person.refresh_from_db()
    assert not person.active
    assert client.post(address).status_code == 404


def test_an_owner_is_replaced_through_the_desks_pages(employer, owner, handler, reviewer):
    desk, second = client_for(handler), client_for(reviewer)
    page = reverse("desk_registry:employer", args=[employer.pk])
    assert "更换管理员</a>" in desk.get(page).content.decode()
    assert "更换管理员</a>" not in second.get(page).content.decode()
    slip = desk.post(
        reverse("desk_registry:replace_owner", args=[employer.pk]), {"reason": "离职"}
    ).content.decode()
    code = re.search(CODE, slip).group()
    assert "复核岗复核通过" in slip
    assert "更换单位管理员待复核" in second.get("/desk/").content.decode()
    assert employer.name in second.get(reverse("desk_registry:replacements")).content.decode()
    address = reverse("desk_registry:decide_owner", args=[employer.pk])
    assert "离职" in second.get(address).content.decode()

    record = employer.activation_codes.get()
    second.post(address, {"decision": "approve", "code": record.pk})

    record.refresh_from_db()
    assert record.decided_by == reviewer
    accept(employer, code, name="新管理员", at=timezone.now())
    text = second.get(page).content.decode()
    assert all(word in text for word in ("新管理员", "已停用", "更换单位管理员"))


def test_what_was_decided_is_what_was_looked_at(employer, owner, handler, reviewer):
    _, former = ask(employer, handler, at=timezone.now())
    ask(employer, handler, at=timezone.now())
    address = reverse("desk_registry:decide_owner", args=[employer.pk])

    answer = client_for(reviewer).post(
        address, {"decision": "approve", "code": former.pk}, follow=True
    )

    assert "已经失效" in answer.content.decode()
    assert not ActivationCode.objects.filter(decision="APPROVED").exists()


@pytest.mark.parametrize("rows", [1, 20])
def test_the_page_of_accounts_costs_the_same_whatever_its_length(
    rows, employer, owner, django_assert_num_queries
):
    for number in range(rows):
        make_member(employer, name=f"同事{number}")
        invite(owner, name=f"受邀{number}") if number < 9 else None
    client = client_for(owner)
    client.get(reverse("portal_members:list"))

    with django_assert_num_queries(9):
        client.get(reverse("portal_members:list"))


@pytest.mark.parametrize("rows", [1, 20])
def test_the_list_of_replacements_costs_the_same_whatever_its_length(
    rows, handler, reviewer, django_assert_num_queries
):
    for _ in range(rows):
        ask(make_member().employer, handler, at=timezone.now())
    client = client_for(reviewer)
    client.get(reverse("desk_registry:replacements"))

    with django_assert_num_queries(5):
        client.get(reverse("desk_registry:replacements"))
