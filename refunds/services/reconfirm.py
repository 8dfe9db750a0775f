"""Asking a unit again where its money goes, after an import has changed the account under it.

A refund pays to the account that was handed in and approved, never to what the register says
later. Where an import brings another account at the head of the register, or takes back what the
account was trusted for, `refunds_payable_from` holds the refund at once; here its unit is told and
chooses again. What is in a batch already goes on: the unit is told where the money goes.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import BooleanField, Func, OuterRef, QuerySet, Subquery

from casework import services as casework
from refunds import letters_accounts, queries
from refunds.models import Obligation, OfferWork, Submission
from refunds.services import book
from refunds.services.locking import hold_money
from refunds.workflow import IN_APPROVAL, MOVES, Action, State
from registry.models import BankAccount, Import
from relief.ledger.services import Account as Ledger
from relief.models import Payment

#: Approved by somebody or about to be: the bank has no line of it.
WAITING = IN_APPROVAL | {State.APPROVED}
REASON = "登记的收款账户有变动，请重新确认退到哪个账户"


def overtaken(rows: QuerySet[Obligation]) -> QuerySet[Obligation]:
    """Narrow refunds to those whose account an import has changed since it was handed in."""
    latest = Submission.objects.filter(obligation=OuterRef("pk")).order_by("-number")
    asked = Func(
        Subquery(latest.values("pk")[:1]),
        function="refunds_account_overtaken",
        output_field=BooleanField(),
    )
    return rows.alias(overtaken=asked).filter(overtaken=True)


def mark_import(import_: Import, *, at: datetime) -> bool:
    """Record that units must be asked again where money goes whose account an import has changed.

    Returns whether there are any.
    """
    registered = BankAccount.objects.filter(source=import_).values("employer")
    # A payment more makes an account known; only one that is taken back takes anything away.
    reversed_ = Payment.objects.filter(source=import_, reverses__isnull=False).values("employer")
    rows = Obligation.objects.filter(state__in=[*WAITING, State.HELD, State.IN_BATCH])
    found = rows.filter(employer__in=registered) | rows.filter(employer__in=reversed_)
    return _mark(found, at=at, reason=f"登记账户有变动（导入{import_.pk}）")


def mark_back(obligations: Iterable[Obligation], *, at: datetime) -> bool:
    """Record the same of refunds that have just come back to waiting for a batch."""
    ids = [obligation.pk for obligation in obligations]
    return _mark(Obligation.objects.filter(pk__in=ids), at=at, reason="登记账户有变动")


def _mark(rows: QuerySet[Obligation], *, at: datetime, reason: str) -> bool:
    # Due with the work of `offers`: whoever looks again at a unit's refunds comes by here.
    employers = sorted(set(overtaken(rows).values_list("employer", flat=True)))
    if employers:
        OfferWork.objects.create(employer_ids=employers, reason=reason, created_at=at)
    return bool(employers)


@transaction.atomic
def send_back(*, employer_ids: Sequence[int], at: datetime) -> list[Obligation]:
    """Let the refunds of some employers wait for a choice again whose account an import has
    changed, and tell them. Safe to repeat: what was sent back waits for no account any more.

    Returns what was sent back.
    """
    if not overtaken(_before_payment(employer_ids)).exists():
        return []
    hold_money()
    held = _before_payment(employer_ids).select_for_update().order_by("pk")
    ids = [each.pk for each in held]
    rows = overtaken(Obligation.objects.filter(pk__in=ids)).order_by("pk")
    found = list(rows.prefetch_related("items"))
    told, shifted = [], []
    for refund in found:
        submission = queries.latest_submission(refund)
        assert submission is not None  # nothing is overtaken that was never handed in
        if refund.state in MOVES[Action.RECONFIRM].sources:
            if refund.state == State.APPROVED:
                shifted.append((refund, f"WITHDRAWN.{submission.number}"))
            refund.move(Action.RECONFIRM, by=casework.SYSTEM, at=at, reason=REASON)
            told.append(letters_accounts.reconfirm(refund, submission))
        else:
            told.append(letters_accounts.on_its_way(refund, submission))
    casework.send_notices(told, at=at)
    for refund, step in shifted:
        book.shift([refund], debit=Ledger.ORDERED, credit=Ledger.OVERPAID, at=at, step=step)
    return [refund for refund in found if refund.state == State.OFFERED]


def _before_payment(employer_ids: Sequence[int]) -> QuerySet[Obligation]:
    states = [*WAITING, State.HELD, State.IN_BATCH]
    return Obligation.objects.filter(employer__in=employer_ids, state__in=states)
