"""Lists and counts of the cross-checks, and who sees them."""

from io import BytesIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from registry.models import Agency, Employer, Post
from registry.scope import viewer_of
from relief.models import CrossCheckFinding
from relief.queries.cross_checks import CHECKS, Group, listed
from relief.services import cross_checks
from tests.factories import client_for, make_account, make_agency, make_employer, make_officer
from tests.relief.builders import declare
from tests.relief.cross_checking import (
    AT,
    MARCH,
    PERSON,
    a_bit_of_everything,
    city,
    damage,
    insure,
    page,
)

pytestmark = pytest.mark.django_db


def test_everybody_sees_their_own_units_and_their_counts_agree():
    a_bit_of_everything("510402")
    a_bit_of_everything("510403")
    zoned = Employer.objects.filter(district="510403").first()
    Employer.objects.filter(pk=zoned.pk).update(zone="钒钛高新区")
    cross_checks.refresh_all(at=AT)
    zone = make_agency(Agency.Kind.ZONE, district="510400", zone="钒钛高新区")
    for officer in (
        city(),
        make_officer(district="510402"),
        make_officer(district="510403"),
        make_officer(agency=zone),
    ):
        viewer = viewer_of(officer.user)
        for row in listed.overview(viewer):
            seen = listed.findings(row.check, viewer)
            assert seen.count() == row.findings
            if officer.agency.zone:
                assert {finding.employer_id for finding in seen} <= {zoned.pk}
            elif not officer.agency.district.is_city:
                assert {f.employer.district_id for f in seen} <= {officer.agency.district_id}
    assert "有划型但没有登记" in page(city())
    assert listed.findings(CHECKS["size-without-unit"], viewer_of(city().user)).count() == 2


def test_units_elsewhere_are_counted_and_not_named():
    here, there = make_employer(district="510402"), make_employer(district="510403")
    insure(here, MARCH, (PERSON, "张三", "5000"))
    insure(there, MARCH, (PERSON, "张三", "5000"))
    cross_checks.refresh_all(at=AT)

    told = page(make_officer(district="510402"), "two-units")
    assert here.name in told
    assert there.name not in told
    assert "另有 1 户" in told
    assert there.name in page(city(), "two-units")


def test_resident_ids_and_accounts_are_shown_as_the_viewer_may_see_them():
    a_bit_of_everything()
    auditor, finance = city(Post.AUDIT), city(Post.FUND_FINANCE)
    assert PERSON in page(auditor, "two-units")
    assert PERSON not in page(finance, "two-units")
    for code in ("shared-account", "holder-differs"):
        assert "**** 5678" in page(auditor, code)
        assert "12345678" not in page(auditor, code)


@pytest.mark.parametrize("code", CHECKS)
def test_every_list_shows_its_findings_and_exports_them_as_text(code):
    a_bit_of_everything()
    if code == "persons-and-totals":
        damage("UPDATE relief_declaration SET headcount = headcount + 1")
        cross_checks.refresh_all(at=AT, codes=[code])
    client = client_for(city())

    told = client.get(reverse("relief:check", args=[code])).content.decode()
    assert CHECKS[code].title in told
    assert "<td" in told
    sheet = client.get(reverse("relief:check_workbook", args=[code]))
    rows = list(load_workbook(BytesIO(sheet.content)).active.iter_rows())
    assert len(rows) - 1 == CrossCheckFinding.objects.filter(check_code=code).count()
    assert {cell.data_type for row in rows for cell in row if cell.value is not None} == {"s"}


def test_nothing_in_a_workbook_starts_a_formula():
    make_account(make_employer(), number="22220000", holder="=HYPERLINK(1)")
    cross_checks.refresh_all(at=AT)

    answer = client_for(city()).get(reverse("relief:check_workbook", args=["holder-differs"]))
    sheet = load_workbook(BytesIO(answer.content)).active
    (cell,) = [cell for cell in sheet[2] if cell.value == "=HYPERLINK(1)"]
    assert cell.data_type == "s"


@pytest.mark.parametrize("rows", [1, 20])
def test_the_pages_cost_the_same_whatever_there_is_to_list(rows):
    client = client_for(city())
    for _ in range(rows):
        make_account(make_employer(), number="12345678", holder="旁人")
    cross_checks.refresh_all(at=AT)

    for path, most in (
        (reverse("relief:checks"), 5),
        (reverse("relief:lists"), 5),
        (reverse("relief:check", args=["shared-account"]), 10),
        (reverse("relief:check_workbook", args=["shared-account"]), 6),
    ):
        with CaptureQueriesContext(
            connection,
        ) as asked:
            client.get(path)
        assert len(asked) <= most, [query["sql"] for query in asked]


def test_a_list_is_narrowed_by_name_and_code():
    one = make_employer(name="攀枝花甲厂", account="12345678")
    other = make_employer(name="攀枝花乙厂", account="12345678")
    cross_checks.refresh_all(at=AT)
    assert page(city(), "shared-account", q="甲厂").count("<tr>") == 2
    assert page(city(), "shared-account", q=other.uscc).count("<tr>") == 2
    viewer = viewer_of(city().user)
    (found,) = listed.findings(CHECKS["shared-account"], viewer, q=one.uscc[:18].lower())
    assert found.employer == one


def test_nothing_found_is_said_as_nothing():
    cross_checks.refresh_all(at=AT)
    told = page(city())
    lists = sum(check.group is Group.LISTS for check in CHECKS.values())
    assert told.count(">无</td>") == len(CHECKS) - lists
    told = client_for(city()).get(reverse("relief:lists")).content.decode()
    assert told.count(">无</td>") == lists > 0
    assert "没有发现问题" in page(city(), "two-names")


def test_before_the_first_look_no_page_says_that_all_is_well():
    told = page(city())
    assert ">无</td>" not in told
    assert "还有项目没有核对过" in told


def test_the_thresholds_stand_on_the_page():
    told = page(city())
    assert "变动达到 30% 且不少于 10 人" in told
    assert "变动达到 50% 且不少于 1000 元" in told


def test_the_alarm_stands_on_the_to_do_lists_of_those_who_see_the_unit():
    declare(make_employer(district="510402"))
    cross_checks.refresh_all(at=AT)
    here, there = make_officer(district="510402"), make_officer(district="510403")
    title = CHECKS["persons-and-totals"].title
    assert title not in client_for(here).get("/desk/").content.decode()

    damage("UPDATE relief_declaration SET headcount = headcount + 1")
    cross_checks.refresh_all(at=AT)
    assert title in client_for(here).get("/desk/").content.decode()
    assert title in client_for(city()).get("/desk/").content.decode()
    assert title not in client_for(there).get("/desk/").content.decode()


def test_an_unknown_check_is_not_found():
    client = client_for(city())
    assert client.get("/desk/checks/nothing/").status_code == 404
    assert client.get("/desk/checks/nothing/list.xlsx").status_code == 404
