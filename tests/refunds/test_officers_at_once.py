"""Fifty officers at the very same moment on the same refunds, batches and files of the bank."""

import os
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from html import unescape
from threading import Barrier

import pytest
from django.db import connection
from django.db.models import Count, Sum
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone

from casework.models import Move
from refunds.forms import DecisionForm
from refunds.models import Approval, Attempt, Batch, Obligation, SampleCheck
from refunds.services import approve, bank, batches, sampling
from refunds.workflow import LIVE, BatchState, IllegalMove
from registry.models import Officer, Post
from relief.ledger import verify
from relief.models import PaidBack
from tests import factories
from tests.factories import AT, client_for
from tests.refunds.making import Cast, clock, overpay, put_down, row

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

OFFICERS = 50
#: How many refunds they fall upon; every second one needs the head as well.
REFUNDS = 8
#: What a person is told instead of being served; anything else is a defect.
REFUSALS = (
    IllegalMove,
    approve.NotYours,
    approve.WrongPost,
    approve.SamePerson,
    batches.NothingToSeal,
    batches.SamePerson,
    batches.ContentChanged,
    batches.NotCleared,
    sampling.NothingToCheck,
)


def _connections() -> int:
    """Return how many may work at once: the embedded server of tests has few connections."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW max_connections")
        return min(OFFICERS, int(cursor.fetchone()[0]) // 3)


def at_once(acts: Sequence[Callable[[], object]]) -> list[object]:
    """Do everything at the same moment; return what came back, refusals too."""
    size = _connections()
    start = Barrier(min(size, len(acts)))

    def do(numbered: tuple[int, Callable[[], object]]) -> object:
        place, act = numbered
        try:
            connection.ensure_connection()
            if place < start.parties:
                start.wait(timeout=30)
            return act()
        except REFUSALS as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(size) as pool:
        return list(pool.map(do, enumerate(acts)))


def officers(post: Post, count: int, *, district: str = "510400") -> list[Officer]:
    return [factories.make_officer(post, district=district) for _ in range(count)]


class Office:
    """The refunds of one morning and everybody who may decide about them."""

    def __init__(self) -> None:
        self.cast = Cast()
        self.cast.register_funds()
        self.obligations = [
            self.cast.bring(
                "CHOSEN", employer=overpay(amount="60000.00" if number % 2 else "1000.00")
            )
            for number in range(REFUNDS)
        ]
        for obligation in self.obligations:
            self.cast.cool(obligation)
        sampling.stand_by(at=AT)
        self.reviewers = [
            self.cast.reviewer,
            *(factories.make_officer(Post.REVIEWER) for _ in range(17)),
        ]
        self.cashiers = [self.cast.cashier, self.cast.accountant, *officers(Post.FUND_FINANCE, 18)]
        self.heads = [self.cast.head, *officers(Post.HEAD, 7)]
        self.auditors = [self.cast.auditor, *officers(Post.AUDIT, 3)]

    @property
    def everybody(self) -> list[Officer]:
        return [*self.reviewers, *self.cashiers, *self.heads, *self.auditors]

    def agree(self, officer: Officer, *, at: object = AT) -> int:
        """Try to agree to every refund, in an order of one's own; return how often it worked."""
        turn = officer.pk % REFUNDS
        done = 0
        for obligation in [*self.obligations[turn:], *self.obligations[:turn]]:
            try:
                approve.grant(obligation_id=obligation.pk, officer=officer, at=AT)
            except REFUSALS:
                continue
            done += 1
        return done

    def put_through(self, officer: Officer) -> None:
        """Try every step of every batch that there is."""
        if officer.post == Post.FUND_FINANCE:
            _let(lambda: batches.draft_batch(insurance="pension", officer=officer, at=AT))
        for batch in Batch.objects.order_by("pk" if officer.pk % 2 else "-pk"):
            seen = {"number": batch.number, "seen": batch.lines_sha256, "at": AT}
            if officer.post == Post.AUDIT:
                _let(lambda batch=batch: _clear(batch, officer))
            if officer.post == Post.FUND_FINANCE:
                _let(lambda seen=seen: batches.check_batch(officer=officer, **seen))
            if officer.post == Post.HEAD:
                _let(lambda seen=seen: batches.approve_batch(officer=officer, **seen))
        bank.exchange(clock=clock)


def _let(act: Callable[[], object]) -> object:
    try:
        return act()
    except REFUSALS as refusal:
        return refusal


def _clear(batch: Batch, officer: Officer) -> None:
    if lines := list(sampling.uncleared(batch).values_list("pk", flat=True)):
        sampling.check(
            batch_id=batch.pk,
            line_ids=lines,
            verdict=SampleCheck.Verdict.CLEAR,
            reason="",
            officer=officer,
            at=AT,
        )


