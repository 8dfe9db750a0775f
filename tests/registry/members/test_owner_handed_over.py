"""Two people hand the role of the owner over."""

import pytest

from registry.models import Handover, MembershipEvent
from registry.services import members
from tests.factories import make_member
from tests.registry.members.joining import LATER, hand_over, invite, kinds, owners

pytestmark = pytest.mark.django_db


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
