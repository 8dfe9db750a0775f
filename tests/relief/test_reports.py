"""Reports: every figure equals assessments and book, however it is turned, and names who is behind."""

import random
from collections import defaultdict
from datetime import date
from decimal import Decimal
from io import BytesIO

import pytest
from django.db import connection
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from classification.models import Size
from registry.models import Post, UnitType
from relief import queries
from relief.ledger.accounts import Account
from relief.models import LedgerLeg, Report, ReportLine
from relief.queries import reports as reading
from relief.reports import cube
from relief.reports.cash import Base, Known, ahead
from relief.reports.cube import Asked
from relief.services import reports
from tests.factories import client_for, make_agency, make_officer
from tests.relief.builders import AT, AUGUST, declare, make_size, pay, recalculate, sized_employer
from tests.relief.histories.world import World

pytestmark = pytest.mark.django_db


def city():
    """Two districts, four kinds, two months; a large unit becomes small in the second."""
    large = sized_employer(Size.LARGE, name="东区钢厂")
    small = sized_employer(name="东区饭店")
    other = sized_employer(
        name="西区商店", district="510403", unit_type=UnitType.INDIVIDUAL_BUSINESS
    )
    for employer in (large, small, other):
        declare(employer, "2020-03")
        declare(employer, "2020-06", ["8000.00", "9000.00"])
    make_size(large, Size.SMALL, dated=date(2020, 7, 1), from_month=date(2020, 6, 1))
    pay(large, "1600.00")
    recalculate()
    return large, small, other


def of_today() -> Report:
    reports.make_due(at=AT)
    return Report.objects.get(run=None)


def turned(report, rows, columns="", asked=None):
    return cube.table(
        report.cells,
        report.patterns,
        first_month=report.first_month,
        asked=asked or Asked(),
        rows=rows,
        columns=columns,
    )


def officer(district="510400"):
    return make_officer(Post.HANDLER, agency=make_agency(district=district))


def test_a_report_equals_the_assessments_and_the_book():
    city()
    report = of_today()

    found = turned(report, "kind").at()
    in_force = queries.assessments_in_force(AUGUST)
    sums = in_force.order_by().aggregate(Sum("gross_due"), Sum("relief"), Sum("headcount"))
    assert found.of("gross_due") == sums["gross_due__sum"]
    assert found.of("relief") == sums["relief__sum"]
    assert found.of("persons") == sums["headcount__sum"]
    booked = LedgerLeg.objects.filter(account=Account.RELIEVED).aggregate(Sum("amount"))
    assert found.of("relief") == booked["amount__sum"]
    assert reading.agrees(report.book) is True
    assert found.of("units") == 3


def test_units_are_counted_once_wherever_they_are_counted():
    city()
    report = of_today()

    found = turned(report, "kind", "month")
    assert found.at("large", "2020-03-01").units == 1
    assert found.at("sme", "2020-06-01").units == 2  # the large one has become small
    assert found.at("sme").units == 2
    assert found.at("individual").units == 1
    assert found.at().units == 3
    assert turned(report, "class").at("sme").units == 3
    assert turned(report, "insurance").at("pension").units == 3


def test_a_figure_is_the_sum_of_the_employers_behind_it():
    city()
    report = of_today()
    for rows, columns in (("kind", "insurance"), ("district", "month"), ("class", "district")):
        found = turned(report, rows, columns)
        for row in found.rows:
            for column in found.columns:
                asked = _asked({rows: row, columns: column})
                units, count, sums = reading.behind(report, asked, sort="relief", start=0, count=50)
                cell = found.at(row, column)
                assert (sums["relief"], sums["paid"]) == (cell.of("relief"), cell.of("paid"))
                assert count == len(units) >= cell.units


def _asked(values: dict[str, str]) -> Asked:
    month = values.get("month", "")
    kinds = {kind.value for kind in cube.Kind if cube.class_of(kind) == values.get("class")}
    kinds |= {values["kind"]} if "kind" in values else set()
    return Asked(
        kinds=frozenset(kinds),
        insurances=frozenset([values["insurance"]] if "insurance" in values else []),
        districts=frozenset([values["district"]] if "district" in values else []),
        first=month,
        last=month,
    )


def test_making_again_changes_nothing_until_the_book_moves():
    large, *_ = city()
    first = of_today()

    assert reports.make_due(at=AT) == 0
    pay(large, "100.00", month=date(2020, 6, 1))
    assert reports.make_due(at=AT) == 1

    again = Report.objects.get(run=None)
    assert turned(again, "kind").at().of("paid") - turned(first, "kind").at().of("paid") == 100
    assert not ReportLine.objects.filter(report=first.pk).exists()


def test_every_run_of_everybody_keeps_its_report():
    large, *_ = city()
    reports.make_due(at=AT)
    make_size(large, Size.SMALL, dated=date(2020, 7, 2))
    recalculate()
    reports.make_due(at=AT)

    before, after = Report.objects.exclude(run=None).order_by("run")
    change = turned(after, "kind").at().of("relief") - turned(before, "kind").at().of("relief")
    assert change == Decimal("850.00")
    assert reading.agrees(after.book) is True


