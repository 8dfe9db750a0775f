"""The step at which a proposed account is looked over, for the unit's page and the officer's."""

from datetime import datetime, timedelta
from typing import Any

from refunds import account_rules, accounts, queries_accounts
from refunds.forms_accounts import ChangeForm
from refunds.services import account_cases
from registry import banks
from registry.models import Employer

REFUSALS = (accounts.BadAccount, account_cases.Missing, account_cases.AlreadyOpen)


def looked_over(form: ChangeForm, employer: Employer, *, at: datetime) -> dict[str, Any] | None:
    """Return what a page shows of an account filled in: the parts that change, and doubts about
    its bank; None where it can't be proposed, and the form says why."""
    if not form.is_valid():
        return None
    account = form.account()
    try:
        former = account_cases.check(employer, account, at=at)
    except REFUSALS as refusal:
        say(form, refusal)
        return None
    return {
        "account": account,
        "changed": queries_accounts.parts_changed(
            former,
            holder=account.holder,
            bank=account.bank,
            bank_code=account.bank_code,
            number=account.number,
        ),
        "reason": form.cleaned_data["reason"],
        "cooling_hours": account_rules.cooling() // timedelta(hours=1),
        "bank_doubts": banks.doubts(bank=account.bank, code=account.bank_code),
    }


def say(form: ChangeForm, refusal: Exception) -> None:
    """Show what the service refused, at the field it stands in."""
    if isinstance(refusal, accounts.BadAccount):
        form.refuse(refusal.field, str(refusal))
    elif isinstance(refusal, account_cases.Missing):
        form.add_error(refusal.field, str(refusal))
    else:
        form.add_error(None, str(refusal))
