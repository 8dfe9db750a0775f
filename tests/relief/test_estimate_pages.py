"""Undeclared months on the desk: chosen by one, agreed to by another, of their own district."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from registry.models import Post
from relief.models import EstimateDecision, EstimateOrder
from tests.factories import client_for, make_officer
from tests.relief.builders import declare, sized_employer

pytestmark = pytest.mark.django_db
MAY = date(2020, 5, 1)
LIST = "/desk/estimates/"


def silent(**fields):
    unit = sized_employer(**fields)
    declare(unit, MAY)
    return unit


def test_one_chooses_the_units_and_another_agrees():
    unit = silent()
    handler, reviewer = make_officer(), make_officer(Post.REVIEWER)
    told = client_for(handler).get(LIST, {"month": "2020-06"}).content.decode()
    assert unit.name in told
    assert "1,700.00" in told

    client_for(handler).post(f"{LIST}?month=2020-06", {"units": [unit.pk], "reason": "逾期未申报"})

    order = EstimateOrder.objects.get()
    page = reverse("relief:estimate", args=[order.pk])
    assert "提交意见" not in client_for(handler).get(page).content.decode()
    client_for(handler).post(page, {"verdict": "agree"})
    assert not EstimateDecision.objects.exists()
    assert "1,760.00" in client_for(reviewer).get(page).content.decode()
    client_for(reviewer).post(page, {"verdict": "agree"})
    assert EstimateDecision.objects.get().agreed
    assert unit.name not in client_for(handler).get(LIST, {"month": "2020-06"}).content.decode()


def test_nothing_chosen_or_said_is_told():
    unit, client = silent(), client_for(make_officer())

    told = client.post(f"{LIST}?month=2020-06", {"reason": "逾期"}).content.decode()
    assert "请至少选择一家单位" in told
    told = client.post(f"{LIST}?month=2020-06", {"units": [unit.pk]}).content.decode()
    assert "请填写事由" in told
    assert not EstimateOrder.objects.exists()


def test_another_district_neither_sees_nor_starts_it():
    unit = silent()
    other = client_for(make_officer(district="510403"))

    assert unit.name not in other.get(LIST, {"month": "2020-06"}).content.decode()
    other.post(f"{LIST}?month=2020-06", {"units": [unit.pk], "reason": "逾期"})
    assert not EstimateOrder.objects.exists()
    client_for(make_officer()).post(f"{LIST}?month=2020-06", {"units": [unit.pk], "reason": "逾期"})
    page = reverse("relief:estimate", args=[EstimateOrder.objects.get().pk])
    assert other.get(page).status_code == 404


@pytest.mark.parametrize("rows", [1, 20])
def test_the_page_costs_the_same_whatever_there_is_to_list(rows):
    for _ in range(rows):
        silent()
    client = client_for(make_officer())
    client.get(LIST, {"month": "2020-06"})

    with CaptureQueriesContext(connection) as asked:
        client.get(LIST, {"month": "2020-06"})
    assert len(asked) <= 8, [query["sql"] for query in asked]
