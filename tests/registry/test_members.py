"""How an employer runs its own accounts, and how its agency replaces an owner who has left."""

import re
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from casework.models import Notice
from registry import scope
from registry.models import (
    ActivationCode,
    Handover,
    Invitation,
    Membership,
    MembershipEvent,
    Officer,
    Post,
)
from registry.services import accounts, activation, members, replacement
from tests.factories import (
    AT,
    PASSWORD,
    client_for,
    make_employer,
    make_member,
    make_officer,
)

pytestmark = pytest.mark.django_db
Role = Membership.Role
OWN = "Yige-hen-chang-2020"
LATER = AT + timedelta(minutes=1)
CODE = r"(\w{4}-){3}\w{4}(?=</p>)"


@pytest.fixture
def owner():
    return make_member(name="梁会计")


@pytest.fixture
def employer(owner):
    return owner.employer


def invite(owner, *, name="李四", role=Role.PREPARER, at=AT):
    return members.invite(owner=owner, name=name, role=role, phone="0812-1234567", at=at)


def accept(employer, code, *, name="李四", username="lisi", at=LATER, address="192.0.2.1"):
    return activation.activate(
        uscc=employer.uscc,
        code=code,
        username=username,
        name=name,
        phone="13800000000",
        password=OWN,
        address=address,
        at=at,
    )


def hand_over(owner, taker, afterwards=Handover.Afterwards.SIGNER, at=AT):
    return members.ask_hand_over(owner=owner, taker_id=taker.pk, afterwards=afterwards, at=at)


def kinds(employer):
    return [event.kind for event in employer.membership_events.order_by("pk")]


def owners(employer):
    return [member.name for member in employer.members.active().filter(role=Role.OWNER)]


# --- roles ---


def test_owners_and_signers_sign_and_everybody_prepares(employer, owner):
    signer = make_member(employer, role=Role.SIGNER)
    preparer = make_member(employer, role=Role.PREPARER)
    assert [scope.may_sign(who) for who in (owner, signer, preparer)] == [True, True, False]
    assert all(scope.may_prepare(who) for who in (owner, signer, preparer))

    members.remove(owner=owner, member_id=signer.pk, reason="", at=AT)
    signer.refresh_from_db()
    assert not scope.may_sign(signer)
    assert not scope.may_prepare(signer)


def test_the_database_knows_one_active_owner_per_employer(employer, owner):
    with pytest.raises(IntegrityError, match="membership_one_active_owner"), transaction.atomic():
        make_member(employer, role=Role.OWNER)
    with pytest.raises(IntegrityError, match="membership_ended_by_somebody"), transaction.atomic():
        Membership.objects.filter(pk=owner.pk).update(ended_at=AT)


def test_an_officers_account_never_becomes_a_members_nor_a_members_an_officers(employer, owner):
    officer = make_officer()
    with pytest.raises(DatabaseError, match="other side"), transaction.atomic():
        Membership.objects.create(
            user=officer.user, employer=employer, name="李经办", role=Role.SIGNER, since=AT
        )
    with pytest.raises(DatabaseError, match="other side"), transaction.atomic():
        Officer.objects.create(user=owner.user, agency=officer.agency, name="x", post=Post.HANDLER)
    with pytest.raises(DatabaseError, match="other side"), transaction.atomic():
        Membership.objects.filter(pk=owner.pk).update(user=officer.user)


def test_the_log_of_accounts_is_append_only(employer, owner):
    invite(owner)
    with pytest.raises(DatabaseError), transaction.atomic():
        MembershipEvent.objects.update(note="")
    with pytest.raises(DatabaseError), transaction.atomic():
        MembershipEvent.objects.all().delete()


# --- inviting ---


def test_the_owner_invites_and_the_invited_joins_once(employer, owner):
    code, invitation = invite(owner, role=Role.SIGNER)
    member = accept(employer, code)

    assert (member.employer, member.name, member.role) == (employer, "李四", Role.SIGNER)
    with pytest.raises(activation.CodeSpent, match="已经用过"):
        accept(employer, code, username="other")
    invitation.refresh_from_db()
    assert invitation.used_by == member
    assert kinds(employer) == ["INVITED", "JOINED"]
    assert code not in str(Invitation.objects.get().__dict__)


def test_names_on_the_slip_may_be_typed_carelessly_but_are_the_invited_persons(employer, owner):
    code, _ = invite(owner, name=" 阿木·尔 哈 ")

    with pytest.raises(activation.WrongPerson, match="本人开通"):
        accept(employer, code, name="王五")
    assert accept(employer, code, name="阿木•尔哈").name == "阿木·尔哈"


