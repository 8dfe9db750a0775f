"""Correcting the book by two people: fund finance proposes, the head of the city approves.

Only what follows from no fact is corrected here. A wrong payment or assessment is put right where
it came from, and the book follows by itself.
"""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from casework.receipts import new_receipt
from registry import money, months, scope
from registry.models import Employer, Officer, Post
from registry.money import ZERO, to_fen
from relief.ledger.accounts import Account
from relief.ledger.entries import Entry, Leg, move
from relief.ledger.services.events import post
from relief.models import LedgerCorrection, LedgerCorrectionItem, LedgerEntry, LedgerLeg

Kind, State = LedgerCorrection.Kind, LedgerCorrection.State
RECEIPT_PREFIX = "TZ"
#: Debit and credit of each kind; a reversal turns those of what it takes back.
SIDES: Mapping[str, tuple[Account, Account]] = {
    Kind.WRITE_OFF: (Account.WRITTEN_OFF, Account.RECEIVABLE),
    Kind.RECOVERED: (Account.RECOVERED, Account.RECEIVABLE),
    Kind.LATE_FEE: (Account.RECEIVABLE, Account.LATE_FEE),
}


class NotYours(Exception):
    """The officer's post doesn't do this step."""


class NothingToCorrect(Exception):
    """No month or amount is named, or an amount is no money."""


class MoreThanOwed(Exception):
    """More would be written off or recovered than the employer owes for a month."""


class NotReversible(Exception):
    """Only an approved correction is taken back, and only once."""


class AlreadyDecided(Exception):
    """Somebody else has decided on it meanwhile."""


class SamePerson(Exception):
    """Who proposes doesn't approve."""


@transaction.atomic
def propose(
    *,
    kind: str,
    employer: Employer,
    insurance: str,
    amounts: Mapping[date, Decimal],
    reason: str,
    document: str,
    by: Officer,
    at: datetime,
) -> LedgerCorrection:
    """Store a proposal; nothing is posted yet.

    :raises NotYours: unless the officer is of the city's fund finance.
    :raises NothingToCorrect: if no amount is named, or one isn't a positive number of fen.
    :raises MoreThanOwed: if a month owes less than is to be written off or recovered.
    """
    _check_post(by, Post.FUND_FINANCE)
    if kind not in SIDES:
        raise NothingToCorrect("请选择核销、追回到账或滞纳金。冲正请从已记账的调账进入。")
    if not amounts or any(amount <= 0 or amount != to_fen(amount) for amount in amounts.values()):
        raise NothingToCorrect("请至少填写一个月份的金额，金额须大于 0，最多两位小数。")
    _check_owed(kind, employer.pk, insurance, amounts)
    return _store(
        kind=kind,
        employer_id=employer.pk,
        insurance=insurance,
        amounts=amounts,
        reason=reason,
        document=document,
        by=by,
        at=at,
    )


@transaction.atomic
def propose_reversal(
    *, correction_id: int, reason: str, document: str, by: Officer, at: datetime
) -> LedgerCorrection:
    """Propose to take back an approved correction, whole.

    :raises NotYours: unless the officer is of the city's fund finance.
    :raises NotReversible: if it isn't approved, is a reversal itself, or is being taken back.
    """
    _check_post(by, Post.FUND_FINANCE)
    wrong = LedgerCorrection.objects.select_for_update().get(pk=correction_id)
    if wrong.state != State.APPROVED or wrong.kind == Kind.REVERSAL:
        raise NotReversible("只有已记账的调账可以冲正，冲正本身不能再冲正。")
    if LedgerCorrection.objects.filter(reverses=wrong).exclude(state=State.REFUSED).exists():
        raise NotReversible("这笔调账已经有人提出冲正。")
    return _store(
        kind=Kind.REVERSAL,
        employer_id=wrong.employer_id,
        insurance=wrong.insurance,
        amounts=dict(wrong.items.values_list("month", "amount")),
        reason=reason,
        document=document,
        by=by,
        at=at,
        reverses=wrong,
    )


