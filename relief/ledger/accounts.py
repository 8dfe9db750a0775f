"""The chart of accounts. An amount is positive on the debit side, negative on the credit side."""

from collections.abc import Iterable

from django.db.models import TextChoices


class Account(TextChoices):
    """Where money stands, for one employer, fund and month."""

    CHARGED = "charged", "核定应缴"
    RELIEVED = "relieved", "减免"
    RECEIVABLE = "receivable", "应收"
    PAID = "paid", "已缴到账"
    OVERPAID = "overpaid", "应退待定"
    ORDERED = "refund_ordered", "已批准待付"
    AT_BANK = "at_bank", "银行在途"
    ARRIVED = "arrived", "已退到账"
    BOUNCED = "bounced", "银行退回"
    OFFSET = "offset", "冲抵"
    RECOVERED = "recovered", "追回到账"
    LATE_FEE = "late_fee", "滞纳金"
    WRITTEN_OFF = "written_off", "核销"


#: Grow on the debit side; the others grow on the credit side. Receivable and offset may be either.
DEBIT = frozenset(
    {
        Account.RELIEVED,
        Account.RECEIVABLE,
        Account.PAID,
        Account.RECOVERED,
        Account.WRITTEN_OFF,
    }
)
#: What arrived (also by recovery), less what went back, less what was offset elsewhere: `paid` of
#: the public tables.
PAID_IN = (Account.PAID, Account.RECOVERED, Account.ARRIVED, Account.OFFSET)
#: What is due: charged less relieved, on the credit side.
DUE = (Account.CHARGED, Account.RELIEVED)


def listed_sql(accounts: Iterable[Account]) -> str:
    """Return accounts as a list for SQL's IN."""
    return "(" + ", ".join(f"'{account.value}'" for account in accounts) + ")"
