"""A month that nobody declared is assessed at a tenth more than the month before (policy R50a)."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from registry.models import Post
from relief import queries
from relief.models import EstimatedAssessment, EstimateDecision, EstimateOrder, ReassessmentDue
from relief.policy import Insurance
from relief.queries import estimates as asked
from relief.queries.explanations import why
from relief.services import estimates
from tests.factories import make_employer, make_officer
from tests.relief.builders import AT, AUGUST, declare, in_force, recalculate, sized_employer
from tests.relief.classing import assess_undeclared

pytestmark = pytest.mark.django_db
MAY, JUNE = date(2020, 5, 1), date(2020, 6, 1)


def silent(size="LARGE", *bases):
    """A large enterprise that declared May and not June, while others declared June."""
    unit = sized_employer(size)
    declare(unit, MAY, bases or ("10000.00",))
    declare(sized_employer(), JUNE)
    return unit


def june(unit, day=AUGUST, insurance="pension"):
    return queries.assessments_in_force(day).filter(employer=unit, month=JUNE, insurance=insurance)


def test_it_is_a_tenth_more_than_last_months_gross_and_the_relief_applies_as_usual():
    """1,600.00 a month before relief come to 1,760.00, of which a large enterprise pays half."""
    unit = silent()
    assess_undeclared(unit, JUNE)

    recalculate()

    found = june(unit).get()
    assert (found.headcount, str(found.gross_due), str(found.relief), str(found.net_due)) == (
        1,
        "1760.00",
        "880.00",
        "880.00",
    )
    assert str(found.employee_due) == "880.00"
    assert found.clause.startswith("人社部发〔2020〕49号 第一条（未申报核定：社会保险法 第六十二条")


def test_each_amount_is_rounded_once():
    unit = silent("LARGE", "2697.00", "3236.00", "3236.00")
    assess_undeclared(unit, JUNE)

    for line in EstimatedAssessment.objects.all():
        for last, due in (
            (line.last_gross, line.gross_due),
            (line.last_employee, line.employee_due),
        ):
            assert due == (last * Decimal("1.1")).quantize(Decimal("0.01"), "ROUND_HALF_UP")


def test_a_second_run_changes_nothing():
    unit = silent()
    assess_undeclared(unit, JUNE)
    recalculate()

    assert recalculate().totals["changed"] == 0
    assert june(unit).count() == 1


def test_a_late_declaration_takes_its_place():
    unit = silent()
    assess_undeclared(unit, JUNE)
    recalculate()
    declare(unit, JUNE, ("5000.00",))

    recalculate()

    found = june(unit).get()
    assert (str(found.gross_due), found.clause) == ("800.00", "人社部发〔2020〕49号 第一条")


def test_a_late_declaration_in_one_insurance_ends_all_three():
    """Who is declared without unemployment insurance isn't assessed in it."""
    unit = silent()
    assess_undeclared(unit, JUNE)
    recalculate()
    declare(unit, JUNE, [("5000.00", "0", "5000.00")])

    recalculate()

    assert june(unit, insurance="unemployment").get().headcount == 0


def test_withdrawn_by_two_people_it_comes_down_to_nothing():
    unit = silent()
    assess_undeclared(unit, JUNE)
    recalculate()
    assess_undeclared(unit, JUNE, withdraw=True)

    recalculate()

    found = june(unit).get()
    assert (found.headcount, str(found.gross_due), str(found.net_due)) == (0, "0.00", "0.00")
    assert why(unit, JUNE, Insurance.PENSION, AUGUST).agrees


def test_a_run_of_an_earlier_day_does_not_know_it():
    unit = silent()
    assess_undeclared(unit, JUNE, on=date(2020, 7, 20))

    recalculate(date(2020, 7, 19))

    assert not june(unit, date(2020, 7, 19)).exists()


def test_the_explanation_starts_from_last_month_and_comes_to_the_same():
    unit = silent()
    assess_undeclared(unit, JUNE)
    recalculate()

    found = why(unit, JUNE, Insurance.PENSION, AUGUST)

    assert found.agrees
    assert found.explanation.steps[0].formula == "上月单位应缴 1,600.00 × 110%"
    assert found.explanation.result.clause == june(unit).get().clause


