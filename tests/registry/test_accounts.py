"""Accounts: officers by command, signing in, lock-out, passwords."""

import re
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from registry.models import Officer, Post, TemporaryPassword
from registry.services import accounts
from tests.factories import (
    AT,
    PASSWORD,
    client_for,
    make_administrator,
    make_agency,
    make_member,
    make_officer,
    make_user,
)

pytestmark = pytest.mark.django_db
LOGIN = "/login/"
OWN = "Yige-hen-chang-2020"


def sign_in(client, username, password, **more):
    return client.post(LOGIN, {"username": username, "password": password, **more})


def command(*args, **options):
    out = StringIO()
    call_command(
        "create_officer",
        *args,
        agency="510402",
        post="REVIEWER",
        name="张复核",
        username="zhangfh",
        stdout=out,
        **options,
    )
    return out.getvalue()


# --- officers ---


def test_the_command_opens_an_account_with_a_one_time_password():
    printed = command()
    password = re.search(r"：(\w{4}(-\w{4}){3})$", printed.strip()).group(1)

    officer = Officer.objects.get(user__username="zhangfh")
    assert officer.agency == make_agency(district="510402")
    assert officer.post == Post.REVIEWER
    assert not officer.user.is_staff
    client = Client()
    assert sign_in(client, "zhangfh", password).status_code == 302
    assert client.get("/desk/")["Location"] == reverse("registry:password")


def test_the_command_can_open_an_administrators_account():
    command("--admin")

    assert User.objects.get(username="zhangfh").is_superuser


def test_the_command_reads_a_password_from_a_pipe(monkeypatch):
    monkeypatch.setattr("sys.stdin", StringIO(f"{OWN}\n"))

    printed = command("--ask-password")

    assert OWN not in printed
    assert User.objects.get(username="zhangfh").check_password(OWN)
    assert not TemporaryPassword.objects.exists()


def test_the_command_refuses_a_taken_name_and_an_unknown_agency():
    command()
    with pytest.raises(CommandError, match="已经有人使用") as refused:
        command()
    assert refused.value.returncode == 3
    with pytest.raises(CommandError, match="现有机构：攀枝花市社会保险事务中心") as refused:
        call_command("create_officer", agency="某局", post="HANDLER", name="某", username="mou")
    assert refused.value.returncode == 3
    assert not User.objects.filter(username="mou").exists()


def test_a_weak_password_opens_no_account():
    with pytest.raises(accounts.AccountRefused, match="密码"):
        accounts.create_officer(
            username="weak",
            name="某",
            agency_id=make_agency().pk,
            post=Post.HANDLER,
            password="12345678901",
            temporary=False,
            at=AT,
        )
    assert not User.objects.filter(username="weak").exists()


def test_user_names_that_differ_only_in_case_are_the_same():
    make_user("Liming")

    with pytest.raises(accounts.AccountRefused):
        accounts.open_user(username="liming", password=OWN)


def test_passwords_are_kept_by_argon2():
    user = accounts.open_user(username="somebody", password=OWN)

    assert user.password.startswith("argon2$")


# --- signing in ---


def test_everybody_comes_to_where_their_work_begins():
    for person, home in (
        (make_officer().user, "/desk/"),
        (make_member().user, "/portal/"),
        (make_administrator(), "/admin/"),
    ):
        assert sign_in(Client(), person.username, PASSWORD)["Location"] == home


def test_after_signing_in_the_page_asked_for_opens():
    officer = make_officer()

    answer = sign_in(Client(), officer.user.username, PASSWORD, next="/desk/employers/?q=x")

    assert answer["Location"] == "/desk/employers/?q=x"


def test_a_foreign_address_is_not_followed():
    officer = make_officer()

    answer = sign_in(Client(), officer.user.username, PASSWORD, next="https://example.com/")

    assert answer["Location"] == "/desk/"


def test_unknown_names_and_wrong_passwords_get_the_same_answer():
    officer = make_officer(username="known")

    answers = [
        sign_in(Client(REMOTE_ADDR="192.0.2.1"), name, "wrong-password").content.decode()
        for name in ("known", "other")
    ]
    token = re.compile(r'name="csrfmiddlewaretoken" value="\w+"')
    first, second = (token.sub("", text).replace("known", "other") for text in answers)

    assert "用户名或密码不正确" in first
    assert first == second
    assert officer.user.username == "known"


