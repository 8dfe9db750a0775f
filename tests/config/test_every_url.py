"""Every address, asked for by everybody: nobody sees or touches another's matters.

A new page is covered by itself: it lies under /desk/ or /portal/ and carries a guard of
`registry.scope`, or it stands in one of the tables below with its reason. A new kind of
object in an address needs a line in `tests.config.url_walk.MAKERS`.
"""

import pytest
from django.test import Client
from django.urls import reverse

from registry.models import Agency, Employer, Membership, Post
from tests.config.url_walk import MAKERS, Address, addresses, owner_of
from tests.factories import (
    client_for,
    make_administrator,
    make_agency,
    make_employer,
    make_member,
    make_officer,
)

pytestmark = pytest.mark.django_db

#: Open to everybody: the law in plain words, and the ways in and out.
PUBLIC = {
    "home:index",
    "home:calculator",
    "home:preferences",
    "registry:login",
    "registry:logout",
    "registry:activate",
    "help_banks",
    "help_errors",
    "help_error",
    "help_template",
    "api:schema",
    "healthz",
    "letters:check",
    "progress_lookup",
    "self_check",
    "message_receipts",  # a gateway's, signed
    "admin/login/",
    "admin/logout/",
    "admin/password_change/",
}
#: For whoever has signed in, as whoever.
SIGNED_IN = {"registry:password", "admin:password_change"}
#: Addresses whose object is no employer's: the whole agency, or the whole city, sees it.
SHARED_OBJECTS = {
    "relief:report_behind",  # lists what the officer's districts have
    "relief:report_behind_workbook",
    "relief:run",
    "relief:run_progress",
    "relief:run_differences",
    "relief:run_differences_workbook",
    "relief:shared_simulation",
    "relief:shared_differences",
    "relief:shared_workbook",
    "relief:policy",
    "relief:policy_draft",
    "relief:policy_difference",
}
#: Arguments that are values and name no row: nobody else's can be asked for by them.
VALUES = {
    "deferral_action",
    "deferral_letter",
    "person_letter",
    "month",
    "insurance",
    "kind",
    "check_code",
    "account",
}

#: Work on the whole city, which districts have no part in: runs, and the fund's own.
CITY_ONLY = {
    "relief:run_start",
    "relief:run_cancel",
    "relief:simulations",
    "relief:simulation_start",
    "relief:simulation_of_draft",
    "relief:simulation",
    "relief:simulation_progress",
    "relief:simulation_cancel",
    "relief:simulation_approve",
    "relief:simulation_run",
    "relief:simulation_departures",
    "relief:simulation_differences",
    "relief:simulation_workbook",
    "relief:simulation_lines",
    "relief:places",
    "desk_refunds:audit",
    "desk_refunds:commit_seed",
    "desk_refunds:pairs",
    "desk_refunds:held",
    "desk_refunds:sample",
    "desk_refunds:rules_prepare",
    "desk_refunds:rules_publish",
    "desk_refunds:batches",
    "desk_refunds:batch",
    "desk_refunds:batch_file",
    "desk_refunds:bank_files",
    "desk_refunds:bank_file",
    "desk_refunds:exchange",
    "desk_refunds:draft",
    "desk_refunds:sign",
    "desk_refunds:take_back",
    "desk_refunds:ask",
    "desk_refunds:inquiry_letter",
    "desk_refunds:flight",
    "desk_refunds:flight_press",
    "desk_refunds:speed",
    "desk_refunds:line",
    "desk_refunds:to_clear_up",
    "desk_refunds:handled",
    "desk_refunds:reconcile",
    "desk_refunds:reconcile_days",
    "desk_refunds:reconcile_day",
    "desk_refunds:difference",
    "desk_refunds:difference_take",
    "desk_refunds:certificate",
}

HOME, ELSEWHERE = "510402", "510403"
ALL = addresses()