def assert_sound() -> None:
    """Assert that the book proves itself and that nothing is sent or paid twice."""
    report = verify.verify(at=timezone.now() + timedelta(minutes=1))
    assert report.ok, report.problem
    twice = (
        Attempt.objects.filter(state__in=LIVE)
        .values("obligation")
        .annotate(n=Count("pk"))
        .filter(n__gt=1)
    )
    assert not twice.exists()
    paid = Obligation.objects.filter(state="PAID").aggregate(sum=Sum("amount"))["sum"] or 0
    assert (PaidBack.objects.aggregate(sum=Sum("amount"))["sum"] or 0) == paid
    again = Move.objects.values("matter_kind", "matter_id", "before", "after")
    assert not again.annotate(n=Count("pk")).filter(n__gt=1).exists()


def _answer_all() -> None:
    sent = Attempt.objects.filter(state="SENT").select_related("batch").order_by("pk")
    rows = [row(attempt) for attempt in sent]
    put_down(rows)
    put_down(rows[: len(rows) // 2])
    put_down(rows[::-1])


@pytest.mark.soak("times that fifty officers press at once", 1)
@pytest.mark.parametrize("turn", range(20 if os.environ.get("SOAK") else 1))
def test_fifty_officers_put_the_same_refunds_through_by_the_services(turn):
    office = Office()
    assert len(office.everybody) == OFFICERS

    for _ in range(3):
        at_once([lambda officer=officer: office.agree(officer) for officer in office.everybody])
    assert set(Obligation.objects.values_list("state", flat=True)) == {"APPROVED"}
    levels = Approval.objects.values_list("level").annotate(n=Count("pk"))
    assert dict(levels) == {"FIRST": REFUNDS, "SECOND": REFUNDS, "THIRD": REFUNDS // 2}
    assert_sound()

    for _ in range(5):
        at_once(
            [lambda officer=officer: office.put_through(officer) for officer in office.everybody]
        )
    assert set(Batch.objects.values_list("state", flat=True)) == {BatchState.SENT}
    assert Attempt.objects.filter(state="SENT").count() == REFUNDS
    assert_sound()

    _answer_all()
    at_once([lambda: bank.exchange(clock=clock)] * OFFICERS)
    assert set(Obligation.objects.values_list("state", flat=True)) == {"PAID"}
    assert PaidBack.objects.count() == REFUNDS
    assert_sound()


def _hidden(response: HttpResponse) -> dict[str, list[str]]:
    """Return the hidden inputs of a page's forms: exactly what a person would send back."""
    found: dict[str, list[str]] = {}
    given = r'<input type="hidden" name="([^"]+)" value="([^"]*)"'
    for name, value in re.findall(given, response.content.decode()):
        found.setdefault(name, []).append(unescape(value))
    return found


def _press(officer: Officer, office: Office) -> list[int]:
    """Press every button that an officer has; return what the pages answered."""
    client = client_for(officer)
    said = []

    def get(name: str, *args: str) -> HttpResponse:
        said.append((answer := client.get(reverse(name, args=args))).status_code)
        return answer

    def post(name: str, *args: str, **data: object) -> HttpResponse:
        said.append((answer := client.post(reverse(name, args=args), data)).status_code)
        return answer

    picked = [obligation.pk for obligation in office.obligations]
    half = picked[officer.pk % 2 :: 2]
    post("desk_refunds:decide_many", **_hidden(post("desk_refunds:decide_many", pick=half)))
    for obligation in office.obligations[officer.pk % 4 :: 4]:
        shown = _hidden(get("desk_refunds:detail", obligation.receipt))
        post("desk_refunds:detail", obligation.receipt, **shown, decision=DecisionForm.GRANT)
    post("desk_refunds:draft", "pension")
    for batch in Batch.objects.order_by("pk"):
        if officer.post == Post.AUDIT:
            _let(lambda batch=batch: _clear(batch, officer))
        post("desk_refunds:sign", batch.number, seen=batch.lines_sha256)
    post("desk_refunds:exchange")
    return said


def test_fifty_officers_press_every_button():
    office = Office()
    for _ in range(6):
        said = at_once(
            [lambda officer=officer: _press(officer, office) for officer in office.everybody]
        )
        assert all(isinstance(codes, list) for codes in said), said
        answered = {code for codes in said if isinstance(codes, list) for code in codes}
        assert answered <= {200, 302, 403, 404, 409}
        assert_sound()
        if not Obligation.objects.exclude(state="AT_BANK").exists():
            break
    assert set(Obligation.objects.values_list("state", flat=True)) == {"AT_BANK"}
    assert Attempt.objects.filter(state="SENT").count() == REFUNDS
