"""Employer money that left again, or came back: posted by what the bank has confirmed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from registry import locks
from relief.models import PaidBack


@dataclass(frozen=True)
class Posting:
    """One month's part, in yuan: positive when it was paid out, negative when it came back.

    `reference` names the cause; a cause is posted once for ever.
    """

    employer_id: int
    month: date
    insurance: str
    amount: Decimal
    on: date
    reference: str


def post(*, postings: Iterable[Posting]) -> None:
    """Post what went back. The caller's transaction holds it together with its cause.

    It must hold the money already (`registry.locks` has the order).

    :raises django.db.IntegrityError: if a reference was posted before.
    """
    locks.store_inputs()
    PaidBack.objects.bulk_create(
        [
            PaidBack(
                employer_id=posting.employer_id,
                month=posting.month,
                insurance=posting.insurance,
                amount=posting.amount,
                on=posting.on,
                reference=posting.reference,
            )
            for posting in postings
        ],
        batch_size=2000,
    )
