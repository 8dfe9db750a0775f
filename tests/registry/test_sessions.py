"""When sessions end, and what caches may keep."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from tests.factories import PASSWORD, client_for, make_administrator, make_member, make_officer

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock(monkeypatch):
    """A clock that only the session rules read; `clock.on(…)` moves it."""

    class Clock:
        now = timezone.now()

        def on(self, **step):
            self.now += timedelta(**step)

    clock = Clock()

    class Zone:
        now = staticmethod(lambda: clock.now)

    monkeypatch.setattr("registry.middleware.timezone", Zone)
    return clock


def question(answer):
    assert answer.status_code == 302
    parts = urlsplit(answer["Location"])
    return parts.path, {name: values[0] for name, values in parse_qs(parts.query).items()}


def test_staff_are_signed_out_after_fifteen_idle_minutes_and_come_back_to_the_page(clock):
    officer = make_officer()
    client = client_for(officer)
    clock.on(minutes=14)
    assert client.get("/desk/").status_code == 200
    clock.on(minutes=15)

    path, query = question(client.get("/desk/employers/?q=91&page=2"))

    assert (path, query["ended"]) == ("/login/", "idle")
    assert query["next"] == "/desk/employers/?q=91&page=2"
    page = client.get("/login/", query).content.decode()
    assert "有一段时间没有操作" in page
    back = client.post(
        f"/login/?next={query['next']}",
        {"username": officer.user.username, "password": PASSWORD, "next": query["next"]},
    )
    assert back["Location"] == query["next"]


def test_enterprises_have_thirty_minutes(clock):
    client = client_for(make_member())
    clock.on(minutes=29)
    assert client.get("/portal/").status_code == 200
    clock.on(minutes=31)
    assert question(client.get("/portal/"))[1]["ended"] == "idle"


def test_administrators_count_as_staff(clock):
    client = client_for(make_administrator())
    assert client.get("/admin/").status_code == 200
    clock.on(minutes=16)
    assert question(client.get("/admin/"))[0] == "/login/"


def test_nobody_stays_longer_than_eight_hours(clock):
    client = client_for(make_officer())
    for _ in range(47):
        clock.on(minutes=10)
        assert client.get("/desk/").status_code == 200
    # The session began a moment after the clock was set: some seconds more.
    clock.on(minutes=10, seconds=30)

    assert question(client.get("/desk/"))[1]["ended"] == "long"


def test_what_was_posted_leads_back_to_the_page_it_was_posted_from(clock):
    client = client_for(make_officer())
    clock.on(minutes=16)

    _, query = question(
        client.post(
            "/desk/employers/1/activation-code/", HTTP_REFERER="http://testserver/desk/employers/1/"
        )
    )

    assert query["next"] == "/desk/employers/1/"


def test_a_foreign_referrer_is_not_believed(clock):
    client = client_for(make_officer())
    clock.on(minutes=16)

    _, query = question(
        client.post("/desk/employers/1/activation-code/", HTTP_REFERER="https://example.com/x")
    )

    assert query["next"] == "/"


def test_a_page_that_asks_by_itself_keeps_nobody_signed_in(clock):
    client = client_for(make_officer())
    poll = {"HTTP_HX_REQUEST": "true", "HTTP_HX_CURRENT_URL": "http://testserver/desk/runs/3/"}
    for _ in range(2):
        clock.on(minutes=7)
        assert client.get("/desk/", **poll).status_code == 200
    clock.on(minutes=2)

    answer = client.get("/desk/", **poll)

    assert answer.status_code == 200
    assert answer["HX-Redirect"] == "/login/?next=%2Fdesk%2Fruns%2F3%2F&ended=idle"


def test_filtering_a_list_is_use(clock):
    client = client_for(make_officer())
    for _ in range(3):
        clock.on(minutes=10)
        answer = client.get("/desk/employers/", HTTP_HX_REQUEST="true", HTTP_HX_BOOSTED="true")
        assert answer.status_code == 200


def test_public_pages_go_on_without_the_session(clock):
    client = client_for(make_officer())
    clock.on(minutes=16)

    assert client.get("/login/").status_code == 200
    assert client.get("/activate/").status_code == 200


def test_the_api_says_that_the_session_has_ended(clock):
    client = client_for(make_officer())
    clock.on(minutes=16)

    answer = client.get("/api/v1/employers/")

    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"].startswith("请先登录")


def test_no_cache_keeps_what_somebody_saw_signed_in():
    officer = client_for(make_officer())
    member = client_for(make_member())

    assert officer.get("/desk/")["Cache-Control"] == "no-store"
    assert member.get("/portal/")["Cache-Control"] == "no-store"
    assert officer.get("/api/v1/employers/")["Cache-Control"] == "no-store"


def test_every_answer_carries_the_safe_headers():
    answer = Client().get("/login/")

    assert "camera=()" in answer["Permissions-Policy"]
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert "default-src 'self'" in answer["Content-Security-Policy"]
    assert "unsafe" not in answer["Content-Security-Policy"]


def test_the_session_cookie_is_out_of_reach_of_scripts():
    officer = make_officer()
    client = Client()
    client.post("/login/", {"username": officer.user.username, "password": PASSWORD})

    cookie = client.cookies["sessionid"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
