"""One run of chance over a small town: what happens, where it is cut short, how it comes to rest."""

import random
import secrets
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import pytest
from django.conf import settings

from refunds.bank import ADAPTERS
from refunds.fakebank.moods import MIXED, Mood
from refunds.models import (
    AccountChange,
    Attempt,
    Batch,
    Correction,
    DayClose,
    Difference,
    FundAccount,
    Obligation,
    OffsetUse,
    SampleCheck,
)
from refunds.services import choose, offers, recall, reconcile
from registry.models import Employer
from tests import factories, soaking
from tests.refunds import making
from tests.refunds.crash import acts, looking
from tests.refunds.crash import world as world_of
from tests.refunds.crash.acts import Doing
from tests.refunds.crash.busy import BusyWorld
from tests.refunds.crash.killing import in_child
from tests.refunds.crash.refusing import gently
from tests.refunds.crash.world import GOOD, SENT_BACK
from tests.refunds.making import FEBRUARY, overpay
from tests.refunds.moods import Town

STEPS = 40
#: Where the fen stand is looked at after each fault, and after every so manieth step.
LOOK = 1 if soaking.is_soak() else 8
#: A bank that returns payments later does so within these days.
MONTH = 32
#: Rounds after which a schedule that has not come to rest is stuck.
MOST_ROUNDS = 60
ENDED = {"PAID", "SUPERSEDED", "OFFSET"}
NOT_OURS = {"bank_looks", "day_passes", "bank_states"}


