"""Messages that leave the house: each once, in time, to the right people."""

from datetime import date, datetime, timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from casework import services
from casework.models import Notice, NumberDay, OutboxMessage
from casework.services import preferences
from casework.tell import kinds, rules
from registry.models import Membership
from tests.casework.telling import relay, sms, tell, unit
from tests.factories import AT, make_employer, make_member

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("outbox")]


# --- written with the notice ---


def test_a_notice_goes_out_by_text_message_and_mail():
    tell(unit())

    message = sms()
    assert (message.to, message.state) == ("13800000001", "QUEUED")
    assert message.text == "【攀枝花社保】材料退回补正：2 份。请登录网上办理查看原因。"
    mail = OutboxMessage.objects.get(channel="EMAIL")
    assert mail.to == "zhao@qq.com"
    assert mail.notice == Notice.objects.get()


def test_the_same_cause_goes_out_once():
    employer = unit()
    tell(employer)
    tell(employer)
    tell(employer, at=AT + timedelta(days=1))

    assert Notice.objects.count() == 1
    assert OutboxMessage.objects.count() == 2


def test_what_is_rolled_back_is_told_to_nobody():
    employer = unit()
    with transaction.atomic():
        tell(employer)
        transaction.set_rollback(True)

    assert not OutboxMessage.objects.exists()


def test_a_cause_of_no_known_kind_stays_in_the_portal():
    tell(unit(), begins="something:")

    assert Notice.objects.count() == 1
    assert not OutboxMessage.objects.exists()


def test_landlines_and_made_up_addresses_get_nothing():
    tell(unit(phone="08120000000", email="a@demo.invalid"))

    assert not OutboxMessage.objects.exists()


def test_the_units_own_mobile_stands_in_where_no_signer_has_one():
    employer = make_employer(phone="139-1111 2222")
    make_member(employer)
    tell(employer)

    assert sms().to == "13911112222"


def test_preparers_and_former_members_hear_nothing():
    employer = unit()
    preparer = make_member(employer, role=Membership.Role.PREPARER)
    Membership.objects.filter(pk=preparer.pk).update(phone="13800000009")
    former = make_member(employer, role=Membership.Role.SIGNER)
    Membership.objects.filter(pk=former.pk).update(
        phone="13800000008", ended_at=AT, ended_by=former.user_id
    )
    tell(employer)

    assert sms().to == "13800000001"


def test_telling_five_hundred_units_costs_no_more_queries_than_telling_one(
    django_assert_max_num_queries,
):
    employers = [unit(phone=f"1380000{n:04}") for n in range(30)]
    messages = [
        services.Message(employer_id=e.pk, key=f"papers:{e.pk}", title="t", body="b")
        for e in employers
    ]
    with django_assert_max_num_queries(9):
        services.send_notices(messages, at=AT)
    assert OutboxMessage.objects.count() == 60


# --- texts ---


@pytest.mark.parametrize("length", [1, 20, 40, 120])
def test_every_kind_fits_into_one_text_message(length):
    for kind in kinds.every():
        text = rules.RULES.short("题" * length, kind.tail)
        assert len(text) <= 70
        assert text.startswith("【攀枝花社保】")
        assert text.endswith(kind.tail), "what to do is never cut off"
        assert len(kind.tail) <= 40


def test_addresses_are_masked():
    assert rules.masked("13812345678") == "138****5678"
    assert rules.masked("zhaokuaiji@qq.com") == "zh***@qq.com"


# --- what a unit doesn't want ---


def test_a_unit_switches_off_reminders_but_not_what_it_must_hear():
    employer = unit()
    member = employer.members.get()
    preferences.choose(by=member, wanted=[("papers", "EMAIL")], at=AT)
    preferences.choose(by=member, wanted=[("papers", "EMAIL")], at=AT)
    tell(employer, begins="papers:")
    tell(employer, begins="papers-back:")

    told = set(OutboxMessage.objects.values_list("kind", "channel"))
    assert told == {("papers", "EMAIL"), ("papers-back", "SMS"), ("papers-back", "EMAIL")}
    preferences.choose(by=member, wanted=[("papers", "EMAIL"), ("papers", "SMS")], at=AT)
    tell(employer, begins="papers:", number=2)
    assert OutboxMessage.objects.filter(kind="papers", channel="SMS").count() == 1


def test_only_who_signs_may_switch_off():
    preparer = make_member(unit(), role=Membership.Role.PREPARER)
    with pytest.raises(preferences.MayNotSet):
        preferences.choose(by=preparer, wanted=[], at=AT)


# --- given away ---


def test_with_nothing_configured_each_message_becomes_a_file(outbox):
    tell(unit())

    assert relay().sent == 2
    assert relay().sent == 0
    files = [path.read_text() for path in outbox.iterdir()]
    assert len(files) == 2
    assert any("收件：13800000001" in text for text in files)
    assert set(OutboxMessage.objects.values_list("state", flat=True)) == {"SENT"}


def test_at_night_only_mail_goes_out_and_text_messages_in_the_morning():
    night = AT.replace(hour=22)
    tell(unit(), at=night)

    assert sms().due_at == (AT + timedelta(days=1)).replace(hour=8)
    assert relay(night).sent == 1
    assert sms().state == "QUEUED"
    assert relay((AT + timedelta(days=1)).replace(hour=7, minute=59)).sent == 0
    assert relay((AT + timedelta(days=1)).replace(hour=8)).sent == 1


def test_a_message_due_in_the_day_is_not_sent_late_in_the_evening():
    tell(unit())

    assert relay(AT.replace(hour=20)).sent == 1
    assert sms().state == "QUEUED"


def test_a_number_gets_five_a_day_and_the_rest_tomorrow():
    employer = unit(email="")
    for number in range(8):
        tell(employer, number=number)

    assert relay().sent == 5
    waiting = OutboxMessage.objects.filter(state="QUEUED")
    assert waiting.count() == 3
    assert "已经发满 5 条" in waiting[0].error
    assert relay(AT.replace(hour=19)).sent == 0
    assert relay(AT + timedelta(days=1)).sent == 3
    assert list(NumberDay.objects.order_by("day").values_list("used", flat=True)) == [5, 3]


def test_the_database_itself_refuses_a_sixth():
    with pytest.raises(IntegrityError), transaction.atomic():
        NumberDay.objects.create(number="13800000001", day=date(2020, 7, 20), used=6)


def test_trying_again_on_the_same_day_uses_no_more_of_it(gateway, by_gateway):
    tell(unit(email=""))
    gateway.mood = "busy"
    relay(adapter_of=by_gateway)
    assert sms().state == "FAILED"
    gateway.mood = "good"
    relay(AT + timedelta(minutes=1), adapter_of=by_gateway)

    assert sms().state == "SENT"
    assert NumberDay.objects.get().used == 1


# --- what the database keeps ---


def test_a_message_never_changes_and_never_goes():
    tell(unit(email=""))
    for change in (
        lambda: OutboxMessage.objects.update(text="x"),
        lambda: OutboxMessage.objects.update(to="13800000002"),
        lambda: OutboxMessage.objects.all().delete(),
        lambda: OutboxMessage.objects.update(state="SENDING"),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_rules_of_hours():
    opens = datetime(2020, 7, 20, 8, tzinfo=AT.tzinfo)
    assert rules.RULES.when_open(opens.replace(hour=3)) == opens
    assert rules.RULES.when_open(opens) == opens
    assert rules.RULES.when_open(opens.replace(hour=20)) == opens + timedelta(days=1)
    assert rules.RULES.next_day(opens) == opens + timedelta(days=1)
