"""What is due, paid, overpaid and underpaid: assessments in force, and sums over the book.

In force on a day is, of a finished run's versions, the one with the greatest as-of date not
after the day, and of those the latest run's; `verify_ledger` proves that the book says the same.
All amounts are in yuan.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet, Sum

from classification import queries as classification_queries
from registry.models import Employer, EmployerTerms, WorkState
from registry.money import ZERO
from relief.calc import Settled, settle
from relief.ledger.accounts import DUE, PAID_IN, Account, listed_sql
from relief.models import Assessment, Insurance, LedgerLeg, Run


def assessments_in_force(day: date) -> QuerySet[Assessment]:
    """Return the versions in force on a day; filter by employer or month as you like.

    Versions with `headcount` 0 say that nothing is declared any more; public tables leave
    them out.
    """
    finished = Run.objects.filter(state=WorkState.DONE).values("pk")
    known = Assessment.objects.filter(as_of__lte=day, run__in=finished)
    later = known.filter(
        Q(as_of__gt=OuterRef("as_of")) | Q(as_of=OuterRef("as_of"), run_id__gt=OuterRef("run_id")),
        employer_id=OuterRef("employer_id"),
        month=OuterRef("month"),
        insurance=OuterRef("insurance"),
    )
    return known.filter(~Exists(later)).order_by("employer_id", "month", "insurance")


@dataclass(frozen=True)
class Overpayment:
    """What an employer has paid above what is due, in yuan, for one month and insurance."""

    employer_id: int
    uscc: str
    name: str
    district_id: str
    month: date
    insurance: str
    paid: Decimal
    net_due: Decimal
    overpaid: Decimal


# Every sum is one over the book, in one pass. A line that nobody has assessed isn't due anything
# yet: it is neither over- nor underpaid. One whose result was always 0.00 has no legs of its own,
# so there the assessments are asked. Exports and the desk's list read this too.
SETTLED = f"""
WITH booked AS MATERIALIZED (
    SELECT employer_id, month, insurance,
        sum(amount) FILTER (WHERE account IN {listed_sql(PAID_IN)}) AS paid,
        -sum(amount) FILTER (WHERE account IN {listed_sql(DUE)}) AS net_due
    FROM relief_ledgerleg
    WHERE account IN {listed_sql((*PAID_IN, *DUE))} AND value_on <= %(as_of)s
        AND project_id IS NULL
        AND (%(employer_ids)s::bigint[] IS NULL OR employer_id = ANY(%(employer_ids)s::bigint[]))
    GROUP BY employer_id, month, insurance
),
settled AS (
    SELECT employer_id, month, insurance, coalesce(net_due, 0.00) AS net_due,
        coalesce(paid, 0.00) AS paid
    FROM booked b
    WHERE net_due IS NOT NULL OR EXISTS (
        SELECT FROM relief_assessment a
        WHERE a.employer_id = b.employer_id AND a.month = b.month
            AND a.insurance = b.insurance AND a.as_of <= %(as_of)s
            AND a.run_id IN (SELECT id FROM relief_run WHERE state = 'DONE'))
)
"""


def overpayments(day: date, *, employer_ids: Iterable[int] | None = None) -> Iterator[Overpayment]:
    """Yield every overpayment as of a day, sorted by credit code, month and insurance.

    Set-based: one statement, whatever the number of employers. A payment for a month that
    nobody declared is no overpayment: it is listed at the import.
    """
    ids = None if employer_ids is None else list(employer_ids)
    with connection.cursor() as cursor:
        cursor.execute(
            SETTLED
            + """
            SELECT s.employer_id, e.uscc, e.name, e.district_id, s.month, s.insurance,
                s.paid, s.net_due, s.paid - s.net_due
            FROM settled s JOIN registry_employer e ON e.id = s.employer_id
            WHERE s.paid > s.net_due
            ORDER BY e.uscc COLLATE "C", s.month, s.insurance COLLATE "C"
            """,
            {"as_of": day, "employer_ids": ids},
        )
        rows = cursor.fetchall()
    return (Overpayment(*row) for row in rows)


@dataclass(frozen=True)
class AccountLine:
    """One insurance of one month of an employer's account, in yuan."""

    insurance: Insurance
    assessment: Assessment | None
    settled: Settled
    last_arrival: date | None

    @property
    def label(self) -> str:
        """The insurance's Chinese name."""
        return str(self.insurance.label)


