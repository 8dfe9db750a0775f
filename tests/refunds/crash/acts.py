"""What may happen in a schedule beside the straight way of a refund, one step each.

Each looks for something to do and returns it, undone, or None where there is nothing: done twice,
it is done twice to the same thing.
"""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from django.db import transaction

from refunds.models import (
    AccountChange,
    Attempt,
    Correction,
    Difference,
    Obligation,
    OffsetUse,
    SampleCheck,
    SampleLine,
)
from refunds.services import choose, day_close, differences, offers, recall, reconcile, sampling
from refunds.workflow import BEFORE_SENDING, UNDECIDED, AttemptState
from registry.models import Employer
from relief.models import Assessment, Insurance
from tests.refunds.making import FEBRUARY, assess, keep_book, pay

if TYPE_CHECKING:
    from tests.refunds.crash.schedule import Schedule

Doing = Callable[[], object] | None
MONTHS = [date(2020, number, 1) for number in (4, 5, 6)]
AMOUNTS = ["120.34", "300.00", "500.00", "1200.00"]
#: Why one line leaves a batch.
TAKEN_OUT = "单位来电要求暂缓"
Action = Correction.Action


def find_due(
    run: "Schedule", found: Obligation, month: date, *, gross: str, waived: str
) -> Callable[[], object]:
    """Return how a month of a refund's unit and fund is found due anew, as by a run."""

    def charge() -> None:
        # A run stores and posts by itself; here both happen by hand, so together or not at all.
        with transaction.atomic():
            assess(
                found.employer, month=month, gross=gross, fraction=waived, insurance=found.insurance
            )
            keep_book(found.employer)
        settle(run, found.employer)

    return charge


def settle(run: "Schedule", employer: Employer) -> None:
    offers.settle(employer_ids=[employer.pk], at=run.world.now())


# Offset: chosen, used as months are charged, undone by corrections, ended.


def _of_state(run: "Schedule", *states: str) -> list[Obligation]:
    return [found for found in run.owed() if found.state in states]


def offset(run: "Schedule") -> Doing:
    waiting = _of_state(run, *UNDECIDED)
    return partial(offset_one, run, run.dice.choice(waiting)) if waiting else None


def offset_one(run: "Schedule", found: Obligation) -> None:
    choose.choose_offset(
        member=run.world.cast.member(found.employer),
        receipts=[found.receipt],
        at=run.world.now(),
    )


def new_month(run: "Schedule") -> Doing:
    """A month is charged, where somebody waits for one if anybody does."""
    found = run.dice.choice(_of_state(run, "OFFSETTING", *UNDECIDED) or run.owed())
    return charged(run, found)


def charged(run: "Schedule", found: Obligation) -> Callable[[], object]:
    """Return how a month comes to be due that a refund could be offset with."""
    month, gross = run.dice.choice(MONTHS), run.dice.choice(AMOUNTS)
    return find_due(run, found, month, gross=gross, waived="0")


def correction(run: "Schedule") -> Doing:
    """A month was found due wrongly: less, more, or waived after all."""
    months = Assessment.objects.exclude(month=FEBRUARY).order_by("pk")
    known = sorted(set(months.values_list("employer", "insurance", "month")))
    if not known:
        return None
    employer, fund, month = run.dice.choice(known)
    found = _latest(employer, fund)
    waived, gross = run.dice.choice(["0", "0", "0.5", "1"]), run.dice.choice(AMOUNTS)
    return find_due(run, found, month, gross=gross, waived=waived)


def _latest(employer: int, fund: str) -> Obligation:
    rows = Obligation.objects.select_related("employer")
    return rows.filter(employer=employer, insurance=fund).latest("pk")


def undoing(run: "Schedule") -> Doing:
    """A correction takes from a month what an offset has used: it was never overpaid so much, or
    never due."""
    uses = list(OffsetUse.objects.filter(undoes=None).order_by("pk").select_related("item"))
    if not uses:
        return None
    use = run.dice.choice(uses)
    found = _latest(use.obligation.employer_id, use.obligation.insurance)
    if run.dice.random() < 0.5:
        waived = run.dice.choice(["0", "0.3", "0.8"])
        return find_due(run, found, use.item.month, gross="1000.00", waived=waived)
    return find_due(run, found, use.to_month, gross="80.00", waived="0")


def paid_in_cash(run: "Schedule") -> Doing:
    """A month that an offset may have paid is paid by the unit as well."""
    used = list(OffsetUse.objects.filter(undoes=None).order_by("pk"))
    use = run.dice.choice(used) if used else None
    found = use.obligation if use else run.dice.choice(run.owed())
    month = use.to_month if use else run.dice.choice(MONTHS)
    amount = run.dice.choice(AMOUNTS)

    def paid() -> None:
        with transaction.atomic():
            pay(
                found.employer,
                month=month,
                insurance=found.insurance,
                amount=amount,
                on=run.world.bank.day,
            )
            keep_book(found.employer)
        settle(run, found.employer)

    return paid


