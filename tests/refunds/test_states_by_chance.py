"""Whatever people and the bank do, in whatever order: a plain table of states foretells it.

hypothesis shortens what fails. The book stands where the state of each refund says.
"""

import os
from collections.abc import Callable

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from refunds.ledger_source import ACCOUNTS
from refunds.models import Attempt, Batch, Obligation
from refunds.services import approve, bank, batches, choose, recall
from refunds.workflow import IllegalMove
from relief.ledger import verify
from relief.models import LedgerLeg
from tests import factories
from tests.factories import AT
from tests.refunds.making import Cast, clock, offer, overpay, put_down, row

pytestmark = pytest.mark.django_db
SOAK = os.environ.get("SOAK") == "1"
EXAMPLES, STEPS = (300, 50) if SOAK else (15, 25)
REFUSALS = (
    IllegalMove,
    approve.WrongPost,
    approve.SamePerson,
    approve.NotYours,
    batches.NothingToSeal,
    batches.SamePerson,
    batches.NotCleared,
)
#: The oracle, for the small and the large refund: what follows which state.
SMALL = {
    "choose": {"OFFERED": "CHOSEN", "RETURNED": "CHOSEN"},
    "withdraw": dict.fromkeys(("CHOSEN", "CHECKED", "ENDORSED", "APPROVED"), "OFFERED"),
    "first": {"CHOSEN": "CHECKED"},
    "second": {"CHECKED": "APPROVED"},
    "third": {},
    "refuse": dict.fromkeys(("CHOSEN", "CHECKED", "ENDORSED"), "RETURNED"),
    "paid": {"AT_BANK": "PAID"},
    "bounced": {"AT_BANK": "BOUNCED", "PAID": "BOUNCED"},
    "correct": {"BOUNCED": "CORRECTED"},
    "confirm": {"CORRECTED": "APPROVED"},
}
LARGE = SMALL | {"second": {"CHECKED": "ENDORSED"}, "third": {"ENDORSED": "APPROVED"}}
ON_THE_DESK = ("DRAFT", "CHECKED", "APPROVED")
AMOUNTS = ["1000.00", "60000.00"]
#: Of batches: from which state, and where their refunds are then.
BATCH = {
    "check": ("DRAFT", "CHECKED"),
    "sign": ("CHECKED", "APPROVED"),
    "recall": (ON_THE_DESK, "DISSOLVED"),
}

#: What brings a refund on; the way to the bank is long, so half of the steps go along it.
ONWARD = {
    "OFFERED": "choose",
    "RETURNED": "choose",
    "CHOSEN": "first",
    "CHECKED": "second",
    "ENDORSED": "third",
    "APPROVED": "draft",
    "AT_BANK": "paid",
    "PAID": "bounced",
    "BOUNCED": "correct",
    "CORRECTED": "confirm",
}
_ALL = ["draft", "check", "sign", "exchange", "recall"]
DRAWN = st.lists(
    st.one_of(
        st.tuples(st.just("onward"), st.integers(0, 1)),
        st.tuples(st.just("onward"), st.integers(0, 1)),
        st.tuples(st.sampled_from(list(SMALL)), st.integers(0, 1)),
        st.tuples(st.sampled_from(_ALL), st.just(0)),
    ),
    min_size=STEPS,
    max_size=STEPS,
)


