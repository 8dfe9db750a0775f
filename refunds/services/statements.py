"""Storing what the bank says moved on an account on a day."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Max

from refunds.bank.interface import Statement, StatementEntry
from refunds.models import BankFile, BankStatement, FundAccount, StatementLine
from registry import bulk
from registry.money import total

_KINDS = {kind.label: kind for kind in StatementLine.Kind}


class NotOurAccount(Exception):
    """The statement is about an account that no fund pays from."""


@transaction.atomic
def store(*, statement: Statement, name: str, digest: str, at: datetime) -> BankFile:
    """Store a statement; a file met before by its content is only returned.

    A second, different statement of the same day becomes its next version.

    :raises NotOurAccount: if no fund pays from the account.
    """
    known = BankFile.objects.filter(sha256=digest).first()
    if known is not None:
        return known
    if not FundAccount.objects.filter(number=statement.account).exists():
        raise NotOurAccount(f"对账单的账号尾号{statement.account[-4:]}不是任何基金的付款账户。")
    file = BankFile.objects.create(
        name=name[:255],
        sha256=digest,
        kind=BankFile.Kind.STATEMENT,
        lines_read=len(statement.entries),
        read_at=at,
    )
    of_day = BankStatement.objects.filter(account=statement.account, day=statement.day)
    last = of_day.aggregate(last=Max("version"))["last"] or 0
    stored = BankStatement.objects.create(
        account=statement.account,
        day=statement.day,
        version=last + 1,
        opening=statement.opening,
        closing=statement.closing,
        moved=total(entry.amount for entry in statement.entries),
        count=len(statement.entries),
        file=file,
        stored_at=at,
    )
    bulk.store(_lines(stored, statement.entries))
    return file


def _lines(stored: BankStatement, entries: Sequence[StatementEntry]) -> list[StatementLine]:
    return [
        StatementLine(
            statement=stored,
            row=row,
            line_no=entry.line_no[:60],
            amount=entry.amount,
            kind=_KINDS.get(entry.kind, StatementLine.Kind.OTHER),
            counterparty=entry.counterparty[:200],
            reference=entry.reference[:60],
            text=entry.text[:200],
        )
        for row, entry in enumerate(entries, start=1)
    ]
