"""Somebody is away: a colleague acts for them, as themselves, and N people stay N people."""

from datetime import date, datetime

import pytest
from django.db import IntegrityError, InternalError, transaction
from django.urls import reverse
from django.utils import timezone

from casework.models import Absence, Move, StoodIn
from casework.opinions import Verdict
from casework.services import absences
from casework.services.absences import BadAbsence
from casework.services.matters import ActedBefore, officer, record_moves
from deferral.models import Application, Decision
from deferral.queries import queue
from deferral.services import deciding, reviewing, taking_in
from deferral.services.deciding import AlreadyDecided
from deferral.services.moving import NotYours
from deferral.workflow import State
from registry.models import Officer, Post
from registry.scope import viewer_of
from tests.deferral.builders import AT, CITY, COUNTY, EVERY_FINDING, Walk, office, pdf
from tests.factories import client_for, make_member, make_officer

pytestmark = pytest.mark.django_db

TODAY = AT.date()
FRIDAY_AFTER = date(2020, 3, 27)


@pytest.fixture(autouse=True)
def in_march(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: AT)


def away(
    absent: Officer,
    deputy: Officer,
    *,
    first: date = TODAY,
    last: date = FRIDAY_AFTER,
    by: Officer | None = None,
    at: datetime = AT,
) -> Absence:
    return absences.set_absence(
        officer=absent,
        deputy=deputy,
        from_day=first,
        to_day=last,
        reason="出差",
        by=by or absent,
        at=at,
    )


def colleague(of: Officer, *, post: str = "", name: str = "王代办") -> Officer:
    return make_officer(post or of.post, agency=of.agency, name=name)


def standing_in(absent: Officer, deputy: Officer) -> Officer:
    return absences.standing_in(deputy, away(absent, deputy))


def decide(walk: Walk, by: Officer, *, grant: bool = True) -> None:
    deciding.decide(
        application_id=walk.application.pk,
        grant=grant,
        findings=EVERY_FINDING,
        reason="" if grant else "不符合",
        by=by,
        at=walk.at,
    )


def for_two(walk: Walk) -> Walk:
    """Let the application need two approvers."""
    Application.objects.filter(pk=walk.application.pk).update(approvers_needed=2)
    return walk


# --- setting it ---


def test_an_absence_is_set_by_oneself_or_the_head_and_by_nobody_else():
    absent = office("HR", CITY)
    deputy, other = colleague(absent), colleague(absent)
    head = colleague(absent, post=Post.HEAD)

    with pytest.raises(BadAbsence, match="本人或者本机构负责人"):
        away(absent, deputy, by=other)
    with pytest.raises(BadAbsence, match="本人或者本机构负责人"):
        away(absent, deputy, by=office("HR", COUNTY, post=Post.HEAD))
    assert away(absent, deputy, by=head).set_by == head
    assert absences.stood_in_for(deputy, today=TODAY)[0].officer == absent
    assert absences.stood_in_for(deputy, today=date(2020, 3, 28)) == []


@pytest.mark.parametrize("who", ["oneself", "another post", "another agency", "switched off"])
def test_a_deputy_is_another_of_the_same_agency_and_post(who):
    absent = office("HR", CITY)
    deputy = {
        "oneself": lambda: absent,
        "another post": lambda: colleague(absent, post=Post.HEAD),
        "another agency": lambda: office("HR", COUNTY),
        "switched off": lambda: make_officer(absent.post, agency=absent.agency, is_active=False),
    }[who]()

    with pytest.raises(BadAbsence, match="同一机构、同一岗位"):
        away(absent, deputy)


def test_days_do_not_overlap_and_no_deputy_is_away_or_has_a_deputy():
    absent = office("HR", CITY)
    deputy, third = colleague(absent), colleague(absent)
    away(absent, deputy)

    with pytest.raises(BadAbsence, match="已经登记外出"):
        away(absent, third, first=FRIDAY_AFTER, last=date(2020, 4, 1))
    with pytest.raises(BadAbsence, match="也外出，请另选"):
        away(third, absent)
    with pytest.raises(BadAbsence, match="先另行安排"):
        away(deputy, third)
    with pytest.raises(BadAbsence, match="已经过去"):
        away(third, deputy, first=date(2020, 3, 19))
    with pytest.raises(BadAbsence, match="不能早于"):
        away(third, deputy, first=date(2020, 3, 24), last=date(2020, 3, 23))
    away(absent, third, first=date(2020, 3, 28), last=date(2020, 3, 30))


