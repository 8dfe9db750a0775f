"""What the enterprise does: choose, take back, give another account."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from casework import services as casework
from refunds import queries_offset
from refunds.models import Attempt, Obligation, Submission
from refunds.services import account_cases, book, ending, offers, paid_to
from refunds.services.locking import hold_money
from refunds.services.paid_to import Account
from refunds.workflow import Action, State, next_state
from registry import queries as registry_queries
from registry import scope
from registry.models import Membership
from relief.ledger.services import Account as Ledger


class NothingToChoose(Exception):
    """None of the refunds named belongs to this employer."""


class NotASigner(Exception):
    """The member only prepares, or acts for the employer no more: others decide about its money."""


def check_account(account: Account, *, member: Membership, at: datetime) -> None:
    """Accept an account for a refund of the member's employer (D15).

    :raises accounts.BadAccount: naming the part that is wrong.
    """
    paid_to.check_account(account, employer=member.employer, at=at)


def check_choice(account: Account, *, member: Membership, at: datetime) -> None:
    """Accept an account for a choice of the member's employer.

    :raises accounts.BadAccount: as above, or while a change to the account is not confirmed.
    """
    check_account(account, member=member, at=at)
    paid_to.check_choice(account, employer=member.employer)


def _locked(member: Membership, receipts: Sequence[str]) -> list[Obligation]:
    if not scope.may_sign(member):
        raise NotASigner("退费的选择由单位管理员或者签署人办理。")
    rows = Obligation.objects.filter(employer=member.employer_id, receipt__in=receipts)
    found = list(rows.select_for_update().order_by("pk"))
    if not found or len(found) != len(set(receipts)):
        raise NothingToChoose("没有找到这笔退费，请回到“退费”页面重新进入。")
    return found


def _submit(
    obligation: Obligation,
    kind: Submission.Kind,
    account: Account,
    *,
    member: Membership,
    at: datetime,
) -> Submission:
    return Submission.objects.create(
        obligation=obligation,
        number=_last_number(obligation) + 1,
        kind=kind,
        holder=account.holder,
        bank=account.bank,
        bank_code=account.bank_code,
        account=account.number,
        former=registry_queries.account_in_force(
            obligation.employer_id, on=timezone.localtime(at).date()
        ),
        by_user_id=member.user_id,
        by_name=member.name,
        at=at,
        cooling_until=paid_to.cooling_of_choice(obligation.employer_id, account, at=at)
        if kind == Submission.Kind.CHOICE
        else None,
    )


def _last_number(obligation: Obligation) -> int:
    return obligation.submissions.aggregate(last=Max("number"))["last"] or 0


@transaction.atomic
def choose_refund(
    *, member: Membership, receipts: Sequence[str], account: Account, at: datetime
) -> list[Obligation]:
    """Hand in the choice: the money is to go back, to this account. Several funds at once.

    :raises NotASigner: unless the member may sign for the employer.
    :raises NothingToChoose: if a receipt is not this employer's.
    :raises IllegalMove: if one of them was chosen already.
    :raises accounts.BadAccount: if the account can't be paid to.
    """
    obligations = _locked(member, receipts)
    check_choice(account, member=member, at=at)
    for obligation in obligations:
        # First whether it still may be chosen, so that a page that is late says why. Then what is
        # handed in, then the move: the database lets a refund be chosen only by a new choice.
        next_state(State(obligation.state), Action.CHOOSE)
        _submit(obligation, Submission.Kind.CHOICE, account, member=member, at=at)
        obligation.move(
            Action.CHOOSE,
            by=casework.member(member),
            at=at,
            note=f"收款账户：{account.bank}，尾号{account.number[-4:]}",
        )
    return obligations


class OffsetIsOver(Exception):
    """The period in which money is offset has ended; it is refunded."""


class OnlyRefunded(Exception):
    """Money of a construction project: it has no later months that it could pay."""


ONLY_REFUNDED = "建设项目的工伤保险费一次缴清，没有以后月份可以冲抵，请选择退费。"


@transaction.atomic
def choose_offset(*, member: Membership, receipts: Sequence[str], at: datetime) -> list[Obligation]:
    """Hand in the choice: the money is to pay other months of the same fund, as far as any lack
    something now, the rest as they come. Several funds at once.

    :raises NotASigner: unless the member may sign for the employer.
    :raises NothingToChoose: if a receipt is not this employer's.
    :raises IllegalMove: if one of them was chosen already.
    :raises OffsetIsOver: if the period has ended.
    :raises OnlyRefunded: if one of them is of a construction project.
    """
    hold_money()
    obligations = _locked(member, receipts)
    begin_offset(obligations, by=casework.member(member), at=at)
    return obligations


def begin_offset(
    obligations: Sequence[Obligation], *, by: casework.Actor, at: datetime, note: str = ""
) -> None:
    """Let refunds of one employer be offset, and use what can be used at once. The caller holds
    the money lock and the rows' locks. The last write of the transaction.

    :raises IllegalMove: if one of them was chosen already.
    :raises OffsetIsOver: if the period has ended.
    :raises OnlyRefunded: if one of them is of a construction project.
    """
    if any(obligation.project_id for obligation in obligations):
        raise OnlyRefunded(ONLY_REFUNDED)
    if queries_offset.is_over(today=timezone.localdate(at)):
        raise OffsetIsOver("可以冲抵的期限已过，请选择退费。")
    for obligation in obligations:
        obligation.move(Action.CHOOSE_OFFSET, by=by, at=at, note=note)
    offers.settle(employer_ids=[obligations[0].employer_id], at=at)


@transaction.atomic
def withdraw(*, member: Membership, receipt: str, at: datetime) -> Obligation:
    """Take the choice back, before the money is queued for the bank or used.

    Of an offset what is used stays used: only the rest waits for a choice again, as a refund of
    its own.

    :raises NotASigner: unless the member may sign for the employer.
    :raises NothingToChoose: if the receipt is not this employer's.
    :raises IllegalMove: if it has gone too far, or nothing was chosen.
    """
    hold_money()
    (obligation,) = _locked(member, [receipt])
    by, before = casework.member(member), State(obligation.state)
    if before == State.OFFSETTING and queries_offset.used_of([obligation.pk]):
        ending.end(obligation, by=by, at=at, reason="单位改选退费")
        return obligation
    obligation.move(Action.WITHDRAW, by=by, at=at)
    if before == State.APPROVED:
        book.shift(
            [obligation],
            debit=Ledger.ORDERED,
            credit=Ledger.OVERPAID,
            at=at,
            step=f"WITHDRAWN.{_last_number(obligation)}",
        )
    return obligation


@transaction.atomic
def correct_account(
    *, member: Membership, receipt: str, account: Account, at: datetime
) -> Obligation:
    """Give another account after the bank has sent the money back: a change of account, on
    which two officers decide.

    :raises NotASigner: unless the member may sign for the employer.
    :raises NothingToChoose: if the receipt is not this employer's.
    :raises IllegalMove: if no account is asked for.
    :raises accounts.BadAccount: if the account can't be paid to.
    """
    (obligation,) = _locked(member, [receipt])
    check_account(account, member=member, at=at)
    failed = Attempt.objects.filter(obligation=obligation).order_by("-number").first()
    before = f"原尾号{failed.account[-4:]}，" if failed else ""
    obligation.move(
        Action.CORRECT,
        by=casework.member(member),
        at=at,
        note=f"{before}新账户：{account.bank}，尾号{account.number[-4:]}",
    )
    submission = _submit(obligation, Submission.Kind.CORRECTION, account, member=member, at=at)
    account_cases.open_for_correction(submission, by=casework.member(member), at=at)
    return obligation
