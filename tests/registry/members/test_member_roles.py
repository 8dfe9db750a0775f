"""How an employer invites colleagues, gives them roles and removes them."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.test import Client

from registry import scope
from registry.models import Invitation, Membership, MembershipEvent, Officer, Post
from registry.services import accounts, activation, members
from tests.factories import AT, PASSWORD, client_for, make_employer, make_member, make_officer
from tests.registry.members.joining import LATER, Role, accept, invite, kinds

pytestmark = pytest.mark.django_db


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
