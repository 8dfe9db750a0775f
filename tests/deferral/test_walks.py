"""An application from the first page to the agreement, by both routes, and what turns it round."""

from datetime import date
from decimal import Decimal

import pytest

from casework.models import Clock, Notice, OpinionRequest
from casework.opinions import Verdict
from casework.services.opinions import AlreadyGiven
from casework.services.supplements import Missing
from deferral.answers import Step
from deferral.models import Agreement, AgreementLine
from deferral.services import deciding, drafting, handing_in, reviewing, taking_in
from deferral.services.moving import NotYours
from deferral.workflow import IllegalMove, State
from relief.models import LaterDueDate
from relief.queries import late_fees
from tests.deferral.builders import CITY, COUNTY, EVERY_FINDING, MARCH, Walk, office, submit
from tests.factories import make_member
from tests.relief.builders import declare, recalculate

pytestmark = pytest.mark.django_db
BOTH = pytest.mark.parametrize("district", [COUNTY, CITY])


@BOTH
def test_an_application_goes_its_route_and_the_agreement_moves_the_due_days(district):
    walk = Walk(district).to_decision()
    assert walk.state == State.FOR_DECISION

    walk.decide()
    assert walk.state == State.GRANTED
    agreement = walk.agree()

    assert walk.state == State.AGREED
    lines = AgreementLine.objects.filter(agreement=agreement)
    assert lines.count() == 9  # three months, three insurances
    assert set(LaterDueDate.objects.values_list("due_on", flat=True)) == {date(2020, 12, 31)}
    employer = walk.application.employer_id
    assert not late_fees.late_fees(date(2020, 12, 31), employer_ids=[employer])
    assert late_fees.late_fees(date(2021, 1, 5), employer_ids=[employer])


def test_signing_the_agreement_twice_makes_one():
    walk = Walk().to_decision().decide()

    assert walk.agree() == walk.agree()
    assert Agreement.objects.count() == 1


def test_the_amounts_are_those_of_the_assessments_and_the_plan_adds_up_to_them():
    walk = Walk().submit()

    found = walk.application.submissions.get()
    # 2 × 10,000 × 16 %, half waived; 0.6 % and the unit's own injury rate likewise
    pension = found.lines.get(month=MARCH, insurance="pension")
    assert pension.employer_part == Decimal("1600.00")
    assert pension.employee_part == Decimal("0.00")
    assert found.employer_total == sum(line.employer_part for line in found.lines.all())


def test_a_month_of_which_nothing_is_assessed_yet_can_be_asked_for():
    walk = Walk().submit()

    april = walk.application.submissions.get().lines.get(month=date(2020, 4, 1), insurance="injury")
    assert april.assessment is None
    assert april.employer_part == 0


@BOTH
def test_silence_is_not_agreement(district):
    walk = Walk(district).submit().accept().opinion("FINANCE").opinion("TAX")

    assert walk.state == State.UNDER_REVIEW
    with pytest.raises(IllegalMove):
        walk.decide()


def test_in_the_county_an_opinion_against_informs_and_the_city_decides():
    walk = Walk().submit().accept()
    walk.opinion("FINANCE", Verdict.DISAGREE, "账上资金充足").opinion("TAX").opinion("ECONOMY")

    walk.report().decide()

    assert walk.state == State.GRANTED


def test_in_the_joint_review_one_refusal_goes_to_be_decided_and_can_not_be_granted():
    walk = Walk(CITY).submit().accept().opinion("TAX", Verdict.DISAGREE, "仍正常纳税")

    assert walk.state == State.FOR_DECISION
    with pytest.raises(deciding.NotAgreed, match="不同意"):
        walk.decide()
    walk.decide(grant=False, reason="税务部门认定仍正常纳税，不符合严重困难")
    assert walk.state == State.REFUSED


