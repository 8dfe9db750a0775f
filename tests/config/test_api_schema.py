"""The API's own description: complete, in Chinese, and true of what is answered."""

import re
from collections.abc import Iterator
from datetime import date
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import reverse
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.settings import patched_settings
from jsonschema import Draft202012Validator

from classification.models import Size
from relief.models import Insurance
from tests.config.url_walk import addresses
from tests.factories import client_for, make_employer, make_member
from tests.refunds.making import Cast, overpay
from tests.relief.builders import declare, make_size, pay, recalculate
from tests.relief.building import make_project

pytestmark = pytest.mark.django_db

CHINESE = re.compile("[\u4e00-\u9fff]")


@pytest.fixture(autouse=True)
def bank_dir(settings, tmp_path):
    settings.BANK_DIR = tmp_path / "bank"


@pytest.fixture
def schema() -> dict[str, Any]:
    """The schema in the version of OpenAPI whose parts are plain JSON Schema."""
    with patched_settings({"OAS_VERSION": "3.1.1"}):
        found = SchemaGenerator().get_schema(request=None, public=True)
    for part in found["components"]["schemas"].values():
        for described in part.get("properties", {}).values():
            # The paging of the framework speaks the older version only.
            if described.pop("nullable", False):
                described["type"] = [described["type"], "null"]
    return found


def operations(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in schema["paths"].items():
        for operation in methods.values():
            yield path, operation


def agree(schema: dict[str, Any], path: str, answer: Any) -> None:
    """Fail if an answer isn't what the schema promises, or has more than it promises."""
    promised = schema["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
    closed = {
        name: part | {"additionalProperties": False} if part.get("type") == "object" else part
        for name, part in schema["components"]["schemas"].items()
    }
    whole = promised["schema"] | {"components": {"schemas": closed}}
    wrong = [f"{e.json_path}: {e.message}" for e in Draft202012Validator(whole).iter_errors(answer)]
    assert not wrong, wrong


def test_the_schema_is_made_without_a_warning():
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=StringIO())


def test_the_schema_names_every_address_of_the_api(schema):
    served = {
        re.sub("<(?:str:)?(\\w+)>", r"{\1}", re.sub(r"\(\?P(<\w+>)[^)]+\)|[\^$]", r"\1", a.route))
        for a in addresses()
        if a.route.startswith("api/") and a.name != "api:schema"
    }
    assert {path.lstrip("/") for path in schema["paths"]} == served


def test_everything_is_described_in_chinese(schema):
    for path, operation in operations(schema):
        assert CHINESE.search(operation["summary"]), path
        assert CHINESE.search(operation["description"]), path
        for parameter in operation["parameters"]:
            assert CHINESE.search(parameter["description"]), (path, parameter["name"])
    for name, part in schema["components"]["schemas"].items():
        if name.startswith("Paginated"):
            continue
        assert CHINESE.search(part.get("description", "中")), name
        for field, described in part.get("properties", {}).items():
            assert CHINESE.search(described.get("description", "")), f"{name}.{field}"


def test_employers_and_their_accounts_are_as_promised(schema):
    employer = make_employer()
    make_size(employer, Size.LARGE)
    declare(employer, "2020-05", ["10000.00", ("3000.00", "0", "99999.00")])
    pay(employer, "1600.00", month=date(2020, 5, 1))
    pay(employer, "10.00", month=date(2020, 6, 1))
    client = client_for(make_member(employer))
    known = {"uscc": employer.uscc}

    def explained() -> None:
        for insurance in Insurance.values:
            arguments = known | {"month": "2020-05", "insurance": insurance}
            answer = client.get(reverse("api:explanation", kwargs=arguments))
            assert answer.status_code == 200
            path = "/api/v1/employers/{uscc}/explanations/{month}/{insurance}/"
            agree(schema, path, answer.json())

    explained()  # worked out just now
    recalculate()
    explained()  # of the version in force
    answer = client.get(reverse("api:account", kwargs=known)).json()
    assert len(answer["lines"]) == 4
    agree(schema, "/api/v1/employers/{uscc}/account/", answer)
    agree(schema, "/api/v1/employers/", client.get("/api/v1/employers/").json())
    one = client.get(reverse("api:employers-detail", kwargs=known)).json()
    agree(schema, "/api/v1/employers/{uscc}/", one)


def test_projects_are_as_promised(schema):
    employer = make_employer()
    make_size(employer, Size.SMALL)
    make_project(employer)
    client = client_for(make_member(employer))
    known = {"uscc": employer.uscc}
    path = "/api/v1/employers/{uscc}/projects/"
    agree(schema, path, client.get(reverse("api:projects", kwargs=known)).json())

    recalculate()

    answer = client.get(reverse("api:projects", kwargs=known)).json()
    agree(schema, path, answer)
    (project,) = answer["projects"]
    assert (project["relief"], project["net_due"]) == ("50000.00", "10000.00")
    why = known | {"project_code": "XM1"}
    explained = client.get(reverse("api:project_explanation", kwargs=why)).json()
    agree(schema, path + "{project_code}/explanation/", explained)
    assert explained["agrees"]


@pytest.mark.parametrize("state", ["OFFERED", "CHOSEN", "PAID", "CORRECTED"])
def test_refunds_are_as_promised(schema, state):
    cast = Cast()
    refund = cast.bring(state, employer=overpay())
    client = client_for(cast.reviewer)

    agree(schema, "/api/v1/refunds/", client.get("/api/v1/refunds/").json())
    one = client.get(reverse("api:refunds-detail", kwargs={"receipt": refund.receipt})).json()
    agree(schema, "/api/v1/refunds/{receipt}/", one)