def test_any_city_adds_up_however_it_is_turned():
    world = World(random.Random(20200304), 30)
    for _ in range(3):
        world.year()
    report = of_today()
    day = timezone.localdate(AT)
    rows = queries.assessments_in_force(day).filter(headcount__gt=0).select_related("employer")
    expected: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    units: dict[tuple[str, str], set[int]] = defaultdict(set)
    for row in rows:
        values = {
            "month": row.month.isoformat(),
            "insurance": row.insurance,
            "district": row.employer.district_id,
            "class": row.employer_class,
        }
        for dimension, value in values.items():
            expected[dimension, value] += row.relief
            units[dimension, value].add(row.employer_id)

    for (dimension, value), relief in expected.items():
        found = turned(report, dimension).at(value)
        assert found.of("relief") == relief, (dimension, value)
        assert found.units == len(units[dimension, value]), (dimension, value)
    assert turned(report, "kind").at().units == len({row.employer_id for row in rows})


def test_cash_ahead_expects_the_last_month_under_the_rules_to_come():
    months = [date(2020, 8, 1), date(2020, 9, 1), date(2020, 10, 1)]
    half = {date(2020, 9, 1): Decimal("0.5"), date(2020, 10, 1): Decimal(0)}

    found = ahead(
        months,
        bases=[Base(Decimal("100.01"), half)],
        known=Known({date(2020, 7, 1): Decimal(40), date(2020, 9, 1): Decimal(7)}, Decimal(30)),
    )

    assert [(row.expected, row.owed, row.out) for row in found] == [
        (Decimal(0), Decimal(40), Decimal(30)),
        (Decimal("50.00"), Decimal(7), Decimal(0)),
        (Decimal("100.01"), Decimal(0), Decimal(0)),
    ]
    assert [row.after for row in found] == [Decimal(10), Decimal("67.00"), Decimal("167.01")]


# Pages


def get(who, name, *arguments, status=200, **query):
    answer = client_for(who).get(reverse(name, args=arguments), query)
    assert answer.status_code == status
    return answer.content.decode()


def test_the_pages_say_so_while_there_is_no_report():
    for name in ("reports", "report_form", "report_compare", "report_cash"):
        assert "还没有报表" in get(officer(), f"relief:{name}")


def test_the_table_shows_amounts_and_that_they_agree():
    city()
    of_today()

    page = get(officer(), "relief:reports")
    assert "与核定、账簿一致" in page
    assert "个体工商户" in page
    by_month = get(officer(), "relief:reports", rows="month", columns="insurance", measure="relief")
    assert "2020年6月" in by_month
    assert "与核定、账簿一致" not in get(officer(), "relief:reports", kind="large")


def test_officers_of_a_district_see_their_own_part():
    city()
    report = of_today()

    page = get(officer("510403"), "relief:reports")
    assert "大型企业" not in page.split("<table")[1]
    behind = get(officer("510403"), "relief:report_behind", report.pk)
    assert "西区商店" in behind
    assert "东区钢厂" not in behind


def test_the_form_leads_from_a_class_to_its_units():
    city()
    report = of_today()

    page = get(officer(), "relief:report_behind", report.pk, **{"class": "sme"})

    assert "西区商店" in page
    assert "东区饭店" in page
    assert "中小微企业（含个体工商户）" in page


def test_two_runs_are_compared():
    large, *_ = city()
    reports.make_due(at=AT)
    make_size(large, Size.SMALL, dated=date(2020, 7, 2))
    recalculate()
    reports.make_due(at=AT)
    before, after = Report.objects.exclude(run=None).order_by("run")

    page = get(officer(), "relief:report_compare", other=before.pk, report=after.pk)

    assert "+850.00" in page


@pytest.mark.parametrize("name", ["reports", "report_form", "report_compare", "report_cash"])
def test_each_page_has_its_workbook(name):
    city()
    recalculate()
    of_today()

    answer = client_for(officer()).get(reverse(f"relief:{name}_workbook"))

    sheets = load_workbook(BytesIO(answer.content)).worksheets
    assert len(list(sheets[0].iter_rows())) > 3
    assert sheets[1].title == "说明"


def test_the_workbook_of_units_lists_them():
    city()
    report = of_today()

    answer = client_for(officer()).get(
        reverse("relief:report_behind_workbook", args=[report.pk]), {"insurance": "pension"}
    )

    rows = list(load_workbook(BytesIO(answer.content)).worksheets[0].iter_rows(values_only=True))
    assert {row[0] for row in rows[1:]} == {"东区钢厂", "东区饭店", "西区商店"}


def test_pages_ask_the_same_for_few_and_many_units():
    city()
    report = of_today()
    client = client_for(officer())
    counts = []
    for _ in range(3):  # the first asks for sign-in too
        with CaptureQueriesContext(connection) as seen:
            client.get(reverse("relief:reports"), {"rows": "district"})
            client.get(reverse("relief:report_behind", args=[report.pk]))
        counts.append(len(seen))
        for _ in range(4):
            declare(sized_employer())
        recalculate()
        report = of_today()

    assert counts[1] == counts[2] <= 30
