"""Employer money that left a month again, or came back: by what the bank has confirmed, or offset.

The ledger's own entry is the caller's: from where the money stood to `arrived` or `offset`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection

from registry import locks
from relief.models import PaidBack


@dataclass(frozen=True)
class Posting:
    """One month's part, in yuan: positive when it was paid out, negative when it came back.

    An offset (`kind`) is positive on the month that gives, negative on the month that takes.
    `reference` names the cause; a cause is posted once for ever.
    """

    employer_id: int
    month: date
    insurance: str
    amount: Decimal
    on: date
    reference: str
    kind: str = PaidBack.Kind.REFUND


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
                kind=posting.kind,
            )
            for posting in postings
        ],
        batch_size=2000,
    )


def post_moved(moved: str, parameters: Mapping[str, Any]) -> None:
    """Post what a query says went back or came back, as `post` does: of declared months, and
    of construction projects in their own table.

    :param moved: SQL of employer_id, month, insurance, amount, "on", reference and project_id
        (null: of declared months).
    :raises django.db.IntegrityError: if a reference was posted before.
    """
    locks.store_inputs()
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH moved AS MATERIALIZED ({moved}),
            of_projects AS (
                INSERT INTO relief_projectpaidback
                    (project_id, employer_id, amount, "on", reference)
                SELECT project_id, employer_id, amount, "on", reference FROM moved
                WHERE project_id IS NOT NULL
            )
            INSERT INTO relief_paidback
                (kind, employer_id, month, insurance, amount, "on", reference)
            SELECT '{PaidBack.Kind.REFUND}', employer_id, month, insurance, amount, "on", reference
            FROM moved WHERE project_id IS NULL
            """,
            parameters,
        )
