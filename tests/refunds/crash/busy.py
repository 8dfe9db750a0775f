"""People who also offset, hold back, change accounts: what a refund may go through besides."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from refunds import queries_accounts
from refunds.models import AccountChange, Obligation, SampleCheck
from refunds.services import account_cases, account_withdrawals, choose, ending, reconfirm, sampling
from registry.models import Employer, Officer, Post
from tests import factories
from tests.refunds.crash.world import SENT_BACK, World
from tests.refunds.making import account


@dataclass
class BusyWorld(World):
    """A world in which also happens what is not on the straight way.

    `dice` says which way people decide; in the end (`ending`) everybody goes the shortest way.
    """

    dice: Random = field(default_factory=Random)
    ending: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        self.other_auditor: Officer = factories.make_officer(
            Post.AUDIT, district="510400", name="陈稽核"
        )

    def _acts(self) -> dict[str, Callable[[Obligation], object]]:
        more: dict[str, Callable[[Obligation], object]] = {
            "RETURNED": self.choose,
            "ENDORSED": self.endorse,
            "HELD": self.end_hold,
            "APPROVED": self.draft,
        }
        if self.ending:
            more["OFFSETTING"] = self.end_offset
        return super()._acts() | more

    def choose(self, obligation: Obligation) -> None:
        """Choose an account, unless two officers are still deciding on it: the page says so, and
        the unit waits."""
        undecided = AccountChange.objects.filter(
            employer=obligation.employer_id,
            number=self.account_of(obligation),
            state__in=AccountChange.OPEN,
        )
        if not undecided.exists():
            super().choose(obligation)

    def endorse(self, obligation: Obligation) -> None:
        """Let the head agree where the first two were cut short before that."""
        self.cast.approve(obligation)

    def draft(self, obligation: Obligation) -> None:
        """Draft a batch with whatever waits. Where the account is not to be paid to before
        something changes, the unit is asked again, or takes its choice back."""
        if reconfirm.send_back(employer_ids=[obligation.employer_id], at=self.now()):
            return
        submission = obligation.submissions.latest("number")
        waiting = queries_accounts.waiting_of(submission, at=self.now())
        if waiting and waiting.until is None:
            choose.withdraw(
                member=self.cast.member(obligation.employer),
                receipt=obligation.receipt,
                at=self.now(),
            )
        else:
            self.cast.draft(obligation.insurance)

    def account_of(self, obligation: Obligation) -> str:
        """Return the account a unit names: the one it has changed to, if it has."""
        changes = AccountChange.objects.filter(
            employer=obligation.employer_id, state="CONFIRMED", submission=None
        )
        changed = changes.order_by("-pk").values_list("number", flat=True).first()
        old = super().account_of(obligation)
        return changed if changed and old != SENT_BACK else old

    def end_hold(self, obligation: Obligation) -> None:
        """Release what audit holds, by another auditor, or send it back to the unit."""
        released = self.ending or self.dice.random() < 0.6
        held = SampleCheck.objects.filter(
            line__attempt__obligation=obligation, verdict="HOLD", end=None
        ).latest("pk")
        auditors = [self.cast.auditor, self.other_auditor]
        (other,) = [each for each in auditors if each.pk != held.officer_id]
        sampling.end_hold(
            obligation_id=obligation.pk,
            released=released,
            reason="已与单位核实",
            officer=other,
            at=self.now(),
        )

    def end_offset(self, obligation: Obligation) -> None:
        """End an offset; what is left of it is offered anew."""
        ending.end_by_officer(
            receipt=obligation.receipt, officer=self.second, reason="单位已注销", at=self.now()
        )

    def change_account(self, employer: Employer, *, number: str) -> None:
        """Take a unit's change of account one step on, or propose one."""
        mine = AccountChange.objects.filter(employer=employer, submission=None)
        cooling = mine.filter(state="CONFIRMED", cooling_until__gt=self.now()).first()
        if cooling and not self.ending and self.dice.random() < 0.3:
            self._take_back(employer, cooling)
            return
        case = mine.filter(state__in=AccountChange.OPEN).order_by("pk").first()
        if case is None:
            account_cases.propose(
                member=self.cast.member(employer),
                account=account(employer, number=number),
                reason="基本户迁移",
                at=self.now(),
            )
            return
        if not self.ending and self.dice.random() < 0.15:
            self._take_back(employer, case)
            return
        granted = self.ending or self.dice.random() < 0.8
        account_cases.decide(
            receipt=case.receipt,
            seen=case.state,
            granted=granted,
            officer=self.second if case.state == "PROPOSED" else self.cast.accountant,
            at=self.now(),
            reason="" if granted else "印章不清",
        )

    def _take_back(self, employer: Employer, case: AccountChange) -> None:
        account_withdrawals.withdraw(
            member=self.cast.member(employer), receipt=case.receipt, at=self.now()
        )