def test_in_the_joint_review_one_return_sends_it_back_and_voids_what_was_said():
    walk = Walk(CITY).submit().accept().opinion("FINANCE")
    walk.opinion("TAX", Verdict.RETURN, "完税证明看不清")

    assert walk.state == State.SUBMITTED
    assert not OpinionRequest.objects.filter(voided_at__isnull=True).exists()
    walk.accept()
    assert OpinionRequest.objects.filter(voided_at__isnull=True).count() == 3


def test_a_one_time_notice_opens_only_what_it_names_and_stops_the_clock():
    walk = Walk().submit()
    walk.later()
    taking_in.ask_supplement(
        application_id=walk.application.pk,
        missing=[Missing("paper:taxes", "欠缴税费的证明", "请补欠税查询结果")],
        by=walk.taker,
        at=walk.at,
    )
    assert walk.state == State.SUPPLEMENT
    clock = Clock.objects.get(step="intake", stopped_at__isnull=True)
    assert clock.pauses.get().until is None

    application = walk.application
    with pytest.raises(drafting.NotOpen):
        drafting.save_step(
            application_id=application.pk,
            member=walk.member,
            step=Step.HARDSHIP,
            data={"test_ground": "改了"},
            version=application.version,
            at=walk.at,
        )
    from tests.deferral.builders import pdf

    drafting.attach(
        application_id=application.pk,
        member=walk.member,
        paper="taxes",
        file=pdf("new"),
        name="tax.pdf",
        at=walk.at,
    )
    walk.later(5)
    submit(application, walk.member, at=walk.at)

    assert walk.state == State.SUBMITTED
    assert application.round == 2
    assert clock.pauses.get().until == walk.at.date()


def test_a_changed_content_voids_every_opinion_and_asks_again():
    walk = Walk().submit().accept().opinion("FINANCE")
    declare(walk.application.employer, MARCH, ("10000.00", "10000.00", "9000.00"))
    recalculate(date(2020, 3, 20))

    with pytest.raises(NotYours):
        taking_in.refresh(application_id=walk.application.pk, by=walk.decider, at=walk.at)
    taking_in.refresh(application_id=walk.application.pk, by=walk.taker, at=walk.at)

    walk.application.refresh_from_db()
    assert (walk.state, walk.application.round) == (State.SUBMITTED, 2)
    assert not OpinionRequest.objects.filter(voided_at__isnull=True).exists()
    later = walk.application.submissions.get(round=2)
    assert later.employer_total > walk.application.submissions.get(round=1).employer_total
    walk.accept().opinions().report().decide().agree()


def test_what_was_assessed_anew_meanwhile_is_not_granted_at_the_old_amounts():
    walk = Walk().to_decision()
    declare(walk.application.employer, MARCH, ("9000.00",))
    recalculate(date(2020, 3, 20))

    with pytest.raises(deciding.AmountsChanged):
        walk.decide()


def test_a_large_sum_needs_two_people_and_one_is_not_two():
    walk = Walk()
    declare(walk.application.employer, MARCH, ("16000.00",) * 900)
    recalculate(date(2020, 3, 20))
    from tests.deferral.builders import fill_in

    fill_in(walk.application, walk.member)
    walk.to_decision()
    assert walk.application.submissions.get().employer_total > 1_000_000

    walk.decide()
    assert walk.state == State.FOR_DECISION
    with pytest.raises(deciding.AlreadyDecided):
        walk.decide()
    walk.decide(by=office("HR", CITY))
    assert walk.state == State.GRANTED


def test_a_department_speaks_once_and_only_for_itself():
    walk = Walk().submit().accept().opinion("TAX")

    with pytest.raises(AlreadyGiven):
        walk.opinion("TAX")
    walk.departments["FINANCE"] = office("FINANCE", "510403")
    with pytest.raises(NotYours):
        walk.opinion("FINANCE")


def test_who_took_it_in_neither_reports_nor_decides_it():
    walk = Walk().submit().accept().opinions()

    with pytest.raises(NotYours, match="受理人以外"):
        reviewing.report(application_id=walk.application.pk, note="", by=walk.taker, at=walk.at)
    walk.report()
    with pytest.raises(NotYours):
        walk.decide(by=walk.reporter)


