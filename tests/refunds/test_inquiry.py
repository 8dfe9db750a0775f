"""Asking the bank: no money moves, the answer is kept, and the letter names each payment."""

from datetime import date, timedelta
from io import BytesIO

import pytest
from django.urls import reverse
from pypdf import PdfReader

from casework.models import Letter
from refunds.models import Attempt, FlightAction
from refunds.services import inquiry, recall, reconcile
from refunds.services.approve import WrongPost
from tests.factories import AT
from tests.meddling import meddling
from tests.refunds.closing import ACCOUNT, DAY

pytestmark = pytest.mark.django_db


@pytest.fixture
def line(cast):
    """A payment that the bank has, and of which it has said nothing."""
    return cast.bring("AT_BANK").attempts.get()


def ask(cast, line, *, at=AT):
    return inquiry.ask(number=line.batch.number, officer=cast.cashier, at=at)


def test_a_letter_names_each_payment_that_waits(cast, line):
    said = ask(cast, line)
    letter = Letter.objects.get()
    assert letter.number in said
    text = "".join(page.extract_text() for page in PdfReader(BytesIO(letter.pdf)).pages)
    plain = "".join(text.split())
    for words in (line.line_no, line.holder, "1,000.00", "1笔，1,000.00元", "未付出"):
        assert words in plain
    assert line.account not in plain
    line.refresh_from_db()
    assert line.state == "SENT"


def test_asked_twice_on_a_day_there_is_one_letter_and_the_next_day_another(cast, line):
    ask(cast, line)
    ask(cast, line)
    assert Letter.objects.count() == 1
    ask(cast, line, at=AT + timedelta(days=1))
    assert Letter.objects.count() == 2


def test_what_is_answered_or_has_not_left_is_not_asked_about(cast, line):
    cast.answer(line.obligation)
    with pytest.raises(inquiry.NothingToAsk):
        ask(cast, line)
    draft = cast.bring("IN_BATCH").attempts.get()
    with pytest.raises(inquiry.NothingToAsk):
        ask(cast, draft)
    assert not Letter.objects.exists()


def test_only_fund_finance_asks(cast, line):
    for officer in (cast.reviewer, cast.auditor, cast.head):
        with pytest.raises(WrongPost):
            inquiry.ask(number=line.batch.number, officer=officer, at=AT)


def test_the_button_is_kept_with_its_outcome_and_the_letter_downloaded(cast, client, line):
    client.force_login(cast.cashier.user)
    number = line.batch.number
    address = reverse("desk_refunds:batch", args=[number])
    assert "向银行查询这个批次" in client.get(address).text
    page = client.post(reverse("desk_refunds:ask", args=[number]), follow=True)
    letter = Letter.objects.get()
    assert letter.number in page.text
    action = FlightAction.objects.get()
    assert (action.kind, action.subject) == ("QUERY", f"批次{number}")
    assert letter.number in action.outcome
    file = client.get(reverse("desk_refunds:inquiry_letter", args=[letter.code]))
    assert file.content == bytes(letter.pdf)
    cast.answer(line.obligation)
    page = client.post(reverse("desk_refunds:ask", args=[number]), follow=True)
    assert "没有办成" in page.text
    assert FlightAction.objects.count() == 2


def test_taking_a_batch_back_is_kept_with_its_outcome(cast, client):
    batch = cast.bring("IN_BATCH").attempts.get().batch
    client.force_login(cast.cashier.user)
    address = reverse("desk_refunds:take_back", args=[batch.number])
    board = client.get(reverse("desk_refunds:flight")).text
    assert f"{batch.number}/#recall" in board
    for _ in range(2):
        client.post(address, {"reason": "改日付款"})
    first, second = FlightAction.objects.order_by("pk")
    assert first.kind == second.kind == "RECALL"
    assert first.outcome.startswith("已撤回")
    assert second.outcome.startswith("没有办成")
    assert f"{batch.number}/#recall" not in client.get(reverse("desk_refunds:flight")).text


def test_the_board_leads_to_the_question(cast, client, line):
    Attempt.objects.filter(pk=line.pk).update(state="UNKNOWN", reason="银行答复不清楚")
    client.force_login(cast.cashier.user)
    assert f"{line.batch.number}/#asked" in client.get(reverse("desk_refunds:flight")).text
    with pytest.raises(recall.IllegalMove):
        recall.recall_batch(number=line.batch.number, reason="收回", officer=cast.cashier, at=AT)


def test_a_day_on_which_only_the_book_moved_is_a_day_to_compare(cast, line):
    cast.answer(line.obligation)
    assert reconcile.days_of(ACCOUNT) == [DAY]
    other = date(2020, 8, 3)
    with meddling() as cursor:
        cursor.execute(
            "UPDATE relief_ledgerleg SET value_on = %s WHERE account = 'arrived'", [other]
        )
    assert reconcile.days_of(ACCOUNT) == [other, DAY]
