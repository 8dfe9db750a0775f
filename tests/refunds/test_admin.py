"""The administration shows money and writes none."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.urls import reverse

from casework.models import Holiday
from refunds.models import FundAccount
from tests.factories import client_for, make_administrator

pytestmark = pytest.mark.django_db

MODELS = [
    model
    for app in ("refunds", "casework")
    for model in apps.get_app_config(app).get_models()
    # Holidays are kept here by hand: no money, no decision.
    if admin.site.is_registered(model) and model is not Holiday
]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_pages_open_and_nothing_is_changed_or_deleted(cast, model):
    cast.bring("BOUNCED")
    client = client_for(make_administrator())
    label = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    listed = client.get(reverse(f"{label}_changelist"))
    assert listed.status_code == 200
    assert b"6222020000000001" not in listed.content
    row = model.objects.first()
    if row is None:
        return
    shown = client.get(reverse(f"{label}_change", args=[row.pk]))
    assert shown.status_code == 200
    assert b"6222020000000001" not in shown.content
    assert client.post(reverse(f"{label}_change", args=[row.pk]), {}).status_code == 403
    assert (
        client.post(reverse(f"{label}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
    )
    if model is not FundAccount:
        assert client.get(reverse(f"{label}_add")).status_code == 403


def test_a_funds_account_is_entered_as_a_new_row(cast):
    cast.register_funds()
    client = client_for(make_administrator())
    answer = client.post(
        reverse("admin:refunds_fundaccount_add"),
        {"insurance": "pension", "holder": "基金", "bank": "银行", "number": "22100000000099"},
    )
    assert answer.status_code == 302
    assert FundAccount.objects.filter(insurance="pension").count() == 2
    wrong = client.post(
        reverse("admin:refunds_fundaccount_add"),
        {"insurance": "pension", "holder": "基金", "bank": "银行", "number": "22-1"},
    )
    assert "银行账号应为8至32位数字" in wrong.content.decode()