class Schedule:
    """One run of chance over a small town."""

    def __init__(self, seed: int, patch: pytest.MonkeyPatch) -> None:
        self.seed, self.patch = seed, patch
        self.dice = random.Random(seed)
        #: What was done, by name; what found nothing to do isn't counted.
        self.done: Counter[str] = Counter()
        self.closed_amid = 0
        self.refusals: Counter[str] = Counter()
        # Receipts and the lots of samples are drawn too: a seed tells all of it.
        self.lots = random.Random()
        patch.setattr(secrets, "choice", self.lots.choice)
        patch.setattr(secrets, "token_hex", lambda size: self.lots.randbytes(size).hex())
        self._draw_anew("begin")
        self.world = BusyWorld(
            cast=Town(channel=self.dice.choice(sorted(ADAPTERS))),
            mood=self.dice.choice([MIXED, MIXED, "honest", Mood.STATEMENT_LATE]),
            seed=seed,
            dice=self.dice,
        )
        self.firms: list[Employer] = []
        for _ in range(self.dice.randint(2, 3)):
            self.firms.append(self._firm())
        self.world.both_look()

    def _draw_anew(self, step: str) -> None:
        """Let each step draw lots of its own: a child's are no news to its parent."""
        self.lots.seed(f"{self.seed} {step}")

    def _firm(self) -> Employer:
        employer = factories.make_employer()
        if self.dice.random() < 0.3:
            employer.contact = "退票"
            employer.save()
            factories.make_account(employer, number=SENT_BACK)
        factories.make_account(employer, number=GOOD)
        for fund in acts.FUNDS:
            overpay(employer, insurance=fund)
        offers.settle(employer_ids=[employer.pk], at=self.world.now())
        self.world.cast.member(employer)
        # Some have come a part of the way before anything goes wrong.
        for found in Obligation.objects.filter(employer=employer).order_by("pk"):
            self._begin(found)
        return employer

    def _begin(self, found: Obligation) -> None:
        begins = self.dice.choice(["OFFERED", "OFFSETTING", "OFFSETTING", "IN_BATCH", "AT_BANK"])
        if begins == "OFFSETTING":
            acts.offset_one(self, found)
            if self.dice.random() < 0.7:
                acts.charged(self, found)()
        else:
            self.world.bring(found, begins)

    def owed(self) -> list[Obligation]:
        return list(Obligation.objects.select_related("employer").order_by("pk"))

    # What may happen next on the straight way; `acts` has what happens beside it. As there, each
    # returns what is to be done, or None where nothing is.

    def person(self) -> Doing:
        return partial(self.world.step, self.dice.choice(self.owed()))

    def exchange(self) -> Doing:
        return self.world.exchange

    def bank_looks(self) -> Doing:
        return self.world.the_bank_looks

    def day_passes(self) -> Doing:
        return partial(self._go_on, days=1)

    def _go_on(self, *, days: int) -> None:
        """Let days pass for the bank and for everybody: nobody works on a day that was."""
        self.world.bank.go_on_to(self.world.bank.day + timedelta(days=days))
        for clockwork in (making, world_of):
            self.patch.setattr(clockwork, "AT", self.world.now())

    def new_run(self) -> Doing:
        found, waived = self.dice.choice(self.owed()), self.dice.choice(["0.5", "0.8", "1"])
        return acts.find_due(self, found, FEBRUARY, gross="1000.00", waived=waived)

    def file_again(self) -> Doing:
        """The bank puts down once more, under another name, what was read before."""
        folder = Path(settings.BANK_DIR)
        read = [
            path for path in sorted(folder.glob("*/*")) if path.parent.name not in ("in", "out")
        ]
        if not read:
            return None
        path = self.dice.choice(read)
        return lambda: (folder / "in" / f"again-{path.name}").write_bytes(path.read_bytes())

    def withdraw(self) -> Doing:
        found = self.dice.choice(self.owed())
        return lambda: choose.withdraw(
            member=self.world.cast.member(found.employer),
            receipt=found.receipt,
            at=self.world.now(),
        )

    def recall(self) -> Doing:
        batches = list(Batch.objects.filter(state__in=recall.BEFORE_SENDING).order_by("pk"))
        if not batches:
            return None
        return partial(self._take_apart, self.dice.choice(batches).number, reason="名单有变")

    def _take_apart(self, number: str, *, reason: str) -> None:
        recall.recall_batch(
            number=number, reason=reason, officer=self.world.cast.head, at=self.world.now()
        )

    def may(self) -> dict[Callable[[], Doing], int]:
        """Return what may happen next, with its weight."""
        straight = {
            self.person: 22,
            self.exchange: 4,
            self.bank_looks: 4,
            self.day_passes: 1,
            self.new_run: 1,
            self.file_again: 1,
            self.withdraw: 1,
            self.recall: 1,
        }
        return straight | {partial(act, self): weight for act, weight in acts.BESIDE.items()}

    def run(self) -> None:
        """Take the steps; two to five of them meet a fault."""
        may = self.may()
        chances, weights = list(may), list(may.values())
        faults = set(self.dice.sample(range(STEPS), k=self.dice.randint(2, 5)))
        for turn in range(STEPS):
            self._draw_anew(str(turn))
            name, doing = self._next(chances, weights)
            self._take(name, doing, faulty=turn in faults)
            # Whatever was cut short, every fen stands in one place.
            if turn in faults or turn % LOOK == 0:
                assert looking.astray() == [], f"after step {turn}, {name}"

    def _next(
        self, chances: list[Callable[[], Doing]], weights: list[int]
    ) -> tuple[str, Callable[[], object]]:
        """Return what happens next: something for which there is a reason."""
        while True:
            (act,) = self.dice.choices(chances, weights)
            if doing := act():
                return getattr(act, "func", act).__name__, doing

    def _take(self, name: str, doing: Callable[[], object], *, faulty: bool) -> None:
        # The bank and the clock are not ours to kill.
        kill = name not in NOT_OURS and self.dice.random() < 0.7
        if faulty and kill:
            at = self.dice.randint(1, 40)
            ended = in_child(lambda: gently(doing), at=at)
            self.done["killed"] += ended.killed
            if ended.killed:
                return
            # It was through before its point: then it is done twice.
        else:
            self._note(gently(doing))
            self.done[name] += 1
        if faulty:
            self._note(gently(doing))
            self.done["twice"] += 1

    def _note(self, refusal: str) -> None:
        if refusal:
            self.refusals[refusal] += 1

    @property
    def faults(self) -> int:
        """How many faults were met."""
        return self.done["killed"] + self.done["twice"]

    def figures(self) -> dict[str, int]:
        """Return how much of what stands beside the straight way has come to pass."""
        confirmed = Correction.objects.filter(state=Correction.State.CONFIRMED)
        return {
            "faults": self.faults,
            "offset": OffsetUse.objects.filter(undoes=None).count(),
            "undone": OffsetUse.objects.exclude(undoes=None).count(),
            "held": SampleCheck.objects.filter(verdict=SampleCheck.Verdict.HOLD).count(),
            "lines_taken_out": Attempt.objects.filter(reason=acts.TAKEN_OUT).count(),
            "explained_by_two": confirmed.count(),
            "closed_amid": self.closed_amid,
            "closed_again": DayClose.objects.filter(round__gt=1).count(),
            "accounts_changed": AccountChange.objects.filter(
                submission=None, state=AccountChange.State.CONFIRMED
            ).count(),
        }

    def come_to_rest(self) -> None:
        """Faults stop; everybody does what is to be done until nothing is."""
        world = self.world
        self._draw_anew("rest")
        world.ending = True
        self.closed_amid = DayClose.objects.count()
        world.hour += 1
        world.catch_up()
        offers.settle(employer_ids=[firm.pk for firm in self.firms], at=self.world.now())
        world.bank.calm_down()
        self._decide_accounts()
        waited = False
        for turn in range(MOST_ROUNDS):
            for found in self.owed():
                self._note(gently(partial(world.step, found)))
            self._take_apart_what_cannot_be_sealed()
            world.both_look()
            if {found.state for found in self.owed()} <= ENDED:
                if waited:
                    self._close_the_days()
                    return
                # Time enough for whatever the bank is going to send back.
                coming = world.bank.books.due_back(world.bank.day + timedelta(days=MONTH))
                self._go_on(days=MONTH if coming else 1)
                waited = True
            elif turn % 8 == 7:
                self._go_on(days=1)
                world.bank.calm_down()
        stuck = [(found.receipt, found.state) for found in self.owed()]
        batches = list(Batch.objects.values_list("number", "state", "problem", "count"))
        raise AssertionError(f"no rest: {stuck}, {batches}, {self.refusals}")

    def _decide_accounts(self) -> None:
        """Bring every change of account that is on its way to its end."""
        on_their_way = AccountChange.objects.filter(submission=None, state__in=AccountChange.OPEN)
        while case := on_their_way.select_related("employer").order_by("pk").first():
            self.world.change_account(case.employer, number="")

    def _take_apart_what_cannot_be_sealed(self) -> None:
        """Do what the batch's page asks for where an amount changed after the signatures."""
        stopped = Batch.objects.filter(state="APPROVED").exclude(problem="")
        for number in stopped.values_list("number", flat=True):
            self._take_apart(number, reason="金额有变动")

    def _close_the_days(self) -> None:
        """Let the bank state its days, explain what is left, and close each day with movements."""
        self._go_on(days=1)
        self.world.bank.calm_down()
        self.world.both_look()
        reconcile.reconcile_all(at=self.world.now())
        while waiting := Difference.objects.filter(state__in=reconcile.OPEN).first():
            acts.explain_one(self, waiting)
        for number, day in self.days():
            self._note(gently(partial(acts.close_one, self, number, day)))

    def days(self) -> list[tuple[str, date]]:
        """Return the days of accounts on which something moved, or that were closed."""
        numbers = sorted(set(FundAccount.objects.values_list("number", flat=True)))
        found = {
            *Attempt.objects.exclude(settled_on=None).values_list(
                "batch__payer_account", "settled_on"
            ),
            *DayClose.objects.values_list("account", "day"),
            *Difference.objects.exclude(state="CLEARED").values_list("account", "day"),
        }
        return sorted(each for each in found if each[0] in numbers)