def test_ended_early_the_days_are_free_again_and_nobody_acts():
    absent = office("HR", CITY)
    deputy, other = colleague(absent), colleague(absent)
    made = away(absent, deputy)
    with pytest.raises(BadAbsence, match="本人或者本机构负责人"):
        absences.end(absence_id=made.pk, by=other, at=AT)

    absences.end(absence_id=made.pk, by=absent, at=AT)

    assert absences.stood_in_for(deputy, today=TODAY) == []
    away(absent, other)
    with pytest.raises(BadAbsence, match="已经结束"):
        absences.end(absence_id=made.pk, by=absent, at=AT)


def refused(match, act):
    with pytest.raises((IntegrityError, InternalError), match=match), transaction.atomic():
        act()


def test_the_database_refuses_overlaps_oneself_other_offices_and_changes():
    absent = office("HR", CITY)
    deputy, other = colleague(absent), colleague(absent)
    made = away(absent, deputy)

    def put(**fields):
        return Absence.objects.create(
            **{
                "officer": other,
                "deputy": deputy,
                "from_day": TODAY,
                "to_day": TODAY,
                "set_by": other,
                "set_at": AT,
                **fields,
            }
        )

    refused("absence_one_at_a_time", lambda: put(officer=absent, deputy=other, set_by=absent))
    refused("absence_deputy_is_another|same agency", lambda: put(deputy=other))
    refused("same agency and post", lambda: put(deputy=office("HR", COUNTY)))
    refused("same agency and post", lambda: put(deputy=colleague(absent, post=Post.HEAD)))
    refused("same agency and post", lambda: put(set_by=deputy))
    refused("absence_ends_after_it_began", lambda: put(to_day=date(2020, 3, 19)))
    rows = Absence.objects.filter(pk=made.pk)
    refused("fixed|Cannot update", lambda: rows.update(deputy=other))
    refused("Cannot delete", rows.delete)
    refused(
        "does not end in the past",
        lambda: rows.update(
            ended_on=date(2020, 3, 19), ended_by=absent, ended_at=AT.replace(day=25)
        ),
    )
    put()


# --- acting for them ---


def test_what_a_deputy_does_is_the_deputys_own_and_says_for_whom():
    walk = Walk().submit()
    deputy = colleague(walk.taker)

    taking_in.accept(application_id=walk.application.pk, by=standing_in(walk.taker, deputy), at=AT)

    walk.application.refresh_from_db()
    assert walk.application.accepted_by == deputy
    step = Move.objects.get(action="受理")
    assert (step.by_user_id, step.stood_in.absence.officer) == (deputy.user_id, walk.taker)
    assert step.by_name.startswith("王代办（")
    assert step.by_name.endswith("，代李经办")


def test_who_has_acted_on_the_case_does_not_act_for_somebody_else_in_it():
    walk = Walk().submit().accept().opinions()
    third = colleague(walk.taker)
    # Who took it in could otherwise report it in the reporter's name.
    acting = standing_in(walk.reporter, walk.taker)

    with pytest.raises(NotYours, match="受理人以外"):
        reviewing.report(application_id=walk.application.pk, note="", by=acting, at=AT)
    reviewing.report(application_id=walk.application.pk, note="", by=third, at=AT)
    assert walk.state == State.FOR_DECISION


def test_a_step_for_somebody_after_a_step_of_ones_own_is_refused_by_service_and_database():
    walk = Walk().submit()
    deputy = colleague(walk.taker)
    taking_in.ask_supplement(
        application_id=walk.application.pk,
        missing=[taking_in.Missing("step:hardship", "困难情形", "写清楚")],
        by=deputy,
        at=AT,
    )
    absence = away(walk.taker, deputy)
    Application.objects.filter(pk=walk.application.pk).update(state=State.SUBMITTED)

    with pytest.raises(ActedBefore, match="不能再代李经办"):
        taking_in.accept(
            application_id=walk.application.pk,
            by=absences.standing_in(deputy, absence),
            at=AT,
        )

    assert StoodIn.objects.count() == 0
    taking_in.accept(application_id=walk.application.pk, by=deputy, at=AT)
    step = Move.objects.get(action="受理")
    refused("has acted on this matter", lambda: StoodIn.objects.create(move=step, absence=absence))


