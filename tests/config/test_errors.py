"""What a page says when the database is away for a moment, and when something is really wrong."""

import json

import psycopg2
import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.test import Client

from config import errors

LOST = DatabaseError("server closed the connection unexpectedly")
LOST.__cause__ = psycopg2.DatabaseError("server closed the connection unexpectedly")
FAILURES = [OperationalError("connection refused"), InterfaceError("already closed"), LOST]
#: Django's own word for a row that is not there any more has no cause in the driver.
DEFECTS = [ValueError("oops"), DatabaseError("Save with update_fields did not affect any rows.")]


def client_whose(monkeypatch: pytest.MonkeyPatch, failure: Exception, *, owner: object, name: str):
    """Return a browser for which one call of ours fails."""

    def fail(*args: object, **kwargs: object) -> None:
        raise failure

    monkeypatch.setattr(owner, name, fail)
    return Client(raise_request_exception=False)


@pytest.mark.parametrize("failure", FAILURES, ids=["refused", "closed", "lost in the middle"])
def test_a_page_whose_database_is_away_asks_for_patience(monkeypatch, failure):
    client = client_whose(monkeypatch, failure, owner=SessionStore, name="load")
    client.cookies["sessionid"] = "a" * 32

    answer = client.get("/portal/")

    assert answer.status_code == 503
    assert answer["Retry-After"] == str(errors.AGAIN_AFTER)
    assert "系统暂时繁忙" in answer.content.decode()


def test_the_api_says_the_same_as_a_problem(monkeypatch):
    client = client_whose(monkeypatch, FAILURES[0], owner=SessionStore, name="load")
    client.cookies["sessionid"] = "a" * 32

    answer = client.get("/api/v1/refunds/")

    assert (answer.status_code, answer["Retry-After"]) == (503, str(errors.AGAIN_AFTER))
    assert answer["Content-Type"] == "application/problem+json"
    assert json.loads(answer.content)["detail"] == errors.BUSY


@pytest.mark.parametrize("failure", DEFECTS, ids=["any", "django's own"])
def test_a_defect_stays_a_defect(monkeypatch, failure):
    client = client_whose(monkeypatch, failure, owner=SessionStore, name="load")
    client.cookies["sessionid"] = "a" * 32

    answer = client.get("/portal/")

    assert answer.status_code == 500
    assert "Retry-After" not in answer
    assert "系统出了点问题" in answer.content.decode()


@pytest.mark.django_db
def test_who_falls_silent_in_a_transaction_loses_it_after_a_lease():
    with connection.cursor() as cursor:
        cursor.execute("SHOW idle_in_transaction_session_timeout")
        assert cursor.fetchone() == ("1min",)
