"""An account as an enterprise gives it, and whether refunds may go there."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.utils import timezone

from refunds import account_rules, accounts, queries
from refunds.models import AccountChange
from registry import banks
from registry.models import BankAccount, BankOffice, Employer


@dataclass(frozen=True)
class Account:
    """An account as an enterprise gives it, in plain form."""

    holder: str
    bank: str
    bank_code: str
    number: str


def of(account: BankAccount) -> Account:
    """Return a registered account in plain form."""
    return Account(account.holder, account.bank, account.bank_code, account.number)


def check_account(account: Account, *, employer: Employer, at: datetime) -> None:
    """Accept an account for refunds of an employer (D15).

    :raises accounts.BadAccount: naming the part that is wrong.
    """
    accounts.check_holder(
        account.holder,
        employer_name=employer.name,
        legal_person=employer.legal_person,
        unit_type=queries.unit_type(employer.pk, today=timezone.localtime(at).date()),
    )
    office = banks.office(account.bank_code)
    if office is None:  # the bank's own table stands above the check digit
        accounts.check_bank_code(account.bank_code)
    elif office.state == BankOffice.State.CLOSED:
        raise accounts.BadAccount(
            "bank_code",
            f"行号{office.code}（{office.name}）已撤销，请向开户银行询问新的行号。",
        )
    accounts.check_number(account.number)


def check_choice(account: Account, *, employer: Employer) -> None:
    """Accept an account for a choice: no change to it is undecided, or was the last word on it.

    One that somebody has taken back or refused comes back by a change that two officers confirm.

    :raises accounts.BadAccount: otherwise. `refunds_payable_from` holds such a refund as well.
    """
    changes = AccountChange.objects.filter(employer=employer, number=account.number)
    state = changes.order_by("-pk").values_list("state", flat=True).first()
    if state in (None, AccountChange.State.CONFIRMED) or is_known(employer.pk, account):
        return
    if state in AccountChange.OPEN:
        raise accounts.BadAccount(
            "number", "这个账户正在办理变更，两位工作人员确认以后才能选择。可以先选择别的账户。"
        )
    raise accounts.BadAccount(
        "number",
        "这个账户的变更没有通过，或者已被撤回。要退到这个账户，请先到“收款账户”重新提交变更。",
    )


def is_known(employer_id: int, account: Account) -> bool:
    """Whether the unit has paid from the account, or it is registered otherwise than by a change,
    and neither the bank nor the unit has given it up since."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT refunds_account_known(%s, %s, %s)",
            [employer_id, account.number, account.holder],
        )
        return bool(cursor.fetchone()[0])


def cooling_of_choice(employer_id: int, account: Account, *, at: datetime) -> datetime | None:
    """Return until when an account named in a choice waits; None where it is known."""
    return None if is_known(employer_id, account) else account_rules.cool_until(at)
