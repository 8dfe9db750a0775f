"""What the database refuses about deferrals by itself, and that each guard is what refuses it."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection

from casework.models import Clock, Opinion, OpinionRequest
from casework.opinions import Verdict
from deferral.models import Agreement, Application, Decision, Plan
from tests.deferral.builders import AT, CITY, COUNTY, Walk, agency, office
from tests.deferral.deferring import application_of, opinion_of
from tests.factories import make_employer
from tests.guarding import attempt, without

pytestmark = pytest.mark.django_db


def sql(statement: str, *values: object):
    def write() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL ROLE NONE")
            cursor.execute(statement, values)
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    return write


def test_nobody_is_granted_without_enough_people_and_every_opinion():
    walk = Walk().to_decision()
    grant = sql("UPDATE deferral_application SET state = 'GRANTED'")

    assert "approved by enough people" in attempt(grant)
    Decision.objects.create(
        submission=walk.application.submissions.get(),
        granted=True,
        officer=walk.decider,
        officer_name="李经办",
        at=AT,
    )
    Application.objects.update(opinions_needed=4)
    assert "lacks opinions" in attempt(grant)
    without("deferral_application", "granted_by_everybody")
    assert attempt(grant) == ""


def test_a_department_that_decides_jointly_and_disagrees_stops_it():
    walk = Walk(CITY).submit().accept()
    walk.opinion("FINANCE").opinion("ECONOMY").opinion("TAX", Verdict.DISAGREE, "仍正常纳税")
    Decision.objects.create(
        submission=walk.application.submissions.get(),
        granted=True,
        officer=walk.decider,
        officer_name="李经办",
        at=AT,
    )

    assert "refused by a department" in attempt(
        sql("UPDATE deferral_application SET state = 'GRANTED'")
    )


def test_only_another_officer_of_the_citys_bureau_decides():
    walk = Walk().to_decision()
    submission = walk.application.submissions.get()

    def by(officer):
        return lambda: Decision.objects.create(
            submission=submission, granted=True, officer=officer, officer_name="某", at=AT
        )

    assert "not this officer" in attempt(by(walk.taker))
    assert "only the city decides" in attempt(by(office("HR", "510403")))
    assert "only the city decides" in attempt(by(office("TAX", CITY)))
    without("deferral_decision", "decided_by_others")
    assert attempt(by(walk.taker)) == ""


def test_states_move_by_the_table_only():
    application_of(make_employer())
    jump = sql("UPDATE deferral_application SET state = 'AGREED'")

    assert "Invalid" in attempt(jump) or "transition" in attempt(jump)
    without("deferral_application", "legal_move")
    assert attempt(jump) == ""


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("deferral_submission", "signed_name"),
        ("casework_opinion", "grounds"),
    ],
)
def test_what_was_signed_is_never_changed(table, column):
    opinion_of(make_employer())
    change = sql(f"UPDATE {table} SET {column} = '另写'")

    assert "Cannot update" in attempt(change)
    without(table, "append_only")
    assert attempt(change) == ""


def test_an_opinion_is_of_its_agency_and_on_the_content_that_was_asked():
    said = opinion_of(make_employer())
    other = OpinionRequest.objects.create(
        matter_kind="deferral",
        matter_id=said.request.matter_id,
        round=1,
        content="1" * 64,
        agency=agency("FINANCE", COUNTY),
        asked_by="某",
        asked_at=AT,
    )

    def give(officer, content):
        return lambda: Opinion.objects.create(
            request=other,
            content=content,
            verdict="AGREE",
            document_number="1",
            document_date=date(2020, 3, 20),
            file=said.file,
            officer=officer,
            officer_name="某",
            given_at=AT,
        )

    finance = office("FINANCE", COUNTY)
    assert "not asked" in attempt(give(said.officer, "1" * 64))
    assert "not asked" in attempt(give(finance, "2" * 64))
    without("casework_opinion", "of_its_agency")
    assert attempt(give(said.officer, "1" * 64)) == ""


def test_a_request_is_voided_once_and_stays_void():
    opinion_of(make_employer())
    OpinionRequest.objects.update(voided_at=AT, void_reason="内容变更")
    revive = sql("UPDATE casework_opinionrequest SET voided_at = NULL, void_reason = ''")

    assert "Cannot update" in attempt(revive)
    without("casework_opinionrequest", "void_once")
    assert attempt(revive) == ""


def test_a_clock_that_was_stopped_does_not_run_again():
    Walk().submit().accept()
    again = sql("UPDATE casework_clock SET stopped_at = NULL WHERE step = 'intake'")
    assert Clock.objects.get(step="intake").stopped_at is not None

    assert "Cannot update" in attempt(again)
    without("casework_clock", "stopped_once")
    assert attempt(again) == ""


def test_one_pending_application_a_unit():
    first = application_of(make_employer())

    def second() -> None:
        Application.objects.create(
            receipt="DF2",
            employer=first.employer,
            prepared_by=first.prepared_by,
            opened_at=AT,
            changed_at=AT,
            moved_at=AT,
        )

    assert "deferral_one_pending" in attempt(second)


def test_a_plan_adds_up_and_a_month_is_deferred_once():
    agreement = Agreement.objects.get(pk=Walk().to_decision().decide().agree().pk)
    line = agreement.lines.first()

    def plan() -> None:
        Plan.objects.create(
            agreement=agreement, number=2, amount=Decimal("1.00"), reason="改", at=AT
        )
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    def again() -> None:
        line.pk = None
        line.save(force_insert=True)

    assert "does not add up" in attempt(plan)
    assert "deferred_once" in attempt(again)
    without("deferral_plan", "plan_adds_up")
    assert attempt(plan) == ""
