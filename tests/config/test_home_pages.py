"""Where people begin, and whether the site is well."""

import pytest
from django.db import DatabaseError
from django.test import Client
from django.utils import timezone

from casework import todo
from casework.models import Notice
from casework.todo import Todo
from config import health
from registry.models import UnitType
from tests.factories import client_for, make_employer, make_member, make_officer
from tests.relief.builders import declare, recalculate

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting(monkeypatch):
    """Let one matter wait for whoever looks."""
    monkeypatch.setattr(
        todo,
        "_providers",
        [lambda viewer: [Todo("待复核退费", 3, "/desk/employers/"), Todo("无", 0, "/")]],
    )


def test_the_desk_begins_with_what_waits(waiting):
    text = client_for(make_officer()).get("/desk/").content.decode()

    assert "待复核退费" in text
    assert "现在没有等您办理的事" not in text


def test_an_empty_desk_says_so(monkeypatch):
    monkeypatch.setattr(todo, "_providers", [])

    assert "现在没有等您办理的事" in client_for(make_officer()).get("/desk/").content.decode()


def test_the_portal_shows_only_ones_own_notices(waiting):
    own, other = make_employer(), make_employer()
    for employer, title in ((own, "请选择退费"), (other, "别家的通知")):
        Notice.objects.create(
            employer=employer, key=title, title=title, body="", sent_at=timezone.now()
        )

    text = client_for(make_member(own)).get("/portal/").content.decode()

    assert "请选择退费" in text
    assert "别家的通知" not in text
    assert "还没有核定结果" in text


def test_the_months_page_says_when_there_is_nothing_yet():
    assert "还没有核定结果" in client_for(make_member()).get("/portal/months/").content.decode()


def test_the_enterprise_reads_its_months_and_why_an_amount_is_what_it_is():
    """5,000.00 yuan of pension base in February, 16 % of it: 800.00, all of it waived."""
    employer = make_employer(unit_type=UnitType.INDIVIDUAL_BUSINESS)
    declare(employer, "2020-02", ["5000.00"])
    recalculate()
    client = client_for(make_member(employer))

    months = client.get("/portal/months/").content.decode()
    assert "800.00" in months
    assert "怎样算的" in months
    why = client.get("/portal/months/2020-02/pension/").content.decode()
    assert "800.00" in why
    assert "川人社发" in why


def test_why_says_when_there_is_nothing_to_explain():
    client = client_for(make_member())

    assert "没有可以说明的金额" in client.get("/portal/months/2020-03/pension/").content.decode()
    assert client.get("/portal/months/2020-13/pension/").status_code == 404
    assert client.get("/portal/months/2020-02/medical/").status_code == 404


def test_health_is_plain_and_keeps_no_secret():
    answer = Client().get("/healthz")

    assert answer.status_code == 200
    assert set(answer.json()) == {"status", "database", "redis", "outbox_seconds"}
    assert answer.json()["database"] == "ok"


def test_without_redis_the_site_is_well(settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    answer = Client().get("/healthz")

    assert answer.status_code == 200
    assert answer.json()["redis"] == "away"


def test_without_a_database_it_is_not(monkeypatch):
    class Away:
        @staticmethod
        def cursor():
            raise DatabaseError

    monkeypatch.setattr(health, "connection", Away)

    answer = Client().get("/healthz")

    assert answer.status_code == 503
    assert answer.json()["status"] == "down"
