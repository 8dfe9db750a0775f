"""Messages given to a gateway, a mail server or a folder: each once, whatever dies."""

from datetime import timedelta
from uuid import uuid4

import pytest

from casework.models import OutboxMessage
from casework.services import relaying
from casework.tell import rules
from casework.tell.by_gateway import ByGateway
from casework.tell.interface import Outgoing, Said, Verdict
from casework.tell.to_file import ToFile
from registry.models import Post
from tests.casework.gateway import KEY
from tests.casework.telling import relay, sms, tell, unit
from tests.factories import AT, make_officer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("outbox")]


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