def test_what_is_assessed_after_a_run_is_not_seen_by_it():
    unit = silent()
    run = recalculate()
    assess_undeclared(unit, JUNE)

    assert run.inputs["estimates"] < EstimateDecision.objects.get().pk
    assert not june(unit).exists()
    assert ReassessmentDue.objects.get(taken_by_run=None).reason == "ESTIMATED"


def test_in_one_district_it_is_started_by_one_officer_and_agreed_to_by_another():
    unit = silent()
    handler = make_officer()

    def start(by=handler, **change):
        order = {"kind": "ASSESS", "month": JUNE, "employer_ids": [unit.pk], "reason": "未申报"}
        return estimates.start(**order | change, by=by, at=AT)

    for other in (make_officer(Post.REVIEWER), make_officer(district="510403")):
        with pytest.raises(estimates.NotYours):
            start(other)
    order = start()
    with pytest.raises(estimates.CannotAssess, match="刷新"):
        start()  # it waits already
    for other in (handler, make_officer(), make_officer(Post.REVIEWER, district="510403")):
        with pytest.raises((estimates.NotYours, estimates.SamePerson)):
            estimates.decide(order_id=order.pk, agreed=True, by=other, at=AT)
    reviewer = make_officer(Post.REVIEWER)
    estimates.decide(order_id=order.pk, agreed=True, by=reviewer, at=AT)
    with pytest.raises(estimates.CannotAssess, match="已经复核"):
        estimates.decide(order_id=order.pk, agreed=True, by=reviewer, at=AT)


@pytest.mark.parametrize("month", [MAY, date(2020, 8, 1)])
def test_a_month_that_was_declared_or_may_still_be_is_not_assessed(month):
    unit = silent()

    with pytest.raises(estimates.CannotAssess):
        assess_undeclared(unit, month)


def test_listed_is_who_declared_last_month_and_not_this_one():
    unit = silent()
    make_employer()

    assert list(asked.undeclared(JUNE)) == [unit]
    assess_undeclared(unit, JUNE)
    assert list(asked.undeclared(JUNE)) == []


def refused(act):
    with pytest.raises(DatabaseError), transaction.atomic():
        act()


def test_nobody_assesses_alone_past_the_pages_either():
    unit = silent()
    assess_undeclared(unit, JUNE)
    order = EstimateOrder.objects.get()
    elsewhere = make_employer(district="510403")
    line = EstimatedAssessment.objects.first()
    line.pk, line.employer = None, elsewhere
    refused(line.save)  # decided already
    second = EstimateOrder.objects.create(
        kind="ASSESS",
        month=JUNE,
        agency=order.agency,
        reason="再次核定",
        started_by=order.started_by,
        started_at=AT,
    )
    line.order = second
    refused(line.save)  # of another district
    line.employer, line.month = unit, MAY
    refused(line.save)  # of another month

    def decide(started_by, decided_by):
        return lambda: EstimateDecision.objects.create(
            order=second,
            agreed=True,
            started_by=started_by,
            decided_by=decided_by,
            decided_on=AT.date(),
            decided_at=AT,
        )

    reviewer = make_officer(Post.REVIEWER)
    refused(decide(order.started_by, order.started_by))
    refused(decide(make_officer(), reviewer))
    refused(decide(order.started_by, make_officer()))
    refused(decide(order.started_by, make_officer(Post.REVIEWER, district="510403")))
    refused(lambda: EstimatedAssessment.objects.update(gross_due=1))
    refused(lambda: EstimateDecision.objects.all().delete())
    refused(lambda: EstimateOrder.objects.update(month=MAY))
    decide(order.started_by, reviewer)()


def test_the_assessment_is_in_the_public_table_with_its_clause():
    from registry import slots

    unit = silent()
    assess_undeclared(unit, JUNE)
    recalculate()
    table = slots.tables()["assessments"]
    statement, parameters = table.rows(AUGUST)
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        rows = [dict(zip(table.columns, row, strict=True)) for row in cursor.fetchall()]

    found = [row for row in rows if row["uscc"] == unit.uscc and row["insurance"] == "pension"]
    assert any("第六十二条" in row["clause"] for row in found)
    assert in_force(unit, month=MAY).clause == "人社部发〔2020〕49号 第一条"
