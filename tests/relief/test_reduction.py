"""«算给你看»: one page a unit, equal to the book to the fen, and the same as a workbook."""

import io
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from classification.models import Size
from registry.models import Post
from relief.queries.reduction import reduction_of
from tests.factories import client_for, make_member, make_officer
from tests.relief.builders import AUGUST, declare, make_size, pay, recalculate, sized_employer

pytestmark = pytest.mark.django_db


def unit():
    """A large enterprise that paid March in full and nothing for July."""
    employer = sized_employer(Size.LARGE)
    for month in ("2020-03", "2020-07"):
        declare(employer, month)
    pay(employer, "1600.00")
    recalculate()
    return employer


def test_the_page_says_what_is_due_reduced_paid_and_refundable():
    employer = unit()

    page = client_for(make_member(employer)).get(reverse("portal_reduction")).content.decode()

    for text in ("1,600.00", "800.00", "大型企业", "人社部发〔2020〕49号 第一条", "省级共享数据"):
        assert text in page
    found = reduction_of(employer, AUGUST)
    assert (found.sums.relief, found.sums.overpaid) == (850, 800)  # 800 + 30 + 20; pension only
    assert found.sums.underpaid == 1700 + 50
    assert found.relieved == (date(2020, 3, 1), date(2020, 3, 1))


def test_officers_of_the_place_see_the_same_page_and_others_nothing():
    employer = unit()
    here, there = (
        client_for(make_officer(Post.HANDLER, district=district))
        for district in (employer.district_id, "510422")
    )

    address = reverse("relief:reduction", args=[employer.pk])

    assert "省级共享数据" in here.get(address).content.decode()
    assert there.get(address).status_code == 404


def test_the_workbook_has_the_same_numbers():
    employer = unit()
    answer = client_for(make_member(employer)).get(reverse("portal_reduction_workbook"))

    book = load_workbook(io.BytesIO(answer.content))

    rows = list(book["算给你看"].iter_rows(values_only=True))
    found = reduction_of(employer, AUGUST)
    assert len(rows) == 1 + 6 + 1
    lines, last = rows[1:-1], rows[-1]
    names = ("gross_due", "relief", "net_due", "paid", "overpaid", "underpaid")
    for place, name in zip((4, 6, 7, 8, 9, 10), names, strict=True):
        in_fen = round(sum(row[place] for row in lines) * 100)
        assert in_fen == round(last[place] * 100) == getattr(found.sums, name) * 100
    assert book["说明"]["B1"].value == employer.name


def test_it_is_shown_as_of_a_past_day():
    employer = unit()
    make_size(employer, Size.SMALL, dated=date(2020, 9, 1))
    recalculate(date(2020, 9, 1))
    client = client_for(make_member(employer))

    then = client.get(reverse("portal_reduction"), {"as_of": "2020-08-01"}).content.decode()
    now = client.get(reverse("portal_reduction")).content.decode()

    assert "2020年8月1日 当时的情况" in then
    assert "大型企业" in then
    assert "大型企业" not in now
    assert (
        "日期请写成" in client.get(reverse("portal_reduction"), {"as_of": "昨天"}).content.decode()
    )
    book = client.get(reverse("portal_reduction_workbook"), {"as_of": "昨天"})
    assert book.status_code == 404


def test_it_asks_the_same_however_many_months():
    def cost(months: list[str]) -> int:
        employer = sized_employer(Size.LARGE)
        for month in months:
            declare(employer, month)
        recalculate()
        client = client_for(make_member(employer))
        client.get(reverse("portal_reduction"))
        with CaptureQueriesContext(connection) as asked:
            client.get(reverse("portal_reduction"))
        return len(asked)

    assert cost(["2020-03"]) == cost(["2020-02", "2020-03", "2020-05", "2020-06", "2020-07"])


def test_a_unit_without_months_is_told_so():
    page = client_for(make_member(sized_employer())).get(reverse("portal_reduction"))

    assert "还没有核定结果" in page.content.decode()
