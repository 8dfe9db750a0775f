"""Every press on the money's way twenty times at once, over HTTP: a double click, two tabs, an
impatient person. It has one effect, and nobody gets an error."""

import time
from collections import Counter

import pytest
from django.urls import reverse
from django.utils import timezone

from casework.models import Move
from refunds.models import (
    Approval,
    Attempt,
    BankFile,
    Batch,
    Correction,
    DayClose,
    Difference,
    Obligation,
    SampleCheck,
    Submission,
)
from refunds.services import sampling
from relief.ledger import verify
from relief.models import LedgerPosting, PaidBack
from tests import soaking
from tests.refunds.chaos.web import Answer, Browser
from tests.refunds.closing import DAY, charge, paid_out, state
from tests.refunds.making import Cast, account, clock, offer, overpay, put_down, row

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

PRESSES = soaking.times(20, 4)


class Desk:
    """Everybody at a browser of their own; what they press they press many times at once."""

    def __init__(self, live_server, cast: Cast) -> None:
        self.port = live_server.thread.port
        self.cast = cast
        self.browsers: dict[object, Browser] = {}
        self.pressed: Counter[str] = Counter()

    def press(self, who, name: str, *args: object, page: str = "", **form: str) -> list[Answer]:
        """Press a button of a page's form; return what was said, one answer for each press.

        :raises AssertionError: if anybody gets an error.
        """
        browser = self.browsers.setdefault(who.pk, Browser(who, port=self.port))
        url = reverse(name, args=args)
        hidden = browser.form_of(page or url)
        answers = browser.press(url, hidden | form, times=PRESSES)
        assert {answer.status for answer in answers} <= {200, 302}, (name, answers[0])
        self.pressed[name] += PRESSES
        return answers


@pytest.fixture
def desk(live_server, monkeypatch) -> Desk:
    monkeypatch.setattr(timezone, "now", clock)
    return Desk(live_server, Cast())


def _given(refund: Obligation, number: str) -> dict[str, str]:
    given = account(refund.employer, number=number)
    return {
        "which": "new",
        "holder": given.holder,
        "bank": given.bank,
        "bank_code": given.bank_code,
        "number": given.number,
        "receipt": refund.receipt,
        "confirmed": "1",
    }


def moves(refund: Obligation) -> Counter[str]:
    """Return how often a refund has come to each state."""
    rows = Move.objects.filter(matter_kind="refund", matter_id=refund.pk)
    return Counter(rows.values_list("after", flat=True))


def decide(desk: Desk, refund: Obligation, *levels: tuple[str, object]) -> None:
    """Let officers agree, each on their level."""
    for level, officer in levels:
        before = Approval.objects.count()
        desk.press(officer, "desk_refunds:detail", refund.receipt, decision="grant", level=level)
        assert Approval.objects.count() == before + 1, level


def to_the_bank(desk: Desk) -> Batch:
    """Draft, check and approve a batch; return it."""
    cast = desk.cast
    before = Batch.objects.count()
    desk.press(cast.cashier, "desk_refunds:draft", "pension")
    assert Batch.objects.count() == before + 1
    batch = Batch.objects.latest("pk")
    if waiting := [str(line) for line in batch_sample(batch)]:
        desk.press(
            cast.auditor, "desk_refunds:sample", batch.number, verdict="CLEAR", pick=waiting[0]
        )
        assert SampleCheck.objects.filter(line__draw__batch=batch).count() == 1
        cast.clear(batch)
    shown = reverse("desk_refunds:batch", args=[batch.number])
    for officer, reached in ((cast.accountant, "CHECKED"), (cast.head, "APPROVED")):
        desk.press(officer, "desk_refunds:sign", batch.number, page=shown)
        batch.refresh_from_db()
        assert batch.state == reached
    return batch


def batch_sample(batch: Batch) -> list[int]:
    """Return the lines that audit still has to look at."""
    return list(sampling.uncleared(batch).values_list("pk", flat=True))


def test_every_press_on_the_moneys_way_many_times_at_once_has_one_effect(desk):
    begun = time.monotonic()
    cast = desk.cast
    cast.register_funds()
    employer = overpay()
    offer(employer)
    refund = Obligation.objects.get()
    member = cast.member(employer)

    for choices in (1, 2):  # chosen, taken back, chosen again
        desk.press(member, "portal_refunds:choose", **_given(refund, "6222020000000001"))
        assert Submission.objects.count() == choices
        if choices == 1:
            desk.press(member, "portal_refunds:withdraw", refund.receipt)
    assert moves(refund) == {"OFFERED": 2, "CHOSEN": 2}
    cast.cool(refund)
    decide(desk, refund, ("FIRST", cast.reviewer), ("SECOND", cast.cashier))

    batch = to_the_bank(desk)
    desk.press(
        cast.head,
        "desk_refunds:take_back",
        batch.number,
        page=reverse("desk_refunds:batch", args=[batch.number]),
        reason="名单有变",
    )
    assert moves(refund)["APPROVED"] == 2
    batch = to_the_bank(desk)
    exchange = {"page": reverse("desk_refunds:batches")}
    desk.press(cast.cashier, "desk_refunds:exchange", **exchange)
    line = Attempt.objects.select_related("batch").get(state="SENT")
    assert batch.sends.count() == 1
    put_down([row(line, outcome="失败", reason="账号与户名不符")])
    desk.press(cast.cashier, "desk_refunds:exchange", **exchange)
    assert BankFile.objects.get().bounced == 1

    desk.press(
        member, "portal_refunds:correct", refund.receipt, **_given(refund, "6222020000000002")
    )
    assert Submission.objects.count() == 3
    decide(desk, refund, ("ACCOUNT", cast.reviewer), ("ACCOUNT2", cast.accountant))
    cast.cool(refund)
    to_the_bank(desk)
    desk.press(cast.cashier, "desk_refunds:exchange", **exchange)
    line = Attempt.objects.select_related("batch__account").get(state="SENT")
    put_down([row(line)])
    desk.press(cast.cashier, "desk_refunds:exchange", **exchange)
    assert PaidBack.objects.count() == 1

    close(desk, line)
    assert moves(refund)["PAID"] == 1
    assert LedgerPosting.objects.count() > 0
    report = verify.verify(at=timezone.now())
    assert report.ok, report.problem
    soaking.keep(
        "presses at once, over HTTP",
        count=desk.pressed.total(),
        seconds=time.monotonic() - begun,
        each=PRESSES,
        kinds_of_button=len(desk.pressed),
    )


def close(desk: Desk, line: Attempt) -> None:
    """Settle the day's one difference, and close the day."""
    cast = desk.cast
    state([*paid_out(line), charge()])
    difference = Difference.objects.get(state="OPEN")
    url = ("desk_refunds:difference", difference.pk)
    desk.press(cast.cashier, *url, action="EXPLAIN", reason="手续费", document="凭证1号")
    assert Correction.objects.count() == 1
    desk.press(cast.accountant, *url, verdict="confirm")
    assert Correction.objects.get().state == "CONFIRMED"
    account_id = line.batch.account_id
    day = ("desk_refunds:reconcile_day", account_id, DAY.isoformat())
    desk.press(cast.accountant, *day, do="close")
    assert DayClose.objects.count() == 1
    assert Batch.objects.get(pk=line.batch_id).state == "CLOSED"
