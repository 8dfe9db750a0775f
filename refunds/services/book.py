"""Moving refunds in the ledger: by their months, from one account to another.

The last write of a service's transaction (`registry.locks`).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from django.utils import timezone

from refunds.models import Obligation
from relief.ledger import services as ledger
from relief.ledger.services import Account, Entry

REASONS = {
    (Account.RECEIVABLE, Account.OVERPAID): "核定多缴，列为应退",
    (Account.OVERPAID, Account.RECEIVABLE): "应退有变动，转回应收",
    (Account.OVERPAID, Account.ORDERED): "审批通过，等付款",
    (Account.ORDERED, Account.OVERPAID): "撤回审批，转回应退",
    (Account.ORDERED, Account.RECEIVABLE): "应退有变动，转回应收",
    (Account.ORDERED, Account.AT_BANK): "送交银行",
    (Account.BOUNCED, Account.ORDERED): "新账户已确认，等再次付款",
    (Account.BOUNCED, Account.RECEIVABLE): "应退有变动，转回应收",
}


def shift(
    obligations: Iterable[Obligation],
    *,
    debit: Account,
    credit: Account,
    at: datetime,
    step: str,
    document: str = "",
    on: date | None = None,
) -> None:
    """Post one entry for each refund over its months.

    :param step: what happened, such as `APPROVED.3`: with the receipt it names the cause, which
        is posted once for ever.
    :param document: what an auditor asks for; by default the refund's receipt.
    :param on: the day it counts from; by default the day of `at`.
    :raises django.db.IntegrityError: if the step was posted before.
    """
    day = on or timezone.localtime(at).date()
    ledger.post(
        entries=[
            Entry(
                employer_id=obligation.employer_id,
                insurance=obligation.insurance,
                value_on=day,
                reason=REASONS[debit, credit],
                legs=ledger.move(
                    debit=debit,
                    credit=credit,
                    amounts={item.month: item.amount for item in obligation.items.all()},
                ),
                document=document or obligation.receipt,
                reference=f"{obligation.receipt}.{step}",
            )
            for obligation in obligations
        ],
        at=at,
        cause=REASONS[debit, credit],
    )


def sent(obligations: Iterable[Obligation], *, batch_number: str, at: datetime) -> None:
    """Post that refunds of a batch are on their way; once for ever for each line."""
    shift(
        obligations,
        debit=Account.ORDERED,
        credit=Account.AT_BANK,
        at=at,
        step=f"SENT.{batch_number}",
        document=batch_number,
    )


def opened(obligations: Iterable[Obligation], *, at: datetime) -> None:
    """Post that what was overpaid is owed back now."""
    shift(obligations, debit=Account.RECEIVABLE, credit=Account.OVERPAID, at=at, step="OFFERED")


def dropped(stood: Mapping[Account, Sequence[Obligation]], *, at: datetime) -> None:
    """Post that refunds are no more, from wherever their money stood."""
    for account, obligations in sorted(stood.items()):
        shift(obligations, debit=account, credit=Account.RECEIVABLE, at=at, step="SUPERSEDED")