def test_an_invitation_is_good_for_seven_days_and_for_its_employer(employer, owner):
    code, _ = invite(owner)
    with pytest.raises(activation.WrongCode):
        accept(make_employer(), code)
    with pytest.raises(activation.CodeSpent, match="重新邀请"):
        accept(employer, code, at=AT + timedelta(days=7))
    assert accept(employer, code, at=AT + timedelta(days=6))


def test_a_withdrawn_invitation_opens_nothing_and_is_withdrawn_once(employer, owner):
    code, invitation = invite(owner)
    members.withdraw_invitation(owner=owner, invitation_id=invitation.pk, at=LATER)

    with pytest.raises(activation.CodeSpent, match="失效"):
        accept(employer, code)
    with pytest.raises(members.NotOpen):
        members.withdraw_invitation(owner=owner, invitation_id=invitation.pk, at=LATER)
    assert invite(owner, at=LATER)


def test_one_person_gets_one_invitation_and_one_account(employer, owner):
    code, _ = invite(owner)
    with pytest.raises(members.AlreadyThere, match="已经邀请过"):
        invite(owner, role=Role.SIGNER, at=LATER)
    accept(employer, code)
    with pytest.raises(members.AlreadyThere, match="同名"):
        invite(owner, name="李 四", at=LATER)
    # Nobody is their own second person.
    with pytest.raises(members.AlreadyThere, match="同名"):
        invite(owner, name=owner.name, at=LATER)


def test_an_expired_invitation_makes_room_for_a_new_one(employer, owner):
    former, _ = invite(owner)
    code, _ = invite(owner, at=AT + timedelta(days=8))

    with pytest.raises(activation.CodeSpent):
        accept(employer, former, at=AT + timedelta(days=9))
    assert accept(employer, code, at=AT + timedelta(days=9))


def test_only_the_owner_invites_and_never_an_owner(employer, owner):
    with pytest.raises(members.NotOwner):
        invite(make_member(employer, role=Role.SIGNER))
    with pytest.raises(members.MembersRefused, match="移交"):
        invite(owner, role=Role.OWNER)


def test_accounts_are_limited_in_number(employer, owner, monkeypatch):
    monkeypatch.setattr(members, "MOST_PEOPLE", 3)
    make_member(employer)
    invite(owner)
    with pytest.raises(members.TooMany, match="最多3个"):
        invite(owner, name="王五")


def test_wrong_invitation_codes_are_throttled_like_activation_codes(employer, owner):
    code, _ = invite(owner)
    for _ in range(5):
        with pytest.raises(activation.WrongCode):
            accept(employer, "K7QM-2XWD-9RTA-HC5F")
    with pytest.raises(activation.TooManyTries):
        accept(employer, code)


def test_a_taken_user_name_leaves_the_invitation_open(employer, owner):
    code, _ = invite(owner)
    with pytest.raises(accounts.AccountRefused, match="已经有人使用"):
        accept(employer, code, username=owner.user.username)
    assert accept(employer, code)


# --- roles and removing ---


def test_the_owner_changes_a_colleagues_role_but_not_the_own(employer, owner):
    person = make_member(employer, role=Role.PREPARER)
    for _ in range(2):
        members.change_role(owner=owner, member_id=person.pk, role=Role.SIGNER, at=AT)
    person.refresh_from_db()
    assert person.role == Role.SIGNER
    assert kinds(employer) == ["ROLE_CHANGED"]
    with pytest.raises(members.OwnAccount):
        members.change_role(owner=owner, member_id=owner.pk, role=Role.SIGNER, at=AT)


def test_who_is_removed_is_out_with_the_next_request_and_stays_out(employer, owner):
    person = make_member(employer, role=Role.SIGNER)
    client = client_for(person)
    assert client.get("/portal/").status_code == 200

    members.remove(owner=owner, member_id=person.pk, reason="离职", at=AT)

    assert client.get("/portal/")["Location"].startswith("/login/")
    assert client.get("/api/v1/employers/").status_code == 401
    again = Client()
    again.post("/login/", {"username": person.user.username, "password": PASSWORD})
    assert again.get("/portal/").status_code == 302
    person.refresh_from_db()
    assert (person.ended_at, person.ended_by, person.ended_reason) == (AT, owner.user, "离职")
    with pytest.raises(members.NotAMember):
        members.remove(owner=owner, member_id=person.pk, reason="", at=LATER)
    assert kinds(employer) == ["REMOVED"]


def test_an_ended_membership_shows_nothing_even_if_the_account_is_let_in_again(employer, owner):
    person = make_member(employer)
    members.remove(owner=owner, member_id=person.pk, reason="", at=AT)
    person.user.refresh_from_db()
    person.user.is_active = True
    person.user.save()

    assert client_for(person).get("/portal/").status_code == 403
    assert scope.viewer_of(person.user).membership is None


