"""Messages that leave the house: each once, in time, to the right people, whatever dies."""

from datetime import date, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from casework import services
from casework.models import Notice, NumberDay, OutboxMessage
from casework.services import preferences, relaying
from casework.tell import kinds, rules
from casework.tell.by_gateway import ByGateway
from casework.tell.interface import Outgoing, Said, Verdict
from casework.tell.to_file import ToFile
from registry.models import Membership, Post
from tests.casework.gateway import KEY, Gateway
from tests.factories import AT, make_employer, make_member, make_officer

pytestmark = pytest.mark.django_db
State = OutboxMessage.State


@pytest.fixture(autouse=True)
def outbox(settings, tmp_path):
    settings.OUTBOX_DIR = tmp_path / "outbox"
    return settings.OUTBOX_DIR


@pytest.fixture
def gateway():
    found = Gateway()
    yield found
    found.close()


@pytest.fixture
def by_gateway(gateway):
    adapter = ByGateway(url=gateway.url, key=KEY, timeout=1)
    return lambda channel: adapter


def unit(phone="13800000001", email="zhao@qq.com", **fields):
    employer = make_employer(**fields)
    member = make_member(employer, email=email)
    Membership.objects.filter(pk=member.pk).update(phone=phone)
    return employer


def tell(employer, *, number=1, begins="papers-back:", at=AT, title="材料退回补正：2 份"):
    services.send_notice(
        at=at, employer_id=employer.pk, key=f"{begins}{employer.pk}.{number}", title=title, body="x"
    )


def relay(at=AT, **more):
    return relaying.relay(clock=lambda: at, **more)


def sms():
    return OutboxMessage.objects.get(channel="SMS")


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


# --- by a gateway ---


def test_the_gateway_takes_a_message_once(gateway, by_gateway):
    tell(unit(email=""))

    relay(adapter_of=by_gateway)
    relay(adapter_of=by_gateway)
    assert gateway.sent == ["13800000001"]
    assert sms().provider_id.startswith("G-")


def test_without_an_answer_it_is_asked_about_before_it_is_given_again(gateway, by_gateway):
    tell(unit(email=""))
    gateway.mood = "sends and says nothing"

    assert relay(adapter_of=by_gateway).later == 1
    assert sms().state == "UNSURE"
    gateway.mood = "good"
    assert relay(AT + timedelta(minutes=1), adapter_of=by_gateway).sent == 1
    assert gateway.sent == ["13800000001"], "asked, not sent again"
    assert gateway.asked == [str(sms().public_id)]


def test_dead_between_giving_away_and_noting_it_arrives_once(gateway, by_gateway):
    """The relay dies after the gateway has it: nothing is noted, the lease runs out."""
    tell(unit(email=""))
    (taken,) = relaying.take(at=AT)
    adapter = by_gateway("SMS")
    adapter.send(Outgoing(str(taken.message.public_id), taken.message.to, "", "x"))

    assert relay(AT + timedelta(minutes=1), adapter_of=by_gateway).sent == 0, "held by the dead"
    assert relay(AT + rules.RULES.lease * 2, adapter_of=by_gateway).sent == 1
    assert gateway.sent == ["13800000001"]


def test_dead_before_giving_away_it_arrives_all_the_same(gateway, by_gateway):
    tell(unit(email=""))
    relaying.take(at=AT)

    assert relay(AT + rules.RULES.lease * 2, adapter_of=by_gateway).sent == 1
    assert gateway.sent == ["13800000001"]


def test_who_wakes_up_late_notes_nothing():
    tell(unit(email=""))
    (late,) = relaying.take(at=AT)
    (other,) = relaying.take(at=AT + rules.RULES.lease * 2)
    refused = Said(Verdict.REFUSED, reason="x")

    assert relaying.note(other.message, Said(Verdict.TAKEN), at=AT)
    assert not relaying.note(late.message, refused, at=AT)
    assert sms().state == "SENT"


def test_a_refused_number_is_given_up_with_the_reason(gateway, by_gateway):
    tell(unit(email=""))
    gateway.mood = "refuses"

    assert relay(adapter_of=by_gateway).in_vain == 1
    assert sms().state == "GIVEN_UP"
    assert sms().error == "短信平台拒收（422）：号码不存在"


