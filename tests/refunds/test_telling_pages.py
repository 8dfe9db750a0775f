"""The pages of telling: the telephone list, calls, noted choices, the outbox, the settings."""

import hashlib
import hmac
import json
import re
from datetime import timedelta
from html import unescape
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from casework.models import CallRecord, Notice, OutboxMessage, SwitchedOff
from casework.services import relaying
from refunds.models import Obligation, StaffChoice
from registry.models import Membership, Post
from tests.factories import AT, client_for, make_member, make_officer
from tests.refunds.telling import PDF, note, offered

pytestmark = pytest.mark.django_db
LATER = AT + timedelta(days=7)


@pytest.fixture(autouse=True)
def a_week_later(monkeypatch, settings, tmp_path):
    """Pages ask the clock; the story happens in July 2020."""
    from casework.views import telling
    from refunds.views.telling import choices, contacts

    settings.MEDIA_ROOT = tmp_path
    settings.OUTBOX_DIR = tmp_path / "outbox"
    for module in (choices, contacts, telling):
        monkeypatch.setattr(module.timezone, "now", lambda: LATER)


def text(response):
    assert response.status_code == 200, response
    return unescape(re.sub(r"<[^>]+>", " ", response.content.decode()))


def page(client, name, *args, **data):
    return text(client.get(reverse(name, args=args), data))


def test_the_telephone_list_says_whom_to_call():
    employer = offered(name="攀枝花市回音机械厂")
    client = client_for(make_officer())

    shown = page(client, "desk_contacts:list")
    assert "攀枝花市回音机械厂" in shown
    assert "赵会计" in shown
    assert "1,000.00" in shown
    assert "未触达" in shown
    assert "攀枝花市回音机械厂" not in page(
        client_for(make_officer(district="510403")), "desk_contacts:list"
    )
    assert "没有等待选择" not in page(client, "desk_contacts:contact", employer.pk)


def test_the_telephone_list_costs_the_same_for_one_and_for_many(django_assert_max_num_queries):
    offered()
    client = client_for(make_officer())
    with django_assert_max_num_queries(9):
        page(client, "desk_contacts:list")
    for _ in range(19):
        offered()
    with django_assert_max_num_queries(9):
        page(client, "desk_contacts:list")


def test_the_list_as_a_workbook_starts_no_formula():
    offered(name="=HYPERLINK(1)")
    answer = client_for(make_officer()).get(reverse("desk_contacts:export"))

    sheet = load_workbook(BytesIO(answer.content)).active
    assert [cell.value for cell in sheet[1]][:2] == ["单位名称", "统一社会信用代码"]
    assert sheet["A2"].value == "=HYPERLINK(1)"
    assert sheet["A2"].data_type == "s"
    assert sheet["F2"].value == "1000.00"


def test_a_call_is_noted_on_the_units_page():
    employer = offered()
    client = client_for(make_officer())
    path = reverse("desk_contacts:contact", args=[employer.pk])

    assert "请写明通话内容" in text(client.post(path, {"phone": "13800000001", "reached": "yes"}))
    client.post(path, {"phone": "13800000001", "reached": "yes", "said": "会计说马上选"})
    assert CallRecord.objects.get().reached
    assert "会计说马上选" in page(client, "desk_contacts:contact", employer.pk)
    assert "没有要联系的单位" in page(client, "desk_contacts:list")


def test_a_reviewer_looks_on_and_notes_nothing():
    employer = offered(phone="13800000001")
    client = client_for(make_officer(Post.REVIEWER))

    shown = page(client, "desk_contacts:contact", employer.pk)
    assert "登记一次电话" not in shown
    assert "13800000001" not in shown
    client.post(
        reverse("desk_contacts:contact", args=[employer.pk]),
        {"phone": "13800000001", "reached": "yes", "said": "x"},
    )
    assert not CallRecord.objects.exists()


