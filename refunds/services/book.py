"""Moving refunds in the ledger: by their months, from one account to another.

The last write of a service's transaction (`registry.locks`).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.utils import timezone

from refunds.models import Obligation, ObligationItem
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


@dataclass(frozen=True)
class Owed:
    """One refund as the book moves it: whose, of which fund, how much of each month in yuan."""

    receipt: str
    employer_id: int
    insurance: str
    amounts: Mapping[date, Decimal]


def owed(obligation_ids: Sequence[int]) -> list[Owed]:
    """Return refunds by their numbers as the book moves them; one query, no models."""
    rows = ObligationItem.objects.filter(obligation__in=obligation_ids).order_by(
        "obligation", "month"
    )
    found: dict[int, Owed] = {}
    amounts: dict[int, dict[date, Decimal]] = defaultdict(dict)
    for key, month, amount, *whose in rows.values_list(
        "obligation",
        "month",
        "amount",
        "obligation__receipt",
        "obligation__employer",
        "obligation__insurance",
    ):
        amounts[key][month] = amount
        if key not in found:
            found[key] = Owed(*whose, amounts=amounts[key])
    return list(found.values())


def _of(obligation: Obligation) -> Owed:
    return Owed(
        obligation.receipt,
        obligation.employer_id,
        obligation.insurance,
        {item.month: item.amount for item in obligation.items.all()},
    )


def shift(
    refunds: Iterable[Obligation | Owed],
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
                legs=ledger.move(debit=debit, credit=credit, amounts=each.amounts),
                document=document or each.receipt,
                reference=f"{each.receipt}.{step}",
            )
            for each in (found if isinstance(found, Owed) else _of(found) for found in refunds)
        ],
        at=at,
        cause=REASONS[debit, credit],
    )


def sent(obligation_ids: Sequence[int], *, batch_number: str, at: datetime) -> None:
    """Post that refunds of a batch are on their way; once for ever for each line."""
    shift(
        owed(obligation_ids),
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