def test_a_gateway_that_is_away_is_tried_six_times_and_then_given_up():
    tell(unit(email=""))
    nobody = ByGateway(url="http://127.0.0.1:9/sms", key=KEY, timeout=1)
    at = AT
    for _ in range(6):
        at += timedelta(days=1)
        relay(at, adapter_of=lambda channel: nobody)

    assert (sms().state, sms().attempts) == ("GIVEN_UP", 6)
    assert "连不上短信平台" in sms().error
    assert relay(at + timedelta(days=1), adapter_of=lambda channel: nobody).later == 0


class Silent:
    """A mail server that breaks off after the mail was handed over."""

    name, repeats_safely = "smtp", False

    def __init__(self):
        self.given = 0

    def send(self, message):
        self.given += 1
        return Said(Verdict.UNSURE, reason="断线")

    def ask(self, message):
        return Said(Verdict.UNSURE)


def test_a_mail_in_doubt_is_not_sent_again_by_itself():
    tell(unit(phone=""))
    server = Silent()
    for days in range(5):
        relay(AT + timedelta(days=days), adapter_of=lambda channel: server)
    mail = OutboxMessage.objects.get()
    assert (server.given, mail.state) == (1, "GIVEN_UP")
    assert "核实" in mail.error

    relaying.resend(message_id=mail.pk, officer=make_officer(), at=AT)
    relay(AT, adapter_of=lambda channel: server)
    assert server.given == 2, "an officer has decided so"


def test_a_dead_relays_mail_is_not_sent_again_by_itself():
    tell(unit(phone=""))
    relaying.take(at=AT)
    server = Silent()
    relay(AT + rules.RULES.lease * 2, adapter_of=lambda channel: server)

    assert (server.given, OutboxMessage.objects.get().state) == (0, "GIVEN_UP")


def test_the_file_adapter_writes_the_same_message_into_the_same_file(tmp_path):
    adapter = ToFile(tmp_path)
    message = Outgoing("1", "a", "b", "c")

    assert adapter.ask(message) is None
    assert adapter.send(message) == adapter.send(message)
    assert len(list(tmp_path.iterdir())) == 1
    assert adapter.ask(message).verdict == Verdict.TAKEN


def test_a_folder_that_cannot_be_written_is_tried_later(tmp_path):
    (tmp_path / "file").write_text("")

    assert ToFile(tmp_path / "file").send(Outgoing("1", "a", "b", "c")).verdict == Verdict.LATER


# --- receipts, and sending again ---


def receipt(message, *, delivered=True, at=AT):
    return relaying.receive_receipt(
        public_id=str(message.public_id), delivered=delivered, reason="停机", at=at
    )


def test_delivered_stays_delivered(gateway, by_gateway):
    tell(unit(email=""))
    relay(adapter_of=by_gateway)

    assert receipt(sms())
    assert receipt(sms())
    assert receipt(sms(), delivered=False)
    assert (sms().state, sms().delivered_at) == ("DELIVERED", AT)
    assert not relaying.receive_receipt(public_id=str(uuid4()), delivered=True, reason="", at=AT)


def test_what_was_taken_and_not_delivered_goes_out_anew_once(gateway, by_gateway):
    tell(unit(email=""))
    relay(adapter_of=by_gateway)
    receipt(sms(), delivered=False)
    first = sms()
    assert (first.state, first.error) == ("GIVEN_UP", "短信没有送达：停机")
    officer = make_officer()

    relaying.resend(message_id=first.pk, officer=officer, at=AT)
    with pytest.raises(relaying.NothingToResend):
        relaying.resend(message_id=first.pk, officer=officer, at=AT)
    relay(adapter_of=by_gateway)
    assert len(gateway.book) == 2


def test_only_the_units_own_handler_sends_again():
    tell(unit(email=""))
    for stranger in (make_officer(district="510403"), make_officer(Post.AUDIT)):
        with pytest.raises(relaying.NotYours):
            relaying.resend(message_id=sms().pk, officer=stranger, at=AT)
    with pytest.raises(relaying.NothingToResend):
        relaying.resend(message_id=sms().pk, officer=make_officer(), at=AT)


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
