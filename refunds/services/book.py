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


# An obligation's months leave one account for another.
_SENT = """
SELECT o.employer_id, o.insurance, %(day)s::date AS value_on, %(reason)s AS reason,
    %(batch)s AS document, o.receipt || '.SENT.' || %(batch)s AS reference, i.month,
    %(debit)s AS debit, %(credit)s AS credit, i.amount, o.project_id
FROM refunds_obligation o JOIN refunds_obligationitem i ON i.obligation_id = o.id
WHERE o.id = ANY(%(ids)s)
"""


def shift(
    refunds: Iterable[Obligation],
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
                employer_id=each.employer_id,
                insurance=each.insurance,
                value_on=day,
                reason=REASONS[debit, credit],
                legs=ledger.move(
                    debit=debit,
                    credit=credit,
                    amounts={item.month: item.amount for item in each.items.all()},
                    project_id=each.project_id,
                ),
                document=document or each.receipt,
                reference=f"{each.receipt}.{step}",
            )
            for each in refunds
        ],
        at=at,
        cause=REASONS[debit, credit],
    )


def sent(obligation_ids: Sequence[int], *, batch_number: str, at: datetime) -> None:
    """Post that refunds of a batch are on their way; once for ever for each line."""
    debit, credit = Account.ORDERED, Account.AT_BANK
    ledger.post_moved(
        _SENT,
        {
            "ids": list(obligation_ids),
            "day": timezone.localtime(at).date(),
            "reason": REASONS[debit, credit],
            "batch": batch_number,
            "debit": debit,
            "credit": credit,
        },
        at=at,
        cause=REASONS[debit, credit],
    )


def opened(obligations: Iterable[Obligation], *, at: datetime) -> None:
    """Post that what was overpaid is owed back now."""
    shift(obligations, debit=Account.RECEIVABLE, credit=Account.OVERPAID, at=at, step="OFFERED")


def dropped(stood: Mapping[Account, Sequence[Obligation]], *, at: datetime) -> None:
    """Post that refunds are no more, from wherever their money stood."""
    for account, obligations in sorted(stood.items()):
        shift(obligations, debit=account, credit=Account.RECEIVABLE, at=at, step="SUPERSEDED")
