"""Two tabs, or two people, change an employer's accounts at the very same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from registry.models import Handover, Membership
from registry.services import accounts, activation, members, replacement
from tests.factories import AT, make_member, make_officer
from tests.registry.members.joining import LATER, accept, hand_over, invite, owners

pytestmark = pytest.mark.django_db(transaction=True)
REFUSALS = (
    members.MembersRefused,
    activation.ActivationRefused,
    replacement.ReplacementRefused,
    accounts.AccountRefused,
)


def at_once(*acts: Callable[[], object]) -> list[object]:
    """Do everything at the same moment; return what came back, refusals too."""
    start = Barrier(len(acts))

    def do(act: Callable[[], object]) -> object:
        try:
            connection.ensure_connection()
            start.wait(timeout=10)
            return act()
        except REFUSALS as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(do, acts))


def refused(results: list[object]) -> int:
    return sum(isinstance(result, REFUSALS) for result in results)


@pytest.fixture
def owner():
    return make_member(name="梁会计")


def test_one_of_two_invitations_of_the_same_person_comes_about(owner):
    results = at_once(*[lambda: invite(owner)] * 4)

    assert refused(results) == 3
    assert owner.employer.invitations.count() == 1


def test_a_code_lets_one_person_in(owner):
    code, _ = invite(owner)
    results = at_once(
        *(lambda n=n: accept(owner.employer, code, username=f"lisi{n}") for n in range(4))
    )

    assert refused(results) == 3
    assert owner.employer.members.count() == 2


def test_a_user_name_is_given_once(owner):
    other = make_member()
    codes = [(who.employer, invite(who)[0]) for who in (owner, other)]
    results = at_once(
        *(lambda at=place, code=code: accept(at, code, username="same") for place, code in codes)
    )

    assert refused(results) == 1
    assert Membership.objects.filter(user__username="same").count() == 1


def test_accepting_and_withdrawing_end_in_one_of_the_two(owner):
    for n in range(5):
        code, invitation = invite(owner, name=f"同事{n}")
        results = at_once(
            lambda: accept(owner.employer, code, name=f"同事{n}", username=f"u{n}"),  # noqa: B023
            lambda: members.withdraw_invitation(
                owner=owner,
                invitation_id=invitation.pk,  # noqa: B023
                at=LATER,
            ),
        )
        assert refused(results) == 1


def test_handing_over_and_removing_leave_exactly_one_owner(owner):
    employer = owner.employer
    for n in range(5):
        current = employer.members.active().get(role="OWNER")
        taker = make_member(employer, name=f"接任{n}")
        hand_over(current, taker, Handover.Afterwards.LEAVE)
        at_once(
            lambda: members.confirm_hand_over(taker=taker, at=LATER),  # noqa: B023
            lambda: members.remove(
                owner=current,  # noqa: B023
                member_id=taker.pk,  # noqa: B023
                reason="",
                at=LATER,
            ),
            lambda: members.withdraw_hand_over(member=current, at=LATER),  # noqa: B023
        )
        assert len(owners(employer)) == 1


def test_two_successors_are_not_named_at_once(owner):
    first, second = make_member(owner.employer), make_member(owner.employer)
    results = at_once(lambda: hand_over(owner, first), lambda: hand_over(owner, second))

    assert refused(results) == 1
    assert owner.employer.handovers.count() == 1


def test_a_replacement_and_a_handing_over_leave_exactly_one_owner(owner):
    employer, handler, reviewer = owner.employer, make_officer(), make_officer("REVIEWER")
    taker = make_member(employer)
    hand_over(owner, taker)
    code, record = replacement.ask(employer_id=employer.pk, officer=handler, reason="离职", at=AT)
    decisions = at_once(
        *[
            lambda: replacement.decide(
                employer_id=employer.pk,
                code_id=record.pk,
                officer=reviewer,
                approved=True,
                at=LATER,
            )
        ]
        * 2
    )
    assert refused(decisions) == 1

    results = at_once(
        lambda: accept(employer, code, name="新管理员"),
        lambda: members.confirm_hand_over(taker=taker, at=LATER),
    )

    assert refused(results) == 1
    assert len(owners(employer)) == 1
