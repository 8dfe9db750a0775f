"""What happens, in any order, with faults in between: at rest the money is where the bank has it.

Each schedule follows from its seed alone. `REPLAY=<seed>` runs one again; the soak runs 500.
"""

import os
import random
import sys
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from refunds.fakebank.moods import MIXED
from refunds.models import Attempt, Batch, Obligation
from refunds.services import choose, offers, recall
from registry.models import Employer
from relief.ledger.models import LedgerLeg
from relief.ledger.verify import verify
from relief.models import Insurance, PaidBack
from tests import factories
from tests.refunds import making
from tests.refunds.crash import world as world_of
from tests.refunds.crash.killing import in_child
from tests.refunds.crash.world import GOOD, SENT_BACK, World
from tests.refunds.making import assess, keep_book, overpay

pytestmark = pytest.mark.django_db(transaction=True)

STEPS = 40
#: A bank that returns payments later does so within these days.
MONTH = 32
#: Rounds after which a schedule that has not come to rest is stuck.
MOST_ROUNDS = 60
SEEDS = range(1, 501 if os.environ.get("SOAK") else 9)
if replay := os.environ.get("REPLAY"):
    SEEDS = range(int(replay), int(replay) + 1)
ENDED = {"PAID", "SUPERSEDED"}


def _refused(problem: Exception) -> bool:
    """Return whether a service said no in words, as it may to somebody who comes too late."""
    return type(problem).__module__.startswith(("refunds.", "casework."))


def gently(act: Callable[[], object]) -> str:
    """Do what may have become impossible meanwhile; return the refusal, if any."""
    try:
        act()
    except Exception as problem:
        if not _refused(problem):
            raise
        return f"{type(problem).__name__}: {problem}"
    return ""


class Schedule:
    """One run of chance over a small town."""

    def __init__(self, seed: int, patch: pytest.MonkeyPatch) -> None:
        self.patch = patch
        self.dice = random.Random(seed)
        self.done: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()
        self.world = World(mood=self.dice.choice([MIXED, "honest"]), seed=seed)
        self.firms: list[Employer] = []
        for _ in range(self.dice.randint(2, 3)):
            self.firms.append(self._firm())

    def _firm(self) -> Employer:
        employer = factories.make_employer()
        if self.dice.random() < 0.3:
            employer.contact = "退票"
            employer.save()
            factories.make_account(employer, number=SENT_BACK)
        factories.make_account(employer, number=GOOD)
        for fund in self.dice.sample([Insurance.PENSION, Insurance.UNEMPLOYMENT], k=2):
            overpay(employer, insurance=fund)
        offers.settle(employer_ids=[employer.pk], at=self.world.now())
        self.world.cast.member(employer)
        return employer

    def owed(self) -> list[Obligation]:
        return list(Obligation.objects.select_related("employer").order_by("pk"))

    # What may happen next.

    def person(self) -> None:
        self.world.step(self.dice.choice(self.owed()))

    def exchange(self) -> None:
        self.world.exchange()

    def bank_looks(self) -> None:
        self.world.the_bank_looks()

    def day_passes(self) -> None:
        self._go_on(days=1)

    def _go_on(self, *, days: int) -> None:
        """Let days pass for the bank and for everybody: nobody works on a day that was."""
        self.world.bank.go_on_to(self.world.bank.day + timedelta(days=days))
        for clockwork in (making, world_of):
            self.patch.setattr(clockwork, "AT", self.world.now())

    def new_run(self) -> None:
        employer = self.dice.choice(self.firms)
        # A run stores and posts by itself; here both happen by hand, so together or not at all.
        with transaction.atomic():
            assess(employer, fraction=self.dice.choice(["0.5", "0.8", "1"]))
            keep_book(employer)
        offers.settle(employer_ids=[employer.pk], at=self.world.now())

    def file_again(self) -> None:
        """The bank puts down once more, under another name, what was read before."""
        folder = Path(settings.BANK_DIR)
        read = [
            path for path in sorted(folder.glob("*/*")) if path.parent.name not in ("in", "out")
        ]
        if read:
            path = self.dice.choice(read)
            (folder / "in" / f"again-{path.name}").write_bytes(path.read_bytes())

    def withdraw(self) -> None:
        found = self.dice.choice(self.owed())
        choose.withdraw(
            member=self.world.cast.member(found.employer),
            receipt=found.receipt,
            at=self.world.now(),
        )

    def recall(self) -> None:
        batches = list(Batch.objects.filter(state__in=recall.BEFORE_SENDING).order_by("pk"))
        if batches:
            recall.recall_batch(
                number=self.dice.choice(batches).number,
                reason="名单有变",
                officer=self.world.cast.head,
                at=self.world.now(),
            )

    def run(self) -> None:
        """Take the steps; two to five of them meet a fault."""
        may: list[tuple[Callable[[], None], int]] = [
            (self.person, 14),
            (self.exchange, 4),
            (self.bank_looks, 4),
            (self.day_passes, 1),
            (self.new_run, 1),
            (self.file_again, 1),
            (self.withdraw, 1),
            (self.recall, 1),
        ]
        acts, weights = [act for act, _ in may], [weight for _, weight in may]
        faults = set(self.dice.sample(range(STEPS), k=self.dice.randint(2, 5)))
        for turn in range(STEPS):
            (act,) = self.dice.choices(acts, weights)
            self._take(act, faulty=turn in faults)

    def _take(self, act: Callable[[], None], *, faulty: bool) -> None:
        kill = act not in (self.bank_looks, self.day_passes) and self.dice.random() < 0.7
        if faulty and kill:
            at = self.dice.randint(1, 40)
            ended = in_child(lambda: gently(act), at=at)
            self.done["killed" if ended.killed else "lived"] += 1
            return
        gently(act)
        self.done[act.__name__] += 1
        if faulty:
            gently(act)
            self.done["twice"] += 1

    def come_to_rest(self) -> None:
        """Faults stop; everybody does what is to be done until nothing is."""
        world = self.world
        world.hour += 1
        world.catch_up()
        offers.settle(employer_ids=[firm.pk for firm in self.firms], at=self.world.now())
        world.bank.calm_down()
        waited = False
        for turn in range(MOST_ROUNDS):
            for found in self.owed():
                if refusal := gently(lambda found=found: world.step(found)):
                    self.refusals[refusal] += 1
            self._take_apart_what_cannot_be_sealed()
            world.both_look()
            if {found.state for found in self.owed()} <= ENDED:
                if waited:
                    return
                self._go_on(days=MONTH)
                waited = True
            elif turn % 8 == 7:
                self.day_passes()
                world.bank.calm_down()
        stuck = [(found.receipt, found.state) for found in self.owed()]
        batches = list(Batch.objects.values_list("number", "state", "problem", "count"))
        raise AssertionError(f"no rest: {stuck}, {batches}, {self.refusals}")

    def _take_apart_what_cannot_be_sealed(self) -> None:
        """Do what the batch's page asks for where an amount changed after the signatures."""
        stopped = Batch.objects.filter(state="APPROVED").exclude(problem="")
        for number in stopped.values_list("number", flat=True):
            recall.recall_batch(
                number=number,
                reason="金额有变动",
                officer=self.world.cast.head,
                at=self.world.now(),
            )


