"""What an answer of the bank posts into the ledger: from the bank's way to where it ended.

The document of each entry is our line number, so that a day can be reconciled by line.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from refunds.models import Attempt, Obligation
from relief.ledger import services as ledger
from relief.ledger.services import Account, Entry


@dataclass(frozen=True)
class Shift:
    """One payment's months, from one account of the book to another."""

    obligation: Obligation
    attempt: Attempt
    debit: Account
    credit: Account
    on: date
    word: str
    reason: str


def paid(obligation: Obligation, attempt: Attempt, *, on: date) -> Shift:
    """Return what arriving moves."""
    return Shift(
        obligation, attempt, Account.AT_BANK, Account.ARRIVED, on, "paid", "银行确认退费到账"
    )


def bounced(obligation: Obligation, attempt: Attempt, *, on: date) -> Shift:
    """Return what the bank's refusal moves, before anything had left."""
    return Shift(
        obligation, attempt, Account.AT_BANK, Account.BOUNCED, on, "bounced", "银行退回，未付出"
    )


def returned(obligation: Obligation, attempt: Attempt, *, on: date) -> Shift:
    """Return what coming back moves, after it had arrived (退票)."""
    return Shift(
        obligation, attempt, Account.ARRIVED, Account.BOUNCED, on, "returned", "退票，款项退回"
    )


def post(shifts: Sequence[Shift], *, at: datetime) -> None:
    """Post them all; the last write of the transaction."""
    ledger.post(
        entries=[
            Entry(
                employer_id=shift.obligation.employer_id,
                insurance=shift.obligation.insurance,
                value_on=shift.on,
                reason=shift.reason,
                legs=ledger.move(
                    debit=shift.debit,
                    credit=shift.credit,
                    amounts={item.month: item.amount for item in shift.obligation.items.all()},
                ),
                document=shift.attempt.line_no,
                reference=f"{shift.attempt.line_no}.{shift.word}",
            )
            for shift in shifts
        ],
        at=at,
        cause="银行回盘",
    )
