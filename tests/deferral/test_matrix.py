"""Every state, every action, everybody: what the table below allows works, nothing else does."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from casework.opinions import Verdict
from casework.services import opinions
from casework.services.supplements import Missing
from deferral import drawing
from deferral.answers import Step
from deferral.services import deciding, drafting, handing_in, reviewing, taking_in
from deferral.services.moving import NotYours
from deferral.workflow import MOVES, Action, IllegalMove, State, next_state
from registry.models import Post
from tests.deferral.builders import (
    CITY,
    COUNTY,
    EVERY_FINDING,
    Walk,
    hardship,
    office,
    pdf,
)
from tests.factories import make_agency, make_employer, make_member, make_officer

pytestmark = pytest.mark.django_db

REFUSED = (
    IllegalMove,
    NotYours,
    opinions.NotAsked,
    opinions.AlreadyGiven,
    deciding.AlreadyDecided,
    drafting.NotOpen,
)
TAKES_IN = {"accept", "supplement", "decline"}
OWNER_UNSENT = {"submit", "withdraw"}
#: Who may do what where. Everything that isn't named is refused.
ALLOWED: dict[State, dict[str, set[str]]] = {
    State.DRAFT: {
        "owner": {"save", "ask_signature", *OWNER_UNSENT},
        "preparer": {"save", "ask_signature", "withdraw"},
    },
    State.TO_SIGN: {"owner": {"take_back", *OWNER_UNSENT}, "preparer": {"take_back", "withdraw"}},
    State.SUBMITTED: {"owner": {"withdraw"}, "taker": TAKES_IN, "colleague": TAKES_IN},
    State.SUPPLEMENT: {"owner": {"save", *OWNER_UNSENT}, "preparer": {"save"}},
    State.UNDER_REVIEW: {
        "owner": {"withdraw"},
        "FINANCE": {"opinion"},
        "TAX": {"opinion"},
        "ECONOMY": {"opinion"},
    },
    State.TO_REPORT: {
        "owner": {"withdraw"},
        "taker": {"return"},
        "colleague": {"report", "return"},
    },
    State.FOR_DECISION: {"owner": {"withdraw"}, "decider": {"decide", "return"}},
    State.GRANTED: {"owner": {"withdraw", "sign_agreement"}},
    # Signing again gives the agreement that is there.
    State.AGREED: {"owner": {"sign_agreement"}},
    State.REFUSED: {},
    State.DECLINED: {},
    State.WITHDRAWN: {},
}


def brought_to(state: State, district: str) -> Walk:
    walk = Walk(district)
    match state:
        case State.DRAFT:
            pass
        case State.TO_SIGN:
            drafting.ask_signature(
                application_id=walk.application.pk, member=walk.member, at=walk.at
            )
        case State.SUBMITTED:
            walk.submit()
        case State.SUPPLEMENT:
            walk.submit()
            officers(walk)["supplement"](walk.taker)
        case State.UNDER_REVIEW:
            walk.submit().accept()
        case State.TO_REPORT:
            walk.submit().accept().opinions()
        case State.FOR_DECISION:
            walk.to_decision()
        case State.GRANTED:
            walk.to_decision().decide()
        case State.AGREED:
            walk.to_decision().decide().agree()
        case State.REFUSED:
            walk.to_decision().decide(grant=False, reason="不具备")
        case State.DECLINED:
            walk.submit()
            officers(walk)["decline"](walk.taker)
        case State.WITHDRAWN:
            walk.submit()
            units(walk)["withdraw"](walk.member)
    assert walk.state == state
    return walk


def officers(walk: Walk) -> dict[str, Callable[[Any], object]]:
    pk, at = walk.application.pk, walk.at
    missing = [Missing("step:hardship", "困难情形", "请写明")]
    return {
        "accept": lambda by: taking_in.accept(application_id=pk, by=by, at=at),
        "supplement": lambda by: taking_in.ask_supplement(
            application_id=pk, missing=missing, by=by, at=at
        ),
        "decline": lambda by: taking_in.decline(application_id=pk, reason="不在范围", by=by, at=at),
        "opinion": lambda by: reviewing.give_opinion(
            application_id=pk,
            by=by,
            verdict=Verdict.AGREE,
            grounds="",
            conditions="",
            document_number="1号",
            document_date=at.date(),
            file=pdf(),
            file_name="a.pdf",
            at=at,
        ),
        "report": lambda by: reviewing.report(application_id=pk, note="", by=by, at=at),
        "return": lambda by: reviewing.send_back(application_id=pk, reason="再核实", by=by, at=at),
        "decide": lambda by: deciding.decide(
            application_id=pk, grant=True, findings=EVERY_FINDING, reason="", by=by, at=at
        ),
    }


def units(walk: Walk) -> dict[str, Callable[[Any], object]]:
    pk, at = walk.application.pk, walk.at
    said = walk.application.answers.get(Step.HARDSHIP.value, {})

    def version() -> int:
        walk.application.refresh_from_db()
        return walk.application.version

    return {
        "save": lambda by: drafting.save_step(
            application_id=pk,
            member=by,
            step=Step.HARDSHIP,
            data=said | {"test_ground": "另写"},
            version=version(),
            at=at,
        ),
        "ask_signature": lambda by: drafting.ask_signature(application_id=pk, member=by, at=at),
        "take_back": lambda by: drafting.take_back(application_id=pk, member=by, at=at),
        "submit": lambda by: handing_in.submit(
            application_id=pk,
            member=by,
            version=version(),
            undertaking=hardship().undertaking.version,
            at=at,
        ),
        "withdraw": lambda by: handing_in.withdraw(application_id=pk, member=by, reason="", at=at),
        "sign_agreement": lambda by: deciding.sign_agreement(application_id=pk, member=by, at=at),
    }


def everybody(walk: Walk) -> tuple[dict[str, Any], dict[str, Any]]:
    people = {
        "taker": walk.taker,
        "colleague": walk.reporter
        if not walk.is_city
        else office("SOCIAL_INSURANCE", CITY, post=Post.REVIEWER),
        **walk.departments,
        "decider": walk.decider,
        "insurance": make_officer(Post.HEAD, district=walk.district),
        "elsewhere": office("HR", "510403"),
        "elsewhere_tax": office("TAX", "510403"),
        "statistics": office("STATISTICS", CITY),
        "zone": make_officer(
            Post.OPINION, agency=make_agency("ZONE", district=CITY, zone="花城新区")
        ),
    }
    members = {
        "owner": walk.member,
        "preparer": make_member(walk.application.employer, role="PREPARER"),
        "stranger": make_member(make_employer()),
    }
    return people, members


def tried(act: Callable[[Any], object], who: Any) -> bool:
    """Return whether somebody can do something; whatever it was is undone."""
    try:
        with transaction.atomic():
            act(who)
            transaction.set_rollback(True)
    except REFUSED:
        return False
    return True


@pytest.mark.parametrize("district", [COUNTY, CITY])
@pytest.mark.parametrize("state", list(State), ids=str)
def test_what_is_allowed_works_and_everything_else_is_refused(state, district):
    if district == CITY and state == State.TO_REPORT:
        return  # the joint review goes to be decided by itself
    walk = brought_to(state, district)
    people, members = everybody(walk)
    works = {
        (name, action)
        for names, acts in ((people, officers(walk)), (members, units(walk)))
        for name, who in names.items()
        for action, act in acts.items()
        if tried(act, who)
    }

    assert works == {(name, action) for name, each in ALLOWED[state].items() for action in each}
    assert walk.state == state


def test_no_action_starts_from_a_state_that_the_table_does_not_name():
    for action in Action:
        for state in State:
            if state in MOVES[action].sources:
                assert next_state(state, action) == MOVES[action].target
            else:
                with pytest.raises(IllegalMove, match=state.label):
                    next_state(state, action)


def test_the_drawing_in_the_docs_is_that_of_the_code():
    page = Path(__file__).parents[2] / "docs" / "algorithms" / "deferral-states.md"

    assert page.read_text("utf-8") == drawing.drawn()