def end_offset(run: "Schedule") -> Doing:
    going_on = _of_state(run, "OFFSETTING")
    return partial(run.world.end_offset, run.dice.choice(going_on)) if going_on else None


# The bank's statement, what differs, the day closed.


def bank_states(run: "Schedule") -> Doing:
    """The bank says what the day has brought so far; now and then it took a fee."""
    bank = run.world.bank
    accounts = bank.books.accounts()
    if not accounts:
        return None
    fee, (number, _) = run.dice.random() < 0.3, run.dice.choice(accounts)

    def state() -> None:
        if fee:
            bank.charge(number, amount=Decimal("5.00"), text="手续费")
        bank.state_today()
        run.world.both_look()

    return state


def explain(run: "Schedule") -> Doing:
    """Take a difference one step on: somebody proposes, another confirms or refuses."""
    rows = Difference.objects.filter(state__in=reconcile.OPEN).order_by("pk")
    waiting = [each for each in rows if each.state == "PROPOSED" or differences.ways(each)]
    return partial(explain_one, run, run.dice.choice(waiting)) if waiting else None


def explain_one(run: "Schedule", difference: Difference) -> None:
    cast, at = run.world.cast, run.world.now()
    if difference.state == "OPEN":
        ways = differences.ways(difference)
        # In the end nobody says that the bank paid what it did not say.
        action = Action.EXPLAIN if run.world.ending else run.dice.choice(ways)
        proposal = differences.Proposal(action, "与银行核对一致", "凭证12号")
        differences.propose(
            difference_id=difference.pk, proposal=proposal, officer=cast.cashier, at=at
        )
        return
    found = difference.corrections.latest("pk")  # done twice, it is decided already
    if not run.world.ending and run.dice.random() < 0.2:
        differences.refuse(
            correction_id=found.pk, reason="凭证不全", officer=cast.accountant, at=at
        )
    else:
        differences.confirm(correction_id=found.pk, officer=cast.accountant, at=at)


def close_day(run: "Schedule") -> Doing:
    """Close a day that has not been closed as it stands, one without open differences if any."""
    days = [
        (number, day)
        for number, day in run.days()
        if (last := day_close.last_close(number, day)) is None
        or not day_close.figures(number, day).same_as(last)
    ]
    still_open = Difference.objects.filter(state__in=reconcile.OPEN)
    doubtful = set(still_open.values_list("account", "day"))
    days = [each for each in days if each not in doubtful] or days
    if not days:
        return None
    number, day = run.dice.choice(days)
    return partial(close_one, run, number, day)


def close_one(run: "Schedule", number: str, day: date) -> None:
    day_close.close_day(
        account=number, day=day, officer=run.world.cast.accountant, at=run.world.now()
    )


# One line of a batch: taken out, or held by audit. Another account.


def take_line(run: "Schedule") -> Doing:
    """One line is taken out of a draft; where there is none, somebody tries it too late."""
    rows = Attempt.objects.filter(
        state=AttemptState.QUEUED, batch__state__in=BEFORE_SENDING
    ).order_by("pk")
    lines = list(rows.filter(batch__state="DRAFT").values_list("line_no", flat=True))
    lines = lines or list(rows.values_list("line_no", flat=True))
    if not lines:
        return None
    line = run.dice.choice(lines)
    return lambda: recall.recall_line(
        line_no=line,
        reason=TAKEN_OUT,
        officer=run.world.cast.head,
        at=run.world.now(),
    )


def hold_line(run: "Schedule") -> Doing:
    """Audit looks at one line that was drawn, and more often than not holds it."""
    rows = SampleLine.objects.filter(check_made__isnull=True, draw__batch__state="DRAFT")
    rows = rows.exclude(attempt__state=AttemptState.RECALLED).order_by("pk")
    drawn = list(rows.select_related("draw"))
    if not drawn:
        return None
    line, held = run.dice.choice(drawn), run.dice.random() < 0.8
    return lambda: sampling.check(
        batch_id=line.draw.batch_id,
        line_ids=[line.pk],
        verdict=SampleCheck.Verdict.HOLD if held else SampleCheck.Verdict.CLEAR,
        reason="户名待核实" if held else "",
        officer=run.world.cast.auditor,
        at=run.world.now(),
    )


def change_account(run: "Schedule") -> Doing:
    number = f"622202000000{1000 + AccountChange.objects.count()}"
    return partial(run.world.change_account, run.dice.choice(run.firms), number=number)


FUNDS = [Insurance.PENSION, Insurance.UNEMPLOYMENT]
#: What may happen, with its weight.
BESIDE: dict[Callable[["Schedule"], Doing], int] = {
    offset: 3,
    new_month: 3,
    correction: 1,
    undoing: 2,
    paid_in_cash: 1,
    end_offset: 1,
    bank_states: 5,
    explain: 6,
    close_day: 5,
    take_line: 3,
    hold_line: 4,
    change_account: 2,
}
