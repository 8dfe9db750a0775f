"""Entries before they are posted: what moves from where to where. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from registry.money import ZERO, to_fen
from relief.ledger.accounts import Account


class Unbalanced(Exception):
    """The legs of an entry don't come to nothing, or there are none."""


@dataclass(frozen=True)
class Leg:
    """One side of a movement, in yuan: positive debits the account, negative credits it."""

    month: date
    account: Account
    amount: Decimal
    #: The construction project whose money it is; None: of the employer's declared months.
    project_id: int | None = None

    @property
    def credit(self) -> Decimal:
        """What stands on the credit side, 0.00 for a debit."""
        return max(-self.amount, ZERO)


@dataclass(frozen=True)
class Entry:
    """One cause and what it moves, for one employer and fund.

    `reference` names the cause where it may be posted only once for ever. `document` is what an
    auditor asks for: a receipt, batch or voucher number.
    """

    employer_id: int
    insurance: str
    value_on: date
    reason: str
    legs: tuple[Leg, ...]
    document: str = ""
    reference: str | None = None


def move(
    *,
    debit: Account,
    credit: Account,
    amounts: Mapping[date, Decimal],
    project_id: int | None = None,
) -> tuple[Leg, ...]:
    """Return the legs that debit one account and credit another, by month. Nothing moves 0.00."""
    return tuple(
        leg
        for month, amount in sorted(amounts.items())
        if amount
        for leg in (
            Leg(month, debit, amount, project_id),
            Leg(month, credit, -amount, project_id),
        )
    )


def check(entry: Entry) -> None:
    """Refuse an entry that can't be posted.

    :raises Unbalanced: if its legs don't come to 0.00, or there are none, or one is nothing or
        no whole number of fen.
    """
    if not entry.legs or not all(leg.amount for leg in entry.legs):
        raise Unbalanced(f"记账凭证没有金额：{entry.reason}")
    if any(leg.amount != to_fen(leg.amount) for leg in entry.legs):
        raise Unbalanced(f"记账凭证金额不足一分：{entry.reason}")
    if sum((leg.amount for leg in entry.legs), ZERO) != ZERO:
        raise Unbalanced(f"记账凭证借贷不平：{entry.reason}")
