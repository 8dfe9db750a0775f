"""What pages read from the book: balances, entries with their legs, proofs, corrections."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import F, Prefetch, QuerySet, Sum, Window

from registry import scope
from registry.money import ZERO
from registry.scope import Viewer
from relief.ledger.accounts import Account
from relief.models import (
    Insurance,
    LedgerCorrection,
    LedgerCorrectionItem,
    LedgerEntry,
    LedgerLeg,
    LedgerProof,
)


@dataclass(frozen=True)
class Balance:
    """What stands on an account: which side, and how much, in yuan."""

    amount: Decimal

    @property
    def side(self) -> str:
        """The side it stands on: 借, 贷 or 平."""
        return "借" if self.amount > 0 else "贷" if self.amount < 0 else "平"

    @property
    def size(self) -> Decimal:
        """How much stands there."""
        return abs(self.amount)


@dataclass(frozen=True)
class SheetRow:
    """One account with its balance in each fund, and in all."""

    account: Account
    funds: tuple[tuple[Insurance, Balance], ...]
    total: Balance


def sheet(legs: QuerySet[LedgerLeg], day: date) -> list[SheetRow]:
    """Return the balances of some legs as of a day, accounts with any in the chart's order."""
    sums: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(lambda: ZERO))
    found = legs.filter(value_on__lte=day).order_by().values_list("account", "insurance")
    for account, insurance, amount in found.annotate(Sum("amount")):
        sums[account][insurance] = amount
    return [
        SheetRow(
            account=account,
            funds=tuple((fund, Balance(sums[account][fund])) for fund in Insurance),
            total=Balance(sum(sums[account].values(), ZERO)),
        )
        for account in Account
        if account in sums
    ]


def legs_for(viewer: Viewer) -> QuerySet[LedgerLeg]:
    """Return the legs of the employers that the viewer may see."""
    return scope.limit(LedgerLeg.objects.all(), viewer)


def holders(
    viewer: Viewer, *, account: Account, insurance: str, day: date
) -> QuerySet[LedgerLeg, dict[str, object]]:
    """Return by employer what stands on an account of a fund as of a day, those with any."""
    legs = legs_for(viewer).filter(account=account, insurance=insurance, value_on__lte=day)
    by_employer = legs.order_by().values("employer_id", "employer__name", "employer__uscc")
    return by_employer.annotate(balance=Sum("amount")).exclude(balance=0).order_by("employer_id")


def entries_of(employer_id: int, day: date, insurance: str = "") -> QuerySet[LedgerEntry]:
    """Return an employer's entries up to a day, the latest first."""
    entries = LedgerEntry.objects.filter(employer=employer_id, value_on__lte=day)
    if insurance:
        entries = entries.filter(insurance=insurance)
    return entries.select_related("posting").order_by("-value_on", "-pk")


@dataclass(frozen=True)
class ShownLeg:
    """A leg with what its account held after it."""

    leg: LedgerLeg
    debit: Decimal | None
    credit: Decimal | None
    after: Balance


def with_legs(
    entries: Iterable[LedgerEntry], *, employer_id: int, day: date
) -> list[tuple[LedgerEntry, list[ShownLeg]]]:
    """Return entries of one employer with their legs; two queries.

    After each leg: what the account of the fund held, counted by value date.
    """
    wanted = list(entries)
    mine = LedgerLeg.objects.filter(employer=employer_id, value_on__lte=day)
    running = Window(
        Sum("amount"),
        partition_by=[F("insurance"), F("account")],
        order_by=[F("value_on").asc(), F("id").asc()],
    )
    after = dict(mine.annotate(after=running).values_list("pk", "after"))
    legs: dict[int, list[ShownLeg]] = defaultdict(list)
    for leg in mine.filter(entry__in=[entry.pk for entry in wanted]).order_by("month", "pk"):
        debit, credit = (leg.amount, None) if leg.amount > 0 else (None, -leg.amount)
        legs[leg.entry_id].append(ShownLeg(leg, debit, credit, Balance(after[leg.pk])))
    return [(entry, legs[entry.pk]) for entry in wanted]


def owed_by_month(employer_id: int, insurance: str) -> list[tuple[date, Decimal]]:
    """Return what an employer owes a fund by month, negative where it has paid more."""
    legs = LedgerLeg.objects.filter(
        employer=employer_id, project=None, insurance=insurance, account=Account.RECEIVABLE
    )
    sums = legs.order_by("month").values_list("month").annotate(Sum("amount"))
    return [(month, amount) for month, amount in sums]


def proofs() -> QuerySet[LedgerProof]:
    """Return the proofs, the latest first."""
    return LedgerProof.objects.order_by("-at")


def corrections_for(viewer: Viewer) -> QuerySet[LedgerCorrection]:
    """Return the corrections the viewer may see, the latest first."""
    rows = LedgerCorrection.objects.select_related(
        "employer", "prepared_by__agency", "decided_by__agency", "reverses", "entry"
    )
    items = Prefetch("items", LedgerCorrectionItem.objects.order_by("month"))
    return scope.limit(rows.prefetch_related(items), viewer).order_by("-pk")
