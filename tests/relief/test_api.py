"""An employer's account and the reasons behind it, read through the API."""

import csv
import json
from datetime import date
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from classification.models import Size
from registry import months
from registry.models import Agency, Employer
from tests.factories import client_for, make_agency, make_employer, make_member, make_officer
from tests.relief.builders import declare, make_size, pay, pay_back, recalculate

pytestmark = pytest.mark.django_db

FEBRUARY, MAY = date(2020, 2, 1), date(2020, 5, 1)
DAY = "2020-08-01"


def account_of(employer: Employer) -> str:
    return f"/api/v1/employers/{employer.uscc}/account/"


def explanation_of(employer: Employer, month: str = "2020-05", insurance: str = "pension") -> str:
    return f"/api/v1/employers/{employer.uscc}/explanations/{month}/{insurance}/"


def said(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue().removeprefix("\ufeff")


def table(name: str) -> dict[tuple[str, str], dict[str, str]]:
    """Return a public table by month and insurance."""
    rows = csv.DictReader(StringIO(said("export_table", name, "-", "--as-of", DAY)))
    return {(row["period"], row["insurance"]): row for row in rows}


@pytest.fixture
def employer() -> Employer:
    """A large enterprise: half of May's pension is waived, and it has paid the whole."""
    found = make_employer()
    make_size(found, Size.LARGE)
    declare(found, "2020-05")
    pay(found, "1600.00", month=MAY)
    recalculate()
    return found


@pytest.fixture
def client(employer) -> Client:
    return client_for(make_member(employer))


def test_an_account_has_the_figures_of_the_public_tables(client, employer):
    answer = client.get(account_of(employer), {"as_of": DAY}).json()

    assert (answer["uscc"], answer["as_of"]) == (employer.uscc, DAY)
    lines = {(line["period"], line["insurance"]): line for line in answer["lines"]}
    assessments, over, under = (
        table(name) for name in ("assessments", "overpayments", "underpayments")
    )
    assert lines.keys() == assessments.keys()
    for key, line in lines.items():
        line["uscc"] = employer.uscc
        for name, value in assessments[key].items():
            assert str(line[name]) == value, (key, name)
        assert line["overpaid"] == over.get(key, {"overpaid": "0.00"})["overpaid"]
        assert line["underpaid"] == under.get(key, {"underpaid": "0.00"})["underpaid"]
    pension = lines["2020-05", "pension"]
    assert (pension["relief_fraction"], pension["paid"]) == ("0.5", "1600.00")
    assert (pension["net_due"], pension["overpaid"]) == ("800.00", "800.00")


def test_an_account_is_as_of_a_day(client, employer):
    pay_back(employer, "800.00", month=MAY, on=date(2020, 8, 5))

    def pension(day: str) -> dict[str, str]:
        lines = client.get(account_of(employer), {"as_of": day}).json()["lines"]
        return next(line for line in lines if line["insurance"] == "pension")

    assert (pension(DAY)["paid"], pension(DAY)["overpaid"]) == ("1600.00", "800.00")
    assert (pension("2020-08-05")["paid"], pension("2020-08-05")["overpaid"]) == ("800.00", "0.00")
    # Nothing was assessed yet, so nothing is too much or too little.
    before = pension("2020-07-31")
    assert (before["paid"], before["net_due"], before["overpaid"]) == ("1600.00", None, None)


def test_today_is_the_day_where_none_is_asked(client, employer):
    assert client.get(account_of(employer)).json()["as_of"] >= DAY


@pytest.mark.parametrize("month", ["2020-05", "202005"])
def test_an_explanation_is_what_the_command_prints(client, employer, month):
    answer = client.get(explanation_of(employer, month), {"as_of": DAY})

    command = said(
        "explain", employer.uscc, "2020-05", "pension", "--as-of", DAY, "--format", "json"
    )
    assert answer.json() == json.loads(command)
    assert answer.json()["result"]["overpaid"] == "800.00"
    sources = [source for step in answer.json()["steps"] for source in step["parameters"]]
    assert any(source["clause"] and source["document"] for source in sources)


def test_a_day_that_is_none_is_refused_in_chinese(client, employer):
    for path in (account_of(employer), explanation_of(employer)):
        answer = client.get(path, {"as_of": "2020-02-30"})

        assert answer.status_code == 400
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["detail"] == "填写的内容有误，请逐项改正。"
        assert "日期" in answer.json()["errors"]["as_of"][0]


@pytest.mark.parametrize(
    ("month", "insurance", "sentence"),
    [
        ("2020-13", "pension", "月份应写作"),
        ("2020-05", "medical", "险种为"),
        ("2020-06", "pension", "没有申报"),
    ],
)
def test_what_cannot_be_explained_is_not_found_and_says_why(
    client, employer, month, insurance, sentence
):
    answer = client.get(explanation_of(employer, month, insurance))

    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"
    assert sentence in answer.json()["detail"]


def test_only_who_may_see_the_employer_reads_its_account(employer):
    zone = make_agency(Agency.Kind.ZONE, district="510400", zone="花城新区")
    tax = make_agency(Agency.Kind.TAX, district="510402")
    seen = {
        make_officer(district="510402"): 200,
        make_officer(district="510400"): 200,
        make_officer(agency=tax): 200,
        make_officer(district="510403"): 404,
        make_officer(agency=zone): 404,
        make_member(): 404,
    }
    for who, status in seen.items():
        for path in (account_of(employer), explanation_of(employer)):
            answer = client_for(who).get(path)
            assert answer.status_code == status, (who, path)
    # A foreign employer and one that isn't there look the same.
    assert answer.json()["detail"] == "没有找到，或者不在您的办理范围内。"


def test_the_api_asks_for_a_session(employer):
    for path in (account_of(employer), explanation_of(employer)):
        assert Client().get(path).status_code == 401


def test_seven_months_cost_what_one_does(client, employer):
    def cost() -> int:
        with CaptureQueriesContext(connection) as counted:
            lines = client.get(account_of(employer), {"as_of": DAY}).json()["lines"]
        assert len(lines) == rows
        return len(counted)

    rows = 3
    client.get(account_of(employer))
    one = cost()
    for month in months.span(FEBRUARY, date(2020, 8, 1)):
        declare(employer, month)
    recalculate()
    rows = 21
    assert cost() == one
    assert one <= 8
