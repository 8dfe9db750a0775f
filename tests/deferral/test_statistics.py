"""Figures of deferral: equal to a count by hand, the same cost whatever their number."""

from datetime import date
from decimal import Decimal
from io import BytesIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from deferral.queries.statistics import _summary, statistics
from deferral.services import reviewing
from registry.scope import viewer_of
from tests.deferral.builders import CITY, COUNTY, Walk, office
from tests.deferral.test_early_ends import decide, propose
from tests.deferral.test_following import agreed, on
from tests.deferral.test_people import APRIL_12, arrive, begin, certify, settle
from tests.factories import client_for
from tests.relief.builders import pay

pytestmark = pytest.mark.django_db

JUNE = date(2020, 6, 1)


def figures(who, *, district=""):
    return statistics(
        viewer_of(who.user),
        first=date(2020, 3, 1),
        last=date(2020, 3, 31),
        today=JUNE,
        district=district,
    )


def test_what_came_how_it_ended_and_what_is_open():
    walk, _agreement = agreed()
    pay(walk.application.employer, "600.00", arrived_on=date(2020, 5, 10))
    ended, agreement = agreed()
    decide(propose(ended, agreement), ended)
    Walk(first="2020-03", last="2020-03").to_decision().decide(grant=False, reason="不具备")
    Walk(CITY, first="2020-03", last="2020-03").submit()
    returned = Walk(first="2020-03", last="2020-03").submit().accept().opinions()
    reviewing.send_back(
        application_id=returned.application.pk,
        reason="再核实",
        by=returned.reporter,
        at=returned.at,
    )
    matter = begin(walk)
    arrive(walk, "pension", "800.00")
    settle(matter)
    certify(matter)

    found = figures(walk.decider)

    by_name = {route.name: route for route in found.routes}
    county = by_name["县（区）参保单位"]
    assert (county.handed_in, county.granted, county.refused, county.pending) == (4, 2, 1, 1)
    assert (county.asked, county.asked_of_granted) == (Decimal("6800.00"), Decimal("3400.00"))
    assert by_name["市级参保单位"].pending == 1
    pension = found.funds[0]
    assert (pension.due, pension.paid, pension.open, pension.overdue) == (
        Decimal("3200.00"),
        Decimal("1400.00"),
        Decimal("1800.00"),
        Decimal("1600.00"),
    )
    assert found.early_ends == (("没有按计划补缴，经催告仍不缴", 1),)
    assert found.people == (("退休，申领基本养老金", 1, 1, Decimal(2)),)
    assert found.returns == 1
    assert [number for _reason, number in found.voided] == [3]
    intake = next(each for each in found.times if each.step == "intake")
    assert (intake.longest, intake.in_time) == (0, intake.number)
    assert figures(office("HR", "510411")).routes == ()
    assert [route.name for route in figures(walk.decider, district=COUNTY).routes] == [
        "县（区）参保单位"
    ]


def test_nine_of_ten_is_the_smallest_number_of_days_that_holds_for_them():
    found = _summary("某局", "intake", [(day, 2 - day) for day in (0, 0, 1, 1, 1, 2, 2, 2, 3, 9)])

    assert (found.middle, found.nine_of_ten, found.longest) == (Decimal("1.5"), 3, 9)
    assert (found.number, found.in_time) == (10, 8)
    assert _summary("某局", "intake", [(4, 0)]).nine_of_ten == 4


def test_more_applications_cost_no_more_queries(django_assert_num_queries):
    walk, _agreement = agreed()
    figures(walk.decider)
    with CaptureQueriesContext(connection) as few:
        figures(walk.decider)
    for _ in range(3):
        agreed()

    with django_assert_num_queries(len(few)):
        figures(walk.decider)


def test_the_page_and_its_workbook_say_the_same(monkeypatch):
    walk, _agreement = agreed()
    monkeypatch.setattr(timezone, "now", lambda: on(APRIL_12))
    client = client_for(walk.decider)

    text = client.get(reverse("desk_deferrals:statistics")).content.decode()
    book = load_workbook(BytesIO(client.get(reverse("desk_deferrals:statistics_workbook")).content))

    assert "1,700.00" in text
    rows = list(book["缓缴统计"].values)
    assert ("县（区）参保单位", "批准", 1, 1700) in rows
    wrong = client.get(reverse("desk_deferrals:statistics") + "?first=2020-05-01&last=2020-04-01")
    assert "结束日期早于开始日期" in wrong.content.decode()
