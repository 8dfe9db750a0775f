"""A unit takes back a change of its account, whoever proposed it."""

from datetime import datetime

from django.db import transaction

from casework import services as casework
from refunds import queries
from refunds.models import AccountChange, Obligation
from refunds.services import book
from refunds.services.account_cases import Case, NotYours, Overtaken, log, may_withdraw
from refunds.services.locking import hold_money
from refunds.workflow import Action, IllegalMove
from registry import scope
from registry.models import BankAccount, Membership
from relief.ledger.services import Account as Ledger


@transaction.atomic
def withdraw(*, member: Membership, receipt: str, at: datetime) -> AccountChange:
    """Take a change back, whoever proposed it; also while a confirmed account cools.

    What was registered by it is taken back. The refund it belongs to waits for another account.

    :raises NotYours: if it is no case of this unit, or the member may not sign.
    :raises Overtaken: if it is too late.
    """
    if not scope.may_sign(member):
        raise NotYours("撤回账户变更须由单位的负责人或者经办签字人办理。")
    hold_money()
    found = AccountChange.objects.filter(employer=member.employer_id, receipt=receipt).first()
    if found is None:
        raise NotYours("没有找到这件账户变更。")
    refund = _refund_of(found)
    case = AccountChange.objects.select_for_update(of=("self",)).get(pk=found.pk)
    if not may_withdraw(case, at=at):
        raise Overtaken("这件变更已经办结，不能撤回。如账户有误，请重新提交变更。")
    before, by = case.state, casework.member(member)
    if case.account is not None:
        _take_back(case.account, at=at)
    case.state, case.closed_name, case.closed_at = Case.WITHDRAWN, member.name, at
    case.closing_reason = "单位撤回"
    case.save(update_fields=["state", "closed_name", "closed_at", "closing_reason"])
    log(case, "撤回变更", before=before, by=by, at=at)
    if refund is not None:
        _give_up(refund, case, before=before, by=by, at=at)
    return case


def _refund_of(case: AccountChange) -> Obligation | None:
    """Return the refund that a case belongs to, locked: refunds come before cases."""
    if case.submission is None:
        return None
    rows = Obligation.objects.select_for_update().prefetch_related("items")
    return rows.get(pk=case.submission.obligation_id)


def _give_up(
    refund: Obligation, case: AccountChange, *, before: str, by: casework.Actor, at: datetime
) -> None:
    """Let the refund wait for another account."""
    latest = queries.latest_submission(refund)
    if latest is None or latest.pk != case.submission_id:
        return
    try:
        if before in AccountChange.OPEN:
            refund.move(Action.REFUSE_ACCOUNT, by=by, at=at, reason="单位撤回了新账户")
            return
        refund.move(Action.WITHDRAW, by=by, at=at, note="单位撤回了新账户")
    except IllegalMove as refusal:
        raise Overtaken(f"新账户已经用于付款，不能撤回。{refusal}") from refusal
    book.shift(
        [refund],
        debit=Ledger.ORDERED,
        credit=Ledger.OVERPAID,
        at=at,
        step=f"WITHDRAWN.{latest.number}",
    )


def _take_back(account: BankAccount, *, at: datetime) -> None:
    BankAccount.objects.create(
        employer_id=account.employer_id,
        holder=account.holder,
        bank=account.bank,
        bank_code=account.bank_code,
        number=account.number,
        enabled_on=account.enabled_on,
        origin=account.origin,
        recorded_at=at,
        reverses=account,
    )