def test_a_disabled_account_is_out_at_once():
    officer = make_officer()
    client = client_for(officer)
    assert client.get("/desk/").status_code == 200

    User.objects.filter(pk=officer.user_id).update(is_active=False)

    assert client.get("/desk/").status_code == 302


def test_signing_out_needs_a_post():
    client = client_for(make_officer())

    assert client.get("/logout/").status_code == 405
    assert client.get("/desk/").status_code == 200
    assert client.post("/logout/").status_code == 302
    assert client.get("/desk/").status_code == 302


# --- lock-out ---


def test_five_wrong_passwords_close_an_account_wherever_they_come_from():
    officer = make_officer()
    for last in range(5):
        answer = sign_in(Client(REMOTE_ADDR=f"192.0.2.{last}"), officer.user.username, "wrong")
    assert answer.status_code == 429
    assert "暂停登录" in answer.content.decode()
    assert re.search(r"\d+年\d+月\d+日 \d\d:\d\d</strong>以后可以再试", answer.content.decode())

    answer = sign_in(Client(REMOTE_ADDR="198.51.100.9"), officer.user.username, PASSWORD)
    assert answer.status_code == 429
    other = make_officer()
    assert (
        sign_in(Client(REMOTE_ADDR="192.0.2.1"), other.user.username, PASSWORD).status_code == 302
    )


def test_twenty_wrong_passwords_close_an_address_for_every_account():
    officer = make_officer()
    address = Client(REMOTE_ADDR="203.0.113.7")
    statuses = [sign_in(address, f"guess{n}", "wrong").status_code for n in range(20)]
    assert statuses == [200] * 19 + [429]

    assert sign_in(address, officer.user.username, PASSWORD).status_code == 429
    elsewhere = Client(REMOTE_ADDR="203.0.113.8")
    assert sign_in(elsewhere, officer.user.username, PASSWORD).status_code == 302


def test_a_good_account_buys_an_address_no_new_tries_on_others():
    own = make_officer()
    address = Client(REMOTE_ADDR="203.0.113.7")
    for n in range(19):
        sign_in(address, f"guess{n}", "wrong")
    assert sign_in(address, own.user.username, PASSWORD).status_code == 302
    address.post("/logout/")

    assert sign_in(address, "guess99", "wrong").status_code == 429


def test_only_our_proxys_own_word_about_the_address_counts(settings, rf):
    from registry.lockout import client_address

    request = rf.get("/", REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR="1.1.1.1, 192.0.2.5")
    settings.HTTPS = False
    assert client_address(request) == "127.0.0.1"
    settings.HTTPS = True
    assert client_address(request) == "192.0.2.5"


# --- passwords ---


def change(client, former, new, again=None):
    return client.post("/password/", {"former": former, "password": new, "repeated": again or new})


def test_a_one_time_password_opens_only_the_page_to_set_an_own_one():
    officer = make_officer()
    password = accounts.hand_out_password(user_id=officer.user_id, at=AT)
    client = Client()
    sign_in(client, officer.user.username, password)

    assert client.get("/desk/employers/")["Location"] == "/password/"
    assert client.get("/api/v1/employers/").status_code == 403
    assert "设置自己的密码" in client.get("/password/").content.decode()
    assert "不能与现在的密码相同" in change(client, password, password).content.decode()
    assert change(client, password, OWN)["Location"] == "/desk/"
    assert client.get("/desk/employers/").status_code == 200
    assert sign_in(Client(), officer.user.username, OWN)["Location"] == "/desk/"


def test_a_wrong_change_of_password_says_what_to_mend():
    client = client_for(make_officer())

    assert "现在的密码不正确" in change(client, "wrong", OWN).content.decode()
    assert "两次输入的密码不一样" in change(client, PASSWORD, OWN, "other").content.decode()
    assert "10" in change(client, PASSWORD, "short").content.decode()
