"""Entries and rows of the book for tests."""

from collections.abc import Mapping
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import Sum

from registry.models import Employer, Officer
from relief.ledger import services as ledger
from relief.ledger.services import Account, corrections
from relief.models import LedgerCorrection, LedgerLeg
from tests.factories import make_officer

AT = datetime(2020, 8, 3, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
AUGUST = date(2020, 8, 3)
FEBRUARY, MARCH = date(2020, 2, 1), date(2020, 3, 1)


def entry(
    employer: Employer,
    amount: str = "100.00",
    *,
    debit: Account = Account.OVERPAID,
    credit: Account = Account.ORDERED,
    month: date = MARCH,
    insurance: str = "pension",
    value_on: date = AUGUST,
    reference: str | None = None,
) -> ledger.Entry:
    return ledger.Entry(
        employer_id=employer.pk,
        insurance=insurance,
        value_on=value_on,
        reason="最后一级审批通过",
        document="TF2020",
        reference=reference,
        legs=ledger.move(debit=debit, credit=credit, amounts={month: Decimal(amount)}),
    )


def post(*entries: ledger.Entry) -> None:
    with transaction.atomic():
        ledger.post(entries=entries, at=AT)


def balances(employer: Employer, on: date | None = None) -> Mapping[str, Decimal]:
    """Return what each account of an employer holds, those with nothing left out."""
    legs = LedgerLeg.objects.filter(employer=employer)
    if on:
        legs = legs.filter(value_on__lte=on)
    sums = legs.order_by().values_list("account").annotate(sum=Sum("amount"))
    return {account: amount for account, amount in sums if amount}


def say(statement: str, parameters: Any = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


@contextmanager
def as_superuser():
    """Act as the one who may do all, triggers silenced; whatever was done is undone after."""
    with transaction.atomic():
        say("SET LOCAL ROLE NONE")
        say("SET LOCAL session_replication_role = replica")
        try:
            yield
        finally:
            transaction.set_rollback(True)
    connection.ensure_connection()


def officer(post: str, *, district: str = "510400", name: str = "郑财务") -> Officer:
    """Return an officer of the city's agency."""
    return make_officer(post, district=district, name=name)


def propose(
    employer: Employer,
    *,
    by: Officer,
    kind: str = LedgerCorrection.Kind.LATE_FEE,
    amounts: Mapping[date, Decimal] | None = None,
) -> LedgerCorrection:
    return corrections.propose(
        kind=kind,
        employer=employer,
        insurance="pension",
        amounts=amounts or {MARCH: Decimal("12.34")},
        reason="逾期缴费",
        document="攀社发〔2020〕7号",
        by=by,
        at=AT,
    )
