"""How the agency replaces an owner who has left: two officers, one code."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from casework.models import Notice
from registry.models import ActivationCode, Post
from registry.services import activation, members, replacement
from tests.factories import AT, client_for, make_employer, make_member, make_officer
from tests.registry.members.joining import (
    LATER,
    OWN,
    Role,
    accept,
    ask,
    decide,
    hand_over,
    invite,
    kinds,
    owners,
)

pytestmark = pytest.mark.django_db


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