def kind_of(address: Address) -> str:
    """Return which rules hold for an address, or fail: nobody has thought about it yet."""
    if address.name in PUBLIC:
        return "public"
    if address.name in SIGNED_IN:
        return "signed_in"
    for kind, prefix in (("admin", "admin/"), ("api", "api/"), ("officer", "desk/")):
        if address.route.startswith(prefix):
            return kind
    if address.route.startswith("portal/"):
        return "member"
    pytest.fail(f"{address}: neither below /desk/ or /portal/ nor in a table of exceptions")


def of_kind(kind: str) -> list[Address]:
    return [address for address in ALL if kind_of(address) == kind]


def with_object(kinds: list[Address]) -> list[Address]:
    return [address for address in kinds if address.arguments - VALUES]


each_desk = pytest.mark.parametrize("address", of_kind("officer"), ids=str)
each_portal = pytest.mark.parametrize("address", of_kind("member"), ids=str)
each_api = pytest.mark.parametrize("address", of_kind("api"), ids=str)


def read_out(answer) -> None:
    """Read an answer that is a file to its end, which closes it."""
    if answer.streaming:
        b"".join(answer.streaming_content)


def ask(client: Client, path: str) -> list[int]:
    """Return the statuses of GET and POST, leaving out a method the address doesn't know."""
    answers = [client.get(path), client.post(path)]
    for answer in answers:
        if answer.streaming:  # a file stays open until it is read to its end
            list(answer.streaming_content)
    statuses = [answer.status_code for answer in answers]
    known = [status for status in statuses if status != 405]
    assert known, f"{path} answers neither GET nor POST"
    return known


def to_log_in(client: Client, path: str) -> bool:
    """Whether every method leads to the log-in page."""
    answers = [
        answer for answer in (client.get(path), client.post(path)) if answer.status_code != 405
    ]
    return all(
        answer.status_code == 302 and answer["Location"].startswith("/login/") for answer in answers
    )


@pytest.fixture(autouse=True)
def bank_dir(settings, tmp_path):
    """Keep the bank's folders of one address from the next."""
    settings.BANK_DIR = tmp_path / "bank"


@pytest.fixture
def employer() -> Employer:
    return make_employer(district=HOME)


def allowed_posts(address: Address) -> list[Post]:
    assert address.guard, f"{address}: no guard of registry.scope"
    _, posts = address.guard
    return [post for post in Post if not posts or post in posts]


def refusal(address: Address) -> int:
    """A foreign object is not found; work that is the city's alone is refused as such."""
    return 403 if address.name in CITY_ONLY else 404


def test_every_address_is_thought_about():
    assert {kind_of(address) for address in ALL} >= {"public", "officer", "member", "admin", "api"}
    names = {address.name for address in ALL}
    assert names >= (PUBLIC | SIGNED_IN | SHARED_OBJECTS), "an exception for a page that is gone"


def test_every_object_in_an_address_can_be_made():
    asked = [a for a in ALL if kind_of(a) in {"officer", "member", "api", "public"}]
    missing = {name for address in asked for name in address.arguments} - set(MAKERS)
    assert not missing, f"write down in tests.config.url_walk.MAKERS how to make {missing}"


@pytest.mark.parametrize("address", of_kind("public"), ids=str)
def test_public_pages_need_no_account(address, employer):
    assert not {401, 403, 404} & set(ask(Client(), address.filled(employer)))


@pytest.mark.parametrize("address", of_kind("signed_in"), ids=str)
def test_pages_for_whoever_signed_in(address, employer):
    answer = Client().get(address.filled(employer), follow=True)
    assert answer.redirect_chain[-1][0].startswith("/login/")
    for who in (make_officer(), make_member(), make_administrator()):
        assert not {403, 404} & set(ask(client_for(who), address.filled(employer)))


# --- the desk ---


@each_desk
def test_the_desk_is_for_officers(address, employer):
    path = address.filled(employer)

    assert address.guard
    assert address.guard[0] == "officer"
    assert to_log_in(Client(), path)
    assert set(ask(client_for(make_member(employer)), path)) == {403}
    assert set(ask(client_for(make_administrator()), path)) == {403}


