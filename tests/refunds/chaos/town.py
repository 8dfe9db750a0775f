"""A town whose money real workers bring on its way, round by round, while somebody kills them.

People (this process) choose, approve and sign; workers recalculate, post, offer, seal, send and
read. A round brings one refund a step on in each of these, all at the same time.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from celery import current_app
from django.db import Error as DatabaseFailure
from django.db import connection
from django.utils import timezone
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from config import errors
from refunds import tasks
from refunds.models import BatchSend, Obligation, OfferWork
from registry.models import Employer, WorkState
from relief import tasks as relief_tasks
from relief.ledger import verify
from relief.models import LedgerWork, Run, RunShard
from tests import factories, soaking
from tests.refunds import making
from tests.refunds.crash import world as world_of
from tests.refunds.crash.world import World, wrongs
from tests.relief import builders

#: What a worker is rung for, and what beat calls anyway.
RINGS = (relief_tasks.sweep, tasks.offer_due, tasks.exchange)
PATIENCE = 400
LEASED = (RunShard, LedgerWork, OfferWork)


def now_is_now(patch: pytest.MonkeyPatch) -> None:
    """Let people act by the clock on the wall, as workers do."""
    now = timezone.now()
    for clockwork in (making, world_of, factories):
        patch.setattr(clockwork, "AT", now)
    patch.setattr(world_of, "TODAY", timezone.localdate(now))


def children_of(pid: int) -> list[int]:
    """Return the processes of a worker's pool."""
    with suppress(OSError):
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


@dataclass
class Round:
    """What one round is to bring: each refund, and where it is then."""

    #: Fresh firms, to whom something is offered at the end.
    firms: list[Employer] = field(default_factory=list)
    sent: list[Obligation] = field(default_factory=list)
    read: list[Obligation] = field(default_factory=list)