def _sum(rows: object) -> Decimal:
    return rows.aggregate(sum=Sum("amount", default=0))["sum"]  # type: ignore[attr-defined]


def wrongs(schedule: Schedule) -> list[str]:
    """Return where bank, facts, book and refunds do not say the same, and what is not sound."""
    found = []
    truth = schedule.world.bank.books.truth()
    stayed: Counter[tuple[int, str]] = Counter()
    for obligation in schedule.owed():
        lines = Attempt.objects.filter(obligation=obligation)
        kept = [truth[line.line_no].stayed for line in lines if line.line_no in truth]
        kept = [amount for amount in kept if amount]
        if kept != ([obligation.amount] if obligation.state == "PAID" else []):
            found.append(f"{obligation.receipt} {obligation.state}: the bank paid {kept}")
        stayed[obligation.employer_id, obligation.insurance] += sum(kept)  # type: ignore[assignment]
    for (employer, insurance), amount in stayed.items():
        of_fund = {"employer": employer, "insurance": insurance}
        back = _sum(PaidBack.objects.filter(**of_fund))
        book = -_sum(LedgerLeg.objects.filter(account="arrived", **of_fund))
        if not amount == back == book:
            found.append(f"{of_fund}: bank {amount}, facts {back}, book {book}")
    unknown = set(truth) - set(Attempt.objects.values_list("line_no", flat=True))
    found += [f"the bank paid {line}, which is not ours" for line in sorted(unknown)]
    report = verify(at=timezone.now())
    return found if report.problem is None else [*found, report.problem.message]


@pytest.fixture(autouse=True)
def cheap_passwords(settings):
    """Nobody signs in here."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_happens_the_money_is_where_the_bank_has_it(seed, monkeypatch):
    schedule = Schedule(seed, monkeypatch)
    schedule.run()
    schedule.come_to_rest()
    assert wrongs(schedule) == [], f"REPLAY={seed}"
    states = Counter(found.state for found in schedule.owed())
    sys.stdout.write(f"\nschedule {seed}: {dict(schedule.done)} {dict(states)}\n")