def test_many_are_reminded_after_a_preview():
    offered(phone="13800000001")
    offered()
    client = client_for(make_officer())
    path = reverse("desk_contacts:remind")

    preview = client.post(path, {"q": "", "show": ""})
    shown = text(preview)
    assert "发送给这 2 户" in shown
    assert "【攀枝花社保】请选择退费或冲抵" in shown
    assert not Notice.objects.filter(key__startswith="refund.nudge.").exists()
    digest = re.search(r'name="digest" value="([0-9a-f]+)"', preview.content.decode())[1]
    offered()
    assert "有变动，没有发送" in text(client.post(path, {"digest": digest}))
    preview = client.post(path, {})
    digest = re.search(r'name="digest" value="([0-9a-f]+)"', preview.content.decode())[1]
    assert client.post(path, {"digest": digest}).status_code == 302
    assert Notice.objects.filter(key__startswith="refund.nudge.").count() == 3
    assert "今天已经提醒过" in text(client.post(path, {}))


def test_a_choice_is_noted_by_one_and_confirmed_by_another():
    employer = offered()
    handler = make_officer(name="李经办")
    client = client_for(handler)
    path = reverse("desk_contacts:note_choice", args=[employer.pk])
    receipt = Obligation.objects.get().receipt
    given = {"receipts": receipt, "wish": "REFUND", "evidence": "LETTER", "speaker": "赵会计"}

    assert "扫描件" in text(client.post(path, given))
    bad = SimpleUploadedFile("a.pdf", b"MZ")
    assert "不是 PDF" in text(client.post(path, {**given, "file": bad}))
    good = SimpleUploadedFile("委托.pdf", PDF)
    assert client.post(path, {**given, "file": good}).status_code == 302
    choice = StaffChoice.objects.get()
    own = page(client, "desk_contacts:choice", choice.pk)
    assert "请由另一人核对" in own
    assert "6222020000000001" not in own

    second = client_for(make_officer(Post.REVIEWER, name="周复核"))
    evidence = second.get(reverse("desk_contacts:evidence", args=[choice.pk]))
    assert b"".join(evidence.streaming_content) == PDF
    assert evidence["Content-Disposition"].startswith("attachment")
    decide = reverse("desk_contacts:choice", args=[choice.pk])
    assert "请写明不通过的原因" in text(second.post(decide, {"decision": "refuse"}))
    assert second.post(decide, {"decision": "confirm"}).status_code == 302
    assert Obligation.objects.get().state == "CHOSEN"
    assert "周复核" in page(client, "desk_contacts:choice", choice.pk)
    assert employer.name in page(client, "desk_contacts:choices")


def test_the_list_of_noted_choices_costs_the_same_for_one_and_for_many(
    django_assert_max_num_queries,
):
    note(offered())
    client = client_for(make_officer())
    with django_assert_max_num_queries(7):
        page(client, "desk_contacts:choices")
    for _ in range(19):
        note(offered())
    with django_assert_max_num_queries(7):
        page(client, "desk_contacts:choices")


# --- the outbox ---


def test_the_outbox_shows_what_failed_and_why_and_sends_again():
    offered(phone="13800000001")
    OutboxMessage.objects.update(state="GIVEN_UP", error="短信平台拒收（422）：号码不存在")
    client = client_for(make_officer())

    shown = page(client, "desk_telling:outbox")
    assert "号码不存在" in shown
    assert "138****0001" in shown
    assert "13800000001" not in shown
    assert "重发" in shown
    message = OutboxMessage.objects.get()
    client.post(reverse("desk_telling:resend", args=[message.pk]))
    assert "已重新排队" in page(client, "desk_telling:outbox")
    message.refresh_from_db()
    assert (message.state, message.error) == ("UNSURE", "")
    relaying.relay(clock=lambda: LATER)
    message.refresh_from_db()
    assert message.state == "SENT"


