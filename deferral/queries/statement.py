"""A statement of account (对账单): of each deferred month what is due, what came in, what is late."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from deferral.models import Agreement
from deferral.queries.standing import Line, Standing, standing
from registry.money import total
from relief.models import Payment
from relief.policy import Insurance
from relief.queries.due_dates import later_due_dates
from relief.queries.late_fees import LateFee, late_fees
from relief.queries.policies import policy_as_of

_ORDER = {each.value: place for place, each in enumerate(Insurance)}


@dataclass(frozen=True)
class Entry:
    """One deferred month and insurance: its day, its payments and each part that was late."""

    line: Line
    due_on: date
    daily: Decimal
    payments: tuple[Payment, ...]
    fees: tuple[LateFee, ...]

    @property
    def label(self) -> str:
        """The insurance's name."""
        return Insurance(self.line.insurance).label

    @property
    def fee(self) -> Decimal:
        """The late fee as of the day, in yuan."""
        return total(part.fee for part in self.fees)


@dataclass(frozen=True)
class Statement:
    """An agreement's account as of a day, in yuan."""

    day: date
    standing: Standing
    entries: tuple[Entry, ...]

    @property
    def fee(self) -> Decimal:
        """All late fees as of the day."""
        return total(entry.fee for entry in self.entries)

    @property
    def to_pay(self) -> Decimal:
        """What is open with its late fees."""
        return self.standing.open + self.fee


def statement(agreement: Agreement, day: date) -> Statement:
    """Return an agreement's account as of a day; the same few queries whatever its length."""
    (found,) = standing([agreement], day)
    employer_id = agreement.application.employer_id
    law = policy_as_of(day)
    later = later_due_dates(day, employer_ids=[employer_id])
    payments: dict[tuple[date, str], list[Payment]] = {}
    rows = Payment.objects.filter(employer=employer_id, arrived_on__lte=day)
    for row in rows.order_by("arrived_on", "pk"):
        payments.setdefault((row.month, row.insurance), []).append(row)
    fees: dict[tuple[date, str], list[LateFee]] = {}
    for fee in late_fees(day, employer_ids=[employer_id]):
        fees.setdefault((fee.month, fee.insurance.value), []).append(fee)
    entries = []
    for line in sorted(found.lines, key=lambda line: (line.month, _ORDER[line.insurance])):
        key = line.month, line.insurance
        moved = later.get((employer_id, *key))
        entries.append(
            Entry(
                line=line,
                due_on=(moved.due_on if moved is not None else None) or law.due_on(line.month)[0],
                daily=law.late_fee_rate(line.month).daily,
                payments=tuple(payments.get(key, [])),
                fees=tuple(fees.get(key, [])),
            )
        )
    return Statement(day, found, tuple(entries))