class Town:
    """Refunds on their way, and the bell their workers hear."""

    def __init__(self, *, bell: str, patch: pytest.MonkeyPatch, seed: int) -> None:
        self.patch = patch
        now_is_now(patch)
        self.world = World()
        self.dice = Random(seed)
        self.broker = bell.replace("unix://", "redis+socket://", 1)
        self.done: list[Obligation] = []
        self.approved: list[Obligation] = []
        self.at_bank: list[Obligation] = []
        self.begun = time.monotonic()
        #: How often somebody was cut short who had work in hand.
        self.interrupted = 0

    def ring(self) -> bool:
        """Ring for everything; return whether the bell could be heard."""
        try:
            with current_app.connection_for_write(
                self.broker, transport_options={"socket_connect_timeout": 0.2, "socket_timeout": 2}
            ) as connection:
                for task in RINGS:
                    task.apply_async(connection=connection, retry=False)
        except (OperationalError, RedisError, OSError):
            return False
        return True

    def begin(self, *, firms: int = 1) -> Round:
        """Let people do their part of a round; each firm is a piece of work of its own."""
        now_is_now(self.patch)
        self.patch.setattr(builders.runs, "EMPLOYERS_PER_SHARD", 1)
        cast = self.world.cast
        fresh = [self.world.declared() for _ in range(firms)]
        for firm in fresh:
            cast.member(firm)
        builders.runs.start_run(
            as_of=timezone.localdate(),
            employer_ids=[firm.pk for firm in fresh],
            at=making.AT,
            reason="测试",
        )
        round_ = Round(firms=fresh, sent=self.approved, read=self.at_bank)
        self._desk_and_bank()
        return round_

    def _desk_and_bank(self) -> None:
        """Have what is approved signed into batches, and the bank look at what it was sent."""
        cast = self.world.cast
        # A firm has money coming from two funds, and a batch pays from one.
        for fund in sorted({refund.insurance for refund in self.approved}):
            batch = cast.draft(fund)
            cast.clear(batch)
            cast.sign(batch)
        if self.at_bank:
            self.world.the_bank_looks()

    def finish(self, round_: Round, *, rings: bool = True) -> float:
        """Wait until workers have done their part, ringing as beat does; return the seconds.

        :raises AssertionError: if they never do.
        """
        begun = last = time.monotonic()
        while waiting := self._patiently(round_):
            now = time.monotonic()
            assert now - begun < PATIENCE, waiting
            if rings and now - last > 1:
                self.ring()
                last = now
            time.sleep(0.05)
        self._people(round_)
        return time.monotonic() - begun

    def _patiently(self, round_: Round) -> list[str]:
        try:
            return self._waiting(round_)
        except DatabaseFailure as away:
            if not errors.passes_by_itself(away):
                raise
            connection.close()
            return [str(away)]

    def _waiting(self, round_: Round) -> list[str]:
        found = []
        for firm in round_.firms:
            if not firm.refunds.exists():
                runs = Run.objects.order_by("pk").values_list("state", flat=True)
                found.append(f"nothing is offered to {firm.pk}, the runs: {list(runs)}")
        for state, refunds in (("AT_BANK", round_.sent), ("PAID", round_.read)):
            pks = [refund.pk for refund in refunds]
            rows = Obligation.objects.filter(pk__in=pks).exclude(state=state)
            found += [f"{pk} is {at}, not {state}" for pk, at in rows.values_list("pk", "state")]
        return found

    def _people(self, round_: Round) -> None:
        """Choose and approve what was offered; remember where everything stands."""
        now_is_now(self.patch)
        self.done += round_.read
        self.at_bank = round_.sent
        offered = Obligation.objects.select_related("employer").filter(employer__in=round_.firms)
        self.approved = self.world.bring_all(list(offered.order_by("pk")), "APPROVED")

    def time_goes_by(self) -> None:
        """Let the leases of the dead run out."""
        past = timezone.now() - timedelta(minutes=2)
        for work in (
            builders.runs.RunShard,
            world_of.posting.LedgerWork,
            world_of.offers.OfferWork,
        ):
            work.objects.filter(state=WorkState.RUNNING).update(lease_until=past)

    def in_hand(self) -> int:
        """Return how many pieces of work somebody holds, or held when he died."""
        open_tries = BatchSend.objects.filter(outcome=BatchSend.Outcome.OPEN).count()
        return open_tries + sum(
            work.objects.filter(state=WorkState.RUNNING).count() for work in LEASED
        )

    def wait_a_little(self, most: float = 0.4) -> None:
        """Wait a moment that nobody can foresee."""
        time.sleep(self.dice.random() * most)

    def wait_for_work(self) -> None:
        """Wait until somebody has work in hand, and then a moment; now and then just a moment."""
        if self.dice.random() < 0.25:
            self.wait_a_little()
            return
        until = time.monotonic() + 1.5
        while not self.in_hand() and time.monotonic() < until:
            pass
        self.wait_a_little(0.03)

    def end(self, name: str, *, tried: int, **more: float | str) -> None:
        """Bring all to the end, and compare with the bank's books and with the book; keep the
        figures of what was tried.

        :raises AssertionError: if a fen is lost, doubled, or anywhere else than it should be.
        """
        while self.approved or self.at_bank:
            round_ = Round(sent=self.approved, read=self.at_bank)
            self._desk_and_bank()
            self.ring()
            self.time_goes_by()
            self.finish(round_)
        assert wrongs(self.world, self.done) == []
        truth = self.world.bank.books.truth()
        assert len(truth) == len(self.done) == Obligation.objects.count()
        report = verify.verify(at=timezone.now())
        assert report.ok, report.problem
        soaking.keep(
            name,
            count=tried,
            seconds=time.monotonic() - self.begun,
            in_the_middle=self.interrupted,
            refunds_right=len(self.done),
            **more,
        )


def within(seconds: float, what: Callable[[], object]) -> float:
    """Return after how many seconds something came true.

    :raises AssertionError: if it did not in time.
    """
    begun = time.monotonic()
    while not what():
        assert time.monotonic() - begun < seconds, f"not within {seconds} s"
        time.sleep(0.05)
    return time.monotonic() - begun