def test_the_outbox_costs_the_same_for_one_and_for_many(django_assert_max_num_queries):
    offered(phone="13800000001")
    client = client_for(make_officer())
    with django_assert_max_num_queries(8):
        page(client, "desk_telling:outbox")
    for number in range(19):
        offered(phone=f"138000001{number:02}")
    with django_assert_max_num_queries(8):
        page(client, "desk_telling:outbox")


def test_how_it_was_told_stands_with_the_refund_and_the_unit():
    employer = offered(phone="13800000001")
    client = client_for(make_officer())
    receipt = Obligation.objects.get().receipt

    assert "138****0001" in page(client, "desk_refunds:detail", receipt)
    detail = client.get(reverse("desk_registry:employer", args=[employer.pk]))
    assert f"{reverse('desk_telling:outbox')}?q={employer.uscc}" in detail.content.decode()


# --- a gateway's receipt ---


def told(message, *, key, **said):
    body = json.dumps({"id": str(message.public_id), "state": "delivered", **said}).encode()
    path = reverse("message_receipts")
    digest = hashlib.sha256(body).hexdigest()
    signed = hmac.new(key.encode(), f"POST\n{path}\n{digest}".encode(), hashlib.sha256)
    return Client(enforce_csrf_checks=True).post(
        path,
        body,
        content_type="application/json",
        headers={"X-Signature": signed.hexdigest()},
    )


def test_a_signed_receipt_is_believed_and_no_other(settings):
    settings.SMS_KEY = "right"
    offered(phone="13800000001")
    relaying.relay(clock=lambda: LATER)
    message = OutboxMessage.objects.get()

    assert told(message, key="wrong").status_code == 400
    assert told(message, key="right", state="eaten").status_code == 400
    assert told(message, key="right", id="x").status_code == 400
    settings.SMS_KEY = ""
    assert told(message, key="").status_code == 400, "no key, no receipts"
    settings.SMS_KEY = "right"
    message.refresh_from_db()
    assert message.state == "SENT"
    assert told(message, key="right").json() == {"known": True}
    assert told(message, key="right").json() == {"known": True}
    message.refresh_from_db()
    assert (message.state, message.delivered_at) == ("DELIVERED", LATER)


# --- what a unit wants ---


def test_a_unit_switches_reminders_off_and_on():
    employer = offered(phone="13800000001")
    client = client_for(employer.members.get())
    path = reverse("portal_telling:settings")

    shown = page(client, "portal_telling:settings")
    assert "138****0001" in shown
    assert "退费选择提醒" in shown
    client.post(path, {"want": ["refund.reminder|EMAIL"]})
    assert SwitchedOff.objects.filter(kind="refund.reminder").get().channel == "SMS"
    assert not SwitchedOff.objects.filter(kind="refund.offered").exists()
    preparer = client_for(make_member(employer, role=Membership.Role.PREPARER))
    assert "由单位管理员或签署人修改" in page(preparer, "portal_telling:settings")
    preparer.post(path, {"want": []})
    assert not SwitchedOff.objects.filter(kind="refund.reminder", channel="EMAIL").exists()


def test_health_says_how_long_the_oldest_message_waits():
    offered(phone="13800000001")

    assert Client().get("/healthz").json()["outbox_seconds"] == 7 * 24 * 3600


def test_what_waits_stands_on_the_home_pages():
    note(offered())
    handler = client_for(make_officer())
    shown = text(handler.get("/desk/"))

    assert "待联系单位" in shown
    assert "代为登记的选择待确认" in shown
    assert "代为登记的选择待确认" in text(client_for(make_officer(Post.REVIEWER)).get("/desk/"))
    noted_by = StaffChoice.objects.get().recorded_by
    assert "代为登记的选择待确认" not in text(client_for(noted_by).get("/desk/"))
    elsewhere = client_for(make_officer(district="510403"))
    assert "有钱要退、没有回音" not in text(elsewhere.get("/desk/"))
