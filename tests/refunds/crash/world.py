"""People and a bank that go on with whatever they find: each step looks where a refund stands and
does what its officer, its enterprise or the clock would do next."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Sum

from refunds.fakebank.bank import Bank
from refunds.fakebank.folder import Folder
from refunds.models import Attempt, Batch, Obligation
from refunds.services import approve, bank, batches, offers
from registry.models import Employer, Officer, Post
from relief.ledger.models import LedgerLeg
from relief.ledger.services import runs as posting
from relief.models import Insurance, PaidBack, ProjectPaidBack
from relief.services import work
from tests import factories
from tests.factories import AT
from tests.refunds.making import TODAY, Cast, overpay
from tests.relief import builders
from tests.relief.building import make_project

#: A payment to such an account comes back.
SENT_BACK = "6222020000009999"
GOOD = "6222020000000001"
FEBRUARY = builders.months.parse("2020-02")
FUNDS = (Insurance.PENSION,)
#: Nothing takes more steps than this; a story that does is stuck.
MOST_STEPS = 60


@dataclass
class World:
    """Everybody, with one bank of its own; the day is the bank's."""

    cast: Cast = field(default_factory=Cast)
    mood: str = "honest"
    seed: int = 1
    #: Goes on when somebody was killed: until then the dead hold their leases.
    hour: int = 1

    def __post_init__(self) -> None:
        self.cast.register_funds()
        self.second: Officer = factories.make_officer(Post.REVIEWER, name="孙复核")
        # Everybody is there before anybody is killed.
        assert all((self.cast.accountant, self.cast.head, self.cast.auditor))
        books = Path(settings.BANK_DIR).parent / "their-books.sqlite3"
        self.bank = Bank(books, day=TODAY, mood=self.mood, seed=self.seed)

    def now(self) -> datetime:
        return datetime.combine(self.bank.day, time(16), ZoneInfo("Asia/Shanghai"))

    def declared(self) -> Employer:
        """Return a small builder that has declared and paid February and a construction project,
        not assessed yet."""
        employer = builders.sized_employer()
        builders.declare(employer, FEBRUARY)
        builders.pay(employer, "1600.00", month=FEBRUARY)
        make_project(employer, f"XM{employer.pk}")
        builders.post_facts(employer)
        return employer

    def owed(self, *, sent_back: bool = False, funds: Sequence[str] = FUNDS) -> list[Obligation]:
        """Return what funds owe one firm; `sent_back`: its first account is no good."""
        employer = factories.make_employer()
        if sent_back:
            employer.contact = "退票"
            employer.save()
            factories.make_account(employer, number=SENT_BACK)
        for fund in funds:
            overpay(employer, insurance=fund)
        offers.settle(employer_ids=[employer.pk], at=AT)
        self.cast.member(employer)  # has an account before anybody is killed
        rows = Obligation.objects.filter(employer=employer).select_related("employer")
        return list(rows.order_by("pk"))

    # What happens next, whoever it is that does it.

    def recompute(self, employer: Employer) -> None:
        """Recalculate and offer, as a worker would; again where it was cut short."""
        if not employer.refunds.exists():
            if not self._runs_of(employer):
                builders.runs.start_run(
                    as_of=TODAY, employer_ids=[employer.pk], at=AT, reason="测试"
                )
            self.catch_up()

    def _runs_of(self, employer: Employer) -> bool:
        return builders.Run.objects.filter(
            employer_ids=[employer.pk], state__in=["QUEUED", "RUNNING", "DONE"]
        ).exists()

    def catch_up(self) -> None:
        """Do what sweepers do with whatever is due."""
        later = AT + timedelta(hours=self.hour)
        while due := work.due_shards(at=later):
            for shard_id in due:
                work.work_shard(shard_id=shard_id, clock=lambda: later)
        for work_id in posting.due(at=later):
            posting.work_block(work_id=work_id, clock=lambda: later)
        offers.work_due(clock=lambda: later)

    def step(self, obligation: Obligation) -> None:
        """Do the next thing with a refund."""
        obligation.refresh_from_db()
        if act := self._acts().get(obligation.state):
            act(obligation)

    def _acts(self) -> dict[str, Callable[[Obligation], object]]:
        cast = self.cast
        return {
            "OFFERED": self.choose,
            "CHOSEN": cast.check,
            "CHECKED": cast.approve,
            "APPROVED": lambda found: cast.draft(found.insurance),
            "IN_BATCH": self.batch_on,
            "AT_BANK": lambda found: self.both_look(),
            "BOUNCED": lambda found: cast.correct(found, number=GOOD),
            "CORRECTED": self.agree_to_account,
        }

    def agree_to_account(self, obligation: Obligation) -> None:
        """Let the next of the two officers agree to the new account."""
        checked = approve.level_of(obligation) == approve.Level.ACCOUNT2
        officer = self.cast.accountant if checked else self.second
        approve.grant(obligation_id=obligation.pk, officer=officer, at=AT)
        self.cast.cool(obligation)

    def choose(self, obligation: Obligation) -> None:
        """Choose an account; its cooling time is over before anybody goes on."""
        self.cast.choose(obligation, number=self.account_of(obligation))
        self.cast.cool(obligation)

    def account_of(self, obligation: Obligation) -> str:
        return SENT_BACK if obligation.employer.contact == "退票" else GOOD

    def batch_on(self, obligation: Obligation) -> None:
        """Bring a refund's batch one step on."""
        batch = Batch.objects.get(attempts__obligation=obligation, attempts__state="QUEUED")
        seen = {"number": batch.number, "seen": batch.lines_sha256, "at": AT}
        if batch.state == "DRAFT":
            self.cast.clear(batch)
            batches.check_batch(officer=self.cast.accountant, **seen)
        elif batch.state == "CHECKED":
            batches.approve_batch(officer=self.cast.head, **seen)
        else:
            self.exchange()

    def exchange(self) -> None:
        bank.exchange(clock=self.now)

    def the_bank_looks(self) -> None:
        Folder(Path(settings.BANK_DIR)).once(self.bank)

    def both_look(self) -> None:
        self.exchange()
        self.the_bank_looks()
        self.exchange()

    def bring(self, obligation: Obligation, *states: str) -> Obligation:
        """Go on until a refund stands in one of some states.

        :raises AssertionError: if it never gets there.
        """
        for _ in range(MOST_STEPS):
            obligation.refresh_from_db()
            if obligation.state in states:
                return obligation
            self.step(obligation)
        raise AssertionError(f"stuck in {obligation.state}, wanted {states}")

    def bring_all(self, obligations: list[Obligation], *states: str) -> list[Obligation]:
        """Go on with several, one after the other."""
        return [self.bring(obligation, *states) for obligation in obligations]