def test_a_finding_that_is_missing_keeps_it_from_being_granted():
    walk = Walk().to_decision()

    with pytest.raises(deciding.NotAgreed, match="持续亏损"):
        deciding.decide(
            application_id=walk.application.pk,
            grant=True,
            findings=EVERY_FINDING | {"losses": False},
            reason="",
            by=walk.decider,
            at=walk.at,
        )


def test_a_refusal_says_why_and_ends_it_and_another_may_be_begun():
    walk = Walk().to_decision()
    with pytest.raises(taking_in.NoReason):
        walk.decide(grant=False)

    walk.decide(grant=False, reason="五种情形没有同时具备")

    assert walk.state == State.REFUSED
    told = Notice.objects.filter(employer=walk.application.employer).latest("pk")
    assert "五种情形没有同时具备" in told.body
    assert "行政复议" in told.body
    again = drafting.begin(member=walk.member, at=walk.at, copy_of=walk.application)
    assert Step.HARDSHIP.value in again.answers
    assert Step.PLAN.value not in again.answers


def test_one_application_at_a_time():
    walk = Walk()

    with pytest.raises(drafting.OneAtATime):
        drafting.begin(member=walk.member, at=walk.at)


def test_arrears_from_before_the_application_can_not_be_deferred():
    walk = Walk()
    declare(walk.application.employer, date(2020, 2, 1))
    recalculate(date(2020, 3, 20))
    application = walk.application
    data = application.answers[Step.MONTHS.value] | {"from": "2020-02"}
    drafting.save_step(
        application_id=application.pk,
        member=walk.member,
        step=Step.MONTHS,
        data=data,
        version=application.version,
        at=walk.at,
    )
    application.refresh_from_db()

    found = handing_in.checked(application, application.employer, today=walk.at.date())

    assert any("2020年2月不能缓缴" in problem and "欠费" in problem for problem in found.problems)


def test_more_than_six_months_are_refused():
    walk = Walk()
    application = walk.application
    data = application.answers[Step.MONTHS.value] | {"to": "2020-09"}
    drafting.save_step(
        application_id=application.pk,
        member=walk.member,
        step=Step.MONTHS,
        data=data,
        version=application.version,
        at=walk.at,
    )
    application.refresh_from_db()

    found = handing_in.checked(application, application.employer, today=walk.at.date())

    assert "累计缓缴不能超过 6 个月" in found.problems


def test_a_preparer_prepares_and_somebody_else_signs():
    walk = Walk()
    preparer = make_member(walk.application.employer, role="PREPARER")

    with pytest.raises(NotYours):
        submit(walk.application, preparer)
    drafting.ask_signature(application_id=walk.application.pk, member=preparer, at=walk.at)
    assert walk.state == State.TO_SIGN
    submit(walk.application, walk.member)

    made = walk.application.submissions.get()
    assert preparer.name in made.prepared_name
    assert made.signed_by == walk.member


def test_every_move_that_offices_see_is_told_to_the_unit_once():
    walk = Walk().to_decision().decide()
    walk.agree()

    titles = Notice.objects.filter(employer=walk.application.employer).values_list(
        "title", flat=True
    )
    for word in ("签署并提交", "受理", "上报审批", "批准缓缴", "签订缓缴协议"):
        assert sum(word in title for title in titles) == 1, word


@BOTH
def test_withdrawing_stops_the_clocks_and_voids_what_was_asked(district):
    walk = Walk(district).submit().accept()

    handing_in.withdraw(
        application_id=walk.application.pk, member=walk.member, reason="已借到钱", at=walk.at
    )

    assert walk.state == State.WITHDRAWN
    assert not Clock.objects.filter(stopped_at__isnull=True).exists()
    assert not OpinionRequest.objects.filter(voided_at__isnull=True).exists()