def test_nobody_is_deputy_on_another_day_or_by_anothers_hand():
    walk = Walk().submit().accept()
    deputy = colleague(walk.taker)
    step = Move.objects.get(action="受理")
    later = away(walk.taker, deputy, first=date(2020, 3, 23))
    today = away(walk.reporter, deputy)

    refused("nobody is deputy", lambda: StoodIn.objects.create(move=step, absence=later))
    refused("nobody is deputy", lambda: StoodIn.objects.create(move=step, absence=today))
    with pytest.raises(ValueError, match="one matter at a time"):
        record_moves(
            kind="deferral",
            matter_ids=[1],
            action="x",
            before="",
            after="",
            by=officer(absences.standing_in(deputy, today)),
            at=AT,
        )


def test_a_department_speaks_through_the_deputy():
    walk = Walk().submit().accept()
    deputy = colleague(walk.departments["TAX"])

    opinion = reviewing.give_opinion(
        application_id=walk.application.pk,
        by=standing_in(walk.departments["TAX"], deputy),
        verdict=Verdict.AGREE,
        grounds="",
        conditions="",
        document_number="税〔2020〕1号",
        document_date=TODAY,
        file=pdf(),
        file_name="a.pdf",
        at=AT,
    )

    assert opinion.officer == deputy
    assert opinion.officer_name.endswith("，代李经办")


def test_two_approvers_are_two_people_whoever_stands_in_for_whom():
    walk = for_two(Walk().to_decision())
    decider = walk.decider
    deputy = colleague(decider)
    decide(walk, decider)

    with pytest.raises(AlreadyDecided):  # the same voice twice
        decide(walk, standing_in(decider, deputy))
    assert walk.state == State.FOR_DECISION

    decide(walk, deputy)  # as oneself: a second person
    assert walk.state == State.GRANTED


def test_who_comes_back_does_not_decide_again_what_the_deputy_has_decided_for_them():
    walk = for_two(Walk().to_decision())
    deputy = colleague(walk.decider)
    acting = standing_in(walk.decider, deputy)
    decide(walk, acting)

    for same in (walk.decider, deputy, acting):
        with pytest.raises(AlreadyDecided):
            decide(walk, same)

    made = Decision.objects.get()
    assert (made.officer, made.acting_for) == (deputy, walk.decider)
    assert made.officer_name.endswith("，代李经办")
    decide(walk, colleague(walk.decider))
    assert walk.state == State.GRANTED


def test_a_deputy_does_not_decide_for_who_reported():
    walk = Walk()
    bureau = office("HR", CITY)
    walk.to_decision()
    Application.objects.filter(pk=walk.application.pk).update(reported_by=bureau)

    with pytest.raises(NotYours, match="也不能由代办人"):
        decide(walk, standing_in(bureau, colleague(bureau)))


def test_the_database_refuses_a_second_voice_through_a_deputy():
    walk = for_two(Walk().to_decision())
    deputy, third = colleague(walk.decider), colleague(walk.decider)
    decide(walk, walk.decider)
    submission = walk.application.submissions.get()

    def put(by: Officer, acting_for: Officer | None) -> None:
        Decision.objects.create(
            submission=submission,
            granted=True,
            officer=by,
            acting_for=acting_for,
            officer_name="x",
            at=AT,
        )

    refused("nobody is deputy", lambda: put(deputy, third))
    away(walk.decider, deputy)
    refused("not this officer", lambda: put(deputy, walk.decider))
    away(third, deputy)
    put(deputy, third)
    refused("not this officer", lambda: put(third, None))


# --- pages ---


