"""What must be so: at every moment, and when a schedule has come to rest."""

from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db.models import Sum
from django.utils import timezone

from refunds import queries, queries_flight, queries_offset
from refunds.flight_data import rules
from refunds.models import Attempt, DayClose, Obligation, OffsetUse
from refunds.services import day_close
from refunds.workflow import State
from registry.money import ZERO
from relief.ledger.models import LedgerLeg
from relief.ledger.services import Account
from relief.ledger.verify import verify
from relief.models import PaidBack
from tests.refunds.making import TODAY

if TYPE_CHECKING:
    from tests.refunds.crash.schedule import Schedule

#: A line of the three accounts of offsets: employer, fund, month.
Line = tuple[int, str, date]


def _stands(today: date) -> list[queries_flight.Stand]:
    calendar = queries_flight.year_around(today)
    return queries_flight.stands(rules(), today=today, calendar=calendar)


def astray() -> list[str]:
    """Return the places of money in flight to which the book does not come."""
    stands = _stands(TODAY)
    book = queries_flight.book(stands, queries_flight.balances())
    found = [f"{each.account}: {each.places}, in the book {each.ledger}" for each in book]
    return [line for line, each in zip(found, book, strict=True) if each.difference]


def wrongs(schedule: "Schedule") -> list[str]:
    """Return where bank, facts, book and refunds do not say the same, and what is not sound."""
    report = verify(at=timezone.now())
    return [
        *_refunds(schedule),
        *_offsets(),
        *_flight(schedule),
        *_still_owed(schedule),
        *_days(schedule),
        *([report.problem.message] if report.problem else []),
    ]


def _sum(rows: object) -> Decimal:
    return rows.aggregate(sum=Sum("amount", default=0))["sum"]  # type: ignore[attr-defined]


def _refunds(schedule: "Schedule") -> list[str]:
    found = []
    truth = schedule.world.bank.books.truth()
    stayed: Counter[tuple[int, str]] = Counter()
    for obligation in schedule.owed():
        lines = Attempt.objects.filter(obligation=obligation)
        kept = [truth[line.line_no].stayed for line in lines if line.line_no in truth]
        kept = [amount for amount in kept if amount]
        if kept != ([obligation.amount] if obligation.state == "PAID" else []):
            found.append(f"{obligation.receipt} {obligation.state}: the bank paid {kept}")
        stayed[obligation.employer_id, obligation.insurance] += sum(kept)  # type: ignore[assignment]
    for (employer, insurance), amount in stayed.items():
        of_fund = {"employer": employer, "insurance": insurance}
        rows = PaidBack.objects.filter(**of_fund)
        back = _sum(rows.exclude(kind=PaidBack.Kind.OFFSET))
        book = -_sum(LedgerLeg.objects.filter(account=Account.ARRIVED, **of_fund))
        if not amount == back == book:
            found.append(f"{of_fund}: bank {amount}, facts {back}, book {book}")
    unknown = set(truth) - set(Attempt.objects.values_list("line_no", flat=True))
    return found + [f"the bank paid {line}, which is not ours" for line in sorted(unknown)]


def _offsets() -> list[str]:
    """Return the months whose offsets differ between uses, facts and book, and refunds of which
    more is used than they hold."""
    uses: dict[Line, Decimal] = defaultdict(lambda: ZERO)
    used: Counter[int] = Counter()
    for use in OffsetUse.objects.select_related("item", "obligation"):
        fund = (use.obligation.employer_id, use.obligation.insurance)
        uses[*fund, use.item.month] += use.amount
        uses[*fund, use.to_month] -= use.amount
        used[use.obligation_id] += use.amount  # type: ignore[assignment]
    facts = _by_month(PaidBack.objects.filter(kind=PaidBack.Kind.OFFSET))
    book = _by_month(LedgerLeg.objects.filter(account=Account.OFFSET))
    found = [
        f"offset of {line}: used {uses[line]}, facts {facts[line]}, book {-book[line]}"
        for line in sorted({*uses, *facts, *book})
        if not uses[line] == facts[line] == -book[line]
    ]
    found += [
        f"{each.receipt}: {used[each.pk]} of {each.amount} used"
        for each in Obligation.objects.filter(pk__in=list(used))
        if not 0 <= used[each.pk] <= each.amount
    ]
    return found


def _by_month(rows: object) -> dict[Line, Decimal]:
    sums = rows.order_by().values_list("employer", "insurance", "month")  # type: ignore[attr-defined]
    return defaultdict(
        lambda: ZERO, {tuple(line[:3]): line[3] for line in sums.annotate(Sum("amount"))}
    )


def _flight(schedule: "Schedule") -> list[str]:
    """Return what still stands on the way, and whether what arrived is what the bank paid."""
    stands = _stands(schedule.world.bank.day)
    found = [
        f"{stand.place.code}: {stand.amount} of {stand.count}"
        for stand in stands
        if stand.count and State.PAID not in stand.place.states
    ]
    arrived = next(stand.amount for stand in stands if State.PAID in stand.place.states)
    paid = sum(line.stayed for line in schedule.world.bank.books.truth().values())
    if arrived != paid:
        found.append(f"arrived {arrived}, the bank paid {paid}")
    return astray() + found


def _still_owed(schedule: "Schedule") -> list[str]:
    """Return what is overpaid with nothing on its way, and offsets that no longer fit."""
    asked = {"as_of": schedule.world.bank.day, "employer_ids": [each.pk for each in schedule.firms]}
    found = [f"still owed: {row}" for row in queries.overpayments(**asked)]
    lacks = queries_offset.open_due(**asked)
    for use in OffsetUse.objects.filter(undoes=None).select_related("item", "obligation"):
        stands = use.amount + (_sum(use.undoings.all()) or ZERO)
        fund = lacks[use.obligation.employer_id, use.obligation.insurance]
        if stands and (fund[use.to_month] < 0 or fund[use.item.month] > 0):
            found.append(f"{use.reference} stands with {stands}, the months lack {fund}")
    return found


def _days(schedule: "Schedule") -> list[str]:
    """Return the days on which anything moved that do not stand closed at 0.00."""
    found = []
    for account, day in schedule.days():
        now, last = day_close.figures(account, day), day_close.last_close(account, day)
        if now.difference or last is None or not now.same_as(last):
            found.append(f"{account} {day}: {now}, closed {last and last.round}")
    if DayClose.objects.exclude(difference=ZERO).exists():
        found.append("a day is closed over a difference")
    rounds: dict[tuple[str, date], list[int]] = defaultdict(list)
    for each in DayClose.objects.order_by("pk"):
        rounds[each.account, each.day].append(each.round)
    return found + [
        f"{place}: closed {turns}"
        for place, turns in rounds.items()
        if turns != list(range(1, len(turns) + 1))
    ]
