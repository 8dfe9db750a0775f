"""The administration: accounts and agencies are kept, all else is to be read."""

import re

import pytest
from axes.models import AccessAttempt
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from registry.models import Officer, Post, TemporaryPassword
from tests.factories import (
    PASSWORD,
    client_for,
    make_administrator,
    make_agency,
    make_employer,
    make_member,
    make_officer,
)

pytestmark = pytest.mark.django_db
OFFICERS = "/admin/registry/officer/"


@pytest.fixture
def administrator():
    return make_administrator("guanli")


@pytest.fixture
def client(administrator):
    return client_for(administrator)


def test_only_administrators_come_in(client):
    assert client.get("/admin/").status_code == 200
    for person in (make_officer(), make_member()):
        answer = client_for(person).get("/admin/", follow=True)
        assert answer.status_code == 403
    answer = Client().get("/admin/registry/agency/")
    assert answer.status_code == 302
    answer = Client().get(answer["Location"])
    assert answer["Location"] == "/login/?next=/admin/registry/agency/"


def test_the_administration_has_no_log_in_page_of_its_own(administrator):
    answer = Client().post("/admin/login/", {"username": "guanli", "password": PASSWORD})

    assert answer.status_code == 302
    assert answer["Location"].startswith("/login/")
    assert client_for(administrator).get("/admin/password_change/")["Location"] == "/password/"


def test_every_page_opens_and_is_in_chinese(client):
    make_member()
    make_officer()
    for model, model_admin in admin.site._registry.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        answer = client.get(reverse(f"{name}_changelist"))
        assert answer.status_code == 200, model
        assert re.search(r"[\u4e00-\u9fff]", str(model._meta.verbose_name)), model
        for row in model_admin.get_queryset(answer.wsgi_request)[:1]:
            assert client.get(reverse(f"{name}_change", args=[row.pk])).status_code == 200, model


def test_nothing_is_deleted_in_the_administration(client):
    for model, model_admin in admin.site._registry.items():
        request = client.get("/admin/").wsgi_request
        assert not model_admin.has_delete_permission(request), model
        assert "delete_selected" not in model_admin.get_actions(request), model


def opened(client, **more):
    return client.post(
        f"{OFFICERS}add/",
        {
            "username": "zhangfh",
            "name": "张复核",
            "agency": make_agency().pk,
            "post": Post.REVIEWER,
            "phone": "",
            "is_active": "on",
            **more,
        },
    )


def test_an_officer_is_opened_with_a_one_time_password_shown_once(client):
    answer = opened(client)

    password = re.search(r"<code>(\S+)</code>", answer.content.decode()).group(1)
    officer = Officer.objects.get(user__username="zhangfh")
    assert officer.post == Post.REVIEWER
    assert not officer.user.is_staff
    assert officer.user.check_password(password)
    assert TemporaryPassword.objects.filter(user=officer.user).exists()
    assert answer["Cache-Control"] == "no-store"
    assert LogEntry.objects.filter(object_id=str(officer.pk)).exists()
    assert password not in client.get(f"{OFFICERS}{officer.pk}/change/").content.decode()


def test_a_taken_name_and_a_post_the_agency_has_not_are_refused(client):
    make_officer(username="Zhangfh")

    text = opened(client).content.decode()
    assert "已经有人使用" in text
    text = opened(client, username="other", agency=make_agency("HR").pk).content.decode()
    assert "部门会审岗" in text
    assert Officer.objects.count() == 1


def test_an_officer_who_leaves_is_stopped_at_once(client):
    officer = make_officer()
    theirs = client_for(officer)
    assert theirs.get("/desk/").status_code == 200

    client.post(
        f"{OFFICERS}{officer.pk}/change/",
        {"name": "李经办", "agency": officer.agency_id, "post": officer.post},
    )

    assert theirs.get("/desk/").status_code == 302


def test_administrators_do_not_lock_themselves_out(client, administrator):
    client.post(f"/admin/auth/user/{administrator.pk}/change/", {})

    administrator.refresh_from_db()
    assert administrator.is_active
    assert administrator.is_superuser


def test_an_administrator_who_no_longer_is_one_is_out(client):
    other = make_administrator()

    client.post(f"/admin/auth/user/{other.pk}/change/", {"is_active": "on"})

    other.refresh_from_db()
    assert not other.is_staff
    assert not other.is_superuser


def act(client, path, action, *pks):
    return client.post(path, {"action": action, "_selected_action": list(pks)})


@pytest.mark.parametrize("make", [make_officer, make_member])
def test_a_forgotten_password_is_replaced_by_a_one_time_one(client, make):
    person = make()
    theirs = client_for(person)
    path = reverse(f"admin:registry_{person._meta.model_name}_changelist")

    answer = act(client, path, "hand_out_password", person.pk)

    password = re.search(r"<code>(\S+)</code>", answer.content.decode()).group(1)
    assert User.objects.get(pk=person.user_id).check_password(password)
    assert theirs.get("/password/").status_code == 302, "open sessions end"


def test_passwords_are_replaced_one_by_one(client):
    first, second = make_officer(), make_officer()

    answer = act(client, OFFICERS, "hand_out_password", first.pk, second.pk)

    assert answer.status_code == 302
    assert not TemporaryPassword.objects.exists()


def test_a_locked_account_is_let_in_again(client):
    officer = make_officer()
    stranger = Client(REMOTE_ADDR="192.0.2.9")
    fields = {"username": officer.user.username, "password": "wrong"}
    for _ in range(5):
        assert stranger.post("/login/", fields).status_code in {200, 429}
    assert AccessAttempt.objects.exists()

    act(client, "/admin/auth/user/", "let_in_again", officer.user_id)

    assert stranger.post("/login/", {**fields, "password": PASSWORD}).status_code == 302


def test_account_numbers_are_masked(client):
    employer = make_employer(account="6222029999990001")

    text = client.get(f"/admin/registry/employer/{employer.pk}/change/").content.decode()

    assert "**** 0001" in text
    assert "6222029999990001" not in text
