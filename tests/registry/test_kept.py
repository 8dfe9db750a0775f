"""What was typed without a session is its own person's, and nobody else's."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from registry import kept
from tests.deferral import builders
from tests.factories import PASSWORD, make_member

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """A clock that begins when months could be deferred; `clock.on(…)` moves it."""

    class Clock:
        now = builders.AT

        def on(self, **step):
            self.now += timedelta(**step)

    clock = Clock()
    monkeypatch.setattr(timezone, "now", lambda: clock.now)
    return clock


@pytest.fixture
def form():
    """The address of a page with a form, the person who fills it in, and what they type."""
    member = make_member(builders.unit())
    application = builders.drafting.begin(member=member, at=builders.AT)
    return f"/portal/deferrals/{application.receipt}/hardship/", member


def browser(member) -> Client:
    """Return a browser in which somebody has signed in and looked at a page."""
    client = Client()
    sign_in(client, member)
    client.get("/portal/")
    return client


def sign_in(client, member, following=""):
    said = {"username": member.user.username, "password": PASSWORD, "next": following}
    return client.post("/login/", said, follow=True)


def type_in(client, path, **said):
    """Send the form without a session; return the page to which signing in would lead."""
    answer = client.post(path, {"test_ground": "不给别人看"} | said)
    assert answer.status_code == 302
    parts = urlsplit(answer["Location"])
    assert parts.path == "/login/"
    return parse_qs(parts.query)["next"][0]


def test_an_idle_session_keeps_what_was_typed_and_gives_it_back(form, clock):
    path, member = form
    client = browser(member)
    clock.on(minutes=31)

    following = type_in(client, path)

    assert following == path
    assert "不给别人看" in sign_in(client, member, path).content.decode()


def test_whoever_signs_in_next_sees_nothing_and_it_is_gone(form):
    path, member = form
    client = browser(member)
    colleague = make_member(member.employer)
    Session.objects.all().delete()
    type_in(client, path)

    shown = sign_in(client, colleague, path).content.decode()

    assert "不给别人看" not in shown
    assert kept.PUT_BACK not in shown
    client.post("/logout/")
    assert "不给别人看" not in sign_in(client, member, path).content.decode()


def test_nothing_is_kept_in_a_browser_that_nobody_has_signed_in_with(form):
    path, member = form
    client = Client()

    type_in(client, path)

    assert "不给别人看" not in sign_in(client, member, path).content.decode()
    assert not any("不给别人看" in str(each.get_decoded()) for each in Session.objects.all())


def test_nothing_is_kept_once_somebody_has_signed_out(form):
    path, member = form
    client = browser(member)
    client.post("/logout/")

    type_in(client, path)

    assert "不给别人看" not in sign_in(client, member, path).content.decode()


def test_a_forged_name_is_not_believed(form):
    path, member = form
    client = Client()
    client.cookies[kept.COOKIE] = str(member.user.pk)

    type_in(client, path)

    assert "不给别人看" not in sign_in(client, member, path).content.decode()


def test_more_than_a_person_types_is_not_kept_and_they_are_told(form):
    path, member = form
    client = browser(member)
    Session.objects.all().delete()

    type_in(client, path, test_ground="长" * kept.MOST_BYTES)

    assert kept.NOT_DONE in sign_in(client, member, path).content.decode()


def test_it_is_shown_until_it_is_sent_again(form):
    path, member = form
    client = browser(member)
    Session.objects.all().delete()
    type_in(client, path)
    sign_in(client, member, path)

    assert "不给别人看" in client.get(path).content.decode()
    client.post(path, {"test_ground": "另写一段"})

    assert "不给别人看" not in client.get(path).content.decode()


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(form):
    _path, member = form
    cookie = browser(member).cookies[kept.COOKIE]

    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