class World:
    """The services, and beside them what the oracle says."""

    def __init__(self) -> None:
        self.cast, self.number = Cast(), 0
        self.cast.register_funds()
        self.refunds = []
        for amount in AMOUNTS:
            offer(employer := overpay(amount=amount))
            self.refunds.append(Obligation.objects.get(employer=employer))
        self.states = ["OFFERED", "OFFERED"]
        #: Of each batch: its state and which refunds are in it.
        self.batches: dict[str, tuple[str, list[int]]] = {}

    def account(self, refund: Obligation) -> str:
        """Return a number that is registered for long, another one each time."""
        self.number += 1
        number = f"62220200{self.number:08d}"
        factories.make_account(refund.employer, number=number)
        return number

    def onward(self, which: int) -> str:
        """Return what brings a refund on, in a batch what brings on the batch."""
        if self.states[which] != "IN_BATCH":
            return ONWARD[self.states[which]]
        state = next(state for state, inside in reversed(self.batches.values()) if which in inside)
        return {"DRAFT": "check", "CHECKED": "sign", "APPROVED": "exchange"}[state]

    def step(self, what: str, which: int) -> None:
        what = self.onward(which) if what == "onward" else what
        if what in SMALL:
            self.one(what, which)
        elif what == "draft":
            self.draft()
        elif what == "exchange":
            self.exchange()
        else:
            self.batch(what)

    def exchange(self) -> None:
        """Read what the bank has put down, and send whatever is approved."""
        bank.exchange(clock=clock)
        for number, (state, inside) in self.batches.items():
            if state == "APPROVED":
                self.batches[number] = ("SENT", inside)
                self.move(inside, "AT_BANK")

    def move(self, inside: list[int], state: str) -> None:
        for which in inside:
            self.states[which] = state

    def one(self, what: str, which: int) -> None:
        refund, state = self.refunds[which], self.states[which]
        refund.refresh_from_db()
        after = (LARGE if which else SMALL)[what].get(state)
        if what in ("paid", "bounced"):
            # The bank speaks only of what it holds.
            if after:
                line = Attempt.objects.filter(obligation=refund).latest("number")
                bad = {"outcome": "退票", "reason": "账户已销户", "on": "2020-07-19"}
                put_down([row(line, **(bad if what == "bounced" else {}))])
                self.exchange()
                self.states[which] = after
            return
        self.expect(lambda: self.act(what, refund, state), happens=after is not None)
        if after:
            self.states[which] = after

    def act(self, what: str, refund: Obligation, state: str) -> None:
        cast, member = self.cast, self.cast.member(refund.employer)
        by = {"CHOSEN": cast.reviewer, "CHECKED": cast.cashier, "ENDORSED": cast.head}
        hand = {"first": cast.reviewer, "second": cast.cashier, "third": cast.head}
        if what == "choose":
            cast.choose(refund, number=self.account(refund))
        elif what == "withdraw":
            choose.withdraw(member=member, receipt=refund.receipt, at=AT)
        elif what in hand:
            level = {"first": "FIRST", "second": "SECOND", "third": "THIRD"}[what]
            approve.grant(obligation_id=refund.pk, officer=hand[what], level=level, at=AT)
        elif what == "refuse":
            officer = by.get(state, cast.reviewer)
            if state == "CORRECTED":
                raise IllegalMove("another thing: refusing a new account")
            approve.refuse(obligation_id=refund.pk, officer=officer, reason="户名不符", at=AT)
        elif what == "correct":
            cast.correct(refund, number=self.account(refund))
        else:
            if state != "CORRECTED":
                raise IllegalMove("confirming is of corrected accounts only")
            cast.confirm(refund)

    def draft(self) -> None:
        ready = [which for which, state in enumerate(self.states) if state == "APPROVED"]
        made = self.expect(self.cast.draft, happens=bool(ready))
        if isinstance(made, Batch):
            self.batches[made.number] = ("DRAFT", ready)
            self.move(ready, "IN_BATCH")

    def batch(self, what: str) -> None:
        if not self.batches:
            return
        open_ones = [one for one, (state, _) in self.batches.items() if state in ON_THE_DESK]
        number = (open_ones or list(self.batches))[-1]
        state, inside = self.batches[number]
        batch = Batch.objects.get(number=number)
        seen = {"number": number, "seen": batch.lines_sha256, "at": AT}
        before, after = BATCH[what]
        happens = state in before if isinstance(before, tuple) else state == before
        if what == "check":
            if happens:
                self.cast.clear(batch)
            self.expect(
                lambda: batches.check_batch(officer=self.cast.accountant, **seen), happens=happens
            )
        elif what == "sign":
            self.expect(
                lambda: batches.approve_batch(officer=self.cast.head, **seen), happens=happens
            )
        else:
            self.expect(
                lambda: recall.recall_batch(
                    number=number, reason="重新拟批", officer=self.cast.cashier, at=AT
                ),
                happens=happens,
            )
        if happens:
            self.batches[number] = (after, inside)
            if what == "recall":
                self.move(inside, "APPROVED")

    def expect(self, act: Callable[[], object], *, happens: bool) -> object:
        try:
            with transaction.atomic():
                done = act()
        except REFUSALS as refusal:
            if happens:
                pytest.fail(f"the oracle allows it: {refusal}")
            return None
        assert happens, "the oracle forbids it"
        return done

    def check(self) -> None:
        for refund, state in zip(self.refunds, self.states, strict=True):
            refund.refresh_from_db()
            assert refund.state == state
            legs = LedgerLeg.objects.filter(employer=refund.employer)
            sums = dict(legs.order_by().values_list("account").annotate(sum=Sum("amount")))
            assert sum(sums.values()) == 0
            held = {account: -sums.get(account, 0) for account in set(ACCOUNTS.values())}
            wanted = dict.fromkeys(held, 0)
            if state in ACCOUNTS:
                wanted[ACCOUNTS[state]] = refund.amount
            assert held == wanted


#: Reading the answer about one batch sends another one that is approved.
_SENT_BESIDE = [
    *[("onward", 1)] * 5,  # the large one approved
    ("draft", 0),
    *[("onward", 1)] * 3,  # at the bank
    *[("onward", 0)] * 3,  # the small one approved
    ("draft", 0),
    *[("onward", 0)] * 2,  # its batch approved, not sent
    ("paid", 1),
]


@pytest.mark.soak("walks through the states by chance, of fifty steps each", EXAMPLES)
@example(steps=_SENT_BESIDE)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=not SOAK,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=DRAWN)
def test_every_state_is_as_the_table_foretells(steps):
    with transaction.atomic():
        world = World()
        for what, which in steps:
            world.step(what, which)
            world.check()
        assert verify.verify(at=AT).problem is None
        transaction.set_rollback(True)
