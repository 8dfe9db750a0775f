"""What is deferred and what is open of it: sums over the book, the assessments and payments.

Of a month and insurance the employer part is what the book says is due and paid; the employees'
part, where it is deferred, is what is assessed and what arrived for it. Nothing is kept beside
that: a correction, a payment or a person taken out shows by itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection

from deferral.models import Agreement, Plan
from deferral.schedule import Instalment, schedule_of
from deferral.schedule import Standing as InstalmentStanding
from registry.money import ZERO, total
from relief.ledger.accounts import DUE, PAID_IN, Account, listed_sql

_SETTLING = (*PAID_IN, Account.WRITTEN_OFF)

#: Every deferred month as of a day, in yuan. What was paid above what is due is a refund's matter
#: and pays no other month, so `paid` ends at what is due.
LINES = f"""
WITH line AS MATERIALIZED (
    SELECT l.agreement_id, l.employer_id, l.month, l.insurance, l.employee_part,
        a.application_id, a.ends_on, a.state AS agreement_state, a.ended_on
    FROM deferral_agreementline l JOIN deferral_agreement a ON a.id = l.agreement_id
    WHERE a.starts_on <= %(as_of)s
        AND (%(agreement_ids)s::bigint[] IS NULL OR a.id = ANY(%(agreement_ids)s::bigint[]))
),
booked AS (
    SELECT employer_id, month, insurance,
        -coalesce(sum(amount) FILTER (WHERE account IN {listed_sql(DUE)}), 0.00) AS due,
        coalesce(sum(amount) FILTER (WHERE account IN {listed_sql(_SETTLING)}), 0.00) AS paid
    FROM relief_ledgerleg
    WHERE account IN {listed_sql((*DUE, *_SETTLING))} AND value_on <= %(as_of)s
        AND project_id IS NULL AND employer_id IN (SELECT employer_id FROM line)
    GROUP BY employer_id, month, insurance
),
withheld AS (
    SELECT employer_id, month, insurance, sum(employee_amount) AS paid
    FROM relief_payment
    WHERE arrived_on <= %(as_of)s AND employer_id IN (SELECT employer_id FROM line)
    GROUP BY employer_id, month, insurance
),
assessed AS (
    SELECT DISTINCT ON (a.employer_id, a.month, a.insurance)
        a.employer_id, a.month, a.insurance, a.employee_due
    FROM relief_assessment a JOIN relief_run r ON r.id = a.run_id AND r.state = 'DONE'
    WHERE a.as_of <= %(as_of)s AND a.employer_id IN (SELECT employer_id FROM line)
    ORDER BY a.employer_id, a.month, a.insurance, a.as_of DESC, a.run_id DESC
),
both_parts AS (
    SELECT l.*, s.employer_id IS NOT NULL AS is_assessed,
        coalesce(b.due, 0.00) AS employer_due,
        least(coalesce(b.paid, 0.00), coalesce(b.due, 0.00)) AS employer_paid,
        CASE WHEN l.employee_part THEN coalesce(s.employee_due, 0.00) ELSE 0.00 END
            AS employee_due,
        CASE WHEN l.employee_part
            THEN least(coalesce(w.paid, 0.00), coalesce(s.employee_due, 0.00)) ELSE 0.00 END
            AS employee_paid
    FROM line l
    LEFT JOIN booked b ON (b.employer_id, b.month, b.insurance)
        = (l.employer_id, l.month, l.insurance)
    LEFT JOIN withheld w ON (w.employer_id, w.month, w.insurance)
        = (l.employer_id, l.month, l.insurance)
    LEFT JOIN assessed s ON (s.employer_id, s.month, s.insurance)
        = (l.employer_id, l.month, l.insurance)
),
standing AS (
    SELECT *, employer_due + employee_due AS due, employer_paid + employee_paid AS paid,
        employer_due + employee_due - employer_paid - employee_paid AS open
    FROM both_parts
)
"""


@dataclass(frozen=True)
class Line:
    """One deferred month and insurance as of a day, in yuan."""

    agreement_id: int
    month: date
    insurance: str
    is_assessed: bool
    employer_due: Decimal
    employee_due: Decimal
    employer_paid: Decimal
    employee_paid: Decimal
    due: Decimal
    paid: Decimal
    open: Decimal

    @property
    def employer_open(self) -> Decimal:
        """What is still to be paid of the employer's part: late fees run on it alone."""
        return self.employer_due - self.employer_paid

    @property
    def employee_open(self) -> Decimal:
        """What is still to be paid of the employees' part, where it is deferred."""
        return self.employee_due - self.employee_paid


