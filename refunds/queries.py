"""Shared reads about refunds: what may be given back, lists, details, to-do counts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from django.db import connection
from django.db.models import QuerySet

from refunds.models import Batch, Obligation
from registry import months
from registry.models import BankAccount, EmployerTerms


@dataclass(frozen=True)
class Overpayment:
    """One month of one employer and insurance in which more was paid than is due, in yuan."""

    employer_id: int
    insurance: str
    month: date
    overpaid: Decimal
    clause: str
    assessment_id: int
    run_id: int
    as_of: date

    def reduced_to(self, amount: Decimal) -> "Overpayment":
        """Return the same month with the part of it that is not in hand already."""
        return replace(self, overpaid=amount)


# The same sums as `relief.queries.overpayments`, with the assessment behind each of them.
# Only covered months go back (R53): a month without relief is no matter of this policy.
_OVERPAID = """
WITH in_force AS (
    SELECT DISTINCT ON (a.employer_id, a.month, a.insurance)
        a.id, a.employer_id, a.month, a.insurance, a.as_of, a.run_id, a.net_due, a.relief, a.clause
    FROM relief_assessment a
    WHERE a.as_of <= %(as_of)s AND a.employer_id = ANY(%(employers)s)
        AND a.run_id IN (SELECT id FROM relief_run WHERE state = 'DONE')
    ORDER BY a.employer_id, a.month, a.insurance, a.as_of DESC, a.run_id DESC
), found AS (
    SELECT f.*, coalesce(p.amount, 0) - coalesce(b.amount, 0) - f.net_due AS overpaid
    FROM in_force f
    CROSS JOIN LATERAL (
        SELECT sum(p.employer_amount) AS amount FROM relief_payment p
        WHERE p.employer_id = f.employer_id AND p.month = f.month
            AND p.insurance = f.insurance AND p.arrived_on <= %(as_of)s
    ) p
    CROSS JOIN LATERAL (
        SELECT sum(b.amount) AS amount FROM relief_paidback b
        WHERE b.employer_id = f.employer_id AND b.month = f.month
            AND b.insurance = f.insurance AND b."on" <= %(as_of)s
    ) b
    WHERE f.relief > 0
)
SELECT employer_id, insurance, month, overpaid, clause, id, run_id, as_of
FROM found WHERE overpaid > 0 ORDER BY employer_id, insurance, month
"""


def overpayments(*, as_of: date, employer_ids: Sequence[int]) -> Iterator[Overpayment]:
    """Yield what was overpaid in covered months by what is in force on a day."""
    with connection.cursor() as cursor:
        cursor.execute(_OVERPAID, {"as_of": as_of, "employers": list(employer_ids)})
        for row in cursor.fetchall():
            yield Overpayment(*row)


def account_in_force(employer_id: int) -> BankAccount | None:
    """Return the account registered last."""
    return BankAccount.objects.filter(employer=employer_id).order_by("-pk").first()


def unit_type(employer_id: int, *, today: date) -> str:
    """Return how the unit is registered today; "" where nothing is known."""
    terms = EmployerTerms.objects.filter(
        employer=employer_id, from_month__lte=months.first_of(today)
    )
    found = terms.order_by("-from_month", "-pk").first()
    return found.unit_type if found else ""


def obligations() -> QuerySet[Obligation]:
    """Return all refunds with their employers, the newest first."""
    return Obligation.objects.select_related("employer__district").order_by("-pk")


def batches() -> QuerySet[Batch]:
    """Return all batches without their files, the newest first."""
    return Batch.objects.defer("content").select_related("sealed_by").order_by("-pk")