@transaction.atomic
def approve(*, correction_id: int, by: Officer, at: datetime) -> LedgerCorrection:
    """Approve a proposal and post it.

    :raises NotYours: unless the officer is the head of the city's agency.
    :raises SamePerson: if the officer proposed it.
    :raises AlreadyDecided: if somebody has decided on it.
    :raises MoreThanOwed: if meanwhile a month owes less than is to be written off or recovered.
    """
    found = _locked(correction_id, by)
    amounts = dict(found.items.values_list("month", "amount"))
    # Two corrections of one employer wait for each other, so that both see what is owed.
    Employer.objects.select_for_update(of=("self",)).get(pk=found.employer_id)
    if found.kind != Kind.REVERSAL:
        _check_owed(found.kind, found.employer_id, found.insurance, amounts)
    reference = f"{found.receipt}.APPROVED"
    post(
        entries=[
            Entry(
                employer_id=found.employer_id,
                insurance=found.insurance,
                value_on=found.value_on,
                reason=f"{found.get_kind_display()}：{found.reason}",
                document=found.document,
                reference=reference,
                legs=legs_of(found, amounts),
            )
        ],
        at=at,
        cause=f"{found.get_kind_display()} {found.receipt}",
    )
    found.entry = LedgerEntry.objects.get(reference=reference)
    found.state, found.decided_by, found.decided_at = State.APPROVED, by, at
    found.save(update_fields=["entry", "state", "decided_by", "decided_at"])
    return found


@transaction.atomic
def refuse(*, correction_id: int, reason: str, by: Officer, at: datetime) -> LedgerCorrection:
    """Send a proposal back; nothing is posted.

    :raises NotYours: unless the officer is the head of the city's agency.
    :raises SamePerson: if the officer proposed it.
    :raises AlreadyDecided: if somebody has decided on it.
    """
    found = _locked(correction_id, by)
    found.state, found.decided_by, found.decided_at = State.REFUSED, by, at
    found.refusal = reason[:200]
    found.save(update_fields=["state", "decided_by", "decided_at", "refusal"])
    return found


def legs_of(correction: LedgerCorrection, amounts: Mapping[date, Decimal]) -> tuple[Leg, ...]:
    """Return what a correction posts, or would post."""
    if correction.kind == Kind.REVERSAL:
        assert correction.reverses is not None
        credit, debit = SIDES[correction.reverses.kind]
    else:
        debit, credit = SIDES[correction.kind]
    return move(debit=debit, credit=credit, amounts=amounts)


def _check_post(officer: Officer, post_: Post) -> None:
    if officer.post != post_ or not scope.acts_city_wide(officer):
        raise NotYours(f"调账由市社会保险经办机构的{post_.label}办理这一步。")


def _locked(correction_id: int, by: Officer) -> LedgerCorrection:
    """Return a proposal that the officer may decide on, locked."""
    _check_post(by, Post.HEAD)
    found = (
        LedgerCorrection.objects.select_for_update(of=("self",))
        .select_related("reverses", "decided_by")
        .get(pk=correction_id)
    )
    if found.state != State.PROPOSED:
        assert found.decided_by is not None
        when = timezone.localtime(found.decided_at)
        raise AlreadyDecided(f"该调账已由{found.decided_by.name}于{when:%m月%d日%H:%M}处理。")
    if found.prepared_by_id == by.pk:
        raise SamePerson("拟办和审批必须由两个人办理。")
    return found


def _check_owed(
    kind: str, employer_id: int, insurance: str, amounts: Mapping[date, Decimal]
) -> None:
    if kind == Kind.LATE_FEE:
        return
    legs = LedgerLeg.objects.filter(
        employer=employer_id, insurance=insurance, month__in=amounts, account=Account.RECEIVABLE
    )
    owed = dict(legs.order_by().values_list("month").annotate(Sum("amount")))
    for month, amount in sorted(amounts.items()):
        if amount > owed.get(month, ZERO):
            raise MoreThanOwed(
                f"{months.label(month)}的应收余额是 {money.text(owed.get(month, ZERO))} 元，"
                f"少于要{Kind(kind).label}的 {money.text(amount)} 元。"
            )


def _store(
    *,
    kind: str,
    employer_id: int,
    insurance: str,
    amounts: Mapping[date, Decimal],
    reason: str,
    document: str,
    by: Officer,
    at: datetime,
    reverses: LedgerCorrection | None = None,
) -> LedgerCorrection:
    found = LedgerCorrection.objects.create(
        receipt=new_receipt(RECEIPT_PREFIX),
        kind=kind,
        employer_id=employer_id,
        insurance=insurance,
        value_on=timezone.localtime(at).date(),
        amount=money.total(amounts.values()),
        reason=reason[:100],
        document=document[:80],
        reverses=reverses,
        prepared_by=by,
        prepared_at=at,
    )
    LedgerCorrectionItem.objects.bulk_create(
        LedgerCorrectionItem(correction=found, month=month, amount=amount)
        for month, amount in sorted(amounts.items())
    )
    return found