@dataclass(frozen=True)
class AccountMonth:
    """One month of an employer's account: a line an insurance, and their sums."""

    month: date
    lines: tuple[AccountLine, ...]

    def _sum(self, name: str) -> Decimal:
        found = (getattr(line.assessment, name) for line in self.lines if line.assessment)
        return sum(found, ZERO)

    @property
    def gross_due(self) -> Decimal:
        """The employer part before relief."""
        return self._sum("gross_due")

    @property
    def relief(self) -> Decimal:
        """What is waived."""
        return self._sum("relief")

    @property
    def net_due(self) -> Decimal:
        """The employer part after relief."""
        return self._sum("net_due")

    @property
    def employee_due(self) -> Decimal:
        """The employees' part, never waived."""
        return self._sum("employee_due")

    @property
    def paid(self) -> Decimal:
        """The employer part that arrived, less what was given back."""
        return sum((line.settled.paid for line in self.lines), ZERO)

    @property
    def overpaid(self) -> Decimal:
        """What was paid too much, never netted between insurances (D15)."""
        return sum((line.settled.overpaid for line in self.lines), ZERO)

    @property
    def underpaid(self) -> Decimal:
        """What is still to be paid."""
        return sum((line.settled.underpaid for line in self.lines), ZERO)


def account(employer_id: int, day: date) -> list[AccountMonth]:
    """Return an employer's account by month, oldest first, as of a day; three queries.

    Months with an assessment or with money that moved are in it.
    """
    due = {
        (found.month, found.insurance): found
        for found in assessments_in_force(day).filter(employer_id=employer_id)
    }
    paid, arrivals = paid_by_line(employer_id, day)
    months = sorted({month for month, _ in due} | {month for month, _ in paid})
    found = []
    for month in months:
        lines = []
        for insurance in Insurance:
            key = (month, insurance.value)
            if key not in due and key not in paid:
                continue
            assessment = due.get(key)
            arrived = paid.get(key, ZERO)
            # What was never declared isn't assessed: it is neither over- nor underpaid yet.
            settled = (
                settle(paid=arrived, net_due=assessment.net_due)
                if assessment
                else Settled(arrived, ZERO, ZERO, ZERO)
            )
            lines.append(AccountLine(insurance, assessment, settled, arrivals.get(key)))
        found.append(AccountMonth(month, tuple(lines)))
    return found


@dataclass(frozen=True)
class SizeSource:
    """One row of the province's data that speaks of an employer, or of its legal entity."""

    size: str
    dated: date
    from_month: date | None
    file_name: str
    of_parent: bool


def size_sources(employer: Employer, day: date) -> list[SizeSource]:
    """Return what the province's data say of an employer, the row that counts first."""
    parents = EmployerTerms.objects.filter(employer=employer).exclude(parent_uscc="")
    codes = {employer.uscc, *parents.values_list("parent_uscc", flat=True)}
    standing = classification_queries.standing().filter(uscc__in=codes, dated__lte=day)
    rows = standing.select_related("source")
    return [
        SizeSource(
            size=row.get_size_display(),
            dated=row.dated,
            from_month=row.from_month,
            file_name=row.source.file_name if row.source else "",
            of_parent=row.uscc != employer.uscc,
        )
        for row in rows.order_by("-dated", "-pk")
    ]


def paid_by_line(
    employer_id: int, day: date
) -> tuple[dict[tuple[date, str], Decimal], dict[tuple[date, str], date]]:
    """Return what had arrived by a day less what was given back, and the last arrival."""
    paid: dict[tuple[date, str], Decimal] = {}
    arrivals: dict[tuple[date, str], date] = {}
    legs = LedgerLeg.objects.filter(
        employer=employer_id, project=None, account__in=PAID_IN, value_on__lte=day
    )
    rows = legs.order_by("value_on", "pk").values_list(
        "month", "insurance", "account", "amount", "value_on"
    )
    for month, insurance, account, amount, value_on in rows:
        paid[month, insurance] = paid.get((month, insurance), ZERO) + amount
        if account == Account.PAID:
            arrivals[month, insurance] = value_on
    return paid, arrivals


def paid_back_by_line(employer_id: int, day: date) -> dict[tuple[date, str], Decimal]:
    """Return what was given back or offset elsewhere by a day, by month and insurance."""
    gone = LedgerLeg.objects.filter(
        employer=employer_id,
        project=None,
        account__in=(Account.ARRIVED, Account.OFFSET),
        value_on__lte=day,
    )
    sums = gone.order_by().values_list("month", "insurance").annotate(Sum("amount"))
    return {(month, insurance): -amount for month, insurance, amount in sums}
