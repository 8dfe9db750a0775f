"""Imports through the API: the same checks, errors and confirmations as on the pages."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from classification.models import SizeRecord
from registry import tasks
from registry.models import Import, Post
from tests.factories import client_for, make_member, make_officer, make_uscc
from tests.registry.workbooks import headers, workbook

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/imports/"


@pytest.fixture(autouse=True)
def rung(monkeypatch):
    calls = []
    monkeypatch.setattr("registry.doorbell.ring", lambda task, **work: calls.append(work) or True)
    return calls


@pytest.fixture
def city():
    return make_officer(district="510400")


def size_row(code=None, size="大型"):
    header = headers("sizes")
    return dict(zip(header, [code or make_uscc(), "甲", size, "2020-02-10"], strict=True))


def post(client, address=ADDRESS, key="", **body):
    extra = {"HTTP_IDEMPOTENCY_KEY": key} if key else {}
    return client.post(address, body, content_type="application/json", **extra)


def checked(client, *rows, **more):
    """Send rows, let a worker check them, and ask what it found."""
    number = post(client, kind="sizes", rows=list(rows), **more).json()["id"]
    tasks.work_import(import_id=number)
    return client.get(f"{ADDRESS}{number}/").json()


def test_rows_are_checked_previewed_confirmed_and_stored(city, rung):
    client = client_for(city)

    answer = post(client, kind="sizes", rows=[size_row()])

    assert answer.status_code == 202
    number = answer.json()["id"]
    assert rung == [{"import_id": number}]
    tasks.work_import(import_id=number)
    waiting = client.get(f"{ADDRESS}{number}/").json()
    assert (waiting["stage"], waiting["preview"]["new"]) == ("PREVIEW", 1)
    agreed = post(client, f"{ADDRESS}{number}/confirm/", seen=waiting["preview_sha256"])
    assert agreed.status_code == 202
    tasks.work_import(import_id=number)
    stored = client.get(f"{ADDRESS}{number}/").json()
    assert (stored["stage"], stored["accepted"]) == ("STORED", 1)
    assert SizeRecord.objects.count() == 1


def test_a_workbook_is_taken_as_on_the_page(city):
    client = client_for(city)
    book = workbook(headers("sizes"), [*size_row().values()]).getvalue()

    answer = client.post(ADDRESS, {"kind": "sizes", "file": SimpleUploadedFile("a.xlsx", book)})

    assert answer.status_code == 202
    tasks.work_import(import_id=answer.json()["id"])
    assert Import.objects.get().stage == "PREVIEW"


def test_errors_are_the_pages_own(city):
    client = client_for(city)

    found = checked(client, size_row(), size_row("1"), {**size_row(), "备注": "x"})

    assert found["stage"] == "REFUSED"
    assert [(e["row"], e["column"], e["code"]) for e in found["errors"]] == [
        (1, "备注", "unknown_column")
    ]
    found = checked(client, size_row(), size_row("1", "巨型"))
    assert [(e["row"], e["column"], e["code"]) for e in found["errors"]] == [
        (3, "统一社会信用代码", "uscc_form"),
        (3, "划型", "not_listed"),
    ]


def test_the_same_key_sent_again_is_the_same_import(city):
    client, row = client_for(city), size_row()

    numbers = {post(client, key="a1", kind="sizes", rows=[row]).json()["id"] for _ in range(3)}
    other = post(client, key="a1", kind="sizes", rows=[size_row()])

    assert len(numbers) == Import.objects.count() == 1
    assert other.status_code == 409
    assert "幂等键" in other.json()["detail"]


def test_a_stale_yes_is_a_conflict_that_says_so(city):
    client = client_for(city)
    found = checked(client, size_row())

    answer = post(client, f"{ADDRESS}{found['id']}/confirm/", seen="other")

    assert answer.status_code == 409
    assert answer["Content-Type"] == "application/problem+json"
    assert "请重新核对" in answer.json()["detail"]


def test_a_refused_import_is_stored_in_part_only_on_demand(city):
    client = client_for(city)
    found = checked(client, size_row(), size_row("1"))
    address = f"{ADDRESS}{found['id']}/confirm/"

    assert post(client, address, seen=found["preview_sha256"]).status_code == 409
    assert post(client, address, seen=found["preview_sha256"], partial=True).status_code == 202
    tasks.work_import(import_id=found["id"])

    stored = client.get(f"{ADDRESS}{found['id']}/").json()
    assert (stored["stage"], stored["accepted"], stored["parked"]) == ("PARTLY", 1, 1)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "nothing", "rows": [{"a": "b"}]}, "kind"),
        ({"kind": "sizes"}, "non_field_errors"),
        ({"kind": "sizes", "rows": []}, "rows"),
        ({"kind": "sizes", "rows": ["x"]}, "rows"),
    ],
)
def test_a_body_that_makes_no_sense_is_refused_by_name(city, body, field):
    answer = post(client_for(city), **body)

    assert answer.status_code == 400
    assert field in answer.json()["errors"]
    assert not Import.objects.exists()


def test_an_enterprise_brings_in_its_own_declaration_and_nothing_else():
    member = make_member()
    client = client_for(member)

    assert post(client, kind="sizes", rows=[size_row()]).status_code == 403
    kinds = client.get(f"{ADDRESS}kinds/").json()
    assert [kind["kind"] for kind in kinds] == ["declarations"]
    row = dict.fromkeys(headers("declarations"), "1")
    answer = post(client, kind="declarations", rows=[row])
    assert answer.status_code == 202
    assert Import.objects.get().employer == member.employer
    assert not client_for(make_member()).get(ADDRESS).json()["results"]


def test_posts_that_see_no_imports_on_the_desk_see_none_here():
    officer = make_officer(Post.FUND_FINANCE, district="510400")
    assert post(client_for(officer), kind="sizes", rows=[size_row()]).status_code == 403
    assert client_for(officer).get(ADDRESS).json()["results"] == []


@pytest.mark.parametrize("count", [1, 20])
def test_the_list_costs_the_same_whatever_its_length(city, count):
    client = client_for(city)
    for _ in range(count):
        post(client, kind="sizes", rows=[size_row()])

    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert len(client.get(ADDRESS).json()["results"]) == count

    assert len(asked) <= 5