def test_the_owner_is_not_removed_and_nobody_else_removes(employer, owner):
    signer, other = make_member(employer), make_member(employer)
    with pytest.raises(members.OwnAccount, match="先把管理员移交"):
        members.remove(owner=owner, member_id=owner.pk, reason="", at=AT)
    with pytest.raises(members.NotOwner):
        members.remove(owner=signer, member_id=other.pk, reason="", at=AT)
    stranger = make_member()
    with pytest.raises(members.NotAMember):
        members.remove(owner=owner, member_id=stranger.pk, reason="", at=AT)


# --- handing over ---


@pytest.mark.parametrize("afterwards", list(Handover.Afterwards))
def test_two_people_hand_the_owners_role_over(employer, owner, afterwards):
    taker = make_member(employer, name="何签署")
    hand_over(owner, taker, afterwards)
    assert owners(employer) == ["梁会计"]

    members.confirm_hand_over(taker=taker, at=LATER)

    assert owners(employer) == ["何签署"]
    owner.refresh_from_db()
    if afterwards == Handover.Afterwards.LEAVE:
        assert not owner.active
        assert not owner.user.is_active
    else:
        assert (owner.active, owner.role) == (True, afterwards.value)
    with pytest.raises(members.NotOpen):
        members.confirm_hand_over(taker=taker, at=LATER)
    with pytest.raises(members.NotOwner):
        invite(owner)
    assert kinds(employer) == ["HANDOVER_ASKED", "HANDED_OVER"]


def test_handing_over_is_taken_back_or_declined(employer, owner):
    taker, third = make_member(employer), make_member(employer)
    for who in (owner, taker):
        hand_over(owner, taker)
        with pytest.raises(members.NotOpen):
            members.withdraw_hand_over(member=third, at=LATER)
        members.withdraw_hand_over(member=who, at=LATER)
        with pytest.raises(members.NotOpen):
            members.confirm_hand_over(taker=taker, at=LATER)
    assert MembershipEvent.objects.filter(note="对方没有接受").count() == 1


def test_only_the_named_person_confirms_and_one_is_named_at_a_time(employer, owner):
    taker, third = make_member(employer), make_member(employer)
    hand_over(owner, taker)
    with pytest.raises(members.AlreadyThere, match="请先取消"):
        hand_over(owner, third)
    with pytest.raises(members.NotOpen):
        members.confirm_hand_over(taker=third, at=LATER)
    with pytest.raises(members.OwnAccount):
        hand_over(owner, owner)


def test_removing_the_successor_calls_the_handing_over_off(employer, owner):
    taker = make_member(employer)
    hand_over(owner, taker)
    members.remove(owner=owner, member_id=taker.pk, reason="", at=LATER)

    with pytest.raises(members.NotOpen):
        members.confirm_hand_over(taker=taker, at=LATER)
    assert owners(employer) == ["梁会计"]
    assert kinds(employer) == ["HANDOVER_ASKED", "HANDOVER_WITHDRAWN", "REMOVED"]


# --- the agency replaces an owner ---


def ask(employer, handler, at=AT):
    return replacement.ask(
        employer_id=employer.pk, officer=handler, reason="原管理员离职，见介绍信", at=at
    )


def decide(record, reviewer, *, approved=True, at=LATER):
    return replacement.decide(
        employer_id=record.employer_id,
        code_id=record.pk,
        officer=reviewer,
        approved=approved,
        at=at,
    )


@pytest.fixture
def handler():
    return make_officer(Post.HANDLER)


@pytest.fixture
def reviewer():
    return make_officer(Post.REVIEWER, name="陈复核")


def test_an_employer_with_an_owner_gets_no_ordinary_code(employer, owner, handler):
    with pytest.raises(activation.HasOwner, match="更换管理员"):
        activation.hand_out_code(employer_id=employer.pk, officer=handler, at=AT)


def test_the_first_code_used_makes_the_owner_and_no_second_one_does(handler):
    employer = make_employer()
    codes = [
        activation.hand_out_code(employer_id=employer.pk, officer=handler, at=AT)[0]
        for _ in range(2)
    ]
    accept(employer, codes[0])
    with pytest.raises(activation.CodeSpent, match="由别人开通"):
        accept(employer, codes[1], username="wangwu", name="王五")
    assert kinds(employer) == ["CODE_ISSUED", "CODE_ISSUED", "OPENED"]


