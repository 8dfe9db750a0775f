"""Statements of the bank and days to close: plain functions over `tests.refunds.making`."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from hashlib import sha256

from refunds.bank.interface import BACK, OTHER, PAYMENT, Statement, StatementEntry
from refunds.models import Attempt, BankAnswerLine, Batch, DayClose, Difference, FundAccount
from refunds.services import day_close, reconcile, statements
from registry.models import Officer
from tests.factories import AT

#: The day on which the bank deals with everything (`making.row`).
DAY = date(2020, 7, 18)
OPENING = Decimal("1000000.00")
ACCOUNT = "22100000000000"


def entry(
    attempt: Attempt | None, amount: str, *, kind: str = PAYMENT, line_no: str = ""
) -> StatementEntry:
    """Return a movement as the bank writes it: out below zero."""
    return StatementEntry(
        line_no=line_no or (attempt.line_no if attempt else ""),
        amount=Decimal(amount),
        booked_on=DAY,
        kind=kind,
        counterparty=attempt.holder if attempt else "银行",
        reference="FB1",
        text="",
    )


def paid_out(*attempts: Attempt) -> list[StatementEntry]:
    """Return the movements of payments that left."""
    return [entry(attempt, f"-{attempt.amount}") for attempt in attempts]


def came_back(attempt: Attempt) -> StatementEntry:
    """Return the movement of a payment that came back."""
    return entry(attempt, f"{attempt.amount}", kind=BACK)


def charge(amount: str = "-5.00") -> StatementEntry:
    """Return a movement that is no refund's."""
    return entry(None, amount, kind=OTHER)


def state(
    entries: Sequence[StatementEntry],
    *,
    account: str = ACCOUNT,
    day: date = DAY,
    opening: Decimal = OPENING,
    closing: Decimal | None = None,
) -> Statement:
    """Store the bank's statement of a day and compare; return it."""
    moved = sum((each.amount for each in entries), Decimal("0.00"))
    statement = Statement(
        account=account,
        day=day,
        opening=opening,
        closing=opening + moved if closing is None else closing,
        entries=tuple(entries),
    )
    digest = sha256(repr(statement).encode()).hexdigest()
    statements.store(statement=statement, name=f"对账单{day}.xml", digest=digest, at=AT)
    reconcile.reconcile_day(account=account, day=day, at=AT)
    return statement


def close(officer: Officer, *, account: str = ACCOUNT, day: date = DAY) -> DayClose:
    """Close a day."""
    return day_close.close_day(account=account, day=day, officer=officer, at=AT)


def standing() -> list[tuple[str, str]]:
    """Return kind and state of every difference that stands."""
    rows = Difference.objects.exclude(state=Difference.State.CLEARED).order_by("kind")
    return list(rows.values_list("kind", "state"))


def account_of(batch: Batch) -> FundAccount:
    """Return the account a batch is paid from."""
    return FundAccount.objects.filter(number=batch.payer_account).latest("pk")


def doubtful() -> BankAnswerLine:
    """Return the first row of the bank that changed nothing."""
    harmless = [finding.value for finding in BankAnswerLine.HARMLESS]
    return BankAnswerLine.objects.exclude(finding__in=harmless).earliest("pk")