def wrongs(world: World, obligations: list[Obligation]) -> list[str]:
    """Return what of some refunds is not as the bank's books have it; settled refunds only."""
    found = []
    truth = world.bank.books.truth()
    for obligation in obligations:
        obligation.refresh_from_db()
        lines = Attempt.objects.filter(obligation=obligation)
        stayed = sum(truth[line.line_no].stayed for line in lines if line.line_no in truth)
        paid = [line for line in lines if line.state == "PAID"]
        of_fund = {"employer": obligation.employer_id, "insurance": obligation.insurance}
        legs = LedgerLeg.objects.filter(account="arrived", project=obligation.project_id)
        book = -_sum(legs.filter(**of_fund))
        if obligation.project_id is None:
            back = _sum(PaidBack.objects.filter(**of_fund))
        else:
            back = _sum(ProjectPaidBack.objects.filter(project=obligation.project_id))
        if obligation.state != "PAID" or len(paid) != 1:
            found.append(f"{obligation.receipt}: {obligation.state}, {len(paid)} paid lines")
        if not stayed == back == book == obligation.amount:
            found.append(
                f"{obligation.receipt}: owed {obligation.amount}, bank {stayed}, facts {back},"
                f" book {book}"
            )
    unknown = set(truth) - set(Attempt.objects.values_list("line_no", flat=True))
    return found + [f"the bank paid {line}, which is not ours" for line in sorted(unknown)]


def _sum(rows: object) -> object:
    return rows.aggregate(sum=Sum("amount", default=0))["sum"]  # type: ignore[attr-defined]