@each_desk
def test_the_desk_is_for_the_post(address, employer):
    path = address.filled(employer)
    allowed = allowed_posts(address)
    district = "510400" if address.name in CITY_ONLY else HOME
    for post in Post:
        statuses = set(ask(client_for(make_officer(post, district=district)), path))
        if post in allowed:
            assert not {403, 404} & statuses, post
        else:
            assert statuses == {403}, post


@pytest.mark.parametrize("address", with_object(of_kind("officer")), ids=str)
def test_another_districts_officers_find_nothing(address, employer):
    if address.name in SHARED_OBJECTS:
        return
    path = address.filled(employer)
    for post in allowed_posts(address):
        statuses = set(ask(client_for(make_officer(post, district=ELSEWHERE)), path))
        assert statuses == {refusal(address)}, post


@pytest.mark.parametrize("address", with_object(of_kind("officer")), ids=str)
def test_another_zones_committee_finds_nothing(address, employer):
    if address.name in SHARED_OBJECTS:
        return
    zone = make_agency(Agency.Kind.ZONE, district="510400", zone="花城新区")
    officer = make_officer(allowed_posts(address)[0], agency=zone)
    assert set(ask(client_for(officer), address.filled(employer))) == {refusal(address)}


# --- the portal ---


@each_portal
def test_the_portal_is_for_enterprises(address, employer):
    path = address.filled(employer)

    assert address.guard
    assert address.guard[0] == "member"
    assert to_log_in(Client(), path)
    assert set(ask(client_for(make_officer(district=HOME)), path)) == {403}
    _, roles = address.guard
    for role in Membership.Role:
        owns = role == Membership.Role.OWNER
        member = owner_of(employer) if owns else make_member(employer, role=role)
        statuses = set(ask(client_for(member), path))
        if not roles or role in roles:
            assert not {403, 404} & statuses, role
        else:
            assert statuses == {403}, role


@pytest.mark.parametrize("address", with_object(of_kind("member")), ids=str)
def test_another_enterprise_finds_nothing(address, employer):
    stranger = client_for(make_member(make_employer(district=HOME)))

    assert set(ask(stranger, address.filled(employer))) == {404}


# --- the API ---


@each_api
def test_the_api_needs_an_account(address, employer):
    answer = Client().get(address.filled(employer))

    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("address", with_object(of_kind("api")), ids=str)
def test_the_api_gives_nobody_anothers_data(address, employer):
    path = address.filled(employer)

    for own in (make_officer(district=HOME), make_member(employer)):
        assert asked(own, path).status_code in {200, 202, 400, 403, 409}
    for stranger in (make_officer(district=ELSEWHERE), make_member(make_employer())):
        answer = asked(stranger, path)
        assert answer.status_code == 404
        assert answer["Content-Type"] == "application/problem+json"
    assert asked(make_administrator(), path).status_code == 404


def asked(person, path):
    """Return the answer to reading an address, or to writing an empty body where it only takes that."""
    client = client_for(person)
    answer = client.get(path)
    read_out(answer)
    if answer.status_code == 405:
        return client.post(path, {}, content_type="application/json")
    return answer


@pytest.mark.parametrize("address", [a for a in of_kind("api") if not a.arguments], ids=str)
def test_lists_of_the_api_hold_only_ones_own(address, employer):
    stranger = make_employer(district=ELSEWHERE)
    path = address.filled(employer)

    for own in (make_officer(district=HOME), make_member(employer)):
        assert stranger.uscc not in client_for(own).get(path).content.decode()
    assert employer.uscc not in client_for(make_administrator()).get(path).content.decode()


# --- the administration ---


@pytest.mark.parametrize("address", of_kind("admin"), ids=str)
def test_the_administration_is_for_administrators(address):
    arguments = {name: "registry" if name == "app_label" else "1" for name in address.arguments}
    path = (
        reverse(address.name, kwargs=arguments)
        if address.named
        else f"/{address.route}".replace("(?P<url>.*)$", "somewhere")
    )
    answer = Client().get(path, follow=True)
    assert answer.status_code == 405 or answer.redirect_chain[-1][0].startswith("/login/")
    for who in (make_officer(), make_member()):
        assert client_for(who).get(path, follow=True).status_code in {403, 405}
