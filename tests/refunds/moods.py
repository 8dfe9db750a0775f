"""Our money beside the practice bank's books: plain functions for tests."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Sum

from refunds.fakebank.bank import Bank
from refunds.fakebank.folder import Folder
from refunds.models import Attempt, BankAnswerLine, BankFile, Batch
from refunds.services import bank, batches
from relief.ledger import services as ledger
from relief.ledger.models import LedgerLeg
from relief.models import Insurance, PaidBack
from tests.factories import AT
from tests.refunds.making import TODAY, Cast, overpay

#: Accounts the bank pays, one it refuses, and one that a spreadsheet would cut.
ACCOUNTS = ("6222020000000011", "0622020000000012", "6222020000000000", "6222020000000013")


def at(day: date) -> datetime:
    """Return the moment of a bank day at which we look."""
    return datetime.combine(day, time(16), ZoneInfo("Asia/Shanghai"))


def open_bank(*, mood: str, seed: int) -> Bank:
    path = Path(settings.BANK_DIR).parent / "their-books.sqlite3"
    return Bank(path, day=TODAY, mood=mood, seed=seed)


def exchange(theirs: Bank, *, days: int = 0) -> None:
    """Let both sides look into the folder, on the bank's day and some days on."""
    folder = Folder(Path(settings.BANK_DIR))
    for _ in range(days + 1):
        today = theirs.day
        bank.exchange(clock=lambda today=today: at(today))
        folder.once(theirs)
        bank.exchange(clock=lambda today=today: at(today))
        if days:
            theirs.go_on_to(today + timedelta(days=1))


@dataclass
class Town(Cast):
    """Everybody, and funds at a bank that reads one format."""

    channel: str = "workbook"

    def register_funds(self) -> None:
        for place, fund in enumerate(Insurance):
            batches.register_fund_account(
                insurance=fund,
                holder=f"攀枝花市社会保险{fund.label}基金",
                bank="中国农业银行攀枝花分行",
                bank_code="103665002003",
                number=f"2210000000000{place}",
                channel=self.channel,
                at=AT,
            )


def order(cast: Cast) -> Batch:
    """Return a sealed batch of one refund for each account."""
    for number in ACCOUNTS:
        employer = overpay()
        obligation = cast.bring("OFFERED", employer=employer)
        cast.choose(obligation, number=number)
        cast.check(obligation)
        cast.approve(obligation)
        cast.cool(obligation)
    return cast.seal()


def differs(theirs: Bank) -> list[str]:
    """Return what of our money is not as the bank's books have it."""
    found = []
    truth = theirs.books.truth()
    for attempt in Attempt.objects.select_related("obligation").order_by("line_no"):
        line = truth.get(attempt.line_no)
        stayed = line.stayed if line else 0
        wanted = "PAID" if stayed else "BOUNCED"
        if attempt.state != wanted:
            found.append(f"{attempt.line_no} is {attempt.state}, the bank: {wanted}")
        posted = _posted(attempt.line_no)
        if posted != stayed:
            found.append(f"{attempt.line_no}: we posted {posted}, the bank paid {stayed}")
        arrived = _arrived(attempt.line_no)
        if arrived != stayed:
            found.append(f"{attempt.line_no}: the ledger has {arrived}, the bank paid {stayed}")
    ours = set(Attempt.objects.values_list("line_no", flat=True))
    found += [f"{line_no} is unknown to us" for line_no in truth.keys() - ours]
    return found


def _posted(line_no: str):
    rows = PaidBack.objects.filter(reference__startswith=f"{line_no}.")
    return rows.aggregate(sum=Sum("amount"))["sum"] or 0


def _arrived(line_no: str):
    legs = LedgerLeg.objects.filter(entry__document=line_no, account=ledger.Account.ARRIVED)
    return -(legs.aggregate(sum=Sum("amount"))["sum"] or 0)


def oddities() -> list[str]:
    """Return in Chinese everything that waits for people."""
    lines = BankAnswerLine.objects.exclude(finding__in=BankAnswerLine.HARMLESS)
    said = [line.detail for line in lines]
    said += [file.refused for file in BankFile.objects.exclude(refused="")]
    return said + [file.held for file in BankFile.objects.exclude(held="")]