def test_the_queue_shows_the_deputy_what_the_absent_colleague_has_worked_on():
    walk = Walk().submit()
    other = Walk("510403").submit()
    deputy = colleague(walk.taker)
    taking_in.ask_supplement(
        application_id=walk.application.pk,
        missing=[taking_in.Missing("step:hardship", "困难情形", "写清楚")],
        by=walk.taker,
        at=AT,
    )
    Application.objects.filter(pk=walk.application.pk).update(state=State.SUBMITTED)
    fresh = Walk().submit()
    away(walk.taker, deputy)

    page = client_for(deputy).get(reverse("desk_deferrals:list"), {"show": "deputy"})

    text = page.content.decode()
    assert walk.application.receipt in text
    assert "代李经办" in text
    assert fresh.application.receipt not in text
    assert other.application.receipt not in text
    mine = client_for(deputy).get(reverse("desk_deferrals:list")).content.decode()
    assert fresh.application.receipt in mine
    counts = {todo.label: todo.count for todo in queue.todos(viewer_of(deputy.user))}
    assert (counts["缓缴申请代同事办理"], counts["缓缴申请等您办理"]) == (1, 2)


def test_the_deputy_chooses_in_whose_name_and_the_page_suggests_it():
    walk = Walk().submit()
    deputy = colleague(walk.taker)
    receipt = walk.application.receipt
    address = reverse("desk_deferrals:act", args=[receipt, "accept"])
    assert (
        "办理身份"
        not in client_for(deputy)
        .get(reverse("desk_deferrals:application", args=[receipt]))
        .content.decode()
    )
    away(walk.taker, deputy)

    page = client_for(deputy).get(reverse("desk_deferrals:application", args=[receipt]))
    assert "代 李经办（外出至 2020年3月27日）" in page.content.decode()
    wrong = client_for(deputy).post(address, {"acting_for": make_officer().pk}, follow=True)
    assert "您现在不能代这位同事办理这一步" in wrong.content.decode()
    done = client_for(deputy).post(address, {"acting_for": walk.taker.pk}, follow=True)

    assert "已受理，正在同时征求各部门意见" in done.content.decode()
    assert Move.objects.get(action="受理").stood_in.absence.officer == walk.taker


def test_nobody_is_offered_a_name_they_may_not_use():
    walk = Walk().submit().accept().opinions()
    deputy = colleague(walk.taker)
    away(walk.taker, deputy)  # who took it in can't report it, so nobody can for them

    page = client_for(deputy).get(
        reverse("desk_deferrals:application", args=[walk.application.receipt])
    )

    assert "上报市人社局" in page.content.decode()
    assert 'id="acting-report-' not in page.content.decode()


def test_absences_are_set_seen_and_ended_on_their_page():
    absent = office("HR", CITY)
    deputy = colleague(absent)
    client = client_for(absent)
    page = reverse("desk_absences:list")
    said = {
        "officer": absent.pk,
        "deputy": deputy.pk,
        "from_day": "2020-03-20",
        "to_day": "2020-03-27",
        "reason": "出差",
    }

    told = client.post(page, {**said, "to_day": "2020-03-19"}).content.decode()
    assert "结束日不能早于开始日" in told
    assert "已登记" in client.post(page, said, follow=True).content.decode()
    assert "外出中" in client_for(deputy).get(page).content.decode()
    elsewhere = client_for(office("HR", COUNTY)).get(page).content.decode()
    assert "出差" not in elsewhere
    made = Absence.objects.get()
    refusal = client_for(deputy).post(reverse("desk_absences:end", args=[made.pk]), follow=True)
    assert "由本人或者本机构负责人结束" in refusal.content.decode()
    client.post(reverse("desk_absences:end", args=[made.pk]))
    made.refresh_from_db()
    assert made.ended_on == date(2020, 3, 19)
    assert "已取消" in client.get(page).content.decode()
    assert client_for(make_member()).get(page).status_code == 403


def test_a_head_sets_it_for_anybody_of_the_office():
    absent = office("HR", CITY)
    deputy = colleague(absent)
    head = colleague(absent, post=Post.HEAD)

    client_for(head).post(
        reverse("desk_absences:list"),
        {
            "officer": absent.pk,
            "deputy": deputy.pk,
            "from_day": "2020-03-20",
            "to_day": "2020-03-27",
        },
    )

    assert (Absence.objects.get().officer, Absence.objects.get().set_by) == (absent, head)