@dataclass(frozen=True)
class Standing:
    """An agreement as of a day: its months, its plan as it stands, and the sums in yuan."""

    agreement: Agreement
    lines: tuple[Line, ...]
    instalments: tuple[InstalmentStanding, ...]

    @property
    def due(self) -> Decimal:
        """What is deferred: paid and open together."""
        return total(line.due for line in self.lines)

    @property
    def paid(self) -> Decimal:
        """What has been paid of it."""
        return total(line.paid for line in self.lines)

    @property
    def open(self) -> Decimal:
        """What is still to be paid."""
        return total(line.open for line in self.lines)

    @property
    def all_assessed(self) -> bool:
        """Whether every deferred month is assessed: before, more may still come."""
        return all(line.is_assessed for line in self.lines)

    def missed(self, today: date) -> Decimal:
        """Return what the plan asked for by yesterday and is still open, in yuan."""
        return total(row.open for row in self.instalments if row.due_on < today)

    def next_due(self, today: date) -> InstalmentStanding | None:
        """Return the next instalment of which anything is open."""
        return next((row for row in self.instalments if row.open and row.due_on >= today), None)


def standing(agreements: Sequence[Agreement], day: date) -> list[Standing]:
    """Return agreements as they stand on a day; three queries, however many."""
    ids = [agreement.pk for agreement in agreements]
    lines: dict[int, list[Line]] = {number: [] for number in ids}
    with connection.cursor() as cursor:
        cursor.execute(
            f"""{LINES} SELECT agreement_id, month, insurance, is_assessed, employer_due,
                employee_due, employer_paid, employee_paid, due, paid, open
            FROM standing ORDER BY agreement_id, month, insurance""",
            {"as_of": day, "agreement_ids": ids},
        )
        for row in cursor.fetchall():
            lines[row[0]].append(Line(*row))
    plans: dict[int, Plan] = {}
    for plan in Plan.objects.filter(agreement__in=ids).order_by("number").prefetch_related("lines"):
        plans[plan.agreement_id] = plan
    return [_standing(each, tuple(lines[each.pk]), plans[each.pk]) for each in agreements]


def _standing(agreement: Agreement, lines: tuple[Line, ...], plan: Plan) -> Standing:
    planned = sorted(plan.lines.all(), key=lambda row: row.due_on)
    rows, _rest = schedule_of(
        [Instalment(row.due_on, row.amount) for row in planned],
        due=total(line.due for line in lines),
        paid=total(line.paid for line in lines) or ZERO,
    )
    return Standing(agreement, lines, rows)


@dataclass(frozen=True)
class Ending:
    """What comes due on one day because agreements end then, in yuan."""

    ends_on: date
    agreements: int
    employer_open: Decimal
    open: Decimal


def endings(agreement_ids: Sequence[int], day: date) -> list[Ending]:
    """Return what is open of some agreements as of a day, by the day they end; one query."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""{LINES} SELECT ends_on, count(DISTINCT agreement_id),
                sum(employer_due - employer_paid), sum(open)
            FROM standing WHERE open > 0 GROUP BY ends_on ORDER BY ends_on""",
            {"as_of": day, "agreement_ids": list(agreement_ids)},
        )
        return [Ending(*row) for row in cursor.fetchall()]


def rows_on(day: date) -> tuple[str, Mapping[str, Any]]:
    """Return the statement of the public table `deferrals`, and its parameters."""
    return (
        f"""{LINES}
        SELECT p.receipt, e.uscc, s.insurance, s.month, s.employer_due, s.employee_due,
            s.due, s.paid, s.open,
            CASE WHEN s.ended_on <= %(as_of)s THEN 'ENDED_EARLY'
                WHEN s.open = 0 AND s.is_assessed THEN 'PAID_UP'
                WHEN s.open > 0 AND s.ends_on < %(as_of)s THEN 'OVERDUE'
                ELSE 'IN_FORCE' END
        FROM standing s JOIN registry_employer e ON e.id = s.employer_id
        JOIN deferral_application p ON p.id = s.application_id
        ORDER BY p.receipt COLLATE "C", s.month, s.insurance COLLATE "C"
        """,
        {"as_of": day, "agreement_ids": None},
    )
