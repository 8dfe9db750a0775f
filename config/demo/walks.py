"""Take the refunds of some stories further, each by the person whose turn it is."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from casework.models import Move
from config.demo.people import MAIL_DOMAIN
from config.demo.steps import Town, Unexpected
from config.demo.stories import Walk
from refunds.fakebank.folder import Folder
from refunds.management.commands import demo_bank
from refunds.models import Batch, FundAccount, Obligation, SampleCheck
from refunds.services import approve, bank, batches, choose, sampling
from refunds.workflow import UNDECIDED, BatchState, State
from registry import queries as registry_queries
from registry.models import Agency, Employer, Membership, Officer, Post
from relief.models import Insurance

#: How far along the usual way a state is; the others branch off.
_WAY = (
    State.CHOSEN,
    State.CHECKED,
    State.APPROVED,
    State.IN_BATCH,
    State.AT_BANK,
    State.PAID,
)
_BRANCHES = {
    State.RETURNED: State.CHOSEN,
    State.BOUNCED: State.PAID,
    State.CORRECTED: State.CHOSEN,
}
_REASON = "登记的账户长期未使用，请确认账户状态正常，或换用其他账户后重新提交。"
_NEW_ACCOUNT = "6213360012345678"


class FundAccounts:
    """Say from which account each fund pays."""

    title = "登记三项基金的付款账户"

    def done(self, town: Town) -> bool:
        return FundAccount.objects.values("insurance").distinct().count() == len(Insurance)

    def do(self, town: Town) -> str:
        for place, fund in enumerate(Insurance, start=1):
            batches.register_fund_account(
                insurance=fund,
                holder=f"攀枝花市{fund.label}保险基金支出户（演示）",
                bank="攀西示例银行第一支行",
                number=f"990000000000{place}",
                at=town.clock(),
            )
        return "完成"


@dataclass
class WalkOn:
    """Take the refunds of one unit to a state, whatever state they are in."""

    walk: Walk

    @property
    def title(self) -> str:
        return f"退费走到“{self.state.label}”：{self.walk.story}{self.walk.project and ' '}{self.walk.project}"

    @property
    def state(self) -> State:
        return State[self.walk.state]

    def done(self, town: Town) -> bool:
        """A refund that has ever been there counts: people may have taken it on since."""
        employer = town.employers.get(self.walk.story)
        reached = Move.objects.filter(matter_kind=Obligation.KIND, after=self.state).values(
            "matter_id"
        )
        there = self._of_walk(employer).filter(pk__in=reached)
        return there.values("insurance").distinct().count() == len(self.walk.funds)

    def do(self, town: Town) -> str:
        employer = town.employers[self.walk.story]
        people = _People(employer)
        goal = _WAY.index(_BRANCHES.get(self.state, self.state))
        if self.state == State.CORRECTED:
            for refund in self._refunds(employer, State.BOUNCED):
                choose.correct_account(
                    member=people.member,
                    receipt=refund.receipt,
                    account=_registered(employer, town, number=_NEW_ACCOUNT),
                    at=town.clock(),
                )
        else:
            for state in _WAY[: goal + 1]:
                self._one_step(state, employer, people, town)
        if self.state == State.RETURNED:
            for refund in self._refunds(employer, State.CHOSEN):
                approve.refuse(
                    obligation_id=refund.pk,
                    reason=_REASON,
                    officer=people.reviewer,
                    at=town.clock(),
                )
        if not self.done(town):
            states = [refund.state for refund in self._refunds(employer, *State)]
            raise Unexpected(f"{self.walk.story} 的退费没有走到 {self.state}，现在是 {states}")
        return f"{len(self.walk.funds)} 笔"

    def _refunds(self, employer: Employer, *states: State) -> Sequence[Obligation]:
        return list(self._of_walk(employer).filter(state__in=states).order_by("pk"))

    def _of_walk(self, employer: Employer | None) -> QuerySet[Obligation]:
        rows = Obligation.objects.filter(employer=employer, insurance__in=self.walk.funds)
        project = self.walk.project
        return rows.filter(project__code=project) if project else rows.filter(project=None)

    def _one_step(self, state: State, employer: Employer, people: "_People", town: Town) -> None:
        """Make the move that leads to a state, for the refunds that stand just before it."""
        if state == State.CHOSEN:
            if refunds := self._refunds(employer, *UNDECIDED):
                choose.choose_refund(
                    member=people.member,
                    receipts=[refund.receipt for refund in refunds],
                    account=_registered(employer, town),
                    at=town.clock(),
                )
        elif state in (State.CHECKED, State.APPROVED):
            turns = {
                State.CHECKED: ((State.CHOSEN, people.reviewer),),
                # Large amounts need the head as well.
                State.APPROVED: ((State.CHECKED, people.cashier), (State.ENDORSED, people.head)),
            }[state]
            for before, officer in turns:
                for refund in self._refunds(employer, before):
                    approve.grant(obligation_id=refund.pk, officer=officer, at=town.clock())
        elif state == State.IN_BATCH:
            for fund in sorted({r.insurance for r in self._refunds(employer, State.APPROVED)}):
                batches.draft_batch(insurance=fund, officer=people.cashier, at=town.clock())
        elif state == State.AT_BANK:
            self._sign(people, town)
            bank.exchange(clock=town.clock)
        else:
            self._have_answered(employer, town)
            bank.exchange(clock=town.clock)

    def _sign(self, people: "_People", town: Town) -> None:
        """Let audit clear the drafts, another hand check them and the head approve them."""
        for batch in Batch.objects.filter(state=BatchState.DRAFT).order_by("pk"):
            if drawn := list(sampling.uncleared(batch).values_list("pk", flat=True)):
                sampling.check(
                    batch_id=batch.pk,
                    line_ids=drawn,
                    verdict=SampleCheck.Verdict.CLEAR,
                    reason="",
                    officer=people.auditor,
                    at=town.clock(),
                )
            seen = {"number": batch.number, "seen": batch.lines_sha256, "at": town.clock()}
            batches.check_batch(officer=people.accountant, **seen)
            batches.approve_batch(officer=people.head, **seen)

    def _have_answered(self, employer: Employer, town: Town) -> None:
        """Put the demo bank's answers to this employer's batches where the bank would."""
        ids = [refund.pk for refund in self._refunds(employer, State.AT_BANK)]
        teller = demo_bank.open_bank(day=town.clock().date())
        for batch in Batch.objects.filter(attempts__obligation__in=ids).distinct():
            teller.receive(bank.write_file(batch).read_bytes())
        teller.hand_out(Folder(bank.folder("in").parent).put)
        teller.close()


def _registered(employer: Employer, town: Town, *, number: str = "") -> choose.Account:
    account = registry_queries.account_in_force(employer.pk, on=town.clock().date())
    if account is None:
        raise Unexpected(f"{employer} 没有登记账户")
    return choose.Account(
        holder=account.holder,
        bank=account.bank,
        bank_code=account.bank_code,
        number=number or account.number,
    )


def officer_named(username: str) -> Officer:
    """Return the officer of one of our accounts."""
    officers = Officer.objects.select_related("agency__district", "user")
    return officers.get(user__username=username, user__email__endswith=f"@{MAIL_DOMAIN}")


class _People:
    """Whose turn it is, for one employer: its own member, its agency, the fund's cashier."""

    def __init__(self, employer: Employer) -> None:
        self.member = Membership.objects.select_related("employer", "user").get(
            employer=employer, user__email__endswith=f"@{MAIL_DOMAIN}"
        )
        self.reviewer = self._officer(Post.REVIEWER, employer.district_id)
        self.cashier = officer_named("city-cashier")
        self.accountant = officer_named("city-accountant")
        self.head = officer_named("city-head")
        self.auditor = officer_named("city-auditor")

    def _officer(self, post: Post, district_id: str) -> Officer:
        return Officer.objects.select_related("agency__district", "user").get(
            user__email__endswith=f"@{MAIL_DOMAIN}",
            agency__kind=Agency.Kind.SOCIAL_INSURANCE,
            agency__district_id=district_id,
            post=post,
        )
