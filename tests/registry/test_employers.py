"""Employers on the desk and in the API."""

from datetime import date

import pytest
from django.urls import reverse

from registry import paging
from registry.models import Agency, Post, UnitType
from registry.services import activation
from tests.factories import (
    AT,
    client_for,
    make_account,
    make_agency,
    make_employer,
    make_member,
    make_officer,
    make_terms,
)

pytestmark = pytest.mark.django_db
LIST = "/desk/employers/"


@pytest.fixture
def client():
    return client_for(make_officer(district="510400"))


def found(client, **query):
    return {employer.name for employer in client.get(LIST, query).context["page"]}


def test_the_list_is_searched_by_credit_code_and_name(client):
    steel = make_employer(name="攀枝花市金江钢铁有限公司")
    make_employer(name="米易县果业合作社", district="510421")

    assert found(client) == {"攀枝花市金江钢铁有限公司", "米易县果业合作社"}
    assert found(client, q="钢铁") == {steel.name}
    assert found(client, q=steel.uscc[:17]) == {steel.name}
    assert found(client, q=f" {steel.uscc.lower()} ") == {steel.name}
    assert found(client, q="没有这个单位") == set()


def test_the_list_is_narrowed_by_district(client):
    east = make_employer(district="510402")
    make_employer(district="510403")

    assert found(client, district="510402") == {east.name}


def test_the_unit_type_is_the_one_that_holds_now(client):
    former = make_employer(unit_type=UnitType.ENTERPRISE)
    make_terms(former, from_month=date(2020, 3, 1), unit_type=UnitType.PUBLIC_INSTITUTION)
    future = make_employer(unit_type=UnitType.ENTERPRISE)
    make_terms(future, from_month=date(2999, 1, 1), unit_type=UnitType.PUBLIC_INSTITUTION)

    assert found(client, unit_type=UnitType.ENTERPRISE) == {future.name}
    assert found(client, unit_type=UnitType.PUBLIC_INSTITUTION) == {former.name}


def test_an_unknown_filter_value_narrows_nothing_and_breaks_nothing(client):
    one = make_employer()

    assert found(client, unit_type="NONSENSE", page="many") == {one.name}


def test_an_officer_of_one_district_is_not_asked_which(client):
    assert "district" in client.get(LIST).context["form"].fields
    county = client_for(make_officer(district="510403"))
    assert "district" not in county.get(LIST).context["form"].fields


def test_long_lists_are_not_counted_to_the_end(client, monkeypatch):
    monkeypatch.setattr(paging, "COUNTED", 3)
    for _ in range(5):
        make_employer(account="")

    answer = client.get(LIST)

    assert answer.context["page"].paginator.count == 3
    assert "3+" in answer.content.decode()


@pytest.mark.parametrize("rows", [1, 20])
def test_the_list_costs_the_same_whatever_its_length(client, django_assert_num_queries, rows):
    for _ in range(rows):
        make_employer(account="")

    with django_assert_num_queries(6):
        client.get(LIST)


@pytest.mark.parametrize("rows", [1, 20])
def test_an_employers_page_costs_the_same_whatever_its_history(django_assert_num_queries, rows):
    employer = make_employer()
    handler = make_officer()
    for _ in range(rows):
        make_terms(employer)
        make_account(employer)
        activation.hand_out_code(employer_id=employer.pk, officer=handler, at=AT)
    for _ in range(rows):
        make_member(employer)
    client = client_for(handler)

    with django_assert_num_queries(10):
        client.get(reverse("desk_registry:employer", args=[employer.pk]))


def test_an_employers_page_masks_account_numbers():
    employer = make_employer(account="6222021111110042")
    for post in Post:
        client = client_for(make_officer(post))
        text = client.get(reverse("desk_registry:employer", args=[employer.pk])).content.decode()
        assert "**** 0042" in text
        assert "6222021111110042" not in text


def test_only_who_may_hand_out_codes_sees_the_button():
    employer = make_employer()
    page = reverse("desk_registry:employer", args=[employer.pk])

    def offered(officer):
        return "发放激活码</button>" in client_for(officer).get(page).content.decode()

    assert offered(make_officer(Post.HANDLER))
    assert not offered(make_officer(Post.REVIEWER))
    assert not offered(make_officer(Post.HANDLER, district="510400"))
    assert not offered(make_officer(Post.OPINION, agency=make_agency(Agency.Kind.TAX)))


def test_a_code_is_handed_out_by_the_employers_own_agency_only():
    employer = make_employer()
    address = reverse("desk_registry:hand_out_code", args=[employer.pk])

    assert client_for(make_officer(district="510402")).post(address).status_code == 200
    # The city sees the employer, but does not work on it.
    assert client_for(make_officer(district="510400")).post(address).status_code == 403
    assert employer.activation_codes.count() == 1


# --- the API ---


def test_the_api_lists_employers_with_their_type_of_today(client):
    employer = make_employer(name="攀枝花市金江钢铁有限公司", zone="钒钛高新区")

    (row,) = client.get("/api/v1/employers/").json()["results"]

    assert row == {
        "uscc": employer.uscc,
        "name": "攀枝花市金江钢铁有限公司",
        "unit_type": "ENTERPRISE",
        "district": "510402",
        "zone": "钒钛高新区",
        "industry_code": "34",
        "established_on": "2010-05-01",
        "insured_on": "2010-06-01",
    }
    assert client.get(f"/api/v1/employers/{employer.uscc}/").json() == row
    assert client.get("/api/v1/employers/", {"q": "果业"}).json()["results"] == []


@pytest.mark.parametrize("rows", [1, 20])
def test_the_api_costs_the_same_whatever_the_length(client, django_assert_num_queries, rows):
    for _ in range(rows):
        make_employer(account="")

    with django_assert_num_queries(4):
        client.get("/api/v1/employers/")


def test_the_api_only_reads_and_explains_itself_in_chinese(client):
    answer = client.post("/api/v1/employers/", {})

    assert answer.status_code == 405
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["Allow"].startswith("GET")
    problem = client.get("/api/v1/employers/91510402MA0000000X/").json()
    assert problem["status"] == 404
    assert problem["detail"] == "没有找到，或者不在您的办理范围内。"


def test_the_schema_is_open_and_names_the_employers(client):
    answer = client.get("/api/v1/schema/", headers={"Accept": "application/json"})

    assert answer.status_code == 200
    assert "/api/v1/employers/{uscc}/" in answer.content.decode()