def test_a_new_owner_takes_the_place_of_the_former_on_two_officers_word(
    employer, owner, handler, reviewer
):
    signer, browser = make_member(employer, name="何签署"), client_for(owner)
    invited, _ = invite(owner)
    hand_over(owner, signer)
    code, record = ask(employer, handler)
    with pytest.raises(activation.NotApproved, match="等经办机构复核"):
        accept(employer, code, name="新管理员")
    assert browser.get("/portal/").status_code == 200

    decide(record, reviewer)
    member = accept(employer, code, name="新管理员")

    assert owners(employer) == ["新管理员"]
    assert browser.get("/portal/").status_code == 302
    owner.refresh_from_db()
    assert (owner.ended_by, owner.ended_reason) == (handler.user, record.reason)
    signer.refresh_from_db()
    assert signer.active
    with pytest.raises(activation.CodeSpent):
        accept(employer, invited, username="x2")
    with pytest.raises(members.NotOpen):
        members.confirm_hand_over(taker=signer, at=LATER)
    assert kinds(employer)[-3:] == ["REPLACEMENT_ASKED", "REPLACEMENT_APPROVED", "OWNER_REPLACED"]
    last = employer.membership_events.latest("pk")
    assert all(name in last.note for name in ("梁会计", "李经办", "陈复核", "介绍信"))
    titles = list(Notice.objects.filter(employer=employer).values_list("title", flat=True))
    assert len(titles) == 2
    with pytest.raises(activation.CodeSpent):
        accept(employer, code, username="again", name="新管理员")
    assert member.role == Role.OWNER


def test_a_replacement_needs_another_officer_of_the_same_agency(employer, owner, handler):
    _, record = ask(employer, handler)
    with pytest.raises(replacement.SamePerson):
        decide(record, handler)
    for officer in (
        make_officer(Post.HANDLER),
        make_officer(Post.REVIEWER, district="510400"),
        make_officer(Post.REVIEWER, district="510403"),
    ):
        with pytest.raises(replacement.NotYours):
            decide(record, officer)
    handler.post = Post.REVIEWER  # moved to another post since
    handler.save()
    with pytest.raises(replacement.SamePerson):
        decide(record, handler)
    with pytest.raises(IntegrityError, match="two_officers"), transaction.atomic():
        ActivationCode.objects.update(decision="APPROVED", decided_by=handler, decided_at=LATER)


def test_a_refused_replacement_changes_nothing_and_is_decided_once(
    employer, owner, handler, reviewer
):
    code, record = ask(employer, handler)
    decide(record, reviewer, approved=False)

    with pytest.raises(replacement.NotOpen):
        decide(record, reviewer)
    with pytest.raises(activation.NotApproved, match="没有通过复核"):
        accept(employer, code)
    assert owners(employer) == ["梁会计"]


def test_a_replacement_is_dead_once_the_owner_has_changed_otherwise(
    employer, owner, handler, reviewer
):
    taker = make_member(employer, name="何签署")
    code, record = ask(employer, handler)
    decide(record, reviewer)
    hand_over(owner, taker, at=LATER)
    members.confirm_hand_over(taker=taker, at=LATER)

    with pytest.raises(activation.CodeSpent, match="已经变更"):
        accept(employer, code)
    assert owners(employer) == ["何签署"]


def test_asking_anew_ends_the_former_code_and_expired_ones_are_not_decided(
    employer, owner, handler, reviewer
):
    _, former = ask(employer, handler)
    code, record = ask(employer, handler, at=LATER)
    with pytest.raises(replacement.NotOpen):
        decide(former, reviewer)
    with pytest.raises(replacement.NotOpen):
        decide(record, reviewer, at=LATER + timedelta(days=30))
    decide(record, reviewer)
    with pytest.raises(activation.CodeSpent, match="失效"):
        accept(employer, code, at=LATER + timedelta(days=30))


def test_only_an_agencys_own_handler_asks_and_only_where_there_is_an_owner(employer, handler):
    for officer in (make_officer(Post.REVIEWER), make_officer(district="510400")):
        with pytest.raises(replacement.NotYours):
            ask(employer, officer)
    with pytest.raises(replacement.NobodyToReplace):
        ask(make_employer(), handler)


def test_an_officer_signed_in_opens_no_enterprises_account(employer, owner):
    code, _ = invite(owner, at=timezone.now())
    client = client_for(make_officer())
    fields = {
        "uscc": employer.uscc,
        "code": code,
        "name": "李四",
        "phone": "0812-1234567",
        "username": "lisi",
        "password": OWN,
        "repeated": OWN,
    }

    text = client.post("/activate/", fields).content.decode()

    assert "工作人员身份" in text
    assert employer.members.count() == 1


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
