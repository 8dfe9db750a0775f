"""Agreements and persons' matters: every state, every action, everybody, on both routes."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from deferral.models import Agreement, PersonMatter
from deferral.schedule import Instalment
from deferral.services import early_ends, people, plan_changes
from deferral.workflow import AgreementState, ChangeState, PersonState
from registry.models import Post
from tests.deferral.builders import CITY, COUNTY, Walk, office
from tests.deferral.test_following import follow, on
from tests.deferral.test_matrix import everybody, tried
from tests.deferral.test_people import arrive, begin, settle
from tests.relief.builders import pay

pytestmark = pytest.mark.django_db

DAY = date(2020, 4, 13)
FUNDS = (("pension", "1600.00"), ("unemployment", "60.00"), ("injury", "40.00"))


def agreed_by(district: str) -> tuple[Walk, Agreement]:
    walk = Walk(district, first="2020-03", last="2020-03").to_decision().decide()
    return walk, walk.agree()


def others(walk: Walk) -> dict[str, Any]:
    """Everybody, and the two of the agency that looks after agreements."""
    staff, members = everybody(walk)
    return (
        staff
        | members
        | {
            "follower": office("SOCIAL_INSURANCE", walk.district, post=Post.HANDLER),
            "other_agency": office("SOCIAL_INSURANCE", "510403", post=Post.HANDLER),
        }
    )


def acts(walk: Walk, agreement: Agreement, day: date) -> dict[str, Callable[[Any], object]]:
    pk, at = walk.application.pk, on(day)
    change = agreement.plan_changes.order_by("-pk").first()
    end = agreement.early_ends.order_by("-pk").first()
    content = early_ends.preview(agreement, "default", day=day).content
    found: dict[str, Callable[[Any], object]] = {
        "ask_plan": lambda by: plan_changes.ask(
            application_id=pk,
            member=by,
            plan=[Instalment(agreement.ends_on, Decimal("1700.00"))],
            reason="另排",
            at=at,
        ),
        "propose_end": lambda by: early_ends.propose(
            application_id=pk,
            ground="default",
            reason="不缴",
            document="1号",
            successor=None,
            content=content,
            by=by,
            at=at,
        ),
        "begin_person": lambda by: begin(walk, by=by, day=day),
    }
    if change is not None:
        found["decide_plan"] = lambda by: plan_changes.decide(
            change_id=change.pk, grant=True, answer="", by=by, at=at
        )
        found["withdraw_plan"] = lambda by: plan_changes.withdraw(
            change_id=change.pk, member=by, at=at
        )
    if end is not None:
        found["decide_end"] = lambda by: early_ends.decide(
            early_end_id=end.pk, grant=True, answer="", by=by, at=at
        )
    return found


MEMBERS = {"owner", "preparer", "stranger"}
FOR_UNITS = {"ask_plan", "withdraw_plan"}
FOR_OFFICES = {"propose_end", "decide_plan", "decide_end", "certify", "renew"}


def works(possible: dict[str, Callable[[Any], object]], who: dict[str, Any]) -> set:
    return {
        (name, action)
        for name, one in who.items()
        for action, act in possible.items()
        # A member's session can't reach an office's page at all, and the other way round.
        if not (name in MEMBERS and action in FOR_OFFICES)
        and not (name not in MEMBERS and action in FOR_UNITS)
        and tried(act, one)
    }


@pytest.mark.parametrize("district", [COUNTY, CITY])
def test_a_running_agreement(district):
    walk, agreement = agreed_by(district)
    who = others(walk)
    # The city's intake is the very agency that looks after the agreement.
    agency = {"follower"} | ({"taker", "colleague"} if district == CITY else set())

    assert works(acts(walk, agreement, DAY), who) == {
        ("owner", "ask_plan"),
        ("owner", "begin_person"),
        ("preparer", "begin_person"),
        *((name, "propose_end") for name in agency),
        *((name, "begin_person") for name in agency),
    }

    plan_changes.ask(
        application_id=walk.application.pk,
        member=walk.member,
        plan=[Instalment(date(2020, 10, 31), Decimal("1700.00"))],
        reason="提前",
        at=on(DAY),
    )
    early_ends.propose(
        application_id=walk.application.pk,
        ground="default",
        reason="不缴",
        document="1号",
        successor=None,
        content=early_ends.preview(agreement, "default", day=DAY).content,
        by=who["follower"],
        at=on(DAY),
    )
    assert works(acts(walk, agreement, DAY), who) == {
        ("owner", "withdraw_plan"),
        ("owner", "begin_person"),
        ("preparer", "begin_person"),
        *((name, "decide_plan") for name in agency),
        *((name, "begin_person") for name in agency),
        ("decider", "decide_end"),
    }


@pytest.mark.parametrize("state", [AgreementState.PAID_UP, AgreementState.ENDED_EARLY])
def test_nothing_is_planned_or_ended_of_an_agreement_that_is_over(state):
    walk, agreement = agreed_by(COUNTY)
    who = others(walk)
    if state == AgreementState.PAID_UP:
        for fund, amount in FUNDS:
            pay(walk.application.employer, amount, insurance=fund, arrived_on=DAY)
        assert follow(agreement, DAY) == state
    else:
        shown = early_ends.preview(agreement, "asked", day=DAY)
        end = early_ends.propose(
            application_id=walk.application.pk,
            ground="asked",
            reason="自愿",
            document="1号",
            successor=None,
            content=shown.content,
            by=who["follower"],
            at=on(DAY),
        )
        early_ends.decide(early_end_id=end.pk, grant=True, answer="", by=walk.decider, at=on(DAY))
        agreement.refresh_from_db()
        assert agreement.state == state

    found = works(acts(walk, agreement, DAY), who)

    # What a person needs is asked for whatever became of the agreement.
    assert {action for _name, action in found} == {"begin_person"}


def test_an_overdue_agreement_can_be_ended_but_not_planned_anew():
    walk, agreement = agreed_by(COUNTY)
    who = others(walk)
    late = date(2021, 1, 5)
    assert follow(agreement, late) == AgreementState.OVERDUE

    found = works(acts(walk, agreement, late), who)

    assert {action for _name, action in found} == {"propose_end", "begin_person"}


def brought(walk: Walk, state: PersonState) -> PersonMatter:
    matter = begin(walk, day=DAY)
    if state in (PersonState.PAID, PersonState.CERTIFIED):
        arrive(walk, "pension", "800.00", day=DAY)
        settle(matter, DAY)
    if state == PersonState.CERTIFIED:
        by = office("SOCIAL_INSURANCE", walk.district, post=Post.HANDLER)
        people.certify(matter_id=matter.pk, by=by, at=on(DAY))
    if state == PersonState.WITHDRAWN:
        people.withdraw(matter_id=matter.pk, reason="不办了", by=walk.member, at=on(DAY))
    matter.refresh_from_db()
    assert matter.state == state
    return matter


PERSON_ALLOWED = {
    PersonState.TO_PAY: {"renew", "withdraw"},
    PersonState.PAID: {"certify", "renew", "withdraw"},
    PersonState.CERTIFIED: set(),
    PersonState.WITHDRAWN: set(),
}


@pytest.mark.parametrize("district", [COUNTY, CITY])
@pytest.mark.parametrize("state", list(PersonState), ids=str)
def test_a_persons_matter(state, district):
    walk, _agreement = agreed_by(district)
    matter = brought(walk, state)
    who = others(walk)
    possible = {
        "certify": lambda by: people.certify(matter_id=matter.pk, by=by, at=on(DAY)),
        "renew": lambda by: people.renew(matter_id=matter.pk, by=by, at=on(DAY)),
        "withdraw": lambda by: people.withdraw(
            matter_id=matter.pk, reason="不办了", by=by, at=on(DAY)
        ),
    }
    agency = {"follower"} | ({"taker", "colleague"} if district == CITY else set())

    assert works(possible, who) == {
        *((name, action) for name in agency for action in PERSON_ALLOWED[state]),
        *(
            (name, "withdraw")
            for name in ("owner", "preparer")
            if "withdraw" in PERSON_ALLOWED[state]
        ),
    }
    matter.refresh_from_db()
    assert matter.state == state


def test_a_decided_wish_and_a_decided_end_are_decided():
    walk, agreement = agreed_by(COUNTY)
    who = others(walk)
    change = plan_changes.ask(
        application_id=walk.application.pk,
        member=walk.member,
        plan=[Instalment(date(2020, 10, 31), Decimal("1700.00"))],
        reason="提前",
        at=on(DAY),
    )
    plan_changes.decide(change_id=change.pk, grant=True, answer="", by=who["follower"], at=on(DAY))
    change.refresh_from_db()
    assert change.state == ChangeState.GRANTED

    found = works(acts(walk, agreement, DAY), who)

    assert not {action for _name, action in found} & {"decide_plan", "withdraw_plan"}
