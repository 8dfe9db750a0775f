"""Batches over the direct link: silence is no answer, and the bank is asked before anything is
sent again."""

import threading
from pathlib import Path

import pytest
from django.conf import settings as django_settings

from refunds.bank import ADAPTERS, link
from refunds.fakebank import http
from refunds.models import BankFile, BatchSend, Obligation
from refunds.services import bank, batches, inquiry, recall
from refunds.workflow import IllegalMove
from relief.models import Insurance
from tests.factories import AT
from tests.refunds import moods
from tests.refunds.making import clock

pytestmark = pytest.mark.django_db
KEY = "shared"


class Direct(moods.Town):
    def register_funds(self) -> None:
        super().register_funds()
        for place, fund in enumerate(Insurance):
            batches.register_fund_account(
                insurance=fund,
                holder=f"攀枝花市社会保险{fund.label}基金",
                bank="中国农业银行攀枝花分行",
                bank_code="103665002003",
                number=f"2210000000000{place}",
                channel=self.channel,
                link="http",
                at=AT,
            )


@pytest.fixture
def theirs():
    """The bank's books, in whatever mood `set_mood` brings."""
    found = moods.open_bank(mood="honest", seed=1)
    yield found
    found.close()


@pytest.fixture
def server(settings, theirs, monkeypatch):
    place = Path(django_settings.BANK_DIR)
    monkeypatch.setattr(link, "PATIENCE", 5.0)

    def open_bank():
        assert place
        return moods.open_bank(mood="honest", seed=1)

    running = http.serve(open_bank, key=KEY.encode(), hangs_for=0.02)
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    settings.BANK_LINK_URL = f"http://127.0.0.1:{running.server_address[1]}"
    settings.BANK_LINK_KEY = KEY
    yield running
    running.shutdown()
    thread.join()
    running.server_close()


def exchange():
    return bank.exchange(clock=clock)


def tries():
    return list(BatchSend.objects.order_by("number").values_list("outcome", flat=True))


@pytest.mark.parametrize("channel", ADAPTERS)
def test_a_batch_goes_and_its_answer_comes(server, theirs, channel):
    moods.order(Direct(channel=channel))
    assert exchange().sent == 1
    assert moods.differs(theirs) == []
    assert tries() == ["DONE"]
    files = BankFile.objects.count()
    exchange()
    assert BankFile.objects.count() == files
    assert not list(bank.folder("out").iterdir())


@pytest.mark.parametrize("mood", ["accepts_times_out", "refuses_times_out", "result_first"])
def test_after_silence_the_bank_is_asked_and_pays_once(server, theirs, mood):
    theirs.set_mood(mood)
    cast = Direct()
    batch = moods.order(cast)
    assert exchange().sent == 0
    # The result may be here before the bank has said that it has the batch.
    assert tries() == (["DONE"] if mood == "result_first" else ["OPEN"])
    batch.refresh_from_db()
    assert batch.state == ("ANSWERED" if mood == "result_first" else "SEALED")
    if batch.state == "SEALED":
        with pytest.raises(IllegalMove, match="银行可能已经收到"):
            recall.recall_batch(
                number=batch.number, reason="收回这个批次", officer=cast.cashier, at=clock()
            )
    paid = {line_no for line_no, line in theirs.books.truth().items() if line.paid}
    assert bool(paid) == (mood != "refuses_times_out")

    theirs.calm_down()
    exchange()
    theirs.calm_down()
    exchange()
    assert tries() == ["DONE"]
    assert moods.differs(theirs) == []
    assert len(theirs.books.truth()) == len(moods.ACCOUNTS)


@pytest.mark.parametrize(
    ("mood", "said", "noted"),
    [
        ("accepts_times_out", "银行确认已收到", "SENT"),
        ("refuses_times_out", "银行没有收到", "SEALED"),
    ],
)
def test_asking_after_silence_tells_what_the_bank_has_and_pays_nothing(
    server, theirs, mood, said, noted
):
    theirs.set_mood(mood)
    cast = Direct()
    batch = moods.order(cast)
    exchange()
    truth = theirs.books.truth()
    for _ in range(2):
        word = inquiry.ask(number=batch.number, officer=cast.cashier, at=clock())
        assert word.startswith(said)
    batch.refresh_from_db()
    assert batch.state == noted
    assert theirs.books.truth() == truth


def test_a_refusal_sends_every_line_back_and_is_not_repeated(server, theirs, monkeypatch):
    monkeypatch.setattr(
        link.Link,
        "hand_in",
        lambda self, number, content: (_ for _ in ()).throw(link.Refused("付款账户余额不足")),
    )
    moods.order(Direct())
    exchange()
    assert tries() == ["REFUSED"]
    assert {found.state for found in Obligation.objects.all()} == {"BOUNCED"}
    assert "付款账户余额不足" in Obligation.objects.first().reason
    exchange()
    assert tries() == ["REFUSED"]
    assert theirs.books.truth() == {}


def test_another_key_is_believed_by_nobody(server, theirs, settings):
    settings.BANK_LINK_KEY = "wrong"
    moods.order(Direct())
    assert exchange().sent == 0
    assert tries() == ["OPEN"]
    assert "签名" in BatchSend.objects.get().said
    assert theirs.books.truth() == {}


def test_a_bank_that_is_not_there_leaves_the_try_open(theirs, settings):
    settings.BANK_LINK_URL, settings.BANK_LINK_KEY = "http://127.0.0.1:1", KEY
    moods.order(Direct())
    assert exchange().sent == 0
    assert tries() == ["OPEN"]
